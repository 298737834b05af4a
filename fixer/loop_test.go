package fixer

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
)

// tree is a configuration that a test lints with a few rules of its own. A
// directive "NAME TO;" is a finding of the rule NAME:
//
//	add X      inserts "X;" before it and is silent once that stands there
//	rename X   becomes X
//	unsafe X   the same, with an unsafe fix
//	break X    its fix leaves a file that does not parse
//	useless X  its fix inserts a comment and mends nothing
//	flip/flop  become each other
//	ignored X  an ignored finding with a fix
//	across X   deletes itself and inserts "X;" at the start of every file
//	bad X      its fix has edits that overlap
type tree map[string]string

func (tr tree) lint(overlay map[string]string) ([]rules.Finding, error) {
	var files []*parser.File
	for _, name := range slices.Sorted(maps.Keys(tr)) {
		src, ok := overlay[name]
		if !ok {
			src = tr[name]
		}
		files = append(files, parser.Parse(name, []byte(src)))
	}
	var findings []rules.Finding
	for _, f := range files {
		for i, d := range f.Directives {
			start, arg := d.Span.Start, d.Arg(0)
			fix := &rules.Fix{Safety: rules.Safe}
			insert := func(text string) { fix.Edits = append(fix.Edits, edit(f, start, start, text, 0)) }
			replace := func(text string) { fix.Edits = append(fix.Edits, edit(f, start, d.Span.End, text, 0)) }
			finding := rules.Finding{
				Rule: &rules.Rule{Name: d.Head.Value}, File: f, Span: d.Head.Span, Fix: fix,
				Message: fmt.Sprintf("%s on line %d", d.Head.Value, d.Line),
			}
			switch d.Head.Value {
			case "add":
				if i > 0 && f.Directives[i-1].Is(arg) {
					continue
				}
				insert(arg + ";\n")
			case "rename":
				replace(arg + ";")
			case "unsafe":
				fix.Safety = rules.Unsafe
				replace(arg + ";")
			case "break":
				replace(arg + " {")
			case "useless":
				insert("# " + arg + "\n")
			case "flip":
				replace("flop;")
			case "flop":
				replace("flip;")
			case "ignored":
				finding.Ignored = "known"
				replace(arg + ";")
			case "across":
				replace("")
				for _, other := range files {
					fix.Edits = append(fix.Edits, edit(other, 0, 0, arg+";\n", 0))
				}
			case "bad":
				replace("x;")
				fix.Edits = append(fix.Edits, edit(f, start+1, d.Span.End, "", 0))
			default:
				continue
			}
			findings = append(findings, finding)
		}
	}
	return findings, nil
}

