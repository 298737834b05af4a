package effective

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
		{"scheme", "", `location /a { proxy_pass ws://b; }`, Options{}, Likely, `"ws://b" is the address of a WebSocket`},
		{"scheme of a variable", "", `location /a { proxy_pass WSS://$b; }`, Options{}, Likely, "address of a WebSocket"},
		{"a flag against the scheme", "", `location /a { proxy_pass ws://b; }`, Options{NotWebSocket: []string{"/a"}}, None, "--not-websocket"},
		{"outer lines, likely path", "", upgrade + ` location /ws { proxy_pass http://b; }`, Options{}, Declared, "usual WebSocket path"},
		{"outer lines at http", upgrade, `location /api { proxy_pass http://b; }`, Options{}, Inherited, "only an outer level"},
		{"outer lines thrown away", upgrade, `location / { proxy_pass http://b; proxy_set_header X-A 1; }`, Options{}, Declared, "catch-all"},
		{"path", "", `location /ws { proxy_pass http://b; }`, Options{}, Likely, `"/ws"`},
		{"path in a pattern", "", `location ~ ^/(ws|wss)/ { proxy_pass http://b; }`, Options{}, Likely, "ws"},
		{"dotted word in a pattern", "", `location ~* \.io/socket\.io { proxy_pass http://b; }`, Options{}, Likely, "socket.io"},
		{"pattern that excludes", "", `location ~ ^/(?!ws) { proxy_pass http://b; }`, Options{}, None, ""},
		{"proxied path", "", `location /x { proxy_pass http://b/websocket; }`, Options{}, Likely, "/websocket"},
		{"a script's exact path with the lines", "", `location = /auth/runtime-config.js { proxy_pass http://b; ` + upgrade + ` }`, Options{}, None, `"/auth/runtime-config.js" is a file that is fetched`},
		{"a pattern of files with the lines", "", `location ~* \.(js|css|PNG)$ { proxy_pass http://b; ` + upgrade + ` }`, Options{}, None, "file that is fetched"},
		{"a file and a comment", "", "location = /a.js { # wsnginx:websocket\nproxy_pass http://b; " + upgrade + ` }`, Options{}, Declared, "comment"},
		{"a prefix that looks like a file", "", `location /a.js { proxy_pass http://b; ` + upgrade + ` }`, Options{}, Declared, "itself sets"},
		{"a pattern that goes on behind a file's name", "", `location ~ \.js { proxy_pass http://b; ` + upgrade + ` }`, Options{}, Declared, "itself sets"},
		{"a pattern with another end", "", `location ~ \.(js|io)$ { proxy_pass http://b; ` + upgrade + ` }`, Options{}, Declared, "itself sets"},
		{"a pattern of letters", "", `location ~ /(chat|feed)js$ { proxy_pass http://b; ` + upgrade + ` }`, Options{}, Declared, "itself sets"},
		{"a program's exact path", "", `location = /chat.php { proxy_pass http://b; ` + upgrade + ` }`, Options{}, Declared, "itself sets"},
		{"the library's exact path", "", `location = /socket.io { proxy_pass http://b; ` + upgrade + ` }`, Options{}, Declared, "itself sets"},
		{"script of the library", "", `location /pad/socket.io/socket.io.js { proxy_pass http://b; }`, Options{}, None, ""},
		{"scripts of the library", "", `location /scripts/primus { proxy_pass http://b/scripts/primus/; }`, Options{}, None, ""},
		{"the library below another folder", "", `location /chat/primus { proxy_pass http://b; }`, Options{}, Likely, "primus"},
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
		{"own upgrade line is louder than a plain path", "", `location /longpolling { proxy_pass http://b; ` + upgrade + ` }`, Options{}, Declared, "itself sets Upgrade"},
		{"the handshake's own lines", "", `location /x { proxy_pass http://b; proxy_set_header Sec-WebSocket-Key $http_sec_websocket_key; }`, Options{}, Declared, "itself sets Sec-WebSocket-Key"},
		{"compression switched off", "", `location /x { proxy_pass http://b; proxy_set_header Sec-WebSocket-Extensions ""; }`, Options{}, None, ""},
		{"outer lines, static files", upgrade, `location ~* /web/static/ { proxy_pass http://b; }`, Options{}, None, "not a WebSocket path"},
		{"outer lines, files", upgrade, `location ~* \.(js|css|png)$ { proxy_pass http://b; }`, Options{}, None, "not a WebSocket path"},
		{"outer lines, health", upgrade, `location /health { proxy_pass http://b; }`, Options{}, None, "not a WebSocket path"},
		{"outer lines, other protocol", upgrade, `location ~ \.php$ { fastcgi_pass b:1; }`, Options{}, None, "nothing says"},
		{"outer lines, catch-all of another protocol", upgrade, `location / { fastcgi_pass b:1; }`, Options{}, None, "nothing says"},
		{"outer lines, catch-all pattern", upgrade, `location ~ ^/(.*)$ { proxy_pass http://b; }`, Options{}, Declared, "catch-all"},
		{"refuses everything else", "", `location = /HALdGZ9k { if ($http_upgrade != "websocket") { return 404; } proxy_pass http://b; }`, Options{}, Declared, "an if refuses"},
		{"refuses an empty upgrade", "", `location = /x { if ($http_upgrade = "") { return 426; } proxy_pass http://b; }`, Options{}, Declared, "an if refuses"},
		{"refuses WebSocket", "", `location /x { if ($http_upgrade = websocket) { return 403; } proxy_pass http://b; }`, Options{}, None, ""},
		{"try_files by the upgrade", "", `location /api { try_files $uri @api$http_upgrade; } location @apiwebsocket { proxy_pass http://b; }`, Options{}, Declared, "try_files leads handshakes here"},
		{"try_files by the upgrade, the rest", "", `location /api { try_files $uri @api$http_upgrade; } location @api { proxy_pass http://b; }`, Options{}, None, ""},
		{"returned code by the upgrade", "", `location / { error_page 418 = @x; if ($http_upgrade) { return 418; } } location @x { proxy_pass http://b; }`, Options{}, Declared, "error_page leads handshakes here"},
		{"hands over from a socket's path", "", `location /cable { try_files $uri @app; } location @app { proxy_pass http://b; }`, Options{}, Likely, `"/cable" hands over`},
		{"hands over with the lines left behind", "", `location /x { ` + upgrade + ` try_files $uri @app; } location @app { proxy_pass http://b; }`, Options{}, Declared, "hands over to it"},
		{"hands over from pages", "", `location / { try_files $uri @app; } location @app { proxy_pass http://b; }`, Options{}, None, ""},
		{"page for errors", "", `location /ws { error_page 502 = @down; return 204; } location @down { proxy_pass http://b; }`, Options{}, None, ""},
		{"named for it", "", `location @api_websocket { proxy_pass http://b; }`, Options{}, Likely, "websocket"},
		{"internal, of one path", "", `location = /_auth { internal; ` + upgrade + ` proxy_pass http://b; }`, Options{}, None, "it is internal"},
		{"internal, led to", "", `location = /_go { internal; ` + upgrade + ` proxy_pass http://b; } location /a { error_page 418 = /_go; return 418; }`, Options{}, Declared, "itself sets"},
		{"internal, perhaps led to", "", `location = /_go { internal; ` + upgrade + ` proxy_pass http://b; } location ~ ^/a/(.*) { rewrite ^/a/(.*) /_$1 last; }`, Options{}, Declared, "itself sets"},
		{"internal, beside what leads elsewhere", "", `location = /_auth { internal; ` + upgrade + ` proxy_pass http://b; } location / { try_files $uri /index.php?$args; }`, Options{}, None, "it is internal"},
		{"internal, beside a script", "", `location = /_go { internal; ` + upgrade + ` proxy_pass http://b; } location /a { js_content main.go; }`, Options{}, Declared, "itself sets"},
		{"internal, with a script of its own", "", `location = /_auth { internal; ` + upgrade + ` rewrite_by_lua_file a.lua; proxy_pass http://b; } location /a { log_by_lua_file b.lua; }`, Options{}, None, "it is internal"},
		{"internal, of many paths", "", `location /_go/ { internal; ` + upgrade + ` proxy_pass http://b; }`, Options{}, Declared, "itself sets"},
		{"internal, a socket's", "", `location = /_go/ws { internal; ` + upgrade + ` proxy_pass http://b; }`, Options{}, Declared, "itself sets"},
		{"named for a framework", "", `location / { try_files $uri @phoenix; } location @phoenix { proxy_pass http://b; }`, Options{}, None, ""},
		{"named for a program of it", "", `location @phoenix_app { proxy_pass http://b; }`, Options{}, None, ""},
		{"named for its sockets", "", `location @phoenix_socket { proxy_pass http://b; }`, Options{}, Likely, "phoenix"},
		{"hands over to it from its sockets", "", `location /socket { try_files $uri @phoenix; } location @phoenix { proxy_pass http://b; }`, Options{}, Likely, `"/socket" hands over`},
		{"a framework's own path", "", `location /phoenix/live_reload { proxy_pass http://b; }`, Options{}, Likely, "/phoenix/live_reload"},
		{"named ws", "", `location @live_ws { proxy_pass http://b; }`, Options{}, Likely, "ws"},
		{"target of auth_request", upgrade, `auth_request /auth; location = /auth { proxy_pass http://b; ` + upgrade + ` }`, Options{}, None, "auth_request sends copies"},
		{"target of mirror", upgrade, `mirror /copy; location /copy { proxy_pass http://b; }`, Options{}, None, "mirror sends copies"},
		{"SOAP below ws", "", `location /ws/soap { proxy_pass http://b; }`, Options{}, None, ""},
		{"ws of a SOAP server", "", `location /ws/ { proxy_pass http://soap-gateway/; }`, Options{}, None, ""},
		{"ws of a REST server", "", `location /ws { proxy_pass http://rest-api; }`, Options{}, Likely, "/ws"},
		{"ws below rest", "", `location /rest/ws { proxy_pass http://b; }`, Options{}, None, ""},
		{"ws with a SOAP action", "", `location /ws/ { proxy_pass http://b; proxy_set_header SOAPAction $http_soapaction; }`, Options{}, None, ""},
		{"ws takes no GET", "", `location /ws { limit_except POST { deny all; } proxy_pass http://b; }`, Options{}, None, ""},
		{"ws in PHP", "", `location /ws { fastcgi_pass b:1; fastcgi_param SCRIPT_FILENAME /srv/ws.php; }`, Options{}, None, ""},
		{"websocket beside soap", "", `location /soap/websocket { proxy_pass http://b; }`, Options{}, Likely, "websocket"},
		{"ws below a REST prefix of another word", "", `location /restaurants/ws { proxy_pass http://b; }`, Options{}, Likely, "ws"},
		{"path after a placeholder", "", `location __PATH__/ws { proxy_pass http://b; }`, Options{}, Likely, "ws"},
		{"piece of a segment", "", `location /ws-terminal { proxy_pass http://b; }`, Options{}, Likely, "ws-terminal"},
		{"piece in the middle of a word", "", `location /aws/newsletter { proxy_pass http://b; }`, Options{}, None, ""},
		{"one of two alternatives", "", `location ~ ^/(ws|health)$ { proxy_pass http://b; }`, Options{}, Likely, "ws"},
		{"plain alternatives below it", "", `location ~ ^/ws/(status|health)$ { proxy_pass http://b; }`, Options{}, None, ""},
		{"optional prefix", "", `location ~ (/jellyfin)?/socket { proxy_pass http://b; }`, Options{}, Likely, "socket"},
		{"class in a pattern", "", `location ~ ^/[^/]+/xmpp-websocket { proxy_pass http://b; }`, Options{}, Likely, "xmpp-websocket"},
		{"Centrifugo over WebSocket", "", `location /connection/uni_websocket { proxy_pass http://b; }`, Options{}, Likely, "uni_websocket"},
		{"Centrifugo over plain streams", "", `location /connection/uni_sse { proxy_pass http://b; }`, Options{}, None, ""},
		{"Jupyter's kernels", "", `location ~ /api/kernels/ { proxy_pass http://b; }`, Options{}, Likely, "api/kernels"},
		{"MQTT", "", `location /mqtt { proxy_pass http://b; }`, Options{}, Likely, "mqtt"},
		{"Blazor", "", `location /_blazor { proxy_pass http://b; }`, Options{}, Likely, "_blazor"},
		{"words joined by an underscore", "", `location /web_socket { proxy_pass http://b; }`, Options{}, Likely, "web_socket"},
		{"the same in a pattern", "", `location ~ ^/app/action_cable$ { proxy_pass http://b; }`, Options{}, Likely, "action_cable"},
		{"the same in the proxied path", "", `location /hmr { proxy_pass http://b/_next/webpack_hmr; }`, Options{}, Likely, "webpack_hmr"},
		{"neighbours joined so", "", `location /notifications/anonymous_hub { proxy_pass http://b; }`, Options{}, Likely, "anonymous_hub"},
		{"a library's script joined so", "", `location /js/sockjs_node { proxy_pass http://b; }`, Options{}, None, ""},
		{"long polling joined so", "", `location /http_bind { proxy_pass http://b; }`, Options{}, None, ""},
		{"a word with another one", "", `location /web_sockeye { proxy_pass http://b; }`, Options{}, None, ""},
		{"sockets in another word", "", `location /action_cables { proxy_pass http://b; }`, Options{}, None, ""},
		{"hub by name", "", `location /chatHub { proxy_pass http://b; }`, Options{}, Likely, "chatHub"},
		{"another hub", "", `location /github { proxy_pass http://b; }`, Options{}, None, ""},
		{"Reverb's path at its server", "", `location /app { proxy_pass http://reverb:8080; }`, Options{}, Likely, "/app"},
		{"the same path elsewhere", "", `location /app { proxy_pass http://b; }`, Options{}, None, ""},
		{"events", "", `location /events { proxy_pass http://events; }`, Options{}, None, ""},
		{"upstream of sockets alone", "", `location /services/chats/ { proxy_pass http://ws-collaboration/; }`, Options{}, None, ""},
		{"long polling", "", `location /http-bind { proxy_pass http://b; }`, Options{}, None, ""},
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

