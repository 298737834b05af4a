package rules

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// oneLocation is a configuration without a mistake.
const oneLocation = `events {}
http {
    server {
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }
    }
}
`

// TestOneCause runs all default rules over configurations with one mistake: it
// is reported, and not what follows from it.
func TestOneCause(t *testing.T) {
	const upgrade, connection = "proxy_set_header Upgrade $http_upgrade;", `proxy_set_header Connection "upgrade";`
	list, err := Select(Selection{})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		changes []string // what of oneLocation is replaced, each by the string behind it
		want    []string
	}{
		"none": {},
		"a semicolon before the WebSocket lines": {[]string{":3000;", ":3000", "$http_upgrade;", "$http_upgrade"},
			[]string{"swallowed-directive", "swallowed-directive"}},
		"the WebSocket lines in an if": {[]string{"/ws", "/", "proxy_http_version 1.1;", "", "proxy_set_header Host $host;", "",
			upgrade, "if ($http_upgrade) { proxy_http_version 1.1; " + upgrade, connection, connection + " }", "proxy_read_timeout 1h;", ""},
			[]string{"misplaced-directive"}},
		"a doubled version, the second one wrong": {[]string{"1.1;", "1.1; proxy_http_version HTTP/1.1;"}, []string{"duplicate-directive"}},
		"a scheme that nginx does not know, in a location with a regular expression": {
			[]string{"/ws", "~ ^/ws", "http://127.0.0.1:3000", "ws://127.0.0.1:3000/"}, []string{"websocket-scheme"}},
		"a list without quotes":              {[]string{`"upgrade"`, "keep-alive, upgrade"}, []string{"invalid-value"}},
		"an Upgrade line without a value":    {[]string{" $http_upgrade", ""}, []string{"invalid-value"}},
		"HTTP/2 before nginx knew it":        {[]string{"1.1", "2"}, []string{"invalid-value"}},
		"a name in capitals":                 {[]string{"proxy_set_header Connection", "PROXY_SET_HEADER Connection"}, []string{"invalid-value"}},
		"a pass in capitals":                 {[]string{"proxy_pass", "Proxy_Pass"}, []string{"invalid-value"}},
		"a colon behind a name":              {[]string{"Upgrade", "Upgrade:"}, []string{"missing-upgrade-header"}},
		"a colon behind Host":                {[]string{"Host", "Host:"}, []string{"duplicate-header"}},
		"an equals sign in a header line":    {[]string{"Upgrade ", "Upgrade="}, []string{"invalid-value"}},
		"add_header for both":                {[]string{"proxy_set_header Upgrade", "add_header Upgrade", "proxy_set_header Connection", "add_header Connection"}, []string{"response-header-mistake", "response-header-mistake"}},
		"a proxy_method without a method":    {[]string{"1h;", "1h; proxy_method;"}, []string{"invalid-value"}},
		"a limit_except that leaves out GET": {[]string{"1h;", "1h; limit_except POST { deny all; }"}, []string{"handshake-method"}},
		"a map in a server": {[]string{"server {", "server { map $http_upgrade $connection_upgrade { default upgrade; '' close; }", "/ws", "/",
			`"upgrade"`, "$connection_upgrade"}, []string{"misplaced-directive"}},
		"a map's variable misspelt": {[]string{"http {", "http { map $http_upgrade $connection_upgrade { default upgrade; '' close; }", "/ws", "/",
			`"upgrade"`, "$connection_upgrad"}, []string{"undefined-connection-variable"}},
		"header lines in an upstream": {[]string{"http {", "http { upstream app { server 127.0.0.1:3000; " + upgrade + connection + " }",
			"127.0.0.1:3000", "app", upgrade, "", connection, ""}, []string{"misplaced-directive"}},
	} {
		for i := 0; i < len(test.changes); i += 2 {
			if n := strings.Count(oneLocation, test.changes[i]); n != 1 {
				t.Fatalf("%s: %q stands %d times in the configuration", name, test.changes[i], n)
			}
		}
		c := &fixture{dir: t.TempDir(), rules: list}
		findings, _ := c.lintText(t, strings.NewReplacer(test.changes...).Replace(oneLocation))
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

// TestCategory holds that what nginx starts with in spite of a ws:// is a matter of
// the handshake.
func TestCategory(t *testing.T) {
	list, err := Select(Selection{Select: []string{"websocket-scheme"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		pass string
		want Category
	}{
		{"proxy_pass ws://127.0.0.1:3000;", Syntax},
		{"set $b 127.0.0.1; proxy_pass ws://$b:3000;", HandshakeCategory},
		{"set $b ws://127.0.0.1:3000; proxy_pass $b;", HandshakeCategory},
	} {
		dir := t.TempDir()
		src := strings.Replace(oneLocation, "proxy_pass http://127.0.0.1:3000;", test.pass, 1)
		if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		w := parser.Open([]string{dir}, parser.Options{})
		var models []*effective.Model
		for _, c := range w.Configs {
			models = append(models, effective.Build(c, effective.Options{}))
		}
		findings := Run(models, Options{Rules: list})
		if len(findings) != 1 || findings[0].Category() != test.want {
			t.Errorf("%s: %v, want one finding of category %s", test.pass, findings, test.want)
		}
	}
}
