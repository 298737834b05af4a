package parser

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// load fills in a Workspace from its given paths.
func (w *Workspace) load() {
	w.seen = map[Problem]bool{}
	w.asked = map[*File]bool{}
	for _, g := range w.given {
		w.prepare(g)
	}
	n := len(w.sources)
	for _, g := range w.given {
		n += len(g.files)
	}
	if len(w.sources) == 0 {
		w.sources, w.names = make(map[string]*source, n), make(map[string]*source, n)
	}
	w.of, w.reached = make(map[*File]*source, n), make(map[string]bool, n)
	for _, s := range w.sources {
		if s.file != nil {
			w.of[s.file] = s
		}
	}
	roots := w.candidates()
	r := &rooting{w: w, built: map[*source]*Config{}, given: map[*Config]*given{}}
	for _, path := range append([]string{w.opts.Root}, w.opts.Roots...) {
		if path != "" {
			r.explicit(path)
		}
	}
	for _, root := range roots {
		if root.s.file != nil && (isWhole(root.s.file) || root.g.main != nil) {
			r.add(root.s, root.g, false)
		}
	}
	if w.opts.Root == "" {
		r.upwards(roots)
	}
	r.keepOuter()
	r.fragments(roots)
	w.finish(r, roots)
}

// prepare finds what a given path is and which files it stands for.
func (w *Workspace) prepare(g *given) {
	if g.stdin {
		name := w.opts.StdinName
		if name == "" {
			name = "<stdin>"
		}
		if parts := splitDump(string(w.opts.Stdin)); parts != nil {
			w.prepareDump(g, parts)
			return
		}
		g.path = name
		g.abs = w.abs(name)
		g.real = w.disk.realPath(g.abs)
		if s := w.sources[g.real]; s == nil {
			w.fromStdin(g.real, g.abs, name, string(w.opts.Stdin))
		}
		g.files = []string{g.abs}
		if text := string(w.opts.Stdin); carries(name) || w.opts.StdinName == "" && otherFormat(text) == "YAML" {
			g.carry(g.abs, carriedIn(text))
		}
		return
	}
	g.abs = w.abs(g.path)
	if place := w.linked(g.abs); place != "" {
		g.abs = place
	}
	info, err := os.Stat(g.abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if to, err := os.Readlink(g.abs); err == nil {
			w.fail(g, fmt.Sprintf("is a symbolic link to %q, which leads nowhere", to))
			return
		}
		w.fail(g, "no such file or folder; name a configuration, or a folder that holds one")
		return
	case err != nil:
		w.fail(g, reason(err))
		return
	}
	g.real = w.disk.realPath(g.abs)
	if g.left = w.excluded(g.abs); g.left {
		return
	}
	if !info.IsDir() {
		if why := irregular(info.Mode()); why != "" {
			w.fail(g, why+`; to read from a pipe, give its text on standard input and "-" as the path`)
			return
		}
		g.files = []string{g.abs}
		if carries(g.abs) {
			g.carry(g.abs, w.disk.partsOf(g.real))
		}
		return
	}
	g.dir = true
	if err := w.walk(g); err != nil {
		w.fail(g, "directory was not read: "+reason(err))
	}
}

func (w *Workspace) fail(g *given, msg string) {
	w.problem(&w.Problems, Problem{Kind: Failed, File: filepath.Clean(g.path), Message: msg})
}

// root is a file that a given path stands for.
type root struct {
	s *source
	g *given
}

