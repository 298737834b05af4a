package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// summary prints the last lines of a report.
func (s Style) summary(w io.Writer, run *Run) {
	files := Plural(run.Counts.Files, "file", "files")
	switch {
	case len(run.Findings) > 0:
		s.tell(w, tally(run.Findings)+" in "+files+remedy(run))
	case run.Counts.Files > 0:
		s.tell(w, fmt.Sprintf("%s in %s; %s", nothing(run), files, carried(run.Counts)))
	}
	if n := len(run.Undecided); n == 1 {
		s.tell(w, fmt.Sprintf("location %s could not be judged: %s", locationName(run.Undecided[0].Location), s.sentence(run.Undecided[0].Undecided)))
	} else if n > 1 {
		s.tell(w, fmt.Sprintf("%d of the locations for WebSocket could not be judged; \"wsnginx routes\" says why", n))
	}
	if n := run.Counts.Unnamed; n > 0 {
		s.tell(w, fmt.Sprintf("%d of %s %s nothing about WebSocket and %s not judged; name what carries it with --websocket PATTERN or a comment \"# wsnginx:websocket\"",
			n, Plural(run.Counts.Routes, "proxied location", "proxied locations"), verb(n, "says", "say"), verb(n, "was", "were")))
	}
	if n := len(run.Ignored); n > 0 {
		s.tell(w, Plural(n, "finding", "findings")+" ignored by comments")
	}
}

// nothing says that there are no findings, and no more than is so: others may be
// known, ignored, undecided or out of reach.
func nothing(run *Run) string {
	switch {
	case slices.ContainsFunc(run.Problems, func(p parser.Problem) bool { return p.Kind == parser.Failed }):
		return "nothing found so far (not everything could be read)"
	case run.Rules != nil && len(run.Rules) == 0:
		return "nothing was looked for (every rule is left out)"
	case len(run.Ignored) > 0 || run.Known > 0 || len(run.Undecided) > 0:
		return "nothing to report"
	case run.Fixed != nil && len(run.Fixed.Files) > 0:
		return "no problems left"
	}
	return "no problems"
}

// carried says how many proxied locations are meant for WebSocket.
func carried(n Counts) string {
	if n.Routes == 0 {
		return "nothing in it is proxied"
	}
	return fmt.Sprintf("%s, %d for WebSocket", Plural(n.Routes, "proxied location", "proxied locations"), n.WebSocket)
}

// remedy returns "; 3 fixable with ..." for the findings that fix mends.
func remedy(run *Run) string {
	t, when := Count(run.Findings), ""
	if run.Stopped {
		when = " once everything can be read"
	}
	switch {
	case t.Safe > 0 && t.Unsafe > 0:
		return fmt.Sprintf(`; %d fixable with "wsnginx fix", %d more with "wsnginx fix --unsafe"%s`, t.Safe, t.Unsafe, when)
	case t.Safe > 0:
		return fmt.Sprintf(`; %d fixable with "wsnginx fix"%s`, t.Safe, when)
	case t.Unsafe > 0:
		return fmt.Sprintf(`; %d fixable with "wsnginx fix --unsafe"%s`, t.Unsafe, when)
	}
	return ""
}

// DiffSummary says in one line what the diff of a run of fix mends and leaves.
func DiffSummary(run *Run) string {
	text := "nothing to fix"
	if n := len(run.Fixed.Files); n > 0 {
		text = fmt.Sprintf("the diff fixes %s in %s",
			Plural(len(run.Fixed.Applied), "finding", "findings"), Plural(n, "file", "files"))
	}
	if len(run.Findings) > 0 {
		text += "; left: " + tally(run.Findings) + remedy(run)
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
			parts = append(parts, Plural(p.n, p.one, p.many))
		}
	}
	return strings.Join(parts, ", ")
}

// Plural returns "1 file" or "2 files".
func Plural(n int, one, many string) string {
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
