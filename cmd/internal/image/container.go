package image

import (
	"cmp"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/wsnginx/wsnginx/parser"
)

// container is what runs of an image: what a stage of a Dockerfile holds, with what a
// service mounts over it.
type container struct {
	stage    *stage   // nil where nothing is built
	contexts []string // the folders in which the sources of stage may lie
	image    string   // of a service that builds nothing
	file     string   // that says so
	line     int      // of FROM, or of the service
	service  string   // its name, "" for a stage alone
	changed  bool     // a command of the service's own starts it
	binds    []bind
	env      map[string]string // of the service
	number   int               // among all
	layers   []layer           // what it holds of the repository, a later one over an earlier
	laid     bool              // layers are worked out
	dirs     map[string]bool   // the folders that they make there, while they are
	renders  []rendering
	asked    bool                // renders is known
	found    map[string][]string // what find returned
}

// environmentOf returns the variables that a service sets for what runs in it.
func environmentOf(t tree, n ast.Node, value map[string]string) map[string]string {
	env := map[string]string{}
	for _, p := range t.pairs(n) {
		s, _ := t.text(p.Value)
		env[p.Key.GetToken().Value], _ = filled(s, value)
	}
	for _, item := range t.items(n) {
		s, _ := t.text(item)
		if key, v, ok := strings.Cut(s, "="); ok {
			env[key], _ = filled(v, value)
		}
	}
	return env
}

// merge adds what services become that compose files in one folder describe together:
// docker-compose.prod.yml says what more is mounted into the service of
// docker-compose.yml, and not which image it is of (compose-spec.io, "Merge").
func (x *index) merge() {
	partial := func(c *container) bool { return c.stage == nil && c.image == "" }
	of := map[string][]*container{} // by folder and name
	for _, c := range x.containers {
		if !partial(c) {
			key := filepath.Dir(c.file) + "\x00" + c.service
			of[key] = append(of[key], c)
		}
	}
	for i, c := range x.containers {
		if !partial(c) {
			continue
		}
		bases := of[filepath.Dir(c.file)+"\x00"+c.service]
		if at := slices.IndexFunc(bases, (*container).byDefault); at >= 0 {
			bases = bases[at:]
		}
		for _, base := range bases {
			if base.file == c.file || !x.spend(statCost) {
				continue
			}
			whole := *c
			whole.stage, whole.contexts, whole.image = base.stage, base.contexts, base.image
			whole.changed = base.changed || c.changed
			whole.binds = slices.Concat(base.binds, c.binds)
			whole.env = maps.Clone(base.env)
			maps.Copy(whole.env, c.env)
			x.containers[i] = &whole
			break
		}
	}
}

// byDefault reports whether the container is a service of the file that compose reads
// where no other is named: what others add to is that one's.
func (c *container) byDefault() bool {
	switch filepath.Base(c.file) {
	case "compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml":
		return true
	}
	return false
}

// ends notes the images that a build of a Dockerfile may end with: its stages that no
// other is made of.
func (x *index) ends(stages []*stage, file string, contexts []string) {
	grown := map[*stage]bool{}
	for _, s := range stages {
		grown[s.base] = true
	}
	for _, s := range stages {
		if len(s.copies) > 0 && !grown[s] {
			x.ended = append(x.ended, &container{stage: s, contexts: contexts, file: file, line: s.line})
		}
	}
}

// unserved adds those of them that no service builds.
func (x *index) unserved() {
	for _, c := range x.ended {
		if of := x.said(c); !x.served[of] {
			x.served[of] = true
			x.containers = append(x.containers, c)
		}
	}
	x.ended = nil
}

// layer is a file or folder that a container holds.
type layer struct {
	path     string // on disk; "" where it is not of the repository
	dest     string // absolute, in the container
	dir      bool
	mount    bool // it hides what the image has there
	readOnly bool
}

// covers reports whether what is at p in the container can only be this layer's.
func (l *layer) covers(p string) bool { return p == l.dest || l.dir && under(p, l.dest) }

// place returns where on disk the layer has what is at p in the container.
func (l *layer) place(p string) string {
	if l.path == "" {
		return ""
	}
	return l.path + filepath.FromSlash(strings.TrimPrefix(p, strings.TrimSuffix(l.dest, "/")))
}

// under reports whether the path p of a container lies in its folder dir.
func under(p, dir string) bool {
	return strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/") && len(p) > len(dir)
}

// filesIn are folders of images that a COPY of a file need not end with a slash to
// put it into: they are there.
var filesIn = map[string]bool{
	"/etc/nginx": true, "/etc/nginx/conf.d": true, "/etc/nginx/http.d": true, "/etc/nginx/snippets": true,
	"/etc/nginx/sites-enabled": true, "/etc/nginx/sites-available": true,
	"/usr/local/openresty/nginx/conf": true,
}

// add adds a layer of what is built, and the folders that it makes.
func (x *index) add(c *container, l layer) {
	c.layers = append(c.layers, l)
	dir := l.dest
	if !l.dir {
		dir = path.Dir(dir)
	}
	for ; !c.dirs[dir] && x.spend(statCost); dir = path.Dir(dir) {
		c.dirs[dir] = true
	}
}

