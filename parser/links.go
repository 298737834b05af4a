package parser

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// sayLinks says of the symbolic links in g that lead to no file of the tree, and that
// no include names, that they were not followed: in is what was read. A tree of a whole
// system is full of links that have nothing to do with nginx (alsa/conf.d, fonts/conf.d);
// these are only passed over.
func (w *Workspace) sayLinks(g *given, in map[*source]bool) {
	read := map[string]bool{} // folders that hold configuration
	for s := range in {
		read[filepath.Dir(s.abs)] = true
	}
	for _, path := range g.links {
		switch name := w.display(path, g); {
		case w.reached[path]:
		case read[filepath.Dir(path)] || g.isLinkOfNginx(path):
			w.problem(&w.Problems, Problem{Kind: NotFollowed, File: name,
				Message: "this symbolic link leads to no file of the tree and was not followed"})
		default:
			w.Passed = append(w.Passed, Passed{Name: name, Unread: "a symbolic link that leads to no file of the tree"})
		}
	}
}

// isLinkOfNginx reports whether where a link stands, from the folder that the user named
// downwards, or where it leads, says nginx.
func (g *given) isLinkOfNginx(path string) bool {
	from := filepath.Base(path)
	if rel, err := filepath.Rel(filepath.Dir(g.abs), path); err == nil {
		from = rel
	}
	target, _ := os.Readlink(path)
	return saysNginx(from) || saysNginx(target)
}

// saysNginx reports whether a path says nginx: one of its elements is named for it or for
// a server made from it, or is a folder of sites that is not Apache's.
func saysNginx(path string) bool {
	sites, apache := false, false
	for element := range strings.SplitSeq(strings.ToLower(filepath.ToSlash(path)), "/") {
		for _, name := range [...]string{"nginx", "openresty", "tengine"} {
			if strings.Contains(element, name) {
				return true
			}
		}
		sites = sites || strings.HasPrefix(element, "sites-")
		apache = apache || strings.HasPrefix(element, "apache") || strings.HasPrefix(element, "httpd")
		if element == "angie" {
			return true
		}
	}
	return sites && !apache
}

// maxLinks bounds how many symbolic links one path may lead through.
const maxLinks = 40

// follow returns path without symbolic links. Unlike filepath.EvalSymlinks it
// reads an absolute link as an include is read: in a tree that is to become
// /etc/nginx, sites-enabled/app -> /etc/nginx/sites-available/app leads to the
// tree's own file and not to that of the machine at hand.
func (b *building) follow(path string) (string, error) { return b.followLinks(path, 0) }

func (b *building) followLinks(path string, n int) (string, error) {
	if real, ok := b.links[path]; ok {
		return real, nil
	}
	parent := filepath.Dir(path)
	if parent == path {
		return path, nil
	}
	dir, err := b.followLinks(parent, n)
	if err != nil {
		return "", err
	}
	full := path
	if dir != parent {
		full = filepath.Join(dir, filepath.Base(path))
	}
	mode, err := b.w.disk.mode(full)
	if err != nil {
		return "", err
	}
	if mode&fs.ModeSymlink != 0 {
		if n >= maxLinks {
			return "", errors.New("too many levels of symbolic links")
		}
		target, err := os.Readlink(full)
		if err != nil {
			return "", err
		}
		full, err = b.followLinks(b.linkTarget(dir, target), n+1)
		if err != nil {
			return "", err
		}
	}
	b.links[path] = full
	return full, nil
}

// linkTarget returns where a link in dir leads.
func (b *building) linkTarget(dir, target string) string {
	if !filepath.IsAbs(target) {
		return filepath.Join(dir, target)
	}
	target = filepath.Clean(target)
	if b.inside(target) {
		return target
	}
	places, _ := b.places(filepath.ToSlash(target))
	for _, place := range places {
		if b.w.disk.exists(place) {
			return place
		}
	}
	if found, err := b.elsewhere(nil, filepath.ToSlash(target)); err == nil && len(found) == 1 {
		return found[0]
	}
	return target
}