func TestRun(t *testing.T) {
	tests := []struct {
		name      string
		files     tree
		opts      Options
		want      tree // the changed files
		rounds    int
		fixed     int
		remaining int
		withdrawn []string
	}{
		{name: "clean", files: tree{"a": "listen 80;\n"}},
		{name: "one", files: tree{"a": "add x;\n", "b": "y;\n"}, want: tree{"a": "x;\nadd x;\n"}, rounds: 1, fixed: 1},
		{name: "bytes around stay", files: tree{"a": "\xff;\r\n\t rename x ; # é\xe9"}, want: tree{"a": "\xff;\r\n\t x; # é\xe9"}, rounds: 1, fixed: 1},
		{name: "one uncovers the next", files: tree{"a": "across 'rename x';\nq;"}, want: tree{"a": "x;\n\nq;"}, rounds: 2, fixed: 2},
		{name: "leads to the same again", files: tree{"a": "rename 'rename y';"}, remaining: 1, withdrawn: []string{
			`internal error in rule "rename": its fix of a:1:1 was taken back: the finding is still there after it`,
		}},
		{name: "ignored", files: tree{"a": "ignored x;"}, remaining: 1},
		{name: "unsafe is not asked for", files: tree{"a": "unsafe x; rename y;"}, want: tree{"a": "unsafe x; y;"}, rounds: 1, fixed: 1, remaining: 1},
		{name: "unsafe", files: tree{"a": "unsafe x; rename y;"}, opts: Options{Unsafe: true}, want: tree{"a": "x; y;"}, rounds: 1, fixed: 2},
		{
			name: "several files", files: tree{"b": "across x;", "a": "rename y;"},
			want: tree{"a": "x;\ny;", "b": "x;\n"}, rounds: 1, fixed: 2,
		},
		{
			name: "a file that must stay", files: tree{"b": "across x;", "a": "rename y;"},
			opts: Options{Writable: func(name string) bool { return name == "b" }}, remaining: 2,
		},
		{
			name: "does not parse after it", files: tree{"a": "rename x;\nbreak y;\nrename z;"},
			want: tree{"a": "x;\nbreak y;\nz;"}, rounds: 1, fixed: 2, remaining: 1, withdrawn: []string{
				`internal error in rule "break": its fix of a:2:1 was taken back: the file does not parse after it`,
			},
		},
		{
			name: "already does not parse", files: tree{"a": "rename x;\n}\n"},
			want: tree{"a": "x;\n}\n"}, rounds: 1, fixed: 1,
		},
		{
			name: "mends nothing, and the line of its message moves", files: tree{"a": "add x;\nuseless y;\nadd z;"},
			want: tree{"a": "x;\nadd x;\nuseless y;\nz;\nadd z;"}, rounds: 1, fixed: 2, remaining: 1, withdrawn: []string{
				`internal error in rule "useless": its fix of a:2:1 was taken back: the finding is still there after it`,
			},
		},
		{
			name: "edits that overlap", files: tree{"a": "bad x; rename y;"},
			want: tree{"a": "bad x; y;"}, rounds: 1, fixed: 1, remaining: 1, withdrawn: []string{
				`internal error in rule "bad": its fix of a:1:1 was taken back: its edits {0 6} and {1 6} overlap`,
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Run(test.files.lint, test.opts)
			if err != nil {
				t.Fatal(err)
			}
			changed := tree{}
			for i, c := range got.Changes {
				changed[c.Name] = c.New
				if c.Old != test.files[c.Name] {
					t.Errorf("%s was %q, want %q", c.Name, c.Old, test.files[c.Name])
				}
				if i > 0 && got.Changes[i-1].Name >= c.Name {
					t.Errorf("files out of order: %s after %s", c.Name, got.Changes[i-1].Name)
				}
			}
			if test.want == nil {
				test.want = tree{}
			}
			if d := cmp.Diff(test.want, changed); d != "" {
				t.Errorf("changes (-want +got):\n%s", d)
			}
			var withdrawn []string
			for _, w := range got.Withdrawn {
				withdrawn = append(withdrawn, w.Error())
			}
			if d := cmp.Diff(test.withdrawn, withdrawn); d != "" {
				t.Errorf("withdrawn (-want +got):\n%s", d)
			}
			if got.Rounds != test.rounds || len(got.Fixed) != test.fixed || len(got.Remaining) != test.remaining {
				t.Errorf("%d rounds, %d fixed, %d remaining, want %d, %d, %d",
					got.Rounds, len(got.Fixed), len(got.Remaining), test.rounds, test.fixed, test.remaining)
			}

			// Fixing twice is fixing once.
			again := maps.Clone(test.files)
			maps.Copy(again, changed)
			twice, err := Run(again.lint, test.opts)
			if err != nil || len(twice.Changes) > 0 {
				t.Errorf("a second run changed %v, %v", twice.Changes, err)
			}
		})
	}
}

