package effective

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wsnginx/wsnginx/parser"
)

// model builds a Model of one main file.
func model(t *testing.T, src string, opts Options) *Model {
	t.Helper()
	f := parser.Parse("nginx.conf", []byte(src))
	for _, err := range f.Errors {
		t.Fatalf("%v in\n%s", err, src)
	}
	return Build(&parser.Config{Main: f, Files: []*parser.File{f}}, opts)
}

// inHTTP wraps directives of a server in the rest of a configuration.
func inHTTP(http, server string) string {
	return fmt.Sprintf("events {}\nhttp {\n%s\nserver {\nlisten 80;\n%s\n}\n}\n", http, server)
}

func TestIntent(t *testing.T) {
	const upgrade = "proxy_set_header Upgrade $http_upgrade;"
	for _, tt := range []struct {
		name, http, server string
		opts               Options
		want               Intent
		why                string
	}{
		{"own upgrade line", "", `location /api { proxy_pass http://b; ` + upgrade + ` }`, Options{}, Declared, "itself sets Upgrade"},
		{"own literal connection", "", `location /api { proxy_pass http://b; proxy_set_header Connection "keep-alive, Upgrade"; }`, Options{}, Declared, "itself sets Connection"},
		{"connection variable without its map", "", `location /api { proxy_pass http://b; proxy_set_header Connection $connection_upgrade; }`, Options{}, Declared, "itself sets Connection"},
		{"own empty lines", "", `location /api { proxy_pass http://b; proxy_set_header Upgrade ""; proxy_set_header Connection ""; }`, Options{}, None, ""},
		{"keep-alive", "", `location /api { proxy_pass http://b; proxy_set_header Connection keep-alive; }`, Options{}, None, ""},
		{"http_connection alone", "", `location /api { proxy_pass http://b; proxy_set_header Connection $http_connection; }`, Options{}, None, ""},
		{"outer lines, catch-all", "", upgrade + ` location / { proxy_pass http://b; }`, Options{}, Declared, "catch-all"},
		{"outer lines, likely path", "", upgrade + ` location /ws { proxy_pass http://b; }`, Options{}, Declared, "usual WebSocket path"},
		{"outer lines at http", upgrade, `location /api { proxy_pass http://b; }`, Options{}, Inherited, "only an outer level"},
		{"outer lines thrown away", upgrade, `location / { proxy_pass http://b; proxy_set_header X-A 1; }`, Options{}, Declared, "catch-all"},
		{"path", "", `location /ws { proxy_pass http://b; }`, Options{}, Likely, `"/ws"`},
		{"path in a pattern", "", `location ~ ^/(ws|wss)/ { proxy_pass http://b; }`, Options{}, Likely, "ws"},
		{"dotted word in a pattern", "", `location ~* \.io/socket\.io { proxy_pass http://b; }`, Options{}, Likely, "socket.io"},
		{"pattern that excludes", "", `location ~ ^/(?!ws) { proxy_pass http://b; }`, Options{}, None, ""},
		{"proxied path", "", `location /x { proxy_pass http://b/websocket; }`, Options{}, Likely, "/websocket"},
		{"script of the library", "", `location /pad/socket.io/socket.io.js { proxy_pass http://b; }`, Options{}, None, ""},
		{"health of the socket server", "", `location /ws/health { proxy_pass http://b; }`, Options{}, None, ""},
		{"negotiate", "", `location /notifications/hub/negotiate { proxy_pass http://b; }`, Options{}, None, ""},
		{"vaultwarden", "", `location /notifications/hub { proxy_pass http://b; }`, Options{}, Likely, "hub"},
		{"hub alone", "", `location /hub { proxy_pass http://b; }`, Options{}, None, ""},
		{"longpolling beside it", "", `location /longpolling { proxy_pass http://odoo-websocket; }`, Options{}, None, ""},
		{"upstream's name", "", `location /api { proxy_pass http://websocket; }`, Options{}, None, ""},
		{"unix socket's path", "", `location /api { proxy_pass http://unix:/run/ws/x.sock; }`, Options{}, None, ""},
		{"websocket inside a word", "", `location /embywebsocket { proxy_pass http://b; }`, Options{}, Likely, "embywebsocket"},
		{"word inside a word", "", `location /news { proxy_pass http://b; }`, Options{}, None, ""},
		{"comment inside", "", "location /x {\n# wsnginx:websocket\nproxy_pass http://b; }", Options{}, Declared, "comment on line 7"},
		{"comment before", "", "# wsnginx:websocket\nlocation /x { proxy_pass http://b; }", Options{}, Declared, "comment on line 6"},
		{"comment says not", "", "# wsnginx:not-websocket web service\nlocation /ws { proxy_pass http://b; }", Options{}, None, "comment on line 6"},
		{"comment of the location before", "", "location /y { return 204; } # wsnginx:websocket\nlocation /x { proxy_pass http://b; }", Options{}, None, ""},
		{"flag", "", `location /api/v1 { proxy_pass http://b; }`, Options{WebSocket: []string{"/api/*"}}, Declared, "--websocket"},
		{"flag for all", "", `location ~ x { proxy_pass http://b; }`, Options{WebSocket: []string{"*"}}, Declared, "--websocket"},
		{"flag against", "", `location /ws { proxy_pass http://b; }`, Options{NotWebSocket: []string{"/ws"}}, None, "--not-websocket"},
		{"condition on the upgrade", "", `location / { if ($http_upgrade = websocket) { proxy_pass http://b; } }`, Options{}, Declared, "if decides"},
		{"upstream by a map of the upgrade", "map $http_upgrade $u { default a; websocket b; }", `location / { proxy_pass http://$u; }`, Options{}, Declared, "proxy_pass decides"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, inHTTP(tt.http, tt.server), tt.opts)
			if len(m.Routes) != 1 {
				t.Fatalf("%d routes in %s, want 1", len(m.Routes), tt.server)
			}
			r := m.Routes[0]
			if r.Intent != tt.want || !strings.Contains(r.IntentWhy, tt.why) {
				t.Errorf("intent of %s is %s (%s), want %s (%s)", tt.server, r.Intent, r.IntentWhy, tt.want, tt.why)
			}
		})
	}
}

func TestWildcard(t *testing.T) {
	for _, tt := range []struct {
		pattern, s string
		want       bool
	}{
		{"*", "", true},
		{"*", "/a/b", true},
		{"/ws*", "/ws/chat", true},
		{"/ws?", "/ws", false},
		{"/ws?", "/wss", true},
		{"*/ws", "/api/v1/ws", true},
		{"*/ws", "/api/ws/v1", false},
		{"/a*b*c", "/aXbYbZc", true},
		{"/a*b*c", "/aXbYbZ", false},
		{"", "/", false},
	} {
		if got := wildcard(tt.pattern, tt.s); got != tt.want {
			t.Errorf("wildcard(%q, %q) = %v, want %v", tt.pattern, tt.s, got, tt.want)
		}
	}
}
