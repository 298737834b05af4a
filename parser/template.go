package parser

import (
	"path/filepath"
	"sort"
	"strings"
)

// templateInfo is what is known of a file that was read as a template.
type templateInfo struct {
	tags  []Span                // by where they begin
	reach []int                 // how far each of tags and those before it reach
	arms  map[*Directive]*Arm   // the arm a directive stands in, where that is one
	opens map[*Directive][]Span // by block, nil for the file: the tags in it that may stand for directives
	marks []armMark             // where arms begin and end
}

// armMark says which arm begins at an offset.
type armMark struct {
	offset int
	arm    *Arm
}

// condition is one condition, loop or definition of a template.
type condition struct {
	arms  int
	whole bool // the last of them is for everything else
}

// Arm is a part of a template that is there only sometimes: what stands between
// an if and its else, or in a loop.
type Arm struct {
	cond    *condition
	n       int
	up      *Arm
	defines bool // it is, or stands in, a definition
}

// Outer returns the arm around a, nil where there is none.
func (a *Arm) Outer() *Arm { return a.up }

// Covered reports whether one of arms is always there: they hold every arm of
// one condition that has an else.
func Covered(arms []*Arm) bool {
	for _, a := range arms {
		if a == nil || !a.cond.whole {
			continue
		}
		seen := map[int]bool{}
		for _, b := range arms {
			if a.Alternative(b) && a.up == b.up {
				seen[b.n] = true
			}
		}
		if len(seen) == a.cond.arms {
			return true
		}
	}
	return false
}

// Defines reports whether a is, or stands in, a definition that is used
// elsewhere: a block of Go's "define", a Jinja macro.
func (a *Arm) Defines() bool { return a != nil && a.defines }

// Alternative reports whether a and b are arms of one condition, or the same.
func (a *Arm) Alternative(b *Arm) bool { return a != nil && b != nil && a.cond == b.cond }

// Arm returns the arm of a template's condition that d stands in; nil where d is
// always there.
func (d *Directive) Arm() *Arm {
	if d.File.template == nil {
		return nil
	}
	return d.File.template.arms[d]
}

// SameArm reports whether a and b stand in the same arms of a template's
// conditions, so that both are there or neither. In plain nginx it is true of
// all directives of a file.
func SameArm(a, b *Directive) bool { return a.Arm() == b.Arm() }

// Open returns the tags in d's block that may stand for directives nobody
// sees.
func (d *Directive) Open() []Span {
	if d.File.template == nil {
		return nil
	}
	return d.File.template.opens[d]
}

// Open returns the tags outside any block that may stand for directives nobody
// sees.
func (f *File) Open() []Span {
	if f.template == nil {
		return nil
	}
	return f.template.opens[nil]
}

// Tags returns the spans of the tags of a template.
func (f *File) Tags() []Span {
	if f.template == nil {
		return nil
	}
	return f.template.tags
}

// readTemplate reads what stands in a span of f as a template, after plain reading
// gave f. It returns nil where nothing in it speaks for one.
func readTemplate(f *File, span Span) *File {
	g := readTags(f, newTagging(f.Src, span), span)
	if len(f.Errors) == 0 || g != nil && len(g.Errors) == 0 || !holdsSharps(f.Src[span.Start:span.End]) {
		return g
	}
	// "server ##HOST##:80;" lacks its ';' where the rest of the line is a comment.
	t := newTagging(f.Src, span)
	t.sharps = true
	if h := readTags(f, t, span); h != nil && len(h.Errors) == 0 {
		return h
	}
	return g
}

