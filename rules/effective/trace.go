package effective

// Outcome is what becomes of a URL.
type Outcome string

// The outcomes of a trace.
const (
	OutcomeWorks      Outcome = "works"
	OutcomeBroken     Outcome = "broken"
	OutcomeUnknown    Outcome = "unknown"
	OutcomeRedirect   Outcome = "redirect"
	OutcomeNoServer   Outcome = "no-server"
	OutcomeNoLocation Outcome = "no-location"
	OutcomeNotProxied Outcome = "not-proxied"
)

// Trace is the way of one URL through the configuration.
type Trace struct {
	URL        string
	Outcome    Outcome
	Server     *VirtualServer // nil where none listens
	ServerWhy  string         // how nginx chose it
	Location   *Scope         // nil where none matches
	Route      *Route         // judged for this URL; nil where the request is not proxied
	Considered []Considered   // the locations that were looked at and not chosen
	Redirect   string         // the target, "" where there is none
	Why        string         // one sentence on the outcome
}

// Considered is a location that did not answer, and why.
type Considered struct {
	Location *Scope
	Modifier string // "", "=", "^~", "~", "~*"
	Match    string
	Why      string
}
