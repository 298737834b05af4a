package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var constantConnectionUpgrade = &Rule{
	Name:     "constant-connection-upgrade",
	Category: HTTP,
	Severity: Info,
	Fixable:  "unsafe",
	Summary:  `ordinary requests are sent with "Connection: upgrade" too`,
	Doc: `proxy_set_header Connection "upgrade" says upgrade for every request of the
location. Where ordinary requests share it with a WebSocket, they arrive as
"Connection: upgrade" without any Upgrade; most backends shrug, some answer 400,
and polling transports (socket.io, SockJS, SignalR) are hit the most.

A map of $http_upgrade says upgrade for handshakes only. The fix uses the one
that is there, or adds it.`,
	Before: `events {}
http {
    server {
        location / {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }
    }
}
`,
	After: `events {}
http {
    map $http_upgrade $connection_upgrade {
        default upgrade;
        ''      close;
    }

    server {
        location / {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 1h;
        }
    }
}
`,
	Links:   []string{"https://nginx.org/en/docs/http/websocket.html"},
	Options: []Option{optWebSocket},
	Check:   checkConstantConnectionUpgrade,
}

func checkConstantConnectionUpgrade(p *Pass) {
	if p.Model.Outer != effective.Main {
		return
	}
	for _, r := range p.intended() {
		if r.HandshakeOnly {
			continue
		}
		h := constantHeader(r, "Connection", "upgrade")
		if h == nil {
			continue
		}
		sev := p.Rule.Severity
		if r.Polling {
			sev = max(sev, Warning)
		}
		f := atItem(h.Item, r, sev, fmt.Sprintf(
			"ordinary requests get \"Connection: %s\" too, which some backends refuse; use a variable that a map makes of $http_upgrade",
			h.Value))
		if value, edits := p.connectionVariable(r); value != literalUpgrade && p.everywhere(h.Item, value) {
			edits = append(edits, replaceWord(h.Item.File, h.Item.Args[1], value))
			f.Fix = fixOf(Unsafe, "send Connection "+value, edits, true)
		}
		p.Report(f)
	}
}

// constantHeader returns the one header line of the route that is a literal
// holding the token, or nil.
func constantHeader(r *effective.Route, name, token string) *effective.Header {
	var found *effective.Header
	for i := range r.Headers {
		h := &r.Headers[i]
		if !strings.EqualFold(h.Name, name) {
			continue
		}
		if found != nil || h.Item.Directive == nil || len(h.Item.Args) != 2 || !h.Item.Is("proxy_set_header") ||
			strings.Contains(h.Value, "$") || !effective.HasToken(h.Value, token) {
			return nil
		}
		found = h
	}
	return found
}

// everywhere reports whether the variable is suitable, or can be added, in every
// model that holds the item's file.
func (p *Pass) everywhere(it effective.Item, value string) bool {
	_, common := p.commonMaps(it.File)[value]
	return len(p.mounts.modelsOf(it.File)) == 1 || common ||
		p.inFamily(it.File) && !slices.Contains(p.mapPlan(p.Model).existing, value)
}
