package effective

import (
	"strings"
	"testing"
)

// TestChain holds what the location before or behind another one says of it. The
// path and port of the one that is asked stand in the name "port path".
func TestChain(t *testing.T) {
	const (
		app   = "proxy_pass http://127.0.0.1:9000;"
		lines = `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; `
	)
	front := func(server string) string { return "server {\nlisten 80;\n" + server + "\n}\n" }
	back := func(server string) string { return "server {\nlisten 8080;\n" + server + "\n}\n" }
	inner := "proxy_pass http://127.0.0.1:8080;"
	for _, tt := range []struct {
		name, http string
		port, path string
		want       Intent
		why        string
	}{
		{"behind a location with the lines", front(`location /a/ { `+lines+inner+` }`) + back(`location / { `+app+` }`),
			"8080", "/", Declared, "location /a/, which is meant for it, passes its requests on to this server"},
		{"behind a path", front(`location /ws { `+inner+` }`) + back(`location / { `+app+` }`), "8080", "/", Likely, "location /ws"},
		{"behind a catch-all", front(`location / { `+lines+inner+` }`) + back(`location / { `+app+` }`), "8080", "/", Likely, "location /"},
		{"behind a catch-all, and another one has the lines", front(`location / { `+lines+inner+` }`) + back(`location / { `+app+` } location /live { `+lines+app+` }`),
			"8080", "/", None, ""},
		{"behind a plain one", front(`location / { `+inner+` }`) + back(`location / { `+app+` }`), "8080", "/", None, ""},
		{"another location answers there", front(`location /a/ { `+lines+inner+` }`) + back(`location / { `+app+` } location /a { `+app+` }`), "8080", "/", None, ""},
		{"that one", front(`location /a/ { `+lines+inner+` }`) + back(`location / { `+app+` } location /a { `+app+` }`), "8080", "/a", Declared, ""},
		{"with a URI", front(`location /a/ { `+lines+`proxy_pass http://127.0.0.1:8080/b/; }`) + back(`location /a/ { `+app+` } location /b/ { `+app+` }`),
			"8080", "/b/", Declared, ""},
		{"after a rewrite", front(`location /a/ { rewrite ^/a/(.*) /b/$1 break; `+lines+inner+` }`) + back(`location /a/ { `+app+` } location /b/ { `+app+` }`),
			"8080", "/b/", Declared, ""},
		{"through an upstream", "upstream in { server 127.0.0.1:8080; }\n" + front(`location /a/ { `+lines+`proxy_pass http://in; }`) + back(`location / { `+app+` }`),
			"8080", "/", Declared, ""},
		{"a server that is down", "upstream in { server 127.0.0.1:8080 down; server 10.1.1.1; }\n" + front(`location /a/ { `+lines+`proxy_pass http://in; }`) + back(`location / { `+app+` }`),
			"8080", "/", None, ""},
		{"a socket's path", front(`location /a/ { `+lines+`proxy_pass http://unix:/run/in.sock; }`) + "server { listen unix:/run/in.sock; location / { " + app + " } }",
			"", "/", Declared, ""},
		{"another machine", front(`location /a/ { `+lines+`proxy_pass http://10.1.1.1:8080; }`) + back(`location / { `+app+` }`), "8080", "/", None, ""},
		{"the address that is listened on", front(`location /a/ { `+lines+`proxy_pass http://10.1.1.1:8080; }`) + "server { listen 10.1.1.1:8080; location / { " + app + " } }",
			"8080", "/", Declared, ""},
		{"another port", front(`location /a/ { `+lines+`proxy_pass http://127.0.0.1:8081; }`) + back(`location / { `+app+` }`), "8080", "/", None, ""},
		{"TLS to a plain port", front(`location /a/ { `+lines+`proxy_pass https://127.0.0.1:8080; }`) + back(`location / { `+app+` }`), "8080", "/", None, ""},
		{"files there", front(`location /a/ { `+lines+inner+` }`) + back(`location / { fastcgi_pass 127.0.0.1:9000; }`), "8080", "/", None, ""},
		{"by the name in Host", front(`location /a/ { `+lines+`proxy_set_header Host b; `+inner+` }`) + back(`server_name a; location / { `+app+` }`) + "server { listen 8080; server_name b; location /b { } location / { " + app + "} }",
			"8080", "/", None, ""}, // of the first server
		{"three in a row", front(`location /a/ { `+lines+inner+` }`) + back(`location / { proxy_pass http://127.0.0.1:8081; }`) + "server { listen 8081; location / { " + app + " } }",
			"8081", "/", Declared, "location /"},
		{"a circle", front(`location /a/ { ` + lines + `proxy_pass http://127.0.0.1:80; } location / { ` + app + ` }`), "80", "/", None, ""},

		{"before a location with the lines", front(`location / { `+inner+` }`) + back(`location /live { `+lines+app+` }`),
			"80", "/", Likely, "its requests go on to location /live of this configuration"},
		{"before a catch-all with the lines", front(`location / { `+inner+` }`) + back(`location / { `+lines+app+` }`), "80", "/", Likely, ""},
		{"before it, with a URI", front(`location /x/ { proxy_pass http://127.0.0.1:8080/; }`) + back(`location /live { `+lines+app+` }`), "80", "/x/", Likely, ""},
		{"before it, and its path leads elsewhere", front(`location /x/ { `+inner+` }`) + back(`location /live { `+lines+app+` }`), "80", "/x/", None, ""},
		{"before it, and another answers that path", front(`location / { `+inner+` } location /live { `+lines+app+` }`) + back(`location /live { `+lines+app+` }`),
			"80", "/", None, ""},
		{"a comment says no", front("location / { # wsnginx:not-websocket\n"+inner+` }`) + back(`location /live { `+lines+app+` }`), "80", "/", None, "comment"},
		{"one front has the lines, the other not", front(`location / { `+lines+inner+` }`) + "server { listen 81; location / { " + inner + " } }" + back(`location / { `+app+` }`),
			"81", "/", None, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, "events {}\nhttp {\n"+tt.http+"}\n", Options{})
			for _, r := range m.Routes {
				if r.Server.Listens[0].Port != tt.port || matchOf(r.Location) != tt.path {
					continue
				}
				if r.Intent != tt.want || !strings.Contains(r.IntentWhy, tt.why) {
					t.Errorf("%s (%s), want %s for %q", r.Intent, r.IntentWhy, tt.want, tt.why)
				}
				if by := r.MeantBy.Directive != nil; by != (tt.want == Likely || tt.want == Declared) {
					t.Errorf("a place in another server says it: %t", by)
				}
				return
			}
			t.Fatal("no such location is proxied")
		})
	}
}

