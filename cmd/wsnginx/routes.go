package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

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
everything could be read. --websocket alone, at the end, before a flag or before
a path that exists, leaves those meant for WebSocket; --websocket=PATTERN names
locations, as for every command.

Example: wsnginx routes --broken /etc/nginx`,
		Flags: append([]cli.Flag{
			formatFlag(plainFormats...),
			&cli.BoolFlag{Name: "broken", Usage: "only those meant for WebSocket where it does not pass"},
			&cli.BoolFlag{Name: "intended", Usage: "only those meant for WebSocket, as --websocket without a PATTERN"},
		}, inputFlags()...),
		Action: p.routes,
	}
}

// bareWebSocket returns the words after "routes" with every --websocket that
// names no pattern replaced by --intended: the last word, one before a flag, and
// one before a path. A pattern looks like a path at times; it is taken for one
// where it exists on disk, unless it is an absolute folder and a path follows
// or precedes it too: then /app is the location, not the folder of a container.
func bareWebSocket(names map[string]bool, words []string) []string {
	bare := func(folders bool) []string {
		out := slices.Clone(words)
		for i := 0; i < len(out); i++ {
			word := out[i]
			if word == "--" {
				break
			}
			name, _, given := strings.Cut(strings.TrimLeft(word, "-"), "=")
			switch {
			case !isFlag(word) || given || !names[name]:
			case name == "websocket" && (i+1 == len(out) || isFlag(out[i+1]) || isPath(out[i+1], folders)):
				out[i] = "--intended"
			default:
				i++ // its value
			}
		}
		return out
	}
	out := bare(false)
	if _, paths, err := split(names, out); err != nil || len(paths) > 0 {
		return out
	}
	return bare(true)
}

// isPath reports whether a word is a path, and not a pattern of locations.
// Absolute folders are paths where folders is true; "/" never is.
func isPath(word string, folders bool) bool {
	if word == "-" {
		return true
	}
	info, err := os.Stat(word)
	switch {
	case err != nil, word == "/":
		return false
	case info.IsDir() && filepath.IsAbs(word):
		return folders
	}
	return true
}

func (p *program) routes(c *cli.Context) error {
	in, err := p.open(c, c.Args().Slice(), plainFormats...)
	if err != nil {
		return err
	}
	models := in.models(in.workspace)
	all := in.routes(in.workspace, models)
	routes := all
	if broken, intended := c.Bool("broken"), c.Bool("intended"); broken || intended {
		routes = slices.DeleteFunc(slices.Clone(all), func(r *effective.Route) bool {
			return r.Intent == effective.None || broken && r.Verdict != effective.Broken
		})
	}
	problems := in.problems(in.workspace, models)
	in.unmatched(in.workspace, models)
	in.style.Quiet = in.style.Quiet || len(in.workspace.Configs) == 0 // stderr says why
	if in.machine {
		err = report.RoutesJSON(in.out.w, in.options.Version, routes, problems, in.style)
	} else {
		err = report.RoutesText(in.out.w, routes, all, in.style)
	}
	if err != nil {
		return err
	}
	return in.out.finish(p, in.settle(problems, exitClean))
}
