package rules

import (
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

// The order in which a fix writes its lines where several go to one place.
const (
	rankMap = iota * 10
	rankVersion
	rankUpgrade
	rankConnection
	rankHeader // other header lines that a rule writes
	rankRepeat // inherited lines, repeated in their order
	rankTail   = 1 << 20
	rankPass   = rankTail + 1 // proxy_pass_header and the like
	rankTime   = rankTail + 2 // timeouts
)

// rankOf returns the rank of a line for Upgrade or Connection.
func rankOf(header string) int {
	if strings.EqualFold(header, "Upgrade") {
		return rankUpgrade
	}
	return rankConnection
}

// place is where a new line goes: before or after a directive.
type place struct {
	at     *parser.Directive
	before bool
}

// insert returns the edit that writes text, a whole directive, at the place. A
// neighbour that shares its line with others keeps the text on that line;
// otherwise it gets a line of its own, indented and ended as the neighbour's.
func (p place) insert(text string, rank int) Edit {
	f, span := p.at.File, p.at.Span
	if !p.ownLine() {
		text = strings.ReplaceAll(text, "\n", lineEnding(f, span.End))
		if p.before {
			return Edit{f, parser.Span{Start: span.Start, End: span.Start}, text + " ", rank}
		}
		return Edit{f, parser.Span{Start: span.End, End: span.End}, " " + text, rank}
	}
	indent, eol := indentOf(p.at), lineEnding(f, span.End)
	text = asLines(text, eol)
	if p.before {
		start := f.LineStart(span.Start)
		for aboveIsComment(f, start, "wsnginx:") { // it speaks for the line below it
			start = f.LineStart(start - 1)
		}
		return Edit{f, parser.Span{Start: start, End: start}, indent + text + eol, rank}
	}
	end := f.LineEnd(span.End)
	if !endsLine(f, end) {
		return Edit{f, parser.Span{Start: end, End: end}, eol + indent + text, rank}
	}
	return Edit{f, parser.Span{Start: end, End: end}, indent + text + eol, rank}
}

// asLines gives every line of text the ending eol.
func asLines(text, eol string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", eol)
}

// ownLine reports whether a new line before or after the directive parts it
// from nothing that shares its line.
func (p place) ownLine() bool {
	first, last := firstOnLine(p.at), lastOnLine(p.at)
	if strings.Contains(p.at.Source(), "\n") {
		return p.before && first || !p.before && last
	}
	return first && last
}

// firstOnLine reports whether nothing but white space stands before the
// directive on the line it starts on.
func firstOnLine(d *parser.Directive) bool {
	return startsLine(d.File.Src, d.Span.Start)
}

// lastOnLine reports whether nothing but a comment stands after the directive
// on the line it ends on.
func lastOnLine(d *parser.Directive) bool {
	rest := strings.TrimLeft(d.File.Src[d.Span.End:], " \t\r")
	return rest == "" || rest[0] == '#' || rest[0] == '\n'
}

// indentOf returns the white space that begins the line the directive starts on.
func indentOf(d *parser.Directive) string {
	line := d.File.Src[d.File.LineStart(d.Span.Start):d.Span.Start]
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

// aboveIsComment reports whether the line above the one that begins at start is
// a comment that holds text.
func aboveIsComment(f *parser.File, start int, text string) bool {
	if start == 0 {
		return false
	}
	line := strings.TrimLeft(f.Src[f.LineStart(start-1):start-1], " \t")
	return strings.HasPrefix(line, "#") && strings.Contains(line, text)
}

// lineEnding returns how the line that holds offset ends, or, where it is the
// last one and does not end, how the line before it does.
func lineEnding(f *parser.File, offset int) string {
	end := f.LineEnd(offset)
	if !endsLine(f, end) {
		end = f.LineStart(offset)
	}
	if strings.HasSuffix(f.Src[:end], "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// endsLine reports whether a line feed stands before the end of a line.
func endsLine(f *parser.File, end int) bool { return end > 0 && f.Src[end-1] == '\n' }

// replaceWord returns the edit that writes another word in the place of w, in
// the quotes that w has.
func replaceWord(f *parser.File, w parser.Word, text string) Edit {
	return Edit{File: f, Span: w.Span, New: quotedAs(text, f.Src[w.Span.Start:w.Span.End])}
}

// removeLine returns the edit that takes a directive out, with its line where
// nothing else is on it.
func removeLine(d *parser.Directive) Edit {
	src, span := d.File.Src, d.Span
	if firstOnLine(d) && lastOnLine(d) {
		end := d.File.LineEnd(span.End)
		if endsLine(d.File, end) && strings.Trim(src[span.End:end], " \t\r\n") == "" {
			return Edit{File: d.File, Span: parser.Span{Start: d.File.LineStart(span.Start), End: end}}
		}
	}
	for span.End < len(src) && (src[span.End] == ' ' || src[span.End] == '\t') {
		span.End++
	}
	return Edit{File: d.File, Span: span}
}
