package parser

// otherHead is a block that an earlier arm of a condition opened and that the body
// of the block in the last arm is the body of as well:
//
//	{% if a %} location /a { {% else %} location /b { {% endif %} … }
type otherHead struct {
	dir  *Directive
	own  []*Directive // what its arm holds of the body
	tags []Span       // those in it that may stand for directives
	skip int          // how many directives of the shared block its arm does not have
}

// joinHeads links the blocks that the last arm of a condition left open with those
// that the arms before it did. Inside such a block no other ones are linked, so that
// a body is walked once for each arm of one condition.
func (p *parsing) joinHeads(c openArm) {
	depth := len(c.blocks)
	for i := range p.open {
		if len(p.open[i].heads) > 0 {
			return
		}
	}
	for _, opened := range c.heads {
		if len(opened) == 0 || len(opened) != len(p.open)-depth {
			continue
		}
		for i, d := range opened {
			b := &p.open[depth+i]
			skip := len(p.children) - b.first
			if depth+i+1 < len(p.open) {
				skip = p.open[depth+i+1].first - b.first // with the block inside
			}
			tags := p.template.opens[d] // the last is the tag that ended its arm
			b.heads = append(b.heads, otherHead{d, d.Children, tags[:len(tags)-1], skip})
			b.since = p.file.count
		}
	}
}

// shareBody gives the other heads of a block that was read their part of its body.
func (p *parsing) shareBody(b openBlock) {
	for _, h := range b.heads {
		if p.restored += p.file.count - b.since; p.restored > maxRestored || h.skip > len(b.dir.Children) {
			return
		}
		rest := b.dir.Children[h.skip:]
		h.dir.Children = append(h.own[:len(h.own):len(h.own)], rest...)
		h.dir.Block = newBlock(h.dir.Children)
		p.template.opens[h.dir] = append(h.tags[:len(h.tags):len(h.tags)], p.template.opens[b.dir]...)
	}
}
