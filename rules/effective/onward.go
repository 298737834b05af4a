package effective

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

const (
	maxHops = 10  // of a request in a row to servers of the same configuration
	maxWays = 100 // of all that it may take there: each upstream on the way has several
)

// journey is how a request came to a server.
type journey struct {
	lines [requests]map[string]val // the header lines that servers before it wrote, by the names of their variables
	args  string                   // of the request
	been  []visit                  // where it was
	left  *int                     // how many ways are left to be followed
}

// visit is one server that a request was sent to, and what for.
type visit struct {
	server     *VirtualServer
	host, path string
}

// goOn follows a handshake that gets through t.Route to servers of the same
// configuration, where it has to get through too. ends are its outcomes by the kind
// of request, nil for one that is not passed on, and came is how it came to t.
func (m *Model) goOn(t *Trace, ends [requests]*outcome, u *url.URL, came journey) {
	o := ends[Handshake]
	pass := m.target(o.pass.Arg(0), o.q)
	if !pass.known {
		return
	}
	own := m.ownSockets(pass.text)
	if len(own.deaf) > 0 && len(own.sockets) == 0 && !own.others && m.together(own.deaf[0].first.Scope.Block, t.Route) {
		t.Outcome, t.Why = OutcomeBroken, deafTo(own.deaf[0], pass.text)
		return
	}
	h := m.hopOf(t.Route, own)
	path, args := m.sentURI(o)
	if h == nil || path == "" {
		return
	}
	next := journey{been: came.been, args: args, left: came.left}
	for kind, end := range ends {
		if end != nil {
			next.lines[kind] = m.linesBehind(end)
		}
	}
	for _, e := range h.to {
		there := m.into(t, e, path, u.Host, next)
		if there != nil && (t.Onward == nil || there.rank() < t.Onward.rank()) {
			t.Onward = there
		}
	}
	if t.Onward == nil {
		return
	}
	t.settleOnward(own.others || len(own.deaf) > 0 || len(h.to) > 1)
	if pages, _ := o.scope.Effective("error_page"); t.Outcome == OutcomeBroken && len(pages) > 0 && isOn(o.scope, "proxy_intercept_errors") {
		t.Outcome = OutcomeUnknown
		t.Why += fmt.Sprintf("; error_page may send it elsewhere (%s)", place(pages[0]))
	}
}

// deafTo says why a socket does not understand what is passed on to it.
func deafTo(so *socket, url string) string {
	scheme, _, _ := targetOf(url)
	why := "which speaks no TLS"
	switch {
	case so.ssl && scheme == "http":
		why = "which speaks TLS only"
	case so.proxy:
		why = "which wants the PROXY protocol first, and proxy_pass does not speak it"
	}
	return fmt.Sprintf("the request goes on to listen %s of this configuration (%s), %s", so.listen.Text, place(so.listen.Item), why)
}

// into follows the handshake of t into e, with the Host line that t sends, or host
// where that is not known; nil where it cannot be followed.
func (m *Model) into(t *Trace, e entry, path, host string, came journey) *Trace {
	if sent, ok := came.lines[Handshake]["host"]; ok && sent.known {
		host = sent.text
	}
	name := withoutPort(host)
	if path = e.reads(path, name); path == "" || *came.left == 0 {
		return nil
	}
	*came.left--
	there := &Trace{URL: t.URL, Server: e.server, ServerWhy: "the upstream is this server"}
	if chosen := e.socket.byName(name); chosen.server == e.server {
		there.ServerName = chosen.name
		if len(e.socket.servers) > 1 {
			there.ServerWhy = fmt.Sprintf("the upstream is this port, the Host line says %s, and %s", name, chosen.why)
		}
	}
	at := visit{e.server, host, path}
	if slices.Contains(came.been, at) || len(came.been) >= maxHops {
		there.Outcome, there.Why = OutcomeBroken, "servers of this configuration pass the request on in a circle"
		return there
	}
	came.been = append(slices.Clip(came.been), at)
	scheme := "http"
	if e.socket.ssl {
		scheme = "https"
	}
	m.traceIn(there, &url.URL{Scheme: scheme, Host: host, Path: path, RawQuery: came.args}, path, e.socket.listen.Port, came)
	m.overHTTP2(there, e.socket, e.socket.listen.Port)
	return there
}

// linesBehind returns the header lines that nginx writes where a request ends in
// o, by the names of their variables. The server behind takes none with an
// underscore in its name.
func (m *Model) linesBehind(o *outcome) map[string]val {
	lines := map[string]val{}
	for name, v := range o.q.lines { // what it does not set, it passes on
		lines[name] = v
	}
	for _, l := range m.lines(o.scope, o.pass) {
		if !strings.Contains(l.name, "_") {
			lines[strings.ReplaceAll(strings.ToLower(l.name), "-", "_")] = m.sent(&l, o.pass, o.q)
		}
	}
	return lines
}

// passedBy returns the first of the outcomes that is passed on as o is; nil for
// none.
func passedBy(o *outcome, all []outcome) *outcome {
	for i := range all {
		if all[i].end == proxied && all[i].pass.Directive == o.pass.Directive {
			return &all[i]
		}
	}
	return nil
}

// rank orders the ways that a request may take behind a server: what fails comes
// first.
func (t *Trace) rank() int {
	switch t.Outcome {
	case OutcomeWorks:
		return 2
	case OutcomeUnknown:
		return 1
	default:
		return 0
	}
}

// settleOnward makes the outcome of t that of the way behind it, which one of
// several may be.
func (t *Trace) settleOnward(several bool) {
	there := t.Onward
	at := Item{Directive: there.Server.Scope.Block}
	where := "a server"
	if there.Location != nil {
		at.Directive, where = there.Location.Block, locationWords(there.Location)
	}
	where = fmt.Sprintf("the request goes on to %s of this configuration (%s)", where, place(at))
	if several {
		where += ", which is one of several that it may reach"
	}
	t.Outcome, t.Why = there.Outcome, there.Why
	switch {
	case there.Onward != nil: // the one behind it has said where
	case there.Outcome == OutcomeWorks:
		t.Why = where + ", and reaches the upstream there complete"
	default:
		t.Why = where + ": " + there.Why
	}
	if t.Outcome != OutcomeWorks && t.Outcome != OutcomeUnknown {
		t.Outcome = OutcomeBroken
	}
}
