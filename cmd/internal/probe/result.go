package probe

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

// Outcome is what a probe or a step of it came to.
type Outcome string

// The outcomes. A probe or a hop works, fails or is untried; a step is ok,
// failed, or worth a warning.
const (
	Works    Outcome = "works"   // the socket opens, answers and closes
	Fails    Outcome = "fails"   // it does not
	Untried  Outcome = "untried" // nothing is known: this machine could not ask
	StepOK   Outcome = "ok"
	StepWarn Outcome = "warning"
	StepFail Outcome = "failed"
)

// Result is what a probe saw and what it means. It holds no credentials.
type Result struct {
	URL         string   `json:"url"`
	Outcome     Outcome  `json:"outcome"`
	Failed      string   `json:"failed_step"` // the name of the step that failed, "" for none
	Summary     string   `json:"summary"`     // one sentence
	Evidence    []string `json:"evidence"`    // what the explanation rests on, a sentence each
	Explanation []string `json:"explanation"` // what it means
	Advice      []string `json:"advice"`      // what to do
	Hops        []*Hop   `json:"hops"`        // more than one where redirects were followed

	secrets secrets
}

// Hop is one URL that was tried.
type Hop struct {
	URL       string       `json:"url"`
	Steps     []*Step      `json:"steps"`
	Addresses []string     `json:"addresses"` // what the name resolved to
	Address   string       `json:"address"`   // what was connected to
	TLS       *TLS         `json:"tls"`       // nil without TLS
	Answer    *Answer      `json:"answer"`    // to the handshake; nil where it was not sent
	Checks    []*Check     `json:"checks"`    // further requests that tell causes apart
	Idle      *Idle        `json:"idle"`      // nil where it was not asked for
	Wire      []WireRecord `json:"wire"`      // what passed, in both directions

	url *url.URL // with its credentials
}

// Step is one step of a hop.
type Step struct {
	Name    string   `json:"name"` // name, connect, tls, handshake, check, ping, message, idle, close
	Outcome Outcome  `json:"outcome"`
	Took    Duration `json:"milliseconds"`
	Text    string   `json:"text"`
	Notes   []string `json:"notes"`
}

// Duration is a time that JSON has in milliseconds.
type Duration time.Duration

// MarshalJSON prints milliseconds with three decimals at most.
func (d Duration) MarshalJSON() ([]byte, error) {
	return json.Marshal(float64(time.Duration(d).Round(time.Microsecond)) / float64(time.Millisecond))
}

// String returns a time as a person reads it: "3 ms", "1.2 s", "1m30s".
func (d Duration) String() string {
	switch t := time.Duration(d); {
	case t < time.Millisecond:
		return "< 1 ms"
	case t < 950*time.Millisecond: // above, a few milliseconds are how exactly a second can be measured
		return fmt.Sprintf("%d ms", t.Round(time.Millisecond).Milliseconds())
	case t < time.Minute-50*time.Millisecond:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", t.Seconds()), ".0") + " s"
	default:
		return t.Round(time.Second).String()
	}
}

// TLS is what a TLS handshake showed.
type TLS struct {
	Version string  `json:"version"` // "TLS 1.3"
	ALPN    string  `json:"alpn"`    // the protocol chosen, "" for none
	SNI     string  `json:"sni"`     // the server name sent, "" for none
	Chain   []*Cert `json:"chain"`   // the certificates as they were sent
	// Faults are what a browser would refuse, by name.
	Faults []Fault `json:"faults"`

	raw []byte // the first certificate
}

// Cert is one certificate.
type Cert struct {
	Subject     string    `json:"subject"`
	Issuer      string    `json:"issuer"`
	Names       []string  `json:"names"`
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
	Fingerprint string    `json:"sha256"`
}

// Fault is something a browser refuses a certificate for.
type Fault struct {
	Kind FaultKind `json:"kind"`
	Text string    `json:"text"`
}

// FaultKind names a Fault.
type FaultKind string

// The faults of a certificate.
const (
	FaultExpired      FaultKind = "expired"
	FaultNotYet       FaultKind = "not-yet-valid"
	FaultName         FaultKind = "wrong-name"
	FaultIntermediate FaultKind = "missing-intermediate"
	FaultSelfSigned   FaultKind = "self-signed"
	FaultUntrusted    FaultKind = "untrusted"
	FaultOther        FaultKind = "other"
)

// fault returns the fault of the given kind, or nil.
func (t *TLS) fault(kind FaultKind) *Fault {
	for i := range t.Faults {
		if t.Faults[i].Kind == kind {
			return &t.Faults[i]
		}
	}
	return nil
}

// Answer is what came for a request.
type Answer struct {
	Kind     AnswerKind `json:"kind"`
	Proto    string     `json:"proto"`  // "HTTP/1.1"
	Status   int        `json:"status"` // 0 where there is none
	Reason   string     `json:"reason"`
	Headers  []Field    `json:"headers"`
	Body     string     `json:"body"`  // the beginning
	Page     Page       `json:"page"`  // whose the body is
	First    string     `json:"first"` // the first bytes of what is no answer, quoted
	Elapsed  Duration   `json:"milliseconds"`
	Problems []string   `json:"problems"` // why a browser refuses a 101
	Size     int        `json:"request_bytes"`

	location string // as it came, with its credentials
	partial  bool   // the connection ended within the head
}

