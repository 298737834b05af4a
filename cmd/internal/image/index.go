package image

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// index is what the Dockerfiles and compose files of a repository take.
type index struct {
	top    string
	files  map[string][]*Pin   // by the absolute path of a file that they name
	dirs   map[string][]folder // by that of a folder
	links  map[string][]string // symbolic links by the absolute path of what they lead to
	looked map[string]bool     // the folders whose manifests were read
	spent  int                 // of maxWork

	containers []*container
	takers     map[string][]*container // by the path on disk of what they take; nil until somebody asks
	ended      []*container            // of the stages with which a build may end
	served     map[string]bool         // the stages that services build, by said
	answers    map[question]answer     // of where
	mains      map[string]Place        // of Main, by the path of the file
}

// folder is a folder that an image takes, and what it is in there.
type folder struct {
	pin  *Pin
	dest string
}

// pins returns those of the file at path.
func (x *index) pins(path string) []*Pin {
	if isYAML(path) {
		x.mapped(filepath.Dir(path))
	}
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

// exhausted reports whether there is no work left.
func (x *index) exhausted() bool { return x.spent > maxWork }

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
