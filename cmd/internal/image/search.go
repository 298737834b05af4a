package image

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

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
	x := &index{top: top, files: map[string][]*Pin{}, dirs: map[string][]folder{}, links: map[string][]string{}, looked: map[string]bool{}, served: map[string]bool{}}
	var dockerfiles, composes []string
	roles := map[string][]string{} // the files of their variables, by a role's folder
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
			if path != top && (parser.SkippedDir(e.Name()) || holdsGit(path)) {
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
			if mayPin(path) {
				dir := filepath.Dir(filepath.Dir(path))
				roles[dir] = append(roles[dir], path)
			}
			if strings.Contains(name, "compose") {
				composes = append(composes, path)
			} else if others++; others <= maxOthers && mayCompose(text(path)) {
				composes = append(composes, path)
			}
		}
		return nil
	})
	for _, dir := range slices.Sorted(maps.Keys(roles)) {
		x.role(dir, roles[dir])
	}
	built := map[string]bool{} // the Dockerfiles whose context a compose file knows
	for _, path := range composes {
		x.compose(path, built)
	}
	x.merge()
	for _, path := range dockerfiles {
		if !built[path] {
			d := readDockerfile(path, text(path), nil)
			contexts := x.around(path)
			x.dockerfile(d, contexts...)
			x.ends(d, path, contexts)
		}
	}
	x.unserved()
	return x
}

// mayCompose reports whether the text of a YAML file of any name, stack.yml for one, may
// be a compose file that mounts something into an nginx.
func mayCompose(s string) bool {
	return strings.Contains(s, "services:") && strings.Contains(s, "volumes:") && (strings.Contains(s, "nginx:") || strings.Contains(s, "openresty:"))
}

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
