package rules

import (
	"fmt"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var handshakeMethod = &Rule{
	Name:     "handshake-method",
	Category: HandshakeCategory,
	Severity: Error,
	Summary:  "the handshake's GET is refused or sent as another method",
	Doc: `A handshake is a GET (RFC 6455, 4.1). proxy_method sends every request upstream
as the method it names, and a limit_except block applies to every method it does
not name: "limit_except POST { deny all; }" answers 403 to handshakes.`,
	Before: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_method POST;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;
}
`,
	Links: []string{
		"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_method",
		"https://nginx.org/en/docs/http/ngx_http_core_module.html#limit_except",
	},
	Options: []Option{optWebSocket},
	Reason:  effective.HandshakeMethod,
	Check:   checkHandshakeMethod,
}

func checkHandshakeMethod(p *Pass) {
	p.eachReason(func(r *effective.Route, reason *effective.Reason, sev Severity) {
		if len(reason.Items) == 0 {
			return
		}
		it := reason.Items[0]
		if it.Is("proxy_method") {
			p.Report(at(r, reason.Items, sev, fmt.Sprintf(
				"%s sends every request as %s, and a WebSocket handshake is a GET; remove proxy_method or move the other requests to a location of their own",
				subject(r), it.Arg(0)), "the method is set here"))
			return
		}
		p.Report(atItem(it, r, sev, fmt.Sprintf(
			"%s refuses WebSocket handshakes: this limit_except holds for GET, and a handshake is a GET; name GET in the limit_except",
			subject(r))))
	})
}
