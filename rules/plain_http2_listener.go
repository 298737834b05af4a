package rules

import (
	"fmt"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var plainHTTP2Listener = &Rule{
	Name:     "plain-http2-listener",
	Category: HandshakeCategory,
	Severity: Warning,
	Summary:  "a listener without TLS speaks HTTP/2 only",
	Doc: `Before nginx 1.25.1, "listen 80 http2" without ssl makes the socket speak HTTP/2
and nothing else: every HTTP/1.1 client, and so every WebSocket client, gets
frames it cannot read. From 1.25.1 on such a socket takes both.

The parameter counts for the whole socket, whichever server wrote it.`,
	Before: `server {
    listen 8080 http2;

    location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 1h;
    }
}
`,
	Links: []string{
		"https://nginx.org/en/docs/http/ngx_http_core_module.html#listen",
		"https://nginx.org/en/docs/http/ngx_http_v2_module.html#http2",
	},
	Options: []Option{optWebSocket, optVersion},
	Reason:  effective.PlainHTTP2Listener,
	Check:   checkPlainHTTP2Listener,
}

func checkPlainHTTP2Listener(p *Pass) {
	msg := fmt.Sprintf("nginx %s speaks only HTTP/2 on a socket with http2 and without ssl (1.25.1 and later take both), and no WebSocket client does; take http2 off this listen",
		p.Model.Version)
	p.eachReason(func(r *effective.Route, reason *effective.Reason, sev Severity) {
		if len(reason.Items) == 0 {
			p.Report(atRoute(r, sev, msg))
			return
		}
		p.Report(atItem(reason.Items[0], r, sev, msg))
	})
	if !p.Model.Version.Before(1, 25, 1) {
		return
	}
	for _, r := range p.intended() { // where the server has another socket, some clients fail
		if r.Server == nil || r.Because(p.Rule.Reason) != nil {
			continue
		}
		for i := range r.Server.Listens {
			l := &r.Server.Listens[i]
			if so := p.Model.SocketOf(l); so.HTTP2 && !so.SSL && l.HTTP2 && l.Item.Directive != nil {
				p.Report(atItem(l.Item, r, p.grade(r, nil), msg))
			}
		}
	}
}
