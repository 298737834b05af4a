package rules

import (
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var constantUpgrade = &Rule{
	Name:     "constant-upgrade",
	Category: HTTP,
	Severity: Warning,
	Fixable:  "safe",
	Summary:  `every request is sent with a literal "Upgrade: websocket"`,
	Doc: `With proxy_set_header Upgrade websocket every plain GET claims to be a handshake.
A backend that believes it answers 101, and because the client did not ask for
one nginx does not open a tunnel: the client waits until a timeout.

$http_upgrade is what the client sent, and empty where it sent none.`,
	Before: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade websocket;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;
}
`,
	After: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;
}
`,
	Links:   []string{"https://nginx.org/en/docs/http/websocket.html"},
	Options: []Option{optWebSocket},
	Check:   checkConstantUpgrade,
}

func checkConstantUpgrade(p *Pass) {
	const msg = "every request claims to be a WebSocket handshake, and a plain one that gets a 101 hangs; write proxy_set_header Upgrade $http_upgrade"
	for _, r := range p.intended() {
		h := constantHeader(r, "Upgrade", "websocket")
		if h == nil || strings.Contains(h.Value, ",") {
			continue
		}
		if p.listComes(r, levelOf(r, h.Item)) {
			p.Report(at(r, []effective.Item{h.Item}, p.grade(r, nil), msg, "the value is set here"))
			continue
		}
		f := atItem(h.Item, r, p.grade(r, nil), msg)
		f.Fix = fixOf(Safe, "send Upgrade $http_upgrade", []Edit{replaceWord(h.Item.File, h.Item.Args[1], "$http_upgrade")}, true)
		p.Report(f)
	}
}
