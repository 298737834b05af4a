package rules

import (
	"fmt"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var lostHandshakeHeaders = &Rule{
	Name:     "lost-handshake-headers",
	Category: HandshakeCategory,
	Severity: Error,
	Fixable:  "unsafe",
	Summary:  "a header that the handshake needs does not reach the upstream",
	Doc: `Besides Upgrade and Connection a handshake carries Sec-WebSocket-Key and
Sec-WebSocket-Version, and where the client wants one Sec-WebSocket-Protocol.
nginx passes them on, unless proxy_pass_request_headers is off or a
proxy_set_header line empties one or writes a constant. An empty Host goes
missing the same way, and HTTP/1.1 wants one.

Sec-WebSocket-Protocol "" is a warning, since only some clients ask for one;
Sec-WebSocket-Extensions "" only turns compression off.`,
	Before: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_pass_request_headers off;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;
}
`,
	After: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_pass_request_headers on;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;
}
`,
	Links: []string{
		"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass_request_headers",
		"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header",
	},
	Options: []Option{optWebSocket},
	Reason:  effective.LostHandshakeHeaders,
	Check:   checkLostHandshakeHeaders,
}

func checkLostHandshakeHeaders(p *Pass) {
	p.eachReason(func(r *effective.Route, reason *effective.Reason, sev Severity) {
		if len(reason.Items) == 0 {
			return
		}
		it := reason.Items[0]
		if !strings.HasSuffix(it.Head.Value, "_pass_request_headers") {
			p.reportLostHeader(r, it, sev)
			return
		}
		f := at(r, reason.Items, sev, fmt.Sprintf(
			"%s passes no header of the client on, and a handshake cannot do without Sec-WebSocket-Key; write %s on",
			subject(r), it.Head.Value), "it is turned off here")
		edits, ok := p.planScalar(r, it.Head.Value, "on", rankTail, func(s *effective.Scope) place { return passPlace(s, r) })
		f.Fix = fixOf(Unsafe, "set "+it.Head.Value+" on", edits, ok)
		f.plannedBy(func(g *group) *Fix {
			return p.sharedValue(g, 0, "on", "set "+it.Head.Value+" on", Unsafe, nil)
		})
		p.Report(f)
	})
	for _, r := range p.intended() {
		if !r.Pass.Is("proxy_pass") {
			continue
		}
		for _, h := range r.Headers {
			if h.Item.Directive == nil || strings.Contains(h.Value, "$") {
				continue
			}
			switch {
			case strings.EqualFold(h.Name, "Sec-WebSocket-Protocol"):
				p.reportLostHeader(r, h.Item, min(p.grade(r, nil), Warning))
			case strings.EqualFold(h.Name, "Sec-WebSocket-Extensions"):
				p.Report(at(r, []effective.Item{h.Item}, Info, fmt.Sprintf(
					"%s takes %q from the client's request, so that no WebSocket is compressed; remove the line unless that is meant",
					subject(r), h.Name), "the line"))
			}
		}
	}
}

func (p *Pass) reportLostHeader(r *effective.Route, it effective.Item, sev Severity) {
	name := it.Arg(0)
	value, needs := "$http_"+strings.ReplaceAll(strings.ToLower(name), "-", "_"), "the client's own"
	if strings.EqualFold(name, "Host") {
		value, needs = "$host", "one"
	}
	f := at(r, []effective.Item{it}, sev, fmt.Sprintf(
		"%s sends %s, and a handshake needs %s; remove the line or write %s %s %s",
		subject(r), sentAs(name, it.Arg(1)), needs, it.Head.Value, name, value), "the line")
	if it.Is("proxy_set_header") {
		plan, ok := p.planHeader(r, name, value, rankHeader)
		f.Fix = fixOf(Unsafe, "send "+name+" "+value, plan.edits, ok)
		f.plannedBy(func(g *group) *Fix {
			return p.sharedValue(g, 1, value, "send "+name+" "+value, Unsafe, nil)
		})
	}
	p.Report(f)
}
