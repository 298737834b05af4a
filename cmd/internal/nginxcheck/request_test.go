package nginxcheck

import (
	"strings"
	"testing"
	"time"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// one returns a server with one location, as newSite takes it.
func one(http, location string) map[string]string {
	return map[string]string{"nginx.conf": "events {}\nhttp {\n" + http + "\nserver {\nlisten 127.0.0.1:8080;\n" + location + "\n}\n}\n"}
}

// get sends an ordinary request while nginx serves the tree and returns what
// arrives at the backend.
func (s *site) get(t *testing.T, id, path string) nginxtest.Request {
	t.Helper()
	s.serve(t, func(*nginxtest.Server) {
		// An answer of 101 to a plain GET never ends; what arrived is what counts.
		_, _ = nginxtest.Get(s.addr, nginxtest.GetOptions{Path: path, ID: id, Timeout: time.Second / 2})
	})
	requests := s.backend.Lookup(id)
	if len(requests) != 1 {
		t.Fatalf("%s: %d requests arrived", id, len(requests))
	}
	return requests[0]
}

// shake makes a handshake while nginx serves the tree and returns its status.
func (s *site) shake(t *testing.T, o nginxtest.HandshakeOptions) (status int) {
	t.Helper()
	s.serve(t, func(*nginxtest.Server) {
		res := nginxtest.Handshake(s.addr, o)
		defer res.Close()
		status = res.Status
	})
	return status
}

// TestConstantConnection shows that a literal upgrade reaches the upstream with
// ordinary requests, and with handshakes only after the fix.
func TestConstantConnection(t *testing.T) {
	t.Parallel()
	s := newSite(t, one("", "location / {\nproxy_pass http://127.0.0.1:9000;\n"+headers+"}"))
	if got := s.get(t, "before", "/").Headers.Get("Connection"); got != "upgrade" {
		t.Errorf("Connection arrives as %q, want upgrade", got)
	}
	s.fix(t, "constant-connection-upgrade")
	if got := s.get(t, "after", "/").Headers.Get("Connection"); got != "close" {
		t.Errorf("Connection arrives as %q after the fix, want close", got)
	}
	if status := s.shake(t, nginxtest.HandshakeOptions{}); status != 101 {
		t.Errorf("a handshake after the fix: %d", status)
	}
}

// TestConstantUpgrade shows that a literal websocket makes a handshake of a plain
// GET.
func TestConstantUpgrade(t *testing.T) {
	t.Parallel()
	text := "location /ws {\nproxy_pass http://127.0.0.1:9000;\n" + strings.Replace(headers, "$http_upgrade", "websocket", 1) + "}"
	s := newSite(t, one("", text), nginxtest.Always101())
	s.serve(t, func(*nginxtest.Server) {
		if res, err := nginxtest.Get(s.addr, nginxtest.GetOptions{Path: "/ws", Timeout: time.Second / 2}); err == nil {
			t.Errorf("a plain GET is answered %d", res.Status)
		}
	})
	if got := s.get(t, "before", "/ws").Headers.Get("Upgrade"); got != "websocket" {
		t.Errorf("Upgrade arrives as %q, want websocket", got)
	}
	s.fix(t, "constant-upgrade")
	if got := s.get(t, "after", "/ws").Headers.Values("Upgrade"); len(got) != 0 {
		t.Errorf("Upgrade arrives as %q after the fix", got)
	}
}

// TestKeepaliveClosed shows that "Connection: close" ends each connection to an
// upstream that keeps some, and that the fix lets them be used again.
func TestKeepaliveClosed(t *testing.T) {
	t.Parallel()
	s := newSite(t, one(`map $http_upgrade $connection_upgrade {
    default upgrade;
    ''      close;
}
upstream app {
    server 127.0.0.1:9000;
    keepalive 8;
}`, "location / {\nproxy_pass http://app;\n"+strings.Replace(headers, `"upgrade"`, "$connection_upgrade", 1)+"}"))
	connections := func(id string) int {
		s.serve(t, func(*nginxtest.Server) {
			for range 4 {
				if _, err := nginxtest.Get(s.addr, nginxtest.GetOptions{ID: id}); err != nil {
					t.Error(err)
				}
			}
		})
		seen := map[int]bool{}
		for _, r := range s.backend.Lookup(id) {
			seen[r.Conn] = true
		}
		return len(seen)
	}
	if n := connections("before"); n != 4 {
		t.Errorf("4 requests come over %d connections, want 4", n)
	}
	s.fix(t, "keepalive-closed")
	if n := connections("after"); n != 1 {
		t.Errorf("4 requests come over %d connections after the fix, want 1", n)
	}
}

// TestTwoHosts shows that two Host lines arrive as two, one of them nginx's own
// where the other is named with a colon.
func TestTwoHosts(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string]string{
		"twice": "proxy_set_header Host $host;\nproxy_set_header host $host;\n",
		"colon": "proxy_set_header Host: $host;\n",
	} {
		s := newSite(t, one("", "location /ws {\nproxy_pass http://127.0.0.1:9000;\n"+headers+lines+"}"))
		if n := s.finds(t, "duplicate-header"); n != 1 {
			t.Errorf("%s: %d findings, want 1", name, n)
		}
		if status := s.shake(t, nginxtest.HandshakeOptions{Path: "/ws", ID: name}); status != 400 {
			t.Errorf("%s: a handshake: %d, want 400", name, status)
		}
		s.fix(t, "duplicate-header")
		if status := s.shake(t, nginxtest.HandshakeOptions{Path: "/ws", ID: name + " after"}); status != 101 {
			t.Errorf("%s: a handshake after the fix: %d", name, status)
		}
		if got := s.backend.Lookup(name + " after")[0].Headers.Values("Host"); len(got) != 1 || !strings.HasPrefix(s.addr, got[0]) {
			t.Errorf("%s: Host arrives as %q after the fix", name, got)
		}
	}
}

