package fixer

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// change says that the lines a0 to a1 of one text became b0 to b1 of another.
type change struct{ a0, a1, b0, b1 int }

// text is a text cut into lines, each with its line feed.
type text struct {
	src    string
	starts []int // of each line, and len(src)
	ids    []int // of each line; equal lines have equal ids
}

func newText(src string) *text {
	t := &text{src: src, starts: make([]int, 1, strings.Count(src, "\n")+2)}
	for at := 0; at < len(src); {
		n := strings.IndexByte(src[at:], '\n') + 1
		if n == 0 {
			n = len(src) - at
		}
		at += n
		t.starts = append(t.starts, at)
	}
	return t
}

func (t *text) lines() int               { return len(t.starts) - 1 }
func (t *text) line(i int) string        { return t.part(i, i+1) }
func (t *text) part(from, to int) string { return t.src[t.starts[from]:t.starts[to]] }

// maxLines bounds what is handed to go-diff at once: its work grows with the
// square of the difference, and it numbers lines with runes, which run out.
// What is left of a configuration after cutting it at its unique lines is far
// smaller; a longer rest is shown as removed and added.
const maxLines = 8192

// maxCuts bounds how often a piece is cut again, for texts made to be slow.
const maxCuts = 64

// comparison is one run of compare.
type comparison struct {
	a, b    *text
	seen    []occurrence // by id, zero outside cut
	changes []change
}

type occurrence struct{ inA, inB, atA int }

// compare returns the changes that turn a into b, in order. Both are cut at
// lines that either has once (patience diff: such lines are what a reader
// recognizes, and it keeps the work linear); go-diff compares the pieces.
func compare(a, b *text) []change {
	c := &comparison{a: a, b: b}
	ids := make(map[string]int)
	for _, t := range []*text{a, b} {
		t.ids = make([]int, t.lines())
		for i := range t.ids {
			id, ok := ids[t.line(i)]
			if !ok {
				id = len(ids)
				ids[t.line(i)] = id
			}
			t.ids[i] = id
		}
	}
	c.seen = make([]occurrence, len(ids))
	c.piece(0, a.lines(), 0, b.lines(), 0)
	return c.changes
}

func (c *comparison) piece(a0, a1, b0, b1, cuts int) {
	for a0 < a1 && b0 < b1 && c.a.ids[a0] == c.b.ids[b0] {
		a0++
		b0++
	}
	for a0 < a1 && b0 < b1 && c.a.ids[a1-1] == c.b.ids[b1-1] {
		a1--
		b1--
	}
	if a0 == a1 || b0 == b1 {
		c.add(change{a0, a1, b0, b1})
		return
	}
	anchors, common := c.cut(a0, a1, b0, b1)
	switch {
	case len(anchors) > 0 && cuts < maxCuts:
		for _, at := range anchors {
			c.piece(a0, at.a0, b0, at.b0, cuts+1)
			a0, b0 = at.a0, at.b0
		}
		c.piece(a0, a1, b0, b1, cuts+1)
	case !common || a1-a0+b1-b0 > maxLines:
		c.add(change{a0, a1, b0, b1})
	default:
		c.goDiff(a0, a1, b0, b1)
	}
}

// cut returns where lines that both pieces have exactly once stand in the same
// order, as many as there can be, and whether any line is in both.
func (c *comparison) cut(a0, a1, b0, b1 int) (anchors []change, common bool) {
	for i, id := range c.a.ids[a0:a1] {
		c.seen[id].inA++
		c.seen[id].atA = a0 + i
	}
	for _, id := range c.b.ids[b0:b1] {
		c.seen[id].inB++
		common = common || c.seen[id].inA > 0
	}
	var once []change // in the order of b
	for i, id := range c.b.ids[b0:b1] {
		if s := c.seen[id]; s.inA == 1 && s.inB == 1 {
			once = append(once, change{a0: s.atA, b0: b0 + i})
		}
	}
	for _, id := range c.a.ids[a0:a1] {
		c.seen[id] = occurrence{}
	}
	for _, id := range c.b.ids[b0:b1] {
		c.seen[id] = occurrence{}
	}
	return increasing(once), common
}

// increasing returns the longest part of once whose lines are in the order of a.
func increasing(once []change) []change {
	var ends []int // ends[n] is where the best sequence of n+1 ends
	previous := make([]int, len(once))
	for i, o := range once {
		n := sort.Search(len(ends), func(n int) bool { return once[ends[n]].a0 > o.a0 })
		previous[i] = -1
		if n > 0 {
			previous[i] = ends[n-1]
		}
		if n == len(ends) {
			ends = append(ends, i)
		} else {
			ends[n] = i
		}
	}
	var longest []change
	if len(ends) > 0 {
		for i := ends[len(ends)-1]; i >= 0; i = previous[i] {
			longest = append(longest, once[i])
		}
	}
	slices.Reverse(longest)
	return longest
}

// goDiff compares a piece line by line. go-diff stands each line for a rune, so
// bytes that are not UTF-8 never reach it, and without a timeout its answer
// does not depend on the speed of the machine.
func (c *comparison) goDiff(a0, a1, b0, b1 int) {
	dmp := diffmatchpatch.New()
	dmp.DiffTimeout = 0
	ra, rb, _ := dmp.DiffLinesToRunes(c.a.part(a0, a1), c.b.part(b0, b1))
	for _, d := range dmp.DiffMainRunes(ra, rb, false) {
		n := utf8.RuneCountInString(d.Text)
		switch d.Type {
		case diffmatchpatch.DiffEqual:
			a0 += n
			b0 += n
		case diffmatchpatch.DiffDelete:
			c.add(change{a0, a0 + n, b0, b0})
			a0 += n
		case diffmatchpatch.DiffInsert:
			c.add(change{a0, a0, b0, b0 + n})
			b0 += n
		}
	}
}

// add appends a change, as part of the one before where they touch.
func (c *comparison) add(n change) {
	if n.a0 == n.a1 && n.b0 == n.b1 {
		return
	}
	if len(c.changes) > 0 {
		if last := &c.changes[len(c.changes)-1]; last.a1 == n.a0 && last.b1 == n.b0 {
			last.a1, last.b1 = n.a1, n.b1
			return
		}
	}
	c.changes = append(c.changes, n)
}
