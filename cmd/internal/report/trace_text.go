package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// TraceText tells the way of a URL: the server, the locations that were looked
// at, the request the upstream receives, and what comes of it.
func TraceText(w io.Writer, t *effective.Trace, s Style) error {
	b := bufio.NewWriter(w)
	fmt.Fprintln(b, s.in(bold, Clean(t.URL)))
	if t.Server != nil {
		var names []string
		for _, n := range t.Server.Names {
			if n != "" {
				names = append(names, Clean(n))
			}
		}
		name := strings.Join(names, " ")
		if name == "" {
			name = "without a name"
		}
		s.step(b, "server", cut(name, 80), blockOf(t.Server.Scope), t.ServerWhy)
	}
	for _, c := range t.Considered {
		s.step(b, "passed over", "location "+Clean(join(c.Modifier, c.Match)), blockOf(c.Location), c.Why)
	}
	if t.Location != nil {
		s.step(b, "location", Clean(locationName(t.Location)), blockOf(t.Location), "")
	}
	if r := t.Route; r != nil {
		s.request(b, r)
	}
	if t.Redirect != "" {
		s.step(b, "redirect", Clean(t.Redirect), nil, "")
	}
	outcome := string(t.Outcome)
	switch t.Outcome {
	case effective.OutcomeWorks:
		outcome = s.in(green, outcome)
	case effective.OutcomeUnknown:
		outcome = s.in(yellow, outcome)
	default:
		outcome = s.in(red, outcome)
	}
	if t.Why != "" {
		outcome += ": " + Clean(t.Why)
	}
	s.step(b, "outcome", outcome, nil, "")
	if r := t.Route; r != nil {
		for _, name := range reasonNames(r) {
			fmt.Fprintf(b, "               see \"wsnginx explain %s\"\n", name)
		}
	}
	return b.Flush()
}

// request tells what an upstream receives and how long the tunnel may idle.
func (s Style) request(w io.Writer, r *effective.Route) {
	if p := r.Pass.Directive; p != nil {
		s.step(w, "upstream", Clean(join(p.Head.Value, p.Arg(0))), p, "")
	}
	if r.HTTPVersion != "" {
		s.step(w, "receives", "HTTP/"+r.HTTPVersion, r.HTTPVersionItem.Directive, byDefault(r.HTTPVersionItem.Directive))
	}
	for i := range r.Headers {
		h := &r.Headers[i]
		v := h.Sent[effective.Handshake]
		text, from := Clean(h.Name)+": "+Clean(v.Text), byDefault(h.Item.Directive)
		if h.Item.Directive == nil && strings.HasPrefix(h.Value, "$http_") {
			from = fromClient
		}
		switch {
		case !v.Known && from == fromClient:
			text = Clean(h.Name)
		case !v.Known:
			text = Clean(h.Name) + ": ? (" + Clean(h.Value) + ")"
		case v.Text == "":
			text = "no " + Clean(h.Name)
			if h.Value != "" {
				text += " (" + Clean(h.Value) + ")"
			}
		case h.Value != v.Text:
			text += " (" + Clean(h.Value) + ")"
		}
		s.step(w, "", text, h.Item.Directive, from)
	}
	if r.Idle.Text != "" {
		s.step(w, "idle", "closed after "+Clean(r.Idle.Text)+" without a byte", r.Idle.Item.Directive, byDefault(r.Idle.Item.Directive))
	}
	for _, n := range r.Notes {
		s.step(w, "not judged", Clean(n), nil, "")
	}
}

// step prints one line of a trace: what, the words, where, and why.
func (s Style) step(w io.Writer, title, text string, at *parser.Directive, why string) {
	line := fmt.Sprintf("  %s  %s", s.in(dim, fmt.Sprintf("%-11s", title)), text)
	if at != nil {
		line += s.in(dim, fmt.Sprintf("  %s:%d", Clean(s.Name(at.File.Name)), at.File.Position(at.Span.Start).Line))
	}
	if why != "" {
		line += s.in(dim, "  "+Clean(why))
	}
	fmt.Fprintln(w, line)
}

const fromClient = "as the client sends it"

func byDefault(at *parser.Directive) string {
	if at == nil {
		return "nginx's default"
	}
	return ""
}

func blockOf(scope *effective.Scope) *parser.Directive {
	if scope == nil {
		return nil
	}
	return scope.Block
}

func join(words ...string) string {
	return strings.TrimSpace(strings.Join(words, " "))
}
