package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

var ignoredServer = &Rule{
	Name:     "ignored-server",
	Category: HandshakeCategory,
	Severity: Warning,
	Summary:  "a server_name that another server has already, so that no request arrives here",
	Doc: `Two servers on one address and port cannot have the same name. nginx takes the
first and says of the other, in its log only: [warn] conflicting server name
"app.example.com" on 0.0.0.0:80, ignored. What stands in the second server, its
WebSocket locations too, is never used.

It happens where a site is linked or copied twice, or a tool writes a second file
for it. Servers without a server_name count as having the same, empty name. Where
a server has other names, the loss of "_" is an info: no client asks for it.`,
	Before: `server {
    listen 80;
    server_name app.example.com;
    location / {
        proxy_pass http://127.0.0.1:8000;
    }
}
server {
    listen 80;
    server_name app.example.com;
    location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 1h;
    }
}
`,
	Links: []string{
		"https://nginx.org/en/docs/http/request_processing.html",
		"https://nginx.org/en/docs/http/server_names.html",
	},
	Options: []Option{optWebSocket},
	Check:   checkIgnoredServer,
}

func checkIgnoredServer(p *Pass) {
	said := map[*effective.VirtualServer]bool{}
	for _, r := range p.intended() {
		if vs := r.Server; vs != nil && !said[vs] && r.Intent != effective.Inherited {
			said[vs] = true
			p.checkNames(vs)
		}
	}
}

// checkNames reports the names of a server that lead to another one on every
// socket.
func (p *Pass) checkNames(vs *effective.VirtualServer) {
	var lost []string
	var by *effective.VirtualServer
	alive := false // some name that a request can have, or being a socket's default, leads here
	for _, name := range vs.Names {
		kept := placeholder(name)
		for i := range vs.Listens {
			so := p.Model.SocketOf(&vs.Listens[i])
			if other := so.Owner(vs, name); other == vs {
				kept = true
			} else {
				by = other
			}
			alive = alive || so.Default == vs
		}
		if !kept {
			lost = append(lost, name)
		} else if askable(name) {
			alive = true
		}
	}
	if alive { // what nobody can ask for is no loss, nor what was never meant as a name
		swallowed := swallowedNames(vs)
		lost = slices.DeleteFunc(lost, func(name string) bool { return !askable(name) || slices.Contains(swallowed, name) })
		if asked := slices.DeleteFunc(slices.Clone(lost), nobodys); len(asked) > 0 {
			lost = asked
		}
	}
	if len(lost) == 0 || by == nil || !parser.SameArm(by.Scope.Block, vs.Scope.Block) || by.Scope.Block == vs.Scope.Block && by.Scope.Via == vs.Scope.Via {
		return
	}
	so := p.Model.SocketOf(&vs.Listens[0])
	on := fmt.Sprintf("on %s", vs.Listens[0].Text)
	if len(vs.Listens) == 1 && so.Listen.Port != "" {
		on = "on port " + so.Listen.Port
	}
	what := fmt.Sprintf("an earlier server has server_name %s %s", listed(quoteAll(lost)), on)
	if lost[0] == "" {
		what = fmt.Sprintf("an earlier server without a name listens %s", on)
	}
	outcome := "no request reaches the WebSocket locations of this one"
	if alive {
		outcome = "requests for it do not reach the WebSocket locations of this one"
	}
	msg := fmt.Sprintf("%s: nginx ignores it here (conflicting server name), and %s; make the two servers one, or rename one", what, outcome)
	sev := p.Rule.Severity
	if alive && nobodys(lost[0]) {
		msg = fmt.Sprintf("%s: nginx ignores it here and says so whenever it starts (conflicting server name); take it out, for no client asks for it", what)
		sev = Info
	}
	names := vs.Scope.Own("server_name")
	var f Finding
	if i := slices.IndexFunc(names, func(it effective.Item) bool {
		return slices.ContainsFunc(it.Args, func(w parser.Word) bool { return slices.Contains(lost, w.Value) })
	}); i >= 0 {
		f = atItem(names[i], nil, sev, msg)
	} else {
		f = Finding{Severity: sev, Message: msg, File: vs.Scope.Block.File, Span: headSpan(vs.Scope.Block), Via: vs.Scope.Via}
	}
	f.Related = []Place{{by.Scope.Block.File, headSpan(by.Scope.Block), "this server has it"}}
	for _, r := range p.intended() {
		if r.Server == vs {
			f.Routes = append(f.Routes, r)
		}
	}
	p.Report(f)
}

// swallowedNames returns the words that a server_name without its semicolon took
// from the next line.
func swallowedNames(vs *effective.VirtualServer) []string {
	var names []string
	for _, it := range vs.Scope.Own("server_name") {
		if starts := (level{}).swallowed(it.Directive); len(starts) > 0 {
			for _, w := range it.Args[starts[0]:] {
				names = append(names, w.Value)
			}
		}
	}
	return names
}

// askable reports whether a request can be for a name: nginx answers 400 where a
// Host has a blank, a control character or a slash in it (ngx_http_validate_host).
// The backslash at the end of a line, which goes on with the next one elsewhere,
// makes such a name of the line break. A pattern may have them in it all the same.
func askable(name string) bool {
	return strings.HasPrefix(name, "~") || !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '/' })
}

// nobodys reports whether a name is one that no client asks for, written where a
// server_name belongs and none is meant: "_".
func nobodys(name string) bool { return name != "" && strings.Trim(name, "_-") == "" }

func quoteAll(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = fmt.Sprintf("%q", w)
	}
	return out
}
