package parser

import "strings"

// Kind says what a Token is.
type Kind uint8

// The kinds of token. Concatenated, the tokens of a file are its bytes.
const (
	EOF        Kind = iota
	Space           // a run of blanks, tabs, carriage returns and line feeds
	Comment         // from '#' up to, not including, the line feed
	WordToken       // one argument with its quotes and escapes
	Semicolon       // ';'
	BlockStart      // '{'
	BlockEnd        // '}'
	LuaCode         // the raw body of a *_by_lua_block, between its braces
	Tag             // in a template: a tag that stands between words or statements
)

// Token is one lexical piece of a file.
type Token struct {
	Kind Kind
	Span Span
}

// confBuffer is NGX_CONF_BUFFER: a comment or argument together with the byte
// that ends it has to fit into nginx's read buffer.
const confBuffer = 4096

// Scanner reads tokens as ngx_conf_read_token does. The zero value is not
// usable; call NewScanner.
type Scanner struct {
	src     string
	pos     int
	words   int  // words of the directive being read: nginx's cf->args->nelts
	lua     bool // the next token is the body of a Lua block
	started bool // the token before was a quoted word
	quoteAt int  // where the text of that quoted word began
	gaveUp  bool // the rest of the file could not be read, which was reported
	report  func(offset int, msg string)

	tagged *taggedScan // what reading a template takes besides; nil for plain nginx
}

// NewScanner returns a scanner over src. Each error is passed to report with
// its offset and nginx's words for it; report may be nil.
func NewScanner(src string, report func(offset int, msg string)) *Scanner {
	if report == nil {
		report = func(int, string) {}
	}
	return &Scanner{src: src, report: report}
}

// Next returns the next token, and EOF at the end. After an error it goes on
// where a reader would expect the next token to begin; a word that does not fit
// nginx's buffer ends the file.
func (s *Scanner) Next() Token {
	if s.tagged != nil {
		if t := s.nextTagged(); t.Kind != EOF {
			return t
		}
	}
	if s.pos >= len(s.src) {
		return Token{EOF, Span{len(s.src), len(s.src)}}
	}
	start := s.pos
	if s.lua {
		s.lua = false
		problem := ""
		if s.pos, problem = luaEnd(s.src, start); problem != "" {
			s.report(start, problem)
			s.gaveUp = true
		}
		if s.pos > start {
			return Token{LuaCode, Span{start, s.pos}}
		}
	}
	c := s.src[start]
	if s.started && !s.afterQuote(c) {
		return Token{Space, Span{start, len(s.src)}}
	}
	switch c {
	case ' ', '\t', '\r', '\n':
		s.pos++
		for s.pos < len(s.src) && isSpace(s.src[s.pos]) {
			s.pos++
		}
		return Token{Space, Span{start, s.pos}}
	case ';':
		if s.words == 0 {
			s.report(start, `unexpected ";"`)
		}
		s.words = 0
		s.pos++
		return Token{Semicolon, Span{start, s.pos}}
	case '{':
		if s.words == 0 {
			s.report(start, `unexpected "{"`)
		}
		s.words = 0
		s.pos++
		return Token{BlockStart, Span{start, s.pos}}
	case '}':
		if s.words != 0 {
			s.report(start, `unexpected "}"`)
		}
		s.words = 0
		s.pos++
		return Token{BlockEnd, Span{start, s.pos}}
	case '#':
		return s.comment(start)
	case '"', '\'':
		return s.quoted(start, c)
	default:
		return s.bare(start)
	}
}

// ExpectLua tells the scanner that the block just opened holds Lua code.
func (s *Scanner) ExpectLua() { s.lua = true }

