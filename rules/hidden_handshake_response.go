package rules

import (
	"fmt"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var hiddenHandshakeResponse = &Rule{
	Name:     "hidden-handshake-response",
	Category: HandshakeCategory,
	Severity: Error,
	Fixable:  "safe",
	Summary:  "proxy_hide_header takes a header out of the answer that the client waits for",
	Doc: `The client takes a 101 for the beginning of a WebSocket only where it comes with
Upgrade and Sec-WebSocket-Accept, and with the Sec-WebSocket-Protocol and
-Extensions that were agreed upon. proxy_hide_header Upgrade, often written to
hide Apache's "Upgrade: h2", takes the line out of the 101 as well: nginx opens
the tunnel and the browser closes it.

Clients that asked for neither a protocol nor an extension get on without these
two lines: hiding one of them is a warning.

proxy_pass_header gives the header back where it is in effect. Hiding Connection
does no harm: nginx writes its own.`,
	Before: `server {
    proxy_hide_header Upgrade;

    location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 1h;
    }
}
`,
	After: `server {
    proxy_hide_header Upgrade;

    location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_pass_header Upgrade;
        proxy_read_timeout 1h;
    }
}
`,
	Links: []string{
		"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_hide_header",
		"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass_header",
	},
	Options: []Option{optWebSocket},
	Reason:  effective.HiddenResponse,
	Check:   checkHiddenHandshakeResponse,
}

func checkHiddenHandshakeResponse(p *Pass) {
	p.eachReason(func(r *effective.Route, reason *effective.Reason, sev Severity) {
		if len(reason.Items) > 0 {
			p.reportHidden(r, reason.Items[0], sev, "and browsers close the connection")
		}
	})
	for _, r := range p.intended() {
		module := strings.TrimSuffix(r.Pass.Head.Value, "_pass")
		hidden, _ := r.Scope.Effective(module + "_hide_header")
		for _, it := range hidden {
			if !strings.EqualFold(it.Arg(0), "Sec-WebSocket-Protocol") && !strings.EqualFold(it.Arg(0), "Sec-WebSocket-Extensions") {
				continue
			}
			if !passedOn(r, module, it.Arg(0)) {
				p.reportHidden(r, it, min(p.grade(r, nil), Warning), "and clients that asked for one close the connection or misread it")
			}
		}
	}
}

// passedOn reports whether a proxy_pass_header gives the header back.
func passedOn(r *effective.Route, module, header string) bool {
	items, _ := r.Scope.Effective(module + "_pass_header")
	for _, it := range items {
		if strings.EqualFold(it.Arg(0), header) {
			return true
		}
	}
	return false
}

func (p *Pass) reportHidden(r *effective.Route, it effective.Item, sev Severity, so string) {
	name := it.Arg(0)
	module := strings.TrimSuffix(it.Head.Value, "_hide_header")
	f := at(r, []effective.Item{it}, sev, fmt.Sprintf(
		"%s hides %q, a part of the 101 answer, from the client, %s; add %s_pass_header %s or remove the %s",
		subject(r), name, so, module, name, it.Head.Value), "it is hidden here")
	f.Fix = p.showHeader(r, it, module)
	p.Report(f)
}

// showHeader plans the edits that give a hidden header back: the location's own
// line is removed, and an outer one made up for.
func (p *Pass) showHeader(r *effective.Route, it effective.Item, module string) *Fix {
	s := target(r)
	if s == nil || !p.sameOwn(s, it.Head.Value) {
		return nil
	}
	own := s.Own(it.Head.Value)
	for _, o := range own {
		// Without its last line the level would inherit what others hide.
		if o.Directive == it.Directive && literal(s, it) && len(own) > 1 {
			return fixOf(Unsafe, "remove "+it.Source(), []Edit{removeLine(it.Directive)}, true)
		}
	}
	list := module + "_pass_header"
	in, ok := p.inherited(s, list)
	if !ok {
		return nil
	}
	to := listPlace(s, r)
	if d := lastLiteral(s, list); d != nil {
		to = place{at: d}
	}
	edits := []Edit{to.insert(aligned(nil, list, it.Arg(0)), rankPass)}
	edits = append(edits, p.repeat(in, list, to, func(h string) bool { return strings.EqualFold(h, it.Arg(0)) })...)
	return handshakeFix(r, in.unsafe || in.lacks, "add "+list+" "+it.Arg(0), edits, true)
}
