package main

import (
	"os"
	"regexp"
	"testing"

	"github.com/wsnginx/wsnginx/rules"
)

// TestSymptoms holds docs/symptoms.md against the catalogue: every rule stands
// there, and every link leads to one.
func TestSymptoms(t *testing.T) {
	page, err := os.ReadFile("../../docs/symptoms.md")
	if err != nil {
		t.Fatal(err)
	}
	linked := map[string]bool{}
	for _, m := range regexp.MustCompile(`\[([a-z0-9-]+)\]\(rules/([a-z0-9-]+)\.md\)`).FindAllStringSubmatch(string(page), -1) {
		if m[1] != m[2] {
			t.Errorf("[%s] leads to the page of %s", m[1], m[2])
		}
		if _, err := rules.Lookup(m[2]); err != nil {
			t.Error(err)
		}
		linked[m[2]] = true
	}
	for _, r := range rules.All() {
		if !linked[r.Name] {
			t.Errorf("%s leads from no symptom", r.Name)
		}
	}
}
