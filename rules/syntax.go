package rules

import (
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

// afterError reports whether a directive ends behind the first place at which its
// file cannot be read: nginx never gets there.
func afterError(d *parser.Directive) bool {
	if len(d.File.Errors) == 0 {
		return false
	}
	end, at := d.Span.End, d.File.Errors[0].Offset
	switch {
	case d.IsBlock():
		end = d.Body.Start
	case end == at && d.File.Src[end-1] != ';': // nothing ended it but the error
		return true
	}
	return end > at
}

// onlyFirst leaves of what a syntax rule finds in a file that cannot be read to its
// end the first finding alone, which is nginx's own word for what is wrong: a
// missing brace makes it read the blocks behind it as parts of the one before.
func (c *collection) onlyFirst() {
	first := map[*parser.File]int{}
	for i := range c.findings {
		f := c.findings[i]
		if f.Rule.Category != Syntax || len(f.File.Errors) == 0 {
			continue
		}
		if at, ok := first[f.File]; !ok || f.Span.Start < c.findings[at].Span.Start {
			first[f.File] = i
		}
	}
	gone := map[int]bool{}
	for i, f := range c.findings {
		if at, ok := first[f.File]; ok && i != at && f.Rule.Category == Syntax {
			gone[i] = true
		}
	}
	c.remove(gone)
}

// readable reports whether a directive can be held against what nginx takes: it
// reads so far without errors, and no word of it waits to be filled in by a
// template.
func readable(d *parser.Directive) bool {
	if afterError(d) || placeholder(d.Head.Value) {
		return false
	}
	dollars := d.File.Template == parser.FreeMarker || d.File.Template == parser.Mako // ${name} is theirs
	for _, a := range d.Args {
		if placeholder(a.Value) || dollars && strings.Contains(a.Value, "${") {
			return false
		}
	}
	return true
}

// placeholder reports whether a word looks like one that a template fills in:
// ${NAME} of envsubst, in capitals where nginx's own are not, %name%, <name>, @NAME@, __NAME__, "...".
func placeholder(s string) bool {
	if parser.InCapitals(s) || parser.HoldsTag(s) {
		return true
	}
	for rest := s; ; {
		_, after, found := strings.Cut(rest, "${")
		if !found {
			break
		}
		name, _, closed := strings.Cut(after, "}")
		if closed && strings.ContainsAny(name, ".-: ") {
			return true
		}
		rest = after
	}
	n := len(s)
	switch {
	case n < 3:
		return false
	case strings.Contains(s, "..."), strings.Contains(s, "…"), strings.Contains(s, "__"),
		strings.Contains(s, "{"+"{"), strings.Contains(s, "{%"), strings.Contains(s, "<%"):
		return true
	}
	edges := s[:1] + s[n-1:]
	return edges == "%%" || edges == "<>" || edges == "@@" || edges == "[]" && !strings.Contains(s, ":") || strings.Count(s, "%") > 1
}

// meantFor reports whether a value is the name of what belongs there, for somebody
// to write: HOST:PORT, your-port, BACKEND_URL, XXs. nginx refuses most of them, and
// nobody starts it with them.
func meantFor(s string) bool {
	if !strings.ContainsFunc(s, func(c rune) bool { return 'A' <= c && c <= 'Z' }) && !strings.Contains(s, "your") {
		return false
	}
	pieces := strings.FieldsFunc(s, func(c rune) bool {
		return (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '_' && c != '-'
	})
	for _, piece := range pieces {
		if strings.HasPrefix(piece, "your-") || strings.HasPrefix(piece, "your_") {
			return true
		}
		name := strings.TrimRight(piece, "smhdkg")
		if len(name) > 1 && strings.Trim(name, "X") == "" {
			return true
		}
		if i := strings.LastIndexAny(name, "_-"); i >= 0 {
			name = name[i+1:]
		}
		if blanks[name] {
			return true
		}
	}
	return false
}

// blanks are the last words of names in capitals that stand for a value.
var blanks = map[string]bool{
	"PORT": true, "HOST": true, "HOSTNAME": true, "DOMAIN": true, "ADDRESS": true, "URL": true, "URI": true, "BACKEND": true,
	"UPSTREAM": true, "SERVER": true, "TIMEOUT": true, "SECONDS": true, "SIZE": true, "VALUE": true, "NUMBER": true,
	"VERSION": true, "CHANGEME": true, "ME": true,
}

// swallowed returns the indexes of the arguments of d that begin a directive of
// their own: a word that starts its line, names a directive, and is followed by
// as many words as that takes. The semicolon before it was forgotten.
func (l level) swallowed(d *parser.Directive) []int {
	if len(d.Args) == 0 || d.IsBlock() {
		return nil
	}
	first, last := d.Head.Span.End, d.Args[len(d.Args)-1].Span.Start
	if strings.IndexByte(d.File.Src[first:last], '\n') < 0 || !isDirectiveName(d.Head.Value) || d.Is("log_format") {
		return nil
	}
	var starts []int
	for i, a := range d.Args {
		if a.Span.Len() != len(a.Value) || !isDirectiveName(a.Value) || !startsLine(d.File.Src, a.Span.Start) {
			continue
		}
		if _, ok := l.row(a.Value); ok && !isParameter(d, a.Value) {
			starts = append(starts, i)
		}
	}
	if len(starts) == 0 {
		return nil
	}
	whole, known := l.row(d.Head.Value)
	refused := known && !whole.takes(len(d.Args))
	if known && !whole.takes(starts[0]) && !whole.takes(len(d.Args)) {
		return nil // something else is wrong
	}
	if known && !whole.takes(starts[0]) {
		return nil
	}
	for n, i := range starts {
		end := len(d.Args)
		if n+1 < len(starts) {
			end = starts[n+1]
		}
		row, _ := l.row(d.Args[i].Value)
		args := end - i - 1
		if !row.takes(args) || args == 0 && !refused {
			return nil
		}
	}
	return starts
}

// row returns what nginx takes of a simple directive on this level.
func (l level) row(name string) (*directive, bool) {
	in := l.in
	if in == 0 {
		in = inHTTP | inServer | inLocation
	}
	row, _ := rowFor(name, in)
	return row, row != nil && !row.block
}

// isDirectiveName reports whether s is spelt as names of directives are.
func isDirectiveName(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && c != '_' && (c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// startsLine reports whether nothing but blanks stands before offset on its line.
func startsLine(src string, offset int) bool {
	before := strings.TrimRight(src[:offset], " \t\r")
	return before == "" || before[len(before)-1] == '\n'
}

// isParameter reports whether a word that is the name of a directive is one of the
// words that another directive knows among its arguments, too.
func isParameter(d *parser.Directive, word string) bool {
	switch d.Head.Value {
	case "listen": // ngx_http_core_listen
		return word == "ssl" || word == "http2" || word == "http3" || word == "quic"
	case "access_log": // ngx_http_log_set_log
		return word == "gzip"
	}
	return false
}
