package rules

import (
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

// leavesOpen reports whether several directives of a block have nothing but a blank
// where their value belongs: one is a slip, two are left for a program that writes
// them ("ssl_certificate ;", "ssl_certificate_key ;"). So are three in a file.
func (l level) leavesOpen() bool {
	n := 0
	for i, row := range l.rows {
		if it := l.Items[i]; row != nil && isOpen(it.Directive) {
			n++
		}
	}
	return n > 1
}

// openIn counts such directives down from n, to no less than 0.
func openIn(list []*parser.Directive, n int) int {
	for _, d := range list {
		if n > 0 && isOpen(d) {
			n--
		}
		n = openIn(d.Children, n)
	}
	return n
}

// isOpen reports whether a blank stands where the arguments of d belong.
func isOpen(d *parser.Directive) bool {
	if d.IsBlock() || len(d.Args) > 0 {
		return false
	}
	between := strings.TrimSuffix(d.File.Src[d.Head.Span.End:d.Span.End], ";")
	if between == "" || strings.TrimSpace(between) != "" {
		return false
	}
	row, _ := rowFor(d.Head.Value, inHTTP|inServer|inLocation)
	return row != nil && !row.block && !row.takes(0)
}
