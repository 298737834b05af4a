package parser

import "strings"

// luaEnd returns the offset of the '}' that closes the Lua block whose body
// starts at start. As in ngx_http_lua_conf_lua_block_parse, braces in strings,
// in "--" comments and in long brackets do not count. Where nothing closes the
// block it returns len(src) and the module's words for that.
func luaEnd(src string, start int) (end int, problem string) {
	depth := 1
	wasted := 0
	for i := start; i < len(src); {
		switch c := src[i]; c {
		case '{':
			depth++
		case '}':
			depth--
			if depth == 0 {
				return i, ""
			}
		case '"', '\'':
			if wasted > len(src)+maxWaste {
				break
			}
			end, ok := luaString(src, i)
			if ok {
				i = end
				continue
			}
			wasted += end - i
		case '-':
			if strings.HasPrefix(src[i:], "--") {
				if end, closer := longBracket(src, i+2); end == 0 {
					i = lineEnd(src, i)
				} else if i = end; end < 0 {
					return len(src), unclosed(closer)
				}
				continue
			}
		case '[':
			if end, closer := longBracket(src, i); end < 0 {
				return len(src), unclosed(closer)
			} else if end > 0 {
				i = end
				continue
			}
		}
		i++
	}
	return len(src), "unexpected end of file, expecting terminating characters for lua code block"
}

func unclosed(closer string) string {
	return `Lua code block missing the closing long bracket "` + closer + `"`
}

// maxWaste bounds how many bytes are read in search of closing quotes that are
// not there: a line of a million escaped quotes would take a million searches.
// The quotes after that are bytes like any other.
const maxWaste = 1 << 20

// luaString returns the offset after the string that starts at i; ok is false
// where its line does not close it, and end is where that line ends. The
// module's lexer knows no string over several lines: such a quote is a byte like
// any other.
func luaString(src string, i int) (end int, ok bool) {
	quote := src[i]
	for i++; i < len(src); i++ {
		switch src[i] {
		case '\n':
			return i, false
		case '\\':
			if i++; i < len(src) && src[i] == '\n' {
				return i, false
			}
		case quote:
			return i + 1, true
		}
	}
	return len(src), false
}

// lineEnd returns the offset of the first byte of the line after i.
func lineEnd(src string, i int) int {
	if n := strings.IndexByte(src[i:], '\n'); n >= 0 {
		return i + n + 1
	}
	return len(src)
}

// longBracket returns the offset after the long bracket ("[[ ]]", "[==[ ]==]")
// that opens at i, -1 and what is missing where it is not closed, or 0 where
// none opens.
func longBracket(src string, i int) (end int, closer string) {
	if i >= len(src) || src[i] != '[' {
		return 0, ""
	}
	n := i + 1
	for n < len(src) && src[n] == '=' {
		n++
	}
	if n >= len(src) || src[n] != '[' {
		return 0, ""
	}
	closer = "]" + src[i+1:n] + "]"
	if end := strings.Index(src[n+1:], closer); end >= 0 {
		return n + 1 + end + len(closer), ""
	}
	return -1, closer
}
