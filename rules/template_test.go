package rules

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wsnginx/wsnginx/parser"
)

// tagTexts returns the tags of a text, in order, and every placeholder in a word.
func tagTexts(f *parser.File) []string {
	var texts []string
	for _, span := range f.Tags() {
		texts = append(texts, f.Src[span.Start:span.End])
	}
	var walk func([]*parser.Directive)
	walk = func(list []*parser.Directive) {
		for _, d := range list {
			for _, w := range append([]parser.Word{d.Head}, d.Args...) {
				if parser.HoldsTag(w.Value) {
					texts = append(texts, w.Value)
				}
			}
			walk(d.Children)
		}
	}
	walk(f.Directives)
	return texts
}

// checkTags applies every fix, unsafe ones too, to what lies in dir and fails
// where that changes a byte of a tag.
func checkTags(t *testing.T, dir string) (fixed int) {
	t.Helper()
	list, err := Select(Selection{Select: []string{"all"}})
	if err != nil {
		t.Fatal(err)
	}
	c := &fixture{dir: dir, rules: list}
	w := parser.Open([]string{dir}, parser.Options{})
	before := map[string]*parser.File{}
	for _, cfg := range w.Configs {
		for _, f := range cfg.Files {
			before[f.Name] = f
		}
	}
	for name, text := range applyFixes(t, c.lint(w), false) {
		old, after := before[name], parser.Parse(name, []byte(text))
		if !slices.Equal(tagTexts(old), tagTexts(after)) {
			t.Errorf("the fixes of %s change a tag:\n%s", name, text)
		}
		if old.Template != after.Template || len(after.Errors) > len(old.Errors) {
			t.Errorf("%s is a template %q with %d errors after its fixes, %q with %d before", name, after.Template, len(after.Errors), old.Template, len(old.Errors))
		}
		if old.Template != "" {
			fixed++
		}
	}
	return fixed
}

func TestTemplateTags(t *testing.T) {
	const v, u, c = "proxy_http_version 1.1;", "proxy_set_header Upgrade $http_upgrade;", `proxy_set_header Connection "upgrade";`
	for name, text := range map[string]string{
		"tag after the pass":     "server {\nlocation /ws {\nproxy_pass http://{{ a }}; {{/* over\nlines */}}\n}\n}\n",
		"lines in one arm":       "server {\nlocation /ws {\n{% if a %}proxy_pass http://{{ a }};{% endif %}\n" + u + "\n}\n}\n",
		"list in one arm":        "server {\nlocation /ws {\nproxy_pass http://{{ a }};\n{% if a %}\n" + u + "\n{% endif %}\n}\n}\n",
		"one line":               "server { location /ws { proxy_pass http://{{ a }}; {% if b %}root /;{% endif %} } }\n",
		"value with a tag":       "server {\nlocation /ws {\nproxy_pass http://a;\n" + v + u + "proxy_set_header Connection {{ c }};\nproxy_read_timeout 10s;\n}\n}\n",
		"same line twice":        "server {\nlocation /ws {\nproxy_pass http://a;\n" + v + u + c + "\nproxy_set_header Host {{ h }};\nproxy_set_header Host {{ h }};\n}\n}\n",
		"whole configuration":    "events {}\nhttp {\n{{ extra }}\nserver {\nlocation / {\nproxy_pass http://{{ a }};\n" + v + u + "\n}\n}\n}\n",
		"inherited with tags":    "server {\nproxy_set_header Host {{ h }};\n" + u + c + "location /ws {\nproxy_pass http://a;\n" + v + "\nproxy_set_header X {{ x }};\n}\n}\n# {{ x }}\n",
		"comment mark in an arm": "server {\nlocation /ws {\nproxy_pass http://{{ a }};\n{% if a %}#{% endif %} " + v + "\n" + u + "\n}\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "a.conf"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			checkTags(t, dir)
		})
	}
}

// Lines are written into a here-document as the shell wants them.
func TestTemplateEscapes(t *testing.T) {
	dir := t.TempDir()
	text := "server {\nserver_name $DOMAIN;\nproxy_set_header Host \\$host;\nproxy_set_header X $x;\nlocation /ws {\nproxy_pass http://a;\n}\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "a.conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := Select(Selection{})
	if err != nil {
		t.Fatal(err)
	}
	c := &fixture{dir: dir, rules: list}
	overlay := applyFixes(t, c.lint(parser.Open([]string{dir}, parser.Options{})), false)
	for _, fixed := range overlay {
		for _, want := range []string{"Upgrade \\$http_upgrade;\n", "Host \\$host;", "X $x;\n"} {
			if !strings.Contains(fixed, want) {
				t.Errorf("fixed without %q:\n%s", want, fixed)
			}
		}
		if strings.Contains(fixed, " $http_upgrade") || strings.Contains(fixed, "\\\\$") || strings.Contains(fixed, "\\$x") {
			t.Errorf("dollars in\n%s", fixed)
		}
	}
	if len(overlay) != 1 {
		t.Errorf("%d files fixed, want 1", len(overlay))
	}
}

// TestTemplateCorpus fixes the templates among the configurations in the folder
// that WSNGINX_CORPUS names.
func TestTemplateCorpus(t *testing.T) {
	root := os.Getenv("WSNGINX_CORPUS")
	if root == "" {
		t.Skip("WSNGINX_CORPUS is not set")
	}
	folders, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	fixed := 0
	for _, folder := range folders {
		if folder.IsDir() {
			fixed += checkTags(t, filepath.Join(root, folder.Name()))
		}
	}
	t.Logf("%d templates fixed", fixed)
}