// TestLostHost shows that a server which compares Origin with Host refuses what
// nginx sends by itself.
func TestLostHost(t *testing.T) {
	t.Parallel()
	s := newSite(t, one("", "location /ws {\nproxy_pass http://127.0.0.1:9000;\n"+headers+"}"), nginxtest.CheckOrigin(nginxtest.SameOrigin))
	browser := nginxtest.HandshakeOptions{Path: "/ws", Host: "app.example.com", Origin: "http://app.example.com"}
	if status := s.shake(t, browser); status != 403 {
		t.Errorf("a handshake: %d, want 403", status)
	}
	s.fix(t, "lost-host")
	if status := s.shake(t, browser); status != 101 {
		t.Errorf("a handshake after the fix: %d", status)
	}
}

// TestHostWithPort shows the same of a Host that nginx adds its port to, which a
// browser on a usual port does not write: here the port is another, and the
// client leaves it out all the same.
func TestHostWithPort(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int{"$host:$server_port": 403, "$http_host": 101, "$host": 101} {
		s := newSite(t, one("", "location /ws {\nproxy_pass http://127.0.0.1:9000;\n"+headers+"proxy_set_header Host "+value+";\n}"),
			nginxtest.CheckOrigin(nginxtest.SameOrigin))
		status := s.shake(t, nginxtest.HandshakeOptions{Path: "/ws", Host: "app.example.com", Origin: "http://app.example.com"})
		if status != want {
			t.Errorf("Host %s: a handshake: %d, want %d", value, status, want)
		}
	}
}

// TestPassPath shows the paths that arrive where the slashes do not agree.
func TestPassPath(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		location, pass, arrives string
		findings                int
	}{
		{"/ws", "http://127.0.0.1:9000/", "//chat?a=1", 1},
		{"/ws/", "http://127.0.0.1:9000/", "/chat?a=1", 0},
		{"/ws", "http://127.0.0.1:9000", "/ws/chat?a=1", 0},
	} {
		s := newSite(t, one("", "location "+test.location+" {\nproxy_pass "+test.pass+";\n"+headers+"}"))
		if n := s.finds(t, "pass-path"); n != test.findings {
			t.Errorf("location %s, proxy_pass %s: %d findings, want %d", test.location, test.pass, n, test.findings)
		}
		if got := s.get(t, "path", "/ws/chat?a=1").Target; got != test.arrives {
			t.Errorf("location %s, proxy_pass %s: %s arrives, want %s", test.location, test.pass, got, test.arrives)
		}
	}
}

// TestPassPathOfVariables shows that a path behind a variable takes the place of
// the request's own.
func TestPassPathOfVariables(t *testing.T) {
	t.Parallel()
	s := newSite(t, one("", "location /ws/ {\nset $backend 127.0.0.1:9000;\nproxy_pass http://$backend/socket;\n"+headers+"}"))
	if n := s.finds(t, "pass-path"); n != 1 {
		t.Errorf("%d findings, want 1", n)
	}
	if got := s.get(t, "path", "/ws/chat?a=1").Target; got != "/socket" {
		t.Errorf("%s arrives, want /socket", got)
	}
}

