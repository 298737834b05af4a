package parser

import "strings"

// luaEnd returns the offset of the '}' that closes the Lua block whose body
// starts at start, or len(src) where nothing closes it. As in
// ngx_http_lua_conf_read_lua_token, braces in strings, in "--" comments and in
// long brackets do not count.
func luaEnd(src string, start int) int {
	depth := 1
	for i := start; i < len(src); {
		switch c := src[i]; c {
		case '{':
			depth++
		case '}':
			depth--
			if depth == 0 {
				return i
			}
		case '"', '\'':
			if end := luaString(src, i); end > 0 {
				i = end
				continue
			}
		case '-':
			if strings.HasPrefix(src[i:], "--") {
				i = luaComment(src, i)
				continue
			}
		case '[':
			if end := longBracket(src, i); end > 0 {
				i = end
				continue
			}
		}
		i++
	}
	return len(src)
}

// luaString returns the offset after the string that starts at i, or 0 where
// it is not closed.
func luaString(src string, i int) int {
	quote := src[i]
	for i++; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case quote:
			return i + 1
		}
	}
	return 0
}

// luaComment returns the offset after the comment that starts with the "--" at i.
func luaComment(src string, i int) int {
	if end := longBracket(src, i+2); end > 0 {
		return end
	}
	if n := strings.IndexByte(src[i:], '\n'); n >= 0 {
		return i + n + 1
	}
	return len(src)
}

// longBracket returns the offset after the long bracket ("[[ ]]", "[==[ ]==]")
// that opens at i, len(src) where it is not closed, or 0 where none opens.
func longBracket(src string, i int) int {
	if i >= len(src) || src[i] != '[' {
		return 0
	}
	n := i + 1
	for n < len(src) && src[n] == '=' {
		n++
	}
	if n >= len(src) || src[n] != '[' {
		return 0
	}
	closer := "]" + src[i+1:n] + "]"
	if end := strings.Index(src[n+1:], closer); end >= 0 {
		return n + 1 + end + len(closer)
	}
	return len(src)
}
