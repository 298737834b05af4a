package parser

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// prefixes are the folders in which nginx's packages keep nginx.conf. An
// absolute include below one of them lies beside the main file of a tree.
// A longer one stands before its beginning.
var prefixes = []string{
	"/etc/nginx", "/usr/local/nginx/conf", "/usr/local/etc/nginx", "/opt/homebrew/etc/nginx",
	"/etc/openresty", "/usr/local/openresty/nginx/conf", "/usr/local/etc/openresty", "/opt/homebrew/etc/openresty",
	"/etc/tengine", "/usr/local/tengine/conf", "/etc/angie",
	"/opt/nginx/conf", "/opt/bitnami/nginx/conf", "/config/nginx", "/config",
	"C:/nginx/conf", "C:/nginx",
}

// stock are files that come with nginx, its packages or certbot and that say
// nothing of WebSocket: a tree may lack them.
var stock = set(`mime.types fastcgi_params fastcgi.conf fastcgi-php.conf uwsgi_params scgi_params
	koi-utf koi-win win-utf options-ssl-nginx.conf`)

// isStock reports whether an include path names files that cannot matter.
func isStock(path string) bool {
	path = slashed(path)
	if strings.HasSuffix(path, "/nginx/modules/*.conf") || strings.HasSuffix(path, "modules-enabled/*.conf") {
		return true // load_module lines, as the packages of Fedora and Debian write them
	}
	return stock[path[strings.LastIndexByte(path, '/')+1:]]
}

