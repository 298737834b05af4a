package parser

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
		g.carry(g.abs, w.disk.partsOf(g.real))
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

// upwards looks above each given path for main configurations that include what
// it stands for: nginx.conf, and in a repository nginx.prod.conf and the like beside
// it. Where none does, all of the repository is looked through.
func (r *rooting) upwards(roots []root) {
	w := r.w
	tried := map[*source]*Config{}
	for _, g := range w.given {
		if g.abs == "" || len(g.files) == 0 || slices.ContainsFunc(r.first, func(c *Config) bool { return holdsAny(c, roots, g) }) {
			continue
		}
		top := w.treeTop(filepath.Dir(g.abs))
		repository := w.disk.exists(filepath.Join(top, ".git"))
		found := false
		at := g.abs
		for range upwards + 1 {
			if w.disk.exists(filepath.Join(at, ".git")) || filepath.Dir(at) == at {
				break
			}
			at = filepath.Dir(at)
			if repository {
				for _, name := range slices.Backward(w.disk.names(at)) { // tryMain puts each before the others
					if name != "nginx.conf" && mayBeMain(name) && r.tryMain(filepath.Join(at, name), g, roots, tried) {
						found = true
					}
				}
			}
			if r.tryMain(filepath.Join(at, "nginx.conf"), g, roots, tried) {
				found = true
			}
			if found {
				break
			}
		}
		if !found && repository && !g.stdin && !w.disk.exists(filepath.Join(g.abs, ".git")) && r.unmounted(roots, g) {
			for _, path := range slices.Backward(w.mains(top)) {
				r.tryMain(path, g, roots, tried)
			}
		}
	}
}

// unmounted reports whether g stands for a file that no main configuration that was
// found so far includes, and that is none itself.
func (r *rooting) unmounted(roots []root, g *given) bool {
	in := map[*File]bool{}
	for _, c := range r.order {
		for _, f := range c.Files {
			in[f] = true
		}
	}
	return slices.ContainsFunc(roots, func(root root) bool {
		return root.g == g && root.s.file != nil && !isWhole(root.s.file) && !in[root.s.file]
	})
}

// mayBeMain reports whether a file's name is one that main configurations have.
func mayBeMain(name string) bool {
	lower := strings.ToLower(name)
	ext := filepath.Ext(lower)
	return strings.Contains(lower, "nginx") && (ext == ".conf" || templateExts[ext] && strings.Contains(lower, ".conf.")) &&
		name[0] != '.' && !isCopy(lower)
}

// maxDirs bounds how many folders of a repository are looked through for main
// configurations.
const maxDirs = 5000

// mains returns the files below top whose names are those of main configurations.
func (w *Workspace) mains(top string) []string {
	if w.mainsOf == nil {
		w.mainsOf = map[string][]string{}
	}
	if list, ok := w.mainsOf[top]; ok {
		return list
	}
	var list []string
	dirs := 0
	_ = filepath.WalkDir(top, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil || e.IsDir() && path != top && (SkippedDir(e.Name()) || w.excluded(path)):
			return fs.SkipDir
		case e.IsDir():
			if dirs++; dirs > maxDirs {
				return fs.SkipAll
			}
		case mayBeMain(e.Name()):
			list = append(list, path)
		}
		return nil
	})
	w.mainsOf[top] = list
	return list
}

// tryMain builds the configuration of the main file at path if there is one and
// keeps it if it includes a file that g stands for.
func (r *rooting) tryMain(path string, g *given, roots []root, tried map[*source]*Config) bool {
	w := r.w
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || w.excluded(path) {
		return false
	}
	s := w.source(w.disk.realPath(path), path, w.display(path, g))
	c := r.built[s]
	if c == nil {
		known := false
		if c, known = tried[s]; !known { // what it includes may be given by another path
			w.readAll([]*source{s}, false)
			if s.file != nil && isWhole(s.file) {
				c = w.build(s, g, false)
				r.whole(c, g)
			}
			tried[s] = c
		}
		if c == nil || !holdsAny(c, roots, g) {
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

// linked returns the file of this tree that the link at an absolute path leads to on
// the machine that the tree is for, "" where there is none: sites-enabled/app ->
// /etc/nginx/sites-available/app.
func (w *Workspace) linked(abs string) string {
	target, err := os.Readlink(abs)
	if err != nil || !filepath.IsAbs(target) {
		return ""
	}
	for _, prefix := range prefixes {
		rest, ok := cutPrefix(filepath.ToSlash(target), prefix)
		if !ok || rest == "" {
			continue
		}
		top := w.treeTop(filepath.Dir(abs))
		for at := filepath.Dir(abs); below(at, top); at = filepath.Dir(at) {
			if place := filepath.Join(at, filepath.FromSlash(rest)); place != abs && w.disk.exists(place) {
				return place
			}
			if at == top || filepath.Dir(at) == at {
				break
			}
		}
	}
	return ""
}
