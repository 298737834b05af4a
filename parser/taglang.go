package parser

import "strings"

// freeMarker returns the tag of FreeMarker's that begins at i: <#if x>, </#if>,
// <#-- -->.
func (t *tagging) freeMarker(i int) (tag, bool) {
	src := t.src
	if strings.HasPrefix(src[i:], "<#--") {
		if end := t.find(i+4, "-->"); end > 0 {
			return tag{end: end, class: quietTag, kind: FreeMarker}, true
		}
		return tag{}, false
	}
	end := freeMarkerEnd(src, i)
	if end == 0 {
		return tag{}, false
	}
	g := tag{end: end, class: closeTag, kind: FreeMarker}
	if src[i+1] == '/' {
		return g, true
	}
	word, rest := firstWord(strings.TrimSuffix(src[i+2:end-1], "/"))
	switch word {
	case "if", "list", "items", "switch", "attempt", "compress", "noparse", "escape", "autoesc":
		g.class = openTag
	case "macro", "function":
		g.class, g.define = openTag, true
	case "assign", "local", "global":
		g.class = quietTag
		if !strings.Contains(rest, "=") {
			g.class = openTag
		}
	case "else", "elseif", "case", "default", "recover":
		g.class, g.last = elseTag, word == "else" || word == "default"
	case "include", "nested":
		g.class = valueTag
	default:
		g.class = quietTag
	}
	return g, true
}

// freeMarkerEnd returns the offset after the tag of FreeMarker's that begins at i,
// 0 where none does. A '>' in quotes or parentheses ends none.
func freeMarkerEnd(s string, i int) int {
	j := i + 2
	if strings.HasPrefix(s[i:], "</#") {
		j++
	} else if !strings.HasPrefix(s[i:], "<#") {
		return 0
	}
	s = s[:min(len(s), i+maxTag)]
	if n := nameEnd(s, j, lowerByte); n == j || n == len(s) || strings.IndexByte(" \t\r\n/>", s[n]) < 0 {
		return 0
	}
	depth := 0
	for ; j < len(s) && s[j] != '\n'; j++ {
		switch c := s[j]; c {
		case '"', '\'':
			n := strings.IndexByte(s[j+1:], c)
			if n < 0 {
				return 0
			}
			j += n + 1
		case '(':
			depth++
		case ')':
			depth--
		case '>':
			if depth <= 0 {
				return j + 1
			}
		}
	}
	return 0
}

// toolkitTag says what the text between [% and %] does in Template Toolkit.
func toolkitTag(text string) tag {
	if text == "" || text[0] == '#' {
		return tag{class: quietTag}
	}
	word, rest := firstWord(text)
	switch word {
	case "IF", "UNLESS", "FOREACH", "FOR", "WHILE", "SWITCH", "FILTER", "WRAPPER", "TRY":
		return tag{class: openTag}
	case "BLOCK", "MACRO":
		return tag{class: openTag, define: true}
	case "ELSE", "ELSIF", "CASE", "CATCH":
		return tag{class: elseTag, last: word == "ELSE"}
	case "END":
		return tag{class: closeTag}
	case "SET", "DEFAULT", "USE", "META", "CALL", "NEXT", "LAST":
		return tag{class: quietTag}
	}
	if strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, "==") {
		return tag{class: quietTag}
	}
	return tag{class: valueTag}
}

// aside returns where the part of a Liquid template ends that begins with the tag
// of that text, which ends at end, and leaves nothing in its place: a comment,
// and text that is put into a variable and is no configuration.
func (t *tagging) aside(text string, end int) int {
	word, _ := firstWord(strings.Trim(text, "-+~ \t\r\n"))
	if word != "comment" && word != "capture" {
		return 0
	}
	last := t.endOf(word, end)
	if last.End == 0 || word == "capture" && strings.Contains(t.src[end:last.Start], ";") {
		return 0
	}
	return last.End
}

// endOf returns the first tag at or behind i that ends what the word of a Liquid tag
// began, from behind its "{%"; nothing where there is none.
func (t *tagging) endOf(word string, i int) Span {
	known, ok := t.ends[word]
	if ok && i >= known.from && (i <= known.tag.Start-2 || known.tag.End == 0) {
		return known.tag
	}
	found := liquidEnd{from: i}
	for {
		at := t.find(i, "{%")
		if at == 0 {
			break
		}
		if i = t.find(at, "%}"); i == 0 {
			break
		}
		if name, _ := firstWord(strings.Trim(t.src[at:i-2], "-+~ \t\r\n")); name == "end"+word {
			found.tag = Span{at, i}
			break
		}
	}
	if t.ends == nil {
		t.ends = map[string]liquidEnd{}
	}
	t.ends[word] = found
	return found.tag
}

// liquidEnd is what endOf found, for every offset from one on up to the tag.
type liquidEnd struct {
	from int
	tag  Span
}

// leavesNothing reports whether a tag is a comment or an assignment, or a variable of
// ERB that nobody told to write: <% @name %> lacks its "=".
func leavesNothing(tag string) bool {
	for _, open := range [...]string{"{#", "<%#", "<%-#", "{{!", "<#--", "<%doc", "[%#"} {
		if strings.HasPrefix(tag, open) {
			return true
		}
	}
	text := strings.TrimLeft(strings.TrimLeft(tag, "{<[%"), "-+~ \t")
	if strings.HasPrefix(text, "/*") {
		return true
	}
	if erb, ok := strings.CutPrefix(tag, "<%"); ok {
		name := strings.Trim(strings.TrimSuffix(erb, "%>"), "- \t\r\n")
		if strings.HasPrefix(name, "@") && nameEnd(name, 1, wordByte) == len(name) {
			return true
		}
	}
	return !strings.HasPrefix(text, "=") && assigns(text)
}

// assigns reports whether a text holds the sign of an assignment.
func assigns(text string) bool {
	return strings.Contains(comparisons.Replace(unquoted(text)), "=")
}

var comparisons = strings.NewReplacer("==", "", "=>", "", "<=", "", ">=", "", "!=", "", "~=", "")

// unquoted returns a text without what stands in quotes.
func unquoted(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if c := text[i]; c == '"' || c == '\'' {
			if n := strings.IndexByte(text[i+1:], c); n >= 0 {
				i += n + 1
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// terraform returns the directive of Terraform's template language that begins at i:
// %{ if x ~}, %{ else }, %{ endif }, %{ for x in y } or %{ endfor }.
func (t *tagging) terraform(i int) (tag, bool) {
	if !strings.HasPrefix(t.src[i:], "%{") {
		return tag{}, false
	}
	n := strings.IndexAny(t.src[i+2:min(len(t.src), i+maxTag)], "}\n")
	if n < 0 || t.src[i+2+n] != '}' {
		return tag{}, false
	}
	g := tag{end: i + 2 + n + 1, kind: Terraform}
	switch word, rest := firstWord(strings.Trim(t.src[i+2:g.end-1], "~ \t")); {
	case (word == "if" || word == "for") && rest != "":
		g.class = openTag
	case word == "else" && rest == "":
		g.class, g.last = elseTag, true
	case (word == "endif" || word == "endfor") && rest == "":
		g.class = closeTag
	default:
		return tag{}, false
	}
	return g, true
}
