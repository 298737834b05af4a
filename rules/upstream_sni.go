package rules

import (
	"fmt"
	"net"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var upstreamSNI = &Rule{
	Name:     "upstream-sni",
	Category: TLS,
	Severity: Info,
	Advice:   true,
	Fixable:  "unsafe",
	Summary:  "proxy_pass https:// does not tell the upstream which name it wants",
	Doc: `With proxy_pass https:// nginx sends no server name in the TLS handshake unless
proxy_ssl_server_name is on. An upstream with several names on one address, as
every hosting service and CDN is, answers with another site's certificate, or
ends the handshake, and nginx answers 502.`,
	Before: `location /ws {
    proxy_pass https://sockets.example.com;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;
}
`,
	After: `location /ws {
    proxy_pass https://sockets.example.com;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;
    proxy_ssl_server_name on;
}
`,
	Links:   []string{"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ssl_server_name"},
	Options: []Option{optWebSocket},
	Check:   checkUpstreamSNI,
}

func checkUpstreamSNI(p *Pass) {
	for _, r := range p.intended() {
		scheme, host, _ := r.Target()
		if r.Intent == effective.Inherited || r.Scope == nil || !r.Pass.Is("proxy_pass") || scheme != "https" || host == "" ||
			strings.HasPrefix(host, "unix:") || net.ParseIP(strings.Trim(host, "[]")) != nil {
			continue
		}
		items, _ := r.Scope.Effective("proxy_ssl_server_name")
		if len(items) > 0 && strings.EqualFold(items[0].Arg(0), "on") {
			continue
		}
		remedy, up := "set proxy_ssl_server_name on", upstreamOf(r)
		if up != nil {
			if named, _ := r.Scope.Effective("proxy_ssl_name"); len(named) == 0 {
				remedy += ", and proxy_ssl_name to the name that it has a certificate for"
			} else {
				up = nil
			}
		}
		f := atItem(r.Pass, r, 0, fmt.Sprintf(
			"%s opens TLS to %q without saying that name (SNI), and an upstream with several names answers for another one; %s", subject(r), host, remedy))
		if up == nil {
			edits, ok := p.planScalar(r, "proxy_ssl_server_name", "on", rankTime+1, func(s *effective.Scope) place { return sslPlace(s, r) })
			f.Fix = fixOf(Unsafe, "set proxy_ssl_server_name on", edits, ok)
		}
		p.Report(f)
	}
}

// sslPlace returns where a proxy_ssl line goes: beside the others, else after
// the location's other proxy lines.
func sslPlace(s *effective.Scope, r *effective.Route) place {
	to := timeoutPlace(s, r, "proxy")
	for _, it := range s.Items {
		if literal(s, it) && !it.IsBlock() && (strings.HasPrefix(it.Head.Value, "proxy_ssl_") || it.Is("proxy_read_timeout")) {
			to = place{at: it.Directive}
		}
	}
	return to
}
