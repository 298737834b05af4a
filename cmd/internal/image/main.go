package image

import (
	"path/filepath"
	"slices"
)

// mains are where the nginx of images has its main configuration (--conf-path).
var mains = []string{
	"/etc/nginx/nginx.conf", "/usr/local/nginx/conf/nginx.conf", "/usr/local/openresty/nginx/conf/nginx.conf", "/opt/bitnami/nginx/conf/nginx.conf",
}

// Main returns the service or stage that has the file at the absolute path in the place
// of nginx's main configuration, and false where none has. An image that is not nginx's,
// a command that may start another configuration, a guessed folder of the build and,
// where no compose file mounts it so, a file that some image has in another place say
// nothing.
func (f *Finder) Main(path string) (Place, bool) {
	x := f.index(f.folder(filepath.Dir(path)))
	if x == nil || len(x.containers) == 0 {
		return Place{}, false
	}
	if x.mains == nil {
		x.findMains()
	}
	for _, name := range x.names(f.resolved(path)) {
		if place, ok := x.mains[name]; ok {
			return place, true
		}
	}
	return Place{}, false
}

// findMains works out the main configurations of the containers.
func (x *index) findMains() {
	x.mains = map[string]Place{}
	for _, c := range x.containers {
		if !c.startsNginx() {
			continue
		}
		x.lay(c)
		for _, dest := range mains {
			at := x.held(c, dest)
			if _, known := x.mains[at]; at == "" || known {
				continue
			}
			if c.mounts(at, dest) || !x.elsewhere(at) {
				x.mains[at] = Place{c.file, c.line}
			}
		}
	}
}

// mounts reports whether a service has the file at dest because its compose file says so
// in as many words.
func (c *container) mounts(at, dest string) bool {
	return slices.ContainsFunc(c.layers, func(l layer) bool { return l.mount && l.path == at && l.dest == dest })
}

// elsewhere reports whether a container has a file in a place that is no main
// configuration's.
func (x *index) elsewhere(at string) bool {
	for _, c := range x.takersOf([]string{at}) {
		for _, dest := range x.destsOf(c, at) {
			if !slices.Contains(mains, dest) {
				return true
			}
		}
	}
	return false
}

// startsNginx reports whether nothing but an image of nginx decides what a container
// starts.
func (c *container) startsNginx() bool {
	if c.changed {
		return false
	}
	if c.stage == nil {
		_, ok := versionOf(c.image)
		return ok
	}
	for s := c.stage; s != nil; s = s.base {
		if s.changed {
			return false
		}
	}
	return c.stage.runs() != nil && (c.service != "" || len(c.contexts) == 1)
}
