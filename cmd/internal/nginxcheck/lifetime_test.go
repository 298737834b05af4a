package nginxcheck

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
)

// TestCachedHandshake shows that a stored answer is given to a handshake, and
// that the fix lets handshakes pass the cache by.
func TestCachedHandshake(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"nginx.conf": `events {}
http {
    proxy_cache_path cache keys_zone=app:1m;
    server {
        listen 127.0.0.1:8080;
        location /ws {
            proxy_cache app;
            proxy_cache_valid any 1m;
            proxy_pass http://127.0.0.1:9000;
            ` + headers + `
        }
    }
}
`})
	plain := func() {
		if r, err := nginxtest.Get(s.addr, nginxtest.GetOptions{Path: "/ws"}); err != nil || r.Status != 200 {
			t.Fatalf("plain GET: %+v, %v", r, err)
		}
	}
	handshake := func() int {
		res := nginxtest.Handshake(s.addr, nginxtest.HandshakeOptions{Path: "/ws"})
		defer res.Close()
		return res.Status
	}
	if n := s.finds(t, "cached-handshake"); n != 1 {
		t.Errorf("%d findings, want 1", n)
	}
	s.serve(t, func(*nginxtest.Server) {
		if got := handshake(); got != 101 {
			t.Errorf("handshake before anything is stored: %d, want 101", got)
		}
		plain()
		if got := handshake(); got != 200 {
			t.Errorf("handshake after a plain GET: %d, want the stored 200", got)
		}
	})
	s.fix(t, "cached-handshake")
	s.serve(t, func(*nginxtest.Server) {
		plain()
		if got := handshake(); got != 101 {
			t.Errorf("handshake after the fix: %d, want 101", got)
		}
	})
}

// TestShortSendTimeout shows that send_timeout ends a tunnel whose client reads
// nothing, and leaves an idle one alone.
func TestShortSendTimeout(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"nginx.conf": `events {}
http {
    server {
        listen 127.0.0.1:8080;
        location /ws {
            proxy_pass http://127.0.0.1:9000;
            ` + headers + `
            send_timeout 1s;
        }
    }
}
`})
	if n := s.finds(t, "short-send-timeout"); n != 1 {
		t.Errorf("%d findings, want 1", n)
	}
	s.serve(t, func(server *nginxtest.Server) {
		idle := nginxtest.Handshake(s.addr, nginxtest.HandshakeOptions{Path: "/ws"})
		defer idle.Close()
		c := flood(t, s.addr)
		defer c.Close()
		deadline := time.Now().Add(8 * time.Second)
		for !strings.Contains(server.Log(), "client timed out") && time.Now().Before(deadline) {
			time.Sleep(50 * time.Millisecond)
		}
		if !strings.Contains(server.Log(), "client timed out") {
			t.Errorf("a client that reads nothing was not timed out")
		}
		if err := idle.Echo("still there"); err != nil {
			t.Errorf("the idle tunnel is gone: %v", err)
		}
	})
}

// flood opens a tunnel and sends frames in it without reading their echo, until
// nothing more is taken.
func flood(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReaderSize(c, 256), nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: %v, %v", res, err)
	}
	payload := make([]byte, 4+60000)
	frame := append([]byte{0x82, 0xFE, 0xEA, 0x60}, payload...) // masked with zeros
	_ = c.SetWriteDeadline(time.Now().Add(2 * time.Second))
	for range 10000 {
		if _, err := c.Write(frame); err != nil {
			break
		}
	}
	return c
}

// TestShortStreamTimeout shows that proxy_timeout ends a silent tunnel.
func TestShortStreamTimeout(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"nginx.conf": `load_module modules/ngx_stream_module.so;
events {}
stream {
    server {
        listen 127.0.0.1:8080;
        proxy_pass 127.0.0.1:9000;
        proxy_timeout 1s;
    }
}
http {
    server {
        listen unix:http.sock;
        location /ws {
            proxy_pass http://127.0.0.1:9000;
            ` + headers + `
        }
    }
}
`})
	text, err := os.ReadFile(s.main)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), "unix:http.sock", "unix:"+s.dir+"/http.sock", 1))
	if err := os.WriteFile(s.main, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if output, err := s.nginx.Test(s.main); err != nil {
		t.Skipf("this nginx has no stream module: %s", output)
	}
	if n := s.finds(t, "short-stream-timeout"); n != 1 {
		t.Errorf("%d findings, want 1", n)
	}
	closes := func(want nginxtest.Ending) {
		s.serve(t, func(*nginxtest.Server) {
			res := nginxtest.Handshake(s.addr, nginxtest.HandshakeOptions{Path: "/ws"})
			defer res.Close()
			if idle, how := res.WaitClosed(2 * time.Second); !res.OK || how != want {
				t.Errorf("%s, %s after %v, want %s", res.Why, how, idle, want)
			}
		})
	}
	closes(nginxtest.EndedFIN)
	s.fix(t, "short-stream-timeout")
	closes(nginxtest.EndedOpen)
}

// TestWorkerShutdownTimeout shows what a reload does to an open tunnel, with a
// short worker_shutdown_timeout and without one.
func TestWorkerShutdownTimeout(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]nginxtest.Ending{
		"":                            nginxtest.EndedOpen,
		"worker_shutdown_timeout 1s;": nginxtest.EndedFIN,
	} {
		s := newSite(t, map[string]string{"nginx.conf": line + "\nevents {}\nhttp {\nserver {\nlisten 127.0.0.1:8080;\n" +
			"location /ws {\nproxy_pass http://127.0.0.1:9000;\n" + headers + "}\n}\n}\n"})
		if n := s.finds(t, "worker-shutdown-timeout"); n != 1 {
			t.Errorf("%q: %d findings, want 1", line, n)
		}
		s.serve(t, func(server *nginxtest.Server) {
			res := nginxtest.Handshake(s.addr, nginxtest.HandshakeOptions{Path: "/ws"})
			defer res.Close()
			master, err := os.FindProcess(server.Pid)
			if err == nil {
				err = master.Signal(syscall.SIGHUP)
			}
			if err != nil {
				t.Fatal(err)
			}
			if idle, how := res.WaitClosed(2500 * time.Millisecond); !res.OK || how != want {
				t.Errorf("%q: %s, %s after %v, want %s", line, res.Why, how, idle, want)
			}
			if log := server.Log(); want == nginxtest.EndedOpen && !strings.Contains(log, "gracefully shutting down") {
				t.Errorf("no worker stayed for the tunnel:\n%s", log)
			}
		})
	}
}
