package nginxcheck

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

var conflicting = regexp.MustCompile(`conflicting server name "([^"]*)" on`)

// TestConflictingNames holds the names that the model says are taken against the
// warnings of nginx, for every pair of lists of names.
func TestConflictingNames(t *testing.T) {
	t.Parallel()
	n := nginxtest.Find(t)
	lists := []string{"", "a.test", "A.test", "*.a.test", ".a.test", "www.*", "www.a.test", "~^a", `""`, "a.test www.a.test .b.test"}
	for _, first := range lists {
		for _, second := range lists {
			text := "events {}\nhttp {\n"
			for _, names := range []string{first, second} {
				text += "server { listen 127.0.0.1:8080;"
				if names != "" {
					text += " server_name " + names + ";"
				}
				text += " }\n"
			}
			text += "}\n"
			path := filepath.Join(nginxtest.WriteTree(t, map[string]string{"nginx.conf": text}), "nginx.conf")
			output, err := n.Test(path)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{}
			for _, m := range conflicting.FindAllStringSubmatch(output, -1) {
				want = append(want, m[1])
			}
			got := []string{}
			m := effective.Build(parser.Open([]string{path}, parser.Options{}).Configs[0], effective.Options{})
			vs := m.Servers[1]
			for _, name := range vs.Names {
				if owner := m.SocketOf(&vs.Listens[0]).Owner(vs, name); owner != vs {
					got = append(got, strings.ToLower(name))
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s", fmt.Sprintf("server_name %s; after %s;: taken are %q, nginx warns of %q", second, first, got, want))
			}
		}
	}
}
