package rules

import (
	"slices"
	"testing"
)

// TestOneCause runs all default rules over configurations with one mistake: it
// is reported, and not what follows from it.
func TestOneCause(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"a semicolon before the WebSocket lines": {`events {}
http {
    server {
        location /ws {
            proxy_pass http://127.0.0.1:3000
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }
    }
}
`, []string{"swallowed-directive", "swallowed-directive"}},
		"the WebSocket lines in an if": {`events {}
http {
    server {
        location / {
            proxy_pass http://127.0.0.1:3000;
            if ($http_upgrade) {
                proxy_http_version 1.1;
                proxy_set_header Upgrade $http_upgrade;
                proxy_set_header Connection "upgrade";
            }
        }
    }
}
`, []string{"misplaced-directive"}},
		"a doubled version, the second one wrong": {`events {}
http {
    server {
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_http_version HTTP/1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }
    }
}
`, []string{"duplicate-directive"}},
		"a scheme that nginx does not know, in a location with a regular expression": {`events {}
http {
    server {
        location ~ ^/ws {
            proxy_pass ws://127.0.0.1:3000/;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }
    }
}
`, []string{"websocket-scheme"}},
	} {
		list, err := Select(Selection{})
		if err != nil {
			t.Fatal(err)
		}
		c := &fixture{dir: t.TempDir(), rules: list}
		findings, _ := c.lintText(t, test.text)
		var got []string
		for _, f := range findings {
			got = append(got, f.Rule.Name)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
			for i := range findings {
				t.Log(describe(&findings[i]))
			}
		}
	}
}

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

func TestPlaceholder(t *testing.T) {
	for word, want := range map[string]bool{
		"${PORT}": true, "$BACKEND": true, "http://${HOST}:80": true, "${web.port}": true, "%port%": true, "<port>": true,
		"@PORT@": true, "__port__": true, "...": true, "{{port}}": true,
		"$host": false, "${host}x": false, "1h": false, "": false, "a%20b": false, "@ws": false, "~^/a<b>$": false,
	} {
		if got := placeholder(word); got != want {
			t.Errorf("placeholder(%q) = %v, want %v", word, got, want)
		}
	}
}