// TestIntentBeside checks what a catch-all is for whose header lines take the place of
// the http level's, beside a location that has lines for WebSocket of its own.
func TestIntentBeside(t *testing.T) {
	const upgrade = "proxy_set_header Upgrade $http_upgrade;"
	for _, tt := range []struct {
		name, server string
		want         Intent
	}{
		{"the same upstream", `location / { proxy_pass http://b; proxy_set_header X-A 1; }
			location /socket { proxy_pass http://b/socket; ` + upgrade + ` }`, Inherited},
		{"the same by way of variables", `location / { set $u http://b:80; proxy_pass $u; proxy_set_header X-A 1; }
			location /socket { set $u http://b:80/socket; proxy_pass $u; ` + upgrade + ` }`, Inherited},
		{"another upstream", `location / { proxy_pass http://b; proxy_set_header X-A 1; }
			location /socket { proxy_pass http://c/socket; ` + upgrade + ` }`, Declared},
		{"another by way of variables", `location / { set $a b; proxy_pass http://$a; proxy_set_header X-A 1; }
			location /socket { set $a c; proxy_pass http://$a; ` + upgrade + ` }`, Declared},
		{"lines that are kept", `location / { proxy_pass http://b; }
			location /socket { proxy_pass http://b/socket; ` + upgrade + ` }`, Declared},
		{"no lines beside", `location / { proxy_pass http://b; proxy_set_header X-A 1; }
			location /socket { proxy_pass http://b/socket; proxy_set_header X-A 1; }`, Declared},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(t, inHTTP(upgrade, tt.server), Options{})
			if len(m.Routes) != 2 {
				t.Fatalf("%d routes, want 2", len(m.Routes))
			}
			if r := m.Routes[0]; r.Intent != tt.want {
				t.Errorf("%v (%s), want %v", r.Intent, r.IntentWhy, tt.want)
			}
		})
	}
}

