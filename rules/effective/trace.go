package effective

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// Outcome is what becomes of a URL.
type Outcome string

// The outcomes of a trace.
const (
	OutcomeWorks      Outcome = "works"
	OutcomeBroken     Outcome = "broken"
	OutcomeUnknown    Outcome = "unknown"
	OutcomeRedirect   Outcome = "redirect"
	OutcomeNoServer   Outcome = "no-server"
	OutcomeNoLocation Outcome = "no-location"
	OutcomeNotProxied Outcome = "not-proxied"
)

// Trace is the way of one URL through the configuration.
type Trace struct {
	URL        string
	Outcome    Outcome
	Server     *VirtualServer // nil where none listens
	ServerName string         // the server_name that matches the host; "" where none does
	ServerWhy  string         // how nginx chose it
	Location   *Scope         // nil where none matches
	Route      *Route         // judged for this URL; nil where the request is not proxied
	Considered []Considered   // the locations that were looked at and not chosen
	Redirect   string         // the target, "" where there is none
	Why        string         // one sentence on the outcome
	// Onward is the way through the server that Route passes the handshake on to,
	// where that is one of the same configuration; nil otherwise.
	Onward *Trace
}

// Considered is a location that did not answer, and why.
type Considered struct {
	Location *Scope
	Modifier string // "", "=", "^~", "~", "~*"
	Match    string
	Why      string
	Matches  bool // the path fits it, and another was chosen
}

// Trace follows a handshake for u: scheme ws, wss, http or https. It returns an
// error for a URL that no handshake can be sent to.
func (m *Model) Trace(u *url.URL) (*Trace, error) {
	t := &Trace{URL: u.String()}
	port := u.Port()
	secure := false
	switch u.Scheme {
	case "ws", "http":
		port = cmp.Or(port, "80")
	case "wss", "https":
		port = cmp.Or(port, "443")
		secure = true
	default:
		return nil, fmt.Errorf("scheme %q: want ws, wss, http or https", u.Scheme)
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("no host in %q", u.String())
	}
	so := m.socketFor(u.Hostname(), port)
	path, err := normalize(u.EscapedPath(), so.mergesSlashes(u.Hostname(), secure))
	if err != nil {
		return nil, err
	}
	if so == nil {
		t.Outcome = OutcomeNoServer
		if m.Outer != Main && m.Outer != HTTP {
			t.Outcome = OutcomeUnknown
		}
		t.Why = "no server listens on port " + port
		if it := m.streamListen(port); it.Directive != nil {
			t.Outcome = OutcomeUnknown
			t.Why = fmt.Sprintf("a server of stream listens on port %s (%s), and where its bytes go is not followed", port, place(it))
			return t, nil
		}
		for _, h := range m.HTTP {
			if h.Partial {
				t.Outcome = OutcomeUnknown
				t.Why += " in what was read; " + h.unread()
				break
			}
		}
		return t, nil
	}
	chosen := so.byName(u.Hostname())
	t.Server, t.ServerName, t.ServerWhy = chosen.server, chosen.name, chosen.why
	if secure != so.ssl {
		t.Outcome = OutcomeBroken
		t.Why = fmt.Sprintf("port %s speaks no TLS, and %s asks for it", port, u.Scheme)
		if so.ssl {
			t.Why = fmt.Sprintf("port %s speaks TLS only, and %s does not", port, u.Scheme)
		}
		return t, nil
	}
	left := maxWays
	m.traceIn(t, u, path, port, journey{been: []visit{{t.Server, u.Host, path}}, left: &left})
	m.overHTTP2(t, so, port)
	if other := m.elsewhere(so, t.Server, u.Hostname(), port); other != "" {
		t.Why += "; " + other
	}
	return t, nil
}

