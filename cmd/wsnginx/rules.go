package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/rules"
)

// plainFlags are those of the commands that read no configuration.
func plainFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "color", Usage: "`WHEN` to use colours: auto, always or never", Value: "auto"},
	}
}

func (p *program) rulesCommand() *cli.Command {
	return &cli.Command{
		Name:      "rules",
		Usage:     "list the rules",
		ArgsUsage: "[flags]",
		Description: `One line a rule: its name, category, severity, whether "wsnginx fix" mends what
it finds, and what that is.

Example: wsnginx rules`,
		Flags: append([]cli.Flag{formatFlag(plainFormats...)}, plainFlags()...),
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return errors.New(`rules: takes no path; "wsnginx explain RULE" explains one rule`)
			}
			format, err := oneOf(c, "format", plainFormats...)
			if err != nil {
				return err
			}
			out, err := p.output(c)
			if err != nil {
				return err
			}
			if format == "json" {
				return report.RulesJSON(out.w, rules.All())
			}
			return report.RuleList(out.w, rules.All(), report.Style{Color: out.color, Links: out.links, Width: out.width})
		},
	}
}
