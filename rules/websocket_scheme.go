package rules

import (
	"fmt"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

var websocketScheme = &Rule{
	Name:     "websocket-scheme",
	Category: Syntax,
	Severity: Error,
	Fixable:  "safe",
	Summary:  "proxy_pass or an upstream server is written with ws:// or wss://",
	Doc: `To nginx a WebSocket begins as an HTTP request, so proxy_pass takes http:// and
https:// only, and does not start with anything else ([emerg] invalid URL prefix;
with a variable in the URL it starts and answers 500). The servers of an upstream
block have no scheme at all.`,
	Before: `location /ws {
    proxy_pass ws://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
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
	Links: []string{
		"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass",
		"https://nginx.org/en/docs/http/ngx_http_upstream_module.html#server",
	},
	Reason: effective.WebSocketScheme,
	Check:  checkWebSocketScheme,
}

func checkWebSocketScheme(p *Pass) {
	said := map[*parser.Directive]bool{}
	p.eachScope(func(s *effective.Scope) {
		if s.Kind == effective.Map { // its lines are words, whatever they read like
			return
		}
		for _, it := range s.Items {
			if len(it.Args) == 0 || schemeOf(it.Args[len(it.Args)-1].Value) == "" && schemeOf(it.Arg(0)) == "" || said[it.Directive] {
				continue
			}
			said[it.Directive] = true
			switch {
			case it.Is("proxy_pass") && s.Kind != effective.Stream:
				p.checkPassScheme(it)
			case it.Is("server") && s.Kind == effective.Upstream:
				p.checkServerScheme(s, it)
			case it.Is("set") && len(it.Args) == 2:
				p.checkSetScheme(it)
			}
		}
	})
	// With a variable nginx starts, and answers 500 where it refuses the value.
	p.eachReason(func(r *effective.Route, reason *effective.Reason, sev Severity) {
		if schemeOf(r.Pass.Arg(0)) != "" || r.Pass.Arg(0) == "" {
			return
		}
		for _, name := range effective.VariablesIn(r.Pass.Arg(0)) {
			if p.setToScheme(r.Scope, name) {
				return // reported where it is set
			}
		}
		f := atItem(r.Pass, r, sev, fmt.Sprintf(
			"%s passes to %q, which gives no http:// or https:// URL, and nginx answers 500; make it one",
			subject(r), r.Pass.Arg(0)))
		f.category = HandshakeCategory
		p.Report(f)
	})
}

// schemeOf returns "ws" or "wss" where s is a URL of that scheme, else "".
func schemeOf(s string) string {
	if s == "" || s[0]|0x20 != 'w' {
		return ""
	}
	for _, scheme := range []string{"ws", "wss"} {
		if n := len(scheme) + 3; len(s) >= n && strings.EqualFold(s[:n], scheme+"://") {
			return scheme
		}
	}
	return ""
}

func (p *Pass) checkPassScheme(it effective.Item) {
	scheme := schemeOf(it.Arg(0))
	if scheme == "" {
		return
	}
	f := p.aboutScheme(it, it.Args[0], fmt.Sprintf(
		"proxy_pass %q has a scheme that nginx does not know, and it does not start: invalid URL prefix; write %s:// instead, a WebSocket begins as HTTP", it.Arg(0), httpFor(scheme)))
	if strings.Contains(it.Arg(0), "$") {
		f.category = HandshakeCategory
		f.Message = fmt.Sprintf("proxy_pass %q has a scheme that nginx does not know, and every request is answered 500; "+
			"write %s:// instead, a WebSocket begins as HTTP", it.Arg(0), httpFor(scheme))
	}
	f.Fix = schemeFix(it, it.Args[0], scheme, httpFor(scheme))
	p.Report(f)
}

// checkSetScheme looks at a variable that proxy_pass uses whole: its value is
// the URL.
func (p *Pass) checkSetScheme(it effective.Item) {
	scheme := schemeOf(it.Arg(1))
	if scheme == "" {
		return
	}
	for _, r := range p.Model.Routes {
		if r.Because(effective.WebSocketScheme) == nil || !strings.HasPrefix(strings.ToLower(r.Pass.Arg(0)), strings.ToLower(it.Arg(0))) {
			continue
		}
		f := p.aboutScheme(it, it.Args[1], fmt.Sprintf(
			"proxy_pass gets %q from this variable, a scheme that nginx does not know, and answers 500; write %s:// instead",
			it.Arg(1), httpFor(scheme)))
		f.category = HandshakeCategory
		f.Routes = []*effective.Route{r}
		f.Related = []Place{{r.Pass.File, headSpan(r.Pass.Directive), "the proxy_pass that uses it"}}
		f.Fix = schemeFix(it, it.Args[1], scheme, httpFor(scheme))
		p.Report(f)
		return
	}
}

// setToScheme reports whether a set in reach of s gives the variable a ws URL.
func (p *Pass) setToScheme(s *effective.Scope, name string) bool {
	for at := s; at != nil; at = at.Parent {
		for _, it := range at.Own("set") {
			if strings.EqualFold(strings.TrimPrefix(it.Arg(0), "$"), name) && schemeOf(it.Arg(1)) != "" {
				return true
			}
		}
	}
	return false
}

func (p *Pass) checkServerScheme(upstream *effective.Scope, it effective.Item) {
	scheme := schemeOf(it.Arg(0))
	if scheme == "" {
		return
	}
	address := it.Arg(0)[len(scheme)+3:]
	f := p.aboutScheme(it, it.Args[0], fmt.Sprintf(
		"server %q of an upstream has a scheme, and nginx does not start: invalid host in upstream; write %q", it.Arg(0), address))
	// Without TLS a wss server without a port would be asked on port 80.
	plain := !strings.Contains(address, "/")
	if scheme == "wss" {
		plain = plain && strings.Contains(address[strings.LastIndexByte(address, ']')+1:], ":") && p.onlyHTTPS(upstream)
	}
	if plain {
		f.Fix = schemeFix(it, it.Args[0], scheme+"://", "")
	}
	p.Report(f)
}

// onlyHTTPS reports whether every proxy_pass to the upstream is https, and there
// is one.
func (p *Pass) onlyHTTPS(upstream *effective.Scope) bool {
	found := false
	for _, r := range p.Model.Routes {
		if upstreamOf(r) != upstream {
			continue
		}
		if scheme, _, _ := strings.Cut(r.Pass.Arg(0), "://"); !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "wss") {
			return false
		}
		found = true
	}
	return found
}

func (p *Pass) aboutScheme(it effective.Item, w parser.Word, msg string) Finding {
	f := atItem(it, nil, p.Rule.Severity, msg)
	f.Span = w.Span
	f.Routes = p.routesOf(it.Directive)
	return f
}

// schemeFix replaces the first bytes of a word, behind its quote.
func schemeFix(it effective.Item, w parser.Word, from, to string) *Fix {
	start := w.Span.Start
	if c := it.File.Src[start]; c == '"' || c == '\'' {
		start++
	}
	span := parser.Span{Start: start, End: start + len(from)}
	if !strings.EqualFold(it.File.Src[span.Start:span.End], from) {
		return nil
	}
	message := "write " + to + "://"
	if to == "" {
		message = "write the address without a scheme"
	}
	return fixOf(Safe, message, []Edit{{File: it.File, Span: span, New: to}}, true)
}

func httpFor(scheme string) string {
	if strings.EqualFold(scheme, "wss") {
		return "https"
	}
	return "http"
}
