package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/rules"
)

func (p *program) explainCommand() *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "say what a rule finds, why nginx behaves so, before and after",
		ArgsUsage: "[flags] RULE",
		Description: `RULE is a name as findings carry it; "wsnginx rules" lists them.

Example: wsnginx explain missing-upgrade-header`,
		Flags: plainFlags(),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return errors.New(`explain: wants one rule name; "wsnginx rules" lists them`)
			}
			rule, err := rules.Lookup(c.Args().First())
			if err != nil {
				return fmt.Errorf("explain: %w", err)
			}
			out, err := p.output(c)
			if err != nil {
				return err
			}
			return report.Rule(out.w, rule, report.Style{Color: out.color, Width: out.width})
		},
	}
}