// TestIntentAbout holds which of two locations with a socket's word in their paths
// is one: the first of each case is judged.
func TestIntentAbout(t *testing.T) {
	const (
		lines = `proxy_set_header Upgrade $http_upgrade;`
		ws    = ` location /ws { proxy_pass http://b; ` + lines + ` }`
	)
	for _, tt := range []struct {
		name, server string
		want         Intent
	}{
		{"requests about sockets", `location /monitoring/websocket/ { proxy_pass http://b; }` + ws, None},
		{"a monitor's own socket", `location /monitoring/websocket/ { proxy_pass http://b; ` + lines + ` }` + ws, Declared},
		{"nothing beside it has the lines", `location /monitoring/websocket/ { proxy_pass http://b; } location / { proxy_pass http://b; }`, Likely},
		{"the short word", `location /monitoring/ws { proxy_pass http://b; }` + ws, Likely},
		{"the word in front", `location /websocket/monitoring { proxy_pass http://b; }` + ws, Likely},
		{"a page whose socket is below", `location ~* ^/browser/([^/]+)/$ { proxy_pass http://$1:9223/vnc/; } location ~* ^/browser/([^/]+)/ws$ { proxy_pass http://$1:6080/websockify; ` + lines + ` }`, None},
		{"a page and its socket by their prefixes", `location /desk/ { proxy_pass http://b/vnc/; } location /desk/websockify { proxy_pass http://b; ` + lines + ` }`, None},
		{"the page's own lines", `location /desk/ { proxy_pass http://b/vnc/; ` + lines + ` } location /desk/websockify { proxy_pass http://b; ` + lines + ` }`, Declared},
		{"the socket below has no lines", `location /desk/ { proxy_pass http://b/vnc/; } location /desk/websockify { proxy_pass http://b; }`, Likely},
		{"what is below is no socket", `location /desk/ { proxy_pass http://b/vnc/; } location /desk/api { proxy_pass http://b; ` + lines + ` }`, Likely},
		{"a socket somewhere else", `location /desk/ { proxy_pass http://b/vnc/; } location /other/ws { proxy_pass http://b; ` + lines + ` }`, Likely},
		{"a pattern and a prefix", `location ~ ^/desk/$ { proxy_pass http://$host/vnc/; } location /desk/ws { proxy_pass http://b; ` + lines + ` }`, Likely},
		{"another pattern", `location ~ ^/desk/([^/]+)/$ { proxy_pass http://$1/vnc/; } location ~ ^/desk/([0-9]+)/ws$ { proxy_pass http://$1; ` + lines + ` }`, Likely},
		{"the proxied path is a socket's only", `location /x/ { proxy_pass http://b/ws/; } location /x/y/websocket { proxy_pass http://b; ` + lines + ` }`, Likely},
		{"the location's own word", `location /vnc/ { proxy_pass http://b/vnc/; } location /vnc/websockify { proxy_pass http://b; ` + lines + ` }`, Likely},
		{"a library's polling", `location /primus/ { proxy_pass http://b; } location /primus/1/websocket { proxy_pass http://b; ` + lines + ` }`, None},
		{"the WebSocket below it has no lines", `location /primus/ { proxy_pass http://b; } location /primus/1/websocket { proxy_pass http://b; }`, Likely},
		{"the lines of a library elsewhere", `location /primus/ { proxy_pass http://b; } location /sockjs/1/websocket { proxy_pass http://b; ` + lines + ` }`, Likely},
		{"another path below it", `location /socket.io/ { proxy_pass http://b; } location /socket.io/admin { proxy_pass http://b; ` + lines + ` }`, Likely},
		{"no library", `location /ws/ { proxy_pass http://b; } location /ws/v2/websocket { proxy_pass http://b; ` + lines + ` }`, Likely},
		{"another word", `location /chat/websocket { proxy_pass http://b; }` + ws, Likely},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := model(t, inHTTP("", tt.server), Options{}).Routes[0]
			if r.Intent != tt.want {
				t.Errorf("the first location of %s is %s (%s), want %s", tt.server, r.Intent, r.IntentWhy, tt.want)
			}
		})
	}
}