// candidates reads the files that the given paths stand for, those named by the
// user first, so that they keep the name under which they were named.
func (w *Workspace) candidates() []root {
	var roots []root
	taken := map[*source]bool{}
	w.Passed = nil
	for _, g := range w.given {
		if g.left {
			w.Passed = append(w.Passed, Passed{Name: w.display(g.abs, g), Given: true, Excluded: true})
		}
	}
	for _, dirs := range []bool{false, true} {
		var batch []*source
		for _, g := range w.given {
			if g.dir != dirs {
				continue
			}
			if g.main != nil {
				taken[g.main] = true
				roots = append(roots, root{g.main, g})
				batch = append(batch, g.main)
				continue
			}
			for _, path := range g.files {
				real := path
				switch linked := !dirs || g.linked[path]; {
				case linked:
					real = w.disk.realPath(path)
				case g.real != g.abs:
					real = filepath.Join(g.real, strings.TrimPrefix(path, g.abs))
				}
				if dirs && g.linked[path] && !w.near(real, g) {
					g.links = append(g.links, path)
					continue
				}
				for _, s := range w.sourcesOf(real, path, g) {
					s.hunch, s.regular = g.hunches[path], dirs && !g.linked[path]
					if !taken[s] {
						taken[s] = true
						roots = append(roots, root{s, g})
					}
					batch = append(batch, s)
				}
			}
		}
		w.readAll(batch, dirs)
		if !dirs && !w.opts.Force {
			roots = slices.DeleteFunc(roots, w.foreign)
		}
	}
	return roots
}

// foreign reports whether a file that the user named is recognisably no nginx
// configuration, and records that it is passed over.
func (w *Workspace) foreign(r root) bool {
	if r.s.file == nil || r.s.as.part != nil {
		return false
	}
	if r.s.format == "" && !r.s.like {
		r.s.format = otherFormat(r.s.file.Src)
		r.s.like = r.s.format == "" && !hear(r.s.file.Src).foreign()
	}
	if r.s.like && (!w.opts.Hook || looksLikeNginx(r.s.file.Src) || holdsDirectives(r.s.file.Src)) {
		return false
	}
	w.Passed = append(w.Passed, Passed{Name: r.s.name, Format: r.s.format, Given: true})
	return true
}

// near reports whether a file that a directory's link leads to, or seems to,
// lies in the tree around that directory.
func (w *Workspace) near(real string, g *given) bool {
	if mode, err := w.disk.mode(real); err != nil || !mode.IsRegular() {
		return false
	}
	if below(real, g.real) || below(real, w.disk.realPath(w.treeTop(g.abs))) {
		return true
	}
	at := g.abs
	for range upwards {
		at = filepath.Dir(at)
		if w.disk.exists(filepath.Join(at, "nginx.conf")) && below(real, w.disk.realPath(at)) {
			return true
		}
	}
	return false
}

// rooting is the state of finding which files are whole configurations.
type rooting struct {
	w     *Workspace
	order []*Config
	built map[*source]*Config
	first []*Config // those that Options name

	mains     []*Config // those that include an -enabled folder
	mainFiles []*File
	given     map[*Config]*given

	definers map[*Config][]*File // of definersIn

	wholes   []*Config                   // the main configurations that were built, those that include nothing given among them
	patterns map[*Config]map[string]bool // of foldersOf
	among    map[*string][]definer       // of definersAmong, by the first of the paths

	folders map[string][]*source // by folder: the files whose variables are those of all files there
}

func (r *rooting) add(s *source, g *given, fragment bool) *Config {
	if c := r.built[s]; c != nil {
		return c
	}
	c := r.w.build(s, g, fragment)
	if !fragment {
		r.whole(c, g)
	}
	r.built[s], r.given[c] = c, g
	r.order = append(r.order, c)
	return c
}

// keepOuter drops the configurations that another one includes. Of two that
// include each other the first stays.
func (r *rooting) keepOuter() {
	if len(r.order) < 2 {
		return
	}
	holders := map[*File][]int{}
	for i, c := range r.order {
		for _, f := range c.Files[1:] {
			holders[f] = append(holders[f], i)
		}
	}
	dropped := make([]bool, len(r.order))
	for i, c := range r.order {
		if slices.Contains(r.first, c) {
			continue
		}
		for _, h := range holders[c.Main] {
			if dropped[h] {
				continue
			}
			if mutual := contains(c.Files, r.order[h].Main); mutual && i < h {
				continue
			}
			dropped[i] = true
			break
		}
	}
	var kept []*Config
	for i, c := range r.order {
		if !dropped[i] {
			kept = append(kept, c)
		}
	}
	r.order = kept
}

