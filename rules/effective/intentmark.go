package effective

import (
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

// mark is a "# wsnginx:websocket" or "# wsnginx:not-websocket" comment.
type mark struct {
	line      int
	offset    int
	websocket bool
}

// markOn returns the comment that speaks of r's location: on the line before the
// block, on its first line, or inside it and in no block further in.
func (in *intentions) markOn(r *Route) (mark, bool) {
	if r.Location == nil {
		return mark{}, false
	}
	b := r.Location.Block
	marks, ok := in.marks[b.File]
	if !ok {
		marks = marksIn(b.File)
		in.marks[b.File] = marks
	}
	if len(marks) == 0 {
		return mark{}, false
	}
	line := b.File.Position(b.Span.Start).Line
	first, _ := slices.BinarySearchFunc(marks, line-1, func(m mark, line int) int { return m.line - line })
	for _, m := range marks[first:] {
		if m.line > line && m.offset >= b.Span.End {
			break
		}
		if m.line == line || m.line == line-1 && !codeOn(b.File, m) {
			return m, true
		}
		if !b.Body.Contains(m.offset) {
			continue
		}
		inner := false
		for _, c := range b.Children {
			first := c.File.Position(c.Span.Start).Line
			inner = inner || c.Is("location") && (c.Span.Contains(m.offset) || m.line == first-1 && !codeOn(b.File, m))
		}
		if !inner {
			return m, true
		}
	}
	return mark{}, false
}

// codeOn reports whether something other than the comment stands on its line.
func codeOn(f *parser.File, m mark) bool {
	_, start := f.Line(m.line)
	return strings.TrimSpace(f.Src[start:m.offset]) != ""
}

func marksIn(f *parser.File) []mark {
	var marks []mark
	for _, c := range f.Comments {
		body, ok := strings.CutPrefix(strings.TrimSpace(strings.TrimLeft(f.Src[c.Start:c.End], "#")), "wsnginx:")
		if !ok {
			continue
		}
		word, _, _ := strings.Cut(body, " ")
		if word == "websocket" || word == "not-websocket" {
			marks = append(marks, mark{f.Position(c.Start).Line, c.Start, word == "websocket"})
		}
	}
	return marks
}

// Matches reports whether a pattern, as Options has them, matches the route's
// location.
func (r *Route) Matches(pattern string) bool {
	_, ok := matchAny([]string{pattern}, r.Location)
	return ok
}

// matchAny returns the first pattern that matches the location: "*" stands for
// any characters, "?" for one.
func matchAny(patterns []string, loc *Scope) (string, bool) {
	if len(patterns) == 0 {
		return "", false
	}
	modifier, match := "", ""
	if loc != nil {
		modifier, match = loc.ModifierAndMatch()
	}
	for _, p := range patterns {
		if wildcard(p, match) || modifier != "" && (wildcard(p, modifier+match) || wildcard(p, modifier+" "+match)) {
			return p, true
		}
	}
	return "", false
}

// wildcard reports whether s matches the pattern p.
func wildcard(p, s string) bool {
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(s) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == s[j]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}
