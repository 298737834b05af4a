package rules

import (
	"fmt"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var unreachableProxy = &Rule{
	Name:     "unreachable-proxy",
	Category: HandshakeCategory,
	Severity: Error,
	Summary:  "a handshake is answered before proxy_pass is reached",
	Doc: `try_files runs before proxy_pass: with =404 or a file as its last word a request
for which no file exists never reaches the upstream of the same location. A
return does the same.

A named location as the last word of try_files, with the proxy_pass in it, is how
both go together.`,
	Before: `location /ws {
    try_files $uri =404;
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;
}
`,
	Links:   []string{"https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files"},
	Options: []Option{optWebSocket},
	Reason:  effective.UnreachableProxy,
	Check:   checkUnreachableProxy,
}

func checkUnreachableProxy(p *Pass) {
	p.eachReason(func(r *effective.Route, reason *effective.Reason, sev Severity) {
		remedy := "put proxy_pass where nothing answers before it"
		why := "nginx answers it before proxy_pass"
		if len(reason.Items) > 0 {
			it := reason.Items[0]
			if it.Is("proxy_pass") {
				msg := fmt.Sprintf("%s passes to %q, where no host is left once the variable is filled in, and nginx answers 500; see that it is set", subject(r), it.Arg(0))
				p.Report(at(r, reason.Items, sev, msg, "this names no host"))
				return
			}
			if it.Is("server") {
				msg := fmt.Sprintf("%s answers 502: every server of its upstream is marked down; take that off one of them", subject(r))
				p.Report(at(r, reason.Items, sev, msg, "this is marked down"))
				return
			}
			if it.Is("error_page") {
				msg := fmt.Sprintf("%s never answers a handshake with 101: error_page leads here and the status it was called for stays; write %q before the last word of error_page, as in error_page 418 = @ws", subject(r), "=")
				p.Report(at(r, reason.Items, sev, msg, "this leads here and keeps the status"))
				return
			}
			why = fmt.Sprintf("%s answers it before proxy_pass", it.Head.Value)
			switch {
			case it.Is("rewrite"):
				why = "rewrite leads it to another place before proxy_pass, where none passes"
				remedy = "keep this path out of the rewrite, or let WebSockets pass where it leads"
			case it.Is("try_files"):
				remedy = "remove try_files, or let it end in a named location that holds the proxy_pass"
			}
		}
		f := at(r, reason.Items, sev, fmt.Sprintf("%s never passes a handshake on: %s; %s", subject(r), why, remedy), "this answers it")
		p.Report(f)
	})
}
