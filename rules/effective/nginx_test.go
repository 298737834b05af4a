package effective

import (
	"strings"
	"testing"
)

// lines that let a WebSocket through.
const ws = `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; `

const pass = `proxy_pass http://127.0.0.1:1; `

// summary is what a trace came to: the outcome, then the reason of a broken
// one, the target of a redirect, or the location.
func summary(tr *Trace) string {
	out := []string{string(tr.Outcome)}
	switch tr.Outcome {
	case OutcomeBroken:
		if tr.Route != nil {
			for _, r := range tr.Route.Reasons {
				out = append(out, string(r.Kind))
			}
		}
	case OutcomeRedirect:
		out = append(out, tr.Redirect)
	default:
	}
	if tr.Location != nil && tr.Outcome != OutcomeRedirect {
		modifier, match := tr.Location.ModifierAndMatch()
		out = append(out, modifier+match)
	}
	return strings.Join(out, " ")
}

// TestAsNginx holds cases in which a real nginx differed from the model once.
func TestAsNginx(t *testing.T) {
	for _, tt := range []struct {
		name, http, server, url, want string
	}{
		{"error_page leads a status to a location", "", `error_page 418 = @ws; location /a { return 418; } location @ws { ` + ws + pass + `}`, "/a", "works @ws"},
		{"error_page that keeps its status", "", `error_page 418 @ws; location /a { return 418; } location @ws { ` + ws + pass + `}`, "/a", "broken unreachable-proxy @ws"},
		{"error_page for files that are not there", "", `error_page 404 = @ws; location /a { } location @ws { ` + ws + pass + `}`, "/a", "works @ws"},
		{"error_page where no location matches", "", `error_page 404 = /b; location /b { ` + ws + pass + `}`, "/a", "works /b"},
		{"error_page is applied once", "", `error_page 404 = @b; location @b { return 404; }`, "/a", "not-proxied @b"},
		{"return with a text passes it by", "", `error_page 418 = @ws; location /a { return 418 "no"; } location @ws { ` + ws + pass + `}`, "/a", "not-proxied /a"},
		{"error_page for a redirect", "", `error_page 301 = @ws; location /a/ { ` + pass + `} location @ws { ` + ws + pass + `}`, "/a", "works @ws"},
		{"error_page for an address that a variable does not make", "", `error_page 500 = @ws; set $b ""; location /a { proxy_pass http://$b; } location @ws { ` + ws + pass + `}`, "/a", "works @ws"},
		{"a jump within nginx loses the arguments", "", `location = /a { try_files $uri /b; } location /b/ { ` + pass + `}`, "/a?q=1", "redirect http://h/b/"},
		{"and runs the server's directives again", "", `if ($uri = /b) { rewrite ^ /c; } location /a { try_files $uri /b; } location /c { ` + ws + pass + `}`, "/a", "works /c"},
		{"internal", "", `location /a { internal; ` + ws + pass + `}`, "/a", "not-proxied /a"},
		{"internal goes before the redirect to the slash", "", `location /a/ { internal; ` + pass + `}`, "/a", "not-proxied /a/"},
		{"internal lets a jump in", "", `location /a { try_files $uri /b; } location /b { internal; ` + ws + pass + `}`, "/a", "works /b"},
		{"internal is handed down", "", `location /a { internal; location /a/b { ` + ws + pass + `} }`, "/a/b", "not-proxied /a/b"},
		{"the redirect to the slash is escaped", "", `location "/a b%/" { ` + pass + `}`, "/a%20b%25", "redirect http://h/a%20b%25/"},
		{"captures in a redirect are escaped", "", `location / { rewrite ^(.*)/x$ /b$1 redirect; }`, "/a%20%3b/x", "redirect http://h/b/a%20;"},
		{"a location given twice, once exact, redirects as the exact one", "", `location = /a/ { internal; } location /a/ { ` + pass + `}`, "/a", "not-proxied =/a/"},
		{"memcached_pass without a key", "", `error_page 500 = @ws; location /a { break; set $memcached_key k; memcached_pass 127.0.0.1:1; } location @ws { ` + ws + pass + `}`, "/a", "works @ws"},
		{"memcached_pass is not handed to limit_except", "", `location /a { set $memcached_key k; memcached_pass 127.0.0.1:1; limit_except POST { } }`, "/a", "not-proxied /a"},
		{"no pattern of a map is tried on nothing", `map $http_none $c { ~^$ upgrade; }`, `location /a { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $c; ` + pass + `}`, "/a", "broken wrong-connection-map /a"},
		{"an if takes all behind the dollar as one name", "", `location /a { if ($http_upgrade$http_connection ~ x) { return 404; } ` + ws + pass + `}`, "/a", "works /a"},
		{"arguments that set wrote", "", `location /a { set $args x=1; if ($arg_x) { return 404; } ` + ws + pass + `}`, "/a", "not-proxied /a"},
		{"and others", "", `location /a { set $args y=1; if ($arg_x) { return 404; } ` + ws + pass + `}`, "/a?x=1", "works /a"},
		{"the folder of root is there or not", "", `location / { try_files $uri $uri/ @ws; } location @ws { ` + ws + pass + `}`, "/", "unknown /"},
		{"no folder is asked for", "", `location / { try_files $uri @ws; } location @ws { ` + ws + pass + `}`, "/", "works @ws"},
		{"the folder of a path", "", `location / { try_files $uri $uri/ @ws; } location @ws { ` + ws + pass + `}`, "/a", "works @ws"},
		{"$proxy_host in another expression", "", `location /a { ` + ws + `proxy_set_header Host "${proxy_host}"; ` + pass + `}`, "/a", "works /a"},
		{"$proxy_host is the proxy module's alone", "", `location /a { uwsgi_param HTTP_HOST $proxy_host; uwsgi_pass 127.0.0.1:1; }`, "/a", "broken lost-handshake-headers /a"},
		{"a uwsgi_param without Host", "", `location /a { uwsgi_param HTTP_HOST ""; uwsgi_pass 127.0.0.1:1; }`, "/a", "broken lost-handshake-headers /a"},
		{"two keys", "", `location /a { ` + ws + `proxy_set_header Sec-WebSocket-Key $http_sec_websocket_key; proxy_set_header Sec-WebSocket-Key $http_sec_websocket_key; ` + pass + `}`, "/a", "broken lost-handshake-headers /a"},
		{"a version that is right", "", `location /a { ` + ws + `proxy_set_header Sec-WebSocket-Version 13; ` + pass + `}`, "/a", "works /a"},
		{"two versions that are right", "", `location /a { ` + ws + `proxy_set_header Sec-WebSocket-Version 13; proxy_set_header sec-websocket-version 13; ` + pass + `}`, "/a", "broken lost-handshake-headers /a"},
		{"a protocol that nobody offered", "", `location /a { ` + ws + `proxy_set_header Sec-WebSocket-Protocol chat; ` + pass + `}`, "/a", "broken lost-handshake-headers /a"},
		{"a protocol that nobody offered and nobody sees", "", `location /a { ` + ws + `proxy_set_header Sec-WebSocket-Protocol chat; proxy_hide_header Sec-WebSocket-Protocol; ` + pass + `}`, "/a", "works /a"},
		{"a capture of nothing", "", `set $x $1; location /a { if ($x = "") { return 403; } ` + ws + pass + `}`, "/a", "not-proxied /a"},
		{"a capture of the server's name", "", `server_name ~^(h)$; set $x $1; location /a { if ($x = h) { return 403; } ` + ws + pass + `}`, "/a", "not-proxied /a"},
		{"a pattern that does not match forgets what another captured", "", `location ~ ^/(a)$ { if ($http_upgrade ~ (x)) { } set $x $1; if ($x = "") { return 403; } ` + ws + pass + `}`, "/a", "not-proxied ~^/(a)$"},
		{"a handler of its own answers, and no error_page is asked", "", `error_page 404 = @b; location /a { stub_status; } location @b { ` + ws + pass + `}`, "/a", "not-proxied /a"},
		{"the handler that stands last answers", "", `location /a { empty_gif; ` + ws + pass + `} location /b { ` + pass + `empty_gif; }`, "/a", "works /a"},
		{"the host of a redirect is in lower case", "", `location /a { return 302 /b; }`, "/a", "redirect http://h/b"},
		{"a redirect without a host", "", `absolute_redirect off; location /a/ { ` + pass + `}`, "/a?x=1", "redirect /a/?x=1"},
		{"a redirect to the server's name", "", `server_name Main.test h; server_name_in_redirect on; location /a { rewrite ^ /b permanent; }`, "/a", "redirect http://main.test/b"},
		{"slashes that are not merged", "", `merge_slashes off; location /a { ` + ws + pass + `} location ~ // { return 404; }`, "//a", "not-proxied ~//"},
		{"a capture of another location", "", `location ~ ^/u/(?<user>.+) { return 204; } location /a { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade$user"; ` + pass + `}`, "/a", "works /a"},
		{"a capture of an if that nobody can decide", "", `location /a { if ($http_user_agent ~ "(?<ua>.*)") { } proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade$ua"; ` + pass + `}`, "/a", "unknown /a"},
		{"a question mark that a path holds stays in it", "", `location /a { rewrite ^/a(.*) /b$1 last; } location ~ ^/b/\?z$ { ` + ws + pass + `}`, "/a/%3Fz", "works ~^/b/\\?z$"},
		{"arguments that a rewrite adds", "", `location /a { rewrite ^/a(.*) /b?x=$1 last; } location /b { if ($args != "x=/q&y=1") { return 404; } ` + ws + pass + `}`, "/a/q?y=1", "works /b"},
		{"arguments that a rewrite adds to the client's", "", `location /a { rewrite ^/a(.*) /b?x=1 last; } location /b { if ($args != "x=1&y=1") { return 404; } ` + ws + pass + `}`, "/a/q?y=1", "works /b"},
		{"arguments that a rewrite leaves out", "", `location /a { rewrite ^ /b? last; } location /b { if ($args) { return 404; } ` + ws + pass + `}`, "/a?y=1", "works /b"},
		{"an address without a host", "", `location /a { ` + ws + `set $b ""; proxy_pass http://$b; }`, "/a", "broken unreachable-proxy /a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, inHTTP(tt.http, tt.server), Options{})
			tr, _ := trace(t, m, "ws://h"+tt.url)
			if got := summary(tr); got != tt.want {
				t.Errorf("%s in\n%s\n%s\nis %q, want %q", tt.url, tt.http, tt.server, got, tt.want)
			}
		})
	}
}

