package rules

import (
	"fmt"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var missingResolver = &Rule{
	Name:     "missing-resolver",
	Category: HandshakeCategory,
	Severity: Error,
	Summary:  "proxy_pass takes its host from a variable and no resolver is set",
	Doc: `A host name written in proxy_pass is looked up when nginx starts. One that comes
out of a variable is looked up for every request, unless it is the name of an
upstream block, and nginx asks only the servers that resolver names: without one
every request is answered 502 ("no resolver defined").`,
	Before: `events {}
http {
    server {
        location /ws {
            set $backend app.internal;
            proxy_pass http://$backend:3000;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }
    }
}
`,
	Links: []string{
		"https://nginx.org/en/docs/http/ngx_http_core_module.html#resolver",
		"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass",
	},
	Options: []Option{optWebSocket},
	Reason:  effective.MissingResolver,
	Check:   checkMissingResolver,
}

func checkMissingResolver(p *Pass) {
	p.eachReason(func(r *effective.Route, reason *effective.Reason, sev Severity) {
		p.Report(atItem(r.Pass, r, sev, unless(fmt.Sprintf(
			"%s answers 502: the host in proxy_pass %q comes out of a variable and no resolver is set to look it up; add resolver, or an upstream of that name",
			subject(r), r.Pass.Arg(0)), reason)))
	})
}