// TestPathBehind holds what the path that proxy_pass puts in the place of a
// location's says of the library.
func TestPathBehind(t *testing.T) {
	for _, tt := range []struct {
		location             string
		pings, polling, only bool
	}{
		{`location /ws/game/ { proxy_pass http://b/socket.io/; }`, true, true, false},
		{`location /ws/game/ { proxy_pass http://b/cable; }`, true, false, true},
		{`location /ws/game/ { proxy_pass http://b/; }`, false, false, true},
		{`location /api { proxy_pass http://b/v1; }`, false, false, false},
		{`location /_next/webpack-hmr { proxy_pass http://b; }`, true, false, true},
		{`location /dash/_stcore/stream { proxy_pass http://b; }`, true, false, true},
		{`location /_stcore/health { proxy_pass http://b; }`, false, false, false},
		{`location /yjs/ { proxy_pass http://b/; }`, true, false, true},
		{`location ^~ /push/ { proxy_pass http://127.0.0.1:7867/; }`, true, false, true},
		{`location /push/ { proxy_pass http://b/; }`, false, false, false},
		{`location /_event { proxy_pass http://b; }`, true, false, true},
		{`location /api/live/ { proxy_pass http://grafana:3000; }`, true, false, true},
		{`location /api/live/ { proxy_pass http://b; }`, false, false, false},
	} {
		r := model(t, inHTTP("", tt.location), Options{}).Routes[0]
		if r.Pings != tt.pings || r.Polling != tt.polling || r.HandshakeOnly != tt.only {
			t.Errorf("%s pings %t, polls %t, is for handshakes only %t; want %t, %t, %t", tt.location, r.Pings, r.Polling, r.HandshakeOnly, tt.pings, tt.polling, tt.only)
		}
	}
}

