package effective

import (
	"fmt"
	"path"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

// intentions decides what the routes of a model are meant for. Every decision
// is taken here and comes with a sentence that says why.
type intentions struct {
	m       *Model
	opts    Options
	marks   map[*parser.File][]mark
	callers map[*Scope]*callers
	signs   map[string]pathSigns  // of the locations' paths
	shared  map[*parser.File]bool // files that most locations include
	// served are the paths of each server's locations, regular expressions
	// aside, that have lines of their own.
	served map[*VirtualServer]map[string]bool
	spoken map[*VirtualServer][]*Route // with lines of their own
}

func newIntentions(m *Model, opts Options) *intentions {
	return &intentions{m: m, opts: opts, marks: make(map[*parser.File][]mark), callers: make(map[*Scope]*callers), signs: make(map[string]pathSigns), served: make(map[*VirtualServer]map[string]bool)}
}

// sign is what decided the intent of a route. The order is the order in which
// they are asked: what speaks loudest decides.
type sign uint8

const (
	byComment sign = iota
	byFlag
	bySubrequest
	byFile
	byOwnLine
	byRefusedGet
	byCondition
	byHandOver
	byOuterPlain
	byOuterCatchAll
	byOuterPath
	byPath
	byHandOverPath
	byScheme
	byOuterLine
	byFront // these two in chain.go
	byBack
	byNothing
	signs
)

// decision is the intent of a route, what decided it, and the sentence.
type decision struct {
	intent Intent
	sign   sign
	why    string
}

// NothingSays is the IntentWhy of a route that no sign speaks for or against.
const NothingSays = "nothing says that it carries WebSocket"

// decide sets the intent of r.
func (in *intentions) decide(r *Route) {
	words := in.pathWords(r)
	d := in.of(r, words)
	r.Intent, r.IntentWhy, r.sign = d.intent, d.why, d.sign
	r.LikelyPath, r.PlainPath = words.likely != "", words.plain != ""
	r.Polling = words.polling
	r.Pings = words.pings
	r.HandshakeOnly = (words.only || refusesOrdinary(r.own())) && !r.catchAll() && !hasLocations(r.own())
}

func (in *intentions) of(r *Route, words pathSigns) decision {
	if m, ok := in.markOn(r); ok {
		if m.websocket {
			return decision{Declared, byComment, fmt.Sprintf("a comment on line %d says so", m.line)}
		}
		return decision{None, byComment, fmt.Sprintf("a comment on line %d says that it is not", m.line)}
	}
	if p, ok := matchAny(in.opts.NotWebSocket, r.Location); ok {
		return decision{None, byFlag, fmt.Sprintf("it matches --not-websocket %s", p)}
	}
	if p, ok := matchAny(in.opts.WebSocket, r.Location); ok {
		return decision{Declared, byFlag, fmt.Sprintf("it matches --websocket %s", p)}
	}
	if it := in.callersOf(r).subrequests[matchOf(r.Location)]; it.Directive != nil {
		return decision{None, bySubrequest, fmt.Sprintf("%s sends copies of requests here (%s), never a handshake", it.Head.Value, place(it))}
	}
	if it := in.noClients(r, words); it.Directive != nil {
		return decision{None, bySubrequest, fmt.Sprintf("it is internal (%s), and nothing leads a handshake to it", place(it))}
	}

	own := in.ownLine(r.own())
	included := own.Directive != nil && own.Via != r.own().Via
	if included {
		if deny := deniesGet(r.own()); deny.Directive != nil {
			return decision{None, byRefusedGet, fmt.Sprintf("limit_except refuses GET (%s), and the WebSocket lines come from an included file", place(deny))}
		}
	}
	if file := fileOf(r.Location); own.Directive != nil && file != "" {
		return decision{None, byFile, fmt.Sprintf("%q is a file that is fetched, though %s is set (%s)", file, own.Arg(0), place(own))}
	}
	if own.Directive != nil && !(included && in.isShared(own.File)) {
		return decision{Declared, byOwnLine, "the location itself sets " + own.Arg(0) + " (" + place(own) + ")"}
	}
	if it, why := in.condition(r); it.Directive != nil {
		return decision{Declared, byCondition, fmt.Sprintf("%s (%s)", why, place(it))}
	}
	by := in.callersOf(r).handOvers[matchOf(r.Location)]
	for _, c := range by {
		if it := in.ownLine(c.from); it.Directive != nil {
			return decision{Declared, byHandOver, fmt.Sprintf("the location that hands over to it (%s) sets %s", place(c.by), it.Arg(0))}
		}
	}

	outer, says := in.outerLine(r), "an outer level sets"
	if own.Directive != nil {
		outer, says = own, "a file that most locations include sets"
	}
	lines := fmt.Sprintf("%s %s", says, outerName(outer))
	switch {
	case outer.Directive != nil && words.plain != "":
		return decision{None, byOuterPlain, fmt.Sprintf("only %s, and %q is not a WebSocket path", lines, words.plain)}
	case outer.Directive != nil && own.Directive == nil && r.catchAll() && len(r.own().Own("proxy_set_header")) > 0 && in.spokenFor(r):
		return decision{Inherited, byOuterLine, fmt.Sprintf("only %s, and another location has lines for the same upstream", lines)}
	case outer.Directive != nil && r.catchAll():
		return decision{Declared, byOuterCatchAll, lines + " and this is the server's catch-all"}
	case outer.Directive != nil && words.likely != "":
		return decision{Declared, byOuterPath, fmt.Sprintf("%s and %q is a usual WebSocket path", lines, words.likely)}
	case words.likely != "" && words.about != "" && in.spokenBeside(r):
		return decision{None, byNothing, fmt.Sprintf("%q stands before the socket's word, and the server's sockets have their lines in other locations", words.about)}
	case words.likely != "" && words.polling && in.transportBeside(r):
		return decision{None, byNothing, fmt.Sprintf("%q polls, and the WebSocket below it has its lines in another location", words.likely)}
	case words.likely != "" && words.behind && in.socketBelow(r):
		return decision{None, byNothing, fmt.Sprintf("%q serves pages too, and the WebSocket below this location has its lines in another one", words.likely)}
	case words.likely != "" && in.servedBeside(r):
		return decision{None, byNothing, fmt.Sprintf("%q is the path of another location, and that one has the lines", words.likely)}
	case words.likely != "" && words.from.Directive != nil:
		return decision{Likely, byHandOverPath, fmt.Sprintf("%q hands over to it (%s) and is a usual WebSocket path", words.likely, place(words.from))}
	case words.likely != "":
		return decision{Likely, byPath, fmt.Sprintf("%q is a usual WebSocket path", words.likely)}
	case hasPrefixFold(r.Pass.Arg(0), "ws://"), hasPrefixFold(r.Pass.Arg(0), "wss://"):
		return decision{Likely, byScheme, fmt.Sprintf("%q is the address of a WebSocket", r.Pass.Arg(0))}
	case outer.Directive != nil:
		return decision{Inherited, byOuterLine, "only " + lines}
	}
	return decision{None, byNothing, NothingSays}
}

func outerName(it Item) string {
	if it.Directive == nil {
		return ""
	}
	return fmt.Sprintf("%s (%s)", it.Arg(0), place(it))
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
	switch modifier, match := r.Location.ModifierAndMatch(); modifier {
	case "~", "~*":
		switch strings.Trim(match, "^$()") {
		case "", "/", ".*", "/.*", ".+", "/?.*":
			return true
		}
		return strings.Trim(match, "^$") == "/(.*)"
	default:
		return modifier != "=" && match == "/"
	}
}

// ownLine returns a line of s that only a WebSocket needs, one written in the
// block itself before one of an included file.
func (in *intentions) ownLine(s *Scope) Item {
	var own, included Item
	s.each("proxy_set_header", func(it *Item) bool {
		switch {
		case !in.speaks(it):
		case it.Via == s.Via:
			own = *it
			return false
		case included.Directive == nil:
			included = *it
		}
		return true
	})
	if own.Directive != nil {
		return own
	}
	return included
}

// speaks reports whether a header line is one that only a WebSocket needs: an
// Upgrade that is not empty, a Connection that says upgrade for a handshake, or
// one of the handshake's own.
func (in *intentions) speaks(it *Item) bool {
	name, value := strings.TrimSuffix(it.Arg(0), ":"), it.Arg(1)
	switch {
	case strings.EqualFold(name, "Upgrade"):
		return value != ""
	case hasPrefixFold(name, "Sec-WebSocket-"):
		return strings.Contains(value, "$")
	case strings.EqualFold(name, "Connection"):
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

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// outerLine is ownLine for the levels around r's location, whether or not their
// list is inherited. proxy_set_header says nothing of another protocol's pass.
func (in *intentions) outerLine(r *Route) Item {
	if protocol(r.Pass) != "proxy" {
		return Item{}
	}
	for at := r.own().Parent; at != nil; at = at.Parent {
		if it := in.ownLine(at); it.Directive != nil {
			return it
		}
	}
	return Item{}
}

// isShared reports whether a file is one that at least three locations, and
// most of those that proxy, include: its lines then say what the site does
// everywhere, and nothing of one location. A file that is named for WebSocket
// is included for its sake.
func (in *intentions) isShared(f *parser.File) bool {
	if in.shared == nil {
		in.shared = in.sharedFiles()
	}
	return in.shared[f]
}

func (in *intentions) sharedFiles() map[*parser.File]bool {
	total, seen, count := 0, map[*Scope]bool{}, map[*parser.File]int{}
	for _, r := range in.m.Routes {
		s := r.own()
		if s.Kind != Location || seen[s] || protocol(r.Pass) != "proxy" {
			continue
		}
		seen[s] = true
		total++
		files := map[*parser.File]bool{}
		for i := range s.Items {
			if it := s.Items[i]; it.Via != s.Via && !files[it.File] {
				files[it.File] = true
				count[it.File]++
			}
		}
	}
	shared := map[*parser.File]bool{}
	for f, n := range count {
		shared[f] = n >= 3 && 2*n > total && !namedForWebSocket(f.Name)
	}
	return shared
}

// namedForWebSocket reports whether a file's name says WebSocket.
func namedForWebSocket(name string) bool {
	name = strings.ToLower(path.Base(strings.ReplaceAll(name, `\`, "/")))
	if strings.Contains(name, "websocket") || strings.Contains(name, "upgrade") || strings.Contains(name, "socket") {
		return true
	}
	return hasPiece(name, "ws", "wss")
}

// condition returns the directive that makes r depend on $http_upgrade, and how:
// the if around its pass, one that refuses everything else, a map that picks the
// upstream, or a try_files or return that leads handshakes here.
func (in *intentions) condition(r *Route) (Item, string) {
	if r.Scope.Kind == If && testsUpgrade(r.Scope) {
		return Item{Directive: r.Scope.Block, Via: r.Scope.Via}, r.Scope.Block.Head.Value + " decides on $http_upgrade"
	}
	if s := r.own(); refusesOrdinary(s) {
		for i := range s.Items {
			if c := s.Items[i].Scope; c != nil && c.Kind == If && testsUpgrade(c) {
				return s.Items[i], "an if refuses what asks for no upgrade"
			}
		}
	}
	for _, v := range VariablesIn(r.Pass.Arg(0)) {
		if mp := in.m.vars.maps[v]; mp != nil && strings.Contains(strings.ToLower(mp.source), "http_upgrade") {
			return r.Pass, r.Pass.Head.Value + " decides on $http_upgrade"
		}
	}
	for _, c := range in.callersOf(r).handOvers[matchOf(r.Location)] {
		if c.onUpgrade {
			return c.by, c.by.Head.Value + " leads handshakes here"
		}
	}
	return Item{}, ""
}

// testsUpgrade reports whether an if block tests $http_upgrade.
func testsUpgrade(s *Scope) bool {
	for _, a := range s.Block.Args {
		if strings.Contains(strings.ToLower(a.Value), "$http_upgrade") {
			return true
		}
	}
	return false
}

// refusesOrdinary reports whether an if in s answers by itself what asks for no
// upgrade: if ($http_upgrade != "websocket") { return 404; }.
func refusesOrdinary(s *Scope) bool {
	for i := range s.Items {
		c := s.Items[i].Scope
		if c != nil && c.Kind == If && testsUpgrade(c) && c.first("return") != nil && negatedTest(c) {
			return true
		}
	}
	return false
}

// negatedTest reports whether an if on $http_upgrade holds for requests that ask
// for no upgrade: != "websocket", !~* websocket, = "".
func negatedTest(s *Scope) bool {
	words := conditionWords(Item{Directive: s.Block})
	if len(words) < 2 {
		return false
	}
	return strings.HasPrefix(words[1], "!") || words[1] == "=" && (len(words) == 2 || words[2] == "")
}
