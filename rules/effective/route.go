package effective

import (
	"time"

	"github.com/wsnginx/wsnginx/parser"
)

// Verdict is what happens to a WebSocket handshake sent to a route.
type Verdict string

// The verdicts.
const (
	Works   Verdict = "works"   // 101 for both forms of Connection that browsers send
	Broken  Verdict = "broken"  // the Reasons say why
	Unknown Verdict = "unknown" // it depends on something that is not in the configuration read
)

// Intent is whether a route is meant for WebSocket.
type Intent string

// The intents, from strongest to weakest.
const (
	Declared  Intent = "declared"
	Likely    Intent = "likely"
	Inherited Intent = "inherited"
	None      Intent = "none"
)

// ReasonKind is one way in which a handshake fails. Its text is the name of the
// rule that speaks for it.
type ReasonKind string

// The ways a handshake fails.
const (
	MissingHTTPVersion   ReasonKind = "missing-http-version"
	MissingUpgrade       ReasonKind = "missing-upgrade-header"
	MissingConnection    ReasonKind = "missing-connection-header"
	DroppedHeaders       ReasonKind = "dropped-websocket-headers"
	WrongMap             ReasonKind = "wrong-connection-map"
	LostHandshakeHeaders ReasonKind = "lost-handshake-headers"
	HiddenResponse       ReasonKind = "hidden-handshake-response"
	HandshakeMethod      ReasonKind = "handshake-method"
	RedirectedHandshake  ReasonKind = "redirected-handshake"
	UnsupportedPass      ReasonKind = "unsupported-pass"
	UnreachableProxy     ReasonKind = "unreachable-proxy"
	MissingResolver      ReasonKind = "missing-resolver"
	UnsupportedNginx     ReasonKind = "unsupported-nginx"
	PlainHTTP2Listener   ReasonKind = "plain-http2-listener"
	WebSocketScheme      ReasonKind = "websocket-scheme"
	ZeroTimeout          ReasonKind = "short-read-timeout"
	DuplicateHost        ReasonKind = "duplicate-header"
	UndefinedVariable    ReasonKind = "undefined-connection-variable"
)

// Reason is one cause of a broken handshake, with the directives that make it.
type Reason struct {
	Kind   ReasonKind
	Header string // the header concerned, as nginx's tables spell it; "" where none is
	Items  []Item // the directives that cause it; empty where a default does
	// Unless is set where a level that was not read could undo the cause:
	// what that level is, in words ("the http level"). Such a reason does
	// not make the verdict broken.
	Unless string
	// away is set where the handshake leaves the route for one that is broken: it
	// counts where nothing is wrong with the route itself.
	away bool
}

// Value is what an expression evaluates to for one kind of request.
type Value struct {
	Known bool
	Text  string // "" and Known: the line is not sent
}

// Request is a kind of request that a route is judged for.
type Request uint8

// The requests.
const (
	Handshake          Request = iota // Connection: Upgrade
	HandshakeKeepAlive                // Connection: keep-alive, Upgrade
	Ordinary                          // a plain GET without either header
	requests
)

// Header is one header line of the request that the upstream receives.
type Header struct {
	Name  string          // as configured, or as the client or nginx writes it
	Value string          // the configured value; for a default, nginx's
	Sent  [requests]Value // by Request
	Item  Item            // the line that sets it; zero where it is nginx's default
}

// Route is a scope that passes requests on to an upstream.
type Route struct {
	Model    *Model
	Server   *VirtualServer // nil in a fragment without one
	Location *Scope         // the innermost location; nil in a fragment without one
	Scope    *Scope         // the block that holds Pass, or inherits it: Location, an If or a LimitExcept in it
	Pass     Item           // proxy_pass, uwsgi_pass, scgi_pass, fastcgi_pass, grpc_pass or memcached_pass

	HTTPVersion     string // "1.0", "1.1" or "2"; "" for other protocols and where unknown
	HTTPVersionItem Item   // the directive that sets it; zero where it is nginx's default
	Headers         []Header

	Idle      Timeout
	Verdict   Verdict
	Reasons   []Reason // never empty where Verdict is Broken
	Undecided string   // what could not be decided, where Verdict is Unknown
	// Elsewhere is true where an if or a rewrite hands every handshake to
	// another route, so that only ordinary requests are passed on here.
	Elsewhere bool
	Notes     []string // what was seen and not judged: authentication, limits, Lua

	Intent    Intent
	IntentWhy string // one sentence
	// MeantBy is what says it in another server of the configuration, before or
	// behind this one: a proxy_pass that leads here, or the location that is led
	// to. It is the zero Item where the route's own server does.
	MeantBy Item
	sign    sign
	// HandshakeOnly is true where nothing but WebSocket is expected here,
	// so that ordinary requests need no care.
	HandshakeOnly bool
	// LikelyPath is true where the path alone says WebSocket, PlainPath where it
	// says pages, files or plain requests.
	LikelyPath, PlainPath bool
	// Polling is true on paths of libraries that fall back to polling.
	Polling bool
	// Pings is true on paths of libraries that ping by themselves.
	Pings bool
}

