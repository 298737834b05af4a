package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/cmd/internal/settings"
)

func (p *program) settingsCommand() *cli.Command {
	return &cli.Command{
		Name:      "settings",
		Usage:     "show what .wsnginx.yaml says about a file, and its schema",
		ArgsUsage: "[flags] [PATH...]",
		Description: `Prints what applies to each PATH, and the line or flag that each of it comes
from; the default is the working directory. Settings are those of the nearest
.wsnginx.yaml upwards, up to the top of the repository; flags win over them.

Example: wsnginx settings --show conf.d/app.conf`,
		Flags: slices.Concat([]cli.Flag{
			&cli.BoolFlag{Name: "schema", Usage: "print the JSON Schema of .wsnginx.yaml"},
			&cli.BoolFlag{Name: "show", Usage: "print what applies to PATH (the default)"},
			formatFlag(report.FormatNames()...),
		}, selectFlags(), inputFlags()),
		Action: p.settings,
	}
}

func (p *program) settings(c *cli.Context) error {
	paths := c.Args().Slice()
	if c.Bool("schema") {
		if len(paths) > 0 || c.Bool("show") {
			return errors.New("settings: --schema stands alone")
		}
		_, err := io.WriteString(p.stdout, settings.Schema())
		return err
	}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	j, err := newJudge(c, paths)
	if err != nil {
		return err
	}
	style := report.Style{}
	style.Dir, _ = os.Getwd()
	for i, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("settings: %s: no such file or folder", path)
		}
		at := path
		if info.IsDir() {
			at = filepath.Join(path, settings.FileName)
		}
		a, err := j.of(at)
		if err != nil {
			return err
		}
		if pin := j.pinned(at); pin != nil {
			a = a.For(cmp.Or(pin.Version, a.Version), placeOf(pin, style))
		}
		if i > 0 {
			fmt.Fprintln(p.stdout)
		}
		if err := a.Show(p.stdout, report.Clean(style.Name(path))); err != nil {
			return err
		}
	}
	return nil
}
