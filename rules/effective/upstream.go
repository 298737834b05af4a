package effective

import (
	"slices"
	"strings"
)

// line is one header line of the upstream request before it is evaluated.
type line struct {
	name string
	expr string
	item Item // zero for nginx's default or the client's own line
	// client is set for a line of the client that nginx passes on.
	client bool
	// never is set for a header that nginx removes.
	never bool
	// orElse is what is sent where expr is empty, "" for nothing.
	orElse string
	// others are the lines that stand in its place in other arms of a
	// template's conditions.
	others []line
}

// protocol returns "proxy" for a proxy_pass, "uwsgi" for a uwsgi_pass, and so on.
func protocol(pass Item) string {
	return strings.TrimSuffix(pass.Head.Value, "_pass")
}

// handshakeHeaders are the client's lines that a handshake cannot do without.
var handshakeHeaders = [...]string{"Sec-WebSocket-Key", "Sec-WebSocket-Version"}

// handshakeExprs are the variables of these lines.
var handshakeExprs = [...]string{clientExpr(handshakeHeaders[0]), clientExpr(handshakeHeaders[1])}

// lines returns the header lines that nginx writes for a request that pass hands
// on from s: those of proxy_set_header in order, then nginx's defaults for names not
// among them, then the client's (ngx_http_proxy_init_headers,
// ngx_http_proxy_create_request). They are good until lines are asked for of
// another level.
func (m *Model) lines(s *Scope, pass Item) []line {
	if m.linesOf.scope == s && m.linesOf.pass == pass.Directive {
		return m.linesOf.lines // judged three times in a row
	}
	m.linesOf.scope, m.linesOf.pass = s, pass.Directive
	if proto := protocol(pass); proto == "uwsgi" || proto == "scgi" {
		m.linesOf.lines = m.params(s, proto)
	} else {
		m.linesOf.lines = m.proxyLines(s)
	}
	return m.linesOf.lines
}

func (m *Model) proxyLines(s *Scope) []line {
	out := m.linesOf.lines[:0]
	_, level := s.nearest("proxy_set_header")
	if level != nil {
		level.each("proxy_set_header", func(it *Item) bool {
			if len(it.Args) == 2 {
				out = append(out, line{name: it.Arg(0), expr: it.Arg(1), item: *it})
			}
			return true
		})
		out = m.foldArms(out, level)
		out = m.oneHost(s, out)
	}
	set := len(out)
	has := func(name string) bool {
		for i := range out[:set] {
			if sameName(out[i].name, name) {
				return true
			}
		}
		return false
	}
	if !has("Host") {
		out = append(out, line{name: "Host", expr: "$proxy_host"})
	}
	if !has("Connection") {
		if m.Version.Before(1, 29, 7) {
			out = append(out, line{name: "Connection", expr: "close"})
		} else {
			out = append(out, line{name: "Connection", never: true})
		}
	}
	if !has("Upgrade") {
		out = append(out, line{name: "Upgrade", never: true})
	}
	pass1 := !isOff(s, "proxy_pass_request_headers")
	for i, name := range handshakeHeaders {
		if !has(name) {
			out = append(out, line{name: name, expr: handshakeExprs[i], client: true, never: !pass1})
		}
	}
	return out
}

// oneHost leaves the last of several Host lines, as nginx does from 1.31.4 on
// (host_value in ngx_http_proxy_init_headers and ngx_http_proxy_create_request): over
// HTTP/1.1 an empty one becomes $proxy_host.
func (m *Model) oneHost(s *Scope, out []line) []line {
	if m.Version.Before(1, 31, 4) {
		return out
	}
	last := -1
	for i := range out {
		if sameName(out[i].name, "Host") {
			last = i
		}
	}
	if last < 0 {
		return out
	}
	if version, _, _ := m.httpVersion(s); version == "1.1" {
		out[last].orElse = "$proxy_host"
	}
	i := -1
	return slices.DeleteFunc(out, func(l line) bool {
		i++
		return i != last && sameName(l.name, "Host")
	})
}

// sameName reports whether two names of headers are the same: nginx compares
// them byte by byte, letters in either case.
func sameName(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }

// params returns the same for uwsgi and scgi, where the client's headers travel
// as HTTP_* parameters and one of that name takes the place of the header
// (ngx_http_uwsgi_init_params).
func (m *Model) params(s *Scope, proto string) []line {
	items, _ := s.Effective(proto + "_param")
	passed := !isOff(s, proto+"_pass_request_headers")
	var out []line
	for _, name := range [...]string{"Host", "Connection", "Upgrade", handshakeHeaders[0], handshakeHeaders[1]} {
		param := "HTTP_" + strings.ReplaceAll(strings.ToUpper(name), "-", "_")
		set := false
		for _, it := range items {
			if it.Arg(0) == param && len(it.Args) >= 2 {
				out = append(out, line{name: name, expr: it.Arg(1), item: it})
				set = true
			}
		}
		switch {
		case set:
		case name == "Host" && !m.Version.Before(1, 29, 5): // ngx_http_uwsgi_headers
			out = append(out, line{name: name, expr: "$host$is_request_port$request_port"})
		default:
			out = append(out, line{name: name, expr: clientExpr(name), client: true, never: !passed})
		}
	}
	return out
}

