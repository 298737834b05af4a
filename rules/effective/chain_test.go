package effective

import (
	"fmt"
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
		{"before a catch-all with the lines, beside a location with them", front(`location / { `+inner+` } location /chat/ { `+lines+inner+` }`) + back(`location / { `+lines+app+` }`),
			"80", "/", None, ""},
		{"a path before a catch-all that others lead to", front(`location / { root /srv; } location /a/ { `+inner+` } location /b/ { `+inner+` }`) + back(`location / { `+lines+app+` }`),
			"80", "/a/", None, ""},
		{"the only way to a catch-all with the lines", front(`location / { root /srv; } location /a/ { proxy_pass http://127.0.0.1:8080/; }`) + back(`location / { `+lines+app+` }`),
			"80", "/a/", Likely, ""},
		{"before it, and a rewrite takes its path away", front(`location /a/ { rewrite ^/a/(.*) /$1 break; `+inner+` }`) + back(`location /a/live { `+lines+app+` }`),
			"80", "/a/", None, ""},
		{"before it, and a rewrite leads there", front(`location /a/ { rewrite ^/a/(.*) /$1 break; `+inner+` }`) + back(`location /live { `+lines+app+` }`),
			"80", "/a/", Likely, ""},
		{"behind pages with the lines", front(`location /static/ { `+lines+inner+` }`) + back(`location / { `+app+` }`), "8080", "/", None, ""},
		{"behind a path, and another there has the lines", front(`location /a/ { `+lines+inner+` }`) + back(`location / { `+app+` } location ~ /(chat|talk)$ { `+lines+app+` }`),
			"8080", "/", None, ""},
		{"behind /ws, and another there has the lines", front(`location /ws { `+lines+inner+` }`) + back(`location / { `+app+` } location /chat { `+lines+app+` }`),
			"8080", "/", Declared, ""},
		{"two slashes are one", front(`location /a { `+lines+`proxy_pass http://127.0.0.1:8080/; }`) + back(`location / { root /srv; } location = / { `+app+` } location /q7Z.x-1 { `+app+` }`),
			"8080", "/", None, ""}, // the second of the two paths is another location's
		{"the URI takes the place of a location that a rewrite led to", front(`location /x/ { rewrite ^/x/(.*) /a/$1 last; } location /a/ { `+lines+`proxy_pass http://127.0.0.1:8080/b/; }`) + back(`location /a/ { `+app+` } location /b/ { `+app+` }`),
			"8080", "/b/", Declared, ""},
		{"a server that stands by", "upstream in { server 10.1.1.1; server 127.0.0.1:8080 backup; }\n" + front(`location /a/ { `+lines+`proxy_pass http://in; }`) + back(`location / { `+app+` }`),
			"8080", "/", None, ""},
		{"one of two servers", "upstream in { server 127.0.0.1:8080; server 127.0.0.1:8081; }\n" + front(`location /a/ { `+lines+`proxy_pass http://in; }`) + "server { listen 8081; location / { " + app + " } }" + back(`location / { `+app+` }`),
			"8080", "/", Declared, ""},
		{"the other", "upstream in { server 127.0.0.1:8080; server 127.0.0.1:8081; }\n" + front(`location /a/ { `+lines+`proxy_pass http://in; }`) + "server { listen 8081; location / { " + app + " } }" + back(`location / { `+app+` }`),
			"8081", "/", Declared, ""},
		{"a client's name, which is any of two", front(`server_name _; location / { `+lines+`proxy_set_header Host $host; `+inner+` }`) + back(`server_name a; location / { `+app+` }`) + "server { listen 8080; location / { " + app + "} }",
			"8080", "/", None, ""},
		{"the PROXY protocol there", front(`location /a/ { `+lines+inner+` }`) + "server { listen 8080 proxy_protocol; location / { " + app + " } }",
			"8080", "/", None, ""},
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

// TestTraceOnward follows the request as it is when it comes to the second server:
// its host, scheme, header lines and path are those that the first one sent.
func TestTraceOnward(t *testing.T) {
	const (
		lines = `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; proxy_set_header Host $host; `
		app   = "proxy_pass http://127.0.0.1:9000;"
	)
	for _, tt := range []struct {
		name, pass, more, back string
		want                   Outcome
		why                    string
	}{
		{"two slashes are one", `location /x { proxy_pass http://127.0.0.1:8080/; }`, "", `location = /a/1 { ` + lines + app + ` }`, OutcomeWorks, "location = /a/1"},
		{"the URI after rewrites to another location", `location /x/ { rewrite ^/x/(.*) /y/$1 last; } location /y/ { proxy_pass http://127.0.0.1:8080/b/; }`, "", `location /b/ { ` + lines + app + ` }`, OutcomeWorks, "location /b/"},
		{"no URI after a rewrite with break", `location /x/ { rewrite ^/x/(.*) /y/$1 break; proxy_pass http://127.0.0.1:8080/b/; }`, "", `location /y/ { ` + lines + app + ` }`, OutcomeWorks, "location /y/"},
		{"the client's path after a rewrite", `location /x/ { rewrite ^ /y break; proxy_pass http://127.0.0.1:8080$request_uri; }`, "", `location /x/ { ` + lines + app + ` }`, OutcomeWorks, "location /x/"},
		{"a URI with %20", `location /x/ { proxy_pass http://127.0.0.1:8080/e%20f/; }`, "", `location "/e f/" { ` + lines + app + ` }`, OutcomeWorks, "location /e f/"},
		{"arguments in the URI", `location /x/ { proxy_pass http://127.0.0.1:8080/?p=; }`, "", `location = / { if ($arg_p != a/1) { return 403; } ` + lines + app + ` }`, OutcomeWorks, "location = /"},
		{"arguments that are set", `location /x/ { set $args k=v; proxy_pass http://127.0.0.1:8080; }`, "", `location / { if ($arg_k = v) { return 403; } ` + lines + app + ` }`, OutcomeBroken, "403"},
		{"an error page in front", `location /x/ { proxy_intercept_errors on; error_page 403 = @else; proxy_pass http://127.0.0.1:8080; } location @else { ` + app + ` }`, "", `location / { return 403; }`, OutcomeUnknown, "error_page"},
		{"a capture", `location ~ ^/x/(.*) { proxy_pass http://127.0.0.1:8080/b/$1; }`, "", `location /b/ { ` + lines + app + ` }`, OutcomeWorks, "location /b/"},
		{"a variable", `location /x/ { set $to 127.0.0.1:8080; proxy_pass http://$to; }`, "", `location / { ` + app + ` }`, OutcomeBroken, "location /"},
		{"one of two servers", `location /x/ { proxy_pass http://in; }`, "upstream in { server 127.0.0.1:8080; server 127.0.0.1:9000; }", `location / { ` + app + ` }`, OutcomeBroken, "one of several"},
		{"one that stands by", `location /x/ { proxy_pass http://in; }`, "upstream in { server 127.0.0.1:8080 backup; server 127.0.0.1:9000; }", `location / { ` + app + ` }`, OutcomeWorks, "reaches the upstream complete"},
		{"the scheme of the second", `location /x/ { proxy_pass http://127.0.0.1:8080; }`, "", `location / { if ($scheme = http) { return 403; } ` + lines + app + ` }`, OutcomeBroken, "403"},
		{"a line of the first", `location /x/ { ` + lines + `proxy_set_header X-From front; proxy_pass http://127.0.0.1:8080; }`, "", `location / { if ($http_x_from != front) { return 403; } ` + lines + app + ` }`, OutcomeWorks, ""},
		{"its Connection line", `location /x/ { proxy_pass http://127.0.0.1:8080; }`, "map $http_connection $as_is { ~Upgrade upgrade; default close; }", `location / { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $as_is; ` + app + ` }`, OutcomeBroken, "Connection"},
		{"a pattern of names", `location /x/ { proxy_pass http://127.0.0.1:8080; }`, "", `server_name ~^(?<n>h)$; location / { if ($n = h) { return 403; } ` + lines + app + ` } } server { listen 8080; return 204;`, OutcomeBroken, "403"},
		{"TLS there", `location /x/ { proxy_pass http://127.0.0.1:8443; }`, "server { listen 8443 ssl; }", ``, OutcomeBroken, "TLS only"},
		{"no TLS there", `location /x/ { proxy_pass https://127.0.0.1:8080; }`, "", ``, OutcomeBroken, "no TLS"},
		{"the PROXY protocol there", `location /x/ { proxy_pass http://127.0.0.1:8081; }`, "server { listen 8081 proxy_protocol; }", ``, OutcomeBroken, "PROXY protocol"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, inHTTP(tt.more, lines+"server_name h;\n"+tt.pass+"\n}\nserver { listen 8080;\n"+tt.back), Options{})
			tr, _ := trace(t, m, "ws://h/x/a/1")
			if tr.Outcome != tt.want || !strings.Contains(tr.Why, tt.why) {
				t.Errorf("%s (%s), want %s for %q", tr.Outcome, tr.Why, tt.want, tt.why)
			}
		})
	}
}

