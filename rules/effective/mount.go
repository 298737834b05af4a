package effective

import (
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

// maxItems bounds how many directives one Model mounts: enough for every real
// tree, and small enough that files which include one another many times over
// (2^n copies of a snippet) end in a Problem and not in exhausted memory.
const maxItems = 4_000_000

// mount builds the scopes of the model's configuration.
func (m *Model) mount() {
	root := &Scope{Kind: Main}
	m.Outer = Main
	if m.Config.Fragment {
		m.Outer = outerKind(m.Config, m.Config.Main.Directives, 0)
		root.Kind = m.Outer
	}
	m.Main, m.scopes = root, append(m.scopes, root)
	root.open(m.Config.Main, m.Config.Main.Open())
	root.cutOff(m.Config.Main, m.Config.Main.End())
	http := root // that the blocks beside a fragment stand in
	if m.Outer != HTTP {
		http = &Scope{Kind: HTTP}
	}
	if m.Config.Fragment {
		m.fill(http, m.Config.Beside, nil)
	}
	m.fill(root, m.Config.Main.Directives, nil)
	if m.Config.Fragment {
		m.fill(http, m.Config.Behind, nil)
	}
	if root.Kind == Main && root.first("http") != nil {
		// nginx takes one http block, and nothing else beside it bears
		// on requests: an include there cannot change a verdict.
		root.Partial = false
	}
}

// fill mounts directives into s, following includes.
func (m *Model) fill(s *Scope, directives []*parser.Directive, via *Mount) {
	if s.Items == nil {
		s.Items = make([]Item, 0, len(directives))
	}
	for _, d := range directives {
		if m.mounted >= maxItems {
			m.overflow(d)
			s.Partial = true
			return
		}
		m.mounted++
		if !d.IsBlock() && d.Arm() != nil && d.Arm().Defines() && (s.Block == nil || s.Block.Arm() == nil || !s.Block.Arm().Defines()) {
			m.unused(s, d)
			continue // the text of a macro: where it is used, a tag stands
		}
		holds, known := m.used[d.Head.Value]
		if !known {
			holds = holdings[d.Head.Value]
			m.used[d.Head.Value] = holds
		}
		s.holds |= holds
		if d.Is("include") && !d.IsBlock() {
			m.include(s, d, via)
			continue
		}
		item := Item{Directive: d, Via: via}
		if d.IsBlock() {
			kind := childKind(s, d)
			item.Scope = &Scope{Kind: kind, Block: d, Parent: s, Via: via}
			m.scopes = append(m.scopes, item.Scope)
			item.Scope.open(d.File, d.Open())
			item.Scope.cutOff(d.File, d.Span.End)
			if kind == HTTP && !m.Config.Fragment {
				m.fill(item.Scope, m.Config.Beside, via)
			}
			if kind != skipped {
				m.fill(item.Scope, d.Children, via)
			} else {
				item.Scope.Kind = Other
			}
		}
		s.Items = append(s.Items, item)
	}
}

func (m *Model) include(s *Scope, d *parser.Directive, via *Mount) {
	inc := m.Config.Include(d)
	if !inc.Followed {
		s.Partial = true
		s.Unread = append(s.Unread, Item{Directive: d, Via: via})
	}
	if len(inc.Files) == 0 {
		return
	}
	for o, depth := via, 0; o != nil; o, depth = o.Outer, depth+1 {
		if depth > 1000 { // the loader refuses cycles; this is for trees made by hand
			s.Partial = true
			return
		}
	}
	inner := &Mount{Include: d, Outer: via}
	for _, f := range inc.Files {
		s.open(f, f.Open())
		s.cutOff(f, f.End())
		m.fill(s, f.Directives, inner)
	}
}

// InSite reports whether a file, mounted so, is the site that the configuration is read
// with as if it were enabled, or is included from that.
func (m *Model) InSite(f *parser.File, via *Mount) bool {
	site := m.Config.Site
	for ; via != nil && f != site; via = via.Outer {
		f = via.Include.File
	}
	return site != nil && f == site
}

func (m *Model) overflow(d *parser.Directive) {
	if m.overflowed {
		return
	}
	m.overflowed = true
	pos := d.File.Position(d.Span.Start)
	m.Problems = append(m.Problems, parser.Problem{
		Kind: parser.Failed, File: d.File.Name, Line: pos.Line, Column: pos.Column,
		Message: "the files included here come to more than 4 million directives; the rest was not read",
	})
}

// unused says of a file, once, that a proxy_pass of it stands in the text of a macro
// that a location may use, d perhaps: what passes there nobody knows.
func (m *Model) unused(s *Scope, d *parser.Directive) {
	if !d.Is("proxy_pass") || s.Kind == Stream || m.unjudgedMacros[d.File] {
		return
	}
	if m.unjudgedMacros == nil {
		m.unjudgedMacros = map[*parser.File]bool{}
	}
	m.unjudgedMacros[d.File] = true
	pos := d.File.Position(d.Span.Start)
	m.Problems = append(m.Problems, parser.Problem{
		Kind: parser.NotFollowed, File: d.File.Name, Line: pos.Line, Column: pos.Column,
		Message: "proxy_pass stands in the text of a macro; the locations that use it were not judged",
	})
}

// skipped marks blocks whose words are never looked at.
const skipped Kind = 255

// childKind returns the kind of the block d in s.
func childKind(s *Scope, d *parser.Directive) Kind {
	name := d.Head.Value
	if name == "types" || name == "charset_map" || strings.HasSuffix(name, "_by_lua_block") {
		return skipped
	}
	switch s.Kind {
	case Main:
		switch name {
		case "http":
			return HTTP
		case "stream":
			return Stream
		}
	case Stream:
		return Stream
	case HTTP:
		switch name {
		case "server":
			return Server
		case "upstream":
			return Upstream
		case "map", "geo", "split_clients":
			return Map
		}
	case Server, Location:
		switch name {
		case "location":
			return Location
		case "if":
			return If
		case "limit_except":
			if s.Kind == Location {
				return LimitExcept
			}
		}
	}
	return Other
}

// outerKind infers from its directives which level a fragment belongs to.
func outerKind(c *parser.Config, directives []*parser.Directive, depth int) Kind {
	best := Location
	defines := func(d *parser.Directive) bool { return d.Arm() != nil && d.Arm().Defines() }
	all := !slices.ContainsFunc(directives, func(d *parser.Directive) bool { return !defines(d) })
	for _, d := range directives {
		if defines(d) && !all { // it is used elsewhere
			continue
		}
		kind := Location
		switch d.Head.Value {
		case "http", "events":
			if d.IsBlock() {
				kind = Main
			}
		case "server":
			if d.IsBlock() {
				kind = HTTP
				for _, child := range d.Children {
					if child.Is("proxy_pass") {
						kind = Stream // only stream allows it there
					}
				}
			} else {
				kind = Upstream
			}
		case "upstream", "map", "geo", "split_clients", "log_format", "limit_req_zone",
			"limit_conn_zone", "proxy_cache_path", "server_names_hash_bucket_size",
			"map_hash_bucket_size", "map_hash_max_size", "lua_package_path", "lua_shared_dict":
			kind = HTTP
		case "location", "listen", "server_name":
			kind = Server
		case "include":
			if depth < 16 {
				for _, f := range c.Include(d).Files {
					kind = min(kind, outerKind(c, f.Directives, depth+1))
				}
			}
		}
		if kind == Stream || kind == Upstream {
			return kind
		}
		best = min(best, kind)
	}
	return best
}
