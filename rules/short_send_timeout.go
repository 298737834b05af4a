package rules

import (
	"fmt"
	"strings"
	"time"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var shortSendTimeout = &Rule{
	Name:     "short-send-timeout",
	Category: Lifetime,
	Severity: Info,
	Summary:  "a WebSocket is closed when one side does not read for some seconds",
	Doc: `proxy_send_timeout and send_timeout do not run while a WebSocket is idle. They
run while nginx has something to pass on and the other side does not take it: the
upstream for the first, the client for the second. A few seconds are soon over
for a phone that changes networks or a server that is busy, and the connection is
closed in the middle of a transfer. Both are 60s unless something is written.`,
	Before: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;
    proxy_send_timeout 5s;
}
`,
	Links: []string{
		"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_send_timeout",
		"https://nginx.org/en/docs/http/ngx_http_core_module.html#send_timeout",
	},
	Options: []Option{optWebSocket},
	Check:   checkShortSendTimeout,
}

// leastSend is the send timeout below which an ordinary pause is fatal.
const leastSend = 10 * time.Second

func checkShortSendTimeout(p *Pass) {
	for _, r := range p.intended() {
		if r.Intent == effective.Inherited || r.Scope == nil {
			continue
		}
		module := strings.TrimSuffix(r.Pass.Head.Value, "_pass")
		for _, name := range [...]string{module + "_send_timeout", "send_timeout"} {
			items, _ := r.Scope.Effective(name)
			if len(items) == 0 {
				continue
			}
			it, who := items[0], "the upstream"
			if name == "send_timeout" {
				who = "the client"
			}
			if d, ok := effective.ParseTime(it.Arg(0)); ok && d < leastSend {
				p.Report(atItem(it, r, 0, fmt.Sprintf(
					"%s %s closes a WebSocket when %s takes nothing for that long, in the middle of a transfer too; leave it at 60s, or write %ds at least",
					name, it.Arg(0), who, int(leastSend.Seconds()))))
			}
		}
	}
}