// TestHubPings holds which paths are taken for those of SignalR's hubs, whose server
// pings. It makes nobody a WebSocket: a hub's name may be anything's.
func TestHubPings(t *testing.T) {
	for _, tt := range []struct {
		location string
		want     bool
	}{
		{`/notificationHub`, true},
		{`/chatHub/`, true},
		{`/chathub`, true},
		{`/notification-hub`, true},
		{`/order_hub`, true},
		{`/hub/`, true},
		{`/hubs/chat`, true},
		{`/api/v1/Hubs/Orders`, true},
		{`~ ^/(chat|order)Hub`, true},
		{`~* ^/hubs?/`, true},
		{`/signalr`, true},
		{`/notifications/hub`, true},
		{`/github`, false},
		{`/api/oauth/GitHub`, false},
		{`/git-hub`, false},
		{`/hubspot`, false},
		{`/hub-spot`, false},
		{`/thub`, false},
		{`/bluewallet_lndhub_app/`, false},
		{`/orderhub`, false}, // in lower case it may be a word of its own
		{`/dockerhub/v2/`, false},
		{`/docker-hub/`, false},
		{`/docker/hub/`, false},
		{`/hub.docker.com/`, false},
		{`/jupyterhub/`, false},
		{`/GitHub/hooks`, false},
		{`~ ^/(?!hub)`, false},
		{`~ ^/[Gg]ithub`, false},
		{`@chatHub`, false},
		{`/`, false},
	} {
		r := model(t, inHTTP("", `location `+tt.location+` { proxy_pass http://b; }`), Options{}).Routes[0]
		if r.Pings != tt.want {
			t.Errorf("location %s: Pings is %t, want %t", tt.location, r.Pings, tt.want)
		}
	}
	for pass, want := range map[string]bool{"http://b/chatHub": true, "http://b/api?to=hub": false, "http://hub": false, "https://hub.docker.com/v2/": false} {
		r := model(t, inHTTP("", `location /live/ { proxy_pass `+pass+`; }`), Options{}).Routes[0]
		if r.Pings != want || r.Intent != None && !want {
			t.Errorf("proxy_pass %s: Pings is %t, want %t", pass, r.Pings, want)
		}
	}
	if r := model(t, inHTTP("", `location /orderHub { proxy_pass http://b; }`), Options{}).Routes[0]; r.Intent != None {
		t.Errorf("location /orderHub without lines is %s (%s), want none", r.Intent, r.IntentWhy)
	}
}

