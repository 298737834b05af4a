package effective

import (
	"fmt"
	"net"
	"slices"
	"strings"
)

// judgement is what a handshake that reaches an upstream comes to.
type judgement struct {
	reasons   []Reason
	undecided string
}

func (j *judgement) add(r Reason) { j.reasons = append(j.reasons, r) }

func (j *judgement) unsure(format string, args ...any) {
	if j.undecided == "" {
		j.undecided = fmt.Sprintf(format, args...)
	}
}

// verdict returns works, broken or unknown. A reason that an unseen outer level
// could undo does not make it broken.
func (j *judgement) verdict() Verdict {
	certain, open := false, ""
	for i := range j.reasons {
		if j.reasons[i].Unless == "" {
			certain = true
		} else {
			open = j.reasons[i].Unless
		}
	}
	switch {
	case certain:
		return Broken
	case j.undecided != "":
		return Unknown
	case open != "":
		j.undecided = open
		return Unknown
	}
	return Works
}

// judge says how a handshake that was followed to o ends.
func (m *Model) judge(o *outcome) *judgement {
	j := &judgement{}
	switch o.end {
	case proxied:
		if o.away {
			m.judgeAway(o, j)
			break
		}
		if o.err.Directive != nil {
			j.add(Reason{Kind: UnreachableProxy, Items: itemList(o.err)})
		}
		m.judgeRequest(o, j)
	case redirected:
		j.add(Reason{Kind: RedirectedHandshake, Items: itemList(o.item)})
	case answered:
		if o.scope != nil && o.scope.Kind == LimitExcept && o.item.Directive != nil && o.item.Is("deny") {
			j.add(Reason{Kind: HandshakeMethod, Items: itemList(o.item)})
		} else {
			j.add(Reason{Kind: UnreachableProxy, Items: itemList(o.item)})
		}
	case static, nowhere:
		j.add(Reason{Kind: UnreachableProxy, Items: itemList(o.item)})
	case lost:
		j.unsure("%s", o.why)
	}
	return j
}

// judgeAway judges a handshake that another route passes on: how it fails is that
// route's to say.
func (m *Model) judgeAway(o *outcome, j *judgement) {
	there := *o
	there.away = false
	switch other := m.judge(&there); other.verdict() {
	case Broken:
		j.add(Reason{Kind: UnreachableProxy, Items: itemList(o.by)})
	case Unknown:
		j.unsure("%s", other.undecided)
	case Works:
	}
}

func itemList(it Item) []Item {
	if it.Directive == nil {
		return nil
	}
	return []Item{it}
}

// judgeRequest judges the request that nginx sends upstream.
func (m *Model) judgeRequest(o *outcome, j *judgement) {
	proto := protocol(o.pass)
	switch proto {
	case "fastcgi", "grpc", "memcached":
		j.add(Reason{Kind: UnsupportedPass, Items: itemList(o.pass)})
		return
	case "proxy":
		if m.Version.Before(1, 3, 13) {
			j.add(Reason{Kind: UnsupportedNginx})
		}
	default:
		if m.Version.Before(1, 3, 14) {
			j.add(Reason{Kind: UnsupportedNginx})
		}
	}
	if proto == "proxy" {
		m.judgeTarget(o, j)
		m.judgeVersion(o, j)
	}
	m.judgeHeaders(o, j, proto)
	if proto == "proxy" {
		m.judgeMethod(o, j)
	}
	m.judgeResponse(o, j, proto)
	if t := m.timeout(o.scope, proto+"_read_timeout"); t.Known && t.Duration == 0 {
		j.add(Reason{Kind: ZeroReadTimeout, Items: itemList(t.Item)})
	}
}

// judgeTarget judges a proxy_pass whose URL a variable makes.
func (m *Model) judgeTarget(o *outcome, j *judgement) {
	url := o.pass.Arg(0)
	if !strings.Contains(url, "$") {
		for _, s := range [...]string{"ws://", "wss://"} {
			if len(url) >= len(s) && strings.EqualFold(url[:len(s)], s) {
				j.add(Reason{Kind: WebSocketScheme, Items: itemList(o.pass)})
			}
		}
		return
	}
	switch status, kind := m.refusesTarget(o.scope, o.pass, o.q); {
	case status == 0:
	case kind != MissingResolver:
		j.add(Reason{Kind: kind, Items: itemList(o.pass)})
	case o.scope.gap(nil, true) != nil:
		j.unsure("%s", o.scope.gap(nil, true).unread())
	case m.Outer != Main:
		j.add(Reason{Kind: kind, Items: itemList(o.pass), Unless: m.unseen()})
	default:
		j.add(Reason{Kind: kind, Items: itemList(o.pass)})
	}
}

