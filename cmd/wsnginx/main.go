// Command wsnginx says which proxied locations of an nginx configuration a
// WebSocket cannot pass through and why, and repairs them.
//
// This package is the wiring: arguments in, exit status out, one file a
// command. What is found is decided in the packages below, and report prints it.
package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/cmd/internal/settings"
)

func main() {
	collectLess()
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}

// uncollected is how many bytes the heap may reach before it is collected at all.
const uncollected = 256 << 20

// collectLess has nothing collected before the heap holds uncollected bytes, and
// lets it grow to five times what is in use from then on, where the environment
// says nothing else. A run is short, and what it reads it keeps to the end:
// collecting as often as by default finds little and takes a third of the
// processor time of a large tree.
func collectLess() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(uncollected)
	runtime.AddCleanup(new([64]byte), func(struct{}) { // the first collection frees it
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(math.MaxInt64)
	}, struct{}{})
}

// The exit statuses.
const (
	exitClean    = 0
	exitFindings = 1
	exitFailed   = 2
)

// run is the program: args[0] is its name, the result its exit status. Results
// go to stdout, everything about the run to stderr.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{args: args, stdin: stdin, stdout: stdout, stderr: stderr}
	app := p.app()
	ordered, err := arrange(app, args)
	if err == nil {
		err = app.Run(ordered)
	}
	p.calm()
	var mistakes settings.Mistakes
	if errors.As(err, &mistakes) {
		for _, m := range mistakes {
			p.say("%s", m)
		}
		return exitFailed
	}
	if err != nil {
		p.say("%s", err)
		return exitFailed
	}
	return p.status
}

// program is one run of the command line.
type program struct {
	args           []string
	stdin          io.Reader
	stdout, stderr io.Writer
	status         int
	quiet          bool
	progress       *progress // nil where none is shown
}

// say prints one line about the run.
func (p *program) say(format string, args ...any) {
	text := strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "; ") // errors.Join has one a line
	p.calm()
	fmt.Fprintln(p.stderr, "wsnginx: "+report.Clean(text))
}

// app describes the command line to urfave/cli, with everything taken out of it
// that prints to the wrong stream, exits or guesses.
func (p *program) app() *cli.App {
	app := &cli.App{
		Name:                      "wsnginx",
		Usage:                     "find and fix what keeps WebSockets from passing through nginx",
		Reader:                    p.stdin,
		Writer:                    p.stdout,
		ErrWriter:                 p.stderr,
		HideHelpCommand:           true,
		HideVersion:               true,
		DisableSliceFlagSeparator: true,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "version", Usage: "print the versions of wsnginx, Go and the nginx it knows"},
		},
		Commands: []*cli.Command{
			p.lintCommand(), p.fixCommand(), p.routesCommand(), p.traceCommand(), p.explainCommand(), p.rulesCommand(), p.settingsCommand(), p.probeCommand(),
			p.completionCommand(), p.manCommand(),
		},
		OnUsageError:   usageError,
		ExitErrHandler: func(*cli.Context, error) {}, // the default calls os.Exit
		Action: func(c *cli.Context) error {
			if c.Bool("version") {
				_, err := io.WriteString(p.stdout, versionPage())
				return err
			}
			return errors.New(`say what to do: "wsnginx lint PATH" lists findings, "wsnginx --help" all commands`)
		},
	}
	app.CustomAppHelpTemplate = appHelp(app)
	// urfave/cli's own help flag is one for all apps, and not made for two runs
	// at a time.
	help := func() cli.Flag { return &cli.BoolFlag{Name: "help", Aliases: []string{"h"}, Usage: "print this"} }
	app.HideHelp, app.Flags = true, append(app.Flags, help())
	for _, c := range app.Commands {
		c.HideHelpCommand = true
		c.CustomHelpTemplate = commandHelp(app, c)
		c.HideHelp, c.Flags = true, append(c.Flags, help())
		c.OnUsageError = usageError
	}
	return app
}

// usageError hands an error back to run, which prints it: the default prints
// the whole help to stdout.
func usageError(c *cli.Context, err error, _ bool) error {
	if name := c.Command.Name; name != c.App.Name && name != "" {
		text := strings.Replace(err.Error(), " for flag -", " for flag --", 1)
		return fmt.Errorf("%s: %s; see \"wsnginx %s --help\"", name, text, name)
	}
	return err
}
