package parser

import (
	"path/filepath"
	"slices"
)

// elsewhere returns the files that Options know an include of d to name, or a symbolic
// link to lead to where d is nil. Nothing is asked for the machine's own configuration,
// and for files that come with nginx.
func (b *building) elsewhere(d *Directive, path string) ([]string, error) {
	main := b.w.of[b.c.Main]
	if b.w.opts.Elsewhere == nil || b.ownPrefix != "" || main == nil || main.as.part != nil || isStock(path) {
		return nil, nil
	}
	found, err := b.w.opts.Elsewhere(main.abs, b.c.Fragment, slashed(path))
	if err != nil || slices.Contains(found, main.abs) {
		return nil, err
	}
	if d != nil {
		if s := b.w.of[d.File]; s != nil && slices.Contains(found, s.abs) {
			return nil, nil
		}
	}
	return found, nil
}

// resolveElsewhere adds the files that lie elsewhere where an include names nothing
// here, and reports whether there are any.
func (b *building) resolveElsewhere(inc *inclusion, d *Directive, path string) bool {
	found, err := b.elsewhere(d, path)
	inc.unsure = err
	for _, place := range found {
		b.add(inc, path, place, b.inRepository(place))
	}
	inc.far = len(found) > 0
	return inc.far
}

// dropTwice leaves out what an include found elsewhere where another of the same block
// names that file here: an image has it under one of the two names.
func (b *building) dropTwice() {
	type named struct {
		in    *File
		block *Directive // nil for the file's outermost level
		s     *source
	}
	far := false
	for _, inc := range b.found {
		far = far || inc.far
	}
	if !far {
		return
	}
	here := map[named]bool{}
	for d, inc := range b.found {
		for _, s := range inc.sources {
			if !inc.far {
				here[named{d.File, d.Up(), s}] = true
			}
		}
	}
	for d, inc := range b.found {
		if inc.far {
			inc.sources = slices.DeleteFunc(inc.sources, func(s *source) bool { return here[named{d.File, d.Up(), s}] })
		}
	}
}

// inRepository reports whether place lies in the repository around the main file, which
// may be more than the folders that the user named: who asks about one of them wants to
// know what nginx makes of it.
func (b *building) inRepository(place string) bool {
	top := b.w.treeTop(b.bases[0])
	real, err := b.follow(place)
	return err == nil && below(real, b.w.disk.realPath(top)) && b.w.disk.exists(filepath.Join(top, ".git"))
}

// withElsewhere returns the files that a pattern matches here with those that lie
// elsewhere, where all of the former are among them: an image that is given conf.d, and
// templates that it renders into it, reads both.
func (b *building) withElsewhere(d *Directive, path string, matches []string) []string {
	found, err := b.elsewhere(d, path)
	if err != nil || len(found) <= len(matches) {
		return matches
	}
	for _, match := range matches {
		if !slices.Contains(found, match) {
			return matches
		}
	}
	return found
}

// conventional are the includes of the main configurations that images bring: a tree
// that is to be part of one has none of its own.
var conventional = []string{"/etc/nginx/conf.d/*.conf", "/etc/nginx/http.d/*.conf"}

// maxConventional bounds the files that a fragment is looked at with: each of them may be
// a fragment that is looked at with all others.
const maxConventional = 1000

// besideElsewhere finds more of what beside looks for: in the files that an image reads
// with the fragment c, wherever they lie, but for those in around.
func (r *rooting) besideElsewhere(c *Config, s *source, around []*source) {
	know := r.w.opts.Elsewhere
	if know == nil || s.as.part != nil {
		return
	}
	if whole, err := know(s.abs, true, "/etc/nginx/nginx.conf"); err != nil || len(whole) > 0 {
		return // it would include the fragment
	}
	for _, pattern := range conventional {
		found, err := know(s.abs, true, pattern)
		at := slices.Index(found, s.abs)
		if err != nil || at < 0 || len(found) > maxConventional {
			continue
		}
		for _, other := range r.definersAmong(found, r.given[c]) {
			if other.s == s || slices.Contains(around, other.s) || contains(c.Files, other.s.file) {
				continue
			}
			if defined := definitionsOf(other.s.file); other.at < at {
				c.Beside = append(c.Beside, defined...)
			} else {
				c.Behind = append(c.Behind, defined...)
			}
			if len(c.Beside)+len(c.Behind) >= maxBeside {
				return
			}
		}
		return
	}
}

// definer is a file that defines variables, and its place among those it is read with.
type definer struct {
	s  *source
	at int
}

// definersAmong returns those of the files at paths that define variables outside any
// block. What is remembered as one list is looked through once.
func (r *rooting) definersAmong(paths []string, g *given) []definer {
	if list, known := r.among[&paths[0]]; known {
		return list
	}
	all := make([]*source, len(paths))
	for i, place := range paths {
		all[i] = r.w.source(r.w.disk.realPath(place), place, r.w.display(place, g))
	}
	r.w.readAll(all, true)
	var list []definer
	for i, s := range all {
		if s.file != nil && !isWhole(s.file) && len(definitionsOf(s.file)) > 0 {
			list = append(list, definer{s, i})
		}
	}
	if r.among == nil {
		r.among = map[*string][]definer{}
	}
	r.among[&paths[0]] = list
	return list
}
