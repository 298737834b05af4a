package parser

import "sort"

// index keeps the tags of a template, by where they begin.
func (t *templateInfo) index(tags []Span) {
	t.tags, t.reach = tags, make([]int, len(tags))
	far := 0
	for i, tag := range tags {
		far = max(far, tag.End)
		t.reach[i] = far
	}
}

// from returns the index of the first tag that begins at or behind an offset.
func (t *templateInfo) from(offset int) int {
	return sort.Search(len(t.tags), func(i int) bool { return t.tags[i].Start >= offset })
}

// touches reports whether a tag stands in bytes of span.
func (t *templateInfo) touches(span Span) bool {
	i := t.from(span.End)
	return i > 0 && t.reach[i-1] > span.Start
}

// Unfinished reports whether what stands in d's own text, arguments and the blanks
// between them, may become more: it holds a tag of a template that is no comment and
// no assignment, though it may look as if it wrote nothing. A lambda of ERB writes where
// <% names[a] %> calls it.
func (d *Directive) Unfinished() bool {
	t := d.File.template
	if t == nil {
		return false
	}
	end := d.Span.End
	if d.IsBlock() {
		end = d.Body.Start
	}
	for _, span := range t.tags[t.from(d.Head.Span.Start):] {
		if span.Start >= end {
			break
		}
		if !leavesNothing(d.File.Src[span.Start:span.End]) {
			return true
		}
	}
	return false
}

// ArmAt returns the arm of a template's condition that an offset lies in.
func (f *File) ArmAt(offset int) *Arm {
	if f.template == nil {
		return nil
	}
	marks := f.template.marks
	i := sort.Search(len(marks), func(i int) bool { return marks[i].offset > offset })
	if i == 0 {
		return nil
	}
	return marks[i-1].arm
}

// Settled reports whether the bytes of span may be replaced in every case: no tag
// stands in them, and where a template has the block around them, it has them
// too.
func (f *File) Settled(span Span) bool {
	if HoldsTag(f.Src[span.Start:span.End]) {
		return false
	}
	if f.template == nil {
		return true
	}
	if f.template.touches(span) {
		return false
	}
	var arm *Arm
	for d := around(f.Directives, span.Start); d != nil; d = around(d.Children, span.Start) {
		arm = d.Arm()
	}
	return f.ArmAt(span.Start) == arm && f.ArmAt(span.End) == arm
}

// around returns the block of list whose body an offset lies in: the first, where arms
// of a condition are heads of one body.
func around(list []*Directive, offset int) *Directive {
	var found *Directive
	for i := sort.Search(len(list), func(i int) bool { return list[i].Span.Start > offset }) - 1; i >= 0; i-- {
		d := list[i]
		if d.IsBlock() && d.Body.Start <= offset && offset <= d.Body.End {
			found = d
		} else if found != nil || d.Span.End < offset {
			break
		}
	}
	return found
}
