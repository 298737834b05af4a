package effective

import (
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

// header is how a header of the handshake arrives upstream.
type header struct {
	good  truth
	lines []*line // those that name it, where it is not good
}

// arrival gathers the lines named name and says whether their values, joined as
// a list, hold token.
func (m *Model) arrival(lines []line, o *outcome, name, token string) header {
	h := header{good: no}
	for i := range lines {
		if !sameName(lines[i].name, name) {
			continue
		}
		switch m.token(&lines[i], o, token) {
		case yes:
			return header{good: yes}
		case undecided:
			h.good = undecided
		case no:
		}
		h.lines = append(h.lines, &lines[i])
	}
	return h
}

// judgeHeaders judges Upgrade, Connection, Host and Sec-WebSocket-*.
func (m *Model) judgeHeaders(o *outcome, j *judgement, proto string) {
	list := "proxy_set_header"
	if proto != "proxy" {
		list = proto + "_param"
	}
	_, level := o.scope.effectiveOne(list)
	lines := m.lines(o.scope, o.pass)
	gap := o.scope.gap(level, true)
	unless := ""
	switch {
	case level != nil || proto != "proxy":
	case gap != nil && gap.LacksSites():
		unless, gap = gap.Lacking(), nil
	case m.Outer != Main:
		unless = m.unseen()
	}
	if gap != nil && gap != level {
		// An include that was not read may hold a list of its own,
		// which would take the place of this one.
		j.unsure("%s", gap.unread())
		return
	}
	if level.listSometimes(list) {
		j.unsure("which %s lines there are depends on the template (%s)", list, place(level.Own(list)[0]))
		return
	}
	add := func(r Reason) {
		if gap != nil {
			j.unsure("%s", gap.unread())
			return
		}
		r.Unless = unless
		j.add(r)
	}
	upgrade := m.arrival(lines, o, "Upgrade", "websocket")
	connection := m.arrival(lines, o, "Connection", "upgrade")
	var dropped []Item
	if proto == "proxy" && level != nil {
		for _, h := range [...]*header{&upgrade, &connection} {
			if lost := m.dropped(o, level, h); lost.Directive != nil {
				dropped = append(dropped, lost)
				h.good = yes // said once, by the reason below
			}
		}
	}
	if len(dropped) > 0 {
		slices.SortStableFunc(dropped, func(a, b Item) int { return a.Span.Start - b.Span.Start })
		add(Reason{Kind: DroppedHeaders, Items: dropped})
	}
	m.judgeHeader("Upgrade", upgrade, o, j, add)
	m.judgeHeader("Connection", connection, o, j, add)
	m.judgeLost(o, j, proto, lines, add)
}

// dropped returns the line that would have sent a missing header had the list
// at level not thrown the outer one away.
func (m *Model) dropped(o *outcome, level *Scope, h *header) Item {
	for _, l := range h.lines {
		if l.item.Directive != nil {
			return Item{}
		}
	}
	if h.good != no || level.Parent == nil || len(h.lines) == 0 {
		return Item{}
	}
	outer, _ := level.Parent.Effective("proxy_set_header")
	token := "upgrade"
	if h.lines[0].name == "Upgrade" {
		token = "websocket"
	}
	// Of several lines, one that says so in both forms of a handshake is what was lost,
	// before one that says so in this form alone, and of those one that does not say it
	// to ordinary requests too: nginx sends each line (ngx_http_proxy_create_request),
	// and the other adds nothing that a handshake needs.
	other := Handshake
	if o.q.kind == Handshake {
		other = HandshakeKeepAlive
	}
	var lost Item
	best := 0
	for _, it := range outer {
		value := it.Arg(1)
		if !strings.EqualFold(it.Arg(0), h.lines[0].name) || m.says(value, o.q, token) == no {
			continue
		}
		if token == "websocket" && m.lacksVariable(value) {
			continue // with the map that is missed it says upgrade
		}
		rank := 1
		if m.says(value, m.newRequest(o.q.server, other, o.q.uri), token) != no {
			rank++
			if m.says(value, m.newRequest(o.q.server, Ordinary, o.q.uri), token) == no {
				rank++
			}
		}
		if rank > best {
			lost, best = it, rank
		}
	}
	return lost
}

// lacksVariable reports whether a value has a variable that nothing defines.
func (m *Model) lacksVariable(value string) bool {
	return slices.ContainsFunc(VariablesIn(value), func(name string) bool {
		defined, complete := m.DefinesVariable(name)
		return !defined && complete
	})
}

// judgeHeader adds the reason for which a header does not arrive.
func (m *Model) judgeHeader(name string, h header, o *outcome, j *judgement, add func(Reason)) {
	if h.good == yes {
		return
	}
	var items []Item
	for _, l := range h.lines {
		if l.item.Directive != nil {
			items = append(items, l.item)
		}
	}
	for _, l := range h.lines {
		for _, v := range VariablesIn(l.expr) {
			if defined, complete := m.DefinesVariable(v); !defined && complete && !parser.InCapitals(l.expr) {
				add(Reason{Kind: UndefinedVariable, Header: name, Items: []Item{l.item}})
				return
			} else if !defined {
				j.unsure("nothing that is read with it defines $%s", v)
				return
			}
		}
	}
	if h.good == undecided {
		for _, l := range h.lines {
			switch {
			case len(l.others) > 0 && l.item.Directive != nil:
				j.unsure("%s depends on the template (%s)", name, place(l.item))
			case !m.sent(l, o.pass, o.q).known:
				j.unsure("the value of %s for %s", l.expr, name)
			}
		}
		return
	}
	if name == "Connection" {
		for _, l := range h.lines {
			for _, v := range VariablesIn(l.expr) {
				// Where the map does say upgrade, the text around it is wrong.
				if mp := m.vars.maps[v]; mp != nil && !m.vars.set[v] && m.eval("$"+v, o.q).hasToken("upgrade") != yes {
					add(Reason{Kind: WrongMap, Header: name, Items: []Item{l.item, mp.item}})
					return
				}
			}
		}
		add(Reason{Kind: MissingConnection, Header: name, Items: items})
		return
	}
	add(Reason{Kind: MissingUpgrade, Header: name, Items: items})
}

// judgeLost judges the headers of the handshake that should pass unchanged.
func (m *Model) judgeLost(o *outcome, j *judgement, proto string, lines []line, add func(Reason)) {
	if off, _ := o.scope.effectiveOne(proto + "_pass_request_headers"); off.Directive != nil && strings.EqualFold(off.Arg(0), "off") {
		for _, l := range lines {
			if l.client && l.never {
				j.add(Reason{Kind: LostHandshakeHeaders, Header: l.name, Items: itemList(off)})
				return
			}
		}
	}
	for _, name := range handshakeHeaders {
		m.judgeOnce(o, j, lines, name, add)
	}
	m.judgeHost(o, j, proto, lines, add)
	for i := range lines {
		l := &lines[i]
		// A protocol that the client did not offer: a browser refuses the
		// answer (RFC 6455, 4.1).
		if l.item.Directive != nil && sameName(l.name, "Sec-WebSocket-Protocol") && !hides(o.scope, proto, l.name) {
			if v := m.sent(l, o.pass, o.q); v.known && v.text != "" || v.opaque {
				add(Reason{Kind: LostHandshakeHeaders, Header: l.name, Items: []Item{l.item}})
				break
			}
		}
	}
}

// judgeOnce judges a header of the handshake of which there has to be one line
// with the client's value (RFC 6455, 11.3.1 and 11.3.5).
func (m *Model) judgeOnce(o *outcome, j *judgement, lines []line, name string, add func(Reason)) {
	var sent, wrong, all []Item
	for i := range lines {
		l := &lines[i]
		if l.item.Directive == nil || !sameName(l.name, name) {
			continue
		}
		all = append(all, l.item)
		v := m.sent(l, o.pass, o.q)
		if v == emptyVal {
			continue
		}
		sent = append(sent, l.item)
		right := v.known && v.text == "13"
		if name == "Sec-WebSocket-Key" {
			right = v.opaque && isKeyVariable(l.expr)
		}
		switch {
		case right:
		case v.known || v.opaque:
			wrong = append(wrong, l.item)
		default:
			j.unsure("the value of %s for %s", l.expr, l.name)
		}
	}
	switch {
	case len(wrong) > 0:
		add(Reason{Kind: LostHandshakeHeaders, Header: name, Items: wrong[:1]})
	case len(all) > 0 && len(sent) != 1:
		add(Reason{Kind: LostHandshakeHeaders, Header: name, Items: all})
	}
}

func isKeyVariable(expr string) bool {
	return strings.EqualFold(WithoutBraces(expr), "$http_sec_websocket_key")
}

// WithoutBraces returns a value with $name for each ${name} in it.
func WithoutBraces(value string) string { return braces.Replace(value) }

var braces = strings.NewReplacer("{", "", "}", "")

// judgeHost judges the Host lines: a backend wants one that is not empty
// (RFC 9112, 3.2).
func (m *Model) judgeHost(o *outcome, j *judgement, proto string, lines []line, add func(Reason)) {
	var set, sent Item // the first of each
	var more []Item    // all that are sent, where they are more than one
	colon := false     // "Host:" is sent as "Host::", beside the line of that name
	for i := range lines {
		l := &lines[i]
		odd := strings.EqualFold(l.name, "Host:")
		if l.item.Directive == nil || !odd && !sameName(l.name, "Host") {
			continue
		}
		if !odd && set.Directive == nil {
			set = l.item
		}
		if m.sent(l, o.pass, o.q) == emptyVal {
			continue
		}
		colon = colon || odd
		switch {
		case sent.Directive == nil:
			sent = l.item
		case more == nil:
			more = []Item{sent, l.item}
		default:
			more = append(more, l.item)
		}
	}
	switch {
	case colon && more != nil:
		add(Reason{Kind: DuplicateHost, Header: "Host", Items: more})
	case colon && set.Directive == nil:
		add(Reason{Kind: DuplicateHost, Header: "Host", Items: []Item{sent}})
	case set.Directive == nil, proto == "proxy" && !m.Version.Before(1, 31, 4):
	case sent.Directive == nil:
		add(Reason{Kind: LostHandshakeHeaders, Header: "Host", Items: []Item{set}})
	case more != nil:
		add(Reason{Kind: DuplicateHost, Header: "Host", Items: more})
	}
}
