package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	conf "github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// TestReasonsAndRules holds the reasons that effective knows against the rules
// that speak for them: one each.
func TestReasonsAndRules(t *testing.T) {
	rules := map[effective.ReasonKind]string{}
	for _, r := range All() {
		if r.Reason == "" {
			continue
		}
		if other := rules[r.Reason]; other != "" {
			t.Errorf("%s and %s both speak for %q", other, r.Name, r.Reason)
		}
		rules[r.Reason] = r.Name
		if r.Name != string(r.Reason) {
			t.Errorf("rule %s speaks for %q", r.Name, r.Reason)
		}
	}
	for _, kind := range reasonKinds(t) {
		if rules[kind] == "" {
			t.Errorf("no rule speaks for %q", kind)
		}
		delete(rules, kind)
	}
	for kind, name := range rules {
		t.Errorf("%s speaks for %q, which effective does not know", name, kind)
	}
}

// reasonKinds reads the constants of type ReasonKind out of effective's source.
func reasonKinds(t *testing.T) []effective.ReasonKind {
	t.Helper()
	paths, err := filepath.Glob("effective/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []effective.ReasonKind
	for _, path := range paths {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if id, ok := spec.Type.(*ast.Ident); !ok || id.Name != "ReasonKind" {
				return true
			}
			for _, v := range spec.Values {
				if lit, ok := v.(*ast.BasicLit); ok {
					s, _ := strconv.Unquote(lit.Value)
					kinds = append(kinds, effective.ReasonKind(s))
				}
			}
			return true
		})
	}
	if len(kinds) == 0 {
		t.Fatal("no constants of type ReasonKind found")
	}
	return kinds
}

// TestExamples runs every rule over its own Before and After.
func TestExamples(t *testing.T) {
	for _, r := range All() {
		t.Run(r.Name, func(t *testing.T) {
			list := []*Rule{r}
			if r.Category == Comments {
				list = All()
			}
			c := &fixture{dir: t.TempDir(), rules: list}
			switch r.Name {
			case "unsupported-nginx":
				c.opts.Version = effective.Version{Major: 1, Minor: 2}
			case "plain-http2-listener":
				c.opts.Version = effective.Version{Major: 1, Minor: 24}
			}
			findings, w := c.lintText(t, r.Before)
			found := false
			for i := range findings {
				if findings[i].Rule == r {
					found = true
				} else if r.Category != Comments {
					t.Errorf("Before: unexpected %s", describe(&findings[i]))
				}
			}
			if !found {
				t.Errorf("Before has no finding")
			}
			if r.Category == Comments {
				return
			}
			got := c.fixAll(t, w, findings)["example.conf"]
			if diff := cmp.Diff(r.After, got); diff != "" {
				t.Errorf("After (-want +got):\n%s", diff)
			}
			if (r.Fixable != "") != (r.After != "") {
				t.Errorf("Fixable is %q and After %q", r.Fixable, r.After)
			}
			if r.After == "" {
				return
			}
			findings, _ = c.lintText(t, r.After)
			for i := range findings {
				t.Errorf("After: unexpected %s", describe(&findings[i]))
			}
		})
	}
}

func (c *fixture) lintText(t *testing.T, text string) ([]Finding, *conf.Workspace) {
	t.Helper()
	name := filepath.Join(c.dir, "example.conf")
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	w := conf.Open([]string{name}, conf.Options{})
	noProblems(t, w)
	return c.lint(w), w
}

// TestCatalogue checks what every rule has to say about itself.
func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range All() {
		if seen[r.Name] {
			t.Errorf("two rules are named %s", r.Name)
		}
		seen[r.Name] = true
		if r.Severity == 0 || r.Summary == "" || r.Doc == "" || r.Before == "" || r.Category == "" {
			t.Errorf("%s lacks a severity, category, summary, doc or example", r.Name)
		}
		if r.Fixable != "" && r.Fixable != string(Safe) && r.Fixable != string(Unsafe) {
			t.Errorf("%s: Fixable is %q", r.Name, r.Fixable)
		}
		if strings.HasSuffix(r.Summary, ".") || strings.Contains(r.Summary, "\n") {
			t.Errorf("%s: summary %q", r.Name, r.Summary)
		}
		for line := range strings.Lines(r.Doc) {
			if len(line) > 82 {
				t.Errorf("%s: doc line longer than 81 characters: %q", r.Name, line)
			}
		}
		file := strings.ReplaceAll(r.Name, "-", "_") + ".go"
		if _, err := os.Stat(file); err != nil {
			t.Errorf("%s is not in %s", r.Name, file)
		}
	}
}

func TestSelect(t *testing.T) {
	names := func(rules []*Rule) string {
		var s []string
		for _, r := range rules {
			s = append(s, r.Name)
		}
		return strings.Join(s, " ")
	}
	for _, test := range []struct {
		sel  Selection
		want string
		err  string
	}{
		{Selection{Select: []string{"comments"}}, "unused-ignore ignore-without-reason", ""},
		{Selection{Select: []string{"missing-upgrade-header, websocket-scheme"}}, "websocket-scheme missing-upgrade-header", ""},
		{Selection{Select: []string{"comments"}, Ignore: []string{"unused-ignore"}}, "ignore-without-reason", ""},
		{Selection{Select: []string{"comments"}, ExtendSelect: []string{"short-read-timeout"}},
			"short-read-timeout unused-ignore ignore-without-reason", ""},
		{Selection{Ignore: []string{"*"}}, "", ""},
		{Selection{Select: []string{"missing-upgrade-heder"}}, "", `unknown rule "missing-upgrade-heder"; did you mean "missing-upgrade-header"?`},
		{Selection{Select: []string{"missing_http_version"}}, "", `unknown rule "missing_http_version"; did you mean "missing-http-version"?`},
		{Selection{Ignore: []string{"zzzzzz"}}, "", `unknown rule "zzzzzz"; "wsnginx rules" lists them`},
	} {
		got, err := Select(test.sel)
		if test.err != "" {
			if err == nil || err.Error() != test.err {
				t.Errorf("Select(%v) = %v, want %s", test.sel, err, test.err)
			}
			continue
		}
		if err != nil || names(got) != test.want {
			t.Errorf("Select(%v) = %q, %v, want %q", test.sel, names(got), err, test.want)
		}
	}
}

// TestLinks holds that every rule about nginx names the pages of nginx's documentation
// that say why.
func TestLinks(t *testing.T) {
	for _, r := range All() {
		if (len(r.Links) == 0) != (r.Category == Comments) {
			t.Errorf("%s has %d links", r.Name, len(r.Links))
		}
		seen := map[string]bool{}
		for _, link := range r.Links {
			page, ok := strings.CutPrefix(link, "https://nginx.org/en/docs/")
			if !ok || !strings.Contains(page, ".html") || seen[link] {
				t.Errorf("%s: link %q", r.Name, link)
			}
			seen[link] = true
		}
	}
}
