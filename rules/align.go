package rules

import (
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// aligned returns the directive text for a name and its arguments, parted as the
// siblings part theirs: so that the arguments stand in the columns in which two
// or more of them have theirs, by blanks or by tabs. Without such columns the
// words are a blank apart. A value in quotes takes those of the siblings.
func aligned(siblings []*parser.Directive, words ...string) string {
	var b strings.Builder
	b.WriteString(words[0])
	agree := true
	for i, w := range words[1:] {
		gap := " "
		if agree {
			gap, agree = gapBefore(siblings, i, b.String())
		}
		b.WriteString(gap)
		for _, d := range siblings {
			for _, a := range d.Args {
				w = quotedAs(w, d.File.Src[a.Span.Start:a.Span.End])
			}
		}
		b.WriteString(w)
	}
	b.WriteByte(';')
	return b.String()
}

// besides returns an item's own words, with the source text of its last argument
// given, as they are written beside the siblings. One of these says nothing of
// columns; what is repeated keeps its own then.
func besides(siblings []*parser.Directive, it effective.Item, last string, to place) string {
	one := len(siblings) == 1 && !strings.Contains(siblings[0].Source(), "\t")
	if len(siblings) == 0 || one || strings.Contains(it.Source(), "\n") {
		text := moved(it.Directive, to.at)
		own := it.File.Src[it.Args[len(it.Args)-1].Span.Start:it.Args[len(it.Args)-1].Span.End]
		if at := strings.LastIndex(text, own); at >= 0 {
			text = text[:at] + last + text[at+len(own):]
		}
		return text
	}
	words := []string{it.Head.Value}
	for _, a := range it.Args[:len(it.Args)-1] {
		words = append(words, it.File.Src[a.Span.Start:a.Span.End])
	}
	return aligned(siblings, append(words, last)...)
}

// beneath returns the text of a line with one argument, which stands where that of
// the line d stands.
func beneath(d *parser.Directive, name, value string) string {
	gap, _ := gapBefore([]*parser.Directive{d, d}, 0, name)
	if n := d.Args[0].Span.Start - d.Span.Start - len(name); !strings.Contains(gap, "\t") && n > 0 && !strings.Contains(d.Source(), "\n") {
		gap = strings.Repeat(" ", n)
	}
	return name + gap + value + ";"
}

// quotedAs returns the word in the quotes of another one, where both have some.
func quotedAs(word, other string) string {
	n := len(word)
	if n < 2 || other == "" || strings.Contains(word[1:n-1], other[:1]) {
		return word
	}
	switch {
	case word[0] == '"' && other[0] == '\'', word[0] == '\'' && other[0] == '"':
		return other[:1] + word[1:n-1] + other[:1]
	}
	return word
}

// gapBefore returns what parts the argument i from the text before it on a line
// beside the siblings, and reports whether they agree on it.
func gapBefore(siblings []*parser.Directive, i int, text string) (gap string, agree bool) {
	var gaps []string
	for _, d := range siblings {
		if i >= len(d.Args) {
			return " ", false
		}
		before := d.Head.Span.End
		if i > 0 {
			before = d.Args[i-1].Span.End
		}
		gaps = append(gaps, d.File.Src[before:d.Args[i].Span.Start])
	}
	tabs := len(gaps) > 0
	for _, g := range gaps {
		if strings.Trim(g, " \t") != "" {
			return " ", false
		}
		tabs = tabs && strings.Trim(g, "\t") == ""
	}
	switch {
	case tabs:
		return tabsTo(siblings, i, text, gaps), true
	case len(gaps) < 2:
		return " ", false
	}
	column, padded := columnOf(siblings[0], i, 8), false
	for n, d := range siblings {
		padded = padded || gaps[n] != " "
		if columnOf(d, i, 8) != column {
			return " ", false
		}
	}
	// Values in one column by chance are no columns where a blank parts them.
	from := columnOf(siblings[0], -1, 8)
	if n := column - from - len(text); n > 1 && (padded || i > 0) {
		return strings.Repeat(" ", n), true
	}
	return " ", true
}

// tabsTo returns the tabs that lead to the argument i of the siblings, whatever
// width of a tab puts these into one column; where none does, as many as most
// have.
func tabsTo(siblings []*parser.Directive, i int, text string, gaps []string) string {
	for _, width := range [...]int{8, 4, 2} {
		column, same := columnOf(siblings[0], i, width), len(siblings) > 1
		for _, d := range siblings[1:] {
			same = same && columnOf(d, i, width) == column
		}
		if !same {
			continue
		}
		at := expand(columnOf(siblings[0], -1, width), text, width)
		n := 0
		for ; at < column; n++ {
			at += width - at%width
		}
		return strings.Repeat("\t", max(n, 1))
	}
	return gaps[0]
}

// columnOf returns the column in which the argument i of d begins, the directive
// itself where i is -1, counted from the line's beginning.
func columnOf(d *parser.Directive, i, width int) int {
	at := d.Span.Start
	if i >= 0 {
		at = d.Args[i].Span.Start
	}
	before := d.File.Src[d.File.LineStart(at):at]
	if strings.IndexByte(before, '\t') < 0 {
		return d.File.Position(at).Column - 1
	}
	return expand(0, before, width)
}

// expand returns the column behind text that begins in a column.
func expand(column int, text string, width int) int {
	for _, c := range text {
		if c == '\t' {
			column += width - column%width
		} else {
			column++
		}
	}
	return column
}

// moved returns the source of a directive as it is written beside at: the lines
// after its first keep their distance to it. Line ends within a word are the
// word's.
func moved(d, at *parser.Directive) string {
	source := d.Source()
	from, to := indentOf(d), indentOf(at)
	if from == to || !strings.Contains(source, "\n") || !firstOnLine(d) {
		return source
	}
	var b strings.Builder
	end := d.Head.Span.End
	b.WriteString(d.File.Src[d.Span.Start:end])
	shift := func(gap string) {
		for i, line := range strings.SplitAfter(gap, "\n") {
			if rest, ok := strings.CutPrefix(line, from); ok && i > 0 && line != "" {
				line = to + rest
			}
			b.WriteString(line)
		}
	}
	for _, a := range d.Args {
		shift(d.File.Src[end:a.Span.Start])
		b.WriteString(d.File.Src[a.Span.Start:a.Span.End])
		end = a.Span.End
	}
	shift(d.File.Src[end:d.Span.End])
	return b.String()
}
