package rules

import (
	"fmt"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var missingConnectionHeader = &Rule{
	Name:     "missing-connection-header",
	Category: HandshakeCategory,
	Severity: Error,
	Fixable:  "safe",
	Summary:  "a WebSocket location does not send Connection: upgrade",
	Doc: `Connection is a hop-by-hop header too: nginx writes its own, "close" before
1.29.7 and none since, unless a proxy_set_header line says otherwise. A backend
takes a request for a handshake only where Connection holds the token upgrade,
alone or in a list such as "keep-alive, Upgrade".

Where ordinary requests share the location, the value should depend on the
request: the fix uses a variable that a map makes of $http_upgrade, adds that
map where the http block is at hand, and else writes "upgrade".`,
	Before: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
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
		"https://nginx.org/en/docs/http/websocket.html",
		"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header",
	},
	Options: []Option{optWebSocket, optVersion},
	Reason:  effective.MissingConnection,
	Check:   checkMissingConnectionHeader,
}

func checkMissingConnectionHeader(p *Pass) {
	p.eachReason(func(r *effective.Route, reason *effective.Reason, sev Severity) {
		if malformed(r, "Connection") || p.reportColon(r, "Connection", sev) {
			return
		}
		value, mapEdits := p.connectionValue(r)
		if len(reason.Items) > 0 {
			if name := p.spoilt(reason.Items[0].Arg(1)); name != "" {
				value, mapEdits = name, nil
			}
		}
		says := unless(p.wrongConnection(r, reason, value), reason)
		f := at(r, reason.Items, sev, subject(r)+" "+says, "the value is set here")
		var ok bool
		if f.Fix, ok = p.sendConnection(r, value, mapEdits); !ok {
			p.leave(r, &f)
		}
		p.shareConnection(&f, r, reason)
		p.Report(f)
	})
}

// sendConnection plans the route's Connection line with the value and what it needs
// elsewhere; ok is false where no place for it was found. Where polling shares the
// location it is unsafe: a literal on every request is what
// constant-connection-upgrade warns of, and so it is where the location answers a
// subrequest of another handshake, which a 101 would end.
func (p *Pass) sendConnection(r *effective.Route, value string, more []Edit) (fix *Fix, ok bool) {
	plan, ok := p.planHeader(r, "Connection", value, rankConnection)
	return handshakeFix(r, plan.unsafe || p.polled(r, value) || p.answersSubrequest(r), "send Connection "+value, append(more, plan.edits...), ok), ok
}

// polled reports whether a Connection value would be sent with the polling of r too.
func (p *Pass) polled(r *effective.Route, value string) bool {
	return value == literalUpgrade && r.Polling && p.Model.Outer == effective.Main
}

// sendUpgrade plans the route's Upgrade line; ok is false where no place for it was
// found. It is as unsafe as the Connection line that is missed beside it: one alone
// helps nobody.
func (p *Pass) sendUpgrade(r *effective.Route) (fix *Fix, ok bool) {
	plan, ok := p.planHeader(r, "Upgrade", "$http_upgrade", rankUpgrade)
	unsafe := plan.unsafe || p.answersSubrequest(r)
	if r.Because(effective.MissingConnection) != nil {
		value, _ := p.connectionValue(r)
		unsafe = unsafe || p.polled(r, value)
	}
	return handshakeFix(r, unsafe, "send Upgrade $http_upgrade", plan.edits, ok), ok
}

// wrongConnection says what is wrong with the route's Connection, behind its name.
func (p *Pass) wrongConnection(r *effective.Route, reason *effective.Reason, value string) string {
	switch {
	case len(reason.Items) == 0:
		return fmt.Sprintf("proxies WebSocket without \"Connection: upgrade\"; nginx sends %s by itself; "+
			"add proxy_set_header Connection %s", ownConnection(p.Model), value)
	case !r.Pass.Is("proxy_pass"):
		return insteadOfClient(reason.Items[0], "Connection")
	}
	if name := p.spoilt(reason.Items[0].Arg(1)); name != "" {
		return fmt.Sprintf("sends %s for a handshake: %s says upgrade, and what stands around it joins that word; "+
			"write proxy_set_header Connection %s", sentAs("Connection", sentIn(r, reason.Items[0])), name, name)
	}
	return fmt.Sprintf("sends %s, and a handshake needs the word upgrade in it; write proxy_set_header Connection %s",
		sentBy(r, reason.Items[0], "Connection"), value)
}

// shareConnection ties the finding to the outer level's line that it goes back to.
func (p *Pass) shareConnection(f *Finding, r *effective.Route, reason *effective.Reason) {
	value, _ := p.connectionVariable(r)
	says := unless(p.wrongConnection(r, reason, value), reason)
	written := len(reason.Items) > 0
	if written {
		f.shared = outerLine(r, reason.Items[0], says)
	} else {
		f.shared = inheritedList(r, says)
	}
	f.plannedBy(func(g *group) *Fix {
		value, more, ok := p.sharedConnection(g)
		if written {
			if name := p.spoilt(g.line.Arg(1)); name != "" {
				value, more = name, nil
			}
		}
		switch {
		case !ok || !r.Pass.Is("proxy_pass"):
			return nil
		case written:
			return p.sharedValue(g, 1, value, "send Connection "+value, g.safety(), more)
		}
		return p.sharedHeader(g, "Connection", value, rankConnection, more)
	})
}

// ownConnection says what nginx sends as Connection where nothing is configured.
func ownConnection(m *effective.Model) string {
	if m.Version.Before(1, 29, 7) {
		return `"close"`
	}
	return "none"
}

// spoilt returns the variable of a map that says upgrade and is only a part of
// the value: in "x${connection_upgrade}y" the word is lost. It is "" for others.
func (p *Pass) spoilt(value string) string {
	for _, v := range effective.VariablesIn(value) {
		for _, name := range p.mapPlan(p.Model).existing {
			if strings.EqualFold(name, "$"+v) && !strings.EqualFold(value, name) {
				return name
			}
		}
	}
	return ""
}

// sentIn returns what a line of the route sends for a handshake, or the line's
// value as written where that is not known.
func sentIn(r *effective.Route, line effective.Item) string {
	for i := range r.Headers {
		if h := &r.Headers[i]; h.Item.Directive == line.Directive && h.Sent[effective.Handshake].Known {
			return h.Sent[effective.Handshake].Text
		}
	}
	return line.Arg(1)
}
