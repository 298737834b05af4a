package parser

import (
	"path"
	"slices"
	"strings"
)

// resolveParts finds the parts that an include directive names in the file that holds
// the main configuration: they become files of one folder, as a ConfigMap is mounted.
// Which folder that is, nobody says: of the patterns that match a part, the first one
// counts that stands where nginx takes what the part holds.
func (b *building) resolveParts(inc *inclusion, d *Directive, name string) bool {
	main := b.w.of[b.c.Main]
	if main == nil || main.as.part == nil {
		return false
	}
	name = slashed(name)
	folder := path.Base(path.Dir(name))
	var found []*source
	for _, s := range b.w.siblings(main) {
		if s.file == d.File {
			continue
		}
		if ok, err := path.Match(path.Base(name), s.as.part.key); !ok || err != nil {
			continue
		}
		if HasMeta(name) {
			if mounted, ok := b.mounted[s]; ok && mounted != folder || !d.takes(s.file) || holdsSites(folder) && !s.file.hasServers() || s.as.part.aside && b.namedBySibling(s) {
				continue
			}
			b.mounted[s] = folder
		}
		found = append(found, s)
	}
	slices.SortFunc(found, func(a, b *source) int { return strings.Compare(a.as.part.key, b.as.part.key) })
	inc.sources = append(inc.sources, found...)
	return len(found) > 0
}

// siblings returns the other parts of the mapping that a part stands in, without those
// that are main configurations.
func (w *Workspace) siblings(s *source) []*source {
	var found []*source
	for _, other := range w.parts[s.real] {
		p := other.as.part
		if other == s || p.key == "" || p.folder != s.as.part.folder {
			continue
		}
		if !other.done { // it stands aside
			w.readAll([]*source{other}, false)
		}
		if other.file != nil && !isWhole(other.file) {
			found = append(found, other)
		}
	}
	return found
}

// namedBySibling reports whether a part of the same mapping includes s by its name: a
// pattern of another folder does not stand for it then.
func (b *building) namedBySibling(s *source) bool {
	for _, other := range b.w.parts[s.real] {
		if other.file == nil || other.as.part.folder != s.as.part.folder {
			continue
		}
		if slices.ContainsFunc(other.file.includes, func(d *Directive) bool { return path.Base(slashed(d.Arg(0))) == s.as.part.key }) {
			return true
		}
	}
	return false
}

// holdsSites reports whether a folder is named for what it holds: servers.
func holdsSites(folder string) bool {
	return strings.HasPrefix(folder, "site") || strings.HasPrefix(folder, "vhost") || folder == "servers"
}

// hasServers reports whether f has a block at its top that a site is made of.
func (f *File) hasServers() bool {
	return slices.ContainsFunc(f.Directives, func(d *Directive) bool { return d.Is("server") || d.Is("upstream") || d.defines() })
}

// takes reports whether what stands at the top of f may stand where d does. A server of
// a stream block passes connections on by itself, one of http in a location.
func (d *Directive) takes(f *File) bool {
	servers, streams, locations := false, false, false
	for _, top := range f.Directives {
		switch top.Head.Value {
		case "server":
			servers = true
			streams = streams || slices.ContainsFunc(top.Children, func(in *Directive) bool { return in.Head.Value == "proxy_pass" })
		case "upstream", "map", "geo", "split_clients", "log_format":
			servers = true
		case "location":
			locations = true
		}
	}
	up := d.Up()
	if up == nil {
		return false
	}
	switch up.Head.Value {
	case "http":
		return !streams && !locations
	case "stream":
		return streams
	case "server", "location":
		return !servers
	}
	return false
}