// TestNeverPassedOn shows what answers a handshake in place of the upstream, and
// that the remedy which each finding names lets it through.
func TestNeverPassedOn(t *testing.T) {
	t.Parallel()
	pass := "proxy_pass http://127.0.0.1:9000;\n" + headers
	for _, test := range []struct {
		rule, location string
		status         int
		old, new       string // the remedy
	}{
		{"redirected-handshake", "location /ws {\nreturn 301 https://$host$request_uri;\n" + pass + "}", 301, "return 301 https://$host$request_uri;", ""},
		{"redirected-handshake", "location /ws {\nrewrite ^ /elsewhere permanent;\n" + pass + "}", 301, "rewrite ^ /elsewhere permanent;", ""},
		{"unreachable-proxy", "location /ws {\ntry_files $uri =404;\n" + pass + "}", 404, "try_files $uri =404;", ""},
		{"missing-resolver", "location /ws {\nset $app app.invalid;\nproxy_pass http://$app:9000;\n" + headers + "}", 502,
			"http://$app:9000", "http://127.0.0.1:9000"},
		{"unsupported-pass", "location /ws {\nfastcgi_pass 127.0.0.1:9000;\nfastcgi_read_timeout 300ms;\n" + headers + "}", 504, "fastcgi_pass 127", "proxy_pass http://127"},
		{"unsupported-pass", "location /ws {\nmemcached_pass 127.0.0.1:9000;\nmemcached_read_timeout 300ms;\nset $memcached_key x;\n" + headers + "}", 504, "memcached_pass 127", "proxy_pass http://127"},
		{"handshake-method", "location /ws {\nlimit_except POST { deny all; }\n" + pass + "}", 403, "POST", "GET"},
	} {
		files := one("", test.location)
		s := newSite(t, files)
		if n := s.finds(t, test.rule); n != 1 {
			t.Errorf("%s: %d findings, want 1\n%s", test.rule, n, test.location)
		}
		if status := s.shake(t, nginxtest.HandshakeOptions{Path: "/ws"}); status != test.status {
			t.Errorf("%s: a handshake: %d, want %d", test.rule, status, test.status)
		}
		files["nginx.conf"] = strings.Replace(files["nginx.conf"], test.old, test.new, 1)
		s = newSite(t, files)
		if n := s.finds(t, test.rule); n != 0 {
			t.Errorf("%s: %d findings after the remedy\n%s", test.rule, n, files["nginx.conf"])
		}
		if status := s.shake(t, nginxtest.HandshakeOptions{Path: "/ws"}); status != 101 {
			t.Errorf("%s: a handshake after the remedy: %d", test.rule, status)
		}
	}
}

// TestPlainHTTP2Listener shows that nginx before 1.25.1 reads nothing but HTTP/2 on
// a listener without TLS that says so.
func TestPlainHTTP2Listener(t *testing.T) {
	t.Parallel()
	files := one("", "location /ws {\nproxy_pass http://127.0.0.1:9000;\n"+headers+"}")
	files["nginx.conf"] = strings.Replace(files["nginx.conf"], "listen 127.0.0.1:8080;", "listen 127.0.0.1:8080 http2;", 1)
	s := newSite(t, files)
	version, err := effective.ParseVersion(s.nginx.Version)
	if err != nil {
		t.Fatal(err)
	}
	old := version.Before(1, 25, 1)
	if n := s.finds(t, "plain-http2-listener"); (n == 1) != old {
		t.Errorf("%d findings for nginx %s", n, s.nginx.Version)
	}
	if status := s.shake(t, nginxtest.HandshakeOptions{Path: "/ws"}); (status != 101) != old {
		t.Errorf("a handshake with nginx %s: %d", s.nginx.Version, status)
	}
	files["nginx.conf"] = strings.Replace(files["nginx.conf"], " http2;", ";", 1)
	s = newSite(t, files)
	if n, status := s.finds(t, "plain-http2-listener"), s.shake(t, nginxtest.HandshakeOptions{Path: "/ws"}); n != 0 || status != 101 {
		t.Errorf("without http2: %d findings, a handshake: %d", n, status)
	}
}
