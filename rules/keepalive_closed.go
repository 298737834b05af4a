package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

var keepaliveClosed = &Rule{
	Name:     "keepalive-closed",
	Category: HTTP,
	Severity: Info,
	Fixable:  "unsafe",
	Summary:  "the map's close defeats the keepalive connections of the upstream",
	Doc: `keepalive in an upstream block keeps connections open for later requests, unless
the request says "Connection: close", which is what the usual map says for
ordinary requests. An empty value sends no Connection line at all, which in
HTTP/1.1 means that the connection stays.`,
	Before: `events {}
http {
    map $http_upgrade $connection_upgrade {
        default upgrade;
        ''      close;
    }
    upstream app {
        server 127.0.0.1:3000;
        keepalive 16;
    }
    server {
        location / {
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 1h;
        }
    }
}
`,
	After: `events {}
http {
    map $http_upgrade $connection_upgrade {
        default upgrade;
        ''      '';
    }
    upstream app {
        server 127.0.0.1:3000;
        keepalive 16;
    }
    server {
        location / {
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 1h;
        }
    }
}
`,
	Links:   []string{"https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive"},
	Options: []Option{optWebSocket, optVersion},
	Check:   checkKeepaliveClosed,
}

func checkKeepaliveClosed(p *Pass) {
	p.eachClosed(func(r *effective.Route, mv effective.MapVariable) { p.reportClosed(r, mv) })
}

// eachClosed calls f for each route whose ordinary requests a map closes the
// connection of, though its upstream keeps connections.
func (p *Pass) eachClosed(f func(*effective.Route, effective.MapVariable)) {
	var maps []effective.MapVariable
	for _, r := range p.intended() {
		if !keepsAlive(r) || r.HandshakeOnly {
			continue
		}
		for _, h := range r.Headers {
			sent := h.Sent[effective.Ordinary]
			if !strings.EqualFold(h.Name, "Connection") || h.Item.Directive == nil || !sent.Known || !strings.EqualFold(sent.Text, "close") {
				continue
			}
			if maps == nil {
				maps = p.Model.MapVariables()
			}
			for _, name := range effective.VariablesIn(h.Value) {
				for _, mv := range maps {
					if mv.Name == name {
						f(r, mv)
					}
				}
			}
		}
	}
}

// closedBy returns what is said of a map about the upstreams whose connections it
// closes in any configuration of the run: its line is reported once for all.
func (p *Pass) closedBy(block *parser.Directive) string {
	if p.mounts.closed == nil {
		p.mounts.closed = p.closings()
	}
	return p.mounts.closed[block]
}

func (p *Pass) closings() map[*parser.Directive]string {
	type closing struct {
		block *parser.Directive
		name  string // of the upstream, quoted
	}
	seen := map[closing]bool{}
	names := map[*parser.Directive][]string{}
	for _, m := range p.mounts.models {
		of := *p
		of.Model = m
		of.eachClosed(func(r *effective.Route, mv effective.MapVariable) {
			c := closing{mv.Item.Directive, strconv.Quote(upstreamOf(r).Block.Arg(0))}
			if !seen[c] {
				seen[c] = true
				names[c.block] = append(names[c.block], c.name)
			}
		})
	}
	said := make(map[*parser.Directive]string, len(names))
	for block, list := range names {
		upstream, verb := "upstream ", "reuses its"
		if len(list) > 1 {
			upstream, verb = "upstreams ", "reuse their"
		}
		said[block] = fmt.Sprintf("ordinary requests say \"Connection: close\", so that %s%s never %s keepalive connections; let the map give '' for them",
			upstream, listed(list), verb)
	}
	return said
}

func (p *Pass) reportClosed(r *effective.Route, mv effective.MapVariable) {
	if mv.Item.Scope == nil {
		return
	}
	for _, it := range mv.Item.Scope.Items {
		if it.Head.Value != "" || !strings.EqualFold(it.Arg(0), "close") || len(it.Args) != 1 {
			continue
		}
		f := atItem(it, r, p.Rule.Severity, p.closedBy(mv.Item.Directive))
		f.Related = []Place{{r.Pass.File, headSpan(r.Pass.Directive), "such requests are passed on here"}}
		if p.mounts.once(it.File) {
			f.Fix = fixOf(Unsafe, "give '' for ordinary requests", []Edit{replaceWord(it.File, it.Args[0], "''")}, true)
		}
		p.Report(f)
	}
}
