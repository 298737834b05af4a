package effective

import (
	"fmt"
	"net"
	"strings"
)

// overHTTP2 makes t broken where the socket speaks HTTP/2 without TLS, and so
// nothing else to any client before nginx 1.25.1 (ngx_http_init_connection).
func (m *Model) overHTTP2(t *Trace, so *socket, port string) {
	if !so.http2 || so.ssl || !m.Version.Before(1, 25, 1) {
		return
	}
	t.Outcome, t.Redirect = OutcomeBroken, ""
	t.Why = fmt.Sprintf("port %s speaks HTTP/2 only before nginx 1.25.1, and a handshake is HTTP/1.1", port)
	if t.Route != nil && t.Route.Because(PlainHTTP2Listener) == nil {
		t.Route.Verdict = Broken
		t.Route.Reasons = append(t.Route.Reasons, Reason{Kind: PlainHTTP2Listener, Items: itemList(so.listen.Item)})
	}
}

// elsewhere says which other server answers where the name has the address of
// another socket on this port; "" where it makes no difference. Only the host of a
// URL that is an address says which socket a connection reaches.
func (m *Model) elsewhere(so *socket, vs *VirtualServer, host, port string) string {
	if net.ParseIP(host) != nil {
		return ""
	}
	var other []string
	for _, s := range m.socketOrder {
		if s == so || s.listen.Port != port {
			continue
		}
		if answers := s.byName(host).server; answers != vs {
			other = append(other, fmt.Sprintf("a connection to %s reaches another server (%s)", addressOf(s.listen), place(Item{Directive: answers.Scope.Opening()})))
		}
	}
	return strings.Join(other, "; ")
}

// addressOf says what address a listening socket has.
func addressOf(l *Listen) string {
	switch l.Address {
	case "*":
		return "any other address"
	case "[::]":
		return "an IPv6 address"
	}
	return l.Address
}
