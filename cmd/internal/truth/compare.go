package truth

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

// disagreement is a case in which the model and nginx differ.
type disagreement struct {
	kind  string // names the comparison
	text  string
	probe *probe
	about string // what of the kind it is, where that can be told
}

func (d disagreement) Error() string {
	s := d.kind + ": " + d.text
	if d.probe != nil {
		s = fmt.Sprintf("%s: %s (port %d): %s", d.kind, d.probe.host+d.probe.path, d.probe.port, d.text)
	}
	return s
}

// tally counts what was compared.
type tally struct {
	Cases, Probes, Routes, Reached   int
	Works, Broken, Unknown           int // verdicts of the routes
	Traced, Headers, Undecided       int
	TracedUnknown                    int
	Idle, Findings, Breaks, Refusals int
	Fixes, Lines                     int
	Why                              map[string]int // what makes verdicts unknown
}

func (t *tally) add(o tally) {
	t.Cases += o.Cases
	t.Probes += o.Probes
	t.Routes += o.Routes
	t.Reached += o.Reached
	t.Works += o.Works
	t.Broken += o.Broken
	t.Unknown += o.Unknown
	t.Traced += o.Traced
	t.TracedUnknown += o.TracedUnknown
	t.Headers += o.Headers
	t.Undecided += o.Undecided
	t.Idle += o.Idle
	t.Findings += o.Findings
	t.Breaks += o.Breaks
	t.Refusals += o.Refusals
	t.Fixes += o.Fixes
	t.Lines += o.Lines
	for why, count := range o.Why {
		t.because(why)
		t.Why[why] += count - 1
	}
}

var placeName = regexp.MustCompile(`\(.*\)|\d+`)

// because counts what made a verdict unknown.
func (t *tally) because(why string) {
	if t.Why == nil {
		t.Why = map[string]int{}
	}
	t.Why[placeName.ReplaceAllString(why, "…")]++
}

// seen is what a probe came to: the answer for each kind of request.
type seen struct {
	probe   probe
	answers [3]answer
	trace   *effective.Trace
}

// probe sends every kind of request to p.
func (w *world) probe(p probe) *seen {
	s := &seen{probe: p}
	for i, k := range kinds {
		s.answers[i] = w.ask(p, k)
	}
	return s
}

// close ends the tunnels.
func (s *seen) close() {
	for i := range s.answers {
		if t := s.answers[i].tunnel; t != nil {
			t.Close()
		}
	}
}

var kinds = [3]effective.Request{effective.Handshake, effective.HandshakeKeepAlive, effective.Ordinary}

var kindNames = [3]string{"handshake", "handshake with keep-alive", "GET"}

// compareProbe compares what the model says of a URL with what came.
func (t *trial) compareProbe(s *seen, n *tally) []disagreement {
	var out []disagreement
	bad := func(kind, format string, args ...any) {
		out = append(out, disagreement{kind: kind, text: fmt.Sprintf(format, args...), probe: &s.probe})
	}
	n.Probes++
	u, err := s.probe.url("ws")
	if err != nil {
		panic(fmt.Sprintf("probe %v: %v", s.probe, err))
	}
	trace, err := t.model.Trace(u)
	if err != nil {
		bad("trace", "%v", err)
		return out
	}
	s.trace = trace
	n.Traced++
	a := &s.answers[effective.Handshake]
	if trace.Outcome == effective.OutcomeUnknown && trace.Route == nil {
		n.TracedUnknown++
		return out
	}
	// 1. Server and location.
	wantLoc := ""
	if trace.Server != nil {
		wantLoc = locOf(trace.Server.Scope)
	}
	if trace.Location != nil {
		wantLoc = locOf(trace.Location)
	}
	if a.status != 0 && !strings.HasPrefix(a.loc, wantLoc) || trace.Location != nil && a.status != 0 && !sameLocation(a.loc, wantLoc) {
		bad("location", "trace says %q (%s: %s), nginx answered %d from %q", wantLoc, trace.Outcome, trace.Why, a.status, a.loc)
		return out
	}
	switch trace.Outcome {
	case effective.OutcomeRedirect:
		if a.status/100 != 3 || !strings.EqualFold(a.location, trace.Redirect) {
			bad("redirect", "trace says redirect to %q, nginx answered %d %q", trace.Redirect, a.status, a.location)
		}
		return out
	case effective.OutcomeNoServer:
		bad("server", "trace says %s", trace.Why)
		return out
	case effective.OutcomeNoLocation, effective.OutcomeNotProxied:
		if a.backend != "" || a.ok {
			bad("outcome", "trace says %s (%s), nginx asked backend %q: %d", trace.Outcome, trace.Why, a.backend, a.status)
		}
		return out
	}
	// 3. The verdict for this URL.
	ok := s.answers[0].ok && s.answers[1].ok
	switch trace.Outcome {
	case effective.OutcomeWorks:
		if !ok {
			bad("verdict", "trace says it works, nginx: %s; %s", s.answers[0].result(), s.answers[1].result())
		}
	case effective.OutcomeBroken:
		if ok {
			bad("verdict", "trace says it is broken (%s), and it works", trace.Why)
		}
	case effective.OutcomeUnknown:
		n.TracedUnknown++
	}
	// 2. What the backend received.
	if trace.Route == nil {
		return out
	}
	for i, kind := range kinds {
		a := &s.answers[i]
		if a.backend == "" || a.loc != s.answers[0].loc || a.backend != s.answers[0].backend {
			continue
		}
		if why := compareHeaders(trace.Route, a, kind, n); why != "" {
			bad("headers", "%s: trace: %s", kindNames[i], why)
			break
		}
	}
	return out
}

