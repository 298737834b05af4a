package effective

import (
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

// hop is a pass that leads to servers of the same configuration.
type hop struct {
	from *Route
	to   []*VirtualServer // that may answer it
}

// hopOf returns the hop that r's pass makes, nil for none. known keeps the sockets
// that a proxy_pass leads to, by what is written in it.
func (m *Model) hopOf(r *Route, known map[string][]*socket) *hop {
	if protocol(r.Pass) != "proxy" || r.Server == nil || r.Location == nil {
		return nil
	}
	url := r.Pass.Arg(0)
	sockets, has := known[url]
	if !has {
		if scheme, host, port := r.Target(); host != "" {
			sockets = m.ownSockets(scheme, host, port)
		}
		known[url] = sockets
	}
	if len(sockets) == 0 {
		return nil
	}
	h := &hop{from: r}
	for _, so := range sockets {
		for _, vs := range so.asked(r) {
			// A fragment may hold the servers of several machines.
			if !slices.Contains(h.to, vs) && (m.Outer == Main || vs.Scope.Block.File == r.Pass.File) {
				h.to = append(h.to, vs)
			}
		}
	}
	if h.to == nil {
		return nil
	}
	return h
}

// ownSockets returns the listening sockets that a pass leads to: by an address of
// this machine, a socket's path, or the very address that is listened on.
func (m *Model) ownSockets(scheme, host, port string) []*socket {
	var found []*socket
	add := func(address, port string) {
		so := m.sockets[address+" "+port]
		if wild := "*"; so == nil && (strings.HasPrefix(address, "127.") || address == "[::1]") {
			if address == "[::1]" {
				wild = "[::]"
			}
			so = m.sockets[wild+" "+port]
		}
		if so != nil && so.ssl == (scheme == "https") && !so.listen.Proxy && !slices.Contains(found, so) {
			found = append(found, so)
		}
	}
	up := m.Upstream(host)
	if up == nil {
		if port == "" {
			port = defaultPort(scheme)
		}
		add(hostAddress(host, port))
		return found
	}
	up.each("server", func(it *Item) bool {
		if down := slices.ContainsFunc(it.Args, func(w parser.Word) bool { return w.Value == "down" }); !down {
			add(splitAddress(it.Arg(0)))
		}
		return true
	})
	return found
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
// Host line that r sends; none where that is not known.
func (s *socket) asked(r *Route) []*VirtualServer {
	if len(s.servers) == 1 {
		return s.servers
	}
	var servers []*VirtualServer
	for _, n := range hostsSent(r) {
		if strings.ContainsAny(n, "*~$") || strings.HasPrefix(n, ".") {
			continue
		}
		if vs := s.byName(n).server; !slices.Contains(servers, vs) {
			servers = append(servers, vs)
		}
	}
	return servers
}

// hostsSent returns the names in the Host line of r's requests: the server's own
// where it is the client's line; none where it is not known.
func hostsSent(r *Route) []string {
	for i := range r.Headers {
		switch h := &r.Headers[i]; {
		case !strings.EqualFold(h.Name, "Host"):
		case h.Sent[Handshake].Known:
			name, _, _ := strings.Cut(h.Sent[Handshake].Text, ":")
			return []string{name}
		case h.Value == "$host" || h.Value == "$http_host":
			return r.Server.Names
		}
	}
	return nil
}

// pathBehind returns the path that the upstream is asked for where a request for
// path ends in o (ngx_http_proxy_create_request): with the URI of proxy_pass in
// the place of what the location matched, unless a rewrite made it. It is "" where
// that is not known.
func pathBehind(o *outcome, path string) string {
	if !o.q.uri.known {
		return ""
	}
	uri, plain := uriOf(o.pass.Arg(0))
	switch to := o.q.uri.text; {
	case uri == "" || to != path:
		return to
	case !plain:
		return ""
	default:
		return uri + path[len(matchOf(o.location)):]
	}
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
// request's own; plain is whether it has no variable.
func uriOf(url string) (uri string, plain bool) {
	_, rest, _ := strings.Cut(url, "://")
	if hasPrefixFold(rest, "unix:") {
		_, uri, _ = strings.Cut(rest[len("unix:"):], ":")
	} else {
		uri = rest[pathStart(rest):]
	}
	switch uri {
	case "$uri", "$request_uri", "$uri$is_args$args", "$document_uri":
		return "", true
	}
	uri, _, _ = strings.Cut(uri, "?")
	return uri, !strings.Contains(uri, "$")
}
