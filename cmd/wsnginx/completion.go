package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/rules"
)

// shells are those that completion knows.
var shells = map[string]func(io.Writer, []*completed) error{
	"bash": bashCompletion, "fish": fishCompletion, "zsh": zshCompletion,
}

func (p *program) completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print completions for bash, zsh or fish",
		ArgsUsage: "bash|zsh|fish",
		Description: `The script completes commands, flags, their values, rules and files. bash and
zsh: source it from .bashrc or .zshrc; fish: save it as
~/.config/fish/completions/wsnginx.fish.

Example: source <(wsnginx completion bash)`,
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return errors.New("completion: wants one shell: bash, zsh or fish")
			}
			name := c.Args().First()
			print := shells[name]
			if print == nil {
				if near := rules.Nearest(name, []string{"bash", "zsh", "fish"}); near != "" {
					return fmt.Errorf("completion: unknown shell %q; did you mean %q?", name, near)
				}
				return fmt.Errorf("completion: unknown shell %q; want bash, zsh or fish", name)
			}
			return print(p.stdout, completions(c.App))
		},
	}
}

// completed is a command as the shells complete it.
type completed struct {
	name, usage string
	flags       []completedFlag
	words       []string // that its arguments may be; nil for files
}

type completedFlag struct {
	name, usage string
	value       string   // what the value is called, "" where the flag takes none
	words       []string // that the value may be; nil for files where file is set
	file        bool
}

// completions returns what can follow "wsnginx".
func completions(app *cli.App) []*completed {
	var out []*completed
	for _, c := range app.Commands {
		one := &completed{name: c.Name, usage: c.Usage}
		switch c.Name {
		case "explain":
			one.words = allRules()
		case "completion":
			one.words = []string{"bash", "zsh", "fish"}
		case "rules", "man":
			one.words = []string{}
		}
		for _, f := range c.Flags {
			flag := completedFlag{name: f.Names()[0]}
			doc := f.(cli.DocGenerationFlag)
			value, usage := unquote(doc.GetUsage())
			flag.usage = usage
			if doc.TakesValue() {
				flag.value = value
				flag.words = flagWords(flag.name, usage)
				flag.file = value == "FILE" || value == "BIN" || value == "PATH" || value == "FROM=TO" ||
					c.Name == "routes" && flag.name == "websocket" // a path may follow it
			}
			one.flags = append(one.flags, flag)
		}
		out = append(out, one)
	}
	return out
}

// flagWords returns the values that a flag may have, nil where they are not few.
func flagWords(name, usage string) []string {
	switch name {
	case "select", "extend-select", "ignore":
		return append(allRules(), categories()...)
	case "format", "fail-on", "color":
		// "FORMAT of the result: text, json or sarif"
		_, list, _ := strings.Cut(usage, ": ")
		return strings.FieldsFunc(strings.ReplaceAll(list, " or ", ","), func(r rune) bool { return r == ',' || r == ' ' })
	}
	return nil
}

func allRules() []string {
	var names []string
	for _, r := range rules.All() {
		names = append(names, r.Name)
	}
	slices.Sort(names)
	return names
}

func categories() []string {
	names := []string{"all", "default"}
	for _, r := range rules.All() {
		if c := string(r.Category); !slices.Contains(names, c) {
			names = append(names, c)
		}
	}
	return names
}

func commandNames(list []*completed) string {
	var out []string
	for _, c := range list {
		out = append(out, c.name)
	}
	return strings.Join(out, " ")
}

