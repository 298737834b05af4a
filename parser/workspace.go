package parser

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Open reads everything that paths stand for: main configurations, directories,
// fragments, and "-" for standard input. No path is the working directory. What
// cannot be read is in the Problems of the Workspace and its Configs.
func Open(paths []string, opts Options) *Workspace {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	cwd, err := os.Getwd()
	if err != nil {
		cwd = string(filepath.Separator)
	}
	w := &Workspace{opts: opts, cwd: cwd, disk: newDisk(), sources: map[string]*source{}, names: map[string]*source{}}
	for _, path := range paths {
		w.given = append(w.given, &given{path: path, stdin: path == "-"})
	}
	w.load()
	return w
}

// With returns the Workspace that the same paths stand for where each file that
// overlay names, by File.Name, holds those bytes instead. Only these files are
// read again; every other File is shared with w.
func (w *Workspace) With(overlay map[string]string) *Workspace {
	n := &Workspace{opts: w.opts, cwd: w.cwd, disk: w.disk, sources: map[string]*source{}, names: map[string]*source{}}
	n.opts.Overlay = maps.Clone(w.opts.Overlay)
	if n.opts.Overlay == nil {
		n.opts.Overlay = map[string]string{}
	}
	maps.Copy(n.opts.Overlay, overlay)
	for _, g := range w.given {
		n.given = append(n.given, &given{path: g.path, stdin: g.stdin})
	}
	for real, s := range w.sources {
		c := *s
		if _, ok := overlay[s.name]; ok {
			c.file, c.err, c.like, c.done = nil, nil, false, false
		}
		c.fixed = false
		n.sources[real], n.names[s.name] = &c, &c
	}
	n.load()
	return n
}

// abs returns path as an absolute one, from the working directory.
func (w *Workspace) abs(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(w.cwd, path)
}

// Writable reports whether a fix may change f: it has bytes on disk and lies,
// links resolved, at or below a path that the user named. A fragment named alone
// is the only file that may change; a main file stands for the tree below its
// directory.
func (w *Workspace) Writable(f *File) bool {
	s := w.of[f]
	if s == nil || s.stdin || w.excluded(s.abs) {
		return false
	}
	for _, g := range w.given {
		switch {
		case g.stdin:
		case g.dir && below(s.real, g.real), s.real == g.real,
			g.whole && below(s.real, filepath.Dir(g.real)):
			return true
		}
	}
	return false
}

// FromStdin reports whether f was read from standard input: a fix of it is
// printed.
func (w *Workspace) FromStdin(f *File) bool { return w.of[f] != nil && w.of[f].stdin }

// named reports whether the user named the file of s itself.
func (w *Workspace) named(s *source) bool {
	if s == nil || s.stdin {
		return s != nil
	}
	return slices.ContainsFunc(w.given, func(g *given) bool { return !g.dir && g.real == s.real })
}

// Named reports whether the user asked about f: it lies at or below a given path
// or belongs to a main configuration that was given.
func (w *Workspace) Named(f *File) bool {
	s := w.of[f]
	if s == nil || w.excluded(s.abs) {
		return false
	}
	if s.stdin {
		return true
	}
	for _, g := range w.given {
		if s.real == g.real || s.abs == g.abs || g.dir && (below(s.real, g.real) || below(s.abs, g.abs)) {
			return true
		}
	}
	return w.asked[f]
}

// Excluded reports whether the user's patterns leave f out.
func (w *Workspace) Excluded(f *File) bool {
	s := w.of[f]
	return s != nil && w.excluded(s.abs)
}

func contains(files []*File, f *File) bool {
	for _, g := range files {
		if g == f {
			return true
		}
	}
	return false
}

// problem adds p to list unless the same was said before. An include that was
// not followed is said once, at the first of its places.
func (w *Workspace) problem(list *[]Problem, p Problem) {
	key := p
	if p.Kind == NotFollowed && strings.HasPrefix(p.Message, "include ") {
		key.File, key.Line, key.Column = "", 0, 0
	}
	if w.seen[key] {
		return
	}
	w.seen[key] = true
	*list = append(*list, p)
}
