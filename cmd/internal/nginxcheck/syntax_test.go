package nginxcheck

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// lint runs the named rules over a file for nginx's own version.
func lint(t *testing.T, path, version string, names ...string) []rules.Finding {
	t.Helper()
	list, err := rules.Select(rules.Selection{Select: names})
	if err != nil {
		t.Fatal(err)
	}
	v, err := effective.ParseVersion(version)
	if err != nil {
		t.Fatal(err)
	}
	w := parser.Open([]string{path}, parser.Options{})
	var models []*effective.Model
	for _, c := range w.Configs {
		models = append(models, effective.Build(c, effective.Options{Version: v}))
	}
	return rules.Run(models, rules.Options{Rules: list, Writable: w.Writable})
}

// places of a case: what stands for the line is put there.
var templates = map[string]string{
	"main":         "LINE\nevents {}\n",
	"events":       "events {\nLINE\n}\n",
	"http":         "events {}\nhttp {\nLINE\n}\n",
	"server":       "events {}\nhttp {\nserver {\nlisten 127.0.0.1:8080;\nLINE\n}\n}\n",
	"location":     "events {}\nhttp {\nserver {\nlisten 127.0.0.1:8080;\nlocation / {\nLINE\n}\n}\n}\n",
	"regex":        "events {}\nhttp {\nserver {\nlisten 127.0.0.1:8080;\nlocation ~ ^/ws {\nLINE\n}\n}\n}\n",
	"named":        "events {}\nhttp {\nserver {\nlisten 127.0.0.1:8080;\nlocation @ws {\nLINE\n}\n}\n}\n",
	"server if":    "events {}\nhttp {\nserver {\nlisten 127.0.0.1:8080;\nif ($host) {\nLINE\n}\n}\n}\n",
	"location if":  "events {}\nhttp {\nserver {\nlisten 127.0.0.1:8080;\nlocation / {\nif ($host) {\nLINE\n}\n}\n}\n}\n",
	"limit_except": "events {}\nhttp {\nserver {\nlisten 127.0.0.1:8080;\nlocation / {\nlimit_except GET {\nLINE\n}\n}\n}\n}\n",
	"upstream":     "events {}\nhttp {\nupstream app {\nserver 127.0.0.1:3000;\nLINE\n}\n}\n",
}

// refused matches what nginx -t says and where: a line of its own, or one that
// it names in the message (a location that exists already).
var refused = regexp.MustCompile(`\[emerg\] (.*) in .*nginx\.conf:(\d+)`)

// check holds one text against nginx: refused with a word of what the finding
// quotes and at the finding's line, or neither refused nor found.
func check(t *testing.T, n *nginxtest.Nginx, name, text string) (found bool) {
	t.Helper()
	path := filepath.Join(nginxtest.WriteTree(t, map[string]string{"nginx.conf": text}), "nginx.conf")
	output, err := n.Test(path)
	findings := lint(t, path, n.Version, "syntax")
	var fatal []rules.Finding
	for _, f := range findings {
		if !strings.Contains(f.Message, "starts all the same") {
			fatal = append(fatal, f)
		}
	}
	m := refused.FindStringSubmatch(output)
	switch {
	case err == nil && len(fatal) == 0:
		return false
	case err == nil:
		t.Errorf("%s: nginx takes it, and there is a finding: %s\n%s", name, fatal[0].Message, text)
		return true
	case len(fatal) == 0:
		if m != nil && !strings.Contains(m[1], "unknown directive") {
			t.Errorf("%s: no finding, and nginx says %s:\n%s", name, m[0], text)
		}
		return false
	case m == nil:
		t.Errorf("%s: nginx says %s\n%s", name, output, text)
		return true
	}
	line, _ := strconv.Atoi(m[2])
	f := fatal[0]
	if got := f.File.Position(f.Span.Start).Line; got != line {
		t.Errorf("%s: line %d, want %d: nginx says %s, the finding %s\n%s", name, got, line, m[0], f.Message, text)
	}
	return true
}

