package image

import (
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Place is where an image or a service is described.
type Place struct {
	File string // its absolute path, without symbolic links
	Line int
}

// DifferError says that two images which take the same main file hold different files
// where it includes some.
type DifferError struct {
	First, Second Place
}

func (e *DifferError) Error() string { return e.Said(func(path string) string { return path }) }

// Said returns the error with the names that name gives files.
func (e *DifferError) Said(name func(path string) string) string {
	return fmt.Sprintf("%s:%d and %s:%d put different files there", name(e.First.File), e.First.Line, name(e.Second.File), e.Second.Line)
}

// question is what where was asked.
type question struct {
	main     string
	fragment bool
	include  string
}

// answer is what it said.
type answer struct {
	places []string
	err    error
}

// Where returns the files that nginx reads for an include, a path or a pattern, where
// an image or service takes the file at the absolute path main, and they lie in its
// repository, in the order in which nginx reads them. main is a main configuration or,
// where fragment says so, a part of one that is not known: the folder that relative
// paths are relative to is that of the image then.
//
// Of several images that take main, those that hold nothing there do not count. The
// others must hold the same files: an error says where they do not, as nobody can tell
// which of them nginx reads. The answer is remembered: nobody may change it.
func (f *Finder) Where(main string, fragment bool, include string) ([]string, error) {
	dir := filepath.Dir(main)
	x := f.index(f.folder(dir))
	if x == nil || len(x.containers) == 0 {
		return nil, nil
	}
	q := question{f.resolved(main), fragment, include}
	a, known := x.answers[q]
	if !known {
		a.places, a.err = x.where(q)
		if x.answers == nil {
			x.answers = map[question]answer{}
		}
		x.answers[q] = a
	}
	// The caller's names of folders may go through symbolic links.
	top := dir
	for top != filepath.Dir(top) && f.folder(top) != x.top {
		top = filepath.Dir(top)
	}
	if f.folder(top) != x.top || top == x.top {
		return a.places, a.err
	}
	named := make([]string, len(a.places))
	for i, place := range a.places {
		named[i] = top + strings.TrimPrefix(place, x.top)
	}
	return named, a.err
}

// where is Where for a file without symbolic links.
func (x *index) where(q question) (found []string, err error) {
	var first *container
	names := x.names(q.main)
	for _, c := range x.takersOf(names) {
		places := x.whereIn(c, names, q)
		switch {
		case len(places) == 0:
		case first == nil:
			first, found = c, places
		case !slices.Equal(found, places):
			return nil, &DifferError{Place{first.file, first.line}, Place{c.file, c.line}}
		}
	}
	if x.exhausted() { // some of it perhaps
		return nil, nil
	}
	return found, nil
}

// takersOf returns the containers that take what lies under one of those names, or a
// folder around it. Others are not looked at: the work for all files of a repository
// does not grow with the product of files and containers.
func (x *index) takersOf(names []string) (list []*container) {
	if x.takers == nil {
		x.takers = map[string][]*container{}
		for i, c := range x.containers {
			if !x.spend(1) {
				break
			}
			c.number = i
			x.lay(c)
			for _, l := range c.layers {
				if of := x.takers[l.path]; l.path != "" && (len(of) == 0 || of[len(of)-1] != c) {
					x.takers[l.path] = append(of, c)
				}
			}
		}
	}
	for _, name := range names {
		for at := name; ; at = filepath.Dir(at) {
			list = append(list, x.takers[at]...)
			if at == x.top || filepath.Dir(at) == at {
				break
			}
		}
	}
	slices.SortFunc(list, func(a, b *container) int { return cmp.Compare(a.number, b.number) })
	return slices.Compact(list)
}

// said returns where a container is described, as seen from the top of the repository.
func (x *index) said(c *container) string {
	name, err := filepath.Rel(x.top, c.file)
	if err != nil {
		name = c.file
	}
	return fmt.Sprintf("%s:%d", filepath.ToSlash(name), c.line)
}

// whereIn returns the files that one container has for an include of a file of those
// names, nothing where it does not take the file.
func (x *index) whereIn(c *container, names []string, q question) []string {
	for _, name := range names {
		for _, dest := range x.destsOf(c, name) {
			for _, base := range bases(dest, q) {
				if places := x.find(c, path.Join(base, q.include)); len(places) > 0 {
					return places
				}
			}
		}
	}
	return nil
}

// destsOf returns the paths at which a container has the file at a path of the
// repository.
func (x *index) destsOf(c *container, name string) (dests []string) {
	for _, l := range c.layers {
		if !x.spend(1) {
			break
		}
		if l.path == "" || name != l.path && (!l.dir || !strings.HasPrefix(name, l.path+string(filepath.Separator))) {
			continue
		}
		dest := path.Join(l.dest, filepath.ToSlash(name[len(l.path):]))
		if x.raw(c, dest) == name && !slices.Contains(dests, dest) {
			dests = append(dests, dest)
		}
	}
	return dests
}

// bases returns the folders that a relative include may be relative to, in a container
// that has the asking file at dest (ngx_conf_full_name).
func bases(dest string, q question) []string {
	if path.IsAbs(q.include) {
		return []string{"/"}
	}
	if !q.fragment {
		return []string{path.Dir(dest)}
	}
	for _, dir := range folders {
		if strings.HasPrefix(dest, dir) {
			return []string{dir, dir + "conf"}
		}
	}
	return nil
}
