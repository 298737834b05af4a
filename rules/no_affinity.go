package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

var noAffinity = &Rule{
	Name:     "no-affinity",
	Category: Capacity,
	Severity: Warning,
	Fixable:  "unsafe",
	Summary:  "polling requests of one session go to different servers",
	Doc: `socket.io, SockJS and SignalR begin with ordinary requests and change to a
WebSocket later, or never. All of them belong to one session, which one server
knows. An upstream that spreads requests over several servers sends the second to
another one, which answers 400 "Session ID unknown".

ip_hash, hash or sticky keep a client on one server. ip_hash has no use where all
clients come through one proxy: there hash, with something of the client.`,
	Before: `upstream app {
    server 10.0.0.1:3000;
    server 10.0.0.2:3000;
}
server {
    location /socket.io/ {
        proxy_pass http://app;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 1h;
    }
}
`,
	After: `upstream app {
    ip_hash;
    server 10.0.0.1:3000;
    server 10.0.0.2:3000;
}
server {
    location /socket.io/ {
        proxy_pass http://app;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 1h;
    }
}
`,
	Links: []string{
		"https://nginx.org/en/docs/http/ngx_http_upstream_module.html#ip_hash",
		"https://nginx.org/en/docs/http/load_balancing.html#nginx_load_balancing_with_ip_hash",
	},
	Options: []Option{optWebSocket},
	Check:   checkNoAffinity,
}

// balancers are the directives of an upstream that choose its server, of nginx
// and of common modules. Those with true keep a client on one.
var balancers = map[string]bool{
	"ip_hash": true, "hash": true, "sticky": true, "sticky_cookie_insert": true, "session_sticky": true,
	"jvm_route": true, "consistent_hash": true, "upstream_hash": true, "chash": true, "balancer_by_lua_block": true, "balancer_by_lua_file": true,
	"least_conn": false, "least_time": false, "random": false, "fair": false, "ewma": false, "round_robin": false,
}

func checkNoAffinity(p *Pass) {
	for _, r := range p.intended() {
		if !r.Polling || r.Intent == effective.Inherited {
			continue
		}
		up := upstreamOf(r)
		if up == nil || up.Partial || len(up.Block.File.Tags()) > 0 {
			continue
		}
		usable, backup, other, sticks := 0, false, false, false
		for _, it := range up.Items {
			sticky, balances := balancers[it.Head.Value]
			other, sticks = other || balances, sticks || sticky
			if it.Is("server") && !hasWord(it, "down") {
				if hasWord(it, "backup") {
					backup = true
				} else {
					usable++
				}
			}
		}
		if sticks || usable < 2 {
			continue
		}
		f := Finding{
			Message: fmt.Sprintf("upstream %q spreads the polling requests of one session over %d servers, and all but one refuse them; add ip_hash, hash or sticky",
				up.Block.Arg(0), usable),
			File: up.Block.File, Span: headSpan(up.Block), Via: up.Via, Routes: []*effective.Route{r},
		}
		f.Related = []Place{{r.Pass.File, headSpan(r.Pass.Directive), "the library of this location may poll"}}
		if !backup && !other && len(up.Block.Children) > 0 {
			f.Fix = fixOf(Unsafe, "add ip_hash", []Edit{place{up.Block.Children[0], true}.insert("ip_hash;", 0)}, true)
		}
		p.Report(f)
	}
}

func hasWord(it effective.Item, word string) bool {
	return slices.ContainsFunc(it.Args, func(w parser.Word) bool { return strings.EqualFold(w.Value, word) })
}