// TestRefusals holds the syntax rules against nginx -t: it refuses exactly what
// they find, at the same line, and with the words that they quote.
func TestRefusals(t *testing.T) {
	t.Parallel()
	n := nginxtest.Find(t)
	for _, c := range []struct {
		place, line string
		says        string // of nginx and of the finding; "" where it is taken
	}{
		{"location", "proxy_pass http://127.0.0.1:3000;", ""},
		{"server", "proxy_pass http://127.0.0.1:3000;", `"proxy_pass" directive is not allowed here`},
		{"location if", "proxy_pass http://127.0.0.1:3000;", ""},
		{"limit_except", "proxy_pass http://127.0.0.1:3000;", ""},
		{"server if", "proxy_pass http://127.0.0.1:3000;", "not allowed here"},
		{"location if", "proxy_set_header Upgrade $http_upgrade;", `"proxy_set_header" directive is not allowed here`},
		{"server if", "proxy_set_header Upgrade $http_upgrade;", "not allowed here"},
		{"limit_except", "proxy_http_version 1.1;", "not allowed here"},
		{"upstream", "proxy_read_timeout 1h;", "not allowed here"},
		{"server", "map $http_upgrade $x { }", "not allowed here"},
		{"http", "location / { }", "not allowed here"},
		{"http", "listen 80;", "not allowed here"},
		{"main", "worker_connections 1024;", "not allowed here"},
		{"http", "worker_connections 1024;", "not allowed here"},
		{"events", "worker_connections 1024;", ""},
		{"http", "worker_processes 1;", "not allowed here"},
		{"location", "location /a { limit_except GET { deny all; } }", ""},
		{"server", "limit_except GET { deny all; }", "not allowed here"},

		{"location", "PROXY_PASS http://127.0.0.1:3000;", `unknown directive "PROXY_PASS"`},
		{"server", "Location / { }", `unknown directive "Location"`},
		{"http", "Map $http_upgrade $x { }", `unknown directive "Map"`},

		{"location", "proxy_pass http://127.0.0.1:1;\nproxy_pass http://127.0.0.1:2;", `"proxy_pass" directive is duplicate`},
		{"server", "proxy_http_version 1.1;\nproxy_http_version 1.1;", `"proxy_http_version" directive is duplicate`},
		{"server", "proxy_read_timeout 1h;\nproxy_read_timeout 2h;", "is duplicate"},
		{"server", "proxy_buffering on;\nproxy_buffering off;", "is duplicate"},
		{"server", "proxy_set_header A b;\nproxy_set_header A b;", ""},
		{"server", "proxy_redirect http://a/ /;\nproxy_redirect http://b/ /;", ""},
		{"server", "ssl_protocols TLSv1.2;\nssl_protocols TLSv1.3;", ""},
		{"server", "resolver 127.0.0.1;\nresolver 127.0.0.1;", "is duplicate"},
		{"location", "limit_rate 1k;\nlimit_rate 2k;", "is duplicate"},
		{"location", "limit_except GET { deny all; }\nlimit_except POST { deny all; }", "is duplicate"},
		{"server", "location /a { }\nlocation /a { }", `duplicate location "/a"`},
		{"server", "location /a { }\nlocation ^~ /a { }", `duplicate location "/a"`},
		{"server", "location = /a { }\nlocation =/a { }", `duplicate location "/a"`},
		{"server", "location /a { }\nlocation = /a { }", ""},
		{"server", "location ~ /a { }\nlocation ~ /a { }", ""},
		{"server", "location @a { }\nlocation @a { }", ""},
		{"http", "map $uri $x { }\nmap_hash_bucket_size 128;", `"map_hash_bucket_size" directive is duplicate`},
		{"http", "map_hash_bucket_size 128;\nmap $uri $x { }", ""},
		{"upstream", "keepalive 1;\nkeepalive 2;", "is duplicate"},

		{"location", "proxy_http_version 1.1\nproxy_set_header Upgrade $http_upgrade;", "invalid number of arguments"},
		{"location", "proxy_pass http://127.0.0.1:1\nproxy_read_timeout 1h;", "invalid number of arguments"},
		{"server", "listen 127.0.0.1:8081\nserver_name a;", "invalid parameter"},
		{"server", "access_log off\nproxy_read_timeout 1h;", "invalid parameter"},
		{"server", "server_name a\nproxy_read_timeout 1h;", ""},
		{"server", "proxy_next_upstream error\nproxy_read_timeout 1h;", "invalid value"},
		{"http", "error_log logs/e.log\nproxy_read_timeout 1h;", "invalid log level"},
		{"location", "rewrite ^ /b\nbreak;", ""},
		{"upstream", "server 127.0.0.1:3001\nkeepalive 3;", "invalid parameter"},

		{"server", "proxy_read_timeout 60sec;", `"proxy_read_timeout" directive invalid value`},
		{"server", "proxy_read_timeout 1H;", "invalid value"},
		{"server", "proxy_read_timeout $t;", "invalid value"},
		{"server", "proxy_read_timeout 1h 30m;", `invalid number of arguments in "proxy_read_timeout" directive`},
		{"server", `proxy_read_timeout "1h 30m";`, ""},
		{"server", "proxy_http_version HTTP/1.1;", `invalid value "HTTP/1.1"`},
		{"server", "proxy_http_version 2;", `invalid value "2"`},
		{"server", `proxy_http_version "1.1";`, ""},
		{"server", "proxy_set_header Connection keep-alive, upgrade;", `invalid number of arguments in "proxy_set_header" directive`},
		{"server", "proxy_set_header Connection;", "invalid number of arguments"},
		{"server", "proxy_buffering none;", `it must be "on" or "off"`},
		{"server", "proxy_buffering OFF;", ""},
		{"server", "proxy_buffer_size 16kb;", "invalid value"},
		{"server", "proxy_buffer_size 4K;", ""},
		{"server", "proxy_buffers 0 8k;", "invalid value"},
		{"server", "client_max_body_size 1g;", ""},
		{"server", "proxy_buffer_size 1g;", "invalid value"},
		{"server", "keepalive_requests many;", `"keepalive_requests" directive invalid number`},
		{"server", "ssl_protocols TLSv1.4;", `invalid value "TLSv1.4"`},
		{"server", "satisfy Any;", ""},
		{"location", "internal on;", "invalid number of arguments"},
		{"location", "proxy_pass 127.0.0.1:3000;", "invalid URL prefix"},
		{"location", "proxy_pass ws://127.0.0.1:3000;", "invalid URL prefix"},
		{"location", "proxy_pass http:/a;", "invalid URL prefix"},
		{"location", "proxy_pass http://:3000;", "no host"},
		{"location", "proxy_pass http://127.0.0.1:0;", "invalid port"},
		{"location", "proxy_pass http://127.0.0.1:99999;", "invalid port"},
		{"location", "proxy_pass http://127.0.0.1:3000a/;", "invalid port"},
		{"location", "proxy_pass http://[::1]:3000/;", ""},
		{"location", "proxy_pass http://unix:/a/b:/c;", ""},
		{"regex", "proxy_pass http://127.0.0.1:3000/;", `"proxy_pass" cannot have URI part`},
		{"regex", "proxy_pass http://127.0.0.1:3000;", ""},
		{"regex", "proxy_pass http://unix:/a/b;", ""},
		{"regex", "proxy_pass http://unix:/a/b:/c;", "cannot have URI part"},
		{"named", "proxy_pass http://127.0.0.1:3000/;", "cannot have URI part"},
		{"location if", "proxy_pass http://127.0.0.1:3000/;", "cannot have URI part"},
		{"limit_except", "proxy_pass http://127.0.0.1:3000/;", "cannot have URI part"},
	} {
		text := strings.Replace(templates[c.place], "LINE", c.line, 1)
		name := c.place + ": " + c.line
		found := check(t, n, name, text)
		if found != (c.says != "") {
			t.Errorf("%s: found is %v, want the words %q", name, found, c.says)
		}
		if !found {
			continue
		}
		path := filepath.Join(nginxtest.WriteTree(t, map[string]string{"nginx.conf": text}), "nginx.conf")
		if output, _ := n.Test(path); !strings.Contains(output, c.says) {
			t.Errorf("%s: nginx says %s, want %q", name, output, c.says)
		}
		if m := lint(t, path, n.Version, "syntax")[0].Message; !strings.Contains(m, c.says) && !strings.Contains(m, "is read as an argument") && !strings.Contains(m, "ws://") {
			t.Errorf("%s: the finding says %s, want %q", name, m, c.says)
		}
	}
}

