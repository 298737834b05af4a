package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

func (p *program) manCommand() *cli.Command {
	return &cli.Command{
		Name:  "man",
		Usage: "print the manual page",
		Description: `The page is roff, made from the texts of --help.

Example: wsnginx man | man -l -`,
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return errors.New("man: takes no argument")
			}
			_, err := io.WriteString(p.stdout, manPage(c.App))
			return err
		},
	}
}

// roff escapes text for a manual page: nothing in it is a request.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...").Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

// manPage returns the manual page of all commands.
func manPage(app *cli.App) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH WSNGINX 1 \"\" \"wsnginx %s\" \"User Commands\"\n", roff(versionText()))
	fmt.Fprintf(&b, ".SH NAME\nwsnginx \\- %s\n", roff(app.Usage))
	b.WriteString(".SH SYNOPSIS\n")
	for i, c := range app.Commands {
		if i > 0 {
			b.WriteString(".br\n")
		}
		fmt.Fprintf(&b, ".B wsnginx %s\n%s\n", roff(c.Name), roff(c.ArgsUsage))
	}
	b.WriteString(".SH DESCRIPTION\n" + roff(aboutText) + "\n.SH COMMANDS\n")
	for _, c := range app.Commands {
		description, example := exampleOf(c)
		fmt.Fprintf(&b, ".SS \"%s\"\n%s.\n.PP\n%s\n", roff(c.Name), roff(strings.ToUpper(c.Usage[:1])+c.Usage[1:]), roff(strings.ReplaceAll(description, "\n\n", "\n.PP\n")))
		for _, f := range helpFlags(c) {
			fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(f[0]), roff(f[1]))
		}
		if example != "" {
			fmt.Fprintf(&b, ".PP\nExample:\n.PP\n.RS 4\n.EX\n%s\n.EE\n.RE\n", roff(example))
		}
	}
	b.WriteString(".SH EXIT STATUS\n.TP\n.B 0\nnothing to report\n.TP\n.B 1\nfindings at or above \\-\\-fail\\-on\n.TP\n.B 2\ncould not run\n")
	b.WriteString(".SH FILES\n.TP\n.B .wsnginx.yaml\nsettings, looked for from the files upwards\n")
	b.WriteString(".TP\n.B .wsnginx\\-journal\nwhat fix \\-\\-write is changing and how to undo it, beside the first of the files until all are written\n")
	b.WriteString(".SH ENVIRONMENT\n.TP\n.B NO_COLOR, FORCE_COLOR, TERM\ndecide \\-\\-color auto\n")
	b.WriteString(".SH SEE ALSO\n.BR nginx (8)\n")
	return b.String()
}
