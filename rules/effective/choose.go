package effective

import "strings"

// Choice is the location that nginx chooses for a path.
type Choice struct {
	Location *Scope // nil where none matches
	Redirect bool   // nginx answers 301 to the path with a slash behind it
	Unsure   string // a pattern that could not be decided, "" for none
}

// Choose returns the location that answers path below level, a server or the
// outermost level of a fragment (ngx_http_core_find_location).
func (m *Model) Choose(level *Scope, path string) Choice {
	f := m.find(level, path, nil)
	c := Choice{Redirect: f.redirect, Unsure: f.unsure}
	if f.loc != nil {
		c.Location = f.loc.scope
	}
	return c
}

// Top returns the level that holds the route's locations: its server, or the
// outermost level of a fragment.
func (r *Route) Top() *Scope {
	if r.Server != nil {
		return r.Server.Scope
	}
	return r.Model.Main
}

// Socket is an address and port that servers listen on. What one of them says of
// it holds for all (ngx_http_add_addresses).
type Socket struct {
	Listen     *Listen // the first that names it
	Servers    []*VirtualServer
	Default    *VirtualServer // answers for names that no other has
	SSL, HTTP2 bool

	socket *socket
}

// Sockets returns the listening sockets of http in nginx's order.
func (m *Model) Sockets() []Socket {
	all := make([]Socket, len(m.socketOrder))
	for i, so := range m.socketOrder {
		all[i] = Socket{so.listen, so.servers, so.defaultServer(), so.ssl, so.http2, so}
	}
	return all
}

// SocketOf returns the socket of a listen directive.
func (m *Model) SocketOf(l *Listen) Socket {
	so := m.socketOf(l)
	return Socket{so.listen, so.servers, so.defaultServer(), so.ssl, so.http2, so}
}

// Owner returns the server of the socket that a server_name leads to: another
// one than vs where nginx ignores the name in vs, as "conflicting". It is vs for
// a regular expression.
func (s Socket) Owner(vs *VirtualServer, name string) *VirtualServer {
	if s.socket.names == nil {
		s.socket.names = newServerNames(s.socket.servers)
	}
	t := s.socket.names
	name = strings.ToLower(name)
	owner := vs
	switch {
	case strings.HasPrefix(name, "~"), name == "$hostname":
	case strings.HasPrefix(name, "*."), len(name) > 1 && name[0] == '.':
		_, key, _ := strings.Cut(name, ".")
		if w := t.front[key]; w.server != nil {
			owner = w.server
		} else if other := t.exact[key]; other != nil {
			owner = other
		}
	case strings.HasSuffix(name, ".*"):
		owner = t.back[name[:len(name)-2]]
	default:
		if owner = t.exact[name]; owner == nil {
			owner = t.front[name].server
		}
	}
	if owner == nil {
		return vs
	}
	return owner
}