// traceIn follows both forms of the handshake through t.Server, to which they came
// so, and on to where it passes them.
func (m *Model) traceIn(t *Trace, u *url.URL, path, port string, came journey) {
	var forms [2][]outcome
	var ordinary []outcome
	var said []string
	for kind := range requests {
		var saw func(*location, string)
		if kind == Handshake {
			saw = func(l *location, why string) {
				if c := (Considered{l.scope, l.modifier, l.match, why, why != doesNotMatch}); !slices.Contains(t.Considered, c) {
					t.Considered = append(t.Considered, c)
				}
			}
		}
		var met notes
		out := m.follow(t.Server.Scope, nil, m.urlRequest(t, kind, u, path, port, came), &met, saw)
		if kind == Ordinary {
			ordinary = out
			continue
		}
		forms[kind] = out
		for _, n := range met.list {
			if !slices.Contains(said, n) {
				said = append(said, n)
			}
		}
	}
	o := &forms[Handshake][0]
	for i := range forms[Handshake] {
		if forms[Handshake][i].end == proxied {
			o = &forms[Handshake][i]
		}
	}
	if o.end != proxied && slices.ContainsFunc(forms[Handshake][1:], func(w outcome) bool { return !w.sameAnswer(o) }) {
		o = &outcome{end: lost, why: onRequest}
	}
	t.Location = o.location
	t.Considered = slices.DeleteFunc(t.Considered, func(c Considered) bool { // a jump may come back to one
		return c.Location == t.Location
	})
	switch o.end {
	case redirected:
		t.Outcome, t.Redirect = OutcomeRedirect, m.absolute(o, u)
		t.Why = fmt.Sprintf("nginx answers %d, and WebSocket clients do not follow redirects", o.status)
	case answered:
		t.Outcome = OutcomeNotProxied
		t.Why = fmt.Sprintf("nginx answers %d by itself", o.status)
		if o.item.Directive != nil {
			t.Why += fmt.Sprintf(" (%s, %s)", o.item.Head.Value, place(o.item))
		}
	case static:
		t.Outcome = OutcomeNotProxied
		t.Why = "the location passes nothing on to an upstream"
	case nowhere:
		t.Outcome = OutcomeNoLocation
		t.Why = "no location matches " + path
	case lost:
		t.Outcome = OutcomeUnknown
		t.Why = o.why
	case proxied:
		m.traceRoute(t, o, forms, ordinary)
		m.tornLine(t, o)
		if t.Outcome == OutcomeWorks {
			m.goOn(t, [requests]*outcome{o, passedBy(o, forms[HandshakeKeepAlive]), passedBy(o, ordinary)}, u, came)
		}
	}
	if t.Route != nil {
		t.Route.Notes = append(t.Route.Notes, said...)
	}
}

// traceRoute fills in the route that o reaches, judged for this URL.
func (m *Model) traceRoute(t *Trace, o *outcome, forms [2][]outcome, ordinary []outcome) {
	r := &Route{Model: m, Server: t.Server, Location: o.location, Scope: o.scope, Pass: o.pass}
	for _, have := range m.Routes {
		if have.Scope == o.scope && have.Pass.Directive == o.pass.Directive || have.Location == o.location && have.Pass.Directive == o.pass.Directive {
			r.Intent, r.IntentWhy = have.Intent, have.IntentWhy
			r.HandshakeOnly, r.LikelyPath, r.PlainPath, r.Polling, r.Pings = have.HandshakeOnly, have.LikelyPath, have.PlainPath, have.Polling, have.Pings
			break
		}
	}
	version, item, gap := m.httpVersion(r.Scope)
	if protocol(r.Pass) == "proxy" && gap == nil && version != filledVersion {
		r.HTTPVersion, r.HTTPVersionItem = version, item
	}
	r.Idle = m.timeout(r.Scope, protocol(r.Pass)+"_read_timeout")
	r.Headers = m.headers(r, [requests][]outcome{forms[0], forms[1], ordinary})
	m.decide(r, forms[:])
	r.Notes = m.unjudged(r)
	t.Route = r
	switch r.Verdict {
	case Works:
		t.Outcome = OutcomeWorks
		t.Why = "the handshake reaches the upstream complete"
	case Broken:
		t.Outcome = OutcomeBroken
		t.Why = r.Sentence()
	case Unknown:
		t.Outcome = OutcomeUnknown
		t.Why = r.Undecided
	}
}

// urlRequest returns the request for a URL, as newRequest does with all that the
// URL decides filled in.
func (m *Model) urlRequest(t *Trace, kind Request, u *url.URL, path, port string, came journey) *request {
	q := m.newRequest(t.Server, kind, text(path))
	q.host = text(strings.ToLower(strings.TrimSuffix(hostOf(u), ".")))
	q.header = text(u.Host)
	q.port = text(port)
	q.args = text(u.RawQuery)
	q.target = text(u.RequestURI())
	q.traced = true
	q.lines = came.lines[kind]
	q.groups = []string{}
	if pattern, ok := strings.CutPrefix(t.ServerName, "~"); ok {
		// $1 of a server_name is there until something else matches.
		re := compile(pattern, true)
		if groups, matched, _ := re.match(q.host.text); matched {
			q.capture(groups, re)
		}
	}
	q.escaped = strings.ContainsAny(u.EscapedPath(), "%+")
	q.scheme = text("http")
	if u.Scheme == "wss" || u.Scheme == "https" {
		q.scheme = text("https")
	}
	return q
}

