package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
)

// GitHub prints findings as workflow commands of GitHub Actions, which shows
// them beside the lines of a pull request. A command ends with its line, so that
// nothing that comes from a configuration may hold a line ending, and the
// separators of its properties are escaped as @actions/core does
// (packages/core/src/command.ts).
func GitHub(w io.Writer, run *Run, s Style) error {
	b := bufio.NewWriter(w)
	for i := range run.Findings {
		f := &run.Findings[i]
		start, end := f.File.Position(f.Span.Start), f.File.Position(f.Span.End)
		place := fmt.Sprintf("file=%s,line=%d,endLine=%d", property(s.Name(f.File.Name)), start.Line, end.Line)
		if start.Line == end.Line { // columns of two lines are refused
			place += fmt.Sprintf(",col=%d,endColumn=%d", start.Column, end.Column)
		}
		text := Clean(brief(f))
		if remedy := remedyOf(f); remedy != "" {
			text += "\n" + Clean(remedy)
		}
		fmt.Fprintf(b, "::%s %s,title=%s::%s\n", githubLevel(f.Severity), place, property(f.Rule.Name), data(text))
	}
	for _, p := range run.unread(s) {
		level := "warning"
		if p.Kind == parser.Failed {
			level = "error"
		}
		place := ""
		if p.File != "" {
			place = "file=" + property(s.Name(p.File)) + ","
		}
		if p.File != "" && p.Line > 0 {
			place += fmt.Sprintf("line=%d,", p.Line)
		}
		fmt.Fprintf(b, "::%s %stitle=%s::%s\n", level, place, p.Kind, data(Clean(p.Message)))
	}
	return b.Flush()
}

func githubLevel(v rules.Severity) string {
	if v == rules.Info {
		return "notice"
	}
	return v.String()
}

var (
	dataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// data escapes the message of a workflow command.
func data(text string) string { return dataEscapes.Replace(text) }

// property escapes a property of a workflow command.
func property(text string) string { return propertyEscapes.Replace(Clean(text)) }
