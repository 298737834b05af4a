package parser

import "github.com/tufanbarisyildirim/gonginx/config"

// storeSize is how many of a kind are allocated at once where there are many.
const storeSize = 256

// store is where the parts of trees come from: many small things share one
// allocation, those of several files too. It is used by one goroutine at a time.
type store struct {
	size     int // how many of each are allocated at once
	nodes    []node
	blocks   []config.Block
	words    []Word
	params   []config.Parameter
	pointers []*Directive
	ifaces   []config.IDirective
}

// node holds both halves of a directive.
type node struct {
	dir Directive
	gon config.Directive
}

func (s *store) directive() *Directive {
	if len(s.nodes) == 0 {
		s.nodes = make([]node, s.size)
	}
	n := &s.nodes[0]
	s.nodes = s.nodes[1:]
	n.dir.Directive = &n.gon
	return &n.dir
}

// block returns gonginx's block of d.
func (s *store) block(d *Directive) *config.Block {
	if len(s.blocks) == 0 {
		s.blocks = make([]config.Block, max(1, s.size/4))
	}
	b := &s.blocks[0]
	s.blocks = s.blocks[1:]
	b.Parent = d
	return b
}

// interfaces returns the directives as gonginx's.
func (s *store) interfaces(list []*Directive) []config.IDirective {
	if cap(s.ifaces)-len(s.ifaces) < len(list) {
		s.ifaces = make([]config.IDirective, 0, max(s.size, len(list)))
	}
	at := len(s.ifaces)
	for _, d := range list {
		s.ifaces = append(s.ifaces, d)
	}
	return s.ifaces[at:len(s.ifaces):len(s.ifaces)]
}

// carve copies items into a piece of *slab, so that many short slices share
// one allocation.
func carve[T any](slab *[]T, items []T, size int) []T {
	if len(items) == 0 {
		return nil
	}
	if cap(*slab)-len(*slab) < len(items) {
		*slab = make([]T, 0, max(size, len(items)))
	}
	at := len(*slab)
	*slab = append(*slab, items...)
	return (*slab)[at:len(*slab):len(*slab)]
}