// hostOf returns the host of u as $host holds it: brackets kept, port cut.
func hostOf(u *url.URL) string {
	if strings.HasPrefix(u.Host, "[") {
		return "[" + u.Hostname() + "]"
	}
	return u.Hostname()
}

// absolute returns the target of a redirect as the client sees it: nginx puts the
// scheme, host and port before a path (ngx_http_header_filter).
func (m *Model) absolute(o *outcome, u *url.URL) string {
	if !strings.HasPrefix(o.target, "/") {
		return o.target
	}
	target := o.target
	if o.item.Directive == nil { // the redirect to the slash
		target = escapePath(target)
		if o.q.args.text != "" {
			target += "?" + o.q.args.text
		}
	}
	if isOff(o.scope, "absolute_redirect") {
		return target
	}
	scheme, port, own := "http", cmp.Or(u.Port(), "80"), "80"
	if u.Scheme == "wss" || u.Scheme == "https" {
		scheme, port, own = "https", cmp.Or(u.Port(), "443"), "443"
	}
	host := o.q.host.text
	if isOn(o.scope, "server_name_in_redirect") {
		name, _ := o.q.standard("server_name")
		if !name.known {
			return ""
		}
		host = name.text
	}
	if port != own && !isOff(o.scope, "port_in_redirect") {
		host += ":" + port
	}
	return scheme + "://" + host + target
}

// escapePath writes a path as nginx does in a redirect that it makes of a
// location's name (ngx_escape_uri with NGX_ESCAPE_URI).
func escapePath(path string) string { return escape(path, " \"#%<>?\\^`{|}") }

// escape writes the bytes of s that are among special, control characters or
// not ASCII as %XX.
func escape(s, special string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || strings.IndexByte(special, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// socketFor chooses the socket that a connection to host and port reaches: the
// one bound to that address, otherwise the wildcard of its family. A host that
// is a name can have any address; a socket that knows the name goes first, then
// a wildcard.
func (m *Model) socketFor(host, port string) *socket {
	ip := net.ParseIP(host)
	var wild, known, any *socket
	for _, so := range m.socketOrder {
		l := so.listen
		if l.Port != port {
			continue
		}
		if ip != nil && strings.Trim(l.Address, "[]") == ip.String() {
			return so
		}
		isWild := l.Address == "*" || l.Address == "[::]"
		if isWild && (wild == nil || ip != nil && ip.To4() == nil && l.Address == "[::]") {
			wild = so
		}
		if ip != nil {
			continue
		}
		if any == nil {
			any = so
		}
		if known == nil && so.byName(host).name != "" {
			known = so
		}
	}
	return cmp.Or(known, wild, any)
}

// mergesSlashes reports whether nginx takes "//" in a path for "/". It reads the
// path before it knows the Host line, by the server of the socket's default; with
// TLS the name was said before (ngx_http_process_request_uri,
// ngx_http_ssl_servername).
func (s *socket) mergesSlashes(host string, secure bool) bool {
	if s == nil {
		return true
	}
	vs := s.defaultServer()
	if secure {
		vs = s.byName(host).server
	}
	return !isOff(vs.Scope, "merge_slashes")
}

// normalize decodes a path and folds slashes, where merge says so, and dots as
// ngx_http_parse_complex_uri does.
func normalize(escaped string, merge bool) (string, error) {
	if escaped == "" {
		return "/", nil
	}
	raw, err := url.PathUnescape(escaped)
	if err != nil {
		return "", fmt.Errorf("path %q: %w", escaped, err)
	}
	if strings.IndexByte(raw, 0) >= 0 {
		return "", fmt.Errorf("path %q holds a NUL byte: nginx answers 400", escaped)
	}
	var out []string
	segments := strings.Split(strings.TrimPrefix(raw, "/"), "/")
	for i, s := range segments {
		last := i == len(segments)-1
		switch s {
		case "":
			if last || !merge {
				out = append(out, "")
			}
		case ".":
			if last {
				out = append(out, "")
			}
		case "..":
			if len(out) == 0 {
				return "", fmt.Errorf("path %q leads above the root: nginx answers 400", escaped)
			}
			out = out[:len(out)-1]
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, s)
		}
	}
	return "/" + strings.Join(out, "/"), nil
}