// Timeout is a duration directive in effect.
type Timeout struct {
	Text     string        // as written, or nginx's default
	Duration time.Duration // as nginx parses it
	Known    bool          // false where a level that was not read could set it, or nginx refuses the value
	Item     Item          // zero where it is nginx's default
}

// Because returns the first reason of the given kind, or nil.
func (r *Route) Because(kind ReasonKind) *Reason {
	for i := range r.Reasons {
		if r.Reasons[i].Kind == kind {
			return &r.Reasons[i]
		}
	}
	return nil
}

// VirtualServer is a server block in http.
type VirtualServer struct {
	Scope   *Scope
	Names   []string // server_name values as written; [""] is nginx's default
	Listens []Listen

	firstRoute, endRoute int // its routes in Model.Routes
}

// Listen is one listen directive of a server, or nginx's default where a server
// has none.
type Listen struct {
	Item    Item   // zero for the default, *:80 (or *:8000 where nginx does not run as root)
	Text    string // the arguments as written, joined by blanks
	Address string // host part as nginx compares it; "*" and "[::]" for wildcards
	Port    string // "" for a unix socket
	Default bool   // default_server
	SSL     bool
	HTTP2   bool
	QUIC    bool
	Proxy   bool // proxy_protocol
}

// Model is what nginx makes of one Config.
type Model struct {
	Config  *parser.Config
	Version Version
	// Floating names an image without a number that reads the configuration, and
	// where it stands: its nginx may be newer than Version. "" where none does.
	Floating string
	Main     *Scope
	HTTP     []*Scope         // http scopes; for a fragment of one, Main itself
	Servers  []*VirtualServer // in nginx's order
	Routes   []*Route         // in nginx's order
	// Outer says which level of a fragment is outermost: Main for a whole
	// configuration, otherwise HTTP, Server or Location. The levels around
	// it were not seen.
	Outer Kind
	// Problems are what could not be mounted.
	Problems []parser.Problem

	mounted int
	scopes  []*Scope           // outer ones first, in nginx's order
	used    map[string]holding // by the names of all directives mounted
	// Those of unjudgedDirectives, moreDirectives and scripts that are mounted.
	unjudgedUsed, moreUsed, scriptsUsed []string

	garbled    bool // a file cannot be read to its end
	overflowed bool
	// The files of which it was said that a macro's text is not judged.
	unjudgedMacros map[*parser.File]bool
	vars           *variables

	sockets     map[string]*socket // by address and port
	socketOrder []*socket
	caches
}

// caches are what a Model works out when it is first asked. They are not safe
// for use by several goroutines; each has its own.
type caches struct {
	locations    map[*Scope]*locations
	codes        map[*Scope][]code
	setters      map[*Scope]map[string][]*Scope // by server and variable: the locations that assign it
	upstreams    map[string]*Scope              // by name in lower case
	literal      map[string]bool                // of knows: the hosts and ports of passes without variables
	exprs        map[string]*expression
	requests     map[*VirtualServer]*[requests]request
	jumps        map[*Scope]jumps       // by server: what may lead to its named locations
	reached      map[*mapping]bool      // of allReached, where that is so for all requests
	leaving      map[setterKey][]*Scope // of leavingSetters
	plainEnds    [requests]outcome      // what ends returned last for a location on whose way nothing decides
	judgement    judgement              // what combine judges with
	reasons      []Reason               // what combine returned last
	mapVariables []MapVariable          // of MapVariables
	openings     openings
	followedLast followed
	linesOf      struct { // what lines returned last
		scope *Scope
		pass  *parser.Directive
		lines []line
	}
}
