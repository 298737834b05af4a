package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// maxChange is how many lines of a proposed change are shown.
const maxChange = 10

// LintText prints findings for people. Every finding has one line
//
//	file:line:col: severity: message [rule-name]
//
// and every place that explains it one line "file:line:col: note: message"; all
// other lines are indented. The findings of one location stand together and
// share the source line and the proposed change. The last line says what was
// checked.
func LintText(w io.Writer, run *Run, s Style) error {
	b := bufio.NewWriter(w)
	if run.Fixed != nil {
		s.fixed(b, run.Fixed)
	}
	for i, group := range groups(run.Findings) {
		if i > 0 || run.Fixed != nil && len(run.Fixed.Files) > 0 {
			fmt.Fprintln(b)
		}
		s.group(b, group)
	}
	if !s.Quiet {
		if len(run.Findings) > 0 {
			fmt.Fprintln(b)
		}
		s.summary(b, run)
	}
	return b.Flush()
}

// groups puts findings that concern the same location together, in the order
// of the first of each.
func groups(findings []rules.Finding) [][]rules.Finding {
	type key struct {
		file  *parser.File
		block *parser.Directive
		span  parser.Span
	}
	index := map[key]int{}
	var out [][]rules.Finding
	for _, f := range findings {
		k := key{file: f.File}
		if len(f.Routes) > 0 && f.Routes[0].Location != nil {
			k.block = f.Routes[0].Location.Block
		} else {
			k.span = f.Span
		}
		i, ok := index[k]
		if !ok {
			i = len(out)
			index[k] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], f)
	}
	return out
}

func (s Style) group(w io.Writer, group []rules.Finding) {
	for i := range group {
		f := &group[i]
		pos := f.File.Position(f.Span.Start)
		fmt.Fprintf(w, "%s %s %s %s\n",
			s.in(bold, fmt.Sprintf("%s:%d:%d:", Clean(s.Name(f.File.Name)), pos.Line, pos.Column)),
			s.severity(f.Severity), Clean(f.Message), s.in(dim, "["+f.Rule.Name+"]"))
		if i+1 == len(group) || group[i+1].Span != f.Span {
			s.frame(w, f.File, f.Span)
		}
	}
	s.change(w, group, rules.Safe, "fix")
	s.change(w, group, rules.Unsafe, "fix with --unsafe")
	s.related(w, group)
}

func (s Style) severity(v rules.Severity) string {
	switch v {
	case rules.Error:
		return s.in(red, "error:")
	case rules.Warning:
		return s.in(yellow, "warning:")
	default:
		return s.in(cyan, "info:")
	}
}

// related prints the places that explain a group, each once, and how its file
// is reached.
func (s Style) related(w io.Writer, group []rules.Finding) {
	type place struct {
		file    *parser.File
		start   int
		message string
	}
	seen := map[place]bool{}
	for i := range group {
		for _, r := range group[i].Related {
			k := place{r.File, r.Span.Start, r.Message}
			if seen[k] {
				continue
			}
			seen[k] = true
			pos := r.File.Position(r.Span.Start)
			fmt.Fprintf(w, "%s %s %s\n",
				s.in(bold, fmt.Sprintf("%s:%d:%d:", Clean(s.Name(r.File.Name)), pos.Line, pos.Column)),
				s.in(cyan, "note:"), Clean(r.Message))
		}
	}
	if via := group[0].Via; via != nil {
		var chain []string
		for ; via != nil; via = via.Outer {
			d := via.Include
			chain = append(chain, fmt.Sprintf("%s:%d", Clean(s.Name(d.File.Name)), d.File.Position(d.Span.Start).Line))
		}
		fmt.Fprintf(w, "  included from %s\n", strings.Join(chain, ", from "))
	}
}

// change prints what the fixes of the given safety do to the group's lines.
func (s Style) change(w io.Writer, group []rules.Finding, safety rules.Safety, title string) {
	var fixes []*rules.Fix
	for i := range group {
		if fix := group[i].Fix; fix != nil && fix.Safety == safety {
			fixes = append(fixes, fix)
		}
	}
	home := group[0].File
	shown := 0
	print := func(p paint, mark, line string) {
		if shown++; shown <= maxChange {
			fmt.Fprintf(w, "  %s\n", s.in(p, mark+" "+expand(line)))
		}
	}
	for i, c := range changes(fixes, home) {
		if shown < maxChange {
			place := fmt.Sprintf("line %d", c.line)
			if c.file != home {
				place = fmt.Sprintf("%s:%d", Clean(s.Name(c.file.Name)), c.line)
			}
			if i == 0 {
				fmt.Fprintf(w, "  %s, %s:\n", s.in(bold, title), place)
			} else {
				fmt.Fprintf(w, "  %s:\n", place)
			}
		}
		for _, line := range c.old {
			print(minus, "-", line)
		}
		for _, line := range c.new {
			print(green, "+", line)
		}
	}
	if shown > maxChange {
		fmt.Fprintf(w, "  … %s; \"wsnginx fix\" prints all\n", plural(shown-maxChange, "more line", "more lines"))
	}
}

