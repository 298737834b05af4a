package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

func (p *program) lintCommand() *cli.Command {
	return &cli.Command{
		Name:      "lint",
		Usage:     "list what keeps WebSockets from passing",
		ArgsUsage: "[flags] [PATH...]",
		Description: `PATH is a main configuration, a directory, a fragment, or - for standard input;
the default is the working directory. Exits 1 where a finding is at or above
--fail-on, 2 where something could not be read.

Example: wsnginx lint --fail-on error /etc/nginx`,
		Flags: slices.Concat([]cli.Flag{
			formatFlag(report.FormatNames()...),
			&cli.BoolFlag{Name: "write-baseline", Usage: "write all findings to the file of --baseline"},
			&cli.BoolFlag{Name: "statistics", Usage: "how often each rule found something, instead of the findings"},
		}, selectFlags(), inputFlags()),
		Action: p.lint,
	}
}

func (p *program) lint(c *cli.Context) error {
	in, err := p.open(c, c.Args().Slice(), report.FormatNames()...)
	if err != nil {
		return err
	}
	models := in.models(in.workspace)
	print := report.PrinterOf(in.format)
	if c.Bool("statistics") {
		if in.machine {
			return fmt.Errorf("lint: --statistics is text, and --format %s is not", in.format)
		}
		print = report.Statistics
	}
	run := in.run(in.workspace, models)
	run.Problems, run.Rules, run.FailOn = in.problems(in.workspace, models), in.judge.rules(in.workspace), in.judge.base.FailOn
	run.Stopped = slices.ContainsFunc(run.Problems, in.fatal)
	run.Findings, run.Ignored = in.lint(in.workspace, models)
	if in.ledger != nil && in.ledger.write {
		return in.writeBaseline(in.workspace, run.Findings, run.Problems)
	}
	in.stale(in.workspace, run.Findings, run.Problems)
	run.Undecided = in.undecided(in.workspace, models, run.Findings, run.Ignored)
	run.Findings, run.Known = in.unknown(run.Findings)
	in.unmatched(in.workspace, models)
	return in.print(print, run, in.judge.status(run.Findings))
}

// run returns what every report of lint and fix says besides its findings.
func (in *input) run(w *parser.Workspace, models []*effective.Model) *report.Run {
	files := namedFiles(w, models)
	run := &report.Run{Version: in.options.Version, Counts: in.counts(w, models, files), Tool: versionText()}
	if in.stdin == unnamed {
		run.Stdin = in.stdin
	}
	for _, f := range files {
		run.Files = append(run.Files, f.Name)
	}
	return run
}

// print prints a run of lint or fix and settles the exit status.
func (in *input) print(print func(io.Writer, *report.Run, report.Style) error, run *report.Run, status int) error {
	if err := print(in.out.w, run, in.style); err != nil {
		return err
	}
	return in.out.finish(in.program, in.settle(run.Problems, status))
}
