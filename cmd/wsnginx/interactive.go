package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
)

// questions asks a person about each fix before it is made.
type questions struct {
	fixing *fixing
	unsafe bool
	in     *bufio.Reader
	out    io.Writer

	asked, all bool
	yes        map[string]bool // by fingerprint
	no         map[string]bool // by fingerprint without its count
	kept       map[place]*rules.Fix
}

// place is a finding in one round of fixing.
type place struct {
	rule *rules.Rule
	file *parser.File
	span parser.Span
}

// interactive returns who asks, nil where --interactive is not set.
func (f *fixing) interactive(c *cli.Context) (*questions, error) {
	if !c.Bool("interactive") {
		return nil, nil
	}
	if f.machine || c.String("output") != "" {
		return nil, errors.New("fix: --interactive asks on the terminal; it goes with neither --output nor --format " + f.format)
	}
	in, ok := f.program.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return nil, errors.New("fix: --interactive asks, and standard input is no terminal")
	}
	return &questions{
		fixing: f, unsafe: c.Bool("unsafe"), in: bufio.NewReader(in), out: f.out.w,
		yes: map[string]bool{}, no: map[string]bool{}, kept: map[place]*rules.Fix{},
	}, nil
}

// lint hides the fixes that nobody wants from the fixer. Findings that came up
// only after a fix were not asked about: they are left to the next run, unless
// all were wanted.
func (q *questions) lint(overlay map[string]string) ([]rules.Finding, error) {
	findings, err := q.fixing.lint(overlay)
	if err != nil {
		return nil, err
	}
	prints := report.Fingerprints(findings, q.fixing.style)
	if !q.asked {
		q.asked = true
		if !slices.ContainsFunc(q.fixing.problems, q.fixing.fatal) {
			if err := q.ask(findings, prints); err != nil {
				return nil, err
			}
		}
	}
	for i := range findings {
		f := &findings[i]
		base, _, _ := strings.Cut(prints[i], ":")
		// Where one of several that look alike was refused, the counts of the
		// others are only sure while nothing has changed.
		wanted := q.all || q.yes[prints[i]] && (len(overlay) == 0 || !q.no[base])
		if f.Fix != nil && !wanted {
			q.kept[place{f.Rule, f.File, f.Span}] = f.Fix
			f.Fix = nil
		}
	}
	return findings, nil
}

// restore gives findings the fixes that were hidden.
func (q *questions) restore(findings []rules.Finding) {
	for i := range findings {
		f := &findings[i]
		if fix := q.kept[place{f.Rule, f.File, f.Span}]; fix != nil {
			f.Fix = fix
		}
	}
}

// ask asks about each finding that has a fix. Where the input ends, what was
// answered so far holds.
func (q *questions) ask(findings []rules.Finding, prints []string) error {
	var fixable []int
	for i := range findings {
		if fix := findings[i].Fix; fix != nil && (fix.Safety == rules.Safe || q.unsafe) {
			fixable = append(fixable, i)
		}
	}
	for n, i := range fixable {
		f := &findings[i]
		if err := report.One(q.out, f, q.fixing.style); err != nil {
			return err
		}
		answer, err := q.answer(f.Rule, fmt.Sprintf("%d of %d: %s?", n+1, len(fixable), report.Clean(f.Fix.Message)))
		if err != nil {
			return err
		}
		switch answer {
		case 'y':
			q.yes[prints[i]] = true
		case 'n':
			base, _, _ := strings.Cut(prints[i], ":")
			q.no[base] = true
		case 'a':
			for _, rest := range fixable[n:] {
				q.yes[prints[rest]] = true
			}
			q.all = len(q.no) == 0
			return nil
		default:
			return nil
		}
	}
	return nil
}

// answer asks until it has one of y, n, a and q.
func (q *questions) answer(r *rules.Rule, question string) (byte, error) {
	for {
		if _, err := fmt.Fprintf(q.out, "%s [y]es, [n]o, [a]ll, [q]uit, [e]xplain: ", question); err != nil {
			return 0, err
		}
		line, err := q.in.ReadString('\n')
		if err != nil && line == "" { // the input has ended
			fmt.Fprintln(q.out)
			return 'q', nil
		}
		switch word := strings.ToLower(strings.TrimSpace(line)); word {
		case "y", "yes", "n", "no", "a", "all", "q", "quit":
			fmt.Fprintln(q.out)
			return word[0], nil
		case "e", "explain":
			fmt.Fprintln(q.out)
			if err := report.Rule(q.out, r, q.fixing.style); err != nil {
				return 0, err
			}
			fmt.Fprintln(q.out)
		}
	}
}
