package truth

import (
	"slices"
	"strings"
)

// node is a directive, a comment, or an include of files that are part of the
// tree.
type node struct {
	words []string // as they are written, quotes included; the name first
	block bool
	kids  []*node
	text  string  // a comment, from '#', in place of all the rest
	files []*file // what an include stands for
	loc   string  // the value of X-Loc in this block
}

// file is one file of a tree, with the hand it is written in.
type file struct {
	name  string // relative to the main file's folder
	nodes []*node
	style style
}

// style is how somebody lays out a file.
type style struct {
	indent  string
	newline string
	brace   string // what stands between a block's words and its brace
	gap     string // between words
	short   bool   // small blocks on one line
	columns bool   // each argument on a line of its own where there are many
	blank   bool   // an empty line after each block
	bare    bool   // the last line has no ending
}

// tree is a configuration: its main file first, then every file that an
// include reaches, then those that none does.
type tree struct {
	main  *file
	extra []*file
}

// dir makes a simple directive, or an open block for add.
func dir(words ...string) *node { return &node{words: words} }

func blockOf(words ...string) *node { return &node{words: words, block: true} }

func (n *node) add(kids ...*node) *node {
	n.kids = append(n.kids, kids...)
	return n
}

func (n *node) name() string {
	if len(n.words) == 0 {
		return ""
	}
	return n.words[0]
}

// files returns every file of the tree, each once.
func (t *tree) files() []*file {
	var all []*file
	var visit func(*file)
	var walk func([]*node)
	walk = func(nodes []*node) {
		for _, n := range nodes {
			for _, f := range n.files {
				visit(f)
			}
			walk(n.kids)
		}
	}
	visit = func(f *file) {
		if slices.Contains(all, f) {
			return
		}
		all = append(all, f)
		walk(f.nodes)
	}
	visit(t.main)
	for _, f := range t.extra {
		visit(f)
	}
	return all
}

// write returns the contents of the files by name.
func (t *tree) write() map[string]string {
	out := map[string]string{}
	for _, f := range t.files() {
		out[f.name] = f.write()
	}
	return out
}

func (f *file) write() string {
	var b strings.Builder
	f.style.write(&b, f.nodes, 0)
	s := b.String()
	if f.style.bare && len(f.nodes) > 0 && f.nodes[len(f.nodes)-1].text == "" {
		s = strings.TrimSuffix(s, f.style.newline)
	}
	return s
}

func (s *style) write(b *strings.Builder, nodes []*node, depth int) {
	in := strings.Repeat(s.indent, depth)
	for _, n := range nodes {
		b.WriteString(in)
		if n.text != "" {
			b.WriteString(n.text)
			b.WriteString(s.newline)
			continue
		}
		gap := s.gap
		if s.columns && len(n.words) > 4 {
			gap = s.newline + in + s.indent + " "
		}
		b.WriteString(n.words[0])
		for i, w := range n.words[1:] {
			if i == 0 {
				b.WriteString(s.gap)
			} else {
				b.WriteString(gap)
			}
			b.WriteString(w)
		}
		switch {
		case !n.block:
			b.WriteByte(';')
		case s.short && n.simple():
			b.WriteString(" {")
			for _, k := range n.kids {
				b.WriteString(" " + strings.Join(k.words, " ") + ";")
			}
			b.WriteString(" }")
		default:
			if strings.HasPrefix(s.brace, "\n") {
				b.WriteString(s.newline + in + "{")
			} else {
				if s.brace == "" && strings.HasSuffix(n.words[len(n.words)-1], "$") {
					b.WriteByte(' ') // "${" would begin a variable
				}
				b.WriteString(s.brace + "{")
			}
			b.WriteString(s.newline)
			s.write(b, n.kids, depth+1)
			b.WriteString(in + "}")
			if s.blank {
				b.WriteString(s.newline)
			}
		}
		b.WriteString(s.newline)
	}
}

// simple reports whether the block is small enough for one line.
func (n *node) simple() bool {
	if len(n.kids) > 3 {
		return false
	}
	for _, k := range n.kids {
		if k.block || k.text != "" {
			return false
		}
	}
	return true
}

// clone copies the tree. A file that is included in several places stays one.
func (t *tree) clone() *tree {
	seen := map[*file]*file{}
	var nodes func([]*node) []*node
	file := func(f *file) *file {
		if c := seen[f]; c != nil {
			return c
		}
		c := *f
		seen[f] = &c
		c.nodes = nodes(f.nodes)
		return &c
	}
	nodes = func(list []*node) []*node {
		out := make([]*node, len(list))
		for i, n := range list {
			c := *n
			c.words = slices.Clone(n.words)
			c.kids = nodes(n.kids)
			c.files = nil
			for _, f := range n.files {
				c.files = append(c.files, file(f))
			}
			out[i] = &c
		}
		return out
	}
	c := &tree{main: file(t.main)}
	for _, f := range t.extra {
		c.extra = append(c.extra, file(f))
	}
	return c
}

// included makes an include directive for files that lie in one folder.
func included(pattern string, files ...*file) *node {
	n := dir("include", pattern)
	n.files = files
	return n
}
