package report

import (
	"io"
	"slices"

	"github.com/wsnginx/wsnginx/rules"
)

// Format is a way to print the findings of a run.
type Format struct {
	Name  string
	Print func(io.Writer, *Run, Style) error
}

// Formats are the formats of lint, in the order in which help lists them.
var Formats = []Format{
	{"text", LintText},
	{"json", LintJSON},
	{"sarif", SARIF},
	{"github", GitHub},
	{"gitlab", GitLab},
	{"checkstyle", Checkstyle},
	{"junit", JUnit},
}

// FormatNames returns the names of Formats.
func FormatNames() []string {
	names := make([]string, len(Formats))
	for i, f := range Formats {
		names[i] = f.Name
	}
	return names
}

// PrinterOf returns what prints the format of that name, nil where there is
// none.
func PrinterOf(name string) func(io.Writer, *Run, Style) error {
	i := slices.IndexFunc(Formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return Formats[i].Print
}

// homePage is where wsnginx and the pages of its rules are found.
const homePage = "https://github.com/wsnginx/wsnginx"

// RuleURL returns the address of a rule's page.
func RuleURL(r *rules.Rule) string { return homePage + "/blob/main/docs/rules/" + r.Name + ".md" }

// remedyOf returns what mends a finding in a few words, "" where that is left to
// a person.
func remedyOf(f *rules.Finding) string {
	switch {
	case f.Fix == nil:
		return ""
	case f.Fix.Safety == rules.Unsafe:
		return "fix with --unsafe: " + f.Fix.Message
	default:
		return "fix: " + f.Fix.Message
	}
}
