package effective

import (
	"fmt"
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
		j.add(Reason{Kind: UnreachableProxy, Items: itemList(o.by), away: true})
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
	if down := m.allDown(o); down.Directive != nil {
		j.add(Reason{Kind: UnreachableProxy, Items: itemList(down)})
	}
	if name := m.crowded(m.lines(o.scope, o.pass)); name != "" && !(o.q.traced && o.fits) {
		j.unsure("whether a capture in a header line is as long as those of the map for $%s, which take its place", name)
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
				header = strings.TrimSpace(header)
				if slices.ContainsFunc(lostByMore[:], func(name string) bool { return matchesMore(header, name) }) {
					j.unsure("what %s does to %s (%s)", name, header, place(it))
				}
			}
		}
	}
}

// lostByMore are the headers that a handshake cannot lose.
var lostByMore = [...]string{"Upgrade", "Connection", "Host", "Sec-WebSocket-Accept", "Sec-WebSocket-Key", "Sec-WebSocket-Version"}

// matchesMore reports whether a header is named by what headers-more is given: a name,
// or one that ends in '*'.
func matchesMore(given, name string) bool {
	if start, ok := strings.CutSuffix(given, "*"); ok {
		return hasPrefixFold(name, start)
	}
	return strings.EqualFold(given, name)
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