// TestRunRounds lets fixes conflict, so that one waits for the other.
func TestRunRounds(t *testing.T) {
	const src = "a b c;"
	lint := func(overlay map[string]string) ([]rules.Finding, error) {
		f := parser.Parse("f", []byte(src))
		if text, ok := overlay["f"]; ok {
			f = parser.Parse("f", []byte(text))
		}
		var findings []rules.Finding
		for _, word := range []string{"a", "b", "c"} {
			if at := strings.Index(f.Src, word); at >= 0 { // each wants the whole line
				text := strings.Replace(f.Src, word, strings.ToUpper(word), 1)
				findings = append(findings, rules.Finding{
					Rule: &rules.Rule{Name: word}, File: f, Span: parser.Span{Start: at, End: at + 1},
					Fix: &rules.Fix{Safety: rules.Safe, Edits: []rules.Edit{edit(f, 0, len(f.Src), text, 0)}},
				})
			}
		}
		return findings, nil
	}
	got, err := Run(lint, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Changes) != 1 || got.Changes[0] != (Change{"f", src, "A B C;"}) {
		t.Errorf("changes %q", got.Changes)
	}
	var order []string
	for _, f := range got.Fixed {
		order = append(order, fmt.Sprint(f.Finding.Rule.Name, f.Round))
	}
	if want := []string{"a1", "b2", "c3"}; !slices.Equal(order, want) {
		t.Errorf("fixed %v, want %v", order, want)
	}
	if len(got.First) != 3 || len(got.Remaining) != 0 {
		t.Errorf("%d findings at first and %d at last", len(got.First), len(got.Remaining))
	}
}

func TestRunUnsettled(t *testing.T) {
	got, err := Run(tree{"a": "x;\nflip;\nrename y;\n"}.lint, Options{})
	var unsettled *Unsettled
	if got != nil || !errors.As(err, &unsettled) {
		t.Fatalf("Run = %v, %v, want an Unsettled", got, err)
	}
	const want = "the fixes did not settle in 10 rounds, nothing was changed; these findings keep coming back: a:2:1 [flip]"
	if err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}

func TestRunLintFails(t *testing.T) {
	broken := errors.New("broken")
	if _, err := Run(func(map[string]string) ([]rules.Finding, error) { return nil, broken }, Options{}); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	later := func(overlay map[string]string) ([]rules.Finding, error) {
		if len(overlay) > 0 {
			return nil, broken
		}
		return tree{"a": "rename x;"}.lint(nil)
	}
	if got, err := Run(later, Options{}); got != nil || !errors.Is(err, broken) {
		t.Errorf("Run = %v, %v", got, err)
	}
}

// TestCulprits finds two fixes that break a file only together.
func TestCulprits(t *testing.T) {
	f := parser.Parse("f", []byte("a;\n\n\n\nb;\n"))
	fix := func(at int, text string) rules.Finding {
		return rules.Finding{Fix: &rules.Fix{Edits: []rules.Edit{edit(f, at, at, text, 0)}}}
	}
	harmless, open, half := fix(3, "c;\n"), fix(4, "d {}"), fix(5, "x ")
	if got := culprits(f, []rules.Finding{harmless, open, half}); got != nil {
		t.Errorf("culprits = %v of fixes that parse", got)
	}
	left, right := fix(4, "'"), fix(6, "'")
	if got := culprits(f, []rules.Finding{harmless, left, right}); len(got) == 0 {
		t.Error("no culprits of fixes that do not parse")
	}
}

// FuzzRun holds that fixing twice is fixing once and that a fixed file parses
// if it did before.
func FuzzRun(f *testing.F) {
	f.Add("add x;\nrename y;\nuseless z;\nbreak a;\n", "across q;\n# c")
	f.Add("rename 'x {';bad 1;add a;add a;", "ignored 1;\r\nunsafe 2;")
	f.Fuzz(func(t *testing.T, a, b string) {
		if strings.Contains(a+b, "fl") || len(a)+len(b) > 2000 {
			return
		}
		files := tree{"a": a, "b": b}
		got, err := Run(files.lint, Options{Unsafe: true})
		if err != nil {
			var unsettled *Unsettled
			if !errors.As(err, &unsettled) {
				t.Fatal(err)
			}
			return
		}
		for _, c := range got.Changes {
			if was, is := parser.Parse(c.Name, []byte(c.Old)).Errors, parser.Parse(c.Name, []byte(c.New)).Errors; len(is) > len(was) {
				t.Fatalf("%q became %q: %v", c.Old, c.New, is)
			}
			files[c.Name] = c.New
			checkDiff(t, c.Old, c.New)
		}
		twice, err := Run(files.lint, Options{Unsafe: true})
		if err != nil || len(twice.Changes) > 0 {
			t.Fatalf("a second run of %q changed %v, %v", files, twice.Changes, err)
		}
	})
}
