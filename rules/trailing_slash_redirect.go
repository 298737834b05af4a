package rules

import (
	"fmt"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var trailingSlashRedirect = &Rule{
	Name:     "trailing-slash-redirect",
	Category: HandshakeCategory,
	Severity: Info,
	Advice:   true,
	Summary:  "a location that ends in a slash answers the path without it with a redirect",
	Doc: `A location whose path ends in a slash and that passes requests on answers the
same path without the slash by itself: 301 to the one with it. Pages follow,
WebSocket clients do not. It matters only where clients leave the slash off: a
location without it, or one for exactly that path, takes both.`,
	Before: `server {
    location /ws/ {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 1h;
    }
}
`,
	Links:   []string{"https://nginx.org/en/docs/http/ngx_http_core_module.html#location"},
	Options: []Option{optWebSocket},
	Check:   checkTrailingSlashRedirect,
}

func checkTrailingSlashRedirect(p *Pass) {
	for _, r := range p.intended() {
		if r.Location == nil || r.Location.Block == nil || r.Intent == effective.Inherited {
			continue
		}
		_, match := r.Location.ModifierAndMatch()
		short, ok := strings.CutSuffix(match, "/")
		if !ok || short == "" || short[0] != '/' {
			continue
		}
		if c := p.Model.Choose(r.Top(), short); c.Redirect && c.Location == r.Location {
			p.Report(atRoute(r, 0, fmt.Sprintf(
				"nginx answers %q with a redirect to %q, which WebSocket clients do not follow; add location = %s if any of them leaves the slash off",
				short, match, short)))
		}
	}
}
