package truth

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// lint is the view of the trial's configuration that the rules and the fixer
// have: every location is said to carry WebSocket.
func (t *trial) lint(overlay map[string]string) ([]rules.Finding, error) {
	ws, model := t.ws, t.model
	if len(overlay) > 0 {
		ws = t.ws.With(overlay)
		model = t.build(ws)
	}
	return rules.Run([]*effective.Model{model}, rules.Options{Rules: t.w.rules, Writable: ws.Writable}), nil
}

// breaking reports whether a finding says that a handshake does not come
// through.
func breaking(f *rules.Finding, r *effective.Route) bool {
	if f.Rule.Name == "response-header-mistake" && f.Severity >= rules.Warning { // it stands in the place of the rule for what is missing
		return r.Because(effective.MissingUpgrade) != nil || r.Because(effective.MissingConnection) != nil
	}
	if f.Rule.Reason == "" || f.Severity < rules.Warning {
		return false
	}
	return r.Because(f.Rule.Reason) != nil && (f.Rule.Category == rules.HandshakeCategory || f.Rule.Category == rules.Syntax || f.Severity == rules.Error)
}

// compareFindings holds the findings against the answers: a handshake fails
// exactly where a finding says so.
func (t *trial) compareFindings(all []*seen, findings []rules.Finding, n *tally) []disagreement {
	var out []disagreement
	about := map[*effective.Route][]*rules.Finding{}
	for i := range findings {
		f := &findings[i]
		for _, r := range f.Routes {
			about[r] = append(about[r], f)
		}
	}
	for _, r := range t.model.Routes {
		if r.Verdict == effective.Unknown {
			continue
		}
		failed, reached := t.observed(all, r)
		if reached == nil {
			continue
		}
		n.Findings++
		var said []string
		for _, f := range about[r] {
			if breaking(f, r) {
				said = append(said, fmt.Sprintf("%s %s: %s", f.Severity, f.Rule.Name, f.Message))
			}
			if f.Rule.Category == rules.HandshakeCategory && f.Severity == rules.Error && failed == nil {
				out = append(out, disagreement{kind: "finding", text: fmt.Sprintf("the handshake works at %s, and lint says: %s: %s", locOf(r.Scope), f.Rule.Name, f.Message), probe: &reached.probe})
				break
			}
		}
		if failed != nil && len(said) == 0 {
			out = append(out, disagreement{kind: "finding", text: fmt.Sprintf("the handshake fails at %s (%s; %s), and no finding says so (model: %s)", locOf(r.Scope),
				failed.answers[0].result(), failed.answers[1].result(), reasons(r)), probe: &failed.probe})
		}
	}
	return out
}

// observed returns a probe that was passed on by r, and one of them whose
// handshake failed.
func (t *trial) observed(all []*seen, r *effective.Route) (failed, reached *seen) {
	for _, s := range all {
		if !s.through(r) {
			continue
		}
		reached = s
		if !s.answers[0].ok || !s.answers[1].ok {
			return s, s
		}
	}
	return nil, reached
}

// same reports whether a traced route is r.
func same(traced, r *effective.Route) bool {
	return traced != nil && traced.Scope == r.Scope && traced.Pass.Directive == r.Pass.Directive
}

// fixable reports whether r has findings that say that it is broken and a safe
// fix would mend all of them.
func fixable(r *effective.Route, findings []rules.Finding) bool {
	any := false
	for i := range findings {
		f := &findings[i]
		if !slices.Contains(f.Routes, r) || !breaking(f, r) {
			continue
		}
		if f.Fix == nil || f.Fix.Safety != rules.Safe {
			return false
		}
		any = true
	}
	return any
}

// show writes findings for a message.
func show(findings []rules.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		p := f.File.Position(f.Span.Start)
		fmt.Fprintf(&b, "\n    %s:%d: %s: %s [%s]", short(f.File), p.Line, f.Severity, f.Message, f.Rule.Name)
	}
	return b.String()
}

func short(f *parser.File) string {
	return f.Name[strings.LastIndexByte(f.Name, '/')+1:]
}
