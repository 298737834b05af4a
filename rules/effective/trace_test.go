package effective

import (
	"net/url"
	"strings"
	"testing"
)

// trace follows a URL and returns where it ends: the location as
// "modifier match", or the outcome.
func trace(t *testing.T, m *Model, raw string) (*Trace, string) {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := m.Trace(u)
	if err != nil {
		t.Fatalf("Trace(%q): %v", raw, err)
	}
	if tr.Location == nil {
		return tr, string(tr.Outcome)
	}
	modifier, match := tr.Location.ModifierAndMatch()
	return tr, strings.TrimSpace(modifier + " " + match)
}

// TestLocation holds the choices of NGINX.md, section 6, as nginx 1.22.1 made
// them.
func TestLocation(t *testing.T) {
	const pass = "{ proxy_pass http://127.0.0.1:1; "
	for _, tt := range []struct {
		name, server, path, want string
	}{
		{"exact goes first", `location = /a ` + pass + `} location /a ` + pass + `} location ~ a ` + pass + `}`, "/a", "= /a"},
		{"longest prefix", `location / ` + pass + `} location /a ` + pass + `} location /ab ` + pass + `}`, "/abc", "/ab"},
		{"regex before prefix", `location /a ` + pass + `} location ~ ^/a ` + pass + `}`, "/ab", "~ ^/a"},
		{"first regex of the file", `location ~ ^/a ` + pass + `} location ~ ^/ab ` + pass + `}`, "/ab", "~ ^/a"},
		{"caseless regex", `location / ` + pass + `} location ~* ^/WS ` + pass + `}`, "/ws", "~* ^/WS"},
		{"prefix that stops regexes", `location ^~ /a ` + pass + `} location ~ a ` + pass + `}`, "/ab", "^~ /a"},
		{"shorter one does not stop them", `location ^~ /a ` + pass + `} location /ab ` + pass + `} location ~ b ` + pass + `}`, "/ab", "~ b"},
		{"nested prefix loses to outer regex", `location /a ` + pass + ` location /a/b ` + pass + `} } location ~ b ` + pass + `}`, "/a/b", "~ b"},
		{"nested regex beats outer regex", `location /a ` + pass + ` location ~ b ` + pass + `} } location ~ ^/a ` + pass + `}`, "/a/b", "~ b"},
		{"nested exact beats outer regex", `location /a ` + pass + ` location = /a/b ` + pass + `} } location ~ b ` + pass + `}`, "/a/b", "= /a/b"},
		{"nested stop is for its own level", `location /a ` + pass + ` location ^~ /a/b ` + pass + `} } location ~ b ` + pass + `}`, "/a/b", "~ b"},
		{"glued modifier", `location =/a ` + pass + `} location ~^/b ` + pass + `}`, "/b", "~ ^/b"},
		{"none", `location /a ` + pass + `}`, "/b", "no-location"},
		{"path is decoded and folded", `location /a/b ` + pass + `}`, "/x/../a//%62", "/a/b"},
		{"quoted brace", `location ~ "^/a{2}$" ` + pass + `}`, "/aa", "~ ^/a{2}$"},
		{"rewrite goes on elsewhere", `location /a { rewrite ^/a(.*) /b$1; proxy_pass http://127.0.0.1:1; } location /b ` + pass + `}`, "/a/1", "/b"},
		{"rewrite with break stays", `location /a { rewrite ^/a(.*) /b$1 break; proxy_pass http://127.0.0.1:1; } location /b ` + pass + `}`, "/a/1", "/a"},
		{"try_files falls back", `location /a { try_files $uri @b; } location @b ` + pass + `}`, "/a", "@b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, inHTTP("", tt.server), Options{})
			if _, got := trace(t, m, "ws://h"+tt.path); got != tt.want {
				t.Errorf("%s in %s is answered by %q, want %q", tt.path, tt.server, got, tt.want)
			}
		})
	}
}

