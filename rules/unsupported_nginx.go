package rules

import (
	"fmt"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var unsupportedNginx = &Rule{
	Name:     "unsupported-nginx",
	Category: HandshakeCategory,
	Severity: Error,
	Summary:  "the nginx version judged for cannot proxy WebSocket",
	Doc: `proxy_pass upgrades connections since nginx 1.3.13, uwsgi_pass and scgi_pass
since 1.3.14. Before that no configuration lets a WebSocket through.

The version judged for is --nginx-version, or nginx-version in the settings.`,
	Before: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;
}
`,
	Links:   []string{"https://nginx.org/en/docs/http/websocket.html"},
	Options: []Option{optWebSocket, optVersion},
	Reason:  effective.UnsupportedNginx,
	Check:   checkUnsupportedNginx,
}

func checkUnsupportedNginx(p *Pass) {
	p.eachReason(func(r *effective.Route, _ *effective.Reason, sev Severity) {
		p.Report(atItem(r.Pass, r, sev, fmt.Sprintf(
			"%s cannot pass a WebSocket in nginx %s: %s upgrades connections since %s; use a newer nginx",
			subject(r), p.Model.Version, r.Pass.Head.Value, upgradesSince(r.Pass))))
	})
}

func upgradesSince(pass effective.Item) string {
	if pass.Is("proxy_pass") {
		return "1.3.13"
	}
	return "1.3.14"
}
