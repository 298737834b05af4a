package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
)

// Fingerprints returns one word for each finding that stays the same while lines
// move around it: it is made of the rule, the file's name, the names of the
// blocks around the finding, and the line's own words. Where several findings
// agree in all of these they are counted.
func Fingerprints(findings []rules.Finding, s Style) []string {
	out := make([]string, len(findings))
	count := map[string]int{}
	for i := range findings {
		f := &findings[i]
		sum := sha256.Sum256([]byte(strings.Join([]string{
			f.Rule.Name, s.Name(f.File.Name), around(f.File, f.Span.Start), firstLine(f.File, f.Span),
		}, "\x00")))
		key := hex.EncodeToString(sum[:16])
		count[key]++
		out[i] = fmt.Sprintf("%s:%d", key, count[key])
	}
	return out
}

// around returns the heads of the blocks that hold offset, outermost first, a
// server's with its names: many servers have the same locations.
func around(f *parser.File, offset int) string {
	var b strings.Builder
	list := f.Directives
	for {
		d := holding(list, offset)
		if d == nil {
			return b.String()
		}
		b.WriteString(words(d))
		for _, c := range d.Children {
			if d.Is("server") && c.Is("server_name") {
				b.WriteString(" " + words(c))
			}
		}
		b.WriteByte('\n')
		list = d.Children
	}
}

// holding returns the block of list whose body holds offset, or nil.
func holding(list []*parser.Directive, offset int) *parser.Directive {
	for _, d := range list {
		if d.IsBlock() && d.Body.Start <= offset && offset < d.Body.End {
			return d
		}
	}
	return nil
}

func words(d *parser.Directive) string {
	all := make([]string, 0, len(d.Args)+1)
	all = append(all, d.Head.Value)
	for _, a := range d.Args {
		all = append(all, a.Value)
	}
	return strings.Join(all, " ")
}

// firstLine returns the words of the line that span starts in.
func firstLine(f *parser.File, span parser.Span) string {
	line, _ := f.Line(f.Position(span.Start).Line)
	return strings.Join(strings.Fields(line), " ")
}
