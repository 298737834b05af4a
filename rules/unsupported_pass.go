package rules

import (
	"fmt"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var unsupportedPass = &Rule{
	Name:     "unsupported-pass",
	Category: HandshakeCategory,
	Severity: Error,
	Summary:  "a WebSocket location is handed to fastcgi_pass, grpc_pass or memcached_pass",
	Doc: `Only proxy_pass, uwsgi_pass and scgi_pass turn a connection into a tunnel when
the upstream answers 101. The FastCGI, gRPC and memcached modules have no such
code: the client waits until a timeout.`,
	Before: `location /ws {
    fastcgi_pass 127.0.0.1:9000;
}
`,
	Links:   []string{"https://nginx.org/en/docs/http/websocket.html"},
	Options: []Option{optWebSocket},
	Reason:  effective.UnsupportedPass,
	Check:   checkUnsupportedPass,
}

func checkUnsupportedPass(p *Pass) {
	p.eachReason(func(r *effective.Route, _ *effective.Reason, sev Severity) {
		p.Report(atItem(r.Pass, r, sev, fmt.Sprintf(
			"%s hands WebSocket to %s, which cannot upgrade a connection; use proxy_pass to a server that speaks HTTP",
			subject(r), r.Pass.Head.Value)))
	})
}