var all = flag.Bool("all", false, "try every directive on every level, not on two of them")

// TestDirectives tries the directives of the table on levels that they may stand
// on and on others, without arguments and with more than any takes.
func TestDirectives(t *testing.T) {
	t.Parallel()
	n := nginxtest.Find(t)
	table, err := os.ReadFile("../../../rules/directives.txt")
	if err != nil {
		t.Fatal(err)
	}
	ends := map[string]string{}
	var names []string
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" || ends[f[0]] != "" {
			continue
		}
		names = append(names, f[0])
		ends[f[0]] = ";"
		if strings.HasSuffix(f[2], "{") {
			ends[f[0]] = " { }"
		}
	}
	places := slices.Sorted(maps.Keys(templates))
	limit := make(chan bool, 4)
	var wg sync.WaitGroup
	for i, name := range names {
		limit <- true
		wg.Go(func() {
			defer func() { <-limit }()
			for j, place := range places {
				if !*all && j != i%len(places) && place != "location if" || place == "upstream" && strings.HasPrefix(name, "resolver") {
					continue // the resolver of an upstream came with 1.27.3
				}
				for _, args := range []string{"", " a b c d e f g h i"} {
					text := strings.Replace(templates[place], "LINE", name+args+ends[name], 1)
					compare(t, n, fmt.Sprintf("%s: %s%s", place, name, args), text)
				}
			}
		})
	}
	wg.Wait()
}

// compare holds what nginx says of contexts and of the number of arguments
// against the findings.
func compare(t *testing.T, n *nginxtest.Nginx, name, text string) {
	path := filepath.Join(nginxtest.WriteTree(t, map[string]string{"nginx.conf": text}), "nginx.conf")
	output, _ := n.Test(path)
	if strings.Contains(output, "unknown directive") { // of a newer version, or a module that is not there
		return
	}
	said := ""
	for _, f := range lint(t, path, n.Version, "misplaced-directive", "invalid-value") {
		said += f.Message + "\n"
	}
	for _, words := range []string{"directive is not allowed here", "invalid number of arguments"} {
		if strings.Contains(output, words) != strings.Contains(said, words) {
			t.Errorf("%s: nginx says %q, the findings %q", name, output, said)
		}
	}
}
