package effective

import (
	"net/url"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

// hop is a pass that leads to servers of the same configuration.
type hop struct {
	from   *Route
	to     []entry  // that may answer it
	byName bool     // whatever name the client asks for chooses among them
	match  string   // of from's location
	uri    string   // of its proxy_pass
	paths  []string // that they are asked for; worked out by chains.pathsBehind
}

// maxEntries is how many servers a hop may lead to: of one that leads to more
// nothing is told.
const maxEntries = 64

// entry is a server, and the socket by which requests come to it.
type entry struct {
	socket *socket
	server *VirtualServer
}

// ownSockets are the listening sockets that a pass leads to, and whether other
// machines, or programs, stand beside them.
type ownSockets struct {
	sockets []*socket
	deaf    []*socket // these speak TLS, or the PROXY protocol, and are not spoken to so
	others  bool
}

// hopOf returns the hop that r's pass to own makes, nil for none.
func (m *Model) hopOf(r *Route, own ownSockets) *hop {
	if protocol(r.Pass) != "proxy" || r.Server == nil || r.Location == nil || len(own.sockets) > maxEntries {
		return nil
	}
	h := &hop{from: r, match: matchOf(r.Location)}
	h.uri, _ = uriOf(r.Pass.Arg(0))
	for _, so := range own.sockets {
		asked, byName := so.asked(r)
		h.byName = h.byName || byName
		if len(h.to)+len(asked) > maxEntries {
			return nil
		}
		for _, vs := range asked {
			if e := (entry{so, vs}); m.together(vs.Scope.Block, r) && !slices.Contains(h.to, e) {
				h.to = append(h.to, e)
			}
		}
	}
	if h.to == nil {
		return nil
	}
	return h
}

// together reports whether what a directive says holds on the machine of r: a
// fragment may hold the servers of several.
func (m *Model) together(d *parser.Directive, r *Route) bool {
	return m.Outer == Main || d.File == r.Pass.File
}

// ownSockets returns the listening sockets that a pass to url leads to: by an address of
// this machine, a socket's path, or the very address that is listened on. Of an
// upstream these are what its servers lead to, but those that stand by.
func (m *Model) ownSockets(url string) ownSockets {
	var own ownSockets
	scheme, host, port := targetOf(url)
	if host == "" {
		return own
	}
	add := func(address, port string) {
		switch so := m.listening(address, port); {
		case so == nil:
			own.others = true
		case so.ssl != (scheme == "https") || so.proxy:
			own.deaf = append(own.deaf, so)
		case !slices.Contains(own.sockets, so):
			own.sockets = append(own.sockets, so)
		}
	}
	up := m.Upstream(host)
	if up == nil {
		if port == "" {
			port = defaultPort(scheme)
		}
		add(hostAddress(host, port))
		return own
	}
	standby := func(w parser.Word) bool { return w.Value == "backup" || w.Value == "down" }
	up.each("server", func(it *Item) bool {
		if !slices.ContainsFunc(it.Args, standby) {
			add(splitAddress(it.Arg(0)))
		}
		return true
	})
	return own
}

// listening returns the socket that takes connections to an address of this
// machine, or to the very address that is listened on; nil for none.
func (m *Model) listening(address, port string) *socket {
	if so := m.sockets[address+" "+port]; so != nil {
		return so
	}
	switch {
	case strings.HasPrefix(address, "127."):
		if so := m.sockets["* "+port]; so != nil {
			return so
		}
		six := m.sockets["[::] "+port]
		if six != nil && strings.Contains(six.listen.Text, "ipv6only=off") {
			return six
		}
	case address == "[::1]":
		return m.sockets["[::] "+port]
	}
	return nil
}

// hostAddress returns the address and port of a pass as those of a listen
// directive are kept.
func hostAddress(host, port string) (string, string) {
	if path, ok := strings.CutPrefix(host, "unix:"); ok {
		path, _, _ = strings.Cut(path, ":")
		return "unix:" + path, ""
	}
	return splitAddress(host + ":" + port)
}

// asked returns the servers of the socket that the requests of r can reach, by the
// Host line that r sends: none where that is not known, all where byName, any name
// of the client's, chooses among them.
func (s *socket) asked(r *Route) (servers []*VirtualServer, byName bool) {
	if len(s.servers) == 1 {
		return s.servers, false
	}
	hosts, any := hostsSent(r)
	if any {
		return s.servers, true
	}
	for _, n := range hosts {
		if vs := s.byName(n).server; !slices.Contains(servers, vs) {
			servers = append(servers, vs)
		}
	}
	return servers, len(servers) > 1
}

// hostsSent returns the names in the Host line of r's requests. Where it is the
// client's line they are the server's own, and any name at all where the server
// has one that stands for others; none where it is not known.
func hostsSent(r *Route) (names []string, any bool) {
	for i := range r.Headers {
		switch h := &r.Headers[i]; {
		case !strings.EqualFold(h.Name, "Host"):
		case h.Sent[Handshake].Known:
			return []string{withoutPort(h.Sent[Handshake].Text)}, false
		case strings.HasPrefix(h.Value, "$host") || strings.HasPrefix(h.Value, "$http_host"):
			return r.Server.Names, slices.ContainsFunc(r.Server.Names, standsForOthers)
		}
	}
	return nil, false
}

// standsForOthers reports whether a server_name is no name that clients ask for.
func standsForOthers(n string) bool {
	return n == "" || n == "_" || n[0] == '.' || strings.ContainsAny(n, "*~$")
}

// withoutPort returns the name in a Host line.
func withoutPort(host string) string {
	return (&url.URL{Host: host}).Hostname()
}

// sentURI returns the path and arguments that the upstream is asked for where a
// request ends in o (ngx_http_proxy_create_request): with the URI of proxy_pass in
// the place of what the location matched, unless a rewrite with break made the path.
// The path is "" where that is not known.
func (m *Model) sentURI(o *outcome) (path, args string) {
	pass := o.pass.Arg(0)
	uri, plain := uriOf(pass)
	args = m.variable("args", o.q, 0).text
	if uri == "$request_uri" {
		path, args, _ = strings.Cut(o.q.target.text, "?")
		return unescape(path), args
	}
	if !plain {
		v := m.eval(pass, o.q)
		if !v.known {
			return "", ""
		}
		if uri, _ = uriOf(v.text); uri != "" {
			path, args, _ = strings.Cut(uri, "?")
			return unescape(path), args
		}
	}
	if !o.q.uri.known || uri == "" || o.q.rewritten {
		return o.q.uri.text, args
	}
	rest := o.q.uri.text[min(len(matchOf(o.location)), len(o.q.uri.text)):]
	path, first, has := strings.Cut(uri, "?")
	switch {
	case !has:
		return unescape(path) + rest, args
	case args != "":
		return unescape(path), first + rest + "?" + args
	default:
		return unescape(path), first + rest
	}
}

// unescape returns a path without its %XX; "" where they are none.
func unescape(path string) string {
	path, err := url.PathUnescape(path)
	if err != nil {
		return ""
	}
	return path
}

// reads returns path as the server of the socket reads it in a request for host;
// "" where it refuses it.
func (e entry) reads(path, host string) string {
	read, err := normalize((&url.URL{Path: path}).EscapedPath(), e.socket.mergesSlashes(host, e.socket.ssl))
	if err != nil {
		return ""
	}
	return read
}

// pathsOf returns paths that a location is meant for: the one that it names, and one
// below; none for patterns and named locations.
func pathsOf(loc *Scope) []string {
	var paths []string
	for _, v := range samples(loc) {
		if v.known && len(paths) < 2 {
			paths = append(paths, v.text)
		}
	}
	return paths
}

// uriOf returns the URI of a proxy_pass, "" for none and for one that sends the
// request's own path; plain is whether the URL has no other variable.
func uriOf(url string) (uri string, plain bool) {
	before, rest, _ := strings.Cut(url, "://")
	start := pathStart(rest)
	if hasPrefixFold(rest, "unix:") {
		start = len(rest)
		if i := strings.IndexByte(rest[len("unix:"):], ':'); i >= 0 {
			start = len("unix:") + i + 1
		}
	}
	uri = rest[start:]
	switch path, _, _ := strings.Cut(uri, "?"); path {
	case "$uri", "$uri$is_args$args", "$document_uri":
		uri = ""
	case "$request_uri":
		uri = path
	}
	return uri, uri == "$request_uri" || !strings.Contains(before+rest[:start]+uri, "$")
}
