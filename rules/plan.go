package rules

import (
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// target returns the scope into which lines for the route are written: its
// location, because an if or limit_except block may hold none (NGX_HTTP_LOC_CONF
// without NGX_HTTP_LIF_CONF). It is nil where there is none to write into.
func target(r *effective.Route) *effective.Scope {
	s := r.Scope
	if s == nil {
		s = r.Location
	}
	for s != nil && (s.Kind == effective.If || s.Kind == effective.LimitExcept) {
		s = s.Parent
	}
	if s == nil || s.Kind != effective.Location {
		return nil
	}
	return s
}

// headersOf returns the own lines of s that set a request header.
func headersOf(s *effective.Scope, name string) []effective.Item {
	var same []effective.Item
	for _, it := range s.Own("proxy_set_header") {
		if strings.EqualFold(it.Arg(0), name) {
			same = append(same, it)
		}
	}
	return same
}

// passPlace returns where lines for the route go when no sibling says better:
// after the location's pass, or before the if that holds it.
func passPlace(s *effective.Scope, r *effective.Route) place {
	if own := s.Own(r.Pass.Head.Value); len(own) > 0 {
		return place{at: through(s, own[0])}
	}
	inner := r.Scope
	for inner != nil && inner.Parent != s {
		inner = inner.Parent
	}
	if inner == nil || inner.Block == nil {
		return place{at: through(s, r.Pass)}
	}
	return place{at: through(s, effective.Item{Directive: inner.Block, Via: inner.Via}), before: true}
}

// lastLiteral returns the last of the directives of that name written in the
// scope's own block, or nil.
func lastLiteral(s *effective.Scope, name string) *parser.Directive {
	var last *parser.Directive
	for _, it := range s.Own(name) {
		if literal(s, it) {
			last = it.Directive
		}
	}
	return last
}

// listPlace returns where a header line goes: beside the header lines that are
// there, the HTTP version, or the pass.
func listPlace(s *effective.Scope, r *effective.Route) place {
	for _, name := range []string{"proxy_set_header", "proxy_http_version"} {
		if d := lastLiteral(s, name); d != nil {
			return place{at: d}
		}
	}
	return passPlace(s, r)
}

// headerPlace returns where a line for the header goes: Upgrade before an own
// Connection line and Connection after an own Upgrade line, others in the list.
func headerPlace(s *effective.Scope, r *effective.Route, name string) place {
	beside, before := "", false
	switch {
	case strings.EqualFold(name, "Upgrade"):
		beside, before = "Connection", true
	case strings.EqualFold(name, "Connection"):
		beside = "Upgrade"
	}
	if beside != "" {
		for _, it := range headersOf(s, beside) {
			if literal(s, it) {
				return place{it.Directive, before}
			}
		}
	}
	return listPlace(s, r)
}

// headerPlan is the edits that give a route's location a header line.
type headerPlan struct {
	edits  []Edit
	unsafe bool // lines of a level that was not seen could be lost
}

// planHeader plans the edits that make the location of r send the header with
// the value, given as source text. It reports false where none is right for
// every place the change would reach.
func (p *Pass) planHeader(r *effective.Route, name, value string, rank int) (headerPlan, bool) {
	const directive = "proxy_set_header"
	s := target(r)
	if s == nil || !r.Pass.Is("proxy_pass") { // uwsgi and scgi pass the client's headers on by themselves
		return headerPlan{}, false
	}
	own := headersOf(s, name)
	if len(own) > 0 && !p.sameOwn(s, directive) {
		return headerPlan{}, false
	}
	if len(own) == 1 && len(own[0].Args) == 2 && (literal(s, own[0]) || p.mounts.once(own[0].File)) {
		return headerPlan{edits: []Edit{replaceWord(own[0].File, own[0].Args[1], value)}}, true
	}
	// A line with an empty value is not sent, so that one in a shared
	// snippet does no harm beside a line of the location.
	for _, it := range own {
		if it.Arg(1) != "" {
			return headerPlan{}, false
		}
	}
	in, ok := p.inherited(s, directive)
	if !ok {
		return headerPlan{}, false
	}
	to := headerPlace(s, r, name)
	siblings := literals(s, directive)
	if in.level != nil {
		for _, it := range in.items {
			siblings = append(siblings, it.Directive)
		}
	}
	text := aligned(siblings, directive, name, value)
	// Where nothing but handshakes arrive, and they lack these headers, a
	// list that was not seen has nothing to lose that worked.
	plan := headerPlan{edits: []Edit{to.insert(text, rank)}, unsafe: in.lacks || in.unsafe && !r.HandshakeOnly}
	plan.edits = append(plan.edits, p.repeat(in, directive, to, func(h string) bool {
		return strings.EqualFold(h, name) || wrongHeader(r, h)
	})...)
	return plan, true
}

// wrongHeader reports whether the route's inherited line for the header is what
// breaks it, so that another fix replaces it.
func wrongHeader(r *effective.Route, header string) bool {
	return strings.EqualFold(header, "Upgrade") && r.Because(effective.MissingUpgrade) != nil ||
		strings.EqualFold(header, "Connection") && r.Because(effective.MissingConnection) != nil
}

// literals returns the directives of that name written in the scope's own block.
func literals(s *effective.Scope, name string) []*parser.Directive {
	var ds []*parser.Directive
	for _, it := range s.Own(name) {
		if literal(s, it) {
			ds = append(ds, it.Directive)
		}
	}
	return ds
}

// neighbours returns the directives of the same module as name that are written
// in the scope's own block.
func neighbours(s *effective.Scope, name string) []*parser.Directive {
	module, _, _ := strings.Cut(name, "_")
	var ds []*parser.Directive
	for _, it := range s.Items {
		if literal(s, it) && len(it.Args) > 0 && strings.HasPrefix(it.Head.Value, module+"_") {
			ds = append(ds, it.Directive)
		}
	}
	return ds
}

// planScalar plans the edits that set a directive of one value in the location
// of r: its own line is changed, or one is written at to.
func (p *Pass) planScalar(r *effective.Route, name, value string, rank int, to func(*effective.Scope) place) ([]Edit, bool) {
	s := target(r)
	if s == nil || !p.sameOwn(s, name) {
		return nil, false
	}
	own := s.Own(name)
	switch {
	case len(own) == 0 && s.Partial: // what was not read may hold one, and nginx refuses two
		return nil, false
	case len(own) == 0:
		return []Edit{to(s).insert(aligned(neighbours(s, name), name, value), rank)}, true
	case len(own) == 1 && len(own[0].Args) == 1 && (literal(s, own[0]) || p.mounts.once(own[0].File)):
		return []Edit{replaceWord(own[0].File, own[0].Args[0], value)}, true
	}
	return nil, false
}

// versionPlace returns where proxy_http_version goes: before the WebSocket
// header lines that are there, else where these would go.
func versionPlace(s *effective.Scope, r *effective.Route) place {
	for _, it := range s.Own("proxy_set_header") {
		if literal(s, it) && isUpgradeOrConnection(it.Arg(0)) {
			return place{it.Directive, true}
		}
	}
	return listPlace(s, r)
}

// timeoutPlace returns where a timeout goes: beside the module's other timeouts,
// else after the header lines.
func timeoutPlace(s *effective.Scope, r *effective.Route, module string) place {
	for _, name := range []string{"_send_timeout", "_connect_timeout"} {
		if d := lastLiteral(s, module+name); d != nil {
			return place{at: d}
		}
	}
	return listPlace(s, r)
}

// safety returns Unsafe where unsafe is true.
func safety(unsafe bool) Safety {
	if unsafe {
		return Unsafe
	}
	return Safe
}
