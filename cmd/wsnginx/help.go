package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// aboutText says what the program is for.
const aboutText = `wsnginx reads nginx configuration, says which proxied locations a WebSocket
cannot pass through and why, and repairs them. It runs no nginx,
unless fix --verify asks for it.`

// appHelp is what "wsnginx --help" prints.
func appHelp(app *cli.App) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n%s\n\nUsage: %s COMMAND [flags] [PATH...]\n\nCommands:\n", app.Name, app.Usage, aboutText, app.Name)
	width := 0
	for _, c := range app.Commands {
		width = max(width, len(c.Name))
	}
	for _, c := range app.Commands {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, c.Name, c.Usage)
	}
	b.WriteString(`
Example: wsnginx lint /etc/nginx

"wsnginx COMMAND --help" has the flags of a command, "wsnginx man" the manual,
"wsnginx --version" the version and the nginx versions it knows.
Exit status: 0 nothing to report, 1 findings, 2 could not run.
`)
	return literal(b.String())
}

// commandHelp is what "wsnginx COMMAND --help" prints.
func commandHelp(app *cli.App, c *cli.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s\n\nUsage: %s\n\n%s\n\nFlags:\n",
		app.Name, c.Name, c.Usage, strings.TrimSpace(app.Name+" "+c.Name+" "+c.ArgsUsage), c.Description)
	flags := append(helpFlags(c), [2]string{"-h, --help", "print this"})
	width := 0
	for _, f := range flags {
		width = max(width, len(f[0]))
	}
	for _, f := range flags {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, f[0], f[1])
	}
	return literal(b.String())
}

// helpFlags returns the flags of a command without --help, each with its value
// as it is written, and what it does.
func helpFlags(c *cli.Command) [][2]string {
	var out [][2]string
	for _, f := range c.Flags {
		if f.Names()[0] == "help" {
			continue
		}
		doc := f.(cli.DocGenerationFlag)
		value, usage := unquote(doc.GetUsage())
		name := "--" + f.Names()[0]
		if doc.TakesValue() {
			name += " " + value
		}
		if text, ok := f.(*cli.StringFlag); ok && text.Value != "" {
			usage += " (default " + text.Value + ")"
		}
		out = append(out, [2]string{name, usage})
	}
	return out
}

// exampleOf parts the description of a command and its example.
func exampleOf(c *cli.Command) (description, example string) {
	description, example, _ = strings.Cut(c.Description, "\n\nExample: ")
	return description, example
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