func bashCompletion(w io.Writer, list []*completed) error {
	var b strings.Builder
	fmt.Fprintf(&b, `# bash completion of wsnginx, printed by "wsnginx completion bash"
_wsnginx() {
  local cur=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD-1]} command= words= i
  # bash takes --flag=value for three words.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $flag == = ]]; then
    flag=${COMP_WORDS[COMP_CWORD-2]}
  fi
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      -*) ;;
      *) command=${COMP_WORDS[i]}; break ;;
    esac
  done
  if [[ -z $command ]]; then
    COMPREPLY=($(compgen -W "%s --help --version" -- "$cur"))
    return
  fi
  case "$command $flag" in
`, commandNames(list))
	for _, c := range list {
		for _, f := range c.flags {
			switch {
			case f.value == "RULE": // once, below
			case f.words != nil:
				fmt.Fprintf(&b, "    \"%s --%s\") COMPREPLY=($(compgen -W %q -- \"$cur\")); return ;;\n", c.name, f.name, strings.Join(f.words, " "))
			case f.value != "" && f.file:
				fmt.Fprintf(&b, "    \"%s --%s\") return ;;\n", c.name, f.name)
			case f.value != "":
				fmt.Fprintf(&b, "    \"%s --%s\") compopt +o default 2>/dev/null; return ;;\n", c.name, f.name)
			}
		}
	}
	fmt.Fprintf(&b, "    *\" --select\" | *\" --extend-select\" | *\" --ignore\")\n      COMPREPLY=($(compgen -W %q -- \"$cur\")); return ;;\n",
		strings.Join(flagWords("select", ""), " "))
	b.WriteString("  esac\n  case $command in\n")
	for _, c := range list {
		var flags []string
		for _, f := range c.flags {
			flags = append(flags, "--"+f.name)
		}
		fmt.Fprintf(&b, "    %s)\n      words=%q\n", c.name, strings.Join(flags, " "))
		if c.words != nil {
			fmt.Fprintf(&b, "      [[ $cur == -* ]] || { words=%q; compopt +o default 2>/dev/null; }\n", strings.Join(c.words, " "))
		} else {
			b.WriteString("      [[ $cur == -* ]] || return # files\n")
		}
		b.WriteString("      ;;\n")
	}
	b.WriteString(`  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _wsnginx wsnginx
`)
	_, err := io.WriteString(w, b.String())
	return err
}

func zshCompletion(w io.Writer, list []*completed) error {
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
	plain := strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, ":", `\:`).Replace
	var b strings.Builder
	b.WriteString("#compdef wsnginx\n# zsh completion of wsnginx, printed by \"wsnginx completion zsh\"\n_wsnginx() {\n  local -a commands\n  commands=(\n")
	for _, c := range list {
		fmt.Fprintf(&b, "    %s\n", quote(c.name+":"+plain(c.usage)))
	}
	b.WriteString("  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    _arguments '--version[print the version]' '--help[print help]'\n    return\n  fi\n" +
		"  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $command in\n")
	for _, c := range list {
		fmt.Fprintf(&b, "    %s)\n      _arguments", c.name)
		for _, f := range c.flags {
			spec := "--" + f.name + "[" + plain(f.usage) + "]"
			switch {
			case f.words != nil:
				spec = "--" + f.name + "=[" + plain(f.usage) + "]:" + plain(f.value) + ":(" + strings.Join(f.words, " ") + ")"
			case f.file:
				spec = "--" + f.name + "=[" + plain(f.usage) + "]:" + plain(f.value) + ":_files"
			case f.value != "":
				spec = "--" + f.name + "=[" + plain(f.usage) + "]:" + plain(f.value) + ":"
			}
			fmt.Fprintf(&b, " \\\n        %s", quote(spec))
		}
		switch {
		case c.words == nil:
			b.WriteString(" \\\n        '*:path:_files'")
		case len(c.words) > 0:
			fmt.Fprintf(&b, " \\\n        %s", quote("1:word:("+strings.Join(c.words, " ")+")"))
		}
		b.WriteString("\n      ;;\n")
	}
	b.WriteString("  esac\n}\nif [[ $funcstack[1] == _wsnginx ]]; then\n  _wsnginx \"$@\"\nelse\n  compdef _wsnginx wsnginx\nfi\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func fishCompletion(w io.Writer, list []*completed) error {
	quote := func(s string) string {
		return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
	}
	var b strings.Builder
	b.WriteString("# fish completion of wsnginx, printed by \"wsnginx completion fish\"\ncomplete -c wsnginx -n __fish_use_subcommand -f -l version -d 'print the version'\n")
	for _, c := range list {
		fmt.Fprintf(&b, "complete -c wsnginx -n __fish_use_subcommand -f -a %s -d %s\n", c.name, quote(c.usage))
		in := quote("__fish_seen_subcommand_from " + c.name)
		if c.words != nil {
			fmt.Fprintf(&b, "complete -c wsnginx -n %s -f -a %s\n", in, quote(strings.Join(c.words, " ")))
		}
		for _, f := range c.flags {
			fmt.Fprintf(&b, "complete -c wsnginx -n %s -l %s", in, f.name)
			switch {
			case f.words != nil:
				fmt.Fprintf(&b, " -x -a %s", quote(strings.Join(f.words, " ")))
			case f.file:
				b.WriteString(" -r -F")
			case f.value != "":
				b.WriteString(" -x")
			}
			fmt.Fprintf(&b, " -d %s\n", quote(f.usage))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
