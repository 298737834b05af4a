package parser

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// unknownHead says with nginx's words that a directive is none that nginx or any module
// has, where that is certain and what it takes for its arguments is lost: the comment of
// another language or a line of prose reads on to the next ';' or '{', over the
// directives that follow. Other unknown names may be those of modules.
func (p *parsing) unknownHead(d *Directive, block bool) {
	head := d.Head.Value
	if name := gluedHead(head); block && name != "" && p.wordBlock() == "" && !HoldsTag(head) {
		p.errorAt(d.Head.Span.Start, fmt.Sprintf("unknown directive %q", head))
		p.hint(d.Head.Span.Start, fmt.Sprintf("a blank is missing behind %q", name))
		return
	}
	if head == "" || !block && !wordless(head[:1]) || p.wordBlock() != "" || isKnown(head) {
		return
	}
	slashes := strings.HasPrefix(head, "//")
	if p.template != nil && !slashes || HoldsTag(head) || strings.Contains(head, "$") {
		return
	}
	word, at := p.takenIn(d, block)
	switch {
	case slashes && (p.knownBlock() || at > 0):
	case wordless(head) && (len(p.open) > 0 && p.knownBlock() || at > 0):
	case at > 0 && block && blockHeads[word]:
	default:
		return
	}
	p.errorAt(d.Head.Span.Start, fmt.Sprintf("unknown directive %q", head))
	var hint string
	if slashes {
		hint = `a comment begins with "#"`
	}
	if at > 0 {
		if hint != "" {
			hint += ", and "
		}
		hint += fmt.Sprintf("%s of line %d is read as its argument", word, at)
	}
	p.hint(d.Head.Span.Start, hint)
}

// gluedHead returns the name of a block that a directive's name begins with, where what
// follows it without a blank is no letter of a name: "location" of "location/ws". It is ""
// for others.
func gluedHead(head string) string {
	n := nameEnd(head, 0, wordByte)
	if n < len(head) && strings.IndexByte("/~=^@(*", head[n]) >= 0 && blockHeads[head[:n]] {
		return head[:n]
	}
	return ""
}

// takenIn returns the first argument of d that begins a line and is the name of a
// directive, and its line; 0 where none is. The words behind the name of a block have to
// be as many as that takes.
func (p *parsing) takenIn(d *Directive, block bool) (word string, line int) {
	for i, a := range d.Args {
		if !blankBefore(p.file.Src, a.Span.Start, " \t\r") || !isKnown(a.Value) {
			continue
		}
		if behind := len(d.Args) - i - 1; block && blockHeads[a.Value] && !headTakes(a.Value, behind) {
			continue
		}
		return a.Value, p.file.Position(a.Span.Start).Line
	}
	return "", 0
}

// blockHeads are the names of the blocks that proxied requests are found in.
var blockHeads = set(`http server location upstream map if limit_except`)

// headTakes reports whether a block takes n arguments.
func headTakes(name string, n int) bool {
	switch name {
	case "http", "server":
		return n == 0
	case "location":
		return n == 1 || n == 2
	case "upstream":
		return n == 1
	case "map":
		return n == 2
	}
	return n > 0
}

// wordless reports whether no letter stands in s: no directive of any module is
// called so.
func wordless(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}