// A file that most locations include says what the site does everywhere.
func TestIntentOfSharedFile(t *testing.T) {
	const lines = "proxy_set_header Host $host;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection upgrade;\n"
	for _, tt := range []struct {
		file, location string
		others         int // locations that include the file too
		plain          int // locations that do not
		want           Intent
		why            string
	}{
		{"proxy.conf", "/api", 0, 0, Declared, "itself sets Upgrade"},
		{"proxy.conf", "/api", 1, 0, Declared, "itself sets Upgrade"},
		{"proxy.conf", "/api", 3, 0, Inherited, "most locations include"},
		{"proxy.conf", "/api", 3, 5, Declared, "itself sets Upgrade"},
		{"proxy.conf", "/api/login", 3, 0, None, "not a WebSocket path"},
		{"proxy.conf", "/ws", 3, 0, Declared, "usual WebSocket path"},
		{"proxy.conf", "/", 3, 0, Declared, "catch-all"},
		{"websocket.conf", "/api", 3, 0, Declared, "itself sets Upgrade"},
		{"proxy_ws.conf", "/api", 3, 0, Declared, "itself sets Upgrade"},
	} {
		server := fmt.Sprintf("location %s { proxy_pass http://b; include %s; }\n", tt.location, tt.file)
		for i := range tt.others {
			server += fmt.Sprintf("location /o%d { proxy_pass http://b; include %s; }\n", i, tt.file)
		}
		for i := range tt.plain {
			server += fmt.Sprintf("location /p%d { proxy_pass http://b; }\n", i)
		}
		dir := t.TempDir()
		for name, src := range map[string]string{"nginx.conf": inHTTP("", server), tt.file: lines} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(src), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		w := parser.Open([]string{filepath.Join(dir, "nginx.conf")}, parser.Options{})
		r := Build(w.Configs[0], Options{}).Routes[0]
		if r.Intent != tt.want || !strings.Contains(r.IntentWhy, tt.why) {
			t.Errorf("intent of %s, %s in %d of %d locations, is %s (%s), want %s (%s)",
				tt.location, tt.file, 1+tt.others, 1+tt.others+tt.plain, r.Intent, r.IntentWhy, tt.want, tt.why)
		}
	}
}

