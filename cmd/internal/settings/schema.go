package settings

import (
	_ "embed" // the schema is a file of its own
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/rules"
)

//go:embed settings.schema.json
var schema string

// Schema returns the JSON Schema of .wsnginx.yaml, with the names of the rules
// that there are.
func Schema() string {
	graded := categories()
	for _, r := range rules.All() {
		graded = append(graded, r.Name)
	}
	words := slices.Concat([]string{"default", "all", "*"}, graded)
	return strings.NewReplacer(
		`"@RULES@"`, `"`+strings.Join(words, `", "`)+`"`,
		`"@GRADED@"`, `"`+strings.Join(graded, `", "`)+`"`,
	).Replace(schema)
}

// categories returns the names of the rules' categories.
func categories() []string {
	var out []string
	for _, c := range []rules.Category{rules.Syntax, rules.HandshakeCategory, rules.Lifetime, rules.HTTP,
		rules.Security, rules.TLS, rules.Capacity, rules.Comments} {
		out = append(out, string(c))
	}
	return out
}
