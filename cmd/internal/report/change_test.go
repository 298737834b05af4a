package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
)

func TestChanges(t *testing.T) {
	// An edit replaces the first place of find, or inserts before it.
	type edit struct{ find, by, insert string }
	for _, c := range []struct {
		name, src string
		edits     []edit
		want      string
	}{
		{"a new line", "a 1;\nb 2;\n", []edit{{find: "b", insert: "x 9;\n"}}, "2 +x 9;"},
		{"a new line written after its neighbour", "a 1;\nb 2;\n", []edit{{find: "\nb", insert: "\nx 9;"}}, "2 +x 9;"},
		{"two new lines at one place", "a 1;\nb 2;\n", []edit{{find: "b", insert: "x 9;\n"}, {find: "b", insert: "y 9;\n"}}, "2 +x 9; +y 9;"},
		{"the same line twice counts once", "a 1;\nb 2;\n", []edit{{find: "b", insert: "x 9;\n"}, {find: "b", insert: "x 9;\n"}}, "2 +x 9;"},
		{"a word", "a 1;\nb 2;\n", []edit{{find: "2", by: "3"}}, "2 -b 2; +b 3;"},
		{"two words of one line", "a 1 2;\n", []edit{{find: "1", by: "3"}, {find: "2", by: "4"}}, "1 -a 1 2; +a 3 4;"},
		{"one-line block", "l { a 1; }\n", []edit{{find: " }", insert: " b 2;"}}, "1 -l { a 1; } +l { a 1; b 2; }"},
		{"places far apart", "a 1;\nb 2;\nc 3;\n", []edit{{find: "1", by: "9"}, {find: "3", by: "9"}}, "1 -a 1; +a 9; | 3 -c 3; +c 9;"},
		{"carriage returns", "a 1;\r\nb 2;\r\n", []edit{{find: "b", insert: "x 9;\r\n"}}, "2 +x 9;"},
		{"a line goes away", "a 1;\nb 2;\n", []edit{{find: "a 1;\n", by: ""}}, "1 -a 1;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := parser.Parse("a.conf", []byte(c.src))
			var fixes []*rules.Fix
			for i, e := range c.edits {
				at := strings.Index(c.src, e.find)
				span := parser.Span{Start: at, End: at}
				text := e.insert
				if e.insert == "" {
					span.End, text = at+len(e.find), e.by
				}
				fixes = append(fixes, &rules.Fix{Safety: rules.Safe, Edits: []rules.Edit{{File: f, Span: span, New: text, Rank: i}}})
			}
			var got []string
			for _, ch := range changes(fixes, f) {
				text := fmt.Sprint(ch.line)
				for _, line := range ch.old {
					text += " -" + line
				}
				for _, line := range ch.new {
					text += " +" + line
				}
				got = append(got, text)
			}
			if text := strings.Join(got, " | "); text != c.want {
				t.Errorf("changes(%q, %+v) = %s, want %s", c.src, c.edits, text, c.want)
			}
		})
	}
}