// TestNamesInConflict holds which server nginx ignores of two with one name.
func TestNamesInConflict(t *testing.T) {
	for _, tt := range []struct {
		name, first, second, host string
		want                      int
	}{
		{"exact", "a.test", "a.test", "a.test", 1},
		{"a dot after a star takes nothing", "*.a.test", ".a.test", "a.test", 0},
		{"a star after a dot takes nothing", ".a.test", "*.a.test", "x.a.test", 1},
		{"an exact name after a dot", ".a.test", "a.test", "a.test", 1},
		{"a dot after an exact name loses its wildcard too", "a.test", ".a.test", "x.a.test", 0},
		{"a dot that is ignored takes the name all the same", "*.a.test .a.test", "a.test", "a.test", 0},
		{"a wildcard behind", "a.*", "a.*", "a.test", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, "events {}\nhttp {\nserver { listen 80; server_name other; }\nserver { server_name "+tt.first+
				"; }\nserver { server_name "+tt.second+"; }\n}\n", Options{})
			tr, _ := trace(t, m, "ws://"+tt.host+"/")
			if tr.Server != m.Servers[tt.want] {
				t.Errorf("%s with server_name %s and %s reaches %v, want %v", tt.host, tt.first, tt.second, tr.Server.Names, m.Servers[tt.want].Names)
			}
		})
	}
}

