package fixer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// lintTree lints text as a main file with every default rule; all of its
// locations are said to be for WebSocket. It may include timeouts.conf.
func lintTree(t *testing.T, text string) (name string, lint Lint) {
	t.Helper()
	return lintFiles(t, map[string]string{"nginx.conf": text, "timeouts.conf": "proxy_read_timeout 0;\n"})
}

// lintFiles is lintTree for several files.
func lintFiles(t *testing.T, files map[string]string) (name string, lint Lint) {
	t.Helper()
	dir := t.TempDir()
	name = filepath.Join(dir, "nginx.conf")
	for file, text := range files {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := rules.Select(rules.Selection{})
	if err != nil {
		t.Fatal(err)
	}
	ws := parser.Open([]string{name}, parser.Options{})
	return name, func(overlay map[string]string) ([]rules.Finding, error) {
		m := effective.Build(ws.With(overlay).Configs[0], effective.Options{WebSocket: []string{"*"}})
		return rules.Run([]*effective.Model{m}, rules.Options{Rules: list}), nil
	}
}

// TestRunRoutes makes the safe fixes of the real rules where one route lies in the
// block of another.
func TestRunRoutes(t *testing.T) {
	tests := []struct {
		name, text string
		added      string // the lines that are new, in order
	}{
		{
			name: "an inner location inherits what is written right before the brace",
			text: `events {}
http {
map $http_upgrade $connection_upgrade { default upgrade; '' close; }
server {
location /a {
proxy_pass http://127.0.0.1:3001;
location /a/b {
proxy_pass http://127.0.0.1:3000;
}
}
}
}
`,
			added: `proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection $connection_upgrade;
`,
		},
		{
			name: "what the fix uncovers is about another route",
			text: `events {}
http {
    map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    server {
        proxy_read_timeout 0;
        location /chat/ {
            scgi_pass 127.0.0.1:4000;
            if ($http_connection = Upgrade) {
                proxy_pass http://127.0.0.1:3000;
            }
        }
    }
}
`,
			added: `            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 86400s;
`,
		},
		{
			name: "what a file holds is inherited as what stands beside its include",
			text: `events {}
http {
    map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    server {
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        location / {
            include timeouts.conf;
            proxy_pass http://127.0.0.1:3000;
            location = /ws {
                proxy_pass http://127.0.0.1:3001;
            }
        }
    }
}
`,
			added: "proxy_read_timeout 86400s;\n",
		},
		{
			name: "two wrong lines of a server are mended there, one after the other",
			text: `events {}
http {
    map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    server {
        proxy_http_version 1.1;
        proxy_set_header Upgrade $protocol;
        location /b {
            proxy_pass http://127.0.0.1:3000;
        }
        location /c {
            proxy_pass http://127.0.0.1:3000;
        }
        location /d {
            set $protocol h2c;
            return 404;
        }
    }
}
`,
			added: `        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
`,
		},
		{
			name: "locations wait for what http will hand down",
			text: `events {}
http {
    proxy_set_header Upgrade web$http_none;
    map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    server {
        location = / {
            proxy_pass http://127.0.0.1:3000;
        }
        location /api {
            proxy_pass http://127.0.0.1:3001;
        }
    }
}
`,
			added: `    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			name, lint := lintTree(t, tt.text)
			r, err := Run(lint, Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range r.Withdrawn {
				t.Error(w)
			}
			var added strings.Builder
			if len(r.Changes) != 1 || filepath.Dir(r.Changes[0].Name) != filepath.Dir(name) {
				t.Fatalf("changes: %v", r.Changes)
			}
			for line := range strings.Lines(r.Changes[0].Diff()) {
				if rest, ok := strings.CutPrefix(line, "+"); ok && !strings.HasPrefix(rest, "++") {
					added.WriteString(rest)
				}
			}
			if diff := cmp.Diff(tt.added, added.String()); diff != "" {
				t.Errorf("added lines (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOutermost has one fix that writes into a server and into a location of it:
// that is no reason for it to wait, and one for what else lies in the server.
func TestOutermost(t *testing.T) {
	name := filepath.Join(t.TempDir(), "nginx.conf")
	text := "events {}\nhttp {\nserver {\nlocation /a {\nproxy_pass http://127.0.0.1:1;\n}\nlocation /b {\nproxy_pass http://127.0.0.1:2;\n}\n}\n}\n"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m := effective.Build(parser.Open([]string{name}, parser.Options{}).Configs[0], effective.Options{})
	f := m.Config.Main
	finding := func(routes []*effective.Route, before ...string) rules.Finding {
		fix := &rules.Fix{Safety: rules.Safe}
		for _, b := range before {
			at := strings.Index(text, b)
			fix.Edits = append(fix.Edits, edit(f, at, at, "x;\n", 0))
		}
		return rules.Finding{Rule: &rules.Rule{Name: before[0]}, File: f, Routes: routes, Fix: fix}
	}
	inner := finding(m.Routes[:1], "proxy_pass http://127.0.0.1:1")
	both := finding(m.Routes, "location /a", "proxy_pass http://127.0.0.1:2")
	other := finding(m.Routes[1:], "proxy_pass http://127.0.0.1:2")
	var got []string
	for _, f := range outermost([]rules.Finding{inner, both, other}) {
		got = append(got, f.Rule.Name)
	}
	if diff := cmp.Diff([]string{"location /a"}, got); diff != "" {
		t.Errorf("outermost (-want +got):\n%s", diff)
	}
}

// TestRunSnippet makes two fixes about one line of a file that several blocks
// include: what one says of it in its block is, after the other, true of another.
func TestRunSnippet(t *testing.T) {
	name, lint := lintFiles(t, map[string]string{
		"nginx.conf": `events {}
http {
server {
location /a {
proxy_set_header Upgrade $http_upgrade;
include upgrade.conf;
}
location /b {
include common.conf;
include upgrade.conf;
}
location /c {
proxy_set_header Upgrade $http_Upgrade;
include upgrade.conf;
}
location /d {
include upgrade.conf;
proxy_pass http://127.0.0.1:3000;
}
}
}
`,
		"upgrade.conf": "proxy_set_header Upgrade websocket;\n",
		"common.conf":  "proxy_set_header Upgrade \"websocket\";\n",
	})
	result, err := Run(lint, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range result.Withdrawn {
		t.Errorf("%v", w)
	}
	got := map[string]string{}
	for _, c := range result.Changes {
		got[filepath.Base(c.Name)] = c.New
	}
	if got["upgrade.conf"] != "proxy_set_header Upgrade $http_upgrade;\n" || got["common.conf"] != "" {
		t.Errorf("upgrade.conf: %q, common.conf: %q", got["upgrade.conf"], got["common.conf"])
	}
	if text := got[filepath.Base(name)]; strings.Contains(text, "Upgrade $http_upgrade") || !strings.Contains(text, "$http_Upgrade") {
		t.Errorf("nginx.conf:\n%s", text)
	}
}
