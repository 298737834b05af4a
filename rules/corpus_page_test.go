package rules

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wsnginx/wsnginx/parser"
)

// fired is how often one rule fired over the corpus.
type fired struct {
	bySeverity   [Error + 1]int
	folders      map[string]bool
	safe, unsafe int
	places       map[string]bool // file:line
}

// judged is one row of docs/corpus.md's hand check.
var judged = regexp.MustCompile(`(?m)^\| ([a-z0-9-]+) \| (.+:[0-9]+) \| (true|false|arguable) \| (.+) \|$`)

// atLeast is how many findings of a rule are judged by hand, or all where there
// are fewer.
const atLeast = 5

// TestCorpusPage holds docs/corpus.md against the default rules over the folder
// that WSNGINX_CORPUS names, each of its folders one run: its table is current,
// the findings that were judged are still found, and of every rule that fires
// enough were judged.
func TestCorpusPage(t *testing.T) {
	root := os.Getenv("WSNGINX_CORPUS")
	if root == "" {
		t.Skip("WSNGINX_CORPUS is not set")
	}
	page, err := filepath.Abs(filepath.Join("..", "docs", "corpus.md"))
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	rules := fireAll(t)

	rows := map[string]int{}
	for _, m := range judged.FindAllStringSubmatch(string(src), -1) {
		rule, place := m[1], m[2]
		if rules[rule] == nil || !rules[rule].places[place] {
			t.Errorf("docs/corpus.md judges %s at %s, where it is not found any more", rule, place)
			continue
		}
		rows[rule]++
	}
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		if want := min(atLeast, len(rules[name].places)); rows[name] < want {
			t.Errorf("docs/corpus.md judges %d findings of %s, want %d", rows[name], name, want)
		}
	}

	const start, end = "<!-- findings: written by go test ./rules -update -->\n", "<!-- /findings -->"
	text := string(src)
	i, j := strings.Index(text, start), strings.Index(text, end)
	if i < 0 || j < i {
		t.Fatalf("%s has no marks for its table", page)
	}
	text = text[:i+len(start)] + "\n" + firedTable(rules) + "\n" + text[j:]
	switch {
	case text == string(src):
	case !*update:
		t.Errorf("docs/corpus.md is stale; WSNGINX_CORPUS=… go test ./rules -run CorpusPage -update rewrites it")
	default:
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func fireAll(t *testing.T) map[string]*fired {
	t.Helper()
	folders, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	list, err := Select(Selection{})
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]*fired{}
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		c := &fixture{dir: folder.Name(), rules: list}
		w := parser.Open([]string{c.dir}, parser.Options{})
		for _, f := range c.lint(w) {
			if f.Ignored != "" || !w.Named(f.File) {
				continue
			}
			r := rules[f.Rule.Name]
			if r == nil {
				r = &fired{folders: map[string]bool{}, places: map[string]bool{}}
				rules[f.Rule.Name] = r
			}
			r.bySeverity[f.Severity]++
			r.folders[folder.Name()] = true
			r.places[fmt.Sprintf("%s:%d", filepath.ToSlash(f.File.Name), f.File.Position(f.Span.Start).Line)] = true
			switch {
			case f.Fix == nil:
			case f.Fix.Safety == Safe:
				r.safe++
			default:
				r.unsafe++
			}
		}
	}
	return rules
}

func firedTable(rules map[string]*fired) string {
	var b strings.Builder
	b.WriteString("| rule | errors | warnings | infos | folders | safe fixes | unsafe fixes |\n|---|---|---|---|---|---|---|\n")
	var silent []string
	for _, r := range All() {
		f := rules[r.Name]
		if f == nil {
			silent = append(silent, r.Name)
			continue
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %d |\n", r.Name,
			f.bySeverity[Error], f.bySeverity[Warning], f.bySeverity[Info], len(f.folders), f.safe, f.unsafe)
	}
	b.WriteString("\nNot found there, or run only when selected:\n")
	for _, name := range silent {
		b.WriteString("- " + name + "\n")
	}
	return b.String()
}
