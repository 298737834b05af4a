package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

// frameWidth is how many columns of a source line are shown.
const frameWidth = 120

// frame prints the line in which span starts, with its number and marks under
// the words that span covers.
func (s Style) frame(w io.Writer, file *parser.File, span parser.Span) {
	n := file.Position(span.Start).Line
	line, start := file.Line(n)
	source, marks := window(line, span.Start-start, span.End-start)
	number := strconv.Itoa(n)
	gutter := strings.Repeat(" ", len(number))
	bar := s.in(dim, "|")
	fmt.Fprintf(w, " %s %s\n", gutter, bar)
	fmt.Fprintf(w, " %s %s %s\n", s.in(dim, number), bar, source)
	fmt.Fprintf(w, " %s %s %s\n", gutter, bar, s.in(red, marks))
}

// window returns the part of line around the bytes from start to end as it is
// printed, and the marks that go under it.
func window(line string, start, end int) (source, marks string) {
	all := cells(line, true)
	total := 0
	if n := len(all); n > 0 {
		total = all[n-1].column + all[n-1].width
	}
	// The columns to mark.
	from, to := total, total
	for _, c := range all {
		if c.at <= start {
			from = c.column
		}
		if c.at < end {
			to = c.column + c.width
		}
	}
	if start >= len(line) {
		from = total
	}
	if to <= from {
		to = from + 1
	}
	// The columns to show.
	left, right := 0, total
	if total > frameWidth {
		left = max(0, min(from-frameWidth/4, total-frameWidth))
		right = left + frameWidth
	}
	var b strings.Builder
	shift := 0
	if left > 0 {
		b.WriteString("…")
		shift = 1 - firstColumn(all, left)
	}
	for _, c := range all {
		if c.column >= left && c.column+c.width <= right {
			b.WriteString(c.text)
		}
	}
	if right < total {
		b.WriteString("…")
		to = min(to, right)
	}
	source = strings.TrimRight(b.String(), " ")
	return source, strings.Repeat(" ", max(0, from+shift)) + strings.Repeat("^", max(1, to-from))
}

// firstColumn returns the column of the first cell at or after column left.
func firstColumn(all []cell, left int) int {
	for _, c := range all {
		if c.column >= left {
			return c.column
		}
	}
	return left
}
