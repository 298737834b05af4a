package report

import (
	"maps"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/fixer"
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
)

// change is a run of lines that fixes replace by others.
type change struct {
	file     *parser.File
	line     int // of the first old line, or of the line before which is inserted
	old, new []string
}

// changes returns what fixes do to whole lines, as the fixer's first round
// merges them: those of home first, then by file name and place.
func changes(fixes []*rules.Fix, home *parser.File) []change {
	if len(fixes) == 0 {
		return nil
	}
	_, edits := fixer.Merge(fixes)
	names := slices.SortedFunc(maps.Keys(edits), func(a, b string) int {
		if (a == home.Name) != (b == home.Name) {
			if a == home.Name {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	var out []change
	for _, name := range names {
		out = append(out, fileChanges(edits[name])...)
	}
	return out
}

// fileChanges returns what the edits of one file, in order, do to its lines.
func fileChanges(edits []rules.Edit) []change {
	var out []change
	for len(edits) > 0 {
		// A run of whole lines, grown while the next edit starts in it.
		f := edits[0].File
		start := f.LineStart(edits[0].Span.Start)
		end := start
		n := 0
		for n < len(edits) && (n == 0 || edits[n].Span.Start < end || edits[n].Span.Start == len(f.Src)) {
			end = max(end, f.LineEnd(edits[n].Span.End))
			n++
		}
		line := f.Position(start).Line
		from, to := vicinity(f.Src[start:end], edits[0].Span.Start-start, edits[n-1].Span.End-start)
		start, end = start+from, start+to
		local := slices.Clone(edits[:n])
		for i := range local {
			local[i].Span.Start -= start
			local[i].Span.End -= start
		}
		edits = edits[n:]
		old := f.Src[start:end]
		out = append(out, trim(change{
			file: f,
			line: line,
			old:  lines(old),
			new:  lines(fixer.Apply(old, local)),
		}))
	}
	return out
}

// lines splits text into lines without their endings.
func lines(text string) []string {
	if text == "" {
		return nil
	}
	out := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := range out {
		out[i] = strings.TrimSuffix(out[i], "\r")
	}
	return out
}

// trim takes the lines that stay the same off both ends of c.
func trim(c change) change {
	for len(c.old) > 0 && len(c.new) > 0 && c.old[0] == c.new[0] {
		c.old, c.new = c.old[1:], c.new[1:]
		c.line++
	}
	for len(c.old) > 0 && len(c.new) > 0 && c.old[len(c.old)-1] == c.new[len(c.new)-1] {
		c.old, c.new = c.old[:len(c.old)-1], c.new[:len(c.new)-1]
	}
	return c
}

// perFile returns the edits of one fix by file, in the order of its files and
// in each as the fixer makes them.
func perFile(fix *rules.Fix) [][]rules.Edit {
	_, edits := fixer.Merge([]*rules.Fix{fix})
	var out [][]rules.Edit
	for _, e := range fix.Edits {
		if list := edits[e.File.Name]; len(list) > 0 {
			out = append(out, list)
			delete(edits, e.File.Name)
		}
	}
	return out
}