// TestTraceManyWays holds that not every way is followed through upstreams with
// several servers each, one behind another: there may be millions.
func TestTraceManyWays(t *testing.T) {
	const lines = `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; `
	var b strings.Builder
	for level := range 9 {
		fmt.Fprintf(&b, "upstream u%d {", level+1)
		for i := range 20 {
			fmt.Fprintf(&b, " server 127.0.0.1:%d;", 10000+100*(level+1)+i)
		}
		b.WriteString(" }\n")
		for i := range 20 {
			fmt.Fprintf(&b, "server { listen %d; location / { %sproxy_pass http://u%d; } }\n", 10000+100*level+i, lines, level+1)
		}
	}
	m := model(t, "events {}\nhttp {\n"+b.String()+"}\n", Options{})
	if tr, _ := trace(t, m, "ws://h:10000/"); tr.Outcome != OutcomeWorks || tr.Onward == nil {
		t.Errorf("%s (%s), want works", tr.Outcome, tr.Why)
	}
}

// TestTraceOnwardHTTP2 holds a second port against the version of nginx: one that
// speaks HTTP/2 without TLS takes nothing else before 1.25.1.
func TestTraceOnwardHTTP2(t *testing.T) {
	const lines = `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; `
	conf := inHTTP("", `location / { `+lines+"proxy_pass http://127.0.0.1:8080; }\n}\nserver { listen 8080 http2; location / { "+lines+"proxy_pass http://127.0.0.1:9000; }")
	for version, want := range map[string]Outcome{"1.24.0": OutcomeBroken, "1.28.0": OutcomeWorks} {
		v, err := ParseVersion(version)
		if err != nil {
			t.Fatal(err)
		}
		if tr, _ := trace(t, model(t, conf, Options{Version: v}), "ws://h/"); tr.Outcome != want {
			t.Errorf("nginx %s: %s (%s), want %s", version, tr.Outcome, tr.Why, want)
		}
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
