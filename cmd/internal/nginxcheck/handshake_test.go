package nginxcheck

import (
	"strings"
	"testing"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
)

// TestIgnoredServer shows that the first server of a name answers, and that
// nginx says so of the second.
func TestIgnoredServer(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"nginx.conf": `events {}
http {
    server {
        listen 127.0.0.1:8080;
        server_name app.example.com;
        location / { return 418; }
    }
    server {
        listen 127.0.0.1:8080;
        server_name app.example.com other.example.com;
        location / { proxy_pass http://127.0.0.1:9000; ` + headers + `}
    }
}
`})
	if n := s.finds(t, "ignored-server"); n != 1 {
		t.Errorf("%d findings, want 1", n)
	}
	s.serve(t, func(server *nginxtest.Server) {
		for host, want := range map[string]int{"app.example.com": 418, "other.example.com": 101} {
			res := nginxtest.Handshake(s.addr, nginxtest.HandshakeOptions{Host: host})
			res.Close()
			if res.Status != want {
				t.Errorf("handshake with %s: %d, want %d", host, res.Status, want)
			}
		}
		if log := server.Log(); !strings.Contains(log, `conflicting server name "app.example.com" on `+s.addr+`, ignored`) {
			t.Errorf("no warning in the log:\n%s", log)
		}
	})
}

// TestSubrequestUpgrade shows that a 101 to a subrequest ends the connection
// without an answer, and that the fix mends it.
func TestSubrequestUpgrade(t *testing.T) {
	t.Parallel()
	const inherited, own = headers + "proxy_set_header X-Kept yes;\n", ""
	for name, lines := range map[string]struct{ server, location, sub string }{
		"auth_request":      {inherited, "auth_request /sub;", own},
		"mirror":            {inherited, "mirror /sub;", own},
		"auth_request, own": {own, "auth_request /sub;\n" + inherited, inherited},
	} {
		locations := "location / {\n" + lines.location + "\nproxy_pass http://127.0.0.1:9000;\n}\n"
		s := newSite(t, map[string]string{"nginx.conf": "events {}\nhttp {\nserver {\nlisten 127.0.0.1:8080;\n" + lines.server +
			locations + "\nlocation = /sub {\ninternal;\nproxy_pass http://127.0.0.1:9000;\n" + lines.sub +
			// The backend refuses what has a key and no Upgrade; a page that
			// checks a cookie would not.
			"proxy_intercept_errors on;\nerror_page 400 =204 @allowed;\n}\nlocation @allowed { return 204; }\n}\n}\n"})
		if n := s.finds(t, "subrequest-upgrade"); n != 1 {
			t.Errorf("%s: %d findings, want 1", name, n)
		}
		s.serve(t, func(server *nginxtest.Server) {
			res := nginxtest.Handshake(s.addr, nginxtest.HandshakeOptions{ID: name + "1"})
			defer res.Close()
			idle, how := res.WaitClosed(1)
			if log := server.Log(); !strings.Contains(log, "connection upgrade in subrequest") {
				t.Errorf("%s: %d %v, closed %v %v; the log does not name the subrequest:\n%s", name, res.Status, res.Err, idle, how, log)
			}
			if res.OK && res.Echoed && name != "mirror" {
				t.Errorf("%s: the handshake works", name)
			}
		})
		s.fix(t, "subrequest-upgrade")
		s.serve(t, func(server *nginxtest.Server) {
			res := nginxtest.Handshake(s.addr, nginxtest.HandshakeOptions{ID: name + "2"})
			defer res.Close()
			if !res.OK || !res.Echoed {
				t.Errorf("%s: after the fix: %d %s %v", name, res.Status, res.Why, res.EchoErr)
			}
			for _, req := range s.backend.Lookup(name + "2") {
				if req.Headers.Get("X-Kept") != "yes" {
					t.Errorf("%s: %s %s lost its other lines: %v", name, req.Method, req.Target, req.Headers)
				}
			}
		})
	}
}

// TestTrailingSlash shows the redirect that a location with a slash answers.
func TestTrailingSlash(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"nginx.conf": `events {}
http {
    server {
        listen 127.0.0.1:8080;
        location /ws/ { proxy_pass http://127.0.0.1:9000; ` + headers + `}
        location / { return 404; }
    }
}
`})
	if n := s.finds(t, "trailing-slash-redirect"); n != 1 {
		t.Errorf("%d findings, want 1", n)
	}
	s.serve(t, func(*nginxtest.Server) {
		for path, want := range map[string]int{"/ws": 301, "/ws/": 101} {
			res := nginxtest.Handshake(s.addr, nginxtest.HandshakeOptions{Path: path})
			res.Close()
			if res.Status != want {
				t.Errorf("handshake %s: %d, want %d", path, res.Status, want)
			}
		}
	})
}

// TestTwoProxies shows that a handshake has to get through both of two servers
// in a row, whichever of them lacks the lines, and that the fixes of that one
// mend it.
func TestTwoProxies(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string]struct{ front, back string }{
		"the second":  {headers, ""},
		"the first":   {"", headers},
		"another URI": {headers, "proxy_set_header X-Real-IP $remote_addr;"},
	} {
		inner := nginxtest.Loopback(nginxtest.FreePorts(t, 1)[0])
		location, uri := "/", ""
		if name == "another URI" {
			location, uri = "/chat/", "/"
		}
		s := newSite(t, map[string]string{"nginx.conf": "events {}\nhttp {\n" +
			"server {\nlisten 127.0.0.1:8080;\nlocation " + location + " {\nproxy_pass http://" + inner + uri + ";\n" + lines.front + "}\n}\n" +
			"server {\nlisten " + inner + ";\nlocation / {\nproxy_pass http://127.0.0.1:9000;\n" + lines.back + "}\n}\n}\n"})
		works := func(when string) (ok bool) {
			s.serve(t, func(*nginxtest.Server) {
				res := nginxtest.Handshake(s.addr, nginxtest.HandshakeOptions{Path: location, ID: name + when})
				defer res.Close()
				ok = res.OK && res.Echoed
			})
			return ok
		}
		if works("before") {
			t.Errorf("%s: the handshake works", name)
		}
		for _, rule := range []string{"missing-http-version", "missing-upgrade-header", "missing-connection-header"} {
			s.fix(t, rule)
		}
		if !works("after") {
			t.Errorf("%s: the handshake does not work after the fix", name)
		}
	}
}
