// Package rules holds the rules: what is worth telling a person about a
// configuration, and the edits that would mend it. It asks rules/effective what
// nginx does and never reads or writes a file itself.
package rules

import (
	"time"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// Severity is how much a finding matters.
type Severity uint8

// The severities.
const (
	Info    Severity = iota + 1 // worth knowing
	Warning                     // breaks for some clients, servers or times
	Error                       // cannot work
)

// String returns "info", "warning" or "error".
func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	default:
		return "info"
	}
}

// Category groups rules by what goes wrong.
type Category string

// The categories.
const (
	Syntax            Category = "syntax"    // nginx does not start, or swallows a line
	HandshakeCategory Category = "handshake" // the 101 never comes through
	Lifetime          Category = "lifetime"  // it breaks later
	HTTP              Category = "http"      // ordinary requests pay for it
	Security          Category = "security"
	TLS               Category = "tls"
	Capacity          Category = "capacity"
	Comments          Category = "comments"
)

// Rule is everything there is to say about one rule.
type Rule struct {
	Name     string
	Category Category
	Severity Severity // the default
	Advice   bool     // runs only when selected
	Fixable  string   // "safe", "unsafe", or "" where no finding has a fix
	Summary  string   // one line, lower case, no final stop
	Doc      string   // why nginx behaves so; paragraphs
	Before   string   // an example that the rule finds
	After    string   // Before as its fix leaves it; "" where there is no fix
	Links    []string // what nginx's documentation says of it
	Options  []Option // the settings that change what it finds or writes, besides its severity
	// Reason is the cause of a broken handshake that the rule speaks for,
	// "" for rules that speak for none.
	Reason effective.ReasonKind
	Check  func(*Pass)
}

// Option is a setting that changes what a rule finds or writes.
type Option struct {
	Setting string // as .wsnginx.yaml has it, with its default or an example
	Flag    string // the flag that says the same, "" where there is none
	Doc     string // what it says: one line, lower case, no final stop
}

var (
	optWebSocket = Option{"websocket: [/live/*]", "--websocket",
		"locations that carry WebSocket though nothing in the configuration says so; not-websocket names those that do not"}
	optReadTimeoutMin = Option{"read-timeout: {min: 5m}", "", "the least timeout that is long enough"}
	optReadTimeoutSet = Option{"read-timeout: {set: 24h}", "", "the timeout that the fix writes"}
	optVersion        = Option{"nginx-version: " + effective.DefaultVersion.String(), "--nginx-version", "the version of nginx to judge for"}
)

// Safety says what a fix may change for ordinary requests.
type Safety string

// The safeties of a fix.
const (
	Safe   Safety = "safe"   // nothing but Connection, Upgrade and the HTTP version
	Unsafe Safety = "unsafe" // something else; applied with --unsafe
)

// Edit replaces the bytes of Span in File by New. An empty Span inserts.
type Edit struct {
	File *parser.File
	Span parser.Span
	New  string
	Rank int // order of insertions at one offset, lowest first
}

// Fix is edits that belong together: applied whole or not at all.
type Fix struct {
	Safety  Safety
	Message string // what it does, in the imperative: "add proxy_http_version 1.1"
	Edits   []Edit
}

// Place is somewhere that helps to understand a finding.
type Place struct {
	File    *parser.File
	Span    parser.Span
	Message string
}

// Finding is one thing a rule found.
type Finding struct {
	Rule     *Rule
	Severity Severity
	Message  string
	File     *parser.File
	Span     parser.Span
	Routes   []*effective.Route // the routes it concerns; may be empty
	Related  []Place
	Via      *effective.Mount // the includes that led to File; nil in the main file
	Site     bool             // the last of them would name File if it were linked into the -enabled folder
	Fix      *Fix             // nil where the change is left to a person
	// spoils is the block in which nothing reads as it was meant until this is
	// mended: other findings about its routes have this cause.
	spoils *parser.Directive
	header string // what response-header-mistake is about
	// category stands in the place of the rule's where it is not "".
	category Category
	// shared is set where other locations may have the same cause; united
	// where the finding speaks for several.
	shared *shared
	united bool
	// named is what the finding is about where that is a file which other lines
	// may name too; nil otherwise.
	named *named
	// certain is the message without what another configuration of the same file may not
	// have: an image that may be newer, an include that was not followed; "" where it says none
	// of that.
	certain string
	// Ignored is set where a comment in the configuration ignores the
	// finding: the reason it gives.
	Ignored string
}

// Category returns what goes wrong: the rule's category, or where nginx starts in
// spite of what a syntax rule finds, what happens then.
func (f *Finding) Category() Category {
	if f.category != "" {
		return f.category
	}
	return f.Rule.Category
}

// Options are what a run of the rules depends on besides the configuration.
type Options struct {
	Rules                          []*Rule             // the rules to run
	Severities                     map[string]Severity // by rule name, in place of the default
	ReadTimeoutMin, ReadTimeoutSet int64               // milliseconds; 0 stands for 5m and 24h
	// ReadFile reads a file that a configuration names and does not include, a
	// certificate; nil keeps the rules silent that need one.
	ReadFile func(c *parser.Config, name string) ([]byte, error)
	// Installed reports whether a configuration is the machine's own, so that nginx
	// reads those files as they are; nil stands for none.
	Installed func(c *parser.Config) bool
	// Main says where the repository puts a file, by its name, in the place of nginx's
	// main configuration ("compose.yaml:27"), "" where it does not; nil stands for
	// nowhere.
	Main func(file string) string
	// Now is the time that certificates are held against; nil is time.Now.
	Now func() time.Time
	// Note is told what a rule could not look at; it may be nil.
	Note func(string)
	// Writable reports whether a fix may change a file; nil allows all.
	Writable func(*parser.File) bool
}

// Pass is one rule's run over one model.
type Pass struct {
	Model   *effective.Model
	Rule    *Rule
	Options *Options
	found   []*Finding
	mounts  *mounts // of all models of the run
	walk    *walk   // over the levels of Model
}

// Report adds a finding of the pass's rule. Rule and, where it is zero,
// Severity are filled in.
func (p *Pass) Report(f Finding) {
	f.Rule = p.Rule
	if p.Rule.Category == Syntax && len(f.File.Errors) > 0 && p.Model.Outer != effective.Main {
		return // a piece that cannot be read: what it says is said of the file
	}
	if p.saidWithout(&f) {
		return
	}
	f.Site = f.Via != nil && f.File == p.Model.Config.Site
	if f.Severity == 0 {
		f.Severity = p.Rule.Severity
	}
	if c := p.Rule.Category; (c == HandshakeCategory || c == Lifetime) && len(f.Routes) == 1 {
		f.Related = append(f.Related, meantBy(f.Routes[0])...)
	}
	p.found = append(p.found, &f)
}