func TestSlashRedirect(t *testing.T) {
	for _, tt := range []struct {
		name, server, url string
		outcome           Outcome
		target            string
	}{
		{"prefix", `location /ws/ { proxy_pass http://127.0.0.1:1; }`, "ws://h:80/ws?a=1", OutcomeRedirect, "http://h/ws/?a=1"},
		{"goes before a regex", `location /ws/ { proxy_pass http://127.0.0.1:1; } location ~ ws { return 204; }`, "ws://h/ws", OutcomeRedirect, "http://h/ws/"},
		{"exact", `location = /ws/ { proxy_pass http://127.0.0.1:1; }`, "ws://h/ws", OutcomeRedirect, "http://h/ws/"},
		{"not with a location of its own", `location /ws/ { proxy_pass http://127.0.0.1:1; } location /ws { return 204; }`, "ws://h/ws", OutcomeNotProxied, ""},
		{"not without a pass", `location /ws/ { root /x; }`, "ws://h/ws", OutcomeNoLocation, ""},
		{"not for a pass inside an if", `location /ws/ { if ($http_upgrade) { proxy_pass http://127.0.0.1:1; } }`, "ws://h/ws", OutcomeNoLocation, ""},
		{"not for a regex", `location ~ ^/ws/ { proxy_pass http://127.0.0.1:1; }`, "ws://h/ws", OutcomeNoLocation, ""},
		{"return", `location /ws { return 301 https://$host$request_uri; }`, "ws://h/ws?x=1", OutcomeRedirect, "https://h/ws?x=1"},
		{"rewrite", `location /ws { rewrite ^/ws(.*)$ /live$1 permanent; }`, "ws://h/ws/1?x=1", OutcomeRedirect, "http://h/live/1?x=1"},
		{"on the server", `return 301 https://$host$request_uri; location /ws { proxy_pass http://127.0.0.1:1; }`, "ws://h/ws", OutcomeRedirect, "https://h/ws"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, inHTTP("", tt.server), Options{})
			tr, _ := trace(t, m, tt.url)
			if tr.Outcome != tt.outcome || tr.Redirect != tt.target {
				t.Errorf("%s: %s %q, want %s %q", tt.url, tr.Outcome, tr.Redirect, tt.outcome, tt.target)
			}
		})
	}
}

func TestServer(t *testing.T) {
	const src = `events {}
http {
	server { listen 80; server_name first; location / { return 201; } }
	server { listen 80 default_server; server_name exact.test; location / { return 202; } }
	server { listen 80; server_name *.exact.test; location / { return 203; } }
	server { listen 80; server_name *.deep.exact.test; location / { return 204; } }
	server { listen 80; server_name exact.*; location / { return 205; } }
	server { listen 80; server_name ~^re\d+\.test$; location / { return 206; } }
	server { listen 80; server_name .dot.test; location / { return 207; } }
	server { listen 80; server_name exact.test; location / { return 208; } }
	server { listen 8080; server_name a; location / { return 209; } }
	server { listen 8080; server_name b; location / { return 210; } }
	server { listen 127.0.0.1:8080; server_name b; location / { return 211; } }
	server { listen 8443 ssl; server_name tls; location / { return 212; } }
}`
	m := model(t, src, Options{})
	for _, tt := range []struct {
		url  string
		want int // index of the server; -1 for none
	}{
		{"ws://exact.test/", 1},
		{"ws://EXACT.test./", 1},
		{"ws://a.exact.test/", 2},
		{"ws://a.deep.exact.test/", 3},
		{"ws://deep.exact.test/", 2},
		{"ws://exact.org/", 4},
		{"ws://re12.test/", 5},
		{"ws://dot.test/", 6},
		{"ws://x.dot.test/", 6},
		{"ws://unknown/", 1},
		{"ws://unknown:8080/", 8},
		{"ws://b:8080/", 9},
		{"ws://127.0.0.1:8080/", 10},
		{"ws://127.0.0.2:8080/", 8},
		{"wss://tls:8443/", 11},
		{"ws://unknown:81/", -1},
	} {
		tr, _ := trace(t, m, tt.url)
		got := -1
		for i, vs := range m.Servers {
			if vs == tr.Server {
				got = i
			}
		}
		if got != tt.want {
			t.Errorf("%s reaches server %d (%s), want %d", tt.url, got, tr.ServerWhy, tt.want)
		}
	}
	if tr, _ := trace(t, m, "ws://tls:8443/"); tr.Outcome != OutcomeBroken {
		t.Errorf("plain handshake to a TLS port: %s, want broken", tr.Outcome)
	}
	if tr, _ := trace(t, m, "wss://exact.test:80/"); tr.Outcome != OutcomeBroken {
		t.Errorf("TLS handshake to a plain port: %s, want broken", tr.Outcome)
	}
}