// TestChainTrace follows URLs through two servers.
func TestChainTrace(t *testing.T) {
	const lines = `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; `
	for _, tt := range []struct {
		name, back string
		want       Outcome
		why        string
	}{
		{"works", `location / { ` + lines + `proxy_pass http://127.0.0.1:9000; }`, OutcomeWorks, "reaches the upstream there complete"},
		{"without the lines", `location / { proxy_pass http://127.0.0.1:9000; }`, OutcomeBroken, "goes on to location / of this configuration (nginx.conf:9)"},
		{"a redirect", `location / { return 301 https://h/; }`, OutcomeBroken, "301"},
		{"files", `location / { root /srv; }`, OutcomeBroken, "passes nothing on"},
		{"the path as it was", `location /x/a { ` + lines + `proxy_pass http://127.0.0.1:9000; }`, OutcomeBroken, "no location matches /a/1"},
		{"unknown", `location / { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_authorization; proxy_pass http://127.0.0.1:9000; }`,
			OutcomeUnknown, "goes on to location /"},
		{"what the name captures", `server_name ~^(?<name>127)\.; location / { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade$1; proxy_pass http://127.0.0.1:9000; }`,
			OutcomeBroken, "Connection"},
		{"round in a circle", `location / { ` + lines + `proxy_pass http://127.0.0.1:8080; }`, OutcomeBroken, "circle"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, inHTTP("", `location /x/ { `+lines+"proxy_pass http://127.0.0.1:8080/; }\n}\nserver { listen 8080;\n"+tt.back), Options{})
			tr, _ := trace(t, m, "ws://h/x/a/1")
			if tr.Outcome != tt.want || !strings.Contains(tr.Why, tt.why) || tr.Onward == nil {
				t.Errorf("%s (%s), want %s for %q", tr.Outcome, tr.Why, tt.want, tt.why)
			}
		})
	}
}
