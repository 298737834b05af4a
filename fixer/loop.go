package fixer

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
)

// maxRounds bounds how often fixing is repeated. A fix may uncover a second one
// and that a third; ten in a row means that they undo one another.
const maxRounds = 10

// Lint returns the findings of the configuration with the overlay's bytes, by
// File.Name, in place of those on disk.
type Lint func(overlay map[string]string) ([]rules.Finding, error)

// Options say which fixes Run makes.
type Options struct {
	Unsafe bool // also the fixes that could change what ordinary requests see
	// Writable reports whether the file of that name may be changed; nil
	// allows all. A fix that needs another file is not made.
	Writable func(name string) bool
}

// Change is one file before and after.
type Change struct {
	Name     string // as the parser names the file
	Old, New string
}

// Fixed is a finding whose fix was made.
type Fixed struct {
	Finding rules.Finding
	Round   int // from 1
}

// Withdrawn is a finding whose fix was made and taken back because it did not
// do what it is there for: a mistake in the rule, and an error.
type Withdrawn struct {
	Finding rules.Finding
	Reason  string
}

// Error names the rule, the place and what went wrong.
func (w Withdrawn) Error() string {
	return fmt.Sprintf("internal error in rule %q: its fix of %s was taken back: %s", w.Finding.Rule.Name, place(w.Finding), w.Reason)
}

// Unsettled is the error of a run in which fixes still changed the files after
// ten rounds.
type Unsettled struct {
	Findings []rules.Finding // those that came back in the last round
}

// Error names the findings that keep coming back.
func (u *Unsettled) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the fixes did not settle in %d rounds, nothing was changed; these findings keep coming back:", maxRounds)
	for i, f := range u.Findings {
		if i == 5 {
			fmt.Fprintf(&b, " and %d more", len(u.Findings)-i)
			break
		}
		fmt.Fprintf(&b, " %s [%s]", place(f), f.Rule.Name)
	}
	return b.String()
}

// Result is what Run came to. Nothing has been written.
type Result struct {
	First     []rules.Finding // before any fix
	Remaining []rules.Finding // after the last round
	Fixed     []Fixed         // by round, in the order of the findings
	Withdrawn []Withdrawn
	Changes   []Change // by name
	Rounds    int      // how many changed something
}

// Run lints, makes the fixes it may make, and repeats both until nothing
// changes. After every round the changed files must have no new syntax errors
// and the fixed findings must be gone; a fix that fails this is taken back and
// the others go on.
func Run(lint Lint, opts Options) (*Result, error) {
	r := &run{opts: opts, overlay: map[string]string{}, old: map[string]string{}, excluded: map[spot]bool{}}
	findings, err := lint(maps.Clone(r.overlay))
	if err != nil {
		return nil, err
	}
	r.First = findings
	for {
		step := r.prepare(findings)
		if len(step.fixed) == 0 {
			break
		}
		if r.Rounds == maxRounds {
			return nil, &Unsettled{step.fixed}
		}
		after, err := lint(maps.Clone(step.overlay))
		if err != nil {
			return nil, fmt.Errorf("lint after fixing: %w", err)
		}
		if still := step.unfixed(findings, after); len(still) > 0 {
			for _, f := range still {
				r.withdraw(f, "the finding is still there after it")
			}
			continue
		}
		r.commit(step)
		findings = after
	}
	r.Remaining = findings
	for _, name := range slices.Sorted(maps.Keys(r.old)) {
		if r.old[name] != r.overlay[name] {
			r.Changes = append(r.Changes, Change{name, r.old[name], r.overlay[name]})
		}
	}
	return &r.Result, nil
}

// run is the state between rounds.
type run struct {
	Result
	opts     Options
	overlay  map[string]string // the files changed so far
	old      map[string]string // the same before the first change
	excluded map[spot]bool     // where fixes were withdrawn
}

// spot is a finding without its words: those may hold line numbers, which move.
type spot struct {
	rule, file string
	offset     int
}

func spotOf(f rules.Finding) spot { return spot{f.Rule.Name, f.File.Name, f.Span.Start} }

func spotOfPlace(p rules.Place) spot { return spot{"", p.File.Name, p.Span.Start} }

// step is one round that is not yet taken as good.
type step struct {
	fixed   []rules.Finding
	files   map[string]*parser.File // the changed files as they were
	moves   map[string]*moves
	overlay map[string]string
}

// prepare merges and applies the fixes that may be made, without those that
// leave a file nginx would refuse.
func (r *run) prepare(findings []rules.Finding) *step {
	var todo []rules.Finding
	for _, f := range findings {
		if !r.wanted(f) {
			continue
		}
		if err := check(f.Fix); err != nil {
			r.withdraw(f, err.Error())
			continue
		}
		todo = append(todo, f)
	}
	todo = outermost(todo)
	for {
		accepted, edits := Merge(fixesOf(todo))
		s := &step{files: map[string]*parser.File{}, moves: map[string]*moves{}, overlay: maps.Clone(r.overlay)}
		for i, f := range todo {
			if accepted[i] {
				s.fixed = append(s.fixed, f)
				for _, e := range f.Fix.Edits {
					s.files[e.File.Name] = e.File
				}
			}
		}
		bad := map[spot]bool{}
		for _, name := range slices.Sorted(maps.Keys(s.files)) {
			file := s.files[name]
			s.overlay[name] = Apply(file.Src, edits[name])
			s.moves[name] = newMoves(edits[name])
			if !breaks(file, s.overlay[name]) {
				continue
			}
			for _, f := range culprits(file, s.fixed) {
				if !bad[spotOf(f)] {
					bad[spotOf(f)] = true
					r.withdraw(f, "the file does not parse after it")
				}
			}
		}
		if len(bad) == 0 {
			return s
		}
		todo = slices.DeleteFunc(todo, func(f rules.Finding) bool { return bad[spotOf(f)] })
	}
}

