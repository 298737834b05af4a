package probe

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// Config is a result held against a configuration.
type Config struct {
	Trace       *effective.Trace
	Version     effective.Version
	Findings    []rules.Finding // those that concern the URL
	Comparisons []Comparison
}

// Agreement is whether what was seen is what the configuration says.
type Agreement string

// The agreements.
const (
	Agrees    Agreement = "yes"
	Disagrees Agreement = "no"
	Undecided Agreement = "unknown" // what was seen fits either way
)

// Comparison is one thing that the configuration says something about.
type Comparison struct {
	About  string    `json:"about"` // verdict, certificate or idle
	Agrees Agreement `json:"agrees"`
	Text   string    `json:"text"`
}

// disagrees returns the comparisons that do not agree.
func (c *Config) disagrees() []Comparison {
	var out []Comparison
	for _, k := range c.Comparisons {
		if k.Agrees == Disagrees {
			out = append(out, k)
		}
	}
	return out
}

// join is one comparison of a result with a configuration.
type join struct {
	*Config
	r     *Result
	h     *Hop
	t     *effective.Trace
	main  string // the main file
	style report.Style
}

// Join holds r against what the configuration m says of the same URL: t is its
// trace, findings are those of the whole configuration.
func Join(r *Result, m *effective.Model, t *effective.Trace, findings []rules.Finding, s report.Style) *Config {
	c := &Config{Trace: t, Version: m.Version}
	r.Advice = slices.DeleteFunc(r.Advice, func(a string) bool { return a == adviceConfig })
	for _, f := range findings {
		if concerns(&f, t) {
			c.Findings = append(c.Findings, f)
		}
	}
	j := &join{c, r, r.last(), t, m.Config.Main.Name, s}
	j.verdict()
	j.certificate()
	j.idle()
	// A trace quotes the URL and what is made of it.
	t.URL, t.Redirect = maskTarget(t.URL), maskTarget(t.Redirect)
	if t.Route != nil {
		for i := range t.Route.Headers {
			h := &t.Route.Headers[i]
			for k := range h.Sent {
				h.Sent[k].Text = r.secrets.in(maskTarget(h.Sent[k].Text))
			}
		}
	}
	return c
}

// concerns reports whether a finding is about what t went through.
func concerns(f *rules.Finding, t *effective.Trace) bool {
	for _, r := range f.Routes {
		if t.Route != nil && r.Pass.Directive == t.Route.Pass.Directive && r.Location.Opening() == t.Location.Opening() {
			return true
		}
	}
	if within(f, t.Location.Opening()) {
		return len(f.Routes) == 0 || t.Route == nil
	}
	// What is wrong with a server as a whole concerns all its URLs.
	return len(f.Routes) == 0 && t.Server != nil && f.Rule.Category != rules.HandshakeCategory && within(f, t.Server.Scope.Opening())
}

func within(f *rules.Finding, block *parser.Directive) bool {
	return block != nil && f.File == block.File && f.Span.Start >= block.Span.Start && f.Span.Start < block.Span.End
}

func (j *join) say(about string, agrees Agreement, format string, args ...any) {
	j.Comparisons = append(j.Comparisons, Comparison{about, agrees, j.r.secrets.in(fmt.Sprintf(format, args...))})
}

// place names where a directive stands.
func (j *join) place(d *parser.Directive) string {
	return fmt.Sprintf("%s:%d", j.style.Name(d.File.Name), d.File.Position(d.Span.Start).Line)
}

// at names the block of a scope with its place: `location /ws (app.conf:12)`.
func (j *join) at(s *effective.Scope) string {
	b := s.Opening()
	if b == nil {
		return "the configuration"
	}
	words := []string{b.Head.Value}
	for i := range b.Args {
		words = append(words, b.Arg(i))
	}
	return fmt.Sprintf("%s (%s)", strings.Join(words, " "), j.place(b))
}

