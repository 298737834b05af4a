package rules

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/wsnginx/wsnginx/parser"
)

// TestTakes reads the numbers of arguments of the table.
func TestTakes(t *testing.T) {
	for _, test := range []struct {
		name string
		in   contexts
		n    int
		want bool
	}{
		{"proxy_set_header", inLocation, 2, true}, {"proxy_set_header", inLocation, 3, false}, {"proxy_set_header", inLocation, 9, false},
		{"server_name", inServer, 0, false}, {"server_name", inServer, 40, true},
		{"error_page", inLocation, 1, false}, {"error_page", inLocation, 5, true},
		{"internal", inLocation, 0, true}, {"internal", inLocation, 1, false},
		{"server", inUpstream, 1, true}, {"server", inHTTP, 0, true}, {"server", inHTTP, 1, false},
	} {
		row, known := rowFor(test.name, test.in)
		if !known || row == nil {
			t.Errorf("no row for %s in %b", test.name, test.in)
			continue
		}
		if got := row.takes(test.n); got != test.want {
			t.Errorf("%s takes %d: %v, want %v", test.name, test.n, got, test.want)
		}
	}
	if row, known := rowFor("proxy_pass", inServer); row != nil || !known {
		t.Errorf("proxy_pass in a server: %v, %v", row, known)
	}
	if _, known := rowFor("more_set_headers", inServer); known {
		t.Error("a module's directive is known")
	}
}

// TestFirstRefusal holds what syntax rules say of a file that cannot be read to its
// end: the first thing that nginx refuses before, and nothing else.
func TestFirstRefusal(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"a missing brace": {`events {}
http {
    server {
        location /a {
            proxy_pass http://127.0.0.1:1;

    server {
        proxy_pass http://127.0.0.1:1;
    }
}
`, []string{`server stands in location "/a", and nginx does not start: "server" directive is not allowed here; move it to the http block`}},
		"a brace too many": {`events {}
http {
    server {
        listen 80;
    }
    }
}
proxy_pass http://127.0.0.1:1;
server {
}
`, nil},
		"a wrong word and then a wrong character": {`events {}
http {
    proxy_buffering of;
    proxy_buffering none;
    ;
}
`, []string{`proxy_buffering cannot be "of", and nginx does not start: invalid value "of" in "proxy_buffering" directive, it must be "on" or "off"; write one of them`}},
		"a fragment": {`server {
    location /a {
        server {
        }
    }
`, nil},
	} {
		list, err := Select(Selection{Select: []string{"syntax"}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		c := &fixture{dir: t.TempDir(), rules: list}
		path := filepath.Join(c.dir, "nginx.conf")
		if err := os.WriteFile(path, []byte(test.text), 0o666); err != nil {
			t.Fatal(err)
		}
		for _, f := range c.lint(parser.Open([]string{path}, parser.Options{})) {
			got = append(got, f.Message)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: found %q, want %q", name, got, test.want)
		}
	}
}

func TestPlaceholder(t *testing.T) {
	for word, want := range map[string]bool{
		"${PORT}": true, "$BACKEND": true, "http://${HOST}:80": true, "${web.port}": true, "%port%": true, "<port>": true,
		"@PORT@": true, "[port]": true, "[::1]": false, "__port__": true, "...": true, "{{port}}": true,
		"$host": false, "${host}x": false, "a$Host": false, "$Connection_Upgrade": false, "1h": false, "": false, "a%20b": false, "@ws": false, "~^/a<b>$": false,
	} {
		if got := placeholder(word); got != want {
			t.Errorf("placeholder(%q) = %v, want %v", word, got, want)
		}
	}
}
