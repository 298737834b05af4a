package effective

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

// Build works out what nginx makes of c. It does not fail: what could not be
// decided is unknown in the result.
func Build(c *parser.Config, opts Options) *Model {
	m := &Model{
		Config: c, Version: opts.Version, Floating: opts.Floating,
		used: make(map[string]holding), caches: newCaches(0),
	}
	if m.Version == (Version{}) {
		m.Version = DefaultVersion
	}
	m.garbled = slices.ContainsFunc(c.Files, func(f *parser.File) bool { return len(f.Errors) > 0 })
	m.mount()
	switch m.Outer {
	case HTTP:
		m.HTTP = []*Scope{m.Main}
	case Main:
		for i := range m.Main.Items {
			if s := m.Main.Items[i].Scope; s != nil && s.Kind == HTTP {
				m.HTTP = append(m.HTTP, s)
			}
		}
	}
	m.unjudgedUsed, m.moreUsed, m.scriptsUsed = m.inUse(unjudgedDirectives[:]), m.inUse(moreDirectives[:]), m.inUse(scripts[:])
	m.findVariables()
	m.findServers()
	m.findRoutes()
	m.settleAll(opts)
	return m
}

// inUse returns those of the names that a directive of the model has.
func (m *Model) inUse(names []string) []string {
	var used []string
	for _, name := range names {
		if _, ok := m.used[name]; ok {
			used = append(used, name)
		}
	}
	return used
}

// EachScope calls f for every scope, outer ones first, in nginx's order.
func (m *Model) EachScope(f func(*Scope)) {
	for _, s := range m.scopes {
		f(s)
	}
}

// findRoutes lists every scope that passes requests on.
func (m *Model) findRoutes() {
	for _, vs := range m.Servers {
		vs.firstRoute = len(m.Routes)
		m.routesIn(vs.Scope, vs, nil)
		vs.endRoute = len(m.Routes)
	}
	switch m.Outer {
	case Server:
		m.routesIn(m.Main, nil, nil)
	case Location:
		m.routesIn(m.Main, nil, m.Main)
	}
}

func (m *Model) routesIn(s *Scope, vs *VirtualServer, loc *Scope) {
	if loc != nil {
		if pass := s.ownPass(); pass.Directive != nil {
			r := &Route{Model: m, Server: vs, Location: loc, Scope: s, Pass: pass}
			if loc.Block == nil {
				r.Location = nil
			}
			m.Routes = append(m.Routes, r)
		}
	}
	for i := range s.Items {
		c := s.Items[i].Scope
		if c == nil {
			continue
		}
		switch c.Kind {
		case Location:
			m.routesIn(c, vs, c)
		case If, LimitExcept:
			if loc != nil {
				m.routesIn(c, vs, loc)
			}
		}
	}
}

// samples are the paths that stand for all that reach loc: an exact location
// has one; a prefix is tried alone and with a segment and letters behind it.
func samples(loc *Scope) []val {
	modifier, match := loc.ModifierAndMatch()
	if match == "" || match[0] != '/' || strings.HasPrefix(modifier, "~") {
		return []val{unknownVal}
	}
	if modifier == "=" {
		return []val{text(match)}
	}
	if strings.HasSuffix(match, "/") {
		return []val{text(match), text(match + "q7Z.x-1")}
	}
	return []val{text(match), text(match + "/q7Z.x-1"), text(match + "q7Z.x-1")}
}

// plainRequest returns the request of the given kind to server that no rewrite
// directive touches. It is shared and must not be changed.
func (m *Model) plainRequest(server *VirtualServer, kind Request) *request {
	all := m.requests[server]
	if all == nil {
		all = new([requests]request)
		first := m.newRequest(server, Handshake, unknownVal)
		first.shared = true
		for k := range requests {
			all[k] = *first
			all[k].kind = k
		}
		m.requests[server] = all
	}
	return &all[kind]
}

