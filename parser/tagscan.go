package parser

import (
	"cmp"
	"strings"
)

// taggedScan is what a Scanner needs to read a template.
type taggedScan struct {
	*tagging
	tag    tag // the tag of the last Tag token
	toggle bool
	words  bool // in a block of words, where no directive has a name

	ended   bool // the word before held the end of its statement
	openEnd int  // where the last openTag that stood alone ended
	wasted  int  // bytes read in search of the ends of conditions that are not there
}

// nextTagged returns the next token where tags could bear on it, and EOF where
// the token is none of theirs.
func (s *Scanner) nextTagged() Token {
	t, start := s.tagged, s.pos
	switch {
	case t.ended:
		t.ended = false
		s.words = 0
		return Token{Semicolon, Span{start, start}}
	case start >= len(s.src) || s.lua:
		return Token{}
	}
	c := s.src[start]
	switch c {
	case ' ', '\t', '\r', '\n', ';':
		return Token{}
	case '{', '}':
		if t.doubled {
			if brace, ok := s.doubledToken(); ok {
				return brace
			}
		}
		if c == '}' {
			return Token{}
		}
	}
	if g, ok := s.tagHere(start); ok {
		s.started = false
		if s.alone(start, g) {
			t.met(g)
			t.alone = append(t.alone, Span{start, g.end})
			t.tag = g
			if g.class == openTag {
				t.openEnd = g.end
			}
			s.pos = g.end
			return Token{Tag, Span{start, g.end}}
		}
		return s.bareTagged(start)
	}
	switch c {
	case '{':
		return Token{}
	case '#':
		return s.commentTagged(start)
	}
	if s.started {
		s.quoteAt = start // nothing bounds a word that is still to be filled in
		if !s.afterQuote(c) {
			return Token{Space, Span{start, len(s.src)}}
		}
	}
	if c == '"' || c == '\'' {
		return s.quotedTagged(start, c)
	}
	return s.bareTagged(start)
}

// tagHere returns the tag at the start of a token.
func (s *Scanner) tagHere(start int) (tag, bool) {
	c := s.src[start]
	switch {
	case c == '#' && s.words == 0 && strings.HasPrefix(s.src[start:], "##"):
		return tag{}, false
	case beginsTag(c):
		if g, ok := s.tagged.at(start); ok {
			return g, true
		}
		if c == '#' {
			return tag{}, false
		}
		if c == '%' {
			if g, ok := s.tagged.lineTag(start); ok {
				return g, true
			}
		}
	case c == '$', c == '@', c == '_', c == '!':
	case ('A' <= c && c <= 'Z' || c == '.' || c == ellipsis[0]) && s.words == 0:
	default:
		return tag{}, false
	}
	if s.words > 0 {
		return s.tagged.several(start)
	}
	return s.tagged.headAt(start)
}

// maxTagRun bounds how many tags in a row are looked over to see what they are
// part of.
const maxTagRun = 64

// alone reports whether the tag at start is a token by itself and no part of a
// word.
func (s *Scanner) alone(start int, g tag) bool {
	t := s.tagged
	t.toggle = false
	switch {
	case g.class == quietTag:
		return true
	case s.words > 0 && g.class == openTag:
		end, _ := s.region(start, g)
		return end == 0
	case s.words > 0:
		return g.class != valueTag
	case g.class != valueTag:
		return true
	}
	i := g.end
	for range maxTagRun {
		for i < len(s.src) && (s.src[i] == ' ' || s.src[i] == '\t') {
			i++
		}
		if i == len(s.src) {
			return true
		}
		next, ok := s.tagHere(i)
		if !ok {
			break
		}
		if next.class == openTag { // <%= name %><% if value %> <%= value %><% end %>;
			if end, ends := s.region(i, next); ends { // <%= name %> <%= value %><% unless block %>;<% end %>
				return false
			} else if end > 0 {
				i = end
				continue
			}
		}
		if next.class != valueTag {
			return true
		}
		i = next.end
	}
	switch s.src[i] {
	case '\n', '\r', '#', '}':
		return true
	case ';', '{':
		return false
	}
	if t.words || i > g.end && g.kind == Placeholder && s.src[start] == '$' && s.src[start+1] != '{' {
		return false
	}
	name := s.src[i:nameEnd(s.src, i, wordByte)]
	if end := i + len(name); name == "" || end < len(s.src) && !isSpace(s.src[end]) && s.src[end] != ';' && s.src[end] != '{' {
		return false
	}
	// What stands before the name of a directive comments it out, or is
	// nothing.
	t.toggle = isKnown(name)
	return t.toggle
}