// TestServerName holds the values of $server_name.
func TestServerName(t *testing.T) {
	for names, want := range map[string]string{
		"A.test b.test": "a.test", "*.a.test": "*.a.test", ".a.test": "a.test", "~^a": "~^a", "a.*": "a.*",
	} {
		m := model(t, inHTTP("", "server_name "+names+"; location / { "+ws+"proxy_set_header Host $server_name; "+pass+"}"), Options{})
		if got := m.Routes[0].Headers[2].Sent[Handshake]; !got.Known || got.Text != want {
			t.Errorf("$server_name of server_name %s is %+v, want %q", names, got, want)
		}
	}
}

// TestRoute holds verdicts of routes, which are for all the requests that a
// route passes on.
func TestRoute(t *testing.T) {
	const c = `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $c; `
	for _, tt := range []struct {
		name, http, server string
		verdict            Verdict
		reason             ReasonKind
	}{
		{"a handler behind the pass", "", `location /ws { ` + ws + pass + `empty_gif; }`, Broken, UnreachableProxy},
		{"a module's handler behind the pass", "", `location /ws { ` + ws + pass + `mp4; }`, Broken, UnreachableProxy},
		{"an upstream whose servers are down", "upstream b { server 127.0.0.1:1 down; server 127.0.0.1:2 backup down; }", `location /ws { ` + ws + `proxy_pass http://b; }`, Broken, UnreachableProxy},
		{"an upstream with one that is up", "upstream b { server 127.0.0.1:1 down; server 127.0.0.1:2 backup; }", `location /ws { ` + ws + `proxy_pass http://b; }`, Works, ""},
		{"an upstream that is filled as it runs", "upstream b { zone z 64k; server 127.0.0.1:1 down; }", `location /ws { ` + ws + `proxy_pass http://b; }`, Works, ""},
		{"an upstream's name with a port in a variable", "upstream b { server 127.0.0.1:1; }", `set $b b:80; location /ws { ` + ws + `proxy_pass http://$b; }`, Broken, MissingResolver},
		{"an upstream's name in a variable", "upstream b { server 127.0.0.1:1; }", `set $b b; location /ws { ` + ws + `proxy_pass http://$b; }`, Works, ""},
		{"a host that another pass has", "", `set $b b.test:3000; location /ws { ` + ws + `proxy_pass http://$b; } location /x { proxy_pass http://b.test:3000/x; }`, Works, ""},
		{"a host that another pass has at another port", "", `set $b b.test:3000; location /ws { ` + ws + `proxy_pass http://$b; } location /x { proxy_pass http://b.test; }`, Broken, MissingResolver},
		{"an answer that is hidden, where an if sends one form elsewhere", "proxy_hide_header Upgrade;", `location / { if ($http_connection = Upgrade) { proxy_pass http://127.0.0.1:2; } ` + ws + pass + `}`, Broken, HiddenResponse},
		{"a capture that a map's groups take the place of", `map $http_upgrade $c { ~*^(websocket)$ upgrade; default close; }`, `location ~ ^/(\w+)/ { ` + c + pass + ` proxy_set_header X $1; }`, Unknown, ""},
		{"a capture that a map leaves alone", `map $http_upgrade $c { default upgrade; '' close; }`, `location ~ ^/(\w+)/ { ` + c + pass + ` proxy_set_header X $1; }`, Works, ""},
		{"a map's groups without a capture", `map $http_upgrade $c { ~*^(websocket)$ upgrade; default close; }`, `location ~ ^/(\w+)/ { ` + c + pass + ` proxy_set_header X x; }`, Works, ""},
		{"headers-more takes away all that begins so", "", `location /ws { ` + ws + pass + `more_clear_headers "Sec-*"; }`, Unknown, ""},
		{"headers-more takes away something else", "", `location /ws { ` + ws + pass + `more_clear_headers "X-*" Server; }`, Works, ""},
		{"a handler before the pass", "", `location /ws { empty_gif; ` + ws + pass + `}`, Works, ""},
		{"an error_page of http that the server's own hides", `error_page 418 = @ws;`, `error_page 404 @ws; location /a { return 404; } location @ws { ` + ws + pass + `}`, Broken, UnreachableProxy},
		{"an error_page of http", `error_page 418 = @ws;`, `location /a { return 418; } location @ws { ` + ws + pass + `}`, Works, ""},
		{"a map's variable that begins as $uri does", `upstream web { server 127.0.0.1:1; } map $uri $uri_backend { default web; }`, `location /ws { ` + ws + `proxy_pass http://$uri_backend; }`, Works, ""},
		{"a map of the path", `map $uri $c { default close; ~^/ws/live upgrade; }`, `set $x 1; location /ws { ` + c + pass + `}`, Unknown, ""},
		{"a map of the path in an exact location", `map $uri $c { default close; ~^/ws/live upgrade; }`, `set $x 1; location = /ws/live { ` + c + pass + `}`, Works, ""},
		{"a variable that may come along", "", `location /b { set $c upgrade; try_files $uri @ws; } location @ws { ` + c + pass + `}`, Unknown, ""},
		{"a variable from where nothing leads here", "", `location @ws { ` + c + pass + `} location /b { set $c upgrade; try_files $uri @b; } location @b { return 404; }`, Broken, MissingConnection},
		{"what another route gets wrong", "", `location /a { try_files $uri @b; ` + ws + pass + `} location @b { ` + pass + `}`, Broken, UnreachableProxy},
		{"what another route gets right", "", `location /a { try_files $uri @b; ` + pass + `} location @b { ` + ws + pass + `}`, Works, ""},
		{"a path that a variable makes", "upstream b { server 127.0.0.1:1; }", `location /a { ` + ws + `proxy_pass http://b$request_uri; }`, Works, ""},
		{"a path behind a map's addresses", `map $host $t { default 127.0.0.1:1; a 127.0.0.2:1; }`, `location /a { ` + ws + `proxy_pass http://$t$request_uri; }`, Works, ""},
		{"a path behind a map's names", `map $host $t { default 127.0.0.1:1; a b.invalid; }`, `location /a { ` + ws + `proxy_pass http://$t$request_uri; }`, Unknown, ""},
		{"a path behind a host that nobody resolves", "", `location /a { ` + ws + `proxy_pass http://b.invalid$uri$is_args$args; }`, Broken, MissingResolver},
		{"an if that redirects some paths and sets for the others", "", `set $c upgrade; location /a { ` + c + `if ($http_user_agent) { rewrite ^/z /y redirect; set $c close; } ` + pass + `}`, Unknown, ""},
		{"an if that sets and answers", "", `set $c upgrade; location /a { ` + c + `if ($http_user_agent) { set $c close; return 403; } ` + pass + `}`, Works, ""},
		{"a rewrite that only some paths meet", "", `location /a { ` + ws + `rewrite ^(.*)/x$ $1 break; ` + pass + `return 200 "no"; }`, Works, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, inHTTP(tt.http, tt.server), Options{})
			r := m.Routes[0]
			if r.Verdict != tt.verdict || tt.reason != "" && r.Because(tt.reason) == nil {
				t.Errorf("%s is %s (%v), want %s %s", tt.server, r.Verdict, r.Reasons, tt.verdict, tt.reason)
			}
		})
	}
}

