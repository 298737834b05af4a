package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
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

// commonText stands before the flags that many commands have.
const commonText = `The commands that read configuration share these; "wsnginx COMMAND --help"
lists all that one of them takes.`

// exitTexts say what each exit status means.
var exitTexts = [...]string{
	exitClean:    "nothing to report; for trace and probe, the socket works",
	exitFindings: "findings at or above --fail-on; for fix, the diff is not empty, or with\n--write findings remain; for trace and probe, the socket does not work",
	exitFailed:   "could not run: bad usage, or something could not be read; for trace, it\ncannot be told; for probe, it could not be tried",
}

// commonFlags returns the flags that at least three commands have, once each.
// The formats are each command's own.
func commonFlags(app *cli.App) [][2]string {
	count := map[[2]string]int{}
	var order [][2]string
	for _, c := range app.Commands {
		for _, f := range helpFlags(c) {
			if count[f]++; count[f] == 1 {
				order = append(order, f)
			}
		}
	}
	return slices.DeleteFunc(order, func(f [2]string) bool { return count[f] < 3 || strings.HasPrefix(f[0], "--format ") })
}

// manPage returns the manual page of all commands.
func manPage(app *cli.App) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH WSNGINX 1 \"%s\" \"wsnginx %s\" \"User Commands\"\n", dateText(), roff(versionText()))
	fmt.Fprintf(&b, ".SH NAME\nwsnginx \\- %s\n", roff(app.Usage))
	b.WriteString(".SH SYNOPSIS\n")
	for i, c := range app.Commands {
		if i > 0 {
			b.WriteString(".br\n")
		}
		fmt.Fprintf(&b, ".B wsnginx %s\n", roff(c.Name))
		if c.ArgsUsage != "" {
			b.WriteString(roff(c.ArgsUsage) + "\n")
		}
	}
	b.WriteString(".br\n.B wsnginx \\-\\-version\n")
	b.WriteString(".SH DESCRIPTION\n" + roff(aboutText) + "\n.SH COMMANDS\n")
	common := commonFlags(app)
	tag := func(f [2]string) { fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(f[0]), roff(f[1])) }
	for _, c := range app.Commands {
		description, example := exampleOf(c)
		fmt.Fprintf(&b, ".SS \"%s\"\n%s.\n.PP\n%s\n", roff(c.Name), roff(strings.ToUpper(c.Usage[:1])+c.Usage[1:]), roff(strings.ReplaceAll(description, "\n\n", "\n.PP\n")))
		for _, f := range helpFlags(c) {
			if !slices.Contains(common, f) {
				tag(f)
			}
		}
		if example != "" {
			fmt.Fprintf(&b, ".PP\nExample:\n.PP\n.RS 4\n.EX\n%s\n.EE\n.RE\n", roff(example))
		}
	}
	b.WriteString(".SH COMMON FLAGS\n" + roff(commonText) + "\n")
	for _, f := range common {
		tag(f)
	}
	b.WriteString(".SH EXIT STATUS\n")
	for i, text := range exitTexts {
		tag([2]string{fmt.Sprint(i), text})
	}
	b.WriteString(".SH FILES\n.TP\n.B .wsnginx.yaml\nsettings, looked for from the files upwards\n")
	b.WriteString(".TP\n.B .wsnginx\\-journal\nwhat fix \\-\\-write is changing and how to undo it, beside the first of the files until all are written\n")
	b.WriteString(".SH ENVIRONMENT\n.TP\n.B NO_COLOR, FORCE_COLOR, TERM\ndecide \\-\\-color auto\n")
	b.WriteString(".SH SEE ALSO\n.BR nginx (8)\n")
	return b.String()
}