// newRequest returns a request of the given kind to server; what a URL would
// decide is unknown.
func (m *Model) newRequest(server *VirtualServer, kind Request, uri val) *request {
	q := &request{kind: kind, server: server, uri: uri, target: uri, host: opaqueHost, header: opaqueHost}
	if server == nil {
		return q
	}
	byDefault := false
	for i := range server.Listens {
		l := &server.Listens[i]
		so := m.socketOf(l)
		scheme, port := text("http"), text(l.Port)
		if so.ssl || l.QUIC {
			scheme = text("https")
		}
		if i == 0 {
			q.scheme, q.port = scheme, port
		}
		if q.scheme != scheme {
			q.scheme = unknownVal
		}
		if q.port != port {
			q.port = unknownVal
		}
		byDefault = byDefault || so.defaultServer() == server
	}
	if n := server.Names[0]; !byDefault && len(server.Names) == 1 && n != "" && !strings.ContainsAny(n, "*~") && n[0] != '.' {
		q.host = text(strings.ToLower(n))
	}
	return q
}

// opaqueHost stands for a host name that is not known: there always is one.
var opaqueHost = val{opaque: true}

// headers returns the header lines of r with what each says for every kind of
// request.
func (m *Model) headers(r *Route, ends [requests][]outcome) []Header {
	lines := m.lines(r.Scope, r.Pass)
	out := make([]Header, len(lines))
	m.lengths(r, lines, ends)
	_, level := r.Scope.nearest("proxy_set_header")
	unseen := r.Scope.gap(level, true) != nil || level == nil && m.Outer != Main
	for i := range lines {
		l, h := &lines[i], &out[i]
		h.Name, h.Value, h.Item = l.name, l.expr, l.item
		if unseen && l.item.Directive == nil && !l.client {
			continue // a line that was not seen may stand in its place
		}
		for kind := range requests {
			h.Sent[kind] = m.sentBy(r, l, ends[kind])
		}
	}
	return out
}

// sentBy returns what l says in the outcomes that reach r, where they agree. Where a
// request for a URL is passed on elsewhere by the same location, it has the same
// lines, which say what they say there.
func (m *Model) sentBy(r *Route, l *line, ends []outcome) Value {
	here := func(o *outcome) bool { return o.end == proxied && o.pass.Directive == r.Pass.Directive }
	if len(ends) > 0 && ends[0].q.traced {
		here = func(o *outcome) bool {
			return o.end == proxied && o.location == r.Location && protocol(o.pass) == protocol(r.Pass)
		}
	}
	var said Value
	reached := false
	for i := range ends {
		o := &ends[i]
		if !here(o) {
			continue
		}
		v := m.sent(l, o.pass, o.q).value()
		if reached && said != v {
			return Value{}
		}
		said, reached = v, true
	}
	if !reached {
		if m.isSet(r, l.expr) {
			return Value{} // no such request comes here to say what is assigned
		}
		said = m.sent(l, r.Pass, m.plainRequest(r.Server, kindOf(ends))).value()
	}
	return said
}

// isSet reports whether an expression holds a variable that a set of the route's
// server assigns.
func (m *Model) isSet(r *Route, expr string) bool {
	if r.Server == nil {
		return false
	}
	setters := m.settersIn(r.Server.Scope)
	return slices.ContainsFunc(VariablesIn(expr), func(name string) bool { return len(setters[name]) > 0 })
}

// kindOf returns the kind of request that ended so.
func kindOf(ends []outcome) Request {
	if len(ends) > 0 {
		return ends[0].q.kind
	}
	return Handshake
}

