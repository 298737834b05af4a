package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/rules/effective"
)

func (p *program) routesCommand() *cli.Command {
	return &cli.Command{
		Name:      "routes",
		Usage:     "list every proxied location and whether WebSockets pass",
		ArgsUsage: "[flags] [PATH...]",
		Description: `One line a location that passes requests on, broken ones first. Exits 0 where
everything could be read.

Example: wsnginx routes --broken /etc/nginx`,
		Flags: append([]cli.Flag{
			formatFlag(plainFormats...),
			&cli.BoolFlag{Name: "broken", Usage: "only those meant for WebSocket where it does not pass"},
			&cli.BoolFlag{Name: "intended", Usage: "only those meant for WebSocket"},
		}, inputFlags()...),
		Action: p.routes,
	}
}

func (p *program) routes(c *cli.Context) error {
	in, err := p.open(c, c.Args().Slice(), plainFormats...)
	if err != nil {
		return err
	}
	models := in.models(in.workspace)
	routes := in.routes(in.workspace, models)
	if broken, intended := c.Bool("broken"), c.Bool("intended"); broken || intended {
		routes = slices.DeleteFunc(routes, func(r *effective.Route) bool {
			return r.Intent == effective.None || broken && r.Verdict != effective.Broken
		})
	}
	in.style.Quiet = in.style.Quiet || len(in.workspace.Configs) == 0 // stderr says why
	if in.machine {
		err = report.RoutesJSON(in.out.w, in.options.Version, routes, in.style)
	} else {
		err = report.RoutesText(in.out.w, routes, in.style)
	}
	if err != nil {
		return err
	}
	return in.out.finish(p, in.settle(in.problems(in.workspace, models), exitClean))
}
