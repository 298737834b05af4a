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
server may want $http_host.`,
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
	Check: checkLostHost,
}

func checkLostHost(p *Pass) {
	for _, r := range p.intended() {
		if r.Intent == effective.Inherited || !r.Pass.Is("proxy_pass") {
			continue
		}
		lines, level := r.Scope.Effective("proxy_set_header")
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
