package fixer

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/wsnginx/wsnginx/rules"
)

// Merge puts fixes together, earlier ones first, each whole or not at all.
// accepted[i] tells whether fixes[i] is in; edits are those of the accepted
// ones by file name, in the order in which Apply uses them.
//
// Every edit is on the original bytes. Equal edits coalesce, whatever their
// Rank: two fixes may ask for the same line. Insertions at one offset never
// conflict, and neither does one at the edge of a replaced span. A fix with an
// edit that overlaps another replacement is left for the next round.
func Merge(fixes []*rules.Fix) (accepted []bool, edits map[string][]rules.Edit) {
	accepted = make([]bool, len(fixes))
	files := map[string]*fileEdits{}
	for i, fix := range fixes {
		if check(fix) != nil || slices.ContainsFunc(fix.Edits, func(e rules.Edit) bool {
			f := files[e.File.Name]
			return f != nil && !f.fits(e)
		}) {
			continue
		}
		accepted[i] = true
		for _, e := range fix.Edits {
			f := files[e.File.Name]
			if f == nil {
				f = &fileEdits{}
				files[e.File.Name] = f
			}
			f.add(e)
		}
	}
	edits = make(map[string][]rules.Edit, len(files))
	for name, f := range files {
		edits[name] = inOrder(append(f.points, f.spans...))
	}
	return accepted, edits
}

// Apply returns src with edits made. It panics where they overlap or do not
// lie in src: Merge has seen to that.
func Apply(src string, edits []rules.Edit) string {
	if len(edits) == 0 {
		return src
	}
	edits = inOrder(slices.Clone(edits))
	size := len(src)
	for _, e := range edits {
		size += len(e.New) - e.Span.Len()
	}
	var b strings.Builder
	b.Grow(max(size, 0))
	at := 0
	for _, e := range edits {
		if e.Span.Start < at || e.Span.End < e.Span.Start || e.Span.End > len(src) {
			panic(fmt.Sprintf("fixer: edit %v after offset %d of %d bytes", e.Span, at, len(src)))
		}
		b.WriteString(src[at:e.Span.Start])
		b.WriteString(e.New)
		at = e.Span.End
	}
	b.WriteString(src[at:])
	return b.String()
}

// inOrder sorts edits by place; at one place insertions come first, by Rank and
// then by text, so that the bytes do not depend on the order of the fixes.
func inOrder(edits []rules.Edit) []rules.Edit {
	slices.SortStableFunc(edits, func(a, b rules.Edit) int {
		return cmp.Or(
			cmp.Compare(a.Span.Start, b.Span.Start),
			cmp.Compare(a.Span.End, b.Span.End),
			cmp.Compare(a.Rank, b.Rank),
			strings.Compare(a.New, b.New),
		)
	})
	return edits
}

// check returns what makes a fix impossible on its own, a mistake of its rule.
func check(fix *rules.Fix) error {
	if len(fix.Edits) == 0 {
		return errors.New("it has no edits")
	}
	for _, e := range fix.Edits {
		if e.File == nil {
			return errors.New("an edit names no file")
		}
		if e.Span.Start < 0 || e.Span.End < e.Span.Start || e.Span.End > len(e.File.Src) {
			return fmt.Errorf("its edit %v does not lie in the %d bytes of %s", e.Span, len(e.File.Src), e.File.Name)
		}
	}
	if len(fix.Edits) == 1 {
		return nil
	}
	edits := slices.Clone(fix.Edits)
	slices.SortFunc(edits, func(a, b rules.Edit) int {
		return cmp.Or(strings.Compare(a.File.Name, b.File.Name), cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(a.Span.End, b.Span.End))
	})
	last := edits[0] // of those before, the one that ends last
	for _, e := range edits[1:] {
		switch {
		case last.File.Name != e.File.Name:
			last = e
		case overlap(last, e) && !equal(last, e):
			return fmt.Errorf("its edits %v and %v overlap", last.Span, e.Span)
		case e.Span.End > last.Span.End:
			last = e
		}
	}
	return nil
}

// overlap reports whether two edits in one file touch the same bytes. For an
// insertion it holds strictly inside the other's span only.
func overlap(a, b rules.Edit) bool {
	return a.Span.Start < b.Span.End && b.Span.Start < a.Span.End
}

func equal(a, b rules.Edit) bool { return a.Span == b.Span && a.New == b.New }

// fileEdits are the accepted edits of one file.
type fileEdits struct {
	points []rules.Edit // insertions, by offset and text, no two equal
	spans  []rules.Edit // replacements and deletions, by offset, disjoint
}

// spanAfter returns the index of the first replaced span that ends after offset.
func (f *fileEdits) spanAfter(offset int) int {
	return sort.Search(len(f.spans), func(i int) bool { return f.spans[i].Span.End > offset })
}

// fits reports whether e can join the edits: it overlaps none but an equal one.
func (f *fileEdits) fits(e rules.Edit) bool {
	if i := f.spanAfter(e.Span.Start); i < len(f.spans) && overlap(f.spans[i], e) {
		return equal(f.spans[i], e)
	}
	inside := sort.Search(len(f.points), func(i int) bool { return f.points[i].Span.Start > e.Span.Start })
	return inside == len(f.points) || f.points[inside].Span.Start >= e.Span.End
}

// add puts in an edit that fits.
func (f *fileEdits) add(e rules.Edit) {
	if e.Span.Len() > 0 {
		if i := f.spanAfter(e.Span.Start); i == len(f.spans) || !equal(f.spans[i], e) {
			f.spans = slices.Insert(f.spans, i, e)
		}
		return
	}
	i, found := slices.BinarySearchFunc(f.points, e, func(a, b rules.Edit) int {
		return cmp.Or(cmp.Compare(a.Span.Start, b.Span.Start), strings.Compare(a.New, b.New))
	})
	if found {
		f.points[i].Rank = min(f.points[i].Rank, e.Rank)
		return
	}
	f.points = slices.Insert(f.points, i, e)
}

// moves tells where offsets go when edits are applied.
type moves struct {
	edits []rules.Edit // as Merge orders them
	grown []int        // bytes gained by edits[:i]
}

func newMoves(edits []rules.Edit) *moves {
	m := &moves{edits, make([]int, len(edits)+1)}
	for i, e := range edits {
		m.grown[i+1] = m.grown[i] + len(e.New) - e.Span.Len()
	}
	return m
}

// to returns the new offset of what stood at offset. What is inserted there
// comes before it; inside a replaced span it is the start of the replacement.
func (m *moves) to(offset int) int {
	i := sort.Search(len(m.edits), func(i int) bool { return m.edits[i].Span.End > offset })
	if i < len(m.edits) && m.edits[i].Span.Start < offset {
		offset = m.edits[i].Span.Start
	}
	return offset + m.grown[i]
}
