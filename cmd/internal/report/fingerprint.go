package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
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
	count, heads := map[string]int{}, heads{}
	for i := range findings {
		f := &findings[i]
		sum := sha256.Sum256([]byte(strings.Join([]string{
			f.Rule.Name, s.Name(f.File.Name), heads.around(f.File, f.Span.Start), firstLine(f.File, f.Span),
		}, "\x00")))
		key := hex.EncodeToString(sum[:16])
		count[key]++
		out[i] = fmt.Sprintf("%s:%d", key, count[key])
	}
	return out
}

// heads are the heads of blocks, as fingerprints have them.
type heads map[*parser.Directive]string

// around returns the heads of the blocks that hold offset, outermost first, a
// server's with its names: many servers have the same locations.
func (h heads) around(f *parser.File, offset int) string {
	var b strings.Builder
	for list := f.Directives; ; {
		d := holding(list, offset)
		if d == nil {
			return b.String()
		}
		b.WriteString(h.of(d))
		b.WriteByte('\n')
		list = d.Children
	}
}

func (h heads) of(d *parser.Directive) string {
	head, known := h[d]
	if known {
		return head
	}
	head = words(d)
	if d.Is("server") {
		for _, c := range d.Children {
			if c.Is("server_name") {
				head += " " + words(c)
			}
		}
	}
	h[d] = head
	return head
}

// holding returns the block of list whose body holds offset, or nil.
func holding(list []*parser.Directive, offset int) *parser.Directive {
	i, _ := slices.BinarySearchFunc(list, offset, func(d *parser.Directive, offset int) int { return cmp.Compare(d.Span.End, offset+1) })
	if i < len(list) && list[i].IsBlock() && list[i].Body.Start <= offset && offset < list[i].Body.End {
		return list[i]
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

// firstLine returns the words of the line that span starts in, of a very long one
// those around it.
func firstLine(f *parser.File, span parser.Span) string {
	line, start := f.Line(f.Position(span.Start).Line)
	from, to := vicinity(line, span.Start-start, min(span.End-start, len(line)))
	return strings.Join(strings.Fields(line[from:to]), " ")
}
