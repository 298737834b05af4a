package rules

import (
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// covers reports whether changing the directive name beside or in the group's
// line changes it for the group's routes and no others.
func (p *Pass) covers(g *group, name string) bool {
	return p.coversAlso(g, name, func(*effective.Route) bool { return false })
}

// coversAlso is covers where other routes may be reached for which also returns
// true.
func (p *Pass) coversAlso(g *group, name string, also func(*effective.Route) bool) bool {
	if !p.mounts.once(g.line.File) && p.mounts.files[g.line.File] != len(g.levels) {
		return false
	}
	module, _, _ := strings.Cut(name, "_")
	for _, level := range g.levels {
		if level.Partial { // what was not read may set it too
			return false
		}
		for _, r := range p.mounts.under(level) {
			if g.member[r] || also(r) || !strings.HasPrefix(r.Pass.Head.Value, module+"_") {
				continue
			}
			if _, at := r.Scope.Effective(name); !inside(at, level) {
				return false
			}
		}
	}
	return true
}

// inside reports whether s is a level below outer.
func inside(s, outer *effective.Scope) bool {
	if s == nil {
		return false
	}
	for s = s.Parent; s != nil; s = s.Parent {
		if s == outer {
			return true
		}
	}
	return false
}

// lacking reports whether none of the group's levels has a directive of that
// name, or, of a list, one for the header.
func (g *group) lacking(name, header string) bool {
	for _, level := range g.levels {
		for _, it := range level.Own(name) {
			if header == "" || strings.EqualFold(it.Arg(0), header) {
				return false
			}
		}
	}
	return true
}

// beside returns the directives that stand with the group's line in one file and
// that keep returns true for.
func (g *group) beside(keep func(effective.Item) bool) []*parser.Directive {
	var ds []*parser.Directive
	for _, it := range g.levels[0].Items {
		if it.Via == g.line.Via && len(it.Args) > 0 && keep(it) {
			ds = append(ds, it.Directive)
		}
	}
	return ds
}

// safety is that of a fix beside the group's line: some of the routes have to be
// meant for WebSocket by more than that line.
func (g *group) safety() Safety {
	for _, r := range g.routes {
		if r.Intent != effective.Inherited {
			return Safe
		}
	}
	return Unsafe
}

// sharedVersion plans proxy_http_version 1.1 before the header lines that lack it.
func (p *Pass) sharedVersion(g *group) *Fix {
	const name = "proxy_http_version"
	if !g.lacking(name, "") || !p.covers(g, name) {
		return nil
	}
	siblings := g.beside(func(it effective.Item) bool { return strings.HasPrefix(it.Head.Value, "proxy_") })
	to := place{g.line.Directive, true}
	return fixOf(g.safety(), "set proxy_http_version 1.1",
		[]Edit{to.insert(aligned(siblings, name, "1.1"), rankVersion)}, true)
}

// sharedHeader plans a header line beside the group's line: Upgrade before it,
// others after it.
func (p *Pass) sharedHeader(g *group, header, value string, rank int, more []Edit) *Fix {
	const name = "proxy_set_header"
	if !g.lacking(name, header) || !p.covers(g, name) {
		return nil
	}
	siblings := g.beside(func(it effective.Item) bool { return it.Is(name) })
	to := place{g.line.Directive, strings.EqualFold(header, "Upgrade")}
	edits := append(more, to.insert(aligned(siblings, name, header, value), rank))
	return fixOf(g.safety(), "send "+header+" "+value, edits, true)
}

// sharedValue plans another value for the group's line itself.
func (p *Pass) sharedValue(g *group, arg int, value, message string, s Safety, more []Edit) *Fix {
	if len(g.line.Args) != arg+1 || !p.covers(g, g.line.Head.Value) {
		return nil
	}
	return fixOf(s, message, append(more, replaceWord(g.line.File, g.line.Args[arg], value)), true)
}

// sharedConnection is connectionValue for all of a group.
func (p *Pass) sharedConnection(g *group) (value string, more []Edit, ok bool) {
	if !p.inFamily(g.line.File) {
		return "", nil, false
	}
	value, more = p.connectionVariable(g.routes[0])
	if value != literalUpgrade {
		return value, more, true
	}
	for _, r := range g.routes {
		if !r.HandshakeOnly {
			return "", nil, false
		}
	}
	return value, nil, true
}

// sharedHost plans a Host line behind the header lines that lack it.
func (p *Pass) sharedHost(g *group) *Fix {
	const name = "proxy_set_header"
	if !g.lacking(name, "Host") || !p.coversAlso(g, name, func(r *effective.Route) bool { return r.Intent == effective.Inherited }) {
		return nil
	}
	siblings := g.beside(func(it effective.Item) bool { return it.Is(name) })
	if len(siblings) == 0 { // the lines are refused ones, without their words
		return nil
	}
	to := place{at: siblings[len(siblings)-1]}
	return fixOf(Unsafe, "send Host $host", []Edit{to.insert(aligned(siblings, name, "Host", "$host"), rankHeader)}, true)
}

// sharedTimeout plans a timeout behind the header lines that the group's routes
// inherit.
func (p *Pass) sharedTimeout(g *group, name, value string) *Fix {
	if !g.lacking(name, "") || !p.covers(g, name) {
		return nil
	}
	s := Safe
	for _, r := range g.routes {
		if !r.HandshakeOnly {
			s = Unsafe
		}
	}
	module := strings.TrimSuffix(name, "_read_timeout")
	to := place{at: g.line.Directive}
	for _, sibling := range []string{"proxy_set_header", module + "_connect_timeout", module + "_send_timeout"} {
		if ds := g.beside(func(it effective.Item) bool { return it.Is(sibling) }); len(ds) > 0 {
			to.at = ds[len(ds)-1]
		}
	}
	siblings := g.beside(func(it effective.Item) bool { return strings.HasPrefix(it.Head.Value, module+"_") })
	return fixOf(s, "set "+name+" "+value, []Edit{to.insert(aligned(siblings, name, value), rankTime)}, true)
}
