package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/cmd/internal/baseline"
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
)

// ledger is the baseline of a run.
type ledger struct {
	*baseline.Baseline
	file  string // as messages name it
	write bool
}

// readBaseline reads the baseline that flags or settings name. The result is nil
// where there is none.
func (in *input) readBaseline(c *cli.Context) (*ledger, error) {
	path, write := in.judge.said.Baseline, c.Bool("write-baseline")
	if path == "" {
		if write {
			return nil, fmt.Errorf("%s: --write-baseline wants --baseline FILE to say where", c.Command.Name)
		}
		return nil, nil
	}
	k := &ledger{file: in.style.Name(path), write: write}
	var err error
	if k.Baseline, err = baseline.Read(path); err != nil {
		switch {
		case write && errors.Is(err, fs.ErrNotExist):
			k.Baseline, err = baseline.New(path)
		case errors.Is(err, fs.ErrNotExist):
			err = fmt.Errorf("%w; \"wsnginx lint --baseline %s --write-baseline\" makes it", err, k.file)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read baseline %s: %w", k.file, err)
	}
	return k, nil
}

// seen returns what a run over w looked at.
func (in *input) seen(w *parser.Workspace) baseline.Seen {
	files := map[string]bool{}
	ran := map[string][]*rules.Rule{}
	for _, cfg := range w.Configs {
		for _, f := range cfg.Files {
			if abs, err := filepath.Abs(f.Name); err == nil && w.Named(f) {
				files[abs], ran[abs] = true, in.judge.on(f.Name).Rules
			}
		}
	}
	return baseline.Seen{Files: files, Ran: func(rule, file string) bool {
		return slices.ContainsFunc(ran[file], func(r *rules.Rule) bool { return r.Name == rule })
	}}
}

// unknown returns the findings that the baseline does not know, and says how
// many it does.
func (in *input) unknown(findings []rules.Finding) (fresh []rules.Finding, n int) {
	if in.ledger == nil || in.ledger.write {
		return findings, 0
	}
	fresh, n = in.ledger.Filter(findings)
	if n > 0 && !in.style.Quiet && !in.counted {
		in.counted = true
		in.program.say("%s: %s not reported", in.ledger.file, countOf(n, "known finding is", "known findings are"))
	}
	return fresh, n
}

// stale says which entries of the baseline no finding matches.
func (in *input) stale(w *parser.Workspace, findings []rules.Finding, problems []parser.Problem) {
	if in.ledger == nil || in.ledger.write || slices.ContainsFunc(problems, in.fatal) {
		return
	}
	entries := in.ledger.Stale(findings, in.seen(w))
	n := 0
	for _, e := range entries {
		n += e.Count
	}
	if n == 0 || in.style.Quiet {
		return
	}
	more := "; --verbose names them, --write-baseline takes them out"
	if in.verbose {
		for _, e := range entries {
			in.program.say("%s: no longer found: %s", in.ledger.file, e)
		}
		more = "; --write-baseline takes them out"
	}
	in.program.say("%s: %s no finding any more%s", in.ledger.file, countOf(n, "entry matches", "entries match"), more)
}

// writeBaseline makes the findings known, unless something could not be read.
func (in *input) writeBaseline(w *parser.Workspace, findings []rules.Finding, problems []parser.Problem) error {
	if in.settle(problems, exitClean) {
		in.program.say("%s was not written: the run failed", in.ledger.file)
		return nil
	}
	in.ledger.Update(findings, in.seen(w))
	data, err := in.ledger.JSON()
	if err != nil {
		return fmt.Errorf("write baseline %s: %w", in.ledger.file, err)
	}
	if err := replace(in.judge.said.Baseline, data); err != nil {
		return fmt.Errorf("write baseline %s: %w", in.ledger.file, err)
	}
	if !in.style.Quiet {
		in.program.say("%s knows %s now", in.ledger.file, countOf(in.ledger.Len(), "finding", "findings"))
	}
	return nil
}

// countOf returns a number with the word that fits it.
func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