// refusesTarget returns the status with which nginx refuses the URL that a
// variable makes for pass, 0 where it does not or it cannot be told: 500 for one
// without http:// or https:// or without a host, 502 where it cannot resolve the
// host (ngx_http_proxy_eval, ngx_http_upstream_init_request).
func (m *Model) refusesTarget(s *Scope, pass Item, q *request) (status int, kind ReasonKind) {
	if protocol(pass) != "proxy" || !strings.Contains(pass.Arg(0), "$") {
		return 0, ""
	}
	v := m.eval(pass.Arg(0), q)
	if !v.known {
		return 0, ""
	}
	scheme, host, _ := splitURL(v.text)
	switch {
	case scheme == "":
		return 500, WebSocketScheme
	case host == "":
		return 500, UnreachableProxy
	case strings.HasPrefix(host, "unix:"), m.Upstream(host) != nil, net.ParseIP(strings.Trim(host, "[]")) != nil:
		return 0, ""
	}
	if resolver, _ := s.Effective("resolver"); len(resolver) > 0 {
		return 0, ""
	}
	return 502, MissingResolver
}

// judgeVersion judges proxy_http_version.
func (m *Model) judgeVersion(o *outcome, j *judgement) {
	version, item, gap := m.httpVersion(o.scope)
	if version == "1.1" || version == "" && gap == nil {
		return
	}
	r := Reason{Kind: MissingHTTPVersion, Items: itemList(item)}
	switch {
	case gap != nil:
		j.unsure("%s", gap.unread())
		return
	case item.Directive == nil && m.Outer != Main:
		r.Unless = m.unseen()
	}
	j.add(r)
}

// httpVersion returns the version of HTTP spoken to the upstream, "" for a value
// that nginx refuses, and the directive that sets it. A non-nil gap is a level
// where something unread may set another.
func (m *Model) httpVersion(s *Scope) (version string, item Item, gap *Scope) {
	item, level := s.effectiveOne("proxy_http_version")
	gap = s.gap(level, false)
	if item.Directive != nil {
		switch v := item.Arg(0); v {
		case "1.0", "1.1", "2":
			return v, item, gap
		}
		return "", item, gap
	}
	if m.Version.Before(1, 29, 7) {
		return "1.0", Item{}, gap
	}
	return "1.1", Item{}, gap
}

// unread says which include of the level was not followed.
func (s *Scope) unread() string {
	if len(s.Unread) == 0 {
		return "a file that was not read"
	}
	it := s.Unread[0]
	return fmt.Sprintf("include %s (%s) was not followed", it.Arg(0), place(it))
}

// unseen names the levels around a fragment.
func (m *Model) unseen() string {
	switch m.Outer {
	case HTTP:
		return "the http level was not seen"
	case Server:
		return "the server and http levels were not seen"
	default:
		return "the levels around this file were not seen"
	}
}

// header is how a header of the handshake arrives upstream.
type header struct {
	good   truth
	lines  []line // those that name it
	values []val
}

