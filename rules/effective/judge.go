package effective

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
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

// judge says in j how a handshake that was followed to o ends.
func (m *Model) judge(o *outcome, j *judgement) {
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
		at := o.item
		if at.Directive == nil && o.by.Directive != nil && (o.by.Is("try_files") || o.by.Is("rewrite")) {
			at = o.by // what led away from the pass
		}
		j.add(Reason{Kind: UnreachableProxy, Items: itemList(at)})
	case lost:
		j.unsure("%s", o.why)
	}
}

// judgeAway judges a handshake that another route passes on: how it fails is that
// route's to say.
func (m *Model) judgeAway(o *outcome, j *judgement) {
	there := *o
	there.away = false
	other := &judgement{}
	m.judge(&there, other)
	switch other.verdict() {
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
	m.judgeMore(o, j)
	var zero []Item
	if t := m.timeout(o.scope, proto+"_read_timeout"); t.Known && t.Duration == 0 {
		zero = append(zero, t.Item)
	}
	if t := m.timeout(o.scope, proto+"_connect_timeout"); t.Known && t.Duration == 0 && m.waitsToConnect(o) {
		zero = append(zero, t.Item)
	}
	if zero != nil {
		j.add(Reason{Kind: ZeroTimeout, Items: zero})
	}
}

// waitsToConnect reports whether nginx waits for the connection to the upstream of
// a pass, with a timer: over TCP it always does, and where a server is a unix
// socket the connection stands at once (ngx_http_upstream_connect).
func (m *Model) waitsToConnect(o *outcome) bool {
	url := o.pass.Arg(0)
	if strings.Contains(url, "$") {
		v := m.eval(url, o.q)
		if !v.known {
			return false
		}
		url = v.text
	}
	if protocol(o.pass) != "proxy" {
		url = "http://" + url
	}
	_, host, _ := splitURL(url)
	if host == "" || strings.HasPrefix(host, "unix:") {
		return false
	}
	up := m.Upstream(host)
	if up == nil {
		return true
	}
	for _, it := range up.Own("server") {
		if hasPrefixFold(it.Arg(0), "unix:") {
			return false
		}
	}
	return true
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
		if why := m.unresolved(o); why != "" {
			j.unsure("%s", why)
		}
	case kind != MissingResolver:
		j.add(Reason{Kind: kind, Items: itemList(o.pass)})
	case o.scope.gap(nil, true) != nil:
		j.unsure("%s", o.scope.gap(nil, true).unread())
	case m.Outer != Main && !strings.Contains(m.eval(o.pass.Arg(0), o.q).text, "."):
		j.unsure("%s", m.unseen()) // a name without a dot may well be an upstream there
	case m.Outer != Main:
		j.add(Reason{Kind: kind, Items: itemList(o.pass), Unless: m.unseen()})
	default:
		j.add(Reason{Kind: kind, Items: itemList(o.pass)})
	}
}

// refusesTarget returns the status with which nginx refuses the URL that a
// variable makes for pass, 0 where it does not or it cannot be told: 500 for one
// without http:// or https:// or without a host, 502 where it cannot resolve the
// host (ngx_http_proxy_eval, ngx_http_upstream_init_request). memcached_pass wants a
// key, and is refused with 500 without one.
func (m *Model) refusesTarget(s *Scope, pass Item, q *request) (status int, kind ReasonKind) {
	if protocol(pass) == "memcached" {
		// ngx_http_memcached_create_key: no key, no request.
		if v := m.eval("$memcached_key", q); v.known && v.text == "" {
			return 500, UnreachableProxy
		}
	}
	if protocol(pass) != "proxy" || !strings.Contains(pass.Arg(0), "$") {
		return 0, ""
	}
	v := m.target(pass.Arg(0), q)
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

// mayResolve reports whether a level that was not read could hold the resolver, or
// the upstream of that name, that nginx finds the host of a proxy_pass with.
func (m *Model) mayResolve(s *Scope) bool {
	return m.Outer != Main || s.gap(nil, true) != nil
}

// judgeVersion judges proxy_http_version.
func (m *Model) judgeVersion(o *outcome, j *judgement) {
	version, item, gap := m.httpVersion(o.scope)
	if version == filledVersion {
		j.unsure("proxy_http_version depends on the template (%s)", place(item))
		return
	}
	if version == "1.1" || version == "" && gap == nil {
		return
	}
	r := Reason{Kind: MissingHTTPVersion, Items: itemList(item)}
	switch {
	case gap != nil && (item.Directive != nil || !gap.LacksSites()):
		j.unsure("%s", gap.unread())
		return
	case gap != nil:
		r.Unless = gap.Lacking()
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
		outer := ""
		if level.Parent != nil && level.Sometimes(item) {
			outer, _, _ = m.httpVersion(level.Parent)
		}
		v, sure := level.agree("proxy_http_version", outer)
		if !sure || parser.HoldsTag(v) || parser.InCapitals(v) {
			return filledVersion, item, gap
		}
		switch v {
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
	if s.errorAt != "" {
		return "nginx stops reading at " + s.errorAt + ", before the end of this block"
	}
	if len(s.Unread) == 0 && s.tag != "" {
		return "a tag of the template may stand for more lines (" + s.tag + ")"
	}
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

// judgeMethod judges proxy_method.
func (m *Model) judgeMethod(o *outcome, j *judgement) {
	item, level := o.scope.effectiveOne("proxy_method")
	if item.Directive == nil {
		return
	}
	if level.Sometimes(item) {
		j.unsure("proxy_method depends on the template (%s)", place(item))
		return
	}
	if len(item.Args) != 1 {
		return // nginx refuses it, which invalid-value tells
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
		if hideLevel.Sometimes(it) {
			j.unsure("whether %s is hidden depends on the template (%s)", name, place(it))
			continue
		}
		j.add(Reason{Kind: HiddenResponse, Header: name, Items: []Item{it}})
	}
}

// judgeMore says so where the headers-more module takes a header of the handshake
// away or writes one: what it does depends on statuses and types, and is not
// worked out here.
func (m *Model) judgeMore(o *outcome, j *judgement) {
	for _, name := range m.moreUsed {
		items, _ := o.scope.Effective(name)
		for _, it := range items {
			for _, a := range it.Args {
				header, _, _ := strings.Cut(a.Value, ":")
				switch strings.ToLower(strings.TrimSpace(header)) {
				case "upgrade", "connection", "host", "sec-websocket-accept", "sec-websocket-key", "sec-websocket-version":
					j.unsure("what %s does to %s (%s)", name, strings.TrimSpace(header), place(it))
				}
			}
		}
	}
}

var moreDirectives = [...]string{"more_clear_headers", "more_set_headers", "more_clear_input_headers", "more_set_input_headers"}

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
	if s.gap(level, false) != nil || level == nil && m.Outer != Main || level.Sometimes(item) {
		t.Known = false
	}
	return t
}