// isKnown reports whether nginx has a directive of that name, as far as this
// package knows them.
func isKnown(name string) bool {
	return strongName(name) || weakNames[name] || blockDirectives[name] || isSimple(name)
}

// region returns the end of a condition that begins inside a statement, where
// all of it stands inside that statement too. ends is true where each of its
// arms ends the statement. end is 0 where it is no part of one word.
func (s *Scanner) region(start int, open tag) (end int, ends bool) {
	t, src := s.tagged, s.src
	if t.wasted > len(src)+maxWaste {
		return 0, false
	}
	depth, semicolons, arms, ended := 1, 0, 0, 0
	last := byte(0)
	endArm := func() {
		arms++
		if last == ';' {
			ended++
		}
		last = 0
	}
	i := open.end
	defer func() {
		if end == 0 {
			t.wasted += i - start
		}
	}()
	for ; i < len(src) && i < start+confBuffer; i++ {
		c := src[i]
		if beginsTag(c) {
			if g, ok := t.at(i); ok {
				switch g.class {
				case openTag:
					depth++
				case elseTag:
					if depth == 1 {
						endArm()
					}
				case closeTag:
					if depth--; depth == 0 {
						endArm()
						switch {
						case semicolons == 0:
							return g.end, false
						case arms == ended:
							return g.end, true
						}
						return 0, false
					}
				case valueTag:
					last = c
				}
				i = g.end - 1
				continue
			}
		}
		switch c {
		case '{', '}':
			return 0, false
		case ' ', '\t', '\r', '\n':
		case '"', '\'':
			i = s.quoteEnd(i, c) - 1
			last = c
		case ';':
			semicolons++
			last = c
		default:
			last = c
		}
	}
	return 0, false
}

// bareTagged reads a word as bare does, tags included.
func (s *Scanner) bareTagged(start int) Token {
	t, src := s.tagged, s.src
	i := start
	variable := false
loop:
	for i < len(src) {
		c := src[i]
		if beginsTag(c) || i == start {
			g, ok := tag{}, false
			if i == start {
				g, ok = s.tagHere(i)
			} else if g, ok = t.at(i); !ok {
				g, ok = t.several(i)
			}
			if ok {
				switch g.class {
				case openTag:
					end, ends := s.region(i, g)
					if end == 0 {
						break loop
					}
					g.end, t.ended = end, ends
				case elseTag, closeTag:
					break loop
				}
				t.met(g)
				i, variable = g.end, false
				t.ended = t.ended || t.endsLine(i, g)
				if t.ended {
					break loop
				}
				continue
			}
		}
		switch c {
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
	s.words++
	s.pos = min(max(i, start+1), len(src))
	return Token{WordToken, Span{start, s.pos}}
}

// quotedTagged reads a quoted word. Quotes inside tags do not end it.
func (s *Scanner) quotedTagged(start int, quote byte) Token {
	s.words++
	end := s.quoteEnd(start, quote)
	s.pos = end
	if end-start > 1 && s.src[end-1] == quote {
		s.started, s.quoteAt = true, end
	}
	return Token{WordToken, Span{start, end}}
}

// quoteEnd returns the offset after the quoted word that begins at start.
func (s *Scanner) quoteEnd(start int, quote byte) int {
	src := s.src
	for i := start + 1; i < len(src); {
		switch c := src[i]; c {
		case '\\':
			i += 2
			continue
		case quote:
			return i + 1
		case '{', '<', '$':
			if g, ok := s.tagged.at(i); ok {
				s.tagged.quoted = cmp.Or(s.tagged.quoted, g.kind)
				i = g.end
				continue
			}
		}
		i++
	}
	return len(src)
}

// commentTagged reads a comment. A tag that begins in it belongs to it whole.
// The mark alone, in the arm of a condition, comments the line out in that arm
// only: {% if x %}#{% endif %} listen 80;
func (s *Scanner) commentTagged(start int) Token {
	src := s.src
	i := start + 1
	for i < len(src) && src[i] != '\n' {
		if c := src[i]; c == '{' || c == '<' || c == '$' || c == '\\' {
			if g, ok := s.tagged.at(i); ok {
				if (g.class == closeTag || g.class == elseTag) && s.inArm(start) && strings.Trim(src[start+1:i], " \t") == "" {
					break
				}
				i = g.end
				continue
			}
		}
		i++
	}
	s.pos = min(i, len(src))
	return Token{Comment, Span{start, s.pos}}
}

// inArm reports whether nothing but blanks parts start from the tag before it,
// which begins a condition.
func (s *Scanner) inArm(start int) bool {
	end := s.tagged.openEnd
	return end > 0 && end <= start && strings.Trim(s.src[end:start], " \t") == ""
}
