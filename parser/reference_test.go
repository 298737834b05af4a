package parser

import (
	"fmt"
	"strings"
)

// statement is what ngx_conf_read_token returns: the words of a directive with
// what ends them, the end of a block or of the file, or an error.
type statement struct {
	words []string
	end   byte // ';', '{', '}', 0 at the end of the file
	err   string
}

func (s statement) String() string {
	return fmt.Sprintf("%.50q %q %s\n", s.words, s.end, s.err)
}

// reference is a second reading of nginx's rules to hold the Scanner against:
// ngx_conf_read_token (nginx 1.22.1) state by state, its 4096-byte buffer and
// its refills included. It is slow and stops at the first error, as nginx does.
type reference struct {
	src              string
	offset           int // of the file, past what the buffer holds
	buf              [confBuffer]byte
	pos, last, start int
	words            []string
}

func (r *reference) next() statement {
	var found, needSpace, sharpComment, variable, quoted, single, double bool
	lastSpace := true
	r.words = nil
	r.start = r.pos
	for {
		if r.pos >= r.last {
			if r.offset >= len(r.src) {
				if len(r.words) > 0 || !lastSpace {
					return statement{err: `unexpected end of file, expecting ";" or "}"`}
				}
				return statement{}
			}
			n := r.pos - r.start
			if n == confBuffer {
				switch {
				case double:
					return statement{err: `too long parameter, probably missing terminating """ character`}
				case single:
					return statement{err: `too long parameter, probably missing terminating "'" character`}
				}
				return statement{err: `too long parameter "` + string(r.buf[r.start:r.start+10]) + `..." started`}
			}
			copy(r.buf[:], r.buf[r.start:r.start+n])
			size := copy(r.buf[n:], r.src[r.offset:])
			r.offset += size
			r.pos, r.last, r.start = n, n+size, 0
		}
		c := r.buf[r.pos]
		r.pos++
		if c == '\n' {
			sharpComment = false
		}
		if sharpComment {
			continue
		}
		if quoted {
			quoted = false
			continue
		}
		if needSpace {
			if isSpace(c) {
				lastSpace, needSpace = true, false
				continue
			}
			if c == ';' || c == '{' {
				return statement{words: r.words, end: c}
			}
			if c != ')' {
				return statement{err: `unexpected "` + string([]byte{c}) + `"`}
			}
			lastSpace, needSpace = true, false
		}
		if lastSpace {
			r.start = r.pos - 1
			if isSpace(c) {
				continue
			}
			switch c {
			case ';', '{':
				if len(r.words) == 0 {
					return statement{err: `unexpected "` + string(c) + `"`}
				}
				return statement{words: r.words, end: c}
			case '}':
				if len(r.words) != 0 {
					return statement{err: `unexpected "}"`}
				}
				return statement{end: '}'}
			case '#':
				sharpComment = true
				continue
			case '\\':
				quoted, lastSpace = true, false
				continue
			case '"':
				r.start++
				double, lastSpace = true, false
				continue
			case '\'':
				r.start++
				single, lastSpace = true, false
				continue
			case '$':
				variable, lastSpace = true, false
				continue
			}
			lastSpace = false
			continue
		}
		if c == '{' && variable {
			continue
		}
		variable = false
		if c == '\\' {
			quoted = true
			continue
		}
		if c == '$' {
			variable = true
			continue
		}
		switch {
		case double:
			if c == '"' {
				double, needSpace, found = false, true, true
			}
		case single:
			if c == '\'' {
				single, needSpace, found = false, true, true
			}
		case isSpace(c) || c == ';' || c == '{':
			lastSpace, found = true, true
		}
		if found {
			r.words = append(r.words, referenceValue(string(r.buf[r.start:r.pos-1])))
			if c == ';' || c == '{' {
				return statement{words: r.words, end: c}
			}
			found = false
		}
	}
}

// referenceValue copies a word as ngx_conf_read_token does.
func referenceValue(src string) string {
	var dst strings.Builder
	for i := 0; i < len(src); i++ {
		if src[i] == '\\' && i+1 < len(src) {
			switch src[i+1] {
			case '"', '\'', '\\':
				i++
			case 't', 'r', 'n':
				i++
				dst.WriteByte(map[byte]byte{'t': '\t', 'r': '\r', 'n': '\n'}[src[i]])
				continue
			}
		}
		dst.WriteByte(src[i])
	}
	return dst.String()
}

// referenceStatements reads all of src, up to and including the first error.
func referenceStatements(src string) []statement {
	r := &reference{src: src}
	var all []statement
	for {
		s := r.next()
		all = append(all, s)
		if s.err != "" || s.end == 0 {
			return all
		}
	}
}

// scannedStatements reads src with a Scanner into the same form.
func scannedStatements(src string) []statement {
	var all []statement
	var words []string
	failed := ""
	s := NewScanner(src, func(_ int, msg string) {
		if failed == "" {
			failed = msg
		}
	})
	for {
		t := s.Next()
		if failed != "" {
			return append(all, statement{err: failed})
		}
		switch t.Kind {
		case WordToken:
			words = append(words, unquote(src[t.Span.Start:t.Span.End]))
		case Semicolon, BlockStart, BlockEnd:
			all = append(all, statement{words: words, end: src[t.Span.Start]})
			words = nil
		case EOF:
			if words != nil {
				return append(all, statement{err: `unexpected end of file, expecting ";" or "}"`})
			}
			return append(all, statement{})
		}
	}
}

// referenceError returns the first thing in src that nginx's reader refuses, ""
// where there is none: what ngx_conf_parse adds to ngx_conf_read_token is that
// blocks are balanced and that some hold words only. It knows no directives.
func referenceError(src string) string {
	var open []string
	words := 0 // how many of the open blocks lie in one of words, itself included
	for _, s := range referenceStatements(src) {
		switch {
		case s.err != "":
			return s.err
		case s.end == '{':
			if words > 0 {
				return `unexpected "{"`
			}
			open = append(open, s.words[0])
			if wordBlocks[s.words[0]] {
				words++
			}
		case s.end == '}':
			if len(open) == 0 {
				return `unexpected "}"`
			}
			if open = open[:len(open)-1]; words > 0 {
				words--
			}
		case s.end == 0 && len(open) > 0:
			return `unexpected end of file, expecting "}"`
		}
	}
	return ""
}
