package rules

import "fmt"

// named is what a finding says of a file that configurations name, and what that
// file holds: as often as it is named, it is one thing to mend.
type named struct {
	text, message string
}

// uniteNamed makes one of the findings that say the same of one file, at the
// first line that names it. Those that a comment ignores stay as they are.
func (c *collection) uniteNamed() {
	var first map[named]*Finding
	more := map[*Finding][]Place{}
	gone := map[int]bool{}
	for i, f := range c.findings {
		if f.named == nil || f.Ignored != "" {
			continue
		}
		if first == nil {
			first = map[named]*Finding{}
		}
		have := first[*f.named]
		if have == nil {
			first[*f.named] = f
			continue
		}
		more[have] = append(more[have], Place{f.File, f.Span, "named here too"})
		gone[i] = true
	}
	for f, places := range more {
		if n := len(places); n > maxNamed {
			places = places[:maxNamed]
			places[maxNamed-1].Message = fmt.Sprintf("named here too, and on %d more lines", n-maxNamed)
			if n == maxNamed+1 {
				places[maxNamed-1].Message = "named here too, and on one more line"
			}
		}
		f.Related = append(f.Related, places...)
	}
	c.remove(gone)
}