// AnswerKind is what kind of thing came.
type AnswerKind string

// The kinds of answer.
const (
	AnswerHTTP    AnswerKind = "http"
	AnswerClosed  AnswerKind = "closed"  // the connection was closed
	AnswerReset   AnswerKind = "reset"   // the connection was reset
	AnswerSilence AnswerKind = "silence" // nothing within the timeout
	AnswerHTTP2   AnswerKind = "http2"   // frames of HTTP/2
	AnswerTLS     AnswerKind = "tls"     // a TLS record
	AnswerGarbage AnswerKind = "garbage" // bytes of no protocol known here
	AnswerError   AnswerKind = "error"   // the connection failed otherwise
)

// Page says whose the body of an answer is.
type Page string

// The pages.
const (
	PageNone  Page = ""      // no body
	PageNginx Page = "nginx" // one of nginx's own error pages
	PageOther Page = "other" // an application's, or one that error_page names
)

// get returns the value of the first line called name.
func (a *Answer) get(name string) string {
	for _, f := range a.Headers {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// values returns the values of the lines called name.
func (a *Answer) values(name string) []string {
	var out []string
	for _, f := range a.Headers {
		if strings.EqualFold(f.Name, name) {
			out = append(out, f.Value)
		}
	}
	return out
}

// opens reports whether a browser would open the WebSocket.
func (a *Answer) opens() bool {
	return a.Kind == AnswerHTTP && a.Status == 101 && len(a.Problems) == 0
}

// String returns the answer in a few words: "400 Bad Request".
func (a *Answer) String() string {
	switch a.Kind {
	case AnswerHTTP:
		return strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, a.Reason))
	case AnswerClosed:
		return "the connection was closed without an answer"
	case AnswerReset:
		return "the connection was reset without an answer"
	case AnswerSilence:
		return "no answer"
	case AnswerHTTP2:
		return "HTTP/2 frames"
	case AnswerTLS:
		return "a TLS record"
	case AnswerGarbage:
		return "bytes that are not HTTP"
	default:
		return "the connection failed"
	}
}

// Check is a request that differs from the handshake in one thing.
type Check struct {
	Name    string  `json:"name"`    // no-upgrade, no-origin, other-origin, other-slash
	Changed string  `json:"changed"` // what differs, in words
	Answer  *Answer `json:"answer"`

	path string // of other-slash
}

// Idle is what became of a silent tunnel.
type Idle struct {
	Asked     Duration   `json:"asked_milliseconds"`
	Silent    Tunnel     `json:"silent"`
	Keepalive *Keepalive `json:"keepalive"` // nil where it was not asked for
}

// Tunnel is how long a tunnel lived and how it ended.
type Tunnel struct {
	Closed bool     `json:"closed"`       // before the time was over
	After  Duration `json:"milliseconds"` // of silence at the end of it, or waited
	By     Ending   `json:"by"`           // "" where it was not closed
	Code   int      `json:"code"`         // of the close frame, 0 for none
	Reason string   `json:"reason"`
	Pings  int      `json:"server_pings"` // that came from the server
	Lived  Duration `json:"lived_milliseconds"`
}

// Keepalive is a second tunnel, in which the client pings.
type Keepalive struct {
	Every  Duration `json:"every_milliseconds"`
	Opened bool     `json:"opened"`
	Pongs  int      `json:"pongs"`
	Tunnel Tunnel   `json:"tunnel"`
	Helps  string   `json:"helps"` // yes, no, not-needed or unknown
}

// WireRecord is bytes that passed.
type WireRecord struct {
	Request string `json:"request"` // which request: handshake, or the name of a check
	Way     string `json:"way"`     // sent or received
	Kind    string `json:"kind"`    // head, body, frame or bytes
	Note    string `json:"note"`    // what a frame is
	Text    string `json:"text"`    // with \r, \n and \xNN escapes
}

// last returns the hop that decided.
func (r *Result) last() *Hop { return r.Hops[len(r.Hops)-1] }

// step returns the last step of the given name, or nil.
func (h *Hop) step(name string) *Step {
	for i := len(h.Steps) - 1; i >= 0; i-- {
		if h.Steps[i].Name == name {
			return h.Steps[i]
		}
	}
	return nil
}

// check returns the check of the given name, or nil.
func (h *Hop) check(name string) *Check {
	for _, c := range h.Checks {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// TracedURL returns the URL that the decisive hop asked for, without its user
// and with the Host line that was sent, for effective.Model.Trace.
func (r *Result) TracedURL(o *Options) *url.URL {
	u := *r.last().url
	u.User = nil
	if o.Host == "" {
		return &u
	}
	name := o.Host
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	_, port := endpoint(&u)
	u.Host = net.JoinHostPort(strings.Trim(name, "[]"), port)
	return &u
}

// ServerVersion returns the nginx version that the Server line of the answer
// gives, "" without one.
func (r *Result) ServerVersion() string {
	a := r.last().Answer
	if a == nil {
		return ""
	}
	version, found := strings.CutPrefix(a.get("Server"), "nginx/")
	if !found {
		return ""
	}
	version, _, _ = strings.Cut(version, " ")
	return version
}
