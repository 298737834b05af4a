package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/rules"
)

// arrange returns args with the flags of a command before its paths and a "--"
// between them: urfave/cli takes a flag after a path for another path. It
// refuses commands and flags that do not exist, and flags without their value.
func arrange(app *cli.App, args []string) ([]string, error) {
	if len(args) == 0 {
		return []string{app.Name}, nil
	}
	at := 1
	root := flagNames(app.Flags)
	for at < len(args) && isFlag(args[at]) {
		if err := known(root, args[at]); err != nil {
			return nil, err
		}
		at++
	}
	if at == len(args) {
		return args, nil
	}
	name := args[at]
	command := app.Command(name)
	if command == nil {
		var names []string
		for _, c := range app.Commands {
			names = append(names, c.Name)
		}
		switch name {
		case "help":
			return nil, fmt.Errorf("unknown command %q; \"wsnginx --help\" lists the commands", name)
		case "version":
			return nil, fmt.Errorf("unknown command %q; did you mean \"wsnginx --version\"?", name)
		}
		if near := rules.Nearest(name, names); near != "" {
			return nil, fmt.Errorf("unknown command %q; did you mean %q?", name, near)
		}
		return nil, fmt.Errorf("unknown command %q; to lint a path: wsnginx lint %s", name, name)
	}
	words := args[at+1:]
	if name == "routes" {
		words = bareWebSocket(flagNames(command.Flags), words)
	}
	flags, paths, err := split(flagNames(command.Flags), words)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; see \"wsnginx %s --help\"", name, err, name)
	}
	if slices.ContainsFunc(flags, isHelp) {
		return slices.Concat(args[:at+1], []string{"--help"}), nil // with a path urfave/cli takes that for a topic
	}
	return slices.Concat(args[:at+1], flags, []string{"--"}, paths), nil
}

// split parts the words after a command into flags, with their values, and
// paths. "--" ends the flags.
func split(names map[string]bool, words []string) (flags, paths []string, err error) {
	for i := 0; i < len(words); i++ {
		word := words[i]
		if word == "--" {
			return flags, append(paths, words[i+1:]...), nil
		}
		if !isFlag(word) {
			paths = append(paths, word)
			continue
		}
		if err := known(names, word); err != nil {
			return nil, nil, err
		}
		flags = append(flags, word)
		name, _, given := strings.Cut(strings.TrimLeft(word, "-"), "=")
		if names[name] && !given {
			i++
			if i == len(words) {
				return nil, nil, fmt.Errorf("flag %s wants a value", word)
			}
			flags = append(flags, words[i])
		}
	}
	return flags, paths, nil
}

// again returns the command line of the run with one more flag after the
// command, as a person would type it.
func (p *program) again(flag string) string {
	words := []string{"wsnginx"}
	for i, word := range p.args[1:] {
		if word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,@%+-") != "" {
			word = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
		words = append(words, word)
		if i == 0 {
			words = append(words, flag)
		}
	}
	return strings.Join(words, " ")
}

// isFlag reports whether a word is one; "-" is standard input.
func isFlag(word string) bool { return len(word) > 1 && word[0] == '-' }

func isHelp(word string) bool {
	name := strings.TrimLeft(word, "-")
	return name != word && (name == "h" || name == "help")
}

// flagNames returns the names of flags, and whether each takes a value.
func flagNames(flags []cli.Flag) map[string]bool {
	names := map[string]bool{"help": false, "h": false}
	for _, f := range flags {
		value := true
		if doc, ok := f.(cli.DocGenerationFlag); ok {
			value = doc.TakesValue()
		}
		for _, name := range f.Names() {
			names[name] = value
		}
	}
	return names
}

// known returns an error for a flag that is not among names.
func known(names map[string]bool, word string) error {
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	if _, ok := names[name]; ok {
		return nil
	}
	var all []string
	for n := range names {
		if len(n) > 1 {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	if near := rules.Nearest(name, all); near != "" {
		return fmt.Errorf("unknown flag %s; did you mean --%s?", word, near)
	}
	return fmt.Errorf("unknown flag %s", word)
}
