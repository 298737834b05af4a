package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// paint is an ANSI colour.
type paint string

const (
	bold   paint = "1"
	dim    paint = "2"
	red    paint = "1;31"
	green  paint = "32"
	yellow paint = "1;33"
	cyan   paint = "1;36"
	minus  paint = "31"
)

// in returns text in the given colour where the style has colours.
func (s Style) in(p paint, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + string(p) + "m" + text + "\x1b[0m"
}

// link returns text as a link to url (OSC 8) where the style has links.
func (s Style) link(url, text string) string {
	if !s.Links || url == "" {
		return text
	}
	return "\x1b]8;;" + url + "\x1b\\" + text + "\x1b]8;;\x1b\\"
}

// line prints words, on a terminal wrapped with the lines after the first
// indented.
type line struct {
	style  Style
	w      io.Writer
	indent int // of the lines after the first; 0 is wrapIndent
	used   int
}

const wrapIndent = 4

// words adds a text, word by word on a terminal.
func (l *line) words(text string) {
	text = Clean(text)
	if l.style.Width == 0 {
		l.add(text, "", "")
		return
	}
	for _, word := range strings.Fields(text) {
		l.add(word, "", "")
	}
}

func (l *line) add(word string, p paint, url string) {
	n := 1
	if l.style.Width > 0 { // otherwise no line ends before its text does
		n = textWidth(word)
	}
	indent := cmp.Or(l.indent, wrapIndent)
	switch {
	case l.used == 0:
	case l.style.Width > 0 && l.used+1+n > l.style.Width && l.used > indent:
		write(l.w, "\n", strings.Repeat(" ", indent))
		l.used = indent
	default:
		write(l.w, " ")
		l.used++
	}
	l.used += n
	if p != "" {
		word = l.style.in(p, word)
	}
	write(l.w, l.style.link(url, word))
}

// write writes texts one after the other. What goes wrong is the buffer's to say.
func write(w io.Writer, texts ...string) {
	for _, text := range texts {
		io.WriteString(w, text) //nolint:errcheck // see above
	}
}

// tell prints a text as a line of its own, on a terminal wrapped.
func (s Style) tell(w io.Writer, text string) {
	l := line{style: s, w: w}
	l.words(text)
	write(w, "\n")
}

// tabWidth is how many columns apart the tab stops of printed source lines are.
const tabWidth = 4

// Clean returns text with every control character, every byte that is not
// UTF-8 and every mark that changes the direction of writing shown as an
// escape, so that a configuration cannot drive the terminal it is printed on.
func Clean(text string) string {
	if isPlain(text) {
		return text
	}
	var b strings.Builder
	eachCell(text, false, func(c cell) bool {
		b.WriteString(c.text)
		return true
	})
	return b.String()
}

// isPlain reports whether every byte of text is a character that takes one column:
// printable ASCII. Then a column is an offset.
func isPlain(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// cell is one character of a source line as it is printed.
type cell struct {
	text   string
	at     int // the offset of the character in the line
	column int // the column at which it starts, from 0
	width  int
}

// cells splits a line into printable characters. Tabs become blanks up to the
// next tab stop where expand is true, and an escape otherwise.
func cells(line string, expand bool) []cell {
	out := make([]cell, 0, len(line))
	eachCell(line, expand, func(c cell) bool {
		out = append(out, c)
		return true
	})
	return out
}

// eachCell calls f for the cells of a line until it returns false.
func eachCell(line string, expand bool, f func(cell) bool) {
	column := 0
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRuneInString(line[i:])
		c := cell{at: i, column: column, width: 1}
		switch {
		case r == '\t' && expand:
			c.width = tabWidth - column%tabWidth
			c.text = "        "[:c.width]
		case r == utf8.RuneError && size <= 1:
			c.text = fmt.Sprintf(`\x%02x`, line[i])
			c.width = len(c.text)
		case r == '\t':
			c.text, c.width = `\t`, 2
		case hidden(r):
			c.text = escape(r)
			c.width = len(c.text)
		default:
			c.text = line[i : i+size]
			c.width = runeWidth(r)
		}
		if !f(c) {
			return
		}
		column += c.width
		i += size
	}
}

// hidden reports whether a terminal would act on r instead of showing it.
func hidden(r rune) bool {
	switch {
	case r >= ' ' && r < 0x7f:
		return false
	case r == 0xfeff, r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
		return true
	}
	return unicode.IsControl(r)
}

func escape(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	default:
		return fmt.Sprintf(`\u%04x`, r)
	}
}

// runeWidth returns the number of columns a terminal gives to r.
func runeWidth(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// textWidth returns the number of columns that text takes.
func textWidth(text string) int {
	n := 0
	for _, r := range text {
		n += runeWidth(r)
	}
	return n
}

// diffLine colours one line of a unified diff.
func (s Style) diffLine(line string) string {
	switch {
	case strings.HasPrefix(line, "+++ "), strings.HasPrefix(line, "--- "):
		return s.in(bold, line)
	case strings.HasPrefix(line, "@@"):
		return s.in(cyan, line)
	case strings.HasPrefix(line, "+"):
		return s.in(green, line)
	case strings.HasPrefix(line, "-"):
		return s.in(minus, line)
	}
	return line
}

// Diff returns a unified diff for printing: as it is, so that patch and git
// apply take it, or for a terminal in colour and without control characters.
func (s Style) Diff(diff string) string {
	if !s.Color {
		return diff
	}
	var b strings.Builder
	for line := range strings.Lines(diff) {
		text, ended := strings.CutSuffix(line, "\n")
		text = strings.TrimSuffix(text, "\r")
		var shown strings.Builder
		for i, part := range strings.Split(text, "\t") {
			if i > 0 {
				shown.WriteByte('\t')
			}
			shown.WriteString(Clean(part))
		}
		b.WriteString(s.diffLine(shown.String()))
		if ended {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