// arrival gathers the lines named name and says whether their values, joined as
// a list, hold token.
func (m *Model) arrival(lines []line, o *outcome, name, token string) header {
	h := header{good: no}
	for _, l := range lines {
		if !strings.EqualFold(l.name, name) {
			continue
		}
		v := m.sent(l, o.pass, o.q)
		h.lines = append(h.lines, l)
		h.values = append(h.values, v)
		switch v.hasToken(token) {
		case yes:
			h.good = yes
		case undecided:
			if h.good == no {
				h.good = undecided
			}
		case no:
		}
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
	if gap != nil && gap != level {
		// An include that was not read may hold a list of its own,
		// which would take the place of this one.
		j.unsure("%s", gap.unread())
		return
	}
	unless := ""
	if level == nil && m.Outer != Main && proto == "proxy" {
		unless = m.unseen()
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
	m.judgeHeader("Upgrade", upgrade, j, add)
	m.judgeHeader("Connection", connection, j, add)
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
	for _, it := range outer {
		if strings.EqualFold(it.Arg(0), h.lines[0].name) && m.eval(it.Arg(1), o.q).hasToken(token) != no {
			return it
		}
	}
	return Item{}
}

// judgeHeader adds the reason for which a header does not arrive.
func (m *Model) judgeHeader(name string, h header, j *judgement, add func(Reason)) {
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
			if defined, complete := m.DefinesVariable(v); !defined && complete {
				add(Reason{Kind: UndefinedVariable, Header: name, Items: []Item{l.item}})
				return
			} else if !defined {
				j.unsure("$%s is not defined in what was read", v)
				return
			}
		}
	}
	if h.good == undecided {
		for i, l := range h.lines {
			if !h.values[i].known {
				j.unsure("the value of %s for %s", l.expr, name)
			}
		}
		return
	}
	if name == "Connection" {
		for _, l := range h.lines {
			for _, v := range VariablesIn(l.expr) {
				if mp := m.vars.maps[v]; mp != nil && !m.vars.set[v] {
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
	for _, l := range lines {
		// A protocol that the client did not offer: a browser refuses the
		// answer (RFC 6455, 4.1).
		if l.item.Directive != nil && strings.EqualFold(l.name, "Sec-WebSocket-Protocol") && !hides(o.scope, proto, l.name) {
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
	for _, l := range lines {
		if l.item.Directive == nil || !strings.EqualFold(l.name, name) {
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
	return strings.EqualFold(strings.NewReplacer("{", "", "}", "").Replace(expr), "$http_sec_websocket_key")
}

// judgeHost judges the Host lines: a backend wants one that is not empty
// (RFC 9112, 3.2).
func (m *Model) judgeHost(o *outcome, j *judgement, proto string, lines []line, add func(Reason)) {
	var set, sent []Item
	for _, l := range lines {
		if l.item.Directive == nil || !strings.EqualFold(l.name, "Host") {
			continue
		}
		set = append(set, l.item)
		if v := m.sent(l, o.pass, o.q); v != emptyVal {
			sent = append(sent, l.item)
		}
	}
	switch {
	case len(set) == 0, proto == "proxy" && !m.Version.Before(1, 31, 4):
	case len(sent) == 0:
		add(Reason{Kind: LostHandshakeHeaders, Header: "Host", Items: set[:1]})
	case len(sent) > 1:
		add(Reason{Kind: DuplicateHost, Header: "Host", Items: sent})
	}
}

// judgeMethod judges proxy_method.
func (m *Model) judgeMethod(o *outcome, j *judgement) {
	item, _ := o.scope.effectiveOne("proxy_method")
	if item.Directive == nil {
		return
	}
	v := m.eval(item.Arg(0), o.q)
	switch {
	case v.known && v.text != "GET" || v.opaque:
		j.add(Reason{Kind: HandshakeMethod, Items: itemList(item)})
	case !v.known:
		j.unsure("the value of %s for proxy_method", item.Arg(0))
	}
}

// judgeResponse judges the headers of the 101 that reach the client: those
// hidden and not passed, each list inherited by itself
// (ngx_http_upstream_hide_headers_hash).
func (m *Model) judgeResponse(o *outcome, j *judgement, proto string) {
	hide, hideLevel := o.scope.Effective(proto + "_hide_header")
	if len(hide) == 0 {
		return
	}
	pass, _ := o.scope.Effective(proto + "_pass_header")
	for _, it := range hide {
		name := it.Arg(0)
		if !strings.EqualFold(name, "Upgrade") && !strings.EqualFold(name, "Sec-WebSocket-Accept") {
			continue
		}
		if slices.ContainsFunc(pass, func(p Item) bool { return strings.EqualFold(p.Arg(0), name) }) {
			continue
		}
		if gap := o.scope.gap(hideLevel, false); gap != nil {
			j.unsure("%s", gap.unread())
			continue
		}
		j.add(Reason{Kind: HiddenResponse, Header: name, Items: []Item{it}})
	}
}

// hides reports whether the header of the answer is kept from the client.
func hides(s *Scope, proto, name string) bool {
	named := func(it Item) bool { return strings.EqualFold(it.Arg(0), name) }
	hide, _ := s.Effective(proto + "_hide_header")
	pass, _ := s.Effective(proto + "_pass_header")
	return slices.ContainsFunc(hide, named) && !slices.ContainsFunc(pass, named)
}

// timeout returns a timeout directive in effect; 60s is the default of them all.
func (m *Model) timeout(s *Scope, name string) Timeout {
	item, level := s.effectiveOne(name)
	t := Timeout{Text: "60s", Item: item}
	if item.Directive != nil {
		t.Text = item.Arg(0)
	}
	t.Duration, t.Known = ParseTime(t.Text)
	if s.gap(level, false) != nil || level == nil && m.Outer != Main {
		t.Known = false
	}
	return t
}
