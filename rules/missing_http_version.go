package rules

import (
	"fmt"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var missingHTTPVersion = &Rule{
	Name:     "missing-http-version",
	Category: HandshakeCategory,
	Severity: Error,
	Fixable:  "safe",
	Summary:  "the upstream of a WebSocket location is not spoken to in HTTP/1.1",
	Doc: `A WebSocket handshake is an HTTP/1.1 request (RFC 6455, 4.1). Before 1.29.7
nginx speaks HTTP/1.0 to upstreams unless proxy_http_version says otherwise;
from then on 1.1 is the default and only a written 1.0 or 2 is wrong. HTTP/2 to
the upstream has no upgrade at all. It is a warning where an image without a
number ("nginx:alpine"), which may be newer, reads the file.

Some backends (ws for Node.js, gorilla/websocket) take the handshake in HTTP/1.0
all the same; others answer 400, 426 or plain HTML.

The fix adds the line. It replaces one that was written only with --unsafe.`,
	Before: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_set_header Upgrade $http_upgrade;
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
		"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_http_version",
	},
	Options: []Option{optWebSocket, optVersion},
	Reason:  effective.MissingHTTPVersion,
	Check:   checkMissingHTTPVersion,
}

func checkMissingHTTPVersion(p *Pass) {
	const name, message = "proxy_http_version", "set proxy_http_version 1.1"
	p.eachReason(func(r *effective.Route, reason *effective.Reason, sev Severity) {
		written := len(reason.Items) > 0
		if written && reason.Items[0].Arg(0) == "2" && p.Model.Version.Before(1, 29, 4) {
			return // nginx does not start, and invalid-value says so
		}
		var says string
		switch {
		case !written:
			says = "speaks HTTP/1.0 to its upstream, nginx's default before 1.29.7, " +
				"and some backends refuse a WebSocket handshake that is not HTTP/1.1; add proxy_http_version 1.1"
		case reason.Items[0].Arg(0) == "2":
			says = "speaks HTTP/2 to its upstream, over which nginx passes no WebSocket; write proxy_http_version 1.1 here"
		default:
			says = fmt.Sprintf("speaks HTTP/%s to its upstream, and some backends refuse a WebSocket handshake "+
				"that is not HTTP/1.1; write proxy_http_version 1.1 here", reason.Items[0].Arg(0))
		}
		var newer []string
		if !written && p.Model.Floating != "" {
			newer, sev = []string{p.Model.Floating + ", may be newer"}, min(sev, Warning)
		}
		certain := unless(says, reason)
		says = unless(says, reason, newer...)
		f := at(r, reason.Items, sev, subject(r)+" "+says, "the version is set here")
		if newer != nil {
			f.certain = subject(r) + " " + certain
		}
		edits, ok := p.planScalar(r, name, "1.1", rankVersion, func(s *effective.Scope) place { return versionPlace(s, r) })
		f.Fix = handshakeFix(r, written, message, edits, ok && !p.headersLeft(r))
		if !written {
			f.shared = inheritedList(r, says)
		}
		f.plannedBy(func(g *group) *Fix {
			if written {
				return p.sharedValue(g, 0, "1.1", message, Unsafe, nil)
			}
			return p.sharedVersion(g)
		})
		p.Report(f)
	})
}
