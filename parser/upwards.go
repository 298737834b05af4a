package parser

import (
	"os"
	"path/filepath"
	"slices"
)

// explicit builds a main configuration that the user named beside the paths.
func (r *rooting) explicit(path string) {
	w := r.w
	g := &given{path: path, abs: w.abs(path)}
	info, err := os.Stat(g.abs)
	switch {
	case err != nil:
		w.fail(g, "the main configuration was not read: "+reason(err))
		return
	case irregular(info.Mode()) != "":
		w.fail(g, "the main configuration was not read: it "+irregular(info.Mode()))
		return
	}
	g.real = w.disk.realPath(g.abs)
	if carries(g.abs) {
		g.parts = map[string][]part{g.abs: w.disk.partsOf(g.real)}
	}
	all := w.sourcesOf(g.real, g.abs, g)
	w.readAll(all, false)
	s := all[0]
	for _, part := range all {
		if part.file != nil && isWhole(part.file) {
			s = part
			break
		}
	}
	if s.file == nil {
		w.fail(g, "the main configuration was not read: "+reason(s.err))
		return
	}
	r.first = append(r.first, r.add(s, g, false))
}

// upwards looks above each given path for a nginx.conf that includes what it
// stands for.
func (r *rooting) upwards(roots []root) {
	w := r.w
	tried := map[string]bool{}
	for _, g := range w.given {
		if g.abs == "" || len(g.files) == 0 || slices.ContainsFunc(r.first, func(c *Config) bool { return holdsAny(c, roots, g) }) {
			continue
		}
		at := g.abs
		for range upwards + 1 {
			if w.disk.exists(filepath.Join(at, ".git")) || filepath.Dir(at) == at {
				break
			}
			at = filepath.Dir(at)
			if r.tryMain(filepath.Join(at, "nginx.conf"), g, roots, tried) {
				break
			}
		}
	}
}

// tryMain builds the configuration of the main file at path if there is one and
// keeps it if it includes a file that g stands for.
func (r *rooting) tryMain(path string, g *given, roots []root, tried map[string]bool) bool {
	w := r.w
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || w.excluded(path) {
		return false
	}
	s := w.source(w.disk.realPath(path), path, w.display(path, g))
	c := r.built[s]
	if c == nil {
		if tried[s.real] {
			return false
		}
		tried[s.real] = true
		w.readAll([]*source{s}, false)
		if s.file == nil || !isWhole(s.file) {
			return false
		}
		c = w.build(s, g, false)
		r.whole(c, g)
		if !holdsAny(c, roots, g) {
			return false
		}
		r.built[s] = c
		r.order = append([]*Config{c}, r.order...)
		return true
	}
	return holdsAny(c, roots, g)
}

func holdsAny(c *Config, roots []root, g *given) bool {
	in := map[*File]bool{}
	for _, f := range c.Files {
		in[f] = true
	}
	for _, root := range roots {
		if root.g == g && root.s.file != nil && root.s.file != c.Main && in[root.s.file] {
			return true
		}
	}
	return false
}