// lay works out the layers of a container, none where that is too much work.
func (x *index) lay(c *container) {
	if c.laid {
		return
	}
	c.laid, c.dirs = true, map[string]bool{}
	defer func() {
		if c.dirs = nil; x.exhausted() {
			c.layers = nil
		}
	}()
	var stages []*stage
	for s := c.stage; s != nil && x.spend(1); s = s.base {
		stages = append(stages, s)
	}
	for _, s := range slices.Backward(stages) {
		for _, cp := range s.copies {
			if !x.spend(1) {
				return
			}
			x.copy(cp, c.contexts, func(at string, _ bool) bool {
				info, ok := x.stat(at)
				if !ok {
					return false
				}
				l := layer{path: at, dest: path.Clean(cp.dest), dir: info.IsDir()}
				if !l.dir && (strings.HasSuffix(cp.dest, "/") || filesIn[l.dest] || c.dirs[l.dest]) {
					l.dest = path.Join(l.dest, filepath.Base(at))
				}
				x.add(c, l)
				return true
			})
		}
	}
	for _, b := range c.binds {
		if !path.IsAbs(b.target) {
			continue
		}
		l := layer{dest: path.Clean(b.target), dir: true, mount: true, readOnly: b.readOnly}
		x.mounted(c.file, b.source, func(at string) bool {
			info, ok := x.stat(at)
			if ok {
				l.path, l.dir = at, info.IsDir()
			}
			return ok
		})
		c.layers = append(c.layers, l)
	}
	// The mount of a longer path lies over that of a shorter one, whatever their order.
	slices.SortStableFunc(c.layers, func(a, b layer) int {
		switch {
		case a.mount && b.mount:
			return cmp.Compare(len(a.dest), len(b.dest))
		case a.mount:
			return 1
		case b.mount:
			return -1
		}
		return 0
	})
}

// stat looks at what lies at a path of the repository.
func (x *index) stat(path string) (os.FileInfo, bool) {
	if !x.holds(path) || !x.spend(statCost) {
		return nil, false
	}
	info, err := os.Stat(path)
	return info, err == nil
}

// held returns where on disk what a container has at p is, "" where the repository
// does not hold it. What is rendered at its start is written over what was there.
func (x *index) held(c *container, p string) string {
	for _, r := range c.rendered() {
		if template := r.template(p); template != "" && c.writes(r) {
			if at := x.raw(c, template); at != "" {
				return at
			}
		}
	}
	return x.raw(c, p)
}

// raw is held without what is rendered.
func (x *index) raw(c *container, p string) string {
	for i := len(c.layers) - 1; i >= 0 && x.spend(1); i-- {
		l := &c.layers[i]
		if !l.covers(p) {
			continue
		}
		at := l.place(p)
		if _, ok := x.stat(at); ok {
			return at
		}
		if l.mount {
			return ""
		}
	}
	return ""
}

// list returns the names in a folder of a container, some perhaps more than once.
func (x *index) list(c *container, dir string) []string {
	names := x.listRaw(c, dir)
	for _, r := range c.rendered() {
		if dir != r.to && !under(dir, r.to) || !c.writes(r) {
			continue
		}
		for _, name := range x.listRaw(c, path.Join(r.from, strings.TrimPrefix(dir, r.to))) {
			if made, ok := strings.CutSuffix(name, r.suffix); ok {
				names = append(names, made)
			}
		}
	}
	return names
}

// listRaw is list without what is rendered.
func (x *index) listRaw(c *container, dir string) (names []string) {
	for i := len(c.layers) - 1; i >= 0; i-- {
		l := &c.layers[i]
		if under(l.dest, dir) {
			first, _, _ := strings.Cut(strings.TrimPrefix(l.dest[len(strings.TrimSuffix(dir, "/")):], "/"), "/")
			names = append(names, first)
		}
		if !l.covers(dir) {
			continue
		}
		if at := l.place(dir); at != "" && x.holds(at) && x.spend(statCost) {
			entries, _ := os.ReadDir(at)
			x.spend(len(entries))
			for _, e := range entries {
				names = append(names, e.Name())
			}
		}
		if l.mount {
			break
		}
	}
	return names
}

// find returns the paths in a container that an absolute path or pattern names, in the
// order in which nginx reads them, and where on disk they are.
func (x *index) find(c *container, pattern string) []string {
	places, known := c.found[pattern]
	if !known {
		places = x.search(c, pattern)
		if c.found == nil {
			c.found = map[string][]string{}
		}
		c.found[pattern] = places
	}
	return places
}

// search works out find.
func (x *index) search(c *container, pattern string) (places []string) {
	found := []string{"/"}
	for element := range strings.SplitSeq(strings.Trim(pattern, "/"), "/") {
		var next []string
		for _, dir := range found {
			if !parser.HasMeta(element) {
				next = append(next, path.Join(dir, element))
				continue
			}
			for _, name := range x.list(c, dir) {
				if parser.MatchName(element, name) {
					next = append(next, path.Join(dir, name))
				}
			}
		}
		slices.Sort(next)
		found = slices.Compact(next)
	}
	for _, p := range found {
		if at := x.held(c, p); at != "" {
			places = append(places, at)
		}
	}
	return places
}