// expand returns a source line as it is printed, cut where it is very long.
func expand(line string) string {
	var b strings.Builder
	for _, c := range cells(line, true) {
		if c.column+c.width > frameWidth {
			b.WriteString("…")
			break
		}
		b.WriteString(c.text)
	}
	return b.String()
}

func (s Style) fixed(w io.Writer, f *Fixed) {
	done := "would fix"
	if f.Written {
		done = "fixed"
	}
	count := map[string]int{}
	for i := range f.Applied {
		count[f.Applied[i].File.Name]++
	}
	for _, name := range f.Files {
		text := ""
		if n := count[name]; n > 0 {
			text = ": " + plural(n, "finding", "findings")
		}
		fmt.Fprintf(w, "%s %s%s\n", done, Clean(s.Name(name)), text)
	}
}

// summary prints the last lines of a report.
func (s Style) summary(w io.Writer, run *Run) {
	files := plural(run.Counts.Files, "file", "files")
	switch {
	case len(run.Findings) > 0:
		fmt.Fprintln(w, tally(run.Findings)+" in "+files+remedy(run.Findings))
	case run.Counts.Files > 0:
		left := "no problems"
		if slices.ContainsFunc(run.Problems, func(p parser.Problem) bool { return p.Kind == parser.Failed }) {
			left = "nothing found so far (not everything could be read)"
		} else if run.Fixed != nil && len(run.Fixed.Files) > 0 {
			left = "no problems left"
		}
		fmt.Fprintf(w, "%s in %s; %s\n", left, files, carried(run.Counts))
	}
	if n := run.Counts.Unnamed; n > 0 {
		fmt.Fprintf(w, "%d of %s %s nothing about WebSocket and %s not judged; name what carries it with --websocket PATTERN or a comment \"# wsnginx:websocket\"\n",
			n, plural(run.Counts.Routes, "proxied location", "proxied locations"), verb(n, "says", "say"), verb(n, "was", "were"))
	}
	if n := len(run.Ignored); n > 0 {
		fmt.Fprintf(w, "%s ignored by comments\n", plural(n, "finding", "findings"))
	}
}

// carried says how many proxied locations are meant for WebSocket.
func carried(n Counts) string {
	if n.Routes == 0 {
		return "nothing in it is proxied"
	}
	return fmt.Sprintf("%s, %d for WebSocket", plural(n.Routes, "proxied location", "proxied locations"), n.WebSocket)
}

// remedy returns "; 3 fixable with ..." for the findings that fix mends.
func remedy(findings []rules.Finding) string {
	t := Count(findings)
	switch {
	case t.Safe > 0 && t.Unsafe > 0:
		return fmt.Sprintf(`; %d fixable with "wsnginx fix", %d more with "wsnginx fix --unsafe"`, t.Safe, t.Unsafe)
	case t.Safe > 0:
		return fmt.Sprintf(`; %d fixable with "wsnginx fix"`, t.Safe)
	case t.Unsafe > 0:
		return fmt.Sprintf(`; %d fixable with "wsnginx fix --unsafe"`, t.Unsafe)
	}
	return ""
}

// DiffSummary says in one line what the diff of a run of fix mends and leaves.
func DiffSummary(run *Run) string {
	text := "nothing to fix"
	if n := len(run.Fixed.Files); n > 0 {
		text = fmt.Sprintf("the diff fixes %s in %s",
			plural(len(run.Fixed.Applied), "finding", "findings"), plural(n, "file", "files"))
	}
	if len(run.Findings) > 0 {
		text += "; left: " + tally(run.Findings) + remedy(run.Findings)
	}
	return text
}

// tally returns "2 errors, 1 warning", leaving out what there is none of.
func tally(findings []rules.Finding) string {
	t := Count(findings)
	var parts []string
	for _, p := range []struct {
		n         int
		one, many string
	}{{t.Errors, "error", "errors"}, {t.Warnings, "warning", "warnings"}, {t.Infos, "info", "infos"}} {
		if p.n > 0 {
			parts = append(parts, plural(p.n, p.one, p.many))
		}
	}
	return strings.Join(parts, ", ")
}

// plural returns "1 file" or "2 files".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// verb returns the form that goes with n.
func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// locationName returns a location as it is written: `= /ws`, `/`, `@app`.
func locationName(l *effective.Scope) string {
	if l == nil || l.Block == nil {
		return ""
	}
	words := make([]string, len(l.Block.Args))
	for i := range l.Block.Args {
		words[i] = l.Block.Arg(i)
	}
	return strings.Join(words, " ")
}
