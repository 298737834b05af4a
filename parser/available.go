package parser

import (
	"path/filepath"
	"slices"
	"strings"
)

// standIn is a file of sites-available that nothing links into sites-enabled: it
// is read where main's include of that folder stands, alone.
type standIn struct {
	dir string // the folder that the include names: sites-enabled
	s   *source
}

// availableDir returns the folder beside an -enabled one whose files are linked
// into it, "" where dir is no such folder.
func availableDir(dir string) string {
	if name, ok := strings.CutSuffix(dir, "-enabled"); ok {
		return name + "-available"
	}
	return ""
}

// stands adds the file that stands in for those of an -enabled folder, where
// place, the pattern of an include, is that folder's. It reports whether it did.
func (b *building) stands(inc *inclusion, place string) bool {
	dir := globDir(place)
	if filepath.Dir(place) != dir || availableDir(dir) == "" {
		return false
	}
	b.c.enabled = append(b.c.enabled, dir)
	if b.instead == nil || b.instead.dir != dir {
		return false
	}
	inc.sources = []*source{b.instead.s}
	return true
}

// available builds the configurations of a file that lies in the -available folder
// beside an -enabled one which main configurations include, one for each of those, as if
// it alone were enabled. Such files are judged with the levels that a server will have
// around them, and with the variables of the sites that are enabled: it may stand in for
// them or come to them, and nothing is missing that one of them defines.
func (r *rooting) available(root root) []*Config {
	dir := filepath.Dir(root.s.abs)
	if !strings.HasSuffix(dir, "-available") || !slices.ContainsFunc(root.s.file.Directives, (*Directive).isServer) {
		return nil
	}
	var found []*Config
	for _, c := range r.mains {
		for _, enabled := range c.enabled {
			if availableDir(enabled) != dir {
				continue
			}
			main := r.w.of[c.Main]
			with := r.w.buildWith(main, r.given[c], false, &standIn{enabled, root.s})
			if contains(with.Files, root.s.file) {
				with.Site = root.s.file
				for _, f := range r.definersIn(c) {
					if !contains(with.Files, f) {
						with.Beside = append(with.Beside, definitionsOf(f)...)
					}
				}
				found = append(found, with)
				break
			}
		}
	}
	return found
}

// definersIn returns the files of a main configuration that define variables outside
// any block.
func (r *rooting) definersIn(c *Config) []*File {
	if files, known := r.definers[c]; known {
		return files
	}
	var files []*File
	for _, f := range c.Files {
		if len(definitionsOf(f)) > 0 {
			files = append(files, f)
		}
	}
	if r.definers == nil {
		r.definers = map[*Config][]*File{}
	}
	r.definers[c] = files
	return files
}

// definitionsOf returns the blocks of a file that define variables outside any other.
func definitionsOf(f *File) []*Directive {
	var found []*Directive
	for _, d := range f.Directives {
		if d.defines() {
			found = append(found, d)
		}
	}
	return found
}

// isServer reports whether d is a server block, and a file with it at its top one
// for the http level.
func (d *Directive) isServer() bool { return d.Is("server") && d.IsBlock() }

// whole remembers a main configuration.
func (r *rooting) whole(c *Config, g *given) {
	r.wholes = append(r.wholes, c)
	if len(c.enabled) > 0 && !contains(r.mainFiles, c.Main) {
		r.mains, r.mainFiles = append(r.mains, c), append(r.mainFiles, c.Main)
		r.given[c] = g
	}
}
