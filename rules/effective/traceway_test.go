package effective

import (
	"strings"
	"testing"
)

const handshakeLines = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; "

// What a URL ends in where its ways part, as nginx 1.22.1 answered.
func TestTraceOutcome(t *testing.T) {
	const pass = handshakeLines + "proxy_pass http://up; "
	for _, tt := range []struct {
		name, server, url string
		want              Outcome
	}{
		{"error_page leaves the 101", `error_page 418 = @x; location / { return 418; } location @x { ` + pass + `}`, "ws://h/", OutcomeWorks},
		{"error_page says 101 itself", `error_page 418 =101 @x; location / { return 418; } location @x { ` + pass + `}`, "ws://h/", OutcomeWorks},
		{"error_page says another status", `error_page 418 =200 @x; location / { return 418; } location @x { ` + pass + `}`, "ws://h/", OutcomeBroken},
		{"error_page keeps its status", `error_page 418 @x; location / { return 418; } location @x { ` + pass + `}`, "ws://h/", OutcomeBroken},

		{"a blank in the request line", `location / { ` + handshakeLines + `proxy_pass http://up$uri; }`, "ws://h/a%20b", OutcomeBroken},
		{"no blank in it", `location / { ` + handshakeLines + `proxy_pass http://up$uri; }`, "ws://h/a%2Bb", OutcomeWorks},
		{"as the client wrote it", `location / { ` + handshakeLines + `proxy_pass http://up$request_uri; }`, "ws://h/a%20b", OutcomeWorks},
		{"escaped by nginx", `location / { ` + pass + `}`, "ws://h/a%20b", OutcomeWorks},
		{"a captured blank", `location ~ ^/a(.*) { ` + handshakeLines + `proxy_pass http://up/x$1; }`, "ws://h/a%20b", OutcomeBroken},

		{"a key that no rule decides", `location / { if ($http_sec_websocket_key ~ ^[a-m]) { set $b 1; rewrite ^ /z last; } return 301 /x; } location /z { return 404; }`, "ws://h/", OutcomeUnknown},
		{"the same on both ways", `location / { if ($http_sec_websocket_key ~ ^a) { return 419; } return 419; }`, "ws://h/", OutcomeNotProxied},

		{"the root's own folder before error_page", `error_page 404 = @x; location / { root /a; } location @x { ` + pass + `}`, "ws://h/", OutcomeUnknown},
		{"a path in it", `error_page 404 = @x; location / { root /a; } location @x { ` + pass + `}`, "ws://h/ws/", OutcomeWorks},
		{"a page for the root's own folder", `error_page 404 /404.html; location / { root /a; }`, "ws://h/", OutcomeNotProxied},

		{"a key is there", `location / { if ($http_sec_websocket_key ~ .) { return 419; } return 301 /x; }`, "ws://h/", OutcomeNotProxied},
		{"no key looks so", `location / { if ($http_sec_websocket_key = 0) { return 419; } if ($http_sec_websocket_key ~ ^/ws(/.*)?$) { return 419; } return 301 /x; }`, "ws://h/", OutcomeRedirect},

		{"the server's try_files without a location", `try_files $uri /x; location /x { ` + pass + `}`, "ws://h/y", OutcomeWorks},
		{"none for a location", `try_files $uri =404; location /y { ` + pass + `}`, "ws://h/y", OutcomeWorks},
		{"the server's try_files in a circle", `try_files $uri /z; location /x { ` + pass + `}`, "ws://h/y", OutcomeNotProxied},

		{"a prefix inside a pattern, which nginx refuses", `location ~ ^/(a) { location / { ` + pass + `} }`, "ws://h/a", OutcomeWorks},

		{"a header of the answer", `location / { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $upstream_http_connection; proxy_pass http://up; }`, "ws://h/", OutcomeBroken},
		{"a header that nginx answers", `location / { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $sent_http_connection; proxy_pass http://up; }`, "ws://h/", OutcomeBroken},
		{"an address in the answer before", `location / { proxy_pass http://up; proxy_intercept_errors on; error_page 302 = @on; } location @on { proxy_pass $upstream_http_location; }`, "ws://h/", OutcomeBroken},
		{"beside the right word", `location / { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade$upstream_http_x"; proxy_pass http://up; }`, "ws://h/", OutcomeWorks},

		{"HTTP/2 without TLS", `listen 80 http2; location / { ` + pass + `}`, "ws://h/", OutcomeBroken},
		{"and its redirects", `listen 80 http2; location /a/ { ` + pass + `}`, "ws://h/a", OutcomeBroken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, inHTTP("upstream up { server 127.0.0.1:1; }", tt.server), Options{Version: Version{1, 22, 1}})
			if tr, _ := trace(t, m, tt.url); tr.Outcome != tt.want {
				t.Errorf("%s in %s: %s (%s), want %s", tt.url, tt.server, tr.Outcome, tr.Why, tt.want)
			}
		})
	}
}

