package parser

import (
	"path/filepath"
	"slices"
	"strings"
)

// byEnding returns where the absolute path that d includes, below no usual prefix,
// may lie: where a folder of the tree ends as it does, in a folder's name and the
// file's at least. A tree whose nginx/proxy.conf becomes /etc/app/nginx/proxy.conf
// on a server is read so. What another include of the file names is not meant.
func (b *building) byEnding(d *Directive, path string) []string {
	if !isAbs(path) || b.ownPrefix != "" {
		return nil
	}
	parts := strings.Split(strings.Trim(slashed(path), "/"), "/")
	bases := append([]string{b.bases[0], filepath.Dir(b.bases[0])}, b.bases[1:]...)
	var places []string
	least := 1 // folders; a pattern's own says less than a name
	if hasMeta(path) {
		least = 2
	}
	for i := range len(parts) - least {
		ending := filepath.Join(parts[i:]...)
		for _, base := range bases {
			place := filepath.Join(base, ending)
			if !slices.Contains(places, place) && b.inside(globDir(place)) && b.lies(d, place) {
				places = append(places, place)
			}
		}
	}
	if len(places) == 0 {
		return nil
	}
	taken := map[string]bool{}
	for _, other := range d.File.includes {
		if other != d && len(other.Args) == 1 {
			found, _ := b.places(other.Arg(0))
			for _, place := range found {
				taken[place] = true
			}
		}
	}
	return slices.DeleteFunc(places, func(place string) bool { return taken[place] })
}

// lies reports whether anything lies at place, a pattern perhaps, and not the file
// itself that d stands in.
func (b *building) lies(d *Directive, place string) bool {
	found := []string{place}
	if hasMeta(place) {
		found = glob(place, func(dir string) []string {
			names, _ := b.list(dir)
			return names
		}, b.w.disk.exists)
	} else if found[0] = b.rendered(d.File, place); found[0] == "" {
		return false
	}
	s := b.w.of[d.File]
	return len(found) > 0 && (s == nil || !slices.Contains(found, s.abs))
}
