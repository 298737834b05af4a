package parser

import (
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
