package parser

import (
	"sort"
	"strings"
	"sync"
	"unicode/utf8"
)

// lineTable is where the lines of a text begin. It is made when it is first asked.
type lineTable struct {
	src string

	lineOnce sync.Once
	lines    []int // offset of the first byte of each line

	stepOnce sync.Once
	steps    []step // of long lines
}

func (t *lineTable) starts() []int {
	t.lineOnce.Do(func() {
		t.lines = make([]int, 1, strings.Count(t.src, "\n")+1)
		for i := 0; i < len(t.src); {
			n := strings.IndexByte(t.src[i:], '\n')
			if n < 0 {
				break
			}
			i += n + 1
			t.lines = append(t.lines, i)
		}
	})
	return t.lines
}

// longLine is the distance from a line's start from which on the characters before
// an offset are not counted one by one.
const longLine = 4096

// step is an offset in a file, and how many characters stand before it.
type step struct {
	offset, characters int
}

// characters returns how many characters stand from the start of a line up to an
// offset.
func (t *lineTable) characters(start, offset int) int {
	if offset-start < longLine {
		return utf8.RuneCountInString(t.src[start:offset])
	}
	t.stepOnce.Do(t.findSteps)
	return t.before(offset) - t.before(start)
}

// before returns how many characters stand before an offset.
func (t *lineTable) before(offset int) int {
	i := sort.Search(len(t.steps), func(i int) bool { return t.steps[i].offset > offset }) - 1
	return t.steps[i].characters + utf8.RuneCountInString(t.src[t.steps[i].offset:offset])
}

// findSteps counts the characters before an offset in every few thousand: one at
// which a byte of ASCII stands, which no character goes over.
func (t *lineTable) findSteps() {
	at := step{}
	t.steps = append(t.steps, at)
	for next := longLine; next < len(t.src); {
		if t.src[next] >= utf8.RuneSelf {
			next++
			continue
		}
		at = step{next, at.characters + utf8.RuneCountInString(t.src[at.offset:next])}
		t.steps = append(t.steps, at)
		next += longLine
	}
}
