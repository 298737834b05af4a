package parser

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// definitions are the blocks of the http level that define variables.
var definitions = set("map geo split_clients")

// maxBeside bounds how many blocks of its neighbours a fragment is read with.
const maxBeside = 64

// beside finds the blocks that define variables in the files beside the fragment c,
// where all of them are files of one http level though no main configuration is here
// to say so: nginx's packages and images include conf.d/*.conf, and an image's
// templates become such files. Servers there are not taken in: the folder may hold one
// for each of several machines.
func (r *rooting) beside(c *Config) {
	s := r.w.of[c.Main]
	dir, name := filepath.Dir(s.abs), s.abs
	if p := s.as.part; p != nil {
		dir, name = fmt.Sprintf("%s\x00%d", s.abs, p.folder), p.key
	}
	around, known := r.folders[dir]
	if !known {
		around = r.w.definers(s, r.given[c])
		if r.folders == nil {
			r.folders = map[string][]*source{}
		}
		r.folders[dir] = around
	}
	with := joined(dir, name, s.as.part != nil)
	for _, other := range around {
		if other == s || !with && !isWhole(other.file) || contains(c.Files, other.file) {
			continue
		}
		before := besideName(other) < besideName(s)
		if isWhole(other.file) {
			before = true // until it includes the sites
		}
		for _, d := range topOf(other.file) {
			switch {
			case d.includesSites():
				before = false
			case d.defines() && before:
				c.Beside = append(c.Beside, d)
			case d.defines():
				c.Behind = append(c.Behind, d)
			}
		}
		if len(c.Beside)+len(c.Behind) >= maxBeside {
			return
		}
	}
	r.besideElsewhere(c, s, around)
	r.besideMain(c, s)
}

// besideMain finds more for a fragment in a folder of which a main configuration
// includes other files by a pattern: conf.d/app.conf.example is to become one of them.
// Where several do, nobody knows which of them it is for.
func (r *rooting) besideMain(c *Config, s *source) {
	if s.as.part != nil {
		return
	}
	var main *Config
	for _, m := range r.wholes {
		if !r.foldersOf(m)[filepath.Dir(s.abs)] {
			continue
		}
		if main != nil && main.Main != m.Main {
			return
		}
		main = m
	}
	if main == nil {
		return
	}
	for _, f := range main.Files {
		for _, d := range definedIn(f) {
			if len(c.Beside)+len(c.Behind) < maxBeside && !contains(c.Files, f) && !slices.Contains(c.Beside, d) && !slices.Contains(c.Behind, d) {
				c.Beside = append(c.Beside, d)
			}
		}
	}
}

// foldersOf returns the folders of which a main configuration includes files by a
// pattern.
func (r *rooting) foldersOf(c *Config) map[string]bool {
	if folders, known := r.patterns[c]; known {
		return folders
	}
	folders := map[string]bool{}
	for d, inc := range c.includes {
		if !HasMeta(d.Arg(0)) {
			continue
		}
		for _, f := range inc.Files {
			if s := r.w.of[f]; s != nil {
				folders[filepath.Dir(s.abs)] = true
			}
		}
	}
	if r.patterns == nil {
		r.patterns = map[*Config]map[string]bool{}
	}
	r.patterns[c] = folders
	return folders
}

// definedIn returns the blocks of a file's http level that define variables.
func definedIn(f *File) []*Directive {
	found := definitionsOf(f)
	for _, d := range f.Directives {
		if !d.Is("http") {
			continue
		}
		for _, in := range d.Children {
			if in.defines() {
				found = append(found, in)
			}
		}
	}
	return found
}

// besideName returns the name by which a pattern that includes a folder sorts a file.
func besideName(s *source) string {
	if s.as.part != nil {
		return s.as.part.key
	}
	return s.abs
}

// definers returns those of the files that are included with that of s which define
// variables, by name, and the main configuration beside them, which is meant to include
// what is not here: roles and images keep nginx.conf with the sites that they copy
// somewhere else.
func (w *Workspace) definers(s *source, g *given) []*source {
	var list []*source
	dir := filepath.Dir(s.abs)
	if s.as.part != nil {
		for _, other := range append(w.siblings(s), s) {
			if joined(dir, other.as.part.key, true) {
				list = append(list, other)
			}
		}
	} else {
		for _, name := range w.disk.names(dir) {
			path := filepath.Join(dir, name)
			mode, err := w.disk.mode(path)
			if err != nil || !mode.IsRegular() || strings.HasPrefix(name, ".") || !strings.HasPrefix(name, "nginx.conf") && !joined(dir, path, false) || isCopy(strings.ToLower(name)) || w.excluded(path) {
				continue
			}
			list = append(list, w.source(w.disk.realPath(path), path, w.display(path, g)))
		}
		w.readAll(list, true)
	}
	return slices.DeleteFunc(list, func(s *source) bool {
		return s.file == nil || !slices.ContainsFunc(topOf(s.file), (*Directive).defines)
	})
}

// topOf returns the directives of the http level of a file: those of its http block,
// where it is a main configuration that includes sites, none of any other.
func topOf(f *File) []*Directive {
	if !isWhole(f) {
		return f.Directives
	}
	for _, d := range f.Directives {
		if d.Is("http") && slices.ContainsFunc(d.Children, (*Directive).includesSites) {
			return d.Children
		}
	}
	return nil
}

// includesSites reports whether d includes something else than what comes with nginx.
func (d *Directive) includesSites() bool { return d.Is("include") && !isStock(d.Arg(0)) }

// defines reports whether d is a block that defines a variable.
func (d *Directive) defines() bool { return d.IsBlock() && definitions[d.Head.Value] }

// joined reports whether a file is one that nginx's packages or images include with
// all others of its folder. The parts of a file of another format are those of conf.d.
func joined(dir, name string, part bool) bool {
	folder := strings.ToLower(filepath.Base(dir))
	switch {
	case part, folder == "conf.d", folder == "http.d":
		return strings.HasSuffix(name, ".conf") || templateExts[filepath.Ext(name)] && strings.Contains(filepath.Base(name), ".conf.")
	case folder == "templates":
		return strings.HasSuffix(name, ".conf.template")
	}
	return false
}