// verdict compares the answer with the outcome of the trace.
func (j *join) verdict() {
	a := j.h.Answer
	switch {
	case j.h.step("name") != nil && j.h.step("name").Outcome == StepFail:
		j.say("verdict", Undecided, "the server was not reached, so nothing can be compared")
		return
	case j.r.Outcome == Untried:
		j.say("verdict", Undecided, "nothing was learned of the server, so nothing can be compared")
		return
	case j.h.step("connect") != nil && j.h.step("connect").Outcome == StepFail:
		if j.t.Outcome == effective.OutcomeNoServer {
			j.say("verdict", Agrees, "the configuration has no server there either: %s", j.t.Why)
		} else {
			j.say("verdict", Disagrees, "the configuration has a server for this URL, %s, and nothing takes connections there", j.at(j.t.Server.Scope))
		}
		return
	case a == nil && j.t.Route == nil && j.t.Outcome == effective.OutcomeBroken:
		j.say("verdict", Agrees, "the configuration says the same: %s", j.t.Why)
		return
	case j.t.Outcome == effective.OutcomeNoServer && strings.HasPrefix(j.h.Address, "unix:"):
		j.say("verdict", Undecided, "the URL's port was looked up in the configuration, not the unix socket: %s", j.t.Why)
		return
	case a == nil && j.t.Outcome == effective.OutcomeNoServer:
		j.say("verdict", Disagrees, "in the configuration %s, and one answers", j.t.Why)
		return
	case a == nil:
		j.say("verdict", Undecided, "the handshake was not sent, so what becomes of it cannot be compared; the configuration says %s", j.t.Outcome)
		return
	}
	switch j.t.Outcome {
	case effective.OutcomeWorks:
		j.works(a)
	case effective.OutcomeBroken:
		j.broken(a)
	case effective.OutcomeRedirect:
		j.redirect(a)
	case effective.OutcomeNoServer:
		j.say("verdict", Disagrees, "in the configuration %s, and one answers", j.t.Why)
	case effective.OutcomeNoLocation, effective.OutcomeNotProxied:
		switch {
		case a.Kind == AnswerHTTP && a.Status == 101:
			j.say("verdict", Disagrees, "by the configuration nothing is passed on here (%s), and the answer is 101", j.t.Why)
		case a.Kind == AnswerHTTP && !strings.Contains(j.t.Why, fmt.Sprint(a.Status)) && strings.Contains(j.t.Why, "nginx answers "):
			j.say("verdict", Disagrees, "by the configuration %s, and the answer is %s", j.t.Why, a)
		default:
			j.say("verdict", Agrees, "by the configuration nothing is passed on here: %s", j.t.Why)
		}
	default:
		j.say("verdict", Undecided, "the configuration alone does not decide it: %s", j.t.Why)
	}
}

// works compares an answer with a configuration that lets handshakes through.
func (j *join) works(a *Answer) {
	where := j.at(j.t.Location)
	pass := "the upstream"
	if j.t.Route != nil && j.t.Route.Pass.Directive != nil {
		d := j.t.Route.Pass.Directive
		pass = fmt.Sprintf("%s %s (%s)", d.Head.Value, d.Arg(0), j.place(d))
	}
	same := false
	if k := j.h.check("no-upgrade"); k != nil {
		same = sameAnswer(a, k.Answer)
	}
	said := complaint(a)
	switch {
	case a.opens():
		j.say("verdict", Agrees, "%s lets the handshake through, and it came through", where)
	case a.Kind == AnswerHTTP && (a.Status == 502 || a.Status == 504):
		j.say("verdict", Agrees, "%s passes the handshake on complete; what does not answer is %s", where, pass)
	case a.Kind == AnswerSilence:
		j.say("verdict", Agrees, "%s passes the handshake on complete; what does not answer is %s", where, pass)
	case a.Kind == AnswerHTTP && a.Page == PageNginx:
		j.say("verdict", Disagrees, "%s passes the handshake on to %s complete, and nginx answered %s by itself", where, pass, a)
	case a.Kind == AnswerHTTP && redirects[a.Status]:
		j.say("verdict", Undecided, "%s passes the handshake on complete, so %s redirects", where, pass)
	case said != nil && (said.means == meansUpgrade || said.means == meansConnection || said.means == meansNone || said.remedy == remedyVersion):
		j.say("verdict", Disagrees, "%s passes the handshake on complete, and the upstream says that it did not get it so", where)
	case a.Status == 101:
		j.say("verdict", Undecided, "%s passes the answer on as it comes, so the upstream, %s, makes it so", where, pass)
	case same:
		j.say("verdict", Undecided, "%s passes the handshake on complete, so what answers, %s, does not speak WebSocket on this path; or the running nginx does not have this configuration", where, pass)
	default:
		j.say("verdict", Undecided, "%s passes the handshake on complete, so the refusal comes from %s", where, pass)
	}
}

