package probe

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/rules"
)

// The ANSI colours.
const (
	bold   = "1"
	dim    = "2"
	red    = "1;31"
	green  = "32"
	yellow = "1;33"
	cyan   = "36"
)

// printer prints a result.
type printer struct {
	*bufio.Writer
	s report.Style
}

func (p *printer) in(paint, text string) string {
	if !p.s.Color || text == "" {
		return text
	}
	return "\x1b[" + paint + "m" + text + "\x1b[0m"
}

// Text tells r as a short story: where it disagrees with the configuration c,
// the steps, what came of them and why, and what the configuration says. c is
// nil where none was given.
func Text(w io.Writer, r *Result, c *Config, s report.Style) error {
	p := &printer{bufio.NewWriter(w), s}
	if c != nil {
		p.disagreement(c)
	}
	for i, h := range r.Hops {
		if i > 0 {
			fmt.Fprintln(p)
		}
		fmt.Fprintln(p, p.in(bold, report.Clean(h.URL)))
		for _, step := range h.Steps {
			p.step(step)
		}
	}
	fmt.Fprintln(p)
	p.outcome(r)
	p.list("seen", r.Evidence)
	p.list("why", r.Explanation)
	p.list("to do", r.Advice)
	if c != nil {
		if err := p.config(c); err != nil {
			return err
		}
	}
	for _, h := range r.Hops {
		p.wire(h)
	}
	return p.Flush()
}

// disagreement says first where the server and the configuration part.
func (p *printer) disagreement(c *Config) {
	list := c.disagrees()
	if len(list) == 0 {
		return
	}
	fmt.Fprintln(p, p.in(red, "the running server and the configuration disagree:"))
	for _, k := range list {
		p.wrapped("  - ", "    ", k.Text)
	}
	p.wrapped("  ", "  ", "the running nginx may have another configuration loaded: nginx -T prints the one on disk, nginx -s reload loads it.")
	fmt.Fprintln(p)
}

// marks are how the outcomes of steps look.
var marks = map[Outcome]struct{ word, paint string }{
	StepOK: {"ok", green}, StepWarn: {"note", yellow}, StepFail: {"FAILED", red},
}

func (p *printer) step(s *Step) {
	m := marks[s.Outcome]
	took := s.Took.String()
	if s.Took == 0 {
		took = ""
	}
	head := fmt.Sprintf("  %-10s%s%s%8s  ", s.Name, p.in(m.paint, m.word), strings.Repeat(" ", 7-len(m.word)), took)
	p.wrapped(head, strings.Repeat(" ", 29), s.Text)
	for _, n := range s.Notes {
		p.wrapped(strings.Repeat(" ", 29)+"- ", strings.Repeat(" ", 31), n)
	}
}

func (p *printer) outcome(r *Result) {
	switch r.Outcome {
	case Works:
		p.wrapped(p.in(green, "works:")+" ", "  ", r.Summary)
	case Fails:
		p.wrapped(p.in(red, "does not work:")+" ", "  ", r.Summary)
	default:
		p.wrapped(p.in(yellow, "could not be tried:")+" ", "  ", r.Summary)
	}
}

func (p *printer) list(title string, items []string) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(p, "\n%s\n", p.in(bold, title))
	for _, item := range items {
		p.wrapped("  - ", "    ", item)
	}
}

// config says what the configuration has to say.
func (p *printer) config(c *Config) error {
	fmt.Fprintf(p, "\n%s\n", p.in(bold, "the configuration"))
	t := c.Trace
	if t.Server != nil {
		names := strings.Join(slices.DeleteFunc(slices.Clone(t.Server.Names), func(n string) bool { return n == "" }), " ")
		if names == "" {
			names = "without a name"
		}
		p.wrapped("  server    ", "            ", names+p.place(blockText(p.s, t.Server.Scope))+", "+t.ServerWhy)
	}
	if b := t.Location.Opening(); b != nil {
		words := make([]string, len(b.Args))
		for i := range b.Args {
			words[i] = b.Arg(i)
		}
		p.wrapped("  location  ", "            ", strings.Join(words, " ")+p.place(blockText(p.s, t.Location)))
	}
	text := string(t.Outcome)
	if t.Why != "" {
		text += ": " + t.Why
	}
	p.wrapped("  verdict   ", "            ", text)
	for _, k := range c.Comparisons {
		word, paint := "agrees", green
		switch k.Agrees {
		case Disagrees:
			word, paint = "differs", red
		case Undecided:
			word, paint = "open", yellow
		}
		p.wrapped("  "+p.in(paint, word)+strings.Repeat(" ", 10-len(word)), "            ", k.Text)
	}
	if len(c.Findings) == 0 {
		return nil
	}
	fmt.Fprintln(p)
	s := p.s
	s.Quiet = true
	if err := report.LintText(p, &report.Run{Version: c.Version, Findings: c.Findings}, s); err != nil {
		return err
	}
	fixable := func(safety rules.Safety) bool {
		return slices.ContainsFunc(c.Findings, func(f rules.Finding) bool { return f.Fix != nil && f.Fix.Safety == safety })
	}
	switch {
	case fixable(rules.Safe) && fixable(rules.Unsafe):
		fmt.Fprintln(p, "\n\"wsnginx fix\" makes these changes, with --unsafe those too that could change what ordinary requests see")
	case fixable(rules.Safe):
		fmt.Fprintln(p, "\n\"wsnginx fix\" makes this change")
	case fixable(rules.Unsafe):
		fmt.Fprintln(p, "\n\"wsnginx fix --unsafe\" makes this change")
	}
	return nil
}

func (p *printer) place(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// wire prints what passed.
func (p *printer) wire(h *Hop) {
	request := ""
	for _, w := range h.Wire {
		if w.Request != request {
			request = w.Request
			fmt.Fprintf(p, "\n%s\n", p.in(bold, "on the wire: "+request))
		}
		mark, paint := "> ", cyan
		if w.Way == "received" {
			mark, paint = "< ", ""
		}
		note := ""
		if w.Kind != "head" && w.Note != "" {
			note = "  " + w.Note
		}
		for line := range strings.Lines(w.Text) {
			text := mark + report.Clean(strings.TrimSuffix(line, "\n")+note)
			if paint != "" {
				text = p.in(paint, text)
			}
			fmt.Fprintln(p, text)
		}
	}
}

// lineWidth is where text is broken.
const lineWidth = 100

// wrapped prints text broken into lines, the first after head, the others after
// indent.
func (p *printer) wrapped(head, indent, text string) {
	line, width := head, visible(head)
	fresh := true
	for word := range strings.FieldsSeq(report.Clean(text)) {
		n := utf8.RuneCountInString(word)
		if !fresh && width+1+n > lineWidth {
			fmt.Fprintln(p, line)
			line, width, fresh = indent, len(indent), true
		}
		if !fresh {
			line, width = line+" ", width+1
		}
		line, width, fresh = line+word, width+n, false
	}
	fmt.Fprintln(p, strings.TrimRight(line, " "))
}

// visible returns the width of text without its colours.
func visible(text string) int {
	n, hidden := 0, false
	for _, r := range text {
		switch {
		case r == '\x1b':
			hidden = true
		case hidden:
			hidden = r != 'm'
		default:
			n++
		}
	}
	return n
}
