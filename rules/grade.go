package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// eachReason calls f for every route that is meant for WebSocket and broken for
// the pass's reason, with the severity that the evidence for both supports.
func (p *Pass) eachReason(f func(*effective.Route, *effective.Reason, Severity)) {
	for _, r := range p.intended() {
		for i := range r.Reasons {
			if reason := &r.Reasons[i]; reason.Kind == p.Rule.Reason {
				f(r, reason, p.grade(r, reason))
			}
		}
	}
}

// grade returns the severity of a finding about r, for a reason that may be nil.
func (p *Pass) grade(r *effective.Route, reason *effective.Reason) Severity {
	sev := p.Rule.Severity
	switch r.Intent {
	case effective.Likely:
		sev = min(sev, Warning)
	case effective.Inherited, effective.None:
		sev = min(sev, Info)
	case effective.Declared:
	}
	if reason != nil && reason.Unless != "" {
		sev = min(sev, p.unseenCap())
	}
	switch {
	case reason != nil && (half(r) || r.PlainPath):
		sev = min(sev, Warning)
	case r.PlainPath: // lines that were copied along
		sev = min(sev, Info)
	}
	return sev
}

// half reports whether the route has one of the two header lines and nothing
// else speaks for WebSocket: the other one is often missed where no handshake
// ever comes. A line with an empty value is none.
func half(r *effective.Route) bool {
	upgrade, connection := false, false
	for i := range r.Headers {
		h := &r.Headers[i]
		written := h.Item.Directive != nil && h.Value != ""
		upgrade = upgrade || written && strings.EqualFold(h.Name, "Upgrade")
		connection = connection || written && strings.EqualFold(h.Name, "Connection")
	}
	return !r.LikelyPath && upgrade != connection
}

// turnedAway reports whether no handshake gets as far as the route's upstream, or
// none that it takes, or all go to another: what would happen later does not
// matter then.
func turnedAway(r *effective.Route) bool {
	for _, kind := range [...]effective.ReasonKind{
		effective.UnreachableProxy, effective.RedirectedHandshake, effective.HandshakeMethod,
		effective.UnsupportedPass, effective.UnsupportedNginx,
	} {
		if r.Because(kind) != nil {
			return true
		}
	}
	return r.Elsewhere
}

// malformed reports whether the route's list has a line for the header with more
// or fewer than one value: nginx refuses it, and invalid-value says so.
func malformed(r *effective.Route, header string) bool {
	lines, _ := r.Scope.Effective("proxy_set_header")
	return slices.ContainsFunc(lines, func(it effective.Item) bool {
		name := it.Arg(0)
		if i := strings.IndexAny(name, "=:"); i > 0 { // Upgrade=$http_upgrade
			name = name[:i]
		}
		return len(it.Args) != 2 && strings.EqualFold(name, header)
	})
}

// unseenCap is the highest severity of what a level that was not seen, or not wholly,
// could undo: hardly anybody sets these things at the http level, many at the server's.
func (p *Pass) unseenCap() Severity {
	switch p.Model.Outer {
	case effective.Main, effective.HTTP:
		return Warning
	default:
		return Info
	}
}

// subject names the route's location for a message.
func subject(r *effective.Route) string {
	if r.Location == nil || r.Location.Block == nil {
		return fmt.Sprintf("%s %q", r.Pass.Head.Value, r.Pass.Arg(0))
	}
	return locationName(r.Location)
}

func locationName(s *effective.Scope) string {
	modifier, match := s.ModifierAndMatch()
	if modifier == "" {
		return fmt.Sprintf("location %q", match)
	}
	return fmt.Sprintf("location %s %q", modifier, match)
}

// levelName names a level for a message: the server, a location.
func levelName(s *effective.Scope) string {
	switch s.Kind {
	case effective.Location:
		if s.Block != nil {
			return locationName(s)
		}
		return "this level"
	case effective.Server:
		return "the server"
	case effective.HTTP:
		return "the http block"
	default:
		return "an outer level"
	}
}

// headSpan is a directive without its block or semicolon.
func headSpan(d *parser.Directive) parser.Span {
	span := d.Head.Span
	if n := len(d.Args); n > 0 {
		span.End = d.Args[n-1].Span.End
	}
	return span
}

// atRoute starts a finding that points at the route's location, or at its pass
// where the location was not seen.
func atRoute(r *effective.Route, sev Severity, msg string) Finding {
	if r.Location == nil || r.Location.Block == nil {
		return atItem(r.Pass, r, sev, msg)
	}
	d := r.Location.Block
	return Finding{
		Severity: sev, Message: msg, File: d.File, Span: headSpan(d),
		Via: r.Location.Via, Routes: []*effective.Route{r},
	}
}

// atItem starts a finding that points at a directive.
func atItem(it effective.Item, r *effective.Route, sev Severity, msg string) Finding {
	f := Finding{Severity: sev, Message: msg, File: it.File, Span: headSpan(it.Directive), Via: it.Via}
	if r != nil {
		f.Routes = []*effective.Route{r}
	}
	return f
}

// at points at the first of the items where it stands at the route's own level,
// and at the route otherwise, relating the items.
func at(r *effective.Route, items []effective.Item, sev Severity, msg, related string) Finding {
	s := target(r)
	if len(items) > 0 && s != nil {
		for _, it := range s.Own(items[0].Head.Value) {
			if it.Directive == items[0].Directive {
				return atItem(it, r, sev, msg)
			}
		}
	}
	f := atRoute(r, sev, msg)
	if says, ok := strings.CutPrefix(msg, subject(r)+" "); ok && len(items) > 0 {
		f.shared = outerLine(r, items[0], says)
	}
	for _, it := range items {
		f.Related = append(f.Related, Place{it.File, headSpan(it.Directive), related})
	}
	return f
}

// meantBy relates what says in another server that r is meant for WebSocket.
func meantBy(r *effective.Route) []Place {
	switch it := r.MeantBy; {
	case it.Directive == nil:
		return nil
	case it.IsBlock():
		return []Place{{it.File, headSpan(it.Directive), "its requests go on to this location, which is meant for WebSocket"}}
	default:
		return []Place{{it.File, headSpan(it.Directive), "WebSocket requests come to it from here"}}
	}
}

// unless appends what could undo the reason, and what more could: in one bracket,
// which reports tell from the sentence.
func unless(msg string, reason *effective.Reason, more ...string) string {
	if reason != nil && reason.Unless != "" {
		more = append([]string{reason.Unless + " and could set it"}, more...)
	}
	if len(more) == 0 {
		return msg
	}
	return msg + " (" + strings.Join(more, ", and ") + ")"
}

// listed joins words: `a`, `a and b`, `a, b and c`.
func listed(words []string) string {
	n := len(words)
	if n < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
}

// handshakeFix returns the fix of what keeps a handshake from r. Where nothing
// but an outer level's lines speaks for WebSocket the user has to ask for it: a
// server's lines reach all of its locations, and few of them are meant.
func handshakeFix(r *effective.Route, unsafe bool, message string, edits []Edit, ok bool) *Fix {
	return fixOf(safety(unsafe || r.Intent == effective.Inherited), message, edits, ok)
}

// fixOf returns a fix, or nil where nothing was planned.
func fixOf(s Safety, message string, edits []Edit, ok bool) *Fix {
	if !ok || len(edits) == 0 {
		return nil
	}
	return &Fix{Safety: s, Message: message, Edits: edits}
}