// TestRedirectHost holds what nginx writes before the path of a redirect: the name
// that was asked for, in lower case and without its last dot, and the port of the
// socket unless that is the scheme's own.
func TestRedirectHost(t *testing.T) {
	for _, tt := range []struct{ server, url, want string }{
		{"listen 8080;", "ws://H.Test.:8080/a", "http://h.test:8080/b"},
		{"listen 8080; port_in_redirect off;", "ws://h:8080/a", "http://h/b"},
		{"listen 80;", "ws://h:80/a", "http://h/b"},
		{"listen localhost:8080;", "ws://127.0.0.1:8080/a", "http://127.0.0.1:8080/b"},
		{"listen 443 ssl;", "wss://h/a", "https://h/b"},
		{"listen 80;", "ws://h/c", "https://x/H"},
	} {
		m := model(t, inHTTP("", tt.server+" location /a { return 302 /b; } location /c { return 302 https://x/H; }"), Options{})
		if tr, _ := trace(t, m, tt.url); tr.Redirect != tt.want {
			t.Errorf("%s with %s leads to %q, want %q", tt.url, tt.server, tr.Redirect, tt.want)
		}
	}
}

// TestSentElsewhere holds what a GET that no if takes says of the upstream that
// the location itself names.
func TestSentElsewhere(t *testing.T) {
	m := model(t, inHTTP("", `location /a { if ($http_upgrade) { proxy_pass http://127.0.0.1:2; } `+pass+`}`), Options{})
	tr, _ := trace(t, m, "ws://h/a")
	maybe := model(t, inHTTP("", `location /a { if ($http_connection ~ x) { proxy_pass http://127.0.0.1:2; } `+pass+`}`), Options{})
	either, _ := trace(t, maybe, "ws://h/a")
	if h := either.Route.Headers[0]; h.Sent[Handshake].Text != "127.0.0.1:1" || h.Sent[Ordinary].Known {
		t.Errorf("%s is %+v where the client's Connection decides", h.Name, h.Sent)
	}
	if h := tr.Route.Headers[0]; h.Sent[Handshake].Text != "127.0.0.1:2" || h.Sent[Ordinary].Text != "127.0.0.1:1" {
		t.Errorf("%s is %+v", h.Name, h.Sent)
	}
}

