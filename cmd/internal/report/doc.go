// Package report prints what wsnginx found: findings, routes, traces and rules,
// as text for people and as JSON for programs. Each format has a file.
//
// It owns the looks and the JSON documents (their schemas lie beside it) and
// nothing else: what there is to say was decided in rules and rules/effective,
// what is written to disk in fixer. Nothing that comes from a configuration
// reaches a terminal as control characters.
package report

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// Style says how a report is printed.
type Style struct {
	Dir   string // the working directory: files below it are named relative to it
	Color bool   // ANSI colours
	Links bool   // rule names are links to their pages, as terminals know them
	Width int    // the columns of the terminal; 0 where the result goes elsewhere
	Quiet bool   // findings only, without a summary
}

// Name returns the name of a file as reports print it: relative to the working
// directory where it lies below it, with slashes.
func (s Style) Name(name string) string {
	if s.Dir != "" && filepath.IsAbs(name) {
		if rel, err := filepath.Rel(s.Dir, name); err == nil && filepath.IsLocal(rel) {
			name = rel
		}
	}
	name = filepath.ToSlash(name)
	if short, ok := strings.CutPrefix(name, "./"); ok {
		name = strings.TrimLeft(short, "/")
	}
	return name
}

// sentence returns a text of the model with the files in it named as Name does.
func (s Style) sentence(text string) string {
	if s.Dir == "" || s.Dir == string(filepath.Separator) {
		return text
	}
	dir := s.Dir + string(filepath.Separator)
	return strings.NewReplacer("("+dir, "(", ", "+dir, ", ").Replace(text)
}

// Run is what a run of lint or fix has to say.
type Run struct {
	Version  effective.Version
	Findings []rules.Finding // sorted, without those that a comment ignores
	Problems []parser.Problem
	Counts   Counts

	Ignored []rules.Finding // those that a comment ignores
	Files   []string        // the files that were looked at
	Rules   []*rules.Rule   // the rules that ran
	FailOn  rules.Severity  // the least severity that fails the run
	Stdin   string          // the name under which standard input was read, "" where a person gave it or none was read
	Tool    string          // the version of wsnginx
	Stopped bool            // something could not be read, and fix changes nothing then
	Known   int             // the findings that a baseline knows, which are left out
	// Undecided are the routes meant for WebSocket that could not be judged
	// and that no finding speaks of.
	Undecided []*effective.Route

	// Fixed is set by fix: what it did about the findings that were there
	// before. Findings are then those that remain.
	Fixed *Fixed
}

// Fixed is what fix did.
type Fixed struct {
	Applied  []rules.Finding // the findings whose fix was applied, as they were before
	Files    []string        // the files that the fixes change, in order
	Diff     string          // the change as a unified diff
	FromRoot bool            // the diff names files from the root, not from the working directory
	Written  bool            // true where the files were written
	Unsafe   bool            // true where unsafe fixes were made too
	Stopped  string          // why nothing was fixed at all, "" where fixes were made
	// Withdrawn says why a fix was taken back, by its finding.
	Withdrawn func(*rules.Finding) string
}

// left says why a finding remains.
func (x *Fixed) left(f *rules.Finding) string {
	if x.Withdrawn != nil {
		if why := x.Withdrawn(f); why != "" {
			return "its fix was taken back: " + why
		}
	}
	switch {
	case f.Fix == nil && f.Rule.Fixable == "":
		return "the change is left to a person"
	case f.Fix == nil:
		return "no fix is sure here: the change is left to a person"
	case f.Fix.Safety == rules.Unsafe && !x.Unsafe:
		return "ordinary requests could notice its fix; --unsafe makes it"
	case x.Stopped != "":
		return x.Stopped
	}
	return "its fix was not made"
}

// undecided is the kind of a problem that is a route which could not be judged.
const undecided parser.ProblemKind = "undecided"

// unread returns what a program has to be told besides findings: what was not
// read, and the routes that could not be judged.
func (run *Run) unread(s Style) []parser.Problem {
	out := slices.Clone(run.Problems)
	for _, r := range run.Undecided {
		p := parser.Problem{Kind: undecided, Message: fmt.Sprintf("location %s could not be judged: %s", locationName(r.Location), s.sentence(r.Undecided))}
		at := r.Pass.Directive
		if r.Location != nil && r.Location.Block != nil {
			at = r.Location.Block
		}
		if at != nil {
			pos := at.File.Position(at.Span.Start)
			p.File, p.Line, p.Column = at.File.Name, pos.Line, pos.Column
		}
		out = append(out, p)
	}
	return out
}

// Counts are how much was looked at.
type Counts struct {
	Files, Directives int
	Routes            int // proxied locations
	WebSocket         int // those of them that are meant for WebSocket
	Unnamed           int // those of them that nothing says anything about
}

// Tally counts findings by severity and by what can be done about them.
type Tally struct {
	Errors, Warnings, Infos int
	Safe, Unsafe            int // fixes
}

// Count tallies findings.
func Count(findings []rules.Finding) Tally {
	var t Tally
	for i := range findings {
		switch findings[i].Severity {
		case rules.Error:
			t.Errors++
		case rules.Warning:
			t.Warnings++
		default:
			t.Infos++
		}
		if fix := findings[i].Fix; fix != nil {
			if fix.Safety == rules.Safe {
				t.Safe++
			} else {
				t.Unsafe++
			}
		}
	}
	return t
}
