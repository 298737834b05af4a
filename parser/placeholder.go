package parser

import "strings"

// HoldsTag reports whether a word's value holds a piece that something fills in
// before nginx reads it, so that its value is not known: {{ }}, {% %}, <% %>,
// [% %], <#if>, %%NAME%%, ##NAME##, %name%, %{name}, #{name}, @NAME@, __NAME__, {name}, <name>, <a name>, [a name], YOUR_NAME or the shell's $(…). Variables
// in capitals are another matter, because nginx may define them: see InCapitals.
func HoldsTag(value string) bool {
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '{', '<', '[', '%', '#', '@', '_', '$', '!', 'Y':
			if placeholderEnd(value, i) > 0 {
				return true
			}
		}
	}
	return false
}

// InCapitals reports whether a word uses a variable that is written in capitals,
// as envsubst's are: $NAME or ${NAME}.
func InCapitals(value string) bool {
	for i := strings.IndexByte(value, '$'); i >= 0 && i < len(value); i++ {
		if value[i] == '$' && capitalsEnd(value, i) > 0 {
			return true
		}
	}
	return false
}

// OnlyCapitals reports whether a word uses variables and every one of them is
// written in capitals.
func OnlyCapitals(value string) bool {
	found := false
	for i := 0; i < len(value); i++ {
		if value[i] != '$' {
			continue
		}
		end := capitalsEnd(value, i)
		if end == 0 {
			return false
		}
		found, i = true, end-1
	}
	return found
}

// capitalsEnd returns where the variable in capitals that begins at i ends, 0
// where none does.
func capitalsEnd(s string, i int) int {
	i++
	bracket := i < len(s) && s[i] == '{'
	if bracket {
		i++
	}
	n := nameEnd(s, i, upperByte)
	if n-i < 2 || s[i] < 'A' || s[i] > 'Z' || n < len(s) && wordByte(s[n]) {
		return 0
	}
	if bracket {
		if n >= len(s) || s[n] != '}' {
			return 0
		}
		n++
	}
	return n
}

// maxTag bounds the bytes of a tag that is looked for in a word, in one line, or in the
// lines of YAML.
const maxTag = 4 << 10

