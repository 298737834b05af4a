package parser

import (
	"bytes"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// part is nginx configuration that stands in a file of another format.
type part struct {
	in     *carrier
	span   Span
	n      int    // which of the file's block scalars it is, from 1
	key    string // what the file calls it: a ConfigMap's key is the name of the file that it becomes
	folder int    // the mapping that holds it: its entries become files of one folder
	aside  bool   // it is configuration only where another part includes it: a few directives
}

// carrier is a file of another format.
type carrier struct {
	text    string
	doubled bool // Compose reads it first, for which two dollars are one

	mu    sync.Mutex
	src   string // the bytes that were asked about last, which a fix may have changed
	spans []Span // of their block scalars
	lines *lineTable
}

// of returns the spans of the block scalars in src, other bytes of the file, and
// where its lines begin.
func (c *carrier) of(src string) ([]Span, *lineTable) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lines == nil || c.src != src {
		c.src, c.lines, c.spans = src, &lineTable{src: src}, nil
		for p := range scalars(src) {
			c.spans = append(c.spans, p.span)
		}
	}
	return c.spans, c.lines
}

// maxCarrier bounds the size of a file of another format that is searched for parts.
// Kubernetes takes no ConfigMap of more than one MiB, and a file holds several.
const maxCarrier = 8 << 20

// carries reports whether the file at path may hold nginx configuration in the blocks
// of another format: YAML, as it is, as a template of it, as Salt's states or as the
// extensions of Elastic Beanstalk. What else is a template may be one of YAML.
func carries(path string) bool {
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".yaml", ".yml", ".sls":
		return true
	case ".config":
		return filepath.Base(filepath.Dir(path)) == ".ebextensions"
	default:
		return templateExts[ext]
	}
}

// carried is what a file of another format holds for nginx.
type carried struct {
	parts  []part
	unread []unread
}

// partsOf returns what the file at path holds, nothing where it cannot be read.
func (k *disk) partsOf(path string) carried { return remembered(k, k.parts, path, readParts) }

func readParts(path string) (c carried) {
	f, err := os.Open(path)
	if err != nil {
		return c
	}
	defer f.Close()
	// Of most templates a first look is enough: they are none of YAML.
	buf := make([]byte, 8<<10)
	n, _ := io.ReadFull(f, buf)
	if templateExts[strings.ToLower(filepath.Ext(path))] && opening(string(buf[:n])) != "YAML" {
		return c
	}
	rest, err := io.ReadAll(io.LimitReader(f, maxCarrier+1))
	b := append(buf[:n], rest...)
	if err != nil || !mayHoldParts(b) {
		return c
	}
	return carriedIn(string(b))
}

// carriedIn returns what a text holds.
func carriedIn(text string) carried {
	if len(text) > maxCarrier {
		return carried{}
	}
	parts, folded := partsIn(text)
	return carried{parts, unreadIn(text, folded)}
}

// mayHoldParts reports whether what any server of nginx's has stands in a text.
func mayHoldParts(text []byte) bool {
	return bytes.Contains(text, []byte("_pass ")) || bytes.Contains(text, []byte("listen ")) || bytes.Contains(text, []byte("location "))
}

// partsIn returns the parts of a text, and where its folded scalars stand.
func partsIn(text string) (parts []part, folded []Span) {
	c := &carrier{text: text, doubled: isCompose(text)}
	var others []part
	folders := map[int]bool{}
	for p, isFolded := range blockScalars(text) {
		if isFolded {
			folded = append(folded, p.span)
			continue
		}
		p.in = c
		if in := text[p.span.Start:p.span.End]; isPart(in) {
			parts = append(parts, p)
			folders[p.folder] = true
			c.doubled = c.doubled || escapes(in, '$')
		} else if p.key != "" {
			p.aside = true
			others = append(others, p)
		}
	}
	for _, p := range others {
		if in := text[p.span.Start:p.span.End]; folders[p.folder] && beginsAsNginx(in, false) && looksLikeNginx(in) && opening(in) == "" && len(parseText("", in).Errors) == 0 {
			parts = append(parts, p)
		}
	}
	return parts, folded
}

// isCompose reports whether a YAML text is a Compose file.
func isCompose(text string) bool {
	return strings.HasPrefix(text, "services:") || strings.Contains(text, "\nservices:")
}

// scalars returns the literal block scalars of a YAML text, or of a template of one:
// an entry of a Kubernetes ConfigMap, the content of an Ansible task. Folded and
// quoted ones are left out: their lines are not those that nginx reads.
func scalars(src string) iter.Seq[part] {
	return func(yield func(part) bool) {
		for p, folded := range blockScalars(src) {
			if !folded && !yield(p) {
				return
			}
		}
	}
}

// blockScalars returns the literal and the folded block scalars of a YAML text.
func blockScalars(src string) iter.Seq2[part, bool] {
	return func(yield func(p part, folded bool) bool) {
		tags := newTagLines(src)
		last := part{folder: 1}
		folders := 1
		open := []mapping{{0, 1}} // the mappings around the current line that hold scalars
		for at := 0; at < len(src); {
			end := lineEnd(src, at)
			line := strings.TrimRight(src[at:end], " \t\r\n")
			if line == "" || line[indentOf(line)] == '#' {
				at = end
				continue
			}
			if next := tags.alone(at); next > 0 {
				at = next
				continue
			}
			at = end
			for len(open) > 0 && (open[len(open)-1].column > indentOf(line) || line == "---") {
				open = open[:len(open)-1]
			}
			h, ok := headOf(line)
			if !ok {
				continue
			}
			if len(open) == 0 || open[len(open)-1].column < h.column {
				folders++
				open = append(open, mapping{h.column, folders})
			}
			span := tags.scalarSpan(end, h)
			at = max(end, span.End)
			if !h.folded {
				last.n++
			}
			last.key, last.span, last.folder = h.key, span, open[len(open)-1].folder
			if !yield(last, h.folded) {
				return
			}
		}
	}
}

