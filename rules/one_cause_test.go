package rules

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
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
		"a list without quotes": {`events {}
http {
    server {
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection keep-alive, upgrade;
            proxy_read_timeout 1h;
        }
    }
}
`, []string{"invalid-value"}},
		"an Upgrade line without a value": {`events {}
http {
    server {
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }
    }
}
`, []string{"invalid-value"}},
		"HTTP/2 before nginx knew it": {`events {}
http {
    server {
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 2;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }
    }
}
`, []string{"invalid-value"}},
		"a name in capitals": {`events {}
http {
    server {
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            PROXY_SET_HEADER Connection "upgrade";
            proxy_read_timeout 1h;
        }
    }
}
`, []string{"invalid-value"}},
		"a pass in capitals": {`events {}
http {
    server {
        location /ws {
            Proxy_Pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }
    }
}
`, []string{"invalid-value"}},
		"a colon behind a name": {`events {}
http {
    server {
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade: $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }
    }
}
`, []string{"missing-upgrade-header"}},
		"a colon behind Host": {`events {}
http {
    server {
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Host: $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }
    }
}
`, []string{"duplicate-header"}},
		"an equals sign in a header line": {`events {}
http {
    server {
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade=$http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }
    }
}
`, []string{"invalid-value"}},
		"add_header for both": {`events {}
http {
    server {
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            add_header Upgrade $http_upgrade;
            add_header Connection "upgrade";
            proxy_read_timeout 1h;
        }
    }
}
`, []string{"response-header-mistake", "response-header-mistake"}},
		"a map in a server": {`events {}
http {
    server {
        map $http_upgrade $connection_upgrade { default upgrade; '' close; }
        location / {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 1h;
        }
    }
}
`, []string{"misplaced-directive"}},
		"a map's variable misspelt": {`events {}
http {
    map $http_upgrade $connection_upgrade {
        default upgrade;
        ''      close;
    }
    server {
        location / {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrad;
            proxy_read_timeout 1h;
        }
    }
}
`, []string{"undefined-connection-variable"}},
		"header lines in an upstream": {`events {}
http {
    upstream app {
        server 127.0.0.1:3000;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
    }
    server {
        location /ws {
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_read_timeout 1h;
        }
    }
}
`, []string{"misplaced-directive"}},
		"a limit_except that leaves out GET": {`events {}
http {
    server {
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
            limit_except POST { deny all; }
        }
    }
}
`, []string{"handshake-method"}},
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

// TestCutOff runs all default rules over files that nginx stops reading: what
// holds the error, or stands behind it, was read by guess, and is not judged.
func TestCutOff(t *testing.T) {
	list, err := Select(Selection{})
	if err != nil {
		t.Fatal(err)
	}
	const server = `events {}
http {
    server {
        location /before { proxy_pass http://127.0.0.1:3000; proxy_read_timeout 60sec; }
`
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"a quote that does not close": {server + `        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade;
            proxy_set_header Host $host;
            proxy_read_timeout 60sec;
        }
        location /b { return 200 "x"; }
    }
}
`, []string{"invalid-value"}},
		"an error in front of the server's lines": {server + `        location /a { return 200 "a"b; }
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_read_timeout 60sec;
        }
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
    }
}
`, []string{"invalid-value"}},
		"a location that stands whole before the error": {`server {
    location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "close";
        proxy_read_timeout 1h;
    }
    location /b { return 200 "b"b; }
}
`, []string{"missing-connection-header"}},
	} {
		path := filepath.Join(t.TempDir(), "nginx.conf")
		if err := os.WriteFile(path, []byte(test.text), 0o666); err != nil {
			t.Fatal(err)
		}
		w := parser.Open([]string{path}, parser.Options{})
		if len(w.Configs) != 1 || len(w.Configs[0].Problems) == 0 {
			t.Fatalf("%s: no problem in %q", name, test.text)
		}
		findings := Run([]*effective.Model{effective.Build(w.Configs[0], effective.Options{})}, Options{Rules: list})
		var got []string
		for i := range findings {
			got = append(got, findings[i].Rule.Name)
			if findings[i].Fix != nil {
				t.Errorf("%s: a fix for a file that nginx cannot read: %s", name, describe(&findings[i]))
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
			for i := range findings {
				t.Log(describe(&findings[i]))
			}
		}
	}
}
