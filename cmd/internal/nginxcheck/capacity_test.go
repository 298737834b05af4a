package nginxcheck

import (
	"strings"
	"testing"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
)

// TestUnrestrictedUpgrade shows that another protocol than websocket is passed
// on, and not after the fix.
func TestUnrestrictedUpgrade(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"nginx.conf": `events {}
http {
    server {
        listen 127.0.0.1:8080;
        location /ws {
            proxy_pass http://127.0.0.1:9000;
            ` + headers + `
        }
    }
}
`})
	passed := func(id string) string {
		s.serve(t, func(*nginxtest.Server) {
			nginxtest.Handshake(s.addr, nginxtest.HandshakeOptions{Path: "/ws", Upgrade: "h2c", ID: id}).Close()
			if res := nginxtest.Handshake(s.addr, nginxtest.HandshakeOptions{Path: "/ws"}); !res.OK {
				t.Errorf("%s: a WebSocket does not pass: %s", id, res.Why)
			} else {
				res.Close()
			}
		})
		requests := s.backend.Lookup(id)
		if len(requests) != 1 {
			t.Fatalf("%d requests arrived", len(requests))
		}
		return requests[0].Headers.Get("Upgrade")
	}
	if got := passed("before"); got != "h2c" {
		t.Errorf("Upgrade arrives as %q, want h2c", got)
	}
	s.fix(t, "unrestricted-upgrade")
	if got := passed("after"); got != "" {
		t.Errorf("Upgrade arrives as %q after the fix", got)
	}
}

// TestNoAffinity shows that requests of one client go to two servers, and to one
// after the fix.
func TestNoAffinity(t *testing.T) {
	t.Parallel()
	other := nginxtest.NewBackend(t)
	s := newSite(t, map[string]string{"nginx.conf": `events {}
http {
    upstream app {
        server 127.0.0.1:9000;
        server ` + other.Addr + `;
    }
    server {
        listen 127.0.0.1:8080;
        location /socket.io/ {
            proxy_pass http://app;
            ` + headers + `
        }
    }
}
`})
	spread := func() (first, second int) {
		s.backend.Reset()
		other.Reset()
		s.serve(t, func(*nginxtest.Server) {
			for range 4 {
				if _, err := nginxtest.Get(s.addr, nginxtest.GetOptions{Path: "/socket.io/?transport=polling"}); err != nil {
					t.Error(err)
				}
			}
		})
		return len(s.backend.Requests()), len(other.Requests())
	}
	if a, b := spread(); a != 2 || b != 2 {
		t.Errorf("4 requests went %d and %d, want 2 and 2", a, b)
	}
	s.fix(t, "no-affinity")
	if a, b := spread(); a != 4 && b != 4 {
		t.Errorf("after the fix 4 requests went %d and %d", a, b)
	}
}

// TestWorkerConnections shows that each WebSocket takes two connections.
func TestWorkerConnections(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"nginx.conf": `events { worker_connections 20; }
http {
    server {
        listen 127.0.0.1:8080;
        location /ws {
            proxy_pass http://127.0.0.1:9000;
            ` + headers + `
        }
    }
}
`})
	if n := s.finds(t, "worker-connections"); n != 1 {
		t.Errorf("%d findings, want 1", n)
	}
	s.serve(t, func(server *nginxtest.Server) {
		open := 0
		for range 12 {
			res := nginxtest.Handshake(s.addr, nginxtest.HandshakeOptions{Path: "/ws"})
			defer res.Close()
			if !res.OK {
				break
			}
			open++
		}
		if log := server.Log(); open < 7 || open > 9 || !strings.Contains(log, "worker_connections are not enough") {
			t.Errorf("%d WebSockets with 20 connections, want 7 to 9:\n%s", open, log)
		}
	})
}
