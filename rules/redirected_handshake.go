package rules

import (
	"github.com/wsnginx/wsnginx/rules/effective"
)

var redirectedHandshake = &Rule{
	Name:     "redirected-handshake",
	Category: HandshakeCategory,
	Severity: Warning,
	Summary:  "a handshake is redirected before proxy_pass is reached",
	Doc: `return and rewrite run before proxy_pass, and those of the server before every
location. WebSocket clients do not follow redirects: a browser reports a failed
connection where the page itself would have been sent on.

The usual case is a server on port 80 that sends everything to https. Clients
have to use wss:// then, or the redirect has to spare this path.`,
	Before: `server {
    listen 80;
    return 301 https://$host$request_uri;

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
		"https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#return",
		"https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#rewrite",
	},
	Options: []Option{optWebSocket},
	Reason:  effective.RedirectedHandshake,
	Check:   checkRedirectedHandshake,
}

func checkRedirectedHandshake(p *Pass) {
	p.eachReason(func(r *effective.Route, reason *effective.Reason, sev Severity) {
		const says = "never gets a handshake: it is redirected before proxy_pass, and WebSocket clients do not follow; let this path through"
		f := atRoute(r, sev, subject(r)+" "+says)
		if len(reason.Items) > 0 {
			f.shared = outerLine(r, reason.Items[0], says)
		}
		for _, it := range reason.Items {
			f.Related = append(f.Related, Place{it.File, headSpan(it.Directive), "the redirect"})
		}
		p.Report(f)
	})
}
