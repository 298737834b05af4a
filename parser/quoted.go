package parser

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// unread is a text of YAML that holds nginx configuration and is no literal block: its
// lines are not those that nginx reads, so nobody looks into it.
type unread struct {
	line, column int
	style        string // "quoted" or "folded"
}

// unreadIn returns the quoted scalars of a YAML text that hold nginx configuration, and
// those of the folded ones that do (YAML 1.2.2, 7.3 and 8.1.3).
func unreadIn(text string, folded []Span) []unread {
	var found []unread
	f := &File{Src: text, lines: &lineTable{src: text}}
	add := func(at int, style string) {
		p := f.Position(at)
		found = append(found, unread{p.Line, p.Column, style})
	}
	for at := 0; at < len(text); at++ {
		n := strings.IndexAny(text[at:], `"'`)
		if n < 0 {
			break
		}
		if at += n; !opensScalar(text[:at]) {
			continue
		}
		value, end := quotedAt(text, at)
		if strings.Contains(value, "\n") && mayHoldParts([]byte(value)) && isPart(value) {
			add(at, "quoted")
		}
		at = end - 1
	}
	for _, span := range folded {
		if value := text[span.Start:span.End]; mayHoldParts([]byte(value)) && isPart(value) {
			add(strings.LastIndexByte(text[:span.Start], '>'), "folded")
		}
	}
	return found
}

// opensScalar reports whether a quote behind a text begins the value of a key or of an
// item.
func opensScalar(before string) bool {
	at := strings.TrimRight(before, " ")
	if len(at) == len(before) {
		return false
	}
	if strings.HasSuffix(at, ":") {
		return true
	}
	item := strings.TrimRight(at, " -")
	return len(item) < len(at) && (item == "" || strings.HasSuffix(item, "\n"))
}

// quotedAt returns the value of the scalar whose quote stands at i, its line folding
// undone as far as a look needs it, and the offset after it.
func quotedAt(text string, i int) (value string, end int) {
	var b strings.Builder
	for at := i + 1; at < len(text); at++ {
		switch c := text[at]; {
		case text[i] == '\'' && c == '\'':
			if !strings.HasPrefix(text[at+1:], "'") {
				return b.String(), at + 1
			}
			at++
			b.WriteByte(c)
		case text[i] == '"' && c == '"':
			return b.String(), at + 1
		case text[i] == '"' && c == '\\' && at+1 < len(text):
			at++
			switch text[at] {
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case '\n': // the line goes on
			default:
				b.WriteByte(text[at])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", len(text)
}

// sayUnread says of the quoted and folded texts in the files of g that they hold
// configuration that was not read.
func (w *Workspace) sayUnread(g *given) {
	for _, path := range slices.Sorted(maps.Keys(g.unread)) {
		for _, u := range g.unread[path] {
			w.problem(&w.Problems, Problem{Kind: NotFollowed, File: w.display(path, g), Line: u.line, Column: u.column,
				Message: fmt.Sprintf("nginx configuration in a %s text of YAML was not read; a literal block (\"|\") is", u.style)})
		}
	}
}
