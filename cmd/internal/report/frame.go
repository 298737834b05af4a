package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
)

// frameWidth is how many columns of a source line are shown where the width of
// the terminal is not known.
const frameWidth = 120

// nearLines is how far from a finding a place may be to stand in its frame.
const nearLines = 20

// fewMarks is the number of marks up to which all are compared.
const fewMarks = 16

// mark is some words of a file to show, and what to say of them.
type mark struct {
	span parser.Span
	text string // "" for the finding itself
	line int
}

// marks returns what the frame of a group shows, by line, and the related
// places that are too far for it.
func marks(group []rules.Finding) (near []mark, far []rules.Place) {
	file := group[0].File
	seen := map[rules.Place]bool{}
	var added map[mark]bool // where there are many
	add := func(span parser.Span, text string) {
		m := mark{span, text, file.Position(span.Start).Line}
		if len(near) < fewMarks && slices.Contains(near, m) || added[m] {
			return
		}
		near = append(near, m)
		if len(near) == fewMarks {
			added = map[mark]bool{}
			for _, have := range near {
				added[have] = true
			}
		} else if added != nil {
			added[m] = true
		}
	}
	var lines []int
	for i := range group {
		add(group[i].Span, "")
		lines = append(lines, file.Position(group[i].Span.Start).Line)
	}
	slices.Sort(lines)
	isNear := func(line int) bool {
		i, _ := slices.BinarySearch(lines, line-nearLines)
		return i < len(lines) && lines[i] <= line+nearLines
	}
	for i := range group {
		for _, r := range group[i].Related {
			if r.File == file && isNear(file.Position(r.Span.Start).Line) {
				add(r.Span, r.Message)
			} else if !seen[r] {
				seen[r] = true
				far = append(far, r)
			}
		}
	}
	slices.SortStableFunc(near, func(a, b mark) int { return cmp.Compare(a.line, b.line) })
	return near, far
}

// gutter returns the columns of a frame's widest line number.
func gutter(marks []mark, sets ...[]change) int {
	widest := 0
	for _, m := range marks {
		widest = max(widest, m.line)
	}
	for _, changes := range sets {
		for _, c := range changes {
			widest = max(widest, c.line+max(len(c.old), len(c.new)))
		}
	}
	return len(strconv.Itoa(widest))
}

// columns returns how many columns of a source line fit beside a gutter.
func (s Style) columns(gutter int) int {
	if s.Width == 0 {
		return frameWidth
	}
	return max(20, min(frameWidth, s.Width-gutter-5)) // blanks, bar, ellipses
}

// frame prints the lines of marks with their numbers, and under each what it
// marks: the finding with carets, what explains it with dashes and words.
func (s Style) frame(w io.Writer, file *parser.File, marks []mark, gutter int) {
	bar := s.in(dim, "|")
	last, shown := 0, ""
	for _, m := range marks {
		line, start := file.Line(m.line)
		from, to := vicinity(line, m.span.Start-start, m.span.End-start)
		start += from
		source, under := window(line[from:to], m.span.Start-start, m.span.End-start, s.columns(gutter))
		if last > 0 && m.line > last+1 {
			fmt.Fprintf(w, " %*s %s\n", gutter, "…", bar)
		}
		if m.line != last || source != shown {
			write(w, " ", s.in(dim, number(m.line, gutter)), " ", bar, " ", source, "\n")
		}
		last, shown = m.line, source
		p := red
		if m.text != "" {
			p = cyan
			under = strings.ReplaceAll(under, "^", "-")
		}
		text := Clean(m.text)
		write(w, " ", blanks(gutter), " ", bar, " ", s.in(p, under))
		if s.Width > 0 && gutter+4+len(under)+textWidth(text) >= s.Width && text != "" {
			fmt.Fprintf(w, "\n %*s %s  ", gutter, "", bar)
		}
		if text != "" {
			write(w, " ", s.in(cyan, text))
		}
		write(w, "\n")
	}
}

// number returns a line number, at the right of so many columns.
func number(n, columns int) string {
	text := strconv.Itoa(n)
	return blanks(columns-len(text)) + text
}

func blanks(n int) string { return strings.Repeat(" ", max(0, n)) }

// longText is the length from which on a text is cut before it is laid out: a whole
// configuration may stand on one line.
const longText = 16 << 10

