package rules

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/wsnginx/wsnginx/parser"
)

// TestUndefinedBesideEmptyIncludes checks that patterns of the http block which match
// nothing are pointed out where a variable is missing, and others are not.
func TestUndefinedBesideEmptyIncludes(t *testing.T) {
	const server = "server { location / { proxy_pass http://a; proxy_set_header Connection $connection_upgrade; } }\n"
	for _, c := range []struct {
		name, http string
		related    int
		found      bool
	}{
		{"no such folder", "include conf.d/*.conf;\n" + server, 1, true},
		{"two patterns", "include conf.d/*.conf;\ninclude maps/[a-z]*;\n" + server, 2, true},
		{"a pattern that matches", "include sites/*.conf;\n" + server, 0, true},
		{"a file", "include sites/a.conf;\n" + server, 0, true},
		{"a pattern of a server", "server { include conf.d/*.conf; }\n" + server, 0, true},
		{"outside the tree", "include /opt/nginx/maps/*.conf;\n" + server, 0, true},
		{"a map is there", "include conf.d/*.conf;\nmap $http_upgrade $connection_upgrade { default upgrade; '' close; }\n" + server, 0, false},
	} {
		fx := &fixture{dir: t.TempDir(), rules: []*Rule{undefinedConnectionVariable}}
		for name, text := range map[string]string{"nginx.conf": "events {}\nhttp {\n" + c.http + "}\n", "sites/a.conf": "server { }\n"} {
			path := filepath.Join(fx.dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		findings := fx.lint(parser.Open([]string{fx.dir}, parser.Options{}))
		if c.found != (len(findings) == 1) {
			t.Errorf("%s: %d findings, want one: %t", c.name, len(findings), c.found)
			continue
		}
		if c.found && len(findings[0].Related) != c.related {
			t.Errorf("%s: related %v, want %d places", c.name, findings[0].Related, c.related)
		}
	}
}
