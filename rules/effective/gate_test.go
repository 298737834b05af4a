package effective

import (
	"fmt"
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
		{"host that envsubst fills in", "", `proxy_pass http://${BACKEND_HOST}:${BACKEND_PORT}/ws;`, Works, ""},
		{"all of it", "", `proxy_pass ${BACKEND_URL};`, Works, ""},
		{"half of it", "", `proxy_pass http://${BACKEND_HOST}-$arg_svc:3000;`, Unknown, "no resolver"},
		{"a variable that envsubst fills in", "", `set $app_url ${APP_URL}; proxy_pass $app_url;`, Unknown, "no resolver"},
		{"by way of its capitals", "", `set $app_url "${APP_URL}"; proxy_pass ${APP_URL};`, Unknown, "no resolver"},
		{"its host alone", "", `set $app ${APP}; proxy_pass http://$app;`, Unknown, "no resolver"},
		{"a variable given itself", "", `set $app $app; proxy_pass $app;`, Broken, ""},
		{"capitals that something defines", "map $arg_a $BACKEND { default x; a $arg_b; }", `proxy_pass http://$BACKEND:3000;`, Unknown, "no resolver"},
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

// A pass in an if that no handshake enters is judged by where handshakes go, and
// what it would send where a set decides it cannot be told.
func TestIfOfOtherRequests(t *testing.T) {
	const lines = ` proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $c; `
	type sent struct{ handshake, ordinary string } // "?" where it cannot be told
	for _, tt := range []struct {
		name, location, pass string
		verdict              Verdict
		elsewhere            bool
		want                 sent
	}{
		{"ordinary requests in the if", `set $c upgrade; if ($http_upgrade = "") { set $c close; proxy_pass http://plain; } proxy_pass http://web;`,
			"http://plain", Works, true, sent{"?", "close"}},
		{"what is left to handshakes", `set $c upgrade; if ($http_upgrade = "") { set $c close; proxy_pass http://plain; } proxy_pass http://web;`,
			"http://web", Works, false, sent{"upgrade", "?"}},
		{"handshakes in the if", `set $c close; if ($http_upgrade = websocket) { set $c upgrade; proxy_pass http://ws; } proxy_pass http://web;`,
			"http://ws", Works, false, sent{"upgrade", "?"}},
		{"an if of another method", `set $c close; if ($request_method = POST) { set $c upgrade; proxy_pass http://post; } proxy_pass http://web;`,
			"http://post", Broken, true, sent{"?", "?"}},
		{"nothing is left outside the if", `set $c close; if ($http_upgrade = "") { set $c upgrade; proxy_pass http://plain; } return 403;`,
			"http://plain", Works, false, sent{"upgrade", "upgrade"}},
		{"an if that may answer, or pass on", `set $c close; if ($host != a.test) { rewrite ^/old(.*)$ /live redirect; proxy_pass http://plain; } proxy_pass http://web;`,
			"http://plain", Broken, false, sent{"close", "close"}},
		{"an if that may answer, of others", `set $c upgrade; if ($http_upgrade = "") { set $c close; rewrite ^/old(.*)$ /live redirect; proxy_pass http://plain; } proxy_pass http://web;`,
			"http://plain", Works, true, sent{"?", "close"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, inHTTP("upstream plain { server 127.0.0.1:1; } upstream web { server 127.0.0.1:1; } upstream ws { server 127.0.0.1:1; } upstream post { server 127.0.0.1:1; }",
				`location /x {`+lines+tt.location+`}`), Options{})
			for _, r := range m.Routes {
				if r.Pass.Arg(0) != tt.pass {
					continue
				}
				if r.Verdict != tt.verdict || r.Elsewhere != tt.elsewhere {
					t.Errorf("%s is %s, elsewhere %t, want %s, %t", tt.pass, r.Verdict, r.Elsewhere, tt.verdict, tt.elsewhere)
				}
				said := func(v Value) string {
					if !v.Known {
						return "?"
					}
					return v.Text
				}
				for _, h := range r.Headers {
					if got := (sent{said(h.Sent[Handshake]), said(h.Sent[Ordinary])}); h.Name == "Connection" && got != tt.want {
						t.Errorf("%s gets Connection %q, want %q", tt.pass, got, tt.want)
					}
				}
				return
			}
			t.Errorf("no route to %s", tt.pass)
		})
	}
}

