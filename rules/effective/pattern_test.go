package effective

import (
	"strings"
	"testing"
)

// TestStuck holds that a pattern which takes too long is asked no more, and that nothing
// is said of what it matches.
func TestStuck(t *testing.T) {
	p := compile(`^(?!x)(a+)+b$`, false)
	long := strings.Repeat("a", 60) + "c"
	for i := range 5 {
		if _, _, ok := p.match(long); ok {
			t.Fatalf("match %d of %q is decided", i, long)
		}
	}
	if n := p.stuck.Load(); n != maxStuck {
		t.Errorf("%d matches took too long, want that no more than %d were tried", n, maxStuck)
	}
	allStuck.Add(-maxStuck)
	q := compile(`^(?!x)(a+)+b$`, false)
	if _, matched, ok := q.match("aab"); !ok || !matched {
		t.Error("another pattern that is quick is not decided")
	}
}
