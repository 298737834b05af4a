package rules

import (
	"fmt"
	"slices"
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
	Check: checkKeepaliveClosed,
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

// closedBy returns the names of the upstreams, quoted, whose connections a map
// closes in any configuration of the run: its line is reported once for all.
func (p *Pass) closedBy(block *parser.Directive) []string {
	var names []string
	for _, m := range p.mounts.models {
		of := *p
		of.Model = m
		of.eachClosed(func(r *effective.Route, mv effective.MapVariable) {
			name := strconv.Quote(upstreamOf(r).Block.Arg(0))
			if mv.Item.Directive == block && !slices.Contains(names, name) {
				names = append(names, name)
			}
		})
	}
	return names
}

func (p *Pass) reportClosed(r *effective.Route, mv effective.MapVariable) {
	if mv.Item.Scope == nil {
		return
	}
	for _, it := range mv.Item.Scope.Items {
		if it.Head.Value != "" || !strings.EqualFold(it.Arg(0), "close") || len(it.Args) != 1 {
			continue
		}
		names, verb := p.closedBy(mv.Item.Directive), "reuses its"
		if len(names) > 1 {
			verb = "reuse their"
			names[0] = "s " + names[0]
		} else {
			names[0] = " " + names[0]
		}
		f := atItem(it, r, p.Rule.Severity, fmt.Sprintf(
			"ordinary requests say \"Connection: close\", so that upstream%s never %s keepalive connections; let the map give '' for them",
			listed(names), verb))
		f.Related = []Place{{r.Pass.File, headSpan(r.Pass.Directive), "such requests are passed on here"}}
		if p.mounts.once(it.File) {
			f.Fix = fixOf(Unsafe, "give '' for ordinary requests", []Edit{replaceWord(it.File, it.Args[0], "''")}, true)
		}
		p.Report(f)
	}
}
