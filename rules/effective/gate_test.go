package effective

import (
	"strings"
	"testing"
)

// TestUndecided holds what a request decides and the configuration does not:
// such a route is unknown, or judged by what remains, and never broken.
func TestUndecided(t *testing.T) {
	const complete = ` proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; `
	for _, tt := range []struct {
		name, http, location string
		want                 Verdict
		why                  string
	}{
		{"a cookie is asked for", "", `if ($cookie_sid = "") { return 401; } proxy_pass http://127.0.0.1:1;`, Unknown, "asks for a cookie"},
		{"a cookie sets a flag", "", `set $ok 0; if ($http_cookie ~ auth) { set $ok 1; } if ($ok = 0) { return 401; } proxy_pass http://127.0.0.1:1;`, Unknown, "asks for a cookie"},
		{"login page", "", `if ($http_cookie !~ "sid=") { return 302 /login; } proxy_pass http://127.0.0.1:1;`, Unknown, "asks for a cookie"},
		{"a cookie that turns away", "", `if ($cookie_banned) { return 403; } proxy_pass http://127.0.0.1:1;`, Works, ""},
		{"no cookie, all are refused", "", `return 403; proxy_pass http://127.0.0.1:1;`, Broken, ""},
		{"host from the path", "", `proxy_pass http://$arg_svc.internal:3000;`, Unknown, "no resolver"},
		{"host from the request", "", `proxy_pass http://$host:3000;`, Unknown, "no resolver"},
		{"with a resolver", "resolver 127.0.0.53;", `proxy_pass http://$host:3000;`, Works, ""},
		{"upstreams picked by a map", "upstream a { server 127.0.0.1:1; } map $host $u { default a; x.test 127.0.0.1:2; }", `proxy_pass http://$u;`, Works, ""},
		{"a name picked by a map", "upstream a { server 127.0.0.1:1; } map $host $u { default a; x.test backend.test; }", `proxy_pass http://$u;`, Unknown, "no resolver"},
		{"headers-more clears the answer's", "more_clear_headers Server Upgrade;", `proxy_pass http://127.0.0.1:1;`, Unknown, "more_clear_headers does to Upgrade"},
		{"headers-more sets another", "more_set_headers 'X-A: Upgrade';", `proxy_pass http://127.0.0.1:1;`, Works, ""},
		{"only the path is a variable", "", `proxy_pass http://127.0.0.1:1$request_uri;`, Works, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, inHTTP(tt.http, `location /x {`+complete+tt.location+`}`), Options{})
			r := m.Routes[0]
			if r.Verdict != tt.want || !strings.Contains(r.Undecided, tt.why) {
				t.Errorf("%s: %s (%s), want %s (%s)", tt.location, r.Verdict, r.Undecided, tt.want, tt.why)
			}
		})
	}
}
