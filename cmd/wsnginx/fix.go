package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/fixer"
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

func (p *program) fixCommand() *cli.Command {
	return &cli.Command{
		Name:      "fix",
		Usage:     "print or write the changes that let WebSockets pass",
		ArgsUsage: "[flags] [PATH...]",
		Description: `Prints a unified diff that patch -p1 and git apply take, and exits 1 where it is
not empty; where a file lies outside the working directory, all names in it are
from the root, for patch -p1 -d /. With --write changes the files, prints which
and what is left, and exits 1 where findings at or above --fail-on remain. Only
files at or below PATH change. With --verify nginx -t has the last word: where
it refuses what it took before, every file gets its bytes back and the exit
status is 2. A run that was killed leaves .wsnginx-journal; the next one with
--write undoes what it did.

Example: wsnginx fix --write /etc/nginx`,
		Flags: slices.Concat([]cli.Flag{
			formatFlag(plainFormats...),
			&cli.BoolFlag{Name: "write", Usage: "change the files"},
			&cli.BoolFlag{Name: "interactive", Usage: "ask about each change, then write those that were wanted"},
			&cli.BoolFlag{Name: "unsafe", Usage: "also make changes that ordinary requests could notice"},
		}, verifyFlags(), selectFlags(), inputFlags()),
		Action: p.fix,
	}
}

// fixing is one run of fix.
type fixing struct {
	*input

	problems []parser.Problem // of the configuration as it is

	// What the last lint looked at.
	workspace *parser.Workspace
	models    []*effective.Model
	ignored   []rules.Finding
	known     int // to the baseline
}

func (p *program) fix(c *cli.Context) error {
	paths := c.Args().Slice()
	write := c.Bool("write") || c.Bool("interactive")
	if write && slices.Contains(paths, "-") {
		return errors.New(`fix: standard input cannot be written; "wsnginx fix -" prints its diff`)
	}
	v, err := p.verification(c, write)
	if err != nil {
		return err
	}
	in, err := p.open(c, paths, plainFormats...)
	if err != nil {
		return err
	}
	f := &fixing{input: in}
	if err := f.settleLeftovers(write); err != nil {
		return err
	}
	asks, err := f.interactive(c)
	if err != nil {
		return err
	}
	lint := f.lint
	if asks != nil {
		lint = asks.lint
	}
	result, err := fixer.Run(lint, fixer.Options{Unsafe: c.Bool("unsafe"), Writable: f.names()})
	if err != nil {
		return fmt.Errorf("fix: %w", err)
	}
	for _, w := range result.Withdrawn {
		p.say("%s", w.Error())
	}
	if asks != nil {
		asks.restore(result.Remaining)
	}
	run := in.run(f.workspace, f.models)
	run.Findings, run.Ignored, run.Problems, run.Fixed = result.Remaining, f.ignored, f.problems, fixed(result)
	run.Fixed.Unsafe = c.Bool("unsafe")
	run.Known = f.known
	run.Undecided = f.undecided(f.workspace, f.models, run.Findings, run.Ignored)
	f.unmatched(f.workspace, f.models) // the models are those of the last round
	run.Stopped = slices.ContainsFunc(f.problems, in.fatal)
	if len(result.Changes) > 0 && run.Stopped {
		p.say("nothing is fixed, because not everything could be read")
		run.Findings, run.Fixed = result.First, &report.Fixed{Stopped: "not everything could be read, and nothing is fixed then"}
		result.Changes = nil
	}
	if !write {
		return f.diff(run, result)
	}
	ctx, stop := untilSignal()
	defer stop()
	if err := f.write(ctx, result.Changes, v); err != nil {
		return err
	}
	run.Fixed.Written = len(result.Changes) > 0
	if err := in.print(report.PrinterOf(in.format), run, in.judge.status(run.Findings)); err != nil {
		return err
	}
	return v.load(ctx)
}

// lint is the fixer's view of the configuration.
func (f *fixing) lint(overlay map[string]string) ([]rules.Finding, error) {
	f.workspace = f.input.workspace
	if len(overlay) > 0 {
		f.workspace = f.input.workspace.With(overlay)
	}
	f.models = f.input.models(f.workspace)
	if len(overlay) == 0 {
		f.problems = f.input.problems(f.workspace, f.models)
	}
	var findings []rules.Finding
	findings, f.ignored = f.input.lint(f.workspace, f.models)
	findings, f.known = f.unknown(findings)
	return findings, nil
}

// names returns which files may be changed, by name.
func (f *fixing) names() func(string) bool {
	names := map[string]bool{}
	writable := f.writable(f.input.workspace)
	for _, cfg := range f.input.workspace.Configs {
		for _, file := range cfg.Files {
			names[file.Name] = names[file.Name] || writable(file)
		}
	}
	return func(name string) bool { return names[name] }
}

// diff prints the change instead of making it.
func (f *fixing) diff(run *report.Run, result *fixer.Result) error {
	status := exitClean
	if len(result.Changes) > 0 {
		status = exitFindings
	}
	if f.machine {
		return f.print(report.PrinterOf(f.format), run, status)
	}
	if _, err := io.WriteString(f.out.w, f.style.Diff(run.Fixed.Diff)); err != nil {
		return err
	}
	if !f.style.Quiet && !slices.ContainsFunc(f.problems, f.fatal) {
		f.program.say("%s", report.DiffSummary(run))
		if len(result.Changes) > 0 && f.stdin == "" {
			apply := f.program.again("--write")
			if run.Fixed.FromRoot {
				apply += ", or patch -p1 -d / (a file lies outside the working directory, and the diff names all from there)"
			}
			f.program.say("to apply it: %s", apply)
		}
	}
	return f.out.finish(f.program, f.settle(run.Problems, status))
}

// fixed returns what a result says for a report.
func fixed(result *fixer.Result) *report.Fixed {
	out := &report.Fixed{}
	for _, f := range result.Fixed {
		out.Applied = append(out.Applied, f.Finding)
	}
	for _, c := range result.Changes {
		out.Files = append(out.Files, c.Name)
	}
	out.Diff, out.FromRoot = fixer.Patch(result.Changes)
	out.Withdrawn = func(f *rules.Finding) string {
		for _, w := range result.Withdrawn {
			if w.Finding.Rule == f.Rule && w.Finding.File.Name == f.File.Name && w.Finding.Span.Start == f.Span.Start {
				return w.Reason
			}
		}
		return ""
	}
	return out
}
