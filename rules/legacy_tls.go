package rules

import (
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

var legacyTLS = &Rule{
	Name:     "legacy-tls",
	Category: TLS,
	Severity: Warning,
	Fixable:  "unsafe",
	Summary:  "ssl_protocols leaves out every version of TLS that browsers still speak",
	Doc: `Browsers speak TLS 1.2 and 1.3 only, and refuse a wss:// to a server that offers
neither. Among the servers of one address and port the ssl_protocols of the
default server decide. Without the directive nginx offers what browsers speak.`,
	Before: `server {
    listen 443 ssl;
    ssl_certificate     app.pem;
    ssl_certificate_key app.key;
    ssl_protocols TLSv1 TLSv1.1;
    location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 1h;
    }
}
`,
	After: `server {
    listen 443 ssl;
    ssl_certificate     app.pem;
    ssl_certificate_key app.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 1h;
    }
}
`,
	Links:   []string{"https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_protocols"},
	Options: []Option{optWebSocket},
	Check:   checkLegacyTLS,
}

func checkLegacyTLS(p *Pass) {
	said := map[*parser.Directive]bool{}
	for _, r := range p.intended() {
		if r.Server == nil || r.Intent == effective.Inherited {
			continue
		}
		for i := range r.Server.Listens {
			so := p.Model.SocketOf(&r.Server.Listens[i])
			if !so.SSL && !sslOn(so.Default.Scope) {
				continue
			}
			items, _ := so.Default.Scope.Effective("ssl_protocols")
			if len(items) == 0 || said[items[0].Directive] || slices.ContainsFunc(items, modernTLS) {
				continue
			}
			said[items[0].Directive] = true
			f := atItem(items[0], r, 0, "browsers speak TLS 1.2 and 1.3 only, and refuse wss:// here, where neither is offered; write ssl_protocols TLSv1.2 TLSv1.3")
			if n := len(items[0].Args); len(items) == 1 && n > 0 {
				span := parser.Span{Start: items[0].Args[0].Span.Start, End: items[0].Args[n-1].Span.End}
				f.Fix = fixOf(Unsafe, "offer TLS 1.2 and 1.3", []Edit{{File: items[0].File, Span: span, New: "TLSv1.2 TLSv1.3"}}, true)
			}
			p.Report(f)
		}
	}
}

// modernTLS reports whether an ssl_protocols line offers what browsers speak, or
// something that a template fills in.
func modernTLS(it effective.Item) bool {
	return slices.ContainsFunc(it.Args, func(w parser.Word) bool {
		return strings.EqualFold(w.Value, "TLSv1.2") || strings.EqualFold(w.Value, "TLSv1.3") || strings.Contains(w.Value, "$") || placeholder(w.Value)
	})
}
