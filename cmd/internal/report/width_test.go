package report

import (
	"bytes"
	"strings"
	"testing"
)

// What a terminal shows is no wider than it, and ends in no blanks. A word that
// is wider by itself, such as a place, may stick out.
func TestWidths(t *testing.T) {
	routes := sampleRoutes(t)
	for _, width := range []int{40, 60, 72, 80, 100, 120, 200} {
		s := etc
		s.Width = width
		var table, told, lint bytes.Buffer
		if err := RoutesText(&table, routes, routes, s); err != nil {
			t.Fatal(err)
		}
		if err := TraceText(&told, sampleTrace(t), s); err != nil {
			t.Fatal(err)
		}
		if err := LintText(&lint, sample(t), s); err != nil {
			t.Fatal(err)
		}
		for name, b := range map[string]*bytes.Buffer{"routes": &table, "trace": &told, "lint": &lint} {
			for line := range strings.Lines(b.String()) {
				line = strings.TrimSuffix(line, "\n")
				if n := textWidth(line); n > width && len(strings.Fields(line)) > 1 {
					t.Errorf("%s at width %d has a line of %d columns: %q", name, width, n, line)
				}
				if strings.HasSuffix(line, " ") {
					t.Errorf("%s at width %d has a line that ends in blanks: %q", name, width, line)
				}
			}
		}
	}
}

// On a narrow terminal a route has two lines, and its verdict stays whole.
func TestRoutesNarrow(t *testing.T) {
	s := etc
	s.Width = 80
	var b bytes.Buffer
	routes := sampleRoutes(t)
	if err := RoutesText(&b, routes, routes, s); err != nil {
		t.Fatal(err)
	}
	golden(t, "routes-narrow.txt", b.String())
}

func TestCutFront(t *testing.T) {
	for _, c := range []struct {
		in, want string
		n        int
	}{
		{"conf.d/app.conf:12", "conf.d/app.conf:12", 18},
		{"conf.d/app.conf:12", "…/app.conf:12", 13},
		{"日本/a.conf:1", "…/a.conf:1", 11},
		{"abc", "…", 1},
	} {
		if got := cutFront(c.in, c.n); got != c.want {
			t.Errorf("cutFront(%q, %d) = %q, want %q", c.in, c.n, got, c.want)
		}
	}
}