func (a *answer) result() string {
	if a.err != nil {
		return a.err.Error()
	}
	if a.ok {
		return "101"
	}
	return fmt.Sprintf("%d %s %s", a.status, a.why, a.request.Refused)
}

// sameLocation reports whether the X-Loc of an answer is that of the location
// or of an if in it.
func sameLocation(got, want string) bool {
	return got == want || strings.HasPrefix(got, want+".i")
}

// locOf returns the X-Loc that a scope's answers have.
func locOf(s *effective.Scope) string {
	items, _ := s.Effective("add_header")
	for _, it := range items {
		if it.Arg(0) == "X-Loc" {
			return it.Arg(1)
		}
	}
	return ""
}

// compared are the headers whose arrival is predicted.
var compared = []string{"Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"}

// compareHeaders compares the version and the headers that a route predicts
// with what the backend received.
func compareHeaders(r *effective.Route, a *answer, kind effective.Request, n *tally) string {
	if r.HTTPVersion != "" && a.request.Params == nil && a.request.Proto != "HTTP/"+r.HTTPVersion {
		return fmt.Sprintf("version %s is predicted, the backend received %s", r.HTTPVersion, a.request.Proto)
	}
	for _, name := range compared {
		var want []string
		known := true
		for _, h := range r.Headers {
			if !strings.EqualFold(h.Name, name) {
				continue
			}
			v := h.Sent[kind]
			switch {
			case !v.Known:
				known = false
			case v.Text != "":
				want = append(want, strings.Trim(v.Text, " \t"))
			}
		}
		n.Headers++
		if !known {
			n.Undecided++
			continue
		}
		got := a.request.Headers.Values(name)
		for i := range got {
			got[i] = strings.Trim(got[i], " \t")
		}
		got = slices.DeleteFunc(got, func(s string) bool { return s == "" })
		if !slices.Equal(got, want) {
			return fmt.Sprintf("%s is predicted as %q, the backend received %q", name, want, got)
		}
	}
	return ""
}

// compareRoutes compares the routes' verdicts with every answer that came
// through them.
func (t *trial) compareRoutes(all []*seen, n *tally) []disagreement {
	var out []disagreement
	for _, r := range t.model.Routes {
		n.Routes++
		switch r.Verdict {
		case effective.Works:
			n.Works++
		case effective.Broken:
			n.Broken++
		case effective.Unknown:
			n.Unknown++
			n.because(r.Undecided)
		}
		reached := false
		for _, s := range all {
			if !s.through(r) {
				continue
			}
			reached = true
			ok := s.answers[0].ok && s.answers[1].ok
			if r.Verdict == effective.Works && !ok || r.Verdict == effective.Broken && ok {
				out = append(out, disagreement{kind: "route", text: fmt.Sprintf("routes says %s %s (%s), nginx: %s; %s", locOf(r.Scope), r.Verdict, reasons(r),
					s.answers[0].result(), s.answers[1].result()), probe: &s.probe})
				break
			}
			if why := t.routeHeaders(r, s, n); why != "" {
				out = append(out, disagreement{kind: "route headers", text: "routes: " + locOf(r.Scope) + ": " + why, probe: &s.probe})
				break
			}
		}
		if reached {
			n.Reached++
		}
	}
	return out
}

// elsewhere reports whether one form of the handshake does not reach the route,
// or an error_page that keeps its status led there: a route is judged for the
// requests that it passes on.
func elsewhere(r *effective.Route) bool {
	return r.Because(effective.UnreachableProxy) != nil || r.Because(effective.RedirectedHandshake) != nil || r.Because(effective.HandshakeMethod) != nil
}

// through reports whether both forms of the handshake were passed on by r.
func (s *seen) through(r *effective.Route) bool {
	a, b := &s.answers[0], &s.answers[1]
	return s.trace != nil && same(s.trace.Route, r) && !elsewhere(s.trace.Route) && a.loc == b.loc && a.backend == b.backend &&
		(!elsewhere(r) || s.asksFor(r))
}

// timesOut reports whether the upstream's answer comes too late at once.
func (s *seen) timesOut() bool {
	return s.trace != nil && s.trace.Route != nil && s.trace.Route.Idle.Known && s.trace.Route.Idle.Duration == 0
}

// asksFor reports whether the URL is one of the route's location and no other
// location led there. What turns away who asks for a location, on the server's
// level, need not turn away who was sent there.
func (s *seen) asksFor(r *effective.Route) bool {
	modifier, match := r.Location.ModifierAndMatch()
	u, err := s.probe.url("ws")
	return err != nil || strings.HasPrefix(modifier, "~") || strings.HasPrefix(u.Path, match)
}

func (t *trial) routeHeaders(r *effective.Route, s *seen, n *tally) string {
	for i, kind := range kinds {
		a := &s.answers[i]
		if a.backend == "" || a.loc != s.answers[0].loc || a.backend != s.answers[0].backend {
			continue
		}
		if why := compareHeaders(r, a, kind, n); why != "" {
			return kindNames[i] + ": " + why
		}
	}
	return ""
}

func reasons(r *effective.Route) string {
	var names []string
	for _, reason := range r.Reasons {
		names = append(names, string(reason.Kind))
	}
	return strings.Join(append(names, r.Undecided), " ")
}
