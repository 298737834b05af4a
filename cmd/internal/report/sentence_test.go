package report

import (
	"testing"

	"github.com/wsnginx/wsnginx/rules"
)

// TestSentenceCase holds that the name of a directive keeps its letters.
func TestSentenceCase(t *testing.T) {
	for _, r := range rules.All() {
		if got := sentenceCase(r.Summary); got[0] == 'P' && got[1:6] == "roxy_" {
			t.Errorf("%s: %q begins with a directive in capitals", r.Name, got)
		}
	}
	for summary, want := range map[string]string{
		"a handshake is lost":          "A handshake is lost",
		"proxy_pass https:// is wrong": "proxy_pass https:// is wrong",
	} {
		if got := sentenceCase(summary); got != want {
			t.Errorf("sentenceCase(%q) = %q, want %q", summary, got, want)
		}
	}
}