// vicinity returns the offsets in text between which enough of it lies to show the
// bytes from start to end as in the whole text.
func vicinity(text string, start, end int) (from, to int) {
	if len(text) < longText {
		return 0, len(text)
	}
	const enough = 4 * utf8.UTFMax * frameWidth
	from, to = max(0, start-enough), min(len(text), max(start, end)+enough)
	for from > 0 && !utf8.RuneStart(text[from]) {
		from--
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	return from, to
}

// window returns the part of line around the bytes from start to end as it is
// printed, at most wide columns of it, and the marks that go under it.
func window(line string, start, end, wide int) (source, marks string) {
	from, to, total := markedColumns(line, start, end)
	// The columns to show.
	left, right := 0, total
	if total > wide {
		left = max(0, min(from-wide/4, total-wide))
		right = left + wide
	}
	shown, first := columnsOf(line, left, right)
	shift := 0
	if left > 0 {
		shown, shift = "…"+shown, 1-first
	}
	if right < total {
		shown += "…"
		to = min(to, right)
	}
	source = strings.TrimRight(shown, " ")
	return source, strings.Repeat(" ", max(0, from+shift)) + strings.Repeat("^", max(1, to-from))
}

// markedColumns returns the columns that the bytes from start to end of a line
// take, at least one, and how many there are.
func markedColumns(line string, start, end int) (from, to, total int) {
	if isPlain(line) && 0 <= start && start < end {
		total = len(line)
		from, to = min(start, total), min(end, total)
	} else {
		from, to = -1, -1
		eachCell(line, true, func(c cell) bool {
			total = c.column + c.width
			if c.at <= start {
				from = c.column
			}
			if c.at < end {
				to = total
			}
			return true
		})
		if from < 0 || start >= len(line) {
			from = total
		}
		if to < 0 {
			to = total
		}
	}
	return from, max(to, from+1), total
}

// columnsOf returns the cells of a line that lie wholly between two columns, and
// the column of the first cell at or after left.
func columnsOf(line string, left, right int) (text string, first int) {
	if isPlain(line) {
		return line[left:right], left
	}
	var b strings.Builder
	first = -1
	eachCell(line, true, func(c cell) bool {
		if c.column >= left && first < 0 {
			first = c.column
		}
		if c.column >= left && c.column+c.width <= right {
			b.WriteString(c.text)
		}
		return c.column < right
	})
	if first < 0 {
		first = left
	}
	return b.String(), first
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

// part returns a source line as it is printed from column from on, cut where it
// is very long.
func (s Style) part(line string, from, gutter int) string {
	var b strings.Builder
	wide := s.columns(gutter)
	if from > 0 {
		b.WriteString("…")
	}
	if isPlain(line) {
		line = line[min(from, len(line)):]
		b.WriteString(line[:min(wide, len(line))])
		if len(line) > wide {
			b.WriteString("…")
		}
		return b.String()
	}
	eachCell(line, true, func(c cell) bool {
		switch {
		case c.column < from:
		case c.column-from+c.width > wide:
			b.WriteString("…")
			return false
		default:
			b.WriteString(c.text)
		}
		return true
	})
	return b.String()
}

// differ returns the column from which the lines of a change are shown: 0 where
// what they differ in fits, otherwise so that it starts a quarter into what is
// shown.
func (s Style) differ(c change, gutter int) int {
	wide := s.columns(gutter)
	for i := range min(len(c.old), len(c.new)) {
		if max(len(c.old[i]), len(c.new[i])) <= wide/tabWidth {
			continue // no byte takes more columns than a tab
		}
		if isPlain(c.old[i]) && isPlain(c.new[i]) {
			if from := differPlain(c.old[i], c.new[i], wide); from > 0 {
				return from
			}
			continue
		}
		old, now := cells(c.old[i], true), cells(c.new[i], true)
		same := 0
		for same < min(len(old), len(now)) && old[same].text == now[same].text {
			same++
		}
		tail := 0
		for tail < min(len(old), len(now))-same && old[len(old)-1-tail].text == now[len(now)-1-tail].text {
			tail++
		}
		longer := now
		if len(old) > len(now) {
			longer = old
		}
		if last := len(longer) - 1 - tail; last >= same && longer[last].column >= wide && longer[same].column > wide/4 {
			return firstColumn(longer, longer[same].column-wide/4)
		}
	}
	return 0
}

// differPlain is differ for two lines of which every byte takes one column.
func differPlain(old, now string, wide int) int {
	same, short := 0, min(len(old), len(now))
	for same < short && old[same] == now[same] {
		same++
	}
	tail := 0
	for tail < short-same && old[len(old)-1-tail] == now[len(now)-1-tail] {
		tail++
	}
	if last := max(len(old), len(now)) - 1 - tail; last >= same && last >= wide && same > wide/4 {
		return same - wide/4
	}
	return 0
}