// readTags is readTemplate with the tags that t knows.
func readTags(f *File, t *tagging, span Span) *File {
	t.jinja = t.jinja || jinjaExts[strings.ToLower(filepath.Ext(f.Name))]
	mako := isMako(f.Name)
	if mako {
		t.asMako()
	}
	p := newParsing(f.Name, f.Src, span, nil)
	p.file.as, p.file.lines = f.as, f.lines
	p.scan.tagged = &taggedScan{tagging: t}
	p.template = &templateInfo{arms: map[*Directive]*Arm{}, opens: map[*Directive][]Span{}}
	if !mako {
		if p.dollar = writtenDollar(f.Src[span.Start:span.End], f.as.part); p.dollar == "" {
			t.plain = f
		}
	}
	p.setHeads()
	p.finishFile()
	g := p.file
	if t.kind == "" && (mako || len(g.Errors) < len(f.Errors)) { // the quotes of its tags end nginx's
		t.kind = t.quoted
	}
	switch {
	case t.doubled && len(g.Errors) == 0:
		t.kind = Format
	case t.kind == "" && p.dollar == "":
		return nil
	case t.kind == "":
		t.kind = Shell
	case p.dollar != "" && t.kind == Placeholder:
		t.kind = Shell
	case t.kind == Placeholder && len(f.Errors) <= len(g.Errors) && len(t.alone) == 0 && !t.blanks:
		return nil
	case len(f.Errors) > 0 && len(g.Errors) > 0 && t.kind == Placeholder:
		return nil // nginx's words for what is wrong say more
	case len(f.Errors) == 0 && len(g.Errors) > 0 && f.cutTags(t.all()):
		return nil // nginx reads it, and what looks like tags means nothing
	}
	g.Template, g.Dollar, g.template = t.kind, p.dollar, p.template
	g.template.index(t.all())
	if len(g.Errors) > 0 {
		first := *g.Errors[0]
		first.Msg = "this template could not be read: " + first.Msg
		g.Errors = []*SyntaxError{&first}
		g.Directives, g.includes, g.count = nil, nil, 0
		g.template.arms, g.template.opens = nil, nil
	}
	return g
}

// cutTags reports whether no tag stands in one directive of f, a file that nginx reads:
// each goes over the end of the directive that it begins in, or stands in a comment.
func (f *File) cutTags(tags []Span) bool {
	var words []Span // in order; those of a directive, from its name to what ends it
	var walk func(list []*Directive)
	walk = func(list []*Directive) {
		for _, d := range list {
			end := d.Span.End
			if d.IsBlock() {
				end = d.Body.Start
			}
			words = append(words, Span{d.Span.Start, end})
			walk(d.Children)
		}
	}
	walk(f.Directives)
	for _, tag := range tags {
		i := sort.Search(len(words), func(i int) bool { return words[i].End > tag.Start })
		if i < len(words) && words[i].Start < tag.End && tag.End <= words[i].End {
			return false
		}
	}
	return true
}

// unreadable reports whether f is a template that could not be read.
func (f *File) unreadable() bool { return f.Template != "" && len(f.Errors) > 0 }

// maxRestored bounds how many directives are taken up again because the arms of
// a condition each close the block around them.
const maxRestored = 100_000

// openArm is a condition that waits for its end.
type openArm struct {
	blocks []openBlock    // the blocks that were open where it began
	heads  [][]*Directive // those that each arm so far opened and left open, outermost first
}

// tagToken follows a tag that stands by itself.
func (p *parsing) tagToken(span Span) {
	g := p.scan.tagged.tag
	switch g.class {
	case valueTag:
		if p.cur != nil {
			return
		}
		if p.scan.tagged.toggle {
			p.toggled = true
			return
		}
		p.opens(span)
	default:
		p.control(span, g)
	}
}

// opens records that a tag in the innermost block may stand for directives.
func (p *parsing) opens(span Span) {
	var block *Directive
	if n := len(p.open); n > 0 {
		block = p.open[n-1].dir
	}
	p.template.opens[block] = append(p.template.opens[block], span)
}

