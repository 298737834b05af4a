package parser

import (
	"cmp"
	"path/filepath"
	"strings"
)

// Mako's own reading (mako/lexer.py): <%doc> and <%text> first, then tags, blocks of
// Python, lines that begin with %, and ${ } wherever they stand. Files that end in
// .mako are read so; in others ${name} is nginx's.

// isMako reports whether a file of that name is one of Mako's.
func isMako(name string) bool { return strings.EqualFold(filepath.Ext(name), ".mako") }

// asMako makes t read Mako's tags and no others.
func (t *tagging) asMako() {
	t.mako, t.doubled, t.jinja = true, false, false
	for at := t.start; ; {
		open := t.find(at, "<%text")
		if open == 0 {
			return
		}
		first := t.find(open, ">")
		end := t.find(open, "</%text>")
		if first == 0 || end == 0 {
			return
		}
		t.raw = append(t.raw, Span{first, end - len("</%text>")})
		at = end
	}
}

// isRaw reports whether Mako leaves what stands at i as it is.
func (t *tagging) isRaw(i int) bool {
	for _, s := range t.raw {
		if s.Start <= i && i < s.End {
			return true
		}
	}
	return false
}

// makoAt returns the delimited tag of Mako's that begins at i.
func (t *tagging) makoAt(i int) (tag, bool) {
	src := t.src
	if t.isRaw(i) {
		return tag{}, false
	}
	g := tag{kind: Mako}
	switch rest := src[i:]; {
	case strings.HasPrefix(rest, "${"):
		g.end, g.class = makoEnd(src, i+2, '}'), valueTag
	case makoJoin(rest) > 0:
		g.end, g.class = i+makoJoin(rest), quietTag
	case strings.HasPrefix(rest, "</%"):
		g.end, g.class = t.find(i, ">"), closeTag
		if strings.HasPrefix(rest, "</%text") {
			g.class = quietTag
		}
	case strings.HasPrefix(rest, "<%doc>"):
		g.end, g.class = t.find(i, "</%doc>"), quietTag
	case !strings.HasPrefix(rest, "<%"):
		return tag{}, false
	case len(rest) > 2 && lowerByte(rest[2]):
		g.end = makoEnd(src, i+2, '>')
		if g.end > 0 {
			g.class, g.define = makoClass(src[i+2 : g.end-1])
		}
	default: // <% %> and <%! %>
		g.end, g.class = t.find(i+2, "%>"), quietTag
	}
	return g, g.end > 0
}

// makoJoin returns the length of the end of a line that Mako takes away with the
// backslash before it, 0 where a text does not begin with one.
func makoJoin(text string) int {
	for _, end := range []string{"\\\n", "\\\r\n"} {
		if strings.HasPrefix(text, end) {
			return len(end)
		}
	}
	return 0
}

// makoClass says what the tag of that text, a name and attributes, does.
func makoClass(text string) (class tagClass, define bool) {
	closed := strings.HasSuffix(text, "/")
	name := text[:nameEnd(text, 0, func(c byte) bool { return wordByte(c) || c == ':' || c == '.' })]
	switch name {
	case "text", "page", "inherit":
		return quietTag, false
	case "def", "namespace":
		if closed {
			return quietTag, false
		}
		return openTag, true
	}
	if closed { // include, and the call of a def: <%self:name/>
		return valueTag, false
	}
	return openTag, false // block, call, <%self:name>
}

// makoEnd returns the offset after the byte that closes what begins before i, 0 where
// none does. One in quotes or in brackets of its own closes nothing.
func makoEnd(s string, i int, mark byte) int {
	depth := 0
	for ; i < len(s); i++ {
		switch c := s[i]; c {
		case mark:
			if depth <= 0 {
				return i + 1
			}
			depth--
		case '"', '\'':
			for i++; i < len(s) && s[i] != c; i++ {
				if s[i] == '\n' {
					return 0
				}
				if s[i] == '\\' {
					i++
				}
			}
		case '{':
			depth++
		case '}':
			depth--
		}
	}
	return 0
}

// makoLine returns where the line of Mako's that begins at i ends: a backslash at its
// end takes in the next.
func makoLine(src string, i int) int {
	for {
		n := strings.IndexByte(src[i:], '\n')
		if n < 0 {
			return len(src)
		}
		if i += n; !strings.HasSuffix(strings.TrimSuffix(src[:i], "\r"), `\`) {
			return i
		}
		i++
	}
}

// makoValue returns a word's value with each ${name} of Mako's as {{name}}, which no
// reader of it can take for a variable of nginx's, and with joined lines as one.
func makoValue(value string) string {
	if !strings.Contains(value, "${") && !strings.Contains(value, "\\") {
		return value
	}
	var b strings.Builder
	for i := 0; i < len(value); {
		if strings.HasPrefix(value[i:], "${") {
			if end := makoEnd(value, i+2, '}'); end > 0 {
				b.WriteString("{{" + value[i+2:end-1] + "}}")
				i = end
				continue
			}
		}
		if n := makoJoin(value[i:]); n > 0 {
			i += n
			continue
		}
		b.WriteByte(value[i])
		i++
	}
	return b.String()
}

// asMako returns a text with each {{name}} that makoValue made of an expression in src
// as that expression.
func asMako(text, src string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, "{{")
		if i < 0 {
			break
		}
		end := makoEnd(text, i+2, '}')
		if end > 0 && strings.HasPrefix(text[end:], "}") && strings.Contains(src, "${"+text[i+2:end]) {
			b.WriteString(text[:i] + "${" + text[i+2:end])
			text = text[end+1:]
			continue
		}
		b.WriteString(text[:i+2])
		text = text[i+2:]
	}
	return b.String() + text
}

// lineTag returns the tag that a whole line is, from its first byte that is no
// blank on: "% if x:" of Mako, whose words others use too.
func (t *tagging) lineTag(i int) (tag, bool) {
	src := t.src
	if src[i] != '%' || !blankBefore(src, i, " \t") || t.isRaw(i) {
		return tag{}, false
	}
	end := len(src)
	if t.mako {
		end = makoLine(src, i)
	} else if n := strings.IndexByte(src[i:], '\n'); n >= 0 {
		end = i + n
	}
	g := tag{end: end, kind: Mako}
	word, rest := firstWord(strings.TrimSpace(src[i+1 : end]))
	word = strings.TrimSuffix(cmp.Or(word, rest), ":")
	switch word {
	case "if", "for", "while", "try", "with":
		g.class = openTag
		if !strings.HasSuffix(rest, ":") && !t.mako { // a comment may follow
			return tag{}, false
		}
	case "elif", "else", "except", "finally":
		g.class, g.last = elseTag, word == "else"
	case "endif", "endfor", "endwhile", "endtry", "endwith":
		g.class = closeTag
	default:
		return tag{}, false
	}
	return g, true
}
