package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/rules"
)

// Statistics prints how often each rule found something, the most frequent
// first, how many of these findings have a fix, and the last lines of LintText.
func Statistics(w io.Writer, run *Run, s Style) error {
	b := bufio.NewWriter(w)
	byRule := map[*rules.Rule][]rules.Finding{}
	for _, f := range run.Findings {
		byRule[f.Rule] = append(byRule[f.Rule], f)
	}
	list := slices.SortedFunc(maps.Keys(byRule), func(x, y *rules.Rule) int {
		return cmp.Or(cmp.Compare(len(byRule[y]), len(byRule[x])), strings.Compare(x.Name, y.Name))
	})
	count, name, sorts := len("FINDINGS"), len("RULE"), 0
	for _, r := range list {
		count = max(count, len(fmt.Sprint(len(byRule[r]))))
		name = max(name, len(r.Name))
		sorts = max(sorts, len(tally(byRule[r])))
	}
	if len(list) > 0 {
		fmt.Fprintln(b, s.in(bold, fmt.Sprintf("%*s  %-*s  %-*s  %s", count, "FINDINGS", name, "RULE", sorts, "OF THESE", "FIXABLE")))
	}
	for _, r := range list {
		t := Count(byRule[r])
		fixable := "-"
		switch {
		case t.Safe > 0 && t.Unsafe > 0:
			fixable = fmt.Sprintf("%d, %d more with --unsafe", t.Safe, t.Unsafe)
		case t.Safe > 0:
			fixable = fmt.Sprint(t.Safe)
		case t.Unsafe > 0:
			fixable = fmt.Sprintf("%d with --unsafe", t.Unsafe)
		}
		fmt.Fprintf(b, "%*d  %s%*s  %-*s  %s\n", count, len(byRule[r]), s.link(RuleURL(r), r.Name), name-len(r.Name), "",
			sorts, tally(byRule[r]), fixable)
	}
	if !s.Quiet {
		if len(list) > 0 {
			fmt.Fprintln(b)
		}
		s.summary(b, run)
	}
	return b.Flush()
}
