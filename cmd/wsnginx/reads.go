package main

import (
	"errors"
	"io/fs"
	"iter"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/parser"
)

// files returns the files that a run reads whatever they hold: the paths
// themselves, what standard input comes from, and those that flags name.
func (in *input) files(c *cli.Context, paths []string) (names []string, open []*os.File) {
	names = slices.Concat(paths, []string{in.judge.said.Root, in.judge.said.Baseline, c.String("settings")})
	if slices.Contains(paths, "-") {
		names = append(names, c.String("stdin-filename"))
		if f, ok := in.program.stdin.(*os.File); ok {
			open = append(open, f)
		}
	}
	return names, open
}

// configured returns the names of the files that hold w's configurations.
func configured(w *parser.Workspace) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, cfg := range w.Configs {
			for _, f := range cfg.Files {
				if !yield(f.Name) {
					return
				}
			}
		}
	}
}

// mapped says which mappings of flags lead nowhere: a slip in one would change nothing
// otherwise.
func (in *input) mapped(c *cli.Context) {
	for i, m := range in.judge.said.Maps[:len(c.StringSlice("map"))] {
		if _, err := os.Stat(m.To); errors.Is(err, fs.ErrNotExist) && !in.style.Quiet {
			in.program.say("--map %s: there is no %s", c.StringSlice("map")[i], in.style.Name(m.To))
		}
	}
}
