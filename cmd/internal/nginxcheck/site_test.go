package nginxcheck

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
	"github.com/wsnginx/wsnginx/fixer"
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// site is a configuration before a real nginx.
type site struct {
	nginx   *nginxtest.Nginx
	dir     string
	main    string // nginx.conf
	addr    string // what 127.0.0.1:8080 of the text stands for
	backend *nginxtest.Backend
}

// newSite writes a tree. 127.0.0.1:8080 of its texts is where nginx listens, and
// 127.0.0.1:9000 the backend.
func newSite(t *testing.T, files map[string]string, options ...nginxtest.Option) *site {
	t.Helper()
	s := &site{nginx: nginxtest.Find(t), backend: nginxtest.NewBackend(t, options...)}
	s.addr = nginxtest.Loopback(nginxtest.FreePorts(t, 1)[0])
	replaced := map[string]string{}
	for name, text := range files {
		replaced[name] = strings.NewReplacer("127.0.0.1:8080", s.addr, "127.0.0.1:9000", s.backend.Addr).Replace(text)
	}
	s.dir = nginxtest.WriteTree(t, replaced)
	s.main = filepath.Join(s.dir, "nginx.conf")
	return s
}

// serve runs f while nginx serves the tree.
func (s *site) serve(t *testing.T, f func(*nginxtest.Server)) {
	t.Helper()
	server, err := s.nginx.Launch(s.main)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("log:\n%s", server.Log())
		}
	}()
	f(server)
}

// lint runs the named rules over the tree, with overlay in place of files.
func (s *site) lint(overlay map[string]string, names ...string) ([]rules.Finding, error) {
	list, err := rules.Select(rules.Selection{Select: names})
	if err != nil {
		return nil, err
	}
	version, err := effective.ParseVersion(s.nginx.Version)
	if err != nil {
		return nil, err
	}
	w := parser.Open([]string{s.main}, parser.Options{})
	if len(overlay) > 0 {
		w = w.With(overlay)
	}
	var models []*effective.Model
	for _, c := range w.Configs {
		models = append(models, effective.Build(c, effective.Options{Version: version}))
	}
	return rules.Run(models, rules.Options{Rules: list, Writable: w.Writable}), nil
}

// finds reports how many findings the rule has.
func (s *site) finds(t *testing.T, rule string) int {
	t.Helper()
	findings, err := s.lint(nil, rule)
	if err != nil {
		t.Fatal(err)
	}
	return len(findings)
}

// fix applies the rule's fixes, unsafe ones too, and says what is left to find.
func (s *site) fix(t *testing.T, rule string) {
	t.Helper()
	result, err := fixer.Run(func(overlay map[string]string) ([]rules.Finding, error) {
		return s.lint(overlay, rule)
	}, fixer.Options{Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Fixed) == 0 || len(result.Remaining) > 0 {
		t.Fatalf("%s: %d fixed, %d remain", rule, len(result.Fixed), len(result.Remaining))
	}
	for _, c := range result.Changes {
		if err := os.WriteFile(c.Name, []byte(c.New), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// headers are the lines of a location for WebSocket.
const headers = `proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection "upgrade";
proxy_read_timeout 1h;
`
