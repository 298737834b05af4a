package parser

import (
	"bytes"
	"io"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// part is nginx configuration that stands in a file of another format.
type part struct {
	text   *string // of the whole file
	span   Span
	n      int    // which of the file's block scalars it is, from 1
	key    string // what the file calls it: a ConfigMap's key is the name of the file that it becomes
	folder int    // the mapping that holds it: its entries become files of one folder
}

// maxCarrier bounds the size of a file of another format that is searched for parts.
// Kubernetes takes no ConfigMap that is larger.
const maxCarrier = 1 << 20

// carries reports whether a file of that name may hold nginx configuration in the
// blocks of another format: YAML, as it is, as a template of it or as Salt's states.
func carries(name string) bool {
	ext := strings.ToLower(filepath.Ext(name))
	if templateExts[ext] {
		ext = strings.ToLower(filepath.Ext(strings.TrimSuffix(name, filepath.Ext(name))))
	}
	return ext == ".yaml" || ext == ".yml" || ext == ".sls"
}

// partsOf returns the parts of the file at path, none where it cannot be read.
func (k *disk) partsOf(path string) []part {
	k.mu.Lock()
	defer k.mu.Unlock()
	parts, ok := k.parts[path]
	if !ok {
		parts = readParts(path)
		k.parts[path] = parts
	}
	return parts
}

func readParts(path string) []part {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxCarrier+1))
	if err != nil || len(b) > maxCarrier || !bytes.Contains(b, []byte("proxy_pass")) {
		return nil
	}
	text := string(b)
	var parts []part
	for p := range scalars(text) {
		if isPart(text[p.span.Start:p.span.End]) {
			p.text = &text
			parts = append(parts, p)
		}
	}
	return parts
}

// scalarOf returns the span of block scalar n of a text, an empty one where there are
// fewer.
func scalarOf(src string, n int) Span {
	for p := range scalars(src) {
		if p.n == n {
			return p.span
		}
	}
	return Span{}
}

// scalars returns the literal block scalars of a YAML text, or of a template of one:
// an entry of a Kubernetes ConfigMap, the content of an Ansible task. Folded and
// quoted ones are left out: their lines are not those that nginx reads.
func scalars(src string) iter.Seq[part] {
	return func(yield func(part) bool) {
		last := part{folder: 1}
		inner := 0 // the indentation of the last one's key
		for at := 0; at < len(src); {
			end := lineEnd(src, at)
			line := strings.TrimRight(src[at:end], " \t\r\n")
			at = end
			indent := indentOf(line)
			if line != "" && indent < inner && !controls(line) {
				last.folder, inner = last.folder+1, 0
			}
			key, ok := scalarKey(line)
			if !ok {
				continue
			}
			if indent != inner {
				last.folder, inner = last.folder+1, indent
			}
			last.n, last.key, last.span = last.n+1, key, scalarSpan(src, end, indent)
			if !yield(last) {
				return
			}
			at = max(end, last.span.End)
		}
	}
}

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
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' && !controls(line) {
			name := line[:nameEnd(line, 0, wordByte)]
			return strongName(name) || name == "server" && strings.HasSuffix(line, "{")
		}
	}
	return false
}

// scalarKey reports whether a line begins a literal block scalar, and under which
// key (YAML 1.2.2, 8.1).
func scalarKey(line string) (key string, ok bool) {
	line = strings.TrimSpace(line)
	if i := strings.Index(line, " #"); i >= 0 {
		line = strings.TrimSpace(line[:i])
	}
	i := strings.LastIndexByte(line, '|')
	if i < 2 || line[i-1] != ' ' || strings.Trim(line[i+1:], "+-123456789") != "" || line[0] == '#' {
		return "", false
	}
	words := strings.Fields(line[:i])
	for len(words) > 0 && (words[len(words)-1][0] == '&' || words[len(words)-1][0] == '!') { // an anchor, a tag
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		return "", false
	}
	head := strings.Join(words, " ")
	if head == "-" || head == "?" {
		return "", true
	}
	key, ok = strings.CutSuffix(head, ":")
	return strings.Trim(strings.TrimPrefix(key, "- "), `"' `), ok
}

// scalarSpan returns the span of the block scalar that begins at start and belongs
// to a key with that indentation. A template's control words may stand further out:
// such a line is part of the scalar where more of it follows, or where it ends what
// began in it.
func scalarSpan(src string, start, outer int) Span {
	inner, end := 0, start
	depth, open := 0, 0 // conditions that have begun and not ended: here, and at end
	for at, next := start, 0; at < len(src); at = next {
		next = lineEnd(src, at)
		line := strings.TrimRight(src[at:next], " \t\r\n")
		control := controls(line)
		if control {
			depth += opened(line)
		}
		switch indent := indentOf(line); {
		case line == "":
		case indent > outer && indent >= inner:
			if inner == 0 && !control {
				inner = indent
			}
			end, open = next, depth
		case !control, depth < 0: // it ends what began before the scalar
			return Span{start, end}
		case opened(line) < 0 && open > 0:
			end, open = next, open-1
		}
	}
	return Span{start, end}
}

// controls reports whether a line is nothing but a tag of a template.
func controls(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, "{{") && strings.HasSuffix(line, "}}") || strings.HasPrefix(line, "{%") && strings.HasSuffix(line, "%}")
}

// opened returns 1 for a tag that begins a condition, -1 for one that ends one.
func opened(line string) int {
	line = strings.TrimSpace(line)
	g, ok := newTagging(line, Span{0, len(line)}).at(0)
	switch {
	case ok && g.end == len(line) && g.class == openTag:
		return 1
	case ok && g.end == len(line) && g.class == closeTag:
		return -1
	}
	return 0
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// resolveParts finds the parts that an include directive names in the file that holds
// the main configuration: they become files of one folder, as a ConfigMap is mounted.
// Where the user says where a path lies, that counts.
func (b *building) resolveParts(inc *inclusion, name string) bool {
	main := b.w.of[b.c.Main]
	if main == nil || main.as.part == nil {
		return false
	}
	var found []*source
	for _, s := range b.w.parts[main.real] {
		p := s.as.part
		if s == main || p.key == "" || p.folder != main.as.part.folder || s.file != nil && isWhole(s.file) {
			continue
		}
		if ok, err := path.Match(path.Base(slashed(name)), p.key); ok && err == nil {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b *source) int { return strings.Compare(a.as.part.key, b.as.part.key) })
	inc.sources = append(inc.sources, found...)
	return len(found) > 0
}
