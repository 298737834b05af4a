package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
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
		Flags:  slices.Concat(selectFlags(), inputFlags()),
		Action: p.lint,
	}
}

func (p *program) lint(c *cli.Context) error {
	list, err := selected(c)
	if err != nil {
		return err
	}
	least, err := failOn(c)
	if err != nil {
		return err
	}
	in, err := p.open(c, c.Args().Slice())
	if err != nil {
		return err
	}
	models := in.models(in.workspace)
	run := &report.Run{Version: in.options.Version, Problems: in.problems(in.workspace, models), Counts: in.counts(in.workspace, models)}
	run.Findings, run.Counts.Ignored = in.lint(in.workspace, models, list)
	return in.print(run, statusOf(run.Findings, least))
}

// print prints a run of lint or fix and settles the exit status.
func (in *input) print(run *report.Run, status int) error {
	print := report.LintText
	if in.json {
		print = report.LintJSON
	}
	if err := print(in.out.w, run, in.style); err != nil {
		return err
	}
	return in.out.finish(in.program, in.settle(run.Problems, status))
}