// decide combines the outcomes of both forms of the handshake into r's verdict.
func (m *Model) decide(r *Route, forms [][]outcome) {
	var broken, unknown bool
	for _, ends := range forms {
		v, reasons, open := m.combine(ends)
		broken, unknown = broken || v == Broken, unknown || v == Unknown
		if r.Reasons == nil && len(reasons) > 0 {
			r.Reasons = make([]Reason, 0, len(reasons))
		}
		for i := range reasons {
			reason := &reasons[i]
			if !slices.ContainsFunc(r.Reasons, func(have Reason) bool { return have.Kind == reason.Kind && have.Header == reason.Header }) {
				r.Reasons = append(r.Reasons, *reason)
			}
		}
		if open != "" && r.Undecided == "" {
			r.Undecided = open
		}
	}
	if slices.ContainsFunc(r.Reasons, func(reason Reason) bool { return !reason.away }) {
		r.Reasons = slices.DeleteFunc(r.Reasons, func(reason Reason) bool { return reason.away })
	}
	switch {
	case broken:
		r.Verdict = Broken
	case unknown:
		r.Verdict = Unknown
	default:
		r.Verdict = Works
	}
	if r.Server != nil && r.Verdict != Broken && m.plainHTTP2(r.Server) {
		r.Verdict = Broken
		r.Reasons = append(r.Reasons, Reason{Kind: PlainHTTP2Listener, Items: itemList(r.Server.Listens[0].Item)})
	}
}

// onRequest says why a request that can end in several ways is not judged.
const onRequest = "it depends on a condition that only a request decides"

// combine judges the ways in which one form of the handshake can end. Where some
// reach an upstream, redirects and refusals on other paths do not count. The
// reasons are good until the next call.
func (m *Model) combine(ends []outcome) (Verdict, []Reason, string) {
	reaches := slices.ContainsFunc(ends, func(o outcome) bool { return o.end == proxied })
	reasons, j := m.reasons[:0], &m.judgement
	undecided := ""
	var works, broken, unknown bool
	for i := range ends {
		o := &ends[i]
		if reaches && o.end != proxied && o.end != lost {
			continue
		}
		*j = judgement{reasons: j.reasons[:0]}
		m.judge(o, j)
		switch j.verdict() {
		case Works:
			works = true
		case Broken:
			broken = true
		case Unknown:
			unknown = true
		}
		reasons = append(reasons, j.reasons...)
		if j.undecided != "" {
			undecided = j.undecided
		}
	}
	m.reasons = reasons
	switch {
	case unknown:
		return Unknown, reasons, undecided
	case works && broken:
		return Unknown, nil, onRequest
	case broken:
		return Broken, reasons, ""
	}
	return Works, nil, ""
}

// plainHTTP2 reports whether every listening socket of the server speaks HTTP/2
// without TLS only, as nginx before 1.25.1 does on "listen … http2".
func (m *Model) plainHTTP2(vs *VirtualServer) bool {
	if !m.Version.Before(1, 25, 1) {
		return false
	}
	for i := range vs.Listens {
		if so := m.socketOf(&vs.Listens[i]); so.ssl || !so.http2 {
			return false
		}
	}
	return true
}

// unjudged names what may stop a handshake and is not judged.
func (m *Model) unjudged(r *Route) []string {
	var notes []string
	for _, name := range m.unjudgedUsed {
		items, level := r.Scope.Effective(name)
		if len(items) == 0 || items[0].Arg(0) == "off" || name == "internal" && level != r.own() {
			continue
		}
		notes = append(notes, fmt.Sprintf("%s is not judged (%s)", name, place(items[0])))
	}
	if it := r.own().heldLine(); it.Directive != nil {
		notes = append(notes, fmt.Sprintf("its lines for WebSocket depend on a condition of the template (%s)", place(it)))
	}
	return notes
}

// unjudgedDirectives may stop a handshake by what they do at run time.
var unjudgedDirectives = [...]string{
	"auth_basic", "auth_request", "auth_jwt", "auth_pam", "deny", "limit_conn", "limit_req", "internal", "ssl_verify_client",
	"rewrite_by_lua", "rewrite_by_lua_block", "rewrite_by_lua_file", "access_by_lua", "access_by_lua_block",
	"access_by_lua_file", "header_filter_by_lua", "header_filter_by_lua_block", "header_filter_by_lua_file",
	"server_rewrite_by_lua_block", "server_rewrite_by_lua_file", "js_access", "js_header_filter", "modsecurity", "modsecurity_rules",
}