func slashed(path string) string { return strings.ReplaceAll(path, `\`, "/") }

// isAbs reports whether nginx takes a path for absolute, on Windows too.
func isAbs(path string) bool {
	return strings.HasPrefix(path, "/") ||
		len(path) > 2 && path[1] == ':' && (path[2] == '/' || path[2] == '\\')
}

// cutPrefix returns what follows dir in path where path lies at or below dir.
func cutPrefix(path, dir string) (rest string, ok bool) {
	dir = strings.TrimSuffix(dir, "/")
	if len(path) < len(dir) || path[:len(dir)] != dir && !(strings.Contains(dir, ":") && strings.EqualFold(path[:len(dir)], dir)) {
		return "", false
	}
	rest = path[len(dir):]
	return strings.TrimPrefix(rest, "/"), rest == "" || rest[0] == '/'
}

// filledIn reports whether a path holds the marks of a template or a variable.
// nginx has no variables there, so something replaces it before nginx reads it.
func filledIn(path string) bool {
	return HoldsTag(path) || strings.Contains(path, "{{") || strings.ContainsAny(path, "$<>")
}

// inclusion is what an include directive names, before it is known whether that
// closes a cycle.
type inclusion struct {
	Include
	sources  []*source
	problems []Problem // without a place
	links    int       // symbolic links that lead outside the tree
	linkSaid int       // index in problems of what is said of them
	linkText string    // what is said of the first
	unsure   error     // why nobody can tell what lies elsewhere
	far      bool      // its files lie elsewhere: resolveElsewhere
}

// outside says that a symbolic link leads outside the tree, once for all the
// links of an include.
func (i *inclusion) outside(path, link string) {
	switch i.links++; i.links {
	case 1:
		i.linkSaid = len(i.problems)
		i.linkText = fmt.Sprintf("include %q was not followed: the symbolic link %q leads outside this tree", path, link)
		i.fail(NotFollowed, "%s", i.linkText)
	case 2:
		i.problems[i.linkSaid].Message = i.linkText + ", and so does 1 more that it matches"
	default:
		i.problems[i.linkSaid].Message = fmt.Sprintf("%s, and so do %d more that it matches", i.linkText, i.links-1)
	}
}

func (i *inclusion) fail(kind ProblemKind, format string, args ...any) {
	i.Followed = false
	i.problems = append(i.problems, Problem{Kind: kind, Message: fmt.Sprintf(format, args...)})
}

// locked says that the directory may not be read, where err says so. glob(3) passes
// over it, and the nginx that another user starts does not.
func (i *inclusion) locked(path, dir string, err error) bool {
	is := errors.Is(err, fs.ErrPermission)
	if is {
		i.fail(Failed, "include %q: directory %q: %s", path, dir, reason(err))
	}
	return is
}

// resolve finds the files that an include directive names.
func (b *building) resolve(d *Directive) *inclusion {
	inc := &inclusion{Include: Include{Followed: true}}
	if len(d.Args) != 1 {
		inc.fail(Failed, `invalid number of arguments in "include" directive`)
		return inc
	}
	path := d.Args[0].Value
	if path == "" {
		inc.fail(Failed, "include names no file")
		return inc
	}
	if filledIn(path) {
		inc.fail(NotFollowed, "include %q was not followed: its path is filled in from outside", path)
		return inc
	}
	if b.dump {
		b.resolveDump(inc, path)
		return inc
	}
	if b.resolveParts(inc, d, path) {
		return inc
	}
	places, mapped := b.places(path)
	if len(places) == 0 {
		places = b.byEnding(d, path)
	}
	if HasMeta(path) {
		b.resolveGlob(inc, d, path, places, mapped)
		return inc
	}
	for _, place := range places {
		_, err := b.w.disk.mode(place)
		if err == nil || b.w.sources[place] != nil {
			if strings.HasSuffix(path, "/") && !b.isFolder(place) {
				inc.fail(Failed, "include %q: %q is not a directory", path, b.w.display(place, b.given))
				return inc
			}
			b.add(inc, path, place, mapped)
			return inc
		}
		if mapped || b.inside(place) {
			if inc.locked(path, b.w.display(filepath.Dir(place), b.given), err) {
				return inc
			}
		}
	}
	for _, place := range places {
		if template := b.rendered(d.File, place); template != "" {
			b.add(inc, path, template, mapped)
			return inc
		}
	}
	if !mapped && b.resolveElsewhere(inc, d, path) {
		return inc
	}
	b.missing(inc, path, places, mapped)
	return inc
}

// places returns where on disk the absolute or relative include path may lie,
// the likeliest first. mapped is true where the user said where it lies.
func (b *building) places(path string) (places []string, mapped bool) {
	if !isAbs(path) {
		for _, base := range b.bases {
			places = append(places, filepath.Join(base, filepath.FromSlash(path)))
		}
		return places, false
	}
	path = slashed(path)
	longest, nearest := -1, -1
	for _, m := range b.w.opts.Mappings {
		rest, ok := cutPrefix(path, slashed(m.From))
		if !ok || m.Under != "" && !below(b.bases[0], m.Under) {
			continue
		}
		if n := len(m.From); n > longest || n == longest && nearest > 0 && len(m.Under) > nearest {
			longest, nearest = n, len(m.Under)
			places = []string{b.w.abs(filepath.Join(m.To, filepath.FromSlash(rest)))}
		}
	}
	if longest >= 0 {
		return places, true
	}
	literal := filepath.Clean(filepath.FromSlash(path))
	if b.ownPrefix != "" {
		if _, ok := cutPrefix(path, b.ownPrefix); ok {
			return []string{literal}, false
		}
	}
	for _, top := range b.asked {
		if filepath.IsAbs(literal) && below(globDir(literal), top) {
			places = append(places, literal)
			break
		}
	}
	for _, prefix := range prefixes {
		if rest, ok := cutPrefix(path, prefix); ok {
			for _, base := range b.bases {
				places = append(places, filepath.Join(base, filepath.FromSlash(rest)))
			}
		}
	}
	if b.root != "" { // a tree that ends in etc/nginx lies in an image of a whole system
		if place := filepath.Join(b.root, filepath.FromSlash(path)); b.inside(globDir(place)) {
			places = append(places, place)
		}
	}
	for _, place := range b.inImage(path) {
		if !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	return places, false
}

// resolveGlob adds the files that match a pattern. One that matches nothing
// is no error, as in nginx, where the directory was there to look into.
func (b *building) resolveGlob(inc *inclusion, d *Directive, path string, places []string, mapped bool) {
	looked, outside := false, false
	for _, place := range places {
		if b.stands(inc, place) {
			return
		}
		dir, err := b.follow(globDir(place))
		if err != nil && (mapped || b.inside(globDir(place))) && inc.locked(path, b.w.display(globDir(place), b.given), err) {
			return
		}
		if err != nil {
			continue
		}
		if mode, err := b.w.disk.mode(dir); err != nil || !mode.IsDir() {
			continue
		}
		if !mapped && !b.inside(dir) {
			outside = true
			continue
		}
		looked = true
		matches := glob(place, func(dir string) []string {
			names, err := b.list(dir)
			inc.locked(path, b.w.display(dir, b.given), err)
			return names
		}, b.w.disk.exists)
		if strings.HasSuffix(path, "/") { // only folders match, and nginx cannot read them
			matches = slices.DeleteFunc(matches, func(match string) bool { return !b.isFolder(match) })
		}
		here := len(matches)
		if here > 0 && !mapped {
			matches = b.withElsewhere(d, path, matches)
		}
		for _, match := range matches {
			b.add(inc, path, match, mapped || len(matches) > here && b.inRepository(match))
		}
		if len(matches) > 0 {
			return
		}
	}
	if !mapped && b.resolveElsewhere(inc, d, path) {
		return
	}
	if looked || isStock(path) || b.ownPrefix != "" && len(places) > 0 || !isAbs(path) && b.insideAny(places) {
		return
	}
	if outside && !isAbs(path) && !mapped {
		inc.fail(NotFollowed, "include %q was not followed: it lies outside this tree", path)
		return
	}
	b.missing(inc, path, places, mapped)
}

// list returns the names in a directory, itself perhaps reached through links, and
// why there may be more.
func (b *building) list(dir string) ([]string, error) {
	real, err := b.follow(dir)
	if err != nil {
		return nil, nil
	}
	return b.w.disk.list(real)
}

// isFolder reports whether path is a directory, itself perhaps reached through links.
func (b *building) isFolder(path string) bool {
	real, err := b.follow(path)
	if err != nil {
		return false
	}
	mode, err := b.w.disk.mode(real)
	return err == nil && mode.IsDir()
}

func (b *building) insideAny(places []string) bool {
	for _, p := range places {
		if b.inside(globDir(p)) {
			return true
		}
	}
	return false
}

// missing records that nothing lies where an include points.
func (b *building) missing(inc *inclusion, path string, places []string, mapped bool) {
	switch {
	case b.ownPrefix != "" && len(places) > 0:
		inc.fail(Failed, `open() %q failed: no such file; nginx does not start without it`, filepath.ToSlash(places[0]))
	case isStock(path):
	case mapped:
		inc.fail(NotFollowed, "include %q was not followed: there is no %q", path, b.w.display(places[0], b.given))
	case inc.unsure != nil:
		inc.fail(NotFollowed, "include %q was not followed: %v", path, inc.unsure)
	case isAbs(path):
		inc.fail(NotFollowed, "include %q was not followed: it is not in this tree", path)
	case b.c.Fragment:
		inc.fail(NotFollowed, "include %q was not followed: no such file here, and the main configuration is not known", path)
	default:
		inc.fail(NotFollowed, "include %q was not followed: there is no %q", path, b.w.display(places[0], b.given))
	}
}

// add adds the file at place to what an include names.
func (b *building) add(inc *inclusion, path, place string, mapped bool) {
	b.w.reached[place] = true
	name := func() string { return b.w.display(place, b.given) }
	real, err := b.follow(place)
	if err != nil && b.w.sources[place] != nil { // standard input under a name that is not on disk
		real, err = place, nil
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && b.ownPrefix == "" && isStock(path):
		return // modules-enabled/50-mod.conf -> /usr/share/nginx/modules-available/mod.conf
	case errors.Is(err, fs.ErrNotExist):
		kind := NotFollowed
		if b.ownPrefix != "" {
			kind = Failed
		}
		inc.fail(kind, "include %q: the symbolic link %q leads nowhere", path, name())
		return
	case err != nil:
		inc.fail(Failed, "include %q: %q: %s", path, name(), reason(err))
		return
	case !mapped && !b.inside(real) && isStock(path):
		return
	case !mapped && !b.inside(real):
		if b.inside(place) {
			inc.outside(path, name())
		} else {
			inc.fail(NotFollowed, "include %q was not followed: it lies outside this tree", path)
		}
		return
	}
	if b.w.sources[real] == nil {
		if mode, err := b.w.disk.mode(real); err == nil {
			if why := irregular(mode); why != "" {
				inc.fail(Failed, "include %q: %q %s", path, name(), why)
				return
			}
		}
	}
	inc.sources = append(inc.sources, b.w.source(real, place, name()))
}

// inside reports whether an absolute path, free of links, lies in the tree.
func (b *building) inside(path string) bool {
	if b.ownPrefix != "" {
		return true
	}
	for _, top := range b.tops {
		if below(path, top) {
			return true
		}
	}
	return false
}
