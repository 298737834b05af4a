package rules

import (
	"net"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var lostHost = &Rule{
	Name:     "lost-host",
	Category: HTTP,
	Severity: Info,
	Fixable:  "unsafe",
	Summary:  "a WebSocket location does not pass the client's Host on",
	Doc: `Without a Host line nginx sends $proxy_host, the name written in proxy_pass. A
browser sends Origin with every handshake, and many WebSocket servers compare it
with Host and answer 403 where they differ.

$host is right where the page is served on the usual port; on another one the
server may want $http_host. On a usual port "$host:$server_port" is wrong: the
browser's Origin has no port there.

The scheme is not looked at: whether a server wants X-Forwarded-Proto behind TLS
cannot be seen in the configuration, and most do not.`,
	Before: `server {
    location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 1h;
    }
}
`,
	After: `server {
    location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_set_header Host $host;
        proxy_read_timeout 1h;
    }
}
`,
	Links:   []string{"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header"},
	Options: []Option{optWebSocket},
	Check:   checkLostHost,
}

func checkLostHost(p *Pass) {
	for _, r := range p.intended() {
		if r.Intent == effective.Inherited || !r.Pass.Is("proxy_pass") {
			continue
		}
		lines, level := r.Scope.Effective("proxy_set_header")
		p.checkHostPort(r, lines)
		if level == nil && p.Model.Outer != effective.Main || unread(r.Scope, level) || hasHost(lines) || p.publicTarget(r) {
			continue
		}
		const says = "sends the name in proxy_pass as Host, and servers that compare it with the browser's Origin answer 403; " +
			"add proxy_set_header Host $host"
		f := atRoute(r, p.Rule.Severity, subject(r)+" "+says)
		plan, ok := p.planHeader(r, "Host", "$host", rankHeader)
		f.Fix = fixOf(Unsafe, "send Host $host", plan.edits, ok)
		if len(lines) > 0 {
			f.shared = outerLine(r, lines[0], says)
			f.plannedBy(func(g *group) *Fix { return p.sharedHost(g) })
		}
		p.Report(f)
	}
}

// checkHostPort reports a Host line that adds the port of a server on the usual
// ports: no browser writes it there.
func (p *Pass) checkHostPort(r *effective.Route, lines []effective.Item) {
	if r.Server == nil || !usualPorts(r.Server) {
		return
	}
	for _, it := range lines {
		if !strings.EqualFold(it.Arg(0), "Host") {
			continue
		}
		host, port, ok := strings.Cut(strings.ToLower(effective.WithoutBraces(it.Arg(1))), ":")
		if !ok || port != "$server_port" && port != "443" && port != "80" ||
			host != "$host" && host != "$http_host" && host != "$server_name" {
			continue
		}
		f := atItem(it, r, p.Rule.Severity, "Host gets the port here, and a browser's Origin has none on a usual port, "+
			"so that servers that compare the two answer 403; write proxy_set_header Host $http_host")
		if p.mounts.once(it.File) {
			f.Fix = fixOf(Unsafe, "send Host $http_host", []Edit{replaceWord(it.File, it.Args[1], "$http_host")}, true)
		}
		p.Report(f)
	}
}

// usualPorts reports whether a server listens on the ports that browsers leave
// out, and on no others.
func usualPorts(vs *effective.VirtualServer) bool {
	for i := range vs.Listens {
		if port := vs.Listens[i].Port; port != "80" && port != "443" {
			return false
		}
	}
	return len(vs.Listens) > 0
}

func hasHost(lines []effective.Item) bool {
	for _, it := range lines {
		name := strings.TrimSuffix(it.Arg(0), ":") // duplicate-header speaks of the colon
		if strings.EqualFold(name, "Host") || strings.EqualFold(name, "X-Forwarded-Host") {
			return true
		}
	}
	return false
}

// unread reports whether a level from s up to and including level has an include
// that was not followed.
func unread(s, level *effective.Scope) bool {
	for ; s != nil; s = s.Parent {
		if s.Partial {
			return true
		}
		if s == level {
			return false
		}
	}
	return false
}

// publicTarget reports whether the pass goes to a host of the internet, which
// wants its own name as Host, or to one that only a variable knows.
func (p *Pass) publicTarget(r *effective.Route) bool {
	_, host, _ := r.Target()
	if host == "" {
		return true
	}
	if strings.HasPrefix(host, "unix:") || p.Model.Upstream(host) != nil || net.ParseIP(strings.Trim(host, "[]")) != nil {
		return false
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	i := strings.LastIndexByte(host, '.')
	if i < 0 {
		return false
	}
	switch host[i+1:] {
	case "local", "internal", "lan", "localhost", "localdomain", "home", "svc", "consul", "docker", "intranet", "corp", "private":
		return false
	}
	return true
}
