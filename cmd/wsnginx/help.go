package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// appHelp is what "wsnginx --help" prints.
func appHelp(app *cli.App) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\nUsage: %s COMMAND [flags] [PATH...]\n\nCommands:\n", app.Name, app.Usage, app.Name)
	for _, c := range app.Commands {
		fmt.Fprintf(&b, "  %-8s %s\n", c.Name, c.Usage)
	}
	b.WriteString(`
Example: wsnginx lint /etc/nginx

"wsnginx COMMAND --help" has the flags of a command.
Exit status: 0 nothing to report, 1 findings, 2 could not run.
`)
	return literal(b.String())
}

// commandHelp is what "wsnginx COMMAND --help" prints.
func commandHelp(app *cli.App, c *cli.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s\n\nUsage: %s %s %s\n\n%s\n\nFlags:\n",
		app.Name, c.Name, c.Usage, app.Name, c.Name, c.ArgsUsage, c.Description)
	left := make([]string, len(c.Flags))
	width := 0
	for i, f := range c.Flags {
		left[i] = "--" + f.Names()[0]
		if doc := f.(cli.DocGenerationFlag); doc.TakesValue() {
			value, _ := unquote(doc.GetUsage())
			left[i] += " " + value
		}
		width = max(width, len(left[i]))
	}
	for i, f := range c.Flags {
		doc := f.(cli.DocGenerationFlag)
		_, usage := unquote(doc.GetUsage())
		if text, ok := f.(*cli.StringFlag); ok && text.Value != "" {
			usage += " (default " + text.Value + ")"
		}
		fmt.Fprintf(&b, "  %-*s  %s\n", width, left[i], usage)
	}
	fmt.Fprintf(&b, "  %-*s  %s\n", width, "-h, --help", "print this")
	return literal(b.String())
}

// unquote returns the name of a flag's value, the word in back quotes, and the
// usage text without them.
func unquote(usage string) (value, text string) {
	parts := strings.SplitN(usage, "`", 3)
	if len(parts) < 3 {
		return "WHAT", usage
	}
	return parts[1], strings.Join(parts, "")
}

// literal returns a template that prints text as it is.
func literal(text string) string { return strings.ReplaceAll(text, "{{", `{{"{{"}}`) }