func clientExpr(name string) string {
	return "$http_" + strings.ReplaceAll(strings.ToLower(name), "-", "_")
}

// isOff reports whether a flag directive is in effect and off.
func isOff(s *Scope, name string) bool {
	item, _ := s.effectiveOne(name)
	return item.Directive != nil && strings.EqualFold(item.Arg(0), "off")
}

// isOn reports whether a flag directive is in effect and on.
func isOn(s *Scope, name string) bool {
	item, _ := s.effectiveOne(name)
	return item.Directive != nil && strings.EqualFold(item.Arg(0), "on")
}

// sent returns what a line says in the request q; "" where it is not sent.
func (m *Model) sent(l *line, pass Item, q *request) val {
	if len(l.others) > 0 {
		v := m.sent(&line{name: l.name, expr: l.expr, never: l.never, orElse: l.orElse}, pass, q)
		for i := range l.others {
			if m.sent(&l.others[i], pass, q) != v {
				return unknownVal
			}
		}
		return v
	}
	if l.never {
		return emptyVal
	}
	v := literal(l.expr)
	if strings.IndexByte(l.expr, '$') >= 0 {
		q.pass = pass
		v = m.eval(l.expr, q)
	}
	if l.orElse != "" && v == emptyVal {
		q.pass = pass
		return m.eval(l.orElse, q)
	}
	return v
}

// proxyHost returns $proxy_host: the host of proxy_pass, with its port unless
// that is the scheme's own (ngx_http_proxy_set_vars).
func (m *Model) proxyHost(pass Item, q *request) val {
	if protocol(pass) != "proxy" {
		return emptyVal // a variable of the proxy module
	}
	v := m.target(pass.Arg(0), q)
	if !v.known {
		return unknownVal
	}
	scheme, host, port := splitURL(v.text)
	switch {
	case scheme == "":
		return unknownVal
	case strings.HasPrefix(host, "unix:"):
		return text("localhost")
	case port == "" || port == defaultPort(scheme):
		return text(host)
	}
	return text(host + ":" + port)
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// splitURL splits the URL of a proxy_pass. scheme is "" where it is neither http
// nor https, letters in either case.
func splitURL(s string) (scheme, host, port string) {
	for _, p := range [...]string{"http", "https"} {
		if n := len(p) + 3; len(s) >= n && strings.EqualFold(s[:n], p+"://") {
			scheme, s = p, s[n:]
			break
		}
	}
	if scheme == "" {
		return "", "", ""
	}
	if len(s) >= 5 && strings.EqualFold(s[:5], "unix:") {
		return scheme, "unix:" + s[5:], ""
	}
	if i := strings.IndexAny(s, "/?"); i >= 0 {
		s = s[:i]
	}
	if strings.HasPrefix(s, "[") {
		if end := strings.IndexByte(s, ']'); end >= 0 {
			return scheme, s[:end+1], strings.TrimPrefix(s[end+1:], ":")
		}
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		return scheme, s[:i], s[i+1:]
	}
	return scheme, s, ""
}

// Upstream returns the upstream block of the given name, or nil; names compare
// without case (ngx_http_upstream_add).
func (m *Model) Upstream(name string) *Scope {
	if m.upstreams == nil {
		m.upstreams = make(map[string]*Scope)
		for _, h := range m.HTTP {
			for i := range h.Items {
				s := h.Items[i].Scope
				if s != nil && s.Kind == Upstream && len(s.Block.Args) > 0 {
					key := strings.ToLower(s.Block.Args[0].Value)
					if m.upstreams[key] == nil {
						m.upstreams[key] = s
					}
				}
			}
		}
	}
	return m.upstreams[strings.ToLower(name)]
}

// Target returns the scheme, host and port of the route's pass as written; host
// is "" where a variable decides it, port "" where none is written.
func (r *Route) Target() (scheme, host, port string) {
	s := r.Pass.Arg(0)
	if protocol(r.Pass) != "proxy" {
		s = "http://" + s
	}
	return targetOf(s)
}

// targetOf is Target for the URL of a pass.
func targetOf(s string) (scheme, host, port string) {
	if before, rest, ok := strings.Cut(s, "://"); ok && !strings.HasPrefix(rest, "unix:") {
		if i := pathStart(rest); strings.HasPrefix(rest[i:], "$") {
			s = before + "://" + rest[:i]
		}
	}
	scheme, host, port = splitURL(s)
	if strings.Contains(host+port, "$") {
		host, port = "", ""
	}
	return scheme, host, port
}