// placeholderEnd returns where the piece to be filled in that begins at i ends,
// 0 where none does.
func placeholderEnd(s string, i int) int {
	s = s[:min(len(s), i+maxTag)]
	switch s[i] {
	case '{':
		for _, marks := range [...][2]string{{"{{", "}}"}, {"{%", "%}"}} {
			if strings.HasPrefix(s[i:], marks[0]) {
				if n := strings.Index(s[i+2:], marks[1]); n >= 0 {
					return i + 2 + n + 2
				}
			}
		}
		if i > 0 && s[i-1] == '$' { // ${NAME}
			return 0
		}
		if strings.HasPrefix(s[i:], "{[") { // {[name]}
			return enclosed(s, i+1, "]}", func(c byte) bool { return wordByte(c) || c == '-' || c == '.' })
		}
		if i > 1 && s[i-2] == '\\' { // \p{Greek}
			return 0
		}
		return enclosed(s, i, "}", func(c byte) bool { return wordByte(c) || c == '.' })
	case '<':
		if strings.HasPrefix(s[i:], "<%") {
			if n := strings.Index(s[i:], "%>"); n > 0 {
				return i + n + 2
			}
			return 0
		}
		if end := freeMarkerEnd(s, i); end > 0 {
			return end
		}
		if i > 0 && (s[i-1] == '?' || s[i-1] == 'P' || s[i-1] == 'k') { // (?<name>…)
			return 0
		}
		if end := enclosed(s, i, ">", func(c byte) bool { return wordByte(c) || c == '-' || c == '.' || c == ' ' }); end > 0 {
			return end
		}
		return severalEnd(s, i)
	case '[':
		if strings.HasPrefix(s[i:], "[%") {
			if n := strings.Index(s[i:], "%]"); n > 2 && strings.IndexByte(s[i:i+n], '\n') < 0 {
				return i + n + 2
			}
		}
		return severalEnd(s, i)
	case '#':
		if end := sharpsEnd(s, i); end > 0 {
			return end
		}
		return interpolated(s, i)
	case 'Y':
		if i > 0 && wordByte(s[i-1]) || !strings.HasPrefix(s[i:], "YOUR_") && !strings.HasPrefix(s[i:], "YOUR-") {
			return 0
		}
		if n := nameEnd(s, i+5, upperByte); n > i+6 {
			return n
		}
	case '%':
		if end := interpolated(s, i); end > 0 {
			return end
		}
		if strings.HasPrefix(s[i:], "%%") {
			if n := nameEnd(s, i+2, wordByte); n > i+2 && strings.HasPrefix(s[n:], "%%") {
				return n + 2
			}
			return 0
		}
		n := enclosed(s, i, "%", lowerByte)
		if n == 0 {
			n = enclosed(s, i, "%", upperByte)
		}
		if n+1 < len(s) && isHex(s[n]) && isHex(s[n+1]) { // %ab%20 is an encoded path
			return 0
		}
		return n
	case '@':
		return enclosed(s, i, "@", upperByte)
	case '_':
		if !strings.HasPrefix(s[i:], "__") || i > 0 && wordByte(s[i-1]) {
			return 0
		}
		n := nameEnd(s, i+2, upperByte)
		if n < i+5 || s[i+2] < 'A' || s[i+2] > 'Z' || !strings.HasSuffix(s[:n], "__") {
			return 0
		}
		return n
	case '$':
		if strings.HasPrefix(s[i:], "$(") {
			if n := strings.IndexByte(s[i:], ')'); n > 2 && i+2 < len(s) && lowerByte(s[i+2]) && !strings.Contains(s[i:i+n], "|") {
				return i + n + 1
			}
		}
	case '!': // !{explode domain(vhn)}
		if strings.HasPrefix(s[i:], "!{") {
			if n := strings.IndexByte(s[i:], '}'); n > 2 && strings.IndexByte(s[i:i+n], '\n') < 0 && lowerByte(s[i+2]) {
				return i + n + 1
			}
		}
	}
	return 0
}

// interpolated returns the offset after %{name} or #{name} at i, 0 where that is
// not what stands there.
func interpolated(s string, i int) int {
	if i+1 >= len(s) || s[i+1] != '{' {
		return 0
	}
	return enclosed(s, i+1, "}", func(c byte) bool { return wordByte(c) || c == '-' || c == '.' })
}

// enclosed returns the offset after the mark that follows a name of two letters
// or more at i+1, 0 where that is not what stands there.
func enclosed(s string, i int, mark string, is func(byte) bool) int {
	n := nameEnd(s, i+1, is)
	if n < i+3 || !('A' <= s[i+1] && s[i+1] <= 'Z' || 'a' <= s[i+1] && s[i+1] <= 'z') || !strings.HasPrefix(s[n:], mark) {
		return 0
	}
	return n + len(mark)
}

// severalEnd returns where the placeholder of several words that begins at i
// ends, <http or https> or [backend url], 0 where none does.
func severalEnd(s string, i int) int {
	mark := byte('>')
	if s[i] == '[' {
		mark = ']'
	}
	words, letters := 1, 0
	for j := i + 1; j < len(s) && j < i+128; j++ {
		switch c := s[j]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
			letters++
		case c == ' ':
			if letters < 1 || words == 1 && letters < 3 || s[j-1] == ' ' {
				return 0
			}
			words, letters = words+1, 0
		case c == mark:
			if words < 2 || letters < 1 {
				return 0
			}
			return j + 1
		case mark == '>' && words > 1 && strings.IndexByte("/.:()+0123456789", c) >= 0: // <the port, 8080 (default) or that of /app>
			if c >= '0' && c <= '9' {
				letters++
			}
		case letters == 0 || strings.IndexByte("-_.,/'", c) < 0 && (c < '0' || c > '9') || mark == ']' && c == '-':
			return 0
		}
	}
	return 0
}

