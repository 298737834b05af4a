package settings

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Show prints what applies to a file and where each of it comes from. The lines
// of rules are those that differ from a run without settings and flags.
func (a *Applied) Show(w io.Writer, file string) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s\n", file)
	name := "none"
	if a.Settings != nil {
		name = a.Settings.Name
	}
	lines := []Value{{"settings", name, ""}}
	on := 0
	for _, st := range a.States {
		if st.On {
			on++
		}
	}
	lines = append(lines, Value{"rules", fmt.Sprintf("%d of %d", on, len(a.States)), ""})
	for _, st := range a.States {
		switch {
		case !st.On && !st.Rule.Advice:
			lines = append(lines, Value{"  " + st.Rule.Name, "off", st.From})
		case st.On && st.Severity != 0:
			lines = append(lines, Value{"  " + st.Rule.Name, st.Severity.String(), st.SeverityFrom})
		case st.On && st.Rule.Advice:
			lines = append(lines, Value{"  " + st.Rule.Name, st.Rule.Severity.String(), st.From})
		}
	}
	lines = append(lines, a.values...)
	key, text := 0, 0
	for _, v := range lines {
		key, text = max(key, len(v.Key)), max(text, min(len(v.Text), 40))
	}
	for _, v := range lines {
		fmt.Fprintln(b, strings.TrimRight(fmt.Sprintf("  %-*s  %-*s  %s", key, v.Key, text, v.Text, v.From), " "))
	}
	return b.Flush()
}