// wanted reports whether the finding has a fix that this run makes.
func (r *run) wanted(f rules.Finding) bool {
	if f.Fix == nil || f.Ignored != "" || f.Fix.Safety != rules.Safe && !r.opts.Unsafe || r.excluded[spotOf(f)] {
		return false
	}
	return r.opts.Writable == nil || !slices.ContainsFunc(f.Fix.Edits, func(e rules.Edit) bool {
		return e.File != nil && !r.opts.Writable(e.File.Name)
	})
}

func (r *run) withdraw(f rules.Finding, reason string) {
	r.excluded[spotOf(f)] = true
	r.Withdrawn = append(r.Withdrawn, Withdrawn{f, reason})
}

// commit takes a step as good.
func (r *run) commit(s *step) {
	r.Rounds++
	for _, f := range s.fixed {
		r.Fixed = append(r.Fixed, Fixed{f, r.Rounds})
	}
	for name, file := range s.files {
		if _, seen := r.old[name]; !seen {
			r.old[name] = file.Src
		}
	}
	r.overlay = s.overlay
	moved := make(map[spot]bool, len(r.excluded))
	for at := range r.excluded {
		moved[s.moved(at)] = true
	}
	r.excluded = moved
}

// moved returns where a spot lies after the step.
func (s *step) moved(at spot) spot {
	if m := s.moves[at.file]; m != nil {
		at.offset = m.to(at.offset)
	}
	return at
}

// unfixed returns the findings among s.fixed that are in after. Findings of one
// rule at one place are counted, because their messages may change. Those about
// other routes than the fixed ones at that place are not: a line of an outer level
// is the place of what it does to some locations, and then of others.
func (s *step) unfixed(before, after []rules.Finding) []rules.Finding {
	expected := map[spot]int{} // at most so many are left
	concerned := map[spot]map[spot]bool{}
	for _, f := range s.fixed {
		at := s.moved(spotOf(f))
		expected[at]--
		if concerned[at] == nil {
			concerned[at] = map[spot]bool{}
		}
		for _, pass := range passesOf(f) {
			concerned[at][s.moved(pass)] = true
		}
	}
	concerns := func(at spot, passes []spot) bool {
		return len(passes) == 0 || len(concerned[at]) == 0 || slices.ContainsFunc(passes, func(p spot) bool { return concerned[at][p] })
	}
	for _, f := range before {
		passes := passesOf(f)
		for i := range passes {
			passes[i] = s.moved(passes[i])
		}
		if at := s.moved(spotOf(f)); concerns(at, passes) {
			expected[at]++
		}
	}
	left := map[spot]int{}
	messages := map[spot][]string{}
	related := map[spot]map[spot]bool{} // the places that those left relate
	for _, f := range after {
		if at := spotOf(f); concerns(at, passesOf(f)) {
			left[at]++
			messages[at] = append(messages[at], f.Message)
			if related[at] == nil {
				related[at] = map[spot]bool{}
			}
			for _, p := range f.Related {
				related[at][spotOfPlace(p)] = true
			}
		}
	}
	var still, unclear []rules.Finding
	named := map[spot]bool{}
	for _, f := range s.fixed {
		at := s.moved(spotOf(f))
		switch {
		case left[at] <= expected[at]:
		case len(f.Related) > 0 && !slices.ContainsFunc(f.Related, func(p rules.Place) bool { return related[at][s.moved(spotOfPlace(p))] }):
			// A line of a file that several blocks include: what is left is said
			// of another block.
		case slices.Contains(messages[at], f.Message):
			still = append(still, f)
			named[at] = true
		default:
			unclear = append(unclear, f)
		}
	}
	for _, f := range unclear {
		if !named[s.moved(spotOf(f))] {
			still = append(still, f)
		}
	}
	return still
}

// passesOf returns where the passes of a finding's routes stand.
func passesOf(f rules.Finding) []spot {
	passes := make([]spot, len(f.Routes))
	for i, r := range f.Routes {
		passes[i] = spotOfPlace(rules.Place{File: r.Pass.File, Span: r.Pass.Span})
	}
	return passes
}

// breaks reports whether text has syntax errors that file has not.
func breaks(file *parser.File, text string) bool {
	return len(file.Reparse(text).Errors) > len(file.Errors)
}

// culprits returns the findings whose fixes break file, found by halving; where
// only all of them together break it, all that touch it.
func culprits(file *parser.File, fixed []rules.Finding) []rules.Finding {
	touching := slices.DeleteFunc(slices.Clone(fixed), func(f rules.Finding) bool {
		return !slices.ContainsFunc(f.Fix.Edits, func(e rules.Edit) bool { return e.File.Name == file.Name })
	})
	var search func([]rules.Finding) []rules.Finding
	search = func(set []rules.Finding) []rules.Finding {
		_, edits := Merge(fixesOf(set))
		if !breaks(file, Apply(file.Src, edits[file.Name])) {
			return nil
		}
		if len(set) == 1 {
			return set
		}
		half := len(set) / 2
		if found := slices.Concat(search(set[:half]), search(set[half:])); len(found) > 0 {
			return found
		}
		return set
	}
	return search(touching)
}

func fixesOf(findings []rules.Finding) []*rules.Fix {
	fixes := make([]*rules.Fix, len(findings))
	for i, f := range findings {
		fixes[i] = f.Fix
	}
	return fixes
}

func place(f rules.Finding) string {
	p := f.File.Position(f.Span.Start)
	return fmt.Sprintf("%s:%d:%d", f.File.Name, p.Line, p.Column)
}
