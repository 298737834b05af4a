package parser

import (
	"path/filepath"
	"sort"
	"strings"
)

// HasMeta reports whether nginx takes an include path for a pattern: it asks
// glob(3) only where one of these stands in it (ngx_conf_include).
func HasMeta(path string) bool { return strings.ContainsAny(path, "*?[") }

// globDir returns the directory of the absolute pattern up to its first element
// with a wildcard.
func globDir(pattern string) string {
	i := strings.IndexAny(pattern, "*?[")
	if i < 0 {
		return filepath.Dir(pattern)
	}
	return filepath.Dir(pattern[:i] + "x")
}

// glob returns the paths that match the absolute pattern, in the order in which
// nginx reads them: bytewise, as glob(3) sorts in the C locale. list gives the
// names in a directory, sorted or not.
func glob(pattern string, list func(dir string) []string, exists func(path string) bool) []string {
	root := globDir(pattern)
	rest := strings.Split(strings.TrimPrefix(pattern[len(root):], string(filepath.Separator)), string(filepath.Separator))
	found := []string{root}
	for _, element := range rest {
		if element == "" {
			continue
		}
		var next []string
		for _, dir := range found {
			if !HasMeta(element) {
				if path := filepath.Join(dir, element); exists(path) {
					next = append(next, path)
				}
				continue
			}
			names := list(dir)
			if element[0] == '.' { // glob(3) knows these too
				names = append([]string{".", ".."}, names...)
			}
			for _, name := range names {
				if MatchName(element, name) {
					next = append(next, filepath.Join(dir, name))
				}
			}
		}
		found = next
	}
	sort.Strings(found)
	return found
}

// MatchName reports whether a file's name matches one element of a glob(3)
// pattern. A dot at the start is matched by a dot only.
func MatchName(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") && !strings.HasPrefix(pattern, `\.`) {
		return false
	}
	// Where the last '*' may take one byte more.
	starPattern, starName := -1, 0
	p, n := 0, 0
	for n < len(name) {
		if p < len(pattern) {
			if pattern[p] == '*' {
				p++
				starPattern, starName = p, n
				continue
			}
			if width, ok := matchByte(pattern[p:], name[n]); ok {
				p += width
				n++
				continue
			}
		}
		if starPattern < 0 {
			return false
		}
		starName++
		p, n = starPattern, starName
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchByte matches c against the first element of a pattern that is not a
// star, and returns how long that element is.
func matchByte(pattern string, c byte) (width int, ok bool) {
	switch pattern[0] {
	case '?':
		return 1, true
	case '\\':
		if len(pattern) > 1 {
			return 2, pattern[1] == c
		}
	case '[':
		if width, ok, closed := matchSet(pattern, c); closed {
			return width, ok
		}
	}
	return 1, pattern[0] == c
}

// matchSet matches c against a set such as [a-z], [!x], [^x] or [[:lower:]], as
// fnmatch(3) does in the C locale. An opening bracket that nothing closes stands for
// itself: closed is false then.
func matchSet(pattern string, c byte) (width int, ok, closed bool) {
	i := 1
	negated := false
	if i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^') {
		negated = true
		i++
	}
	never := false
	for first := true; i < len(pattern); first = false {
		if pattern[i] == ']' && !first {
			return i + 1, ok != negated && !never, true
		}
		if name, end := className(pattern, i); end > 0 {
			is := classes[name]
			never = never || is == nil && !ok // a name that is none fits nothing
			ok = ok || is != nil && is(c)
			i = end
			continue
		}
		low, next := setByte(pattern, i)
		high := low
		if next+1 < len(pattern) && pattern[next] == '-' && pattern[next+1] != ']' {
			high, next = setByte(pattern, next+1)
		}
		if low <= c && c <= high {
			ok = true
		}
		i = next
	}
	return 0, false, false
}

// setByte returns the byte at i in a set, and where the next one begins. One that is
// escaped, [=a=] and [.a.] are what they name.
func setByte(pattern string, i int) (c byte, next int) {
	if rest := pattern[i:]; len(rest) > 4 && rest[0] == '[' && (rest[1] == '=' || rest[1] == '.') && rest[3] == rest[1] && rest[4] == ']' {
		return rest[2], i + 5
	}
	if pattern[i] == '\\' && i+1 < len(pattern) {
		i++
	}
	return pattern[i], i + 1
}

// className returns the name in the [:name:] at i, and where that ends, 0 where none
// begins there.
func className(pattern string, i int) (name string, end int) {
	rest, ok := strings.CutPrefix(pattern[i:], "[:")
	if !ok {
		return "", 0
	}
	n := nameEnd(rest, 0, lowerByte)
	if name = rest[:n]; !strings.HasPrefix(rest[n:], ":]") || strings.Trim(name, "abcdefghijklmnopqrstuvwxy") != "" {
		return "", 0
	}
	return name, i + 2 + n + 2
}

func isLetter(c byte) bool { return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' }

// classes are those of POSIX, for the bytes of ASCII.
var classes = map[string]func(byte) bool{
	"alnum":  func(c byte) bool { return isLetter(c) || isDigit(c) },
	"alpha":  isLetter,
	"blank":  func(c byte) bool { return c == ' ' || c == '\t' },
	"cntrl":  func(c byte) bool { return c < ' ' || c == 0x7f },
	"digit":  isDigit,
	"graph":  func(c byte) bool { return '!' <= c && c <= '~' },
	"lower":  func(c byte) bool { return 'a' <= c && c <= 'z' },
	"print":  func(c byte) bool { return ' ' <= c && c <= '~' },
	"punct":  func(c byte) bool { return '!' <= c && c <= '~' && !isLetter(c) && !isDigit(c) },
	"space":  func(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' },
	"upper":  func(c byte) bool { return 'A' <= c && c <= 'Z' },
	"xdigit": isHex,
}