// fragments builds a configuration for every nginx file that no whole
// configuration includes.
func (r *rooting) fragments(roots []root) {
	w := r.w
	whole := r.order
	r.order = nil
	in := map[*File]bool{}
	for _, c := range whole {
		for _, f := range c.Files {
			in[f] = true
		}
	}
	for _, root := range roots {
		f := root.s.file
		if f == nil || in[f] || isWhole(f) {
			continue
		}
		if with := r.available(root); len(with) > 0 {
			whole = append(whole, with...)
			continue
		}
		if !root.g.dir && root.s.as.part == nil {
			if why := notText(f.Src, w.opts.Force); why != "" {
				w.fail(root.g, why)
				continue
			}
		}
		r.add(root.s, root.g, true)
	}
	r.keepOuter()
	for _, c := range r.order {
		r.beside(c)
	}
	w.Configs = append(whole, r.order...)
}

// finish says what of the given paths came to nothing.
func (w *Workspace) finish(r *rooting, roots []root) {
	in := map[*source]bool{}
	for _, c := range w.Configs {
		for _, f := range c.Files {
			in[w.of[f]] = true
		}
		problems := c.Problems
		c.Problems = nil
		for _, p := range problems {
			w.problem(&c.Problems, p)
		}
	}
	w.unreached()
	found, unread := map[*given]bool{}, map[*given]bool{}
	for _, root := range roots {
		switch {
		case in[root.s] && root.s.file.unreadable():
			unread[root.g] = true
		case in[root.s]:
			found[root.g] = true
		case root.s.err != nil && root.s.err != errTooMany:
			found[root.g] = true
			w.problem(&w.Problems, Problem{Kind: Failed, File: root.s.name, Message: reason(root.s.err)})
		case root.g.dir:
			w.Passed = append(w.Passed, Passed{Name: root.s.name, Format: root.s.format})
		}
		if !root.g.dir && !w.opts.Hook && root.s.file != nil && isWhole(root.s.file) && r.built[root.s] != nil && r.isRoot(root.s.file) {
			root.g.whole = true
			for _, f := range r.built[root.s].Files {
				w.asked[f] = true
			}
		}
	}
	for _, g := range w.given {
		w.sayLinks(g, in)
		w.sayUnread(g)
		for _, path := range g.extra {
			if s := w.sources[w.disk.realPath(path)]; s == nil || !in[s] {
				unread := "a copy by its name"
				if g.large[path] {
					unread = "too large to be searched for configuration"
				}
				w.Passed = append(w.Passed, Passed{Name: w.display(path, g), Unread: unread})
			}
		}
		if g.dir && !found[g] && unread[g] {
			w.fail(g, "nothing in this folder could be read: all nginx configuration in it is templates with mistakes")
			continue
		}
		if g.dir && !found[g] && len(g.unread) > 0 {
			w.fail(g, "nothing in this folder could be read: all nginx configuration in it stands in quoted or folded texts of YAML")
			continue
		}
		if g.dir && !found[g] && g.real != "" && !g.left && !holdsOne(g, in) {
			files := "files"
			if len(g.files) == 1 {
				files = "file"
			}
			w.fail(g, fmt.Sprintf("no nginx configuration in this folder (%d %s looked at); name a file, or a folder that holds *.conf files", len(g.files), files))
		}
	}
}

// holdsOne reports whether one of the files lies in the folder of g: another of the
// given paths may have led to it first.
func holdsOne(g *given, files map[*source]bool) bool {
	for s := range files {
		if s != nil && (below(s.real, g.real) || below(s.abs, g.abs)) {
			return true
		}
	}
	return false
}

func (r *rooting) isRoot(f *File) bool {
	for _, c := range r.w.Configs {
		if c.Main == f && !c.Fragment {
			return true
		}
	}
	return false
}
