package parser

import (
	"path/filepath"
	"slices"
	"strings"
)

// definitions are the blocks of the http level that define variables.
var definitions = set("map geo split_clients")

// maxBeside bounds how many blocks of its neighbours a fragment is read with.
const maxBeside = 64

// beside returns the blocks that define variables in the files beside the fragment c,
// where all of them are files of one http level though no main configuration is here
// to say so: nginx's packages and images include conf.d/*.conf, and an image's
// templates become such files. Servers there are not taken in: the folder may hold one
// for each of several machines.
func (r *rooting) beside(c *Config) []*Directive {
	w := r.w
	s := w.of[c.Main]
	var around []*source
	if p := s.as.part; p != nil {
		if !joined("conf.d", p.key) {
			return nil
		}
		around = slices.DeleteFunc(w.siblings(s), func(s *source) bool { return !joined("conf.d", s.as.part.key) })
	} else {
		dir := filepath.Dir(s.abs)
		if !joined(filepath.Base(dir), s.abs) {
			return nil
		}
		var ok bool
		if around, ok = r.folders[dir]; !ok {
			around = w.neighbours(dir, r.given[c])
			if r.folders == nil {
				r.folders = map[string][]*source{}
			}
			r.folders[dir] = around
		}
	}
	var found []*Directive
	for _, other := range around {
		if other == s || other.file == nil || contains(c.Files, other.file) || isWhole(other.file) {
			continue
		}
		for _, d := range other.file.Directives {
			if d.IsBlock() && definitions[d.Head.Value] && len(found) < maxBeside {
				found = append(found, d)
			}
		}
	}
	return found
}

// neighbours returns the files of a folder that are included together and define
// variables.
func (w *Workspace) neighbours(dir string, g *given) []*source {
	var list []*source
	for _, name := range w.disk.names(dir) {
		path := filepath.Join(dir, name)
		mode, err := w.disk.mode(path)
		if err != nil || !mode.IsRegular() || strings.HasPrefix(name, ".") || !joined(filepath.Base(dir), path) || w.excluded(path) {
			continue
		}
		list = append(list, w.source(w.disk.realPath(path), path, w.display(path, g)))
	}
	w.readAll(list, true)
	var defining []*source
	for _, s := range list {
		if s.file == nil {
			continue
		}
		for _, d := range s.file.Directives {
			if d.IsBlock() && definitions[d.Head.Value] {
				defining = append(defining, s)
				break
			}
		}
	}
	return defining
}

// joined reports whether a file is one that nginx's packages or images include with
// all others of its folder.
func joined(folder, name string) bool {
	switch strings.ToLower(folder) {
	case "conf.d", "http.d":
		return strings.HasSuffix(name, ".conf") || templateExts[filepath.Ext(name)] && strings.Contains(filepath.Base(name), ".conf.")
	case "templates":
		return strings.HasSuffix(name, ".conf.template")
	}
	return false
}
