package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var plaintextWebSocket = &Rule{
	Name:     "plaintext-websocket",
	Category: Security,
	Severity: Info,
	Advice:   true,
	Summary:  "a WebSocket location can be reached without TLS only",
	Doc: `A page that came by https may not open a ws:// connection: browsers block it as
mixed content. Between the two, proxies and firewalls that do not know WebSocket
break plain connections and leave TLS alone. Where something in front of nginx
speaks TLS for it, all is well; nginx cannot tell.`,
	Before: `server {
    listen 80;
    server_name app.example.com;
    location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 1h;
    }
}
`,
	Links:   []string{"https://nginx.org/en/docs/http/configuring_https_servers.html"},
	Options: []Option{optWebSocket},
	Check:   checkPlaintextWebSocket,
}

func checkPlaintextWebSocket(p *Pass) {
	said, secured := map[*effective.VirtualServer]bool{}, p.securedNames()
	for _, r := range p.intended() {
		vs := r.Server
		if vs == nil || said[vs] || r.Intent == effective.Inherited || p.secure(vs) || local(vs) {
			continue
		}
		said[vs] = true
		if slices.ContainsFunc(vs.Names, func(n string) bool { return secured[n] }) {
			continue
		}
		msg := "this server takes WebSockets without TLS only: pages that came by https may not open them; listen with ssl, unless something in front of nginx does"
		var f Finding
		if it := vs.Listens[0].Item; it.Directive != nil {
			f = atItem(it, nil, 0, msg)
		} else {
			f = Finding{Message: fmt.Sprintf("%s (without listen it is port 80)", msg), File: vs.Scope.Block.File, Span: headSpan(vs.Scope.Block), Via: vs.Scope.Via}
		}
		for _, other := range p.mounts.under(vs.Scope) {
			if other.Server == vs && other.Intent != effective.None {
				f.Routes = append(f.Routes, other)
			}
		}
		p.Report(f)
	}
}

// secure reports whether a server can be reached with TLS, or by a proxy that
// says so.
func (p *Pass) secure(vs *effective.VirtualServer) bool {
	if sslOn(vs.Scope) || vs.Scope.Partial || len(vs.Scope.Block.File.Tags()) > 0 {
		return true
	}
	for i := range vs.Listens {
		l := &vs.Listens[i]
		if l.QUIC || l.Proxy || p.Model.SocketOf(l).SSL {
			return true
		}
	}
	return false
}

// local reports whether a server listens for this machine only.
func local(vs *effective.VirtualServer) bool {
	for _, l := range vs.Listens {
		if !strings.HasPrefix(l.Address, "127.") && l.Address != "localhost" && l.Address != "[::1]" && !strings.HasPrefix(l.Address, "unix:") {
			return false
		}
	}
	return true
}

// securedNames returns the names of the servers that have TLS and a location for
// WebSocket.
func (p *Pass) securedNames() map[string]bool {
	names, seen := map[string]bool{}, map[*effective.VirtualServer]bool{}
	for _, r := range p.intended() {
		if r.Server == nil || seen[r.Server] || r.Intent == effective.Inherited {
			continue
		}
		seen[r.Server] = true
		if p.secure(r.Server) {
			for _, n := range r.Server.Names {
				names[n] = true
			}
		}
	}
	return names
}
