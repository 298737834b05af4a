package rules

import (
	"fmt"
	"strings"
	"time"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

var shortStreamTimeout = &Rule{
	Name:     "short-stream-timeout",
	Category: Lifetime,
	Severity: Warning,
	Fixable:  "unsafe",
	Summary:  "a stream server in front of WebSockets closes silent connections early",
	Doc: `A server in a stream block passes bytes on and knows no WebSocket: it needs no
header lines, and it closes a connection when neither side has sent anything for
proxy_timeout. The default of 10 minutes is long enough for clients that ping;
values of a few seconds, written to free connections of other protocols, are not.

A stream server counts where it passes to an address that a WebSocket location
passes to, or to a port on which this nginx has one, or where a comment
# wsnginx:websocket stands before or in it.`,
	Before: `events {}
stream {
    server {
        listen 9443;
        proxy_pass 127.0.0.1:3000;
        proxy_timeout 30s;
    }
}
http {
    server {
        location /ws {
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
stream {
    server {
        listen 9443;
        proxy_pass 127.0.0.1:3000;
        proxy_timeout 86400s;
    }
}
http {
    server {
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }
    }
}
`,
	Links:   []string{"https://nginx.org/en/docs/stream/ngx_stream_proxy_module.html#proxy_timeout"},
	Options: []Option{optWebSocket, optReadTimeoutMin},
	Check:   checkShortStreamTimeout,
}

func checkShortStreamTimeout(p *Pass) {
	var addresses map[string]*effective.Route
	upstreams := streamUpstreams{}
	p.Model.EachScope(func(s *effective.Scope) {
		if s.Kind != effective.Stream || s.Parent == nil || s.Block == nil || !s.Block.Is("server") || len(s.Own("proxy_pass")) == 0 {
			return
		}
		items, level := s.Effective("proxy_timeout")
		if len(items) == 0 {
			return
		}
		it := items[len(items)-1]
		d, ok := effective.ParseTime(it.Arg(0))
		if !ok || d >= p.leastRead() {
			return
		}
		if addresses == nil {
			addresses = p.webSocketAddresses()
		}
		pass := s.Own("proxy_pass")[0]
		var r *effective.Route
		for _, a := range upstreams.targets(s.Parent, pass.Arg(0)) {
			if addresses[a] != nil {
				r = addresses[a]
			}
		}
		if r == nil && !markedWebSocket(s.Block) {
			return
		}
		f := atItem(it, r, 0, fmt.Sprintf(
			"this stream server closes a WebSocket that is silent for %s; set proxy_timeout %s, or have one side ping more often",
			it.Arg(0), p.timeoutValue()))
		if level != s {
			f.Related = append(f.Related, Place{pass.File, headSpan(pass.Directive), "it is in effect here"})
		}
		if r != nil {
			f.Related = append(f.Related, Place{r.Pass.File, headSpan(r.Pass.Directive), "a WebSocket location passes to the same place"})
		}
		switch set := "proxy_timeout " + p.timeoutValue(); {
		case level != s && literal(s, pass) && len(p.mounts.others(s)) <= 1:
			f.Fix = fixOf(Unsafe, "set "+set+" in this server", []Edit{place{at: pass.Directive}.insert(set+";", rankTime)}, true)
		case level == s && len(it.Args) == 1 && p.mounts.once(it.File):
			f.Fix = fixOf(Unsafe, "set proxy_timeout "+p.timeoutValue(), []Edit{replaceWord(it.File, it.Args[0], p.timeoutValue())}, true)
		}
		p.Report(f)
	})
}

// leastRead is the idle timeout below which one is short.
func (p *Pass) leastRead() time.Duration {
	if p.Options.ReadTimeoutMin == 0 {
		return 5 * time.Minute
	}
	return time.Duration(p.Options.ReadTimeoutMin) * time.Millisecond
}

// webSocketAddresses returns where WebSocket traffic goes: what intended
// locations pass to, and the ports on which their servers listen.
func (p *Pass) webSocketAddresses() map[string]*effective.Route {
	all := map[string]*effective.Route{}
	for _, r := range p.intended() {
		if r.Intent == effective.Inherited {
			continue
		}
		if up := upstreamOf(r); up != nil {
			for _, it := range up.Own("server") {
				all[withPort(it.Arg(0), "80")] = r
			}
		} else if scheme, host, port := r.Target(); host != "" {
			if port == "" {
				port = map[string]string{"https": "443"}[scheme]
			}
			all[withPort(strings.TrimSuffix(host+":"+port, ":"), "80")] = r
		}
		if r.Server == nil {
			continue
		}
		for _, l := range r.Server.Listens {
			switch l.Address {
			case "*", "[::]":
				all["127.0.0.1:"+l.Port], all["localhost:"+l.Port], all["[::1]:"+l.Port] = r, r, r
			default:
				all[withPort(l.Address, l.Port)] = r
			}
		}
	}
	return all
}

func withPort(address, port string) string {
	if strings.HasPrefix(address, "unix:") || strings.Contains(address[strings.LastIndexByte(address, ']')+1:], ":") {
		return address
	}
	return address + ":" + port
}

// streamUpstreams are the upstreams of stream blocks by name, in lower case.
type streamUpstreams map[*effective.Scope]map[string]*effective.Scope

// targets returns the addresses that a proxy_pass in a server of stream passes to.
func (u streamUpstreams) targets(stream *effective.Scope, to string) []string {
	named := u[stream]
	if named == nil {
		named = map[string]*effective.Scope{}
		for _, it := range stream.Own("upstream") {
			if name := strings.ToLower(it.Arg(0)); it.Scope != nil && named[name] == nil {
				named[name] = it.Scope
			}
		}
		u[stream] = named
	}
	upstream := named[strings.ToLower(to)]
	if upstream == nil {
		return []string{to}
	}
	var all []string
	for _, server := range upstream.Own("server") {
		all = append(all, server.Arg(0))
	}
	return all
}

// markedWebSocket reports whether a comment "# wsnginx:websocket" stands in the
// block or on the line before it.
func markedWebSocket(d *parser.Directive) bool {
	line := d.File.Position(d.Span.Start).Line
	from := 0
	if line > 1 {
		_, from = d.File.Line(line - 1)
	}
	for _, c := range d.File.Comments[firstComment(d.File, from):] {
		if c.Start >= d.Span.End {
			break
		}
		word, _, ok := parseComment(d.File.Src[c.Start:c.End])
		if ok && word == "websocket" && (d.Span.Contains(c.Start) || d.File.Position(c.Start).Line == line-1) {
			return true
		}
	}
	return false
}
