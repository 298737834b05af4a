// Package image finds the nginx that a repository runs: the number in the image of
// the Dockerfile that copies a configuration file, or of the compose service that
// mounts it. A configuration is judged for that nginx where nobody says another.
//
// What a repository says this way is evidence, not configuration: a file that
// cannot be read and an image whose tags are not nginx's own numbers say nothing, and
// a tag without a number ("latest", "alpine") says that it may be the newest. Dockerfiles are read as
// docs.docker.com/reference/dockerfile has them, as far as FROM, ARG, ENV, WORKDIR,
// COPY and ADD; BuildKit's own parser would bring protobuf into a small binary.
package image

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

// Pin is an image of nginx, and where it stands.
type Pin struct {
	Image   string            // as written, its variables filled in: "nginx:1.27.3-alpine"
	Version effective.Version // of nginx; zero where the tag has no number
	File    string            // the absolute path of the Dockerfile or compose file, without symbolic links
	Line    int               // of FROM, or of the service's image
}

// Floats reports whether the image's tag has no number: it was the newest when it was
// pulled.
func (p *Pin) Floats() bool { return p.Version == effective.Version{} }

// older reports whether p is an older nginx than q.
func (p *Pin) older(q *Pin) bool {
	return p.Version.Before(q.Version.Major, q.Version.Minor, q.Version.Patch)
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
// who runs what the repository ships.
func (f *Finder) Of(paths ...string) *Pin {
	var oldest *Pin
	for _, path := range paths {
		path = f.resolved(path)
		top := f.top(filepath.Dir(path))
		if top == "" {
			continue
		}
		if f.of == nil {
			f.of = map[string]*index{}
		}
		x := f.of[top]
		if x == nil {
			x = read(top)
			f.of[top] = x
		}
		for _, p := range x.pins(path) {
			if oldest == nil || oldest.Floats() && !p.Floats() || !p.Floats() && p.older(oldest) {
				oldest = p
			}
		}
	}
	return oldest
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

// resolved returns path without the symbolic links in it, but for one that leads out
// of the repository.
func (f *Finder) resolved(path string) string {
	dir := filepath.Dir(path)
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
	path = filepath.Join(to, filepath.Base(path))
	if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return path
	}
	if at, err := filepath.EvalSymlinks(path); err == nil && f.top(filepath.Dir(at)) == f.top(to) {
		return at
	}
	return path
}

// index is what the Dockerfiles and compose files of a repository take.
type index struct {
	top   string
	files map[string][]*Pin   // by the absolute path of a file that they name
	dirs  map[string][]folder // by that of a folder
	links map[string][]string // symbolic links by the absolute path of what they lead to
	spent int                 // of maxWork
}

// folder is a folder that an image takes, and what it is in there.
type folder struct {
	pin  *Pin
	dest string
}

// pins returns those of the file at path.
func (x *index) pins(path string) []*Pin {
	var list []*Pin
	for _, name := range x.names(path) {
		list = append(list, x.pinsAs(name)...)
	}
	return list
}

// maxNames bounds the names of a file: a link may lead to the folder that holds it.
const maxNames = 20

// names returns path and its names through the symbolic links of the repository: a
// verdict does not depend on which of them a file is given by.
func (x *index) names(path string) []string {
	names := []string{path}
	for i := 0; i < len(names) && len(x.links) > 0; i++ {
		for at := names[i]; ; at = filepath.Dir(at) {
			for _, link := range x.links[at] {
				if len(names) < maxNames {
					names = append(names, link+names[i][len(at):])
				}
			}
			if at == x.top || filepath.Dir(at) == at {
				break
			}
		}
	}
	return names
}

// pinsAs returns the pins of the file at path under that name.
func (x *index) pinsAs(path string) []*Pin {
	list := x.files[path]
	for dir := filepath.Dir(path); len(x.dirs) > 0; dir = filepath.Dir(dir) {
		for _, to := range x.dirs[dir] {
			if rest, err := filepath.Rel(dir, path); err == nil && configures(to.dest+"/"+filepath.ToSlash(rest)) {
				list = append(list[:len(list):len(list)], to.pin)
			}
		}
		if dir == x.top || filepath.Dir(dir) == dir {
			break
		}
	}
	return list
}

// folders are where nginx's images keep configuration. A folder that an image
// takes is configuration if it lands here: all of a repository is often copied to
// be served.
var folders = []string{
	"/etc/nginx/", "/usr/local/nginx/conf/", "/usr/local/etc/nginx/", "/opt/nginx/conf/", "/usr/local/openresty/nginx/", "/etc/openresty/", "/opt/bitnami/nginx/", "/bitnami/nginx/",
}

// configures reports whether what lies at a path of an image is configuration that
// nginx reads, or that a script makes it from: /nginx-templates/app.conf.
func configures(dest string) bool {
	for _, dir := range folders {
		if strings.HasPrefix(dest, dir) {
			return true
		}
	}
	first, _, below := strings.Cut(strings.TrimPrefix(dest, "/"), "/")
	return below && strings.Contains(first, "nginx")
}

// take records that an image takes what lies at path on disk as dest, and reports
// whether something lies there. A file that is named is taken for configuration
// wherever it lands: a script may move it.
func (x *index) take(pin *Pin, path, dest string, named bool) bool {
	if !x.holds(path) || !x.spend(statCost) {
		return false
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return false
	case info.IsDir():
		x.dirs[path] = append(x.dirs[path], folder{pin, strings.TrimSuffix(dest, "/")})
	case named || configures(dest):
		x.files[path] = append(x.files[path], pin)
	}
	return true
}

// holds reports whether path lies in the repository, as it is written.
func (x *index) holds(path string) bool {
	rel, err := filepath.Rel(x.top, path)
	return err == nil && filepath.IsLocal(rel)
}

// spend reports whether there is work left, and takes some of it.
func (x *index) spend(work int) bool {
	x.spent += work
	return x.spent <= maxWork
}

// glob returns what a pattern finds below a folder.
func (x *index) glob(dir, pattern string) []string {
	disk, ok := os.DirFS(dir).(searchable)
	if !ok {
		return nil
	}
	found, _ := fs.Glob(measured{disk, x}, pattern)
	return found
}

type searchable interface {
	fs.StatFS
	fs.ReadDirFS
}

// measured is a folder that is searched as long as there is work left.
type measured struct {
	searchable
	x *index
}

// ReadDir is that of the folder.
func (m measured) ReadDir(name string) ([]fs.DirEntry, error) {
	if !m.x.spend(statCost) {
		return nil, fs.ErrInvalid
	}
	list, err := m.searchable.ReadDir(name)
	m.x.spend(len(list))
	return list, err
}

// The bounds of a search: the folders of a repository that are looked through, the
// YAML files without "compose" in their names, the symbolic links, the bytes of a file
// that is read, and the work of finding what is copied, a look at the disk being some
// of it.
const (
	maxDirs   = 5000
	maxOthers = 1000
	maxLinks  = 5000
	maxBytes  = 1 << 18
	maxWork   = 5_000_000
	statCost  = 10
)

// read looks through the repository at top.
func read(top string) *index {
	x := &index{top: top, files: map[string][]*Pin{}, dirs: map[string][]folder{}, links: map[string][]string{}}
	var dockerfiles, composes []string
	dirs, others, links := 0, 0, 0
	_ = filepath.WalkDir(top, func(path string, e fs.DirEntry, err error) error {
		name := strings.ToLower(e.Name())
		ext := filepath.Ext(name)
		switch {
		case err != nil:
			return fs.SkipDir
		case e.IsDir():
			if dirs++; dirs > maxDirs {
				return fs.SkipAll
			}
			if path != top && (skipped[name] || strings.HasPrefix(name, ".git") || holdsGit(path)) {
				return fs.SkipDir
			}
		case e.Type()&fs.ModeSymlink != 0:
			if links++; links > maxLinks {
				break
			}
			if to, err := filepath.EvalSymlinks(path); err == nil && x.holds(to) {
				x.links[to] = append(x.links[to], path)
			}
		case !e.Type().IsRegular(), strings.HasSuffix(name, ignoreFile), ext == ".md":
		case strings.Contains(name, "dockerfile"), strings.Contains(name, "containerfile"):
			dockerfiles = append(dockerfiles, path)
		case ext == ".yml", ext == ".yaml":
			if strings.Contains(name, "compose") {
				composes = append(composes, path)
			} else if others++; others <= maxOthers && mayCompose(path) {
				composes = append(composes, path)
			}
		}
		return nil
	})
	built := map[string]bool{} // the Dockerfiles whose context a compose file knows
	for _, path := range composes {
		x.compose(path, built)
	}
	for _, path := range dockerfiles {
		if !built[path] {
			d := readDockerfile(path, text(path), nil)
			x.dockerfile(d, x.around(path)...)
		}
	}
	return x
}

// mayCompose reports whether a YAML file of any name, stack.yml for one, may be a
// compose file that mounts something into an nginx.
func mayCompose(path string) bool {
	s := text(path)
	return strings.Contains(s, "services:") && strings.Contains(s, "volumes:") && (strings.Contains(s, "nginx:") || strings.Contains(s, "openresty:"))
}

// skipped are folders of other people's files.
var skipped = map[string]bool{"node_modules": true, "vendor": true, "venv": true, ".venv": true, ".terraform": true}

// ignoreFile ends the name of what lists the files that a build leaves out.
const ignoreFile = ".dockerignore"

// around returns the folders that may be the context of a build: that of the
// Dockerfile and those above it.
func (x *index) around(path string) []string {
	var dirs []string
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		dirs = append(dirs, dir)
		if dir == x.top || filepath.Dir(dir) == dir {
			return dirs
		}
	}
}

// text returns the text of a file that lies in the repository, also where links lead.
func (x *index) text(path string) string {
	if to, err := filepath.EvalSymlinks(path); err != nil || !x.holds(to) {
		return ""
	}
	return text(path)
}

// text returns a file's text, "" where it cannot be read or is too large.
func text(path string) string {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxBytes {
		return ""
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(string(b), "\ufeff")
}
