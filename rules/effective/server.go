package effective

import (
	"net"
	"strconv"
	"strings"
)

// findServers lists the server blocks of http.
func (m *Model) findServers() {
	add := func(s *Scope) {
		vs := &VirtualServer{Scope: s}
		for _, it := range s.Own("server_name") {
			for _, a := range it.Args {
				vs.Names = append(vs.Names, a.Value)
			}
		}
		if len(vs.Names) == 0 {
			vs.Names = []string{""}
		}
		for _, it := range s.Own("listen") {
			vs.Listens = append(vs.Listens, parseListen(it)...)
		}
		if len(vs.Listens) == 0 {
			vs.Listens = []Listen{{Text: "80", Address: "*", Port: "80"}}
		}
		m.Servers = append(m.Servers, vs)
	}
	for _, h := range m.HTTP {
		for i := range h.Items {
			if s := h.Items[i].Scope; s != nil && s.Kind == Server {
				add(s)
			}
		}
	}
	m.sockets = make(map[string]*socket)
	for _, vs := range m.Servers {
		for i := range vs.Listens {
			l := &vs.Listens[i]
			key := l.Address + " " + l.Port
			so := m.sockets[key]
			if so == nil {
				so = &socket{listen: l, first: vs}
				m.sockets[key] = so
				m.socketOrder = append(m.socketOrder, so)
			}
			if l.Default && so.fallback == nil {
				so.fallback = vs
			}
			so.ssl = so.ssl || l.SSL
			so.http2 = so.http2 || l.HTTP2
			so.proxy = so.proxy || l.Proxy
			so.servers = append(so.servers, vs)
		}
	}
}

// socket is an address and port with the servers on it. Its options hold for
// all of them (ngx_http_add_addresses).
type socket struct {
	listen     *Listen
	servers    []*VirtualServer
	first      *VirtualServer
	fallback   *VirtualServer // with default_server
	ssl, http2 bool
	proxy      bool         // proxy_protocol
	names      *serverNames // built when asked for
}

// defaultServer returns the server for names that no other has.
func (s *socket) defaultServer() *VirtualServer {
	if s.fallback != nil {
		return s.fallback
	}
	return s.first
}

// socketOf returns the socket of a listen directive.
func (m *Model) socketOf(l *Listen) *socket { return m.sockets[l.Address+" "+l.Port] }

// parseListen reads a listen directive (ngx_http_core_listen, ngx_parse_url). A
// range of ports gives one Listen for each, at most a hundred.
func parseListen(it Item) []Listen {
	if len(it.Args) == 0 {
		return nil
	}
	l := Listen{Item: it}
	words := make([]string, len(it.Args))
	for i, a := range it.Args {
		words[i] = a.Value
		if i == 0 {
			continue
		}
		switch a.Value {
		case "default_server", "default":
			l.Default = true
		case "ssl":
			l.SSL = true
		case "http2", "spdy":
			l.HTTP2 = a.Value == "http2"
		case "quic", "http3":
			l.QUIC = true
		case "proxy_protocol":
			l.Proxy = true
		}
	}
	l.Text = strings.Join(words, " ")
	l.Address, l.Port = splitAddress(words[0])
	from, to, isRange := strings.Cut(l.Port, "-")
	if !isRange {
		return []Listen{l}
	}
	a, err1 := strconv.Atoi(from)
	b, err2 := strconv.Atoi(to)
	if err1 != nil || err2 != nil || b < a {
		return []Listen{l}
	}
	var all []Listen
	for p := a; p <= b && len(all) < 100; p++ {
		l.Port = strconv.Itoa(p)
		all = append(all, l)
	}
	return all
}

// splitAddress splits the address of a listen directive as ngx_parse_url does:
// a number alone is a port, an address alone listens on 80.
func splitAddress(s string) (address, port string) {
	if strings.HasPrefix(s, "unix:") {
		return s, ""
	}
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return s, "80"
		}
		address, port = s[:end+1], "80"
		if rest := s[end+1:]; strings.HasPrefix(rest, ":") {
			port = rest[1:]
		}
		if ip := net.ParseIP(s[1:end]); ip != nil {
			if ip.IsUnspecified() {
				address = "[::]"
			} else {
				address = "[" + ip.String() + "]"
			}
		}
		return address, port
	}
	if host, p, ok := strings.Cut(s, ":"); ok {
		address, port = host, p
	} else if isPort(s) {
		address, port = "*", s
	} else {
		address, port = s, "80"
	}
	switch {
	case address == "0.0.0.0" || address == "":
		address = "*"
	case strings.EqualFold(address, "localhost"): // whatever the machine, and ::1 perhaps
		address = "127.0.0.1"
	}
	return address, port
}

func isPort(s string) bool {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && s[i] != '-' {
			return false
		}
	}
	return s != ""
}

// streamListen returns the listen of a server of stream for a port, the zero Item where
// none has it.
func (m *Model) streamListen(port string) (listen Item) {
	m.EachScope(func(s *Scope) {
		if listen.Directive != nil || s.Kind != Stream || s.Block == nil || !s.Block.Is("server") {
			return
		}
		for _, it := range s.Own("listen") {
			for _, l := range parseListen(it) {
				if l.Port == port {
					listen = it
				}
			}
		}
	})
	return listen
}
