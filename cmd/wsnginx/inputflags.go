package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/rules/effective"
)

// inputFlags choose and judge what is read: every command that reads
// configuration has them.
func inputFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "root", Usage: "the main configuration `FILE` that the paths belong to (found by itself otherwise)"},
		&cli.StringSliceFlag{Name: "map", Usage: "absolute includes below FROM lie below TO, given as `FROM=TO` (repeatable)"},
		&cli.StringFlag{Name: "settings", Usage: "read `FILE` instead of the nearest .wsnginx.yaml upwards"},
		&cli.BoolFlag{Name: "no-settings", Usage: "read no .wsnginx.yaml"},
		&cli.StringSliceFlag{Name: "exclude", Usage: "leave out files and folders that match `PATTERN` (repeatable)"},
		&cli.StringFlag{Name: "stdin-filename", Usage: "the `NAME` of what \"-\" reads from standard input"},
		&cli.StringFlag{Name: "nginx-version", Usage: "judge for nginx `VERSION`, whatever image takes the files", Value: effective.DefaultVersion.String()},
		&cli.StringSliceFlag{Name: "websocket", Usage: "locations that match `PATTERN` carry WebSocket; * is all (repeatable)"},
		&cli.StringSliceFlag{Name: "not-websocket", Usage: "locations that match `PATTERN` do not (repeatable)"},
		&cli.BoolFlag{Name: "force", Usage: "read files given by name even where they look like another format"},
		&cli.BoolFlag{Name: "strict", Usage: "exit 2 where an include leads outside the tree"},
		&cli.StringFlag{Name: "output", Usage: "write the result to `FILE` instead of stdout"},
		&cli.StringFlag{Name: "color", Usage: "`WHEN` to use colours: auto, always or never", Value: "auto"},
		&cli.BoolFlag{Name: "quiet", Usage: "results and errors only"},
		&cli.BoolFlag{Name: "verbose", Usage: "say on stderr what was read"},
		&cli.IntFlag{Name: "jobs", Usage: "work on `N` cores (default all)"},
	}
}

// formatFlag chooses how a command's result is printed.
func formatFlag(names ...string) cli.Flag {
	return &cli.StringFlag{Name: "format", Usage: "`FORMAT` of the result: " + either(names), Value: names[0]}
}

// either returns "a, b or c".
func either(names []string) string {
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// selectFlags choose rules: lint and fix have them.
func selectFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "select", Usage: "run `RULE` only: a name, a category, default, all or * (repeatable, comma lists)"},
		&cli.StringSliceFlag{Name: "extend-select", Usage: "run `RULE` too"},
		&cli.StringSliceFlag{Name: "ignore", Usage: "do not run `RULE`"},
		&cli.StringFlag{Name: "fail-on", Usage: "exit 1 from this `SEVERITY` on: error, warning, info or never", Value: "warning"},
		&cli.StringFlag{Name: "baseline", Usage: "report only what is not in `FILE`"},
		&cli.BoolFlag{Name: "hook", Usage: "the paths are files of a commit: report on and change no others"},
	}
}