// mapping is one of a YAML text: where its keys begin, and its number.
type mapping struct{ column, folder int }

// isPart reports whether a text inside another one is meant for nginx: it is
// configuration to its end, or begins as nothing else does.
func isPart(text string) bool {
	if !strings.Contains(text, "{") || !beginsAsNginx(text, false) || !looksLikeNginx(text) || opening(text) != "" {
		return false
	}
	f := parseText("", text)
	if len(f.Errors) == 0 {
		return holdsSite(text)
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' && !strings.HasPrefix(line, "{{") && !strings.HasPrefix(line, "{%") {
			name := line[:nameEnd(line, 0, wordByte)]
			return strongName(name) && (name != "server" || strings.HasSuffix(line, "{"))
		}
	}
	return false
}

// scalarHead is how a block scalar begins.
type scalarHead struct {
	key    string
	column int  // where the key or, in a sequence, the dash stands
	inner  int  // the indentation of its lines, 0 where the first one shows it
	folded bool // its lines are no lines of the value
}

// headOf reports whether a line begins a block scalar, and how (YAML 1.2.2, 8.1).
func headOf(line string) (h scalarHead, ok bool) {
	h.column = indentOf(line)
	line = line[h.column:]
	if i := strings.Index(line, " #"); i >= 0 {
		line = strings.TrimSpace(line[:i])
	}
	i := strings.LastIndexAny(line, "|>")
	if i < 2 || line[i-1] != ' ' || strings.Trim(line[i+1:], "+-123456789") != "" || line[0] == '#' {
		return h, false
	}
	h.folded = line[i] == '>'
	digit := strings.Trim(line[i+1:], "+-")
	head := strings.TrimRight(line[:i], " \t")
	for { // an anchor, a tag
		word := head[strings.LastIndexByte(head, ' ')+1:]
		if word == "" || len(word) == len(head) || word[0] != '&' && word[0] != '!' {
			break
		}
		head = strings.TrimRight(head[:len(head)-len(word)], " \t")
	}
	for strings.HasPrefix(head, "- ") {
		rest := strings.TrimLeft(head[1:], " ")
		h.column += len(head) - len(rest)
		head = rest
	}
	if digit != "" {
		h.inner = h.column + int(digit[0]-'0')
	}
	if head == "-" || head == "?" {
		return h, true
	}
	key, ok := strings.CutSuffix(head, ":")
	h.key = strings.Trim(key, `"' `)
	return h, ok
}

// tagLines finds the lines of a text that are nothing but tags of a template.
type tagLines struct {
	src string
	t   tagging
}

func newTagLines(src string) *tagLines {
	return &tagLines{src, tagging{jinja: true, marks: map[string]Span{}}}
}

// at returns the tag in braces that begins at i.
func (l *tagLines) at(i int) (tag, bool) {
	if !strings.HasPrefix(l.src[i:], "{{") && !strings.HasPrefix(l.src[i:], "{%") && !strings.HasPrefix(l.src[i:], "{#") {
		return tag{}, false
	}
	l.t.src = l.src[:min(len(l.src), i+maxTag)]
	clear(l.t.marks)
	clear(l.t.ends)
	return l.t.at(i)
}

// alone returns the offset after the line that begins at i, or after the last of the
// lines where a tag goes on, if there is nothing in it but tags; else 0.
func (l *tagLines) alone(i int) int {
	for met := false; ; met = true {
		i += len(l.src[i:]) - len(strings.TrimLeft(l.src[i:], " \t"))
		g, ok := l.at(i)
		if !ok {
			if end := lineEnd(l.src, i); met && strings.TrimSpace(l.src[i:end]) == "" {
				return end
			}
			return 0
		}
		i = g.end
	}
}

// conditions returns by how much more conditions begin than end in a span, and how far
// its tags leave those that had begun before it: a tag for the next arm leaves one.
func (l *tagLines) conditions(s Span) (opened, left int) {
	for i := s.Start; i < s.End; i++ {
		n := strings.IndexByte(l.src[i:s.End], '{')
		if n < 0 {
			break
		}
		i += n
		g, ok := l.at(i)
		if !ok {
			continue
		}
		switch g.class {
		case openTag:
			opened++
		case elseTag:
			left = max(left, 1-opened)
		case closeTag:
			opened--
			left = max(left, -opened)
		}
		i = g.end - 1
	}
	return opened, left
}

// scalarSpan returns the span of the block scalar whose head stands before start. A
// template's control words may stand further out: such a line is part of the scalar
// where more of it follows, or where it ends what began in it. One that leaves the
// condition that holds the scalar ends it.
func (l *tagLines) scalarSpan(start int, h scalarHead) Span {
	src, inner, end := l.src, h.inner, start
	depth, open := 0, 0 // conditions that have begun and not ended: here, and at end
	for at, next := start, 0; at < len(src); at = next {
		next = lineEnd(src, at)
		line := strings.TrimRight(src[at:next], " \t\r\n")
		after := l.alone(at)
		next = max(next, after)
		opened, left := l.conditions(Span{at, next})
		switch indent := indentOf(line); {
		case line == "":
		case indent > h.column && indent >= inner:
			if inner == 0 && after == 0 {
				inner = indent
			}
			end, open = next, depth+opened
		case after == 0:
			return Span{start, end}
		case opened < 0 && open > 0:
			end, open = next, open-1
		case left > depth:
			return Span{start, end}
		}
		depth += opened
	}
	return Span{start, end}
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
