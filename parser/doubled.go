package parser

import "strings"

// doubledBraces reports whether a text is one that Python's str.format fills in:
// each brace of nginx's stands twice, and a single pair holds a name.
func doubledBraces(src string) bool {
	if !strings.Contains(src, "{{\n") && !strings.Contains(src, "{{\r\n") || strings.Contains(src, "{%") {
		return false
	}
	opened, closed := false, false
	for line := range strings.Lines(src) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case strings.HasSuffix(line, "{{"):
			opened = true
		case line == "}}":
			closed = true
		case line == "}", strings.HasSuffix(line, "{"):
			return false
		}
	}
	return opened && closed
}

// doubledToken returns the brace at the scanner's place where braces stand twice.
func (s *Scanner) doubledToken() (Token, bool) {
	start := s.pos
	kind := Kind(0)
	switch {
	case strings.HasPrefix(s.src[start:], "{{"):
		kind = BlockStart
		if s.words == 0 {
			s.report(start, `unexpected "{"`)
		}
	case strings.HasPrefix(s.src[start:], "}}"):
		kind = BlockEnd
		if s.words != 0 {
			s.report(start, `unexpected "}"`)
		}
	default:
		return Token{}, false
	}
	s.words, s.started = 0, false
	s.pos += len("{{")
	return Token{kind, Span{start, s.pos}}, true
}

// single takes the second one of each two braces away.
var single = strings.NewReplacer("{{", "{", "}}", "}")

// twice writes each brace two times.
var twice = strings.NewReplacer("{", "{{", "}", "}}")

// fieldTag returns the {name} of str.format that begins at i.
func (t *tagging) fieldTag(i int) (tag, bool) {
	if i > 0 && t.src[i-1] == '{' || i+1 < len(t.src) && t.src[i+1] == '{' {
		return tag{}, false
	}
	n := nameEnd(t.src, i+1, func(c byte) bool { return wordByte(c) || strings.IndexByte(".[]!:", c) >= 0 })
	if n == i+1 || n >= len(t.src) || t.src[n] != '}' {
		return tag{}, false
	}
	return tag{end: n + 1, class: valueTag, kind: Format}, true
}
