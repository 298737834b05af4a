package rules

import (
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
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
have to use wss:// then, or the redirect has to spare this path. Where an if
chooses what is redirected and a server of the same name serves the same location
with TLS, this is an info.`,
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
		says := "never gets a handshake: it is redirected before proxy_pass, and WebSocket clients do not follow; let this path through"
		if someToTLS(reason.Items) && p.servedWithTLS(r) {
			sev = min(sev, Info)
			says = "never gets a handshake: it is redirected to https, and WebSocket clients do not follow; they have to use wss://"
		}
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

// someToTLS reports whether every redirect leads to https and stands under an if: the
// location passes other requests on.
func someToTLS(redirects []effective.Item) bool {
	for _, it := range redirects {
		if up := it.Up(); up == nil || !up.Is("if") || !slices.ContainsFunc(it.Args, func(w parser.Word) bool { return strings.HasPrefix(w.Value, "https://") }) {
			return false
		}
	}
	return len(redirects) > 0
}

// servedWithTLS reports whether r is one of a server without TLS, and a server of the
// same name that has it passes requests on in the same location.
func (p *Pass) servedWithTLS(r *effective.Route) bool {
	if r.Server == nil || r.Location == nil || hasTLS(r.Server) {
		return false
	}
	modifier, match := r.Location.ModifierAndMatch()
	for _, o := range p.intended() {
		if o.Server == nil || o.Server == r.Server || o.Location == nil || !hasTLS(o.Server) {
			continue
		}
		if m, at := o.Location.ModifierAndMatch(); m != modifier || at != match {
			continue
		}
		if slices.ContainsFunc(o.Server.Names, func(n string) bool { return slices.Contains(r.Server.Names, n) }) {
			return true
		}
	}
	return false
}

// hasTLS reports whether a server says that it takes TLS.
func hasTLS(vs *effective.VirtualServer) bool {
	return sslOn(vs.Scope) || slices.ContainsFunc(vs.Listens, func(l effective.Listen) bool { return l.SSL || l.QUIC })
}
