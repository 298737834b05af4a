package main

import (
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
)

// ruleOptions returns how the rules run over w. They may read certificates that
// lie in the tree, or on the machine where the tree is its own configuration;
// what they passed over is said once with --verbose.
func (in *input) ruleOptions(w *parser.Workspace, list []*rules.Rule) rules.Options {
	return rules.Options{
		Rules: list, Writable: in.writable(w), ReadFile: w.ReadNamed, Installed: w.Installed, Main: in.placedAsMain,
		Note: func(note string) {
			if in.verbose && !in.noted[note] {
				if in.noted == nil {
					in.noted = map[string]bool{}
				}
				in.noted[note] = true
				in.program.say("%s", note)
			}
		},
	}
}
