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
	if HasMeta(path) {
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
	if HasMeta(place) {
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

// inImage returns where an absolute path lies whole below a folder around the main
// file, the nearest first: a tree may hold the image of a system, rootfs/usr/share/app
// and rootfs/etc/nginx, whose "/" no name tells.
func (b *building) inImage(path string) (places []string) {
	if b.ownPrefix != "" || !strings.HasPrefix(path, "/") {
		return nil
	}
	top := b.tops[0]
	for at := b.bases[0]; below(at, top) && filepath.Dir(at) != at; at = filepath.Dir(at) {
		place := filepath.Join(at, filepath.FromSlash(path))
		if !b.inside(globDir(place)) {
			continue
		}
		if HasMeta(path) && b.w.disk.exists(globDir(place)) || !HasMeta(path) && b.rendered(b.c.Main, place) != "" {
			places = append(places, place)
		}
	}
	return places
}

// rendered returns the file that what f includes as place is on disk: place itself
// or, since what is rendered with a template loses its ending as that does, the
// template of it. It returns "" where neither is there.
func (b *building) rendered(f *File, place string) string {
	if b.w.disk.exists(place) {
		return place
	}
	if ext := filepath.Ext(f.Name); templateExts[ext] && b.w.disk.exists(place+ext) {
		return place + ext
	}
	return ""
}