// A trace says of every location that the path fits, and of every regular
// expression that nginx tries, why another answers.
func TestConsidered(t *testing.T) {
	const pass = "{ proxy_pass http://127.0.0.1:1; "
	const locations = `location / ` + pass + `}
		location /a ` + pass + `}
		location ~ \.php$ ` + pass + `}
		location ~ ^/a/re ` + pass + `}
		location ~ re$ ` + pass + `}
		location ^~ /a/stop ` + pass + `}
		location = /a/exact ` + pass + `}
		location /a/jump { rewrite ^ /a last; }
		location /a/try { try_files $uri @named; }
		location @named ` + pass + `}
		location /b ` + pass + ` location /b/in ` + pass + `} }`
	for _, tt := range []struct{ path, want string }{
		{"/", `\.php$: does not match, ^/a/re: does not match, re$: does not match`},
		{"/a/b", `/: a shorter prefix, \.php$: does not match, ^/a/re: does not match, re$: does not match`},
		{"/a/re", `/: a shorter prefix, \.php$: does not match, /a: a regular expression that matches goes before a prefix, re$: matches too, later in the file`},
		{"/a/stop/re", `/: a shorter prefix, /a: a shorter prefix, re$: matches too, and ^~ leaves regular expressions out`},
		{"/a/exact", `/: a prefix, and the exact path goes first, /a: a prefix, and the exact path goes first`},
		{"/a/jump", `/: a shorter prefix, \.php$: does not match, ^/a/re: does not match, re$: does not match, /a/jump: rewrite leads on to /a`},
		{"/a/try", `/: a shorter prefix, /a: a shorter prefix, \.php$: does not match, ^/a/re: does not match, re$: does not match, /a/try: try_files leads on to @named`},
		{"/b/in", `/: a shorter prefix, /b: a location inside it is more exact, \.php$: does not match, ^/a/re: does not match, re$: does not match`},
	} {
		m := model(t, inHTTP("", locations), Options{})
		tr, _ := trace(t, m, "ws://h"+tt.path)
		var got []string
		for _, c := range tr.Considered {
			if c.Location == nil || c.Matches != (c.Why != "does not match") {
				t.Errorf("%s considers %+v", tt.path, c)
			}
			got = append(got, c.Match+": "+c.Why)
		}
		if text := strings.Join(got, ", "); text != tt.want {
			t.Errorf("%s is not answered by\n%s\nwant\n%s", tt.path, text, tt.want)
		}
	}
}

// The outcome is a sentence, not the name of a rule.
func TestTraceWhy(t *testing.T) {
	m := model(t, inHTTP("", `location /ws { proxy_pass http://127.0.0.1:1; }`), Options{})
	tr, _ := trace(t, m, "ws://h/ws")
	const want = `the upstream is spoken to in HTTP/1.0, and a handshake is HTTP/1.1; the upstream gets no "Upgrade: websocket"; the upstream gets no "Connection: upgrade"`
	if tr.Why != want {
		t.Errorf("the outcome is %q, want %q", tr.Why, want)
	}
}

// TestTraceStream holds that a port of a stream server is not said to have none.
func TestTraceStream(t *testing.T) {
	m := model(t, `events {} stream { server { listen 8401; proxy_pass 127.0.0.1:8402; } } http { server { listen 8402; } }`, Options{})
	for url, want := range map[string]Outcome{"ws://a:8401/": OutcomeUnknown, "ws://a:8403/": OutcomeNoServer, "ws://a:8402/": OutcomeNoLocation} {
		if tr, _ := trace(t, m, url); tr.Outcome != want {
			t.Errorf("%s: %s (%s), want %s", url, tr.Outcome, tr.Why, want)
		}
	}
}
