package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/rules"
)

// example is the tree that README.md shows.
func example(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "testdata", "example"))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestExample(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := example(t)
	for _, c := range []struct {
		golden string
		status int
		schema string // of a JSON document
		args   []string
	}{
		{"lint.txt", 1, "", []string{"lint"}},
		{"lint.json", 1, report.LintSchema, []string{"lint", "--format", "json"}},
		{"lint-nothing.txt", 0, "", []string{"lint", "sites-enabled/notes.example.com"}},
		{"fix.diff", 1, "", []string{"fix"}},
		{"fix.json", 1, report.LintSchema, []string{"fix", "--format", "json", "--unsafe"}},
		{"routes.txt", 0, "", []string{"routes"}},
		{"routes.json", 0, report.RoutesSchema, []string{"routes", "--format", "json", "."}},
		{"routes-broken.txt", 0, "", []string{"routes", "--broken"}},
		{"trace.txt", 1, "", []string{"trace", "ws://app.example.com/live/ws"}},
		{"trace.json", 1, report.TraceSchema, []string{"trace", "--format", "json", "ws://app.example.com/live/ws", "nginx.conf"}},
		{"trace-works.txt", 0, "", []string{"trace", "ws://notes.example.com/sync"}},
		{"trace-static.json", 1, report.TraceSchema, []string{"trace", "http://chat.example.com/", "--format=json"}},
	} {
		t.Run(c.golden, func(t *testing.T) {
			status, stdout, stderr := command(t, dir, c.args...)
			if status != c.status {
				t.Errorf("wsnginx %s: exit status %d, want %d; stderr:\n%s", strings.Join(c.args, " "), status, c.status, stderr)
			}
			if c.schema != "" {
				validate(t, c.schema, stdout)
			}
			golden(t, filepath.Join(here, "testdata", "golden", c.golden), stdout)
		})
	}
}

// validate checks a document against a schema.
func validate(t *testing.T, schema, document string) {
	t.Helper()
	parse := func(text string) any {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatalf("not JSON: %v\n%s", err, text)
		}
		return v
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", parse(schema)); err != nil {
		t.Fatal(err)
	}
	if err := c.MustCompile("schema.json").Validate(parse(document)); err != nil {
		t.Errorf("%v\n%s", err, document)
	}
}

// What fix --write leaves has no error and no warning, and fixing again changes
// nothing.
func TestExampleFixed(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(example(t))); err != nil {
		t.Fatal(err)
	}
	if status, stdout, stderr := command(t, dir, "fix", "--write"); status != 0 {
		t.Errorf("fix --write: exit status %d, want 0\n%s%s", status, stdout, stderr)
	}
	if status, stdout, stderr := command(t, dir, "lint"); status != 0 {
		t.Errorf("lint after fix --write: exit status %d, want 0\n%s%s", status, stdout, stderr)
	}
	if status, stdout, stderr := command(t, dir, "fix"); status != 0 || stdout != "" {
		t.Errorf("fix after fix --write: exit status %d, want 0 and no diff\n%s%s", status, stdout, stderr)
	}
}

func TestRulesJSON(t *testing.T) {
	status, stdout, stderr := command(t, ".", "rules", "--format", "json")
	if status != 0 || stderr != "" {
		t.Errorf("rules --format json: exit status %d, stderr %q", status, stderr)
	}
	validate(t, report.RulesSchema, stdout)
	if got, want := strings.Count(stdout, `"documentation": "`), len(rules.All()); got != want {
		t.Errorf("%d rules in the document, want %d", got, want)
	}
}

// Every rule can be explained, by the text that its Rule value holds.
func TestExplain(t *testing.T) {
	for _, r := range rules.All() {
		status, stdout, stderr := command(t, ".", "explain", r.Name)
		if status != 0 || stderr != "" {
			t.Errorf("explain %s: exit status %d, stderr %q", r.Name, status, stderr)
		}
		for _, want := range append([]string{r.Name, r.Summary, strings.TrimSpace(r.Doc)}, r.Links...) {
			if !strings.Contains(words(stdout), words(want)) {
				t.Errorf("explain %s does not say %q:\n%s", r.Name, want, stdout)
			}
		}
	}
}

// What is said of a rule's options can be written so in .wsnginx.yaml, and lint has
// the flags.
func TestRuleOptions(t *testing.T) {
	_, stdout, _ := command(t, ".", "rules", "--format", "json")
	var list struct {
		Rules []struct {
			Name    string
			Options []struct{ Setting, Flag string }
		}
	}
	if err := json.Unmarshal([]byte(stdout), &list); err != nil {
		t.Fatal(err)
	}
	_, help, _ := command(t, ".", "lint", "--help")
	seen := map[string]bool{}
	for _, r := range list.Rules {
		if len(r.Options) == 0 {
			t.Errorf("%s has no option, not even its severity", r.Name)
		}
		for _, o := range r.Options {
			if flag, _, _ := strings.Cut(o.Flag, " "); !strings.Contains(help, flag) {
				t.Errorf("%s: lint has no flag %s", r.Name, flag)
			}
			if seen[o.Setting] {
				continue
			}
			seen[o.Setting] = true
			dir := t.TempDir()
			writeAll(t, dir, map[string]string{".wsnginx.yaml": o.Setting + "\n", "a.conf": "server { listen 80; }\n"})
			status, stdout, stderr := command(t, dir, "settings", "--show", "a.conf")
			if status != 0 || stderr != "" || !strings.Contains(stdout, ".wsnginx.yaml") {
				t.Errorf("%s: settings of %q: exit status %d\n%s%s", r.Name, o.Setting, status, stdout, stderr)
			}
		}
	}
}

// words returns a text on one line: it may be filled anew.
func words(text string) string { return strings.Join(strings.Fields(text), " ") }

// The table of rules in README.md is written from the rules.
func TestReadme(t *testing.T) {
	path := filepath.Join("..", "..", "README.md")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const start, end = "<!-- rules: written by go test ./cmd/wsnginx -update -->\n", "<!-- /rules -->"
	before, rest, ok := strings.Cut(string(data), start)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("README.md has no place for the rules between %q and %q", start, end)
	}
	golden(t, path, before+start+report.RuleTable(rules.All())+end+after)
}

// Every rule has its page in docs/rules, where reports and links lead, and no
// page is left of a rule that is gone.
func TestRulePages(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "rules")
	have, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range have {
		if _, err := rules.Lookup(strings.TrimSuffix(filepath.Base(path), ".md")); err != nil {
			if !*update {
				t.Errorf("%s: %v", path, err)
			} else if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	if *update {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range rules.All() {
		if url := report.RuleURL(r); !strings.HasSuffix(url, "/docs/rules/"+r.Name+".md") {
			t.Errorf("RuleURL(%s) = %s, which is not its page", r.Name, url)
		}
		golden(t, filepath.Join(dir, r.Name+".md"), report.RulePage(r))
	}
}