// control follows a tag that begins, parts or ends a condition.
func (p *parsing) control(span Span, g tag) {
	switch g.class {
	case openTag:
		p.arm = &Arm{cond: &condition{arms: 1}, up: p.arm, defines: g.define || p.arm.Defines()}
		p.conditions = append(p.conditions, openArm{blocks: append([]openBlock(nil), p.open...)})
	case elseTag:
		if p.arm == nil {
			return
		}
		p.arm.cond.whole = p.arm.cond.whole || g.last
		p.arm.cond.arms++
		p.arm = &Arm{cond: p.arm.cond, n: p.arm.n + 1, up: p.arm.up, defines: p.arm.defines}
		if p.cur == nil {
			p.restore(p.conditions[len(p.conditions)-1].blocks, span)
		}
	case closeTag:
		if p.arm == nil {
			return
		}
		p.arm = p.arm.up
		if p.cur == nil {
			p.joinHeads(p.conditions[len(p.conditions)-1])
		}
		p.conditions = p.conditions[:len(p.conditions)-1]
		if p.marked && p.cur == nil && !strings.HasPrefix(strings.TrimLeft(p.file.Src[span.End:], " \t\r"), "\n") {
			p.toggled = true // {% if x %}# {% endif %}listen 80;
		}
		p.marked = false
	default:
		return
	}
	p.template.marks = append(p.template.marks, armMark{span.End, p.arm})
}

// restore opens and closes blocks so that the next arm of a condition begins
// where the first one did: "{% if a %} location /a { {% else %} location /b {
// {% endif %} … }" has one body for two heads, and a block may be closed in each
// arm.
func (p *parsing) restore(blocks []openBlock, span Span) {
	var opened []*Directive
	for i := len(blocks); i < len(p.open); i++ {
		opened = append(opened, p.open[i].dir)
	}
	c := &p.conditions[len(p.conditions)-1]
	c.heads = append(c.heads, opened)
	for len(p.open) > len(blocks) {
		d := p.closeBlock(span.Start)
		d.Span.End = span.Start
		p.template.opens[d] = append(p.template.opens[d], span)
		p.last = nil
	}
	for len(p.open) < len(blocks) {
		b := blocks[len(p.open)]
		n := len(p.children)
		if n == 0 || p.children[n-1] != b.dir {
			return // the braces do not match, which the end of the file will tell
		}
		if p.restored += len(b.dir.Children); p.restored > maxRestored {
			return
		}
		b.first = n
		p.children = append(p.children, b.dir.Children...)
		p.open = append(p.open, b)
		p.last = nil
	}
	p.setHeads()
}

// setHeads tells the scanner what the statements of the innermost block may
// begin with.
func (p *parsing) setHeads() {
	if t := p.scan.tagged; t != nil {
		t.heads, t.words = p.knownBlock(), p.wordBlock() != ""
	}
}

// record records what a template says of a directive: its arm, and that one whose
// name a tag makes may be any.
func (p *parsing) record(d *Directive) {
	if p.headArm != nil {
		p.template.arms[d] = p.headArm
	}
	if p.wordBlock() == "" && HoldsTag(d.Head.Value) {
		p.opens(d.Head.Span)
	}
}

// armFor returns the arm of a directive that begins here.
func (p *parsing) armFor() *Arm {
	if p.toggled {
		p.toggled = false
		return &Arm{cond: &condition{arms: 1}, up: p.arm, defines: p.arm.Defines()}
	}
	return p.arm
}

// knownBlock reports whether the statements of the innermost block are nginx's
// own, so that a placeholder among them is no name that a module knows.
func (p *parsing) knownBlock() bool {
	if len(p.open) == 0 {
		return p.file.as.words == ""
	}
	switch p.open[len(p.open)-1].dir.Head.Value {
	case "http", "server", "location", "upstream", "events", "stream", "mail", "if", "limit_except":
		return true
	}
	return false
}

// commentTags follows the tags in a comment: a template's conditions end there
// as elsewhere.
func (p *parsing) commentTags(s Span) {
	for i := s.Start; i < s.End; i++ {
		if c := p.file.Src[i]; c == '{' || c == '<' || c == '[' {
			if g, ok := p.scan.tagged.at(i); ok {
				p.control(Span{i, g.end}, g)
				i = g.end - 1
			}
		}
	}
}