// holdsSeveral reports whether a text has a placeholder of several words.
func holdsSeveral(src string) bool {
	open, comment := -1, false // where one may have begun on this line, and whether a '#' came before
	for i := 0; i < len(src); i++ {
		switch src[i] {
		case '\n':
			open, comment = -1, false
		case '#':
			comment = true
		case '<', '[':
			open = -1
			if !comment {
				open = i
			}
		case '>', ']':
			if open >= 0 && severalEnd(src, open) == i+1 {
				return true
			}
		}
	}
	return false
}

// several returns the placeholder of several words that begins at i.
func (t *tagging) several(i int) (tag, bool) {
	if c := t.src[i]; c != '<' && c != '[' || i > 0 && strings.IndexByte("?Pk(\\", t.src[i-1]) >= 0 {
		return tag{}, false
	}
	end := severalEnd(t.src, i)
	if end == 0 {
		return tag{}, false
	}
	t.blanks = true
	return tag{end: end, class: valueTag, kind: Placeholder}, true
}

// endsLine reports whether what is to be filled in ends its statement as well: a
// placeholder of several words ends the line, and a directive begins the next.
func (t *tagging) endsLine(i int, g tag) bool {
	if g.kind != Placeholder || t.src[i-1] != '>' && t.src[i-1] != ']' {
		return false
	}
	line, rest, ok := strings.Cut(t.src[i:], "\n")
	if !ok || strings.TrimSpace(line) != "" {
		return false
	}
	rest = strings.TrimLeft(rest, " \t\r\n")
	n := nameEnd(rest, 0, wordByte)
	return rest == "" || rest[0] == '}' || rest[0] == '#' || n < len(rest) && isSpace(rest[n]) && isKnown(rest[:n])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// headAt returns the placeholder that begins a statement at i: text that is no
// name of a directive and stands for one, for several, or for the mark that
// comments one out.
func (t *tagging) headAt(i int) (tag, bool) {
	if !t.heads {
		return tag{}, false
	}
	end := placeholderEnd(t.src, i)
	switch {
	case end > 0:
	case t.src[i] == '$':
		if end = dollarEnd(t.src, i); t.isVariable(i, end) {
			return tag{}, false
		}
	case t.start <= i:
		end = max(capitalLine(t.src[t.start:], i-t.start), omission(t.src[t.start:], i-t.start)) + t.start
	}
	if end <= i {
		return tag{}, false
	}
	return tag{end: end, class: valueTag, kind: Placeholder}, true
}

// capitalLine returns where a word in capitals that has a line to itself ends, -1 where
// none begins at i. No directive of nginx is in capitals: PROXY_SSL_CONFIG is filled in,
// with a directive or several.
func capitalLine(s string, i int) int {
	end := nameEnd(s, i, upperByte)
	if end < i+3 || isDigit(s[i]) || !blankBefore(s, i, " \t") || !blankBehind(s, end, " \t\r") {
		return -1
	}
	return end
}

const ellipsis = "…"

// omission returns where the dots that have a line to themselves end, -1 where none
// begin at i: the author of an example left directives out.
func omission(s string, i int) int {
	if s[i] != '.' && s[i] != '[' && s[i] != ellipsis[0] || !blankBefore(s, i, " \t") {
		return -1
	}
	line, _, _ := strings.Cut(s[i:], "\n")
	line = strings.TrimRight(line, " \t\r")
	dots := strings.ReplaceAll(line, ellipsis, "...")
	words := strings.Trim(dots, ".")
	switch around := len(dots) - len(words); {
	case dots == "[...]", words == "" && len(dots) > 2:
		return i + len(line)
	case around >= 6 && strings.HasPrefix(dots, "...") && strings.HasSuffix(dots, "...") && !strings.ContainsAny(words, "{};"): // ...omitted...
		return i + len(line)
	}
	return -1
}

// dollarEnd returns where $name or ${name} ends, dots and dashes in braces
// included, 0 where neither begins at i.
func dollarEnd(s string, i int) int {
	i++
	if i < len(s) && s[i] == '{' {
		n := nameEnd(s, i+1, func(c byte) bool { return wordByte(c) || c == '.' || c == '-' || c == ':' })
		if n > i+1 && n < len(s) && s[n] == '}' {
			return n + 1
		}
		return 0
	}
	if n := nameEnd(s, i, wordByte); n > i {
		return n
	}
	return 0
}
