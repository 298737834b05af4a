package report

import (
	"testing"

	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// Every cause that a rule speaks for has its words.
func TestReasonTexts(t *testing.T) {
	n := 0
	for _, r := range rules.All() {
		if r.Reason == "" {
			continue
		}
		n++
		word := reasonTexts[r.Reason]
		if word == "" {
			t.Errorf("%s has no words in reasonTexts", r.Reason)
		}
		if len(word) > 16 {
			t.Errorf("%q is too long for a table", word)
		}
		broken := &effective.Route{Verdict: effective.Broken, Reasons: []effective.Reason{{Kind: r.Reason}}}
		if broken.Sentence() == "" {
			t.Errorf("effective has no sentence for %s", r.Reason)
		}
	}
	if n < 15 {
		t.Errorf("%d rules speak for causes; the list is wrong", n)
	}
}

func TestFixedLeft(t *testing.T) {
	mends := &rules.Rule{Fixable: "safe"}
	withdrawn := rules.Finding{Rule: mends, Message: "taken back", Fix: &rules.Fix{Safety: rules.Safe}}
	x := &Fixed{Withdrawn: func(f *rules.Finding) string {
		if f.Message == "taken back" {
			return "the finding is still there after it"
		}
		return ""
	}}
	for _, c := range []struct {
		f    rules.Finding
		want string
	}{
		{rules.Finding{Rule: &rules.Rule{}}, "the change is left to a person"},
		{rules.Finding{Rule: mends}, "no fix is sure here: the change is left to a person"},
		{rules.Finding{Rule: mends, Fix: &rules.Fix{Safety: rules.Unsafe}}, "ordinary requests could notice its fix; --unsafe makes it"},
		{withdrawn, "its fix was taken back: the finding is still there after it"},
	} {
		if got := x.left(&c.f); got != c.want {
			t.Errorf("left(%+v) = %q, want %q", c.f, got, c.want)
		}
	}
}