// A name can have any address: where the sockets of a port disagree, that is said.
func TestTraceElsewhere(t *testing.T) {
	const conf = `events {} http {
server { listen %s; server_name a.test; location / { return 404; } }
server { listen 80; server_name b.test; location / { return 404; } }
}`
	for _, tt := range []struct{ name, listen, url, want string }{
		{"another socket", "127.0.0.1:80", "ws://b.test/", "a connection to 127.0.0.1 reaches another server (nginx.conf:2)"},
		{"the wildcard", "127.0.0.1:80", "ws://a.test/", "a connection to any other address reaches another server (nginx.conf:3)"},
		{"one socket", "80", "ws://b.test/", ""},
		{"an address", "127.0.0.1:80", "ws://127.0.0.1/", ""},
		{"another port", "127.0.0.1:81", "ws://b.test/", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr, _ := trace(t, model(t, strings.Replace(conf, "%s", tt.listen, 1), Options{}), tt.url)
			if _, got, _ := strings.Cut(tr.Why, "; "); got != tt.want {
				t.Errorf("%s: %q, want %q", tt.url, tr.Why, tt.want)
			}
		})
	}
}

// The arguments of a redirect follow as nginx 1.22.1 joined them.
func TestTraceRedirect(t *testing.T) {
	for _, tt := range []struct{ rewrite, url, want string }{
		{"^/(.*)$ /api/$1 permanent", "ws://h/z%3Fq?y", "http://h/api/z?q?y"},
		{"^/(.*)$ /api/$1 permanent", "ws://h/z?y", "http://h/api/z?y"},
		{"^/(.*)$ /api/$1?a permanent", "ws://h/z?y", "http://h/api/z?a&y"},
		{"^/(.*)$ /api/$1? permanent", "ws://h/z?y", "http://h/api/z"},
		{"^/(.*)$ /api?x=$args permanent", "ws://h/z", "http://h/api?x="},
	} {
		m := model(t, inHTTP("", "location / { rewrite "+tt.rewrite+"; }"), Options{})
		if tr, _ := trace(t, m, tt.url); tr.Redirect != tt.want {
			t.Errorf("rewrite %s of %s: %s, want %s", tt.rewrite, tt.url, tr.Redirect, tt.want)
		}
	}
}

// What may refuse a request before try_files leads it on is noted.
func TestTraceLeft(t *testing.T) {
	for _, tt := range []struct{ location, want string }{
		{"deny all; try_files $uri @x;", "deny is not judged (nginx.conf:6)"},
		{"auth_basic off; try_files $uri @x;", ""},
		{"try_files $uri @x;", ""},
	} {
		m := model(t, inHTTP("", "location / { "+tt.location+" } location @x { "+handshakeLines+"proxy_pass http://127.0.0.1:1; }"), Options{})
		tr, _ := trace(t, m, "ws://h/")
		if tr.Route == nil {
			t.Fatalf("%s: %s (%s)", tt.location, tr.Outcome, tr.Why)
		}
		if got := strings.Join(tr.Route.Notes, ", "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.location, got, tt.want)
		}
	}
}
