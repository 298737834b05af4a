// Package image finds the nginx that a repository runs: the number in the image of
// the Dockerfile that copies a configuration file, of the compose service or the
// workload of Kubernetes that mounts it, or in the variables of the Ansible role that
// holds it. A configuration is judged for that nginx where nobody says another. And it
// finds where the repository keeps what that nginx includes: a Dockerfile and a compose
// file say what lies where in what runs of them.
//
// What a repository says this way is evidence, not configuration: a file that
// cannot be read and an image whose tags are not nginx's own numbers say nothing, and
// a tag without a number ("latest", "alpine") says that it may be the newest.
//
// Only what one image or one service takes counts together, and only files of the
// repository: a folder of the machine, a volume by its name, and what RUN makes are not
// known. A mount hides what the image has in its place.
//
// Dockerfiles are read as docs.docker.com/reference/dockerfile has them, as far as
// FROM, ARG, ENV, WORKDIR, COPY and ADD; BuildKit's own parser would bring protobuf
// into a small binary. Inventories of Ansible, kustomizations, profiles and .dockerignore
// are not read.
package image

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wsnginx/wsnginx/rules/effective"
)

// Pin is an image of nginx, or a role's version of it, and where it stands.
type Pin struct {
	Name    string            // as written, its variables filled in: "image nginx:1.27.3-alpine", or a role's "nginx_version 1.28.0"
	Version effective.Version // of nginx; zero where the tag has no number
	File    string            // the absolute path of what says so, without symbolic links
	Line    int               // of FROM, of the service's image, or of the variable

	guessed bool // that the file is meant: it lies above the Dockerfile, whose context nobody says
}

// Floats reports whether the image's tag has no number: it was the newest when it was
// pulled.
func (p *Pin) Floats() bool { return p.Version == effective.Version{} }

// older reports whether p is an older nginx than q.
func (p *Pin) older(q *Pin) bool {
	return p.Version.Before(q.Version.Major, q.Version.Minor, q.Version.Patch)
}

// before reports whether p says more than q of which nginx to judge for.
func (p *Pin) before(q *Pin) bool {
	switch {
	case p.guessed != q.guessed:
		return q.guessed
	case p.Floats() != q.Floats():
		return q.Floats()
	}
	return p.older(q)
}

// Finder finds pins. The zero value is ready; it is not safe for use by several
// goroutines.
type Finder struct {
	real map[string]string // by folder: where it is without symbolic links
	tops map[string]string // by such a folder: the top of its repository, "" for none
	of   map[string]*index // by top
}

// Of returns the pin of the oldest nginx that takes one of the files at the given
// absolute paths, one without a number where there is no other, and nil where none of
// their repositories says which that is. What fails in the oldest fails for somebody
// who runs what the repository ships. A Dockerfile in a folder below, a sample perhaps,
// counts where no other takes any of the files.
func (f *Finder) Of(paths ...string) *Pin {
	var oldest *Pin
	for _, path := range paths {
		x := f.index(f.folder(filepath.Dir(path)))
		if x == nil || len(x.files)+len(x.dirs) == 0 && !isYAML(path) {
			continue
		}
		for _, p := range x.pins(f.resolved(path)) {
			if oldest == nil || p.before(oldest) {
				oldest = p
			}
		}
	}
	return oldest
}

// index returns that of the repository around a folder, nil where there is none.
func (f *Finder) index(dir string) *index {
	top := f.top(dir)
	if top == "" {
		return nil
	}
	if f.of == nil {
		f.of = map[string]*index{}
	}
	x := f.of[top]
	if x == nil {
		x = read(top)
		f.of[top] = x
	}
	return x
}

// top returns the folder at or above dir that holds .git.
func (f *Finder) top(dir string) string {
	if top, ok := f.tops[dir]; ok {
		return top
	}
	if f.tops == nil {
		f.tops = map[string]string{}
	}
	top := ""
	if holdsGit(dir) {
		top = dir
	} else if up := filepath.Dir(dir); up != dir {
		top = f.top(up)
	}
	f.tops[dir] = top
	return top
}

// holdsGit reports whether a folder is the top of a repository: .git is a file in
// worktrees and submodules.
func holdsGit(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, ".git"))
	return err == nil
}

// folder returns where a folder is without symbolic links.
func (f *Finder) folder(dir string) string {
	to, ok := f.real[dir]
	if !ok {
		if f.real == nil {
			f.real = map[string]string{}
		}
		var err error
		if to, err = filepath.EvalSymlinks(dir); err != nil {
			to = dir
		}
		f.real[dir] = to
	}
	return to
}

// resolved returns path without the symbolic links in it, but for one that leads out
// of the repository.
func (f *Finder) resolved(path string) string {
	to := f.folder(filepath.Dir(path))
	path = filepath.Join(to, filepath.Base(path))
	if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return path
	}
	if at, err := filepath.EvalSymlinks(path); err == nil && f.top(filepath.Dir(at)) == f.top(to) {
		return at
	}
	return path
}