func TestHandshakeOnly(t *testing.T) {
	for _, tt := range []struct {
		server string
		want   bool
	}{
		{`location /ws { proxy_pass http://b; }`, true},
		{`location ~ ^/(ws|wss)$ { proxy_pass http://b; }`, true},
		{`location ~ ^/(ws|api)$ { proxy_pass http://b; }`, false},
		{`location /socket.io/ { proxy_pass http://b; }`, false},
		{`location / { proxy_pass http://b; }`, false},
		{`location = /x { if ($http_upgrade != websocket) { return 404; } proxy_pass http://b; }`, true},
		{`location /cable { try_files $uri @app; } location @app { proxy_pass http://b; }`, false},
		{`location /vnc/ { proxy_pass http://b; }`, false},
	} {
		if r := model(t, inHTTP("", tt.server), Options{}).Routes[0]; r.HandshakeOnly != tt.want {
			t.Errorf("%s: only handshakes %v, want %v", tt.server, r.HandshakeOnly, tt.want)
		}
	}
}

func TestAlternatives(t *testing.T) {
	for _, tt := range []struct {
		expr string
		want []string
	}{
		{`^/ws$`, []string{`^/ws$`}},
		{`^/(a|b)/c`, []string{`^/a/c`, `^/b/c`}},
		{`/a|/b`, []string{`/a`, `/b`}},
		{`(/a)?/b`, []string{`/a/b`, `/b`}},
		{`/(?:a|(?<n>b|c))`, []string{`/a`, `/b`, `/c`}},
		{`/[(|)]/a\(b`, []string{`/ /a\(b`}},
		{`(?i)^/ws`, []string{`^/ws`}},
		{`/(a`, []string{`/a`}},
	} {
		got, rest := alternatives(tt.expr)
		for i := range got { // what a quantifier leaves behind
			got[i] = strings.ReplaceAll(got[i], "?", "")
		}
		if !slices.Equal(got, tt.want) || rest != "" {
			t.Errorf("alternatives(%q) = %q, rest %q, want %q", tt.expr, got, rest, tt.want)
		}
	}
	deep := strings.Repeat("(x|y)((a|b)", 300) + strings.Repeat(")", 300)
	for _, expr := range []string{deep, strings.Repeat("(a|b)", 500), strings.Repeat("(", 500), strings.Repeat("[", 500), `\`, "(?", "(?<", ")("} {
		variants, _ := alternatives(expr)
		for _, v := range variants {
			if len(v) > len(expr)+2*strings.Count(expr, "(") {
				t.Errorf("alternatives(%.20q…) gives %d bytes for %d", expr, len(v), len(expr))
			}
		}
		signsOfPattern(expr)
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
