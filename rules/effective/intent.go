package effective

import (
	"fmt"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

// intentions decides what the routes of a model are meant for. Every decision
// is taken here and comes with a sentence that says why.
type intentions struct {
	m     *Model
	opts  Options
	marks map[*parser.File][]mark
}

// mark is a "# wsnginx:websocket" or "# wsnginx:not-websocket" comment.
type mark struct {
	line      int
	offset    int
	websocket bool
}

func newIntentions(m *Model, opts Options) *intentions {
	return &intentions{m, opts, make(map[*parser.File][]mark)}
}

// decide sets the intent of r. What speaks loudest decides: a comment, a flag,
// the location's own header lines, outer header lines together with the path,
// the path alone, outer header lines alone.
func (in *intentions) decide(r *Route) {
	words := pathWords(r)
	r.LikelyPath = words.likely != ""
	r.Polling = words.polling
	r.Pings = words.pings
	r.HandshakeOnly = words.only && !r.catchAll() && !hasLocations(r.own())
	r.Intent, r.IntentWhy = in.of(r, words)
}

func (in *intentions) of(r *Route, words pathSigns) (Intent, string) {
	if m, ok := in.markOn(r); ok {
		if m.websocket {
			return Declared, fmt.Sprintf("a comment on line %d says so", m.line)
		}
		return None, fmt.Sprintf("a comment on line %d says that it is not", m.line)
	}
	if p, ok := matchAny(in.opts.NotWebSocket, r.Location); ok {
		return None, fmt.Sprintf("it matches --not-websocket %s", p)
	}
	if p, ok := matchAny(in.opts.WebSocket, r.Location); ok {
		return Declared, fmt.Sprintf("it matches --websocket %s", p)
	}
	if it := in.handshakeLine(r.own()); it.Directive != nil {
		if deny := deniesGet(r.own()); deny.Directive != nil && it.Via != r.own().Via {
			// A snippet for all locations, in one that takes no GET.
			return None, fmt.Sprintf("limit_except refuses GET (%s), and the WebSocket lines come from an included file", place(deny))
		}
		return Declared, fmt.Sprintf("the location itself sets %s (%s)", it.Arg(0), place(it))
	}
	if it := in.upgradeCondition(r); it.Directive != nil {
		return Declared, fmt.Sprintf("%s decides on $http_upgrade (%s)", it.Head.Value, place(it))
	}
	outer := in.outerLine(r)
	switch {
	case outer.Directive != nil && r.catchAll():
		return Declared, fmt.Sprintf("an outer level sets %s (%s) and this is the server's catch-all", outer.Arg(0), place(outer))
	case outer.Directive != nil && words.likely != "":
		return Declared, fmt.Sprintf("an outer level sets %s (%s) and %q is a usual WebSocket path", outer.Arg(0), place(outer), words.likely)
	case words.likely != "":
		return Likely, fmt.Sprintf("%q is a usual WebSocket path", words.likely)
	case outer.Directive != nil && clears(r.own()).Directive != nil:
		return None, fmt.Sprintf("the location itself clears Upgrade (%s)", place(clears(r.own())))
	case outer.Directive != nil:
		return Inherited, fmt.Sprintf("only an outer level sets %s (%s)", outer.Arg(0), place(outer))
	}
	return None, "nothing says that it carries WebSocket"
}

// hasLocations reports whether locations stand inside s: they inherit what is
// written there, and may serve anything.
func hasLocations(s *Scope) bool {
	for i := range s.Items {
		if c := s.Items[i].Scope; c != nil && c.Kind == Location {
			return true
		}
	}
	return false
}

// deniesGet returns the deny of a limit_except in s that refuses every GET.
func deniesGet(s *Scope) Item {
	for i := range s.Items {
		if le := s.Items[i].Scope; le != nil && le.Kind == LimitExcept && limitsGet(le) {
			return denies(le)
		}
	}
	return Item{}
}

// own returns the level that holds r's header lines: the location around an if
// or limit_except.
func (r *Route) own() *Scope {
	s := r.Scope
	for s.Kind == If || s.Kind == LimitExcept {
		s = s.Parent
	}
	return s
}

// catchAll reports whether r answers what no other location does.
func (r *Route) catchAll() bool {
	if r.Location == nil {
		return false
	}
	modifier, match := r.Location.ModifierAndMatch()
	return modifier != "=" && match == "/"
}

// handshakeLine returns a line directly in s that only a WebSocket needs: an
// Upgrade that is not empty, or a Connection that says upgrade for a handshake.
func (in *intentions) handshakeLine(s *Scope) Item {
	for _, it := range s.Own("proxy_set_header") {
		if in.speaks(it) {
			return it
		}
	}
	return Item{}
}

func (in *intentions) speaks(it Item) bool {
	switch value := it.Arg(1); {
	case strings.EqualFold(it.Arg(0), "Upgrade"):
		return value != ""
	case strings.EqualFold(it.Arg(0), "Connection"):
		if strings.IndexByte(value, '$') < 0 {
			return HasToken(value, "upgrade")
		}
		for _, v := range VariablesIn(value) {
			if strings.Contains(v, "upgrade") { // $connection_upgrade, whether or not its map is in sight
				return true
			}
			if v == "http_connection" { // what a proxy passes on, WebSocket or not
				return false
			}
		}
		return in.m.eval(value, &request{kind: Handshake, host: opaqueHost, header: opaqueHost}).hasToken("upgrade") == yes
	}
	return false
}

// clears returns a line directly in s that takes Upgrade away: what an outer
// level says for all of its locations is not meant for this one.
func clears(s *Scope) Item {
	for _, it := range s.Own("proxy_set_header") {
		if strings.EqualFold(it.Arg(0), "Upgrade") && len(it.Args) == 2 && it.Arg(1) == "" {
			return it
		}
	}
	return Item{}
}

// outerLine is handshakeLine for the levels around r's location, whether or not
// their list is inherited.
func (in *intentions) outerLine(r *Route) Item {
	for at := r.own().Parent; at != nil; at = at.Parent {
		if it := in.handshakeLine(at); it.Directive != nil {
			return it
		}
	}
	return Item{}
}

// upgradeCondition returns the if around r's pass that tests $http_upgrade, or
// the pass itself where a map of $http_upgrade picks its upstream.
func (in *intentions) upgradeCondition(r *Route) Item {
	if r.Scope.Kind == If {
		for _, a := range r.Scope.Block.Args {
			if strings.Contains(strings.ToLower(a.Value), "$http_upgrade") {
				return Item{Directive: r.Scope.Block, Via: r.Scope.Via}
			}
		}
	}
	for _, v := range VariablesIn(r.Pass.Arg(0)) {
		if mp := in.m.vars.maps[v]; mp != nil && strings.Contains(strings.ToLower(mp.source), "http_upgrade") {
			return r.Pass
		}
	}
	return Item{}
}

// markOn returns the comment that speaks of r's location: on the line before the
// block, on its first line, or inside it and in no block further in.
func (in *intentions) markOn(r *Route) (mark, bool) {
	if r.Location == nil {
		return mark{}, false
	}
	b := r.Location.Block
	marks, ok := in.marks[b.File]
	if !ok {
		marks = marksIn(b.File)
		in.marks[b.File] = marks
	}
	if len(marks) == 0 {
		return mark{}, false
	}
	line := b.File.Position(b.Span.Start).Line
	for _, m := range marks {
		if m.line == line || m.line == line-1 && !codeOn(b.File, m) {
			return m, true
		}
		if !b.Body.Contains(m.offset) {
			continue
		}
		inner := false
		for _, c := range b.Children {
			first := c.File.Position(c.Span.Start).Line
			inner = inner || c.Is("location") && (c.Span.Contains(m.offset) || m.line == first-1 && !codeOn(b.File, m))
		}
		if !inner {
			return m, true
		}
	}
	return mark{}, false
}

// codeOn reports whether something other than the comment stands on its line.
func codeOn(f *parser.File, m mark) bool {
	_, start := f.Line(m.line)
	return strings.TrimSpace(f.Src[start:m.offset]) != ""
}

func marksIn(f *parser.File) []mark {
	var marks []mark
	for _, c := range f.Comments {
		body, ok := strings.CutPrefix(strings.TrimSpace(strings.TrimLeft(f.Src[c.Start:c.End], "#")), "wsnginx:")
		if !ok {
			continue
		}
		word, _, _ := strings.Cut(body, " ")
		if word == "websocket" || word == "not-websocket" {
			marks = append(marks, mark{f.Position(c.Start).Line, c.Start, word == "websocket"})
		}
	}
	return marks
}

// matchAny returns the first pattern that matches the location: "*" stands for
// any characters, "?" for one.
func matchAny(patterns []string, loc *Scope) (string, bool) {
	if len(patterns) == 0 {
		return "", false
	}
	modifier, match := "", ""
	if loc != nil {
		modifier, match = loc.ModifierAndMatch()
	}
	for _, p := range patterns {
		if wildcard(p, match) || modifier != "" && (wildcard(p, modifier+match) || wildcard(p, modifier+" "+match)) {
			return p, true
		}
	}
	return "", false
}

// wildcard reports whether s matches the pattern p.
func wildcard(p, s string) bool {
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(s) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == s[j]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}