// afterQuote checks the byte after a closing quote: nginx wants white space,
// ';', '{' or ')' there (need_space in ngx_conf_read_token). It returns false
// where the scan has to end.
func (s *Scanner) afterQuote(c byte) bool {
	s.started = false
	// nginx still holds the quoted text in its buffer while it looks at
	// this byte, and, after white space, at the next one.
	at := s.pos
	if isSpace(c) && at+1 < len(s.src) {
		at++
	}
	if at-s.quoteAt >= confBuffer {
		s.tooLong(s.quoteAt, 0)
		return false
	}
	if !isSpace(c) && c != ';' && c != '{' && c != ')' && c != '}' { // Next itself refuses '}' after words
		s.report(s.pos, `unexpected "`+string([]byte{c})+`"`)
	}
	return true
}

func (s *Scanner) comment(start int) Token {
	end := len(s.src)
	if i := strings.IndexByte(s.src[start:], '\n'); i >= 0 {
		end = start + i
	}
	if end-start >= confBuffer && start+confBuffer < len(s.src) {
		s.tooLong(start, 0)
		end = len(s.src)
	}
	s.pos = end
	return Token{Comment, Span{start, end}}
}

func (s *Scanner) quoted(start int, quote byte) Token {
	s.words++
	src := s.src
	i := start + 1
	for i < len(src) {
		c := src[i]
		if c == '\\' {
			i += 2
			continue
		}
		if c == quote {
			break
		}
		i++
	}
	if i >= len(src) {
		i = len(src)
		if i-(start+1) > confBuffer {
			s.tooLong(start, quote)
		}
		s.pos = i
		return Token{WordToken, Span{start, i}}
	}
	if i-(start+1) >= confBuffer {
		s.tooLong(start, quote)
		return Token{WordToken, Span{start, len(src)}}
	}
	s.pos = i + 1
	s.started, s.quoteAt = true, start+1
	return Token{WordToken, Span{start, i + 1}}
}

func (s *Scanner) bare(start int) Token {
	s.words++
	src := s.src
	i := start
	variable := false // the byte before was '$', or a '{' right after it
loop:
	for i < len(src) {
		switch c := src[i]; c {
		case ' ', '\t', '\r', '\n', ';':
			break loop
		case '{':
			if !variable {
				break loop
			}
			i++
			continue
		case '\\':
			i += 2
			variable = false
			continue
		case '$':
			variable = true
			i++
			continue
		}
		variable = false
		i++
	}
	i = min(i, len(src))
	held := i - start // what the buffer holds when nginx needs one more byte
	if i < len(src) && isSpace(src[i]) {
		held++ // the word stays there until nginx has seen what follows
	}
	if held >= confBuffer && start+confBuffer < len(src) {
		s.tooLong(start, 0)
		i = len(src)
	}
	s.pos = i
	return Token{WordToken, Span{start, i}}
}

// tooLong reports a comment or word that does not fit nginx's buffer and ends
// the scan, as nginx does.
func (s *Scanner) tooLong(start int, quote byte) {
	if quote != 0 {
		s.report(start, `too long parameter, probably missing terminating "`+string([]byte{quote})+`" character`)
	} else {
		s.report(start, `too long parameter "`+s.src[start:min(start+10, len(s.src))]+`..." started`)
	}
	s.pos = len(s.src)
	s.words = 0
	s.started = false
	s.gaveUp = true
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// unquote returns the value nginx stores for the word raw: without its quotes,
// and with the escapes that ngx_conf_read_token knows replaced.
func unquote(raw string) string {
	if len(raw) > 0 && (raw[0] == '"' || raw[0] == '\'') {
		if len(raw) > 1 && raw[len(raw)-1] == raw[0] {
			raw = raw[1 : len(raw)-1]
		} else {
			raw = raw[1:]
		}
	}
	i := strings.IndexByte(raw, '\\')
	if i < 0 {
		return raw
	}
	var b strings.Builder
	b.Grow(len(raw))
	b.WriteString(raw[:i])
	for ; i < len(raw); i++ {
		c := raw[i]
		if c == '\\' && i+1 < len(raw) {
			switch raw[i+1] {
			case '"', '\'', '\\':
				i++
				c = raw[i]
			case 't':
				i++
				c = '\t'
			case 'r':
				i++
				c = '\r'
			case 'n':
				i++
				c = '\n'
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}