// TestEveryValue holds maps of which a request alone decides the line: where all
// their values say the same of upgrade, so does the verdict.
func TestEveryValue(t *testing.T) {
	for _, tt := range []struct {
		name, maps string
		want       Verdict
	}{
		{"none says it", `map $arg_x $c { default close; a keep-alive; '' x; }`, Broken},
		{"all say it", `map $arg_x $c { default upgrade; a "keep-alive, Upgrade"; ~^b Upgrade; }`, Works},
		{"one says it", `map $arg_x $c { default close; a upgrade; }`, Unknown},
		{"the default does not", `map $arg_x $c { default close; ~^a upgrade; }`, Unknown},
		{"no default", `map $arg_x $c { a upgrade; }`, Unknown},
		{"no default, and none says it", `map $arg_x $c { a b; }`, Broken},
		{"another map's", `map $http_upgrade $d { default upgrade; '' close; } map $arg_x $c { default $d; a upgrade; }`, Works},
		{"the client's line", `map $arg_x $c { default $http_connection; a upgrade; }`, Works},
		{"two deep", `map $arg_y $d { default x; a y; } map $arg_x $c { default $d; a z; }`, Broken},
		{"a capture", `map $arg_x $c { default x; ~^(.*)$ $1; }`, Unknown},
		{"itself", `map $arg_x $c { default $c; a x; }`, Unknown},
		{"an include", `map $arg_x $c { default x; a y; include /elsewhere/x.map; }`, Unknown},
		{"text around it", `map $arg_x $d { default x; a y; } map $arg_x $c { default "a$d"; }`, Unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, inHTTP(tt.maps, `location /ws { proxy_pass http://127.0.0.1:1; proxy_http_version 1.1;
				proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $c; }`), Options{})
			if r := m.Routes[0]; r.Verdict != tt.want {
				t.Errorf("%s: %s (%s), want %s", tt.maps, r.Verdict, r.Undecided, tt.want)
			}
		})
	}
}

// TestDoubling holds that values which double with every line end: nginx keeps what a
// map gave, and refuses what grows too long when it is sent.
func TestDoubling(t *testing.T) {
	chain := func(n int, line string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.NewReplacer("$NEXT", fmt.Sprintf("$c%d", i+1), "$LAST", fmt.Sprintf("$c%d", i)).Replace(line))
		}
		return strings.ReplaceAll(b.String(), "$c0", "$http_upgrade")
	}
	for _, tt := range []struct {
		name, maps, set string
		of              int
		want            Verdict
	}{
		{"a few", chain(5, `map $LAST $NEXT { default upgrade; x $LAST; }`), "", 5, Works},
		{"source and value", chain(6, `map $LAST $NEXT { default $LAST; }`), "", 6, Broken},
		{"many", chain(300, `map $LAST $NEXT { default $LAST; }`), "", 300, Broken},
		{"that are asked again", chain(300, `map $LAST $NEXT { volatile; default $LAST; ~^(x*)$ $1$LAST; }`), "", 300, Unknown},
		{"whose source is not known", strings.ReplaceAll(chain(100, `map $LAST $NEXT { default $LAST; a $LAST; b $LAST; }`), "$http_upgrade", "$http_origin"), "", 100, Unknown},
		{"a text", "", "set $c1 xx; " + strings.Repeat(`set $c1 "$c1$c1"; `, 70), 1, Unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, inHTTP(tt.maps, fmt.Sprintf(`%s location /ws { proxy_pass http://127.0.0.1:1; proxy_http_version 1.1;
				proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $c%d; }`, tt.set, tt.of)), Options{})
			if r := m.Routes[0]; r.Verdict != tt.want {
				t.Errorf("%s (%s), want %s", r.Verdict, r.Undecided, tt.want)
			}
		})
	}
}

// TestLostLine holds what counts as lost where a list is thrown away: a line that
// would have said it.
func TestLostLine(t *testing.T) {
	for _, tt := range []struct {
		name, http string
		lost       bool // the Upgrade line
	}{
		{"a line that says it", "proxy_set_header Upgrade $http_upgrade;", true},
		{"a line that may say it", "map $arg_x $c { default x; a websocket; } proxy_set_header Upgrade $c;", true},
		{"a line that says something else", "proxy_set_header Upgrade h2c;", false},
		{"a map none of whose values says it", "map $arg_x $c { default x; a upgrade; } proxy_set_header Upgrade $c;", false},
		{"a variable that only a map for Connection would define", "proxy_set_header Upgrade $connection_upgrade;", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, inHTTP(tt.http, `location /ws { proxy_pass http://127.0.0.1:1; proxy_http_version 1.1; proxy_set_header X-A b; }`), Options{})
			r := m.Routes[0]
			if lost, missing := r.Because(DroppedHeaders) != nil, r.Because(MissingUpgrade) != nil; lost != tt.lost || missing == tt.lost {
				t.Errorf("lost %t, missing %t, want lost %t", lost, missing, tt.lost)
			}
		})
	}
}