// TestNamedRoute holds the verdict of named locations by what leads to them.
func TestNamedRoute(t *testing.T) {
	for _, tt := range []struct {
		server string
		want   Verdict
	}{
		{`error_page 418 = @ws; location /a { return 418; }`, Works},
		{`error_page 418 @ws; location /a { return 418; }`, Broken},
		{`location /a { error_page 404 =200 @ws; }`, Broken},
		{`error_page 404 @ws; location /a { try_files $uri @ws; }`, Works},
		{`error_page 404 @ws; location /a { error_page 418 = @$arg_x; }`, Works},
		{``, Works},
	} {
		m := model(t, inHTTP("", tt.server+` location @ws { `+ws+pass+`}`), Options{})
		if r := m.Routes[0]; r.Verdict != tt.want {
			t.Errorf("@ws behind %s is %s (%v), want %s", tt.server, r.Verdict, r.Reasons, tt.want)
		}
	}
}

// TestMapOfOneRoute holds that what a pattern of a map captured for one route is
// not there for the next.
func TestMapOfOneRoute(t *testing.T) {
	m := model(t, inHTTP(`map $http_upgrade $c { ~(web)socket $1; }`,
		`location /a { proxy_set_header X $c; `+pass+`} location /b { proxy_set_header X $1; `+pass+`}`), Options{})
	if got := m.Routes[0].Headers[0].Sent[Handshake]; got != (Value{Known: true, Text: "web"}) {
		t.Errorf("X is %+v, want web", got)
	}
	if got := m.Routes[1].Headers[0].Sent[Handshake]; got.Known {
		t.Errorf("X is %+v, want what cannot be told", got)
	}
}

// TestCaptureOfLines holds that a capture in a header line is of the pattern that matched
// last when all lines were measured.
func TestCaptureOfLines(t *testing.T) {
	const maps = `map $http_connection $c { "~*(^|,\s*)upgrade(,|$)" upgrade; }`
	for _, tt := range []struct{ line, want string }{
		{`proxy_set_header X "$1";`, ""},
		{`proxy_set_header X "$2";`, ""},
		{`proxy_set_header X "x";`, "x"},
	} {
		m := model(t, inHTTP(maps, `location ~ ^/(ws|api)/(.*)$ { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; `+tt.line+`
			proxy_set_header Connection $c; `+pass+`}`), Options{})
		tr, _ := trace(t, m, "ws://h/api/x")
		for _, h := range tr.Route.Headers {
			if h.Name == "X" && h.Sent[Handshake] != (Value{true, tt.want}) {
				t.Errorf("%s sends %+v, want %q", tt.line, h.Sent[Handshake], tt.want)
			}
		}
		if tr.Outcome != OutcomeWorks {
			t.Errorf("%s: %s (%s), want works", tt.line, tr.Outcome, tr.Why)
		}
	}
}