// broken compares an answer with a configuration that breaks handshakes.
func (j *join) broken(a *Answer) {
	if j.t.Route == nil {
		agrees := Agrees
		if a.opens() {
			agrees = Disagrees
		}
		j.say("verdict", agrees, "the configuration says: %s", j.t.Why)
		return
	}
	var names []string
	for i := range j.t.Route.Reasons {
		if name := string(j.t.Route.Reasons[i].Kind); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	reason := strings.Join(names, ", ")
	switch {
	case a.opens() && len(names) == 1 && names[0] == string(effective.MissingHTTPVersion):
		j.say("verdict", Agrees, "%s sends HTTP/1.0 upstream, which RFC 6455 forbids; this backend takes it all the same, others do not", j.at(j.t.Location))
	case a.opens():
		j.say("verdict", Disagrees, "by the configuration %s breaks the handshake (%s), and it came through", j.at(j.t.Location), reason)
	default:
		j.say("verdict", Agrees, "%s breaks the handshake: %s", j.at(j.t.Location), reason)
	}
}

// redirect compares an answer with a configuration that redirects.
func (j *join) redirect(a *Answer) {
	want := maskTarget(j.t.Redirect)
	switch {
	case a.Kind != AnswerHTTP || !redirects[a.Status]:
		j.say("verdict", Disagrees, "the configuration redirects to %s, and the answer is %s", want, a)
	case sameTarget(j.h.url, a.location, j.t.Redirect):
		j.say("verdict", Agrees, "the configuration redirects so: %s", j.at(j.t.Location))
	default:
		j.say("verdict", Disagrees, "the configuration redirects to %s, and the answer to %s", want, maskTarget(a.location))
	}
}

// sameTarget reports whether two redirects lead to the same place; nginx leaves
// out ports in some cases and writes its own name in others.
func sameTarget(base *url.URL, a, b string) bool {
	ua, errA := base.Parse(a)
	ub, errB := base.Parse(b)
	return errA == nil && errB == nil && secure(ua) == secure(ub) && ua.EscapedPath() == ub.EscapedPath() && ua.RawQuery == ub.RawQuery
}

// idle compares how long a silent tunnel lived with the read timeout.
func (j *join) idle() {
	if j.h.Idle == nil || j.t.Route == nil {
		return
	}
	limit, silent := j.t.Route.Idle, j.h.Idle.Silent
	if !limit.Known {
		j.say("idle", Undecided, "which read timeout applies could not be told from what was read")
		return
	}
	name := "proxy_read_timeout"
	if d := j.t.Route.Pass.Directive; d != nil {
		name = strings.TrimSuffix(d.Head.Value, "_pass") + "_read_timeout"
	}
	text := fmt.Sprintf("%s %s (nginx's default)", name, limit.Text)
	if limit.Item.Directive != nil {
		text = fmt.Sprintf("%s %s (%s)", name, limit.Text, j.place(limit.Item.Directive))
	}
	waited := time.Duration(silent.After)
	switch {
	case silent.Closed && silent.By == EndedClose:
		j.say("idle", Undecided, "nginx sends no close frames, so %s had no part in it", text)
	case silent.Closed && silent.By == EndedFIN && near(waited, limit.Duration):
		j.say("idle", Agrees, "that is %s", text)
	case silent.Closed:
		j.say("idle", Disagrees, "the tunnel was closed after %s of silence, and %s says otherwise: another configuration is loaded, or the application or a proxy between closed it", silent.After, text)
	case waited > limit.Duration+time.Second && silent.Pings == 0:
		j.say("idle", Disagrees, "the tunnel was still open after %s of silence, and %s would have closed it", silent.After, text)
	case waited > limit.Duration && silent.Pings > 0:
		j.say("idle", Agrees, "the server's pings kept the tunnel open beyond %s", text)
	default:
		j.say("idle", Agrees, "%s would have closed it later only", text)
	}
}
