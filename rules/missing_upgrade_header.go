package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var missingUpgradeHeader = &Rule{
	Name:     "missing-upgrade-header",
	Category: HandshakeCategory,
	Severity: Error,
	Fixable:  "safe",
	Summary:  "a WebSocket location does not pass Upgrade on",
	Doc: `Upgrade is a hop-by-hop header: nginx takes it out of every request it passes
on, unless a proxy_set_header line writes it again. Without it the backend sees
an ordinary GET and answers 400, 404 or 426.

The value has to be websocket for a handshake: $http_upgrade is what the client
sent. "" takes the header out again, and a variable that a map makes for
Connection says "upgrade", which is no protocol.`,
	Before: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;
}
`,
	After: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;
}
`,
	Links: []string{
		"https://nginx.org/en/docs/http/websocket.html",
		"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header",
	},
	Options: []Option{optWebSocket},
	Reason:  effective.MissingUpgrade,
	Check:   checkMissingUpgradeHeader,
}

func checkMissingUpgradeHeader(p *Pass) {
	p.eachReason(func(r *effective.Route, reason *effective.Reason, sev Severity) {
		if malformed(r, "Upgrade") || p.reportColon(r, "Upgrade", sev) {
			return
		}
		written := len(reason.Items) > 0
		var says string
		switch {
		case !written:
			says = "proxies WebSocket without \"Upgrade\", which nginx does not pass on by itself; add proxy_set_header Upgrade $http_upgrade"
		case !r.Pass.Is("proxy_pass"):
			says = insteadOfClient(reason.Items[0], "Upgrade")
		default:
			says = fmt.Sprintf("sends %s, and a handshake needs websocket there; write proxy_set_header Upgrade $http_upgrade",
				sentBy(r, reason.Items[0], "Upgrade"))
		}
		says = unless(says, reason)
		f := at(r, reason.Items, sev, subject(r)+" "+says, "the value is set here")
		var ok bool
		if f.Fix, ok = p.sendUpgrade(r); !ok {
			p.leave(r, &f)
		}
		if !written {
			f.shared = inheritedList(r, says)
		}
		f.plannedBy(func(g *group) *Fix {
			reads := func(r *effective.Route) bool { return !p.listComes(r, levelOf(r, g.line)) }
			switch {
			case !r.Pass.Is("proxy_pass"), !slices.ContainsFunc(g.routes, reads): // nobody would be left to read it
				return nil
			case !p.bothShared(g): // the locations are mended by themselves
				return nil
			case written:
				return p.sharedValue(g, 1, "$http_upgrade", "send Upgrade $http_upgrade", g.safety(), nil)
			}
			return p.sharedHeader(g, "Upgrade", "$http_upgrade", rankUpgrade, nil)
		})
		p.Report(f)
	})
}

// bothShared reports whether the group's routes that lack Connection too can have it
// beside one line.
func (p *Pass) bothShared(g *group) bool {
	lacks := func(r *effective.Route) bool { return r.Because(effective.MissingConnection) != nil }
	if !slices.ContainsFunc(g.routes, lacks) {
		return true
	}
	_, _, ok := p.sharedConnection(g)
	return ok
}

// insteadOfClient says what a uwsgi_param or scgi_param does to a header that the
// client sends, and that would be passed on without it.
func insteadOfClient(it effective.Item, header string) string {
	return fmt.Sprintf("sends %q in place of the client's %s (%s %s), and the handshake needs the client's; take that line out",
		it.Arg(1), header, it.Head.Value, it.Arg(0))
}

// sentBy says in words what a header line of the route sends for a handshake, and
// where that is not plain from the line, what its variables come to.
func sentBy(r *effective.Route, line effective.Item, name string) string {
	value := line.Arg(1)
	if !strings.Contains(value, "$") {
		return sentAs(name, value)
	}
	switch sent := sentIn(r, line); sent {
	case value:
		return sentAs(name, value)
	case "":
		return fmt.Sprintf("no %q, since %s is empty here", name, value)
	default:
		return fmt.Sprintf("%q as %q, which comes to %q", name, value, sent)
	}
}

// sentAs says in words what a header line of that value sends.
func sentAs(name, value string) string {
	if value == "" {
		return fmt.Sprintf("no %q, since its value is empty", name)
	}
	return fmt.Sprintf("%q as %q", name, value)
}
