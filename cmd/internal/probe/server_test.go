package probe

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
)

// serve answers connections on loopback until the test ends.
func serve(t *testing.T, answer func(net.Conn)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				answer(c)
			}()
		}
	}()
	return l.Addr().String()
}

// upgraded answers the handshake on c properly, with further header lines.
func upgraded(c net.Conn, lines ...string) *bufio.Reader {
	r := bufio.NewReader(c)
	request, err := http.ReadRequest(r)
	if err != nil {
		return r
	}
	head := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		acceptOf(request.Header.Get("Sec-WebSocket-Key")) + "\r\n"
	for _, line := range lines {
		head += line + "\r\n"
	}
	_, _ = c.Write([]byte(head + "\r\n")) // a probe that is gone has its result
	return r
}

// pong answers the first ping that r reads, and passes over the frames before
// it: a probe may answer the server's ping first.
func pong(c net.Conn, r *bufio.Reader) {
	for {
		head := make([]byte, 6) // kind, length, masking key
		if _, err := io.ReadFull(r, head); err != nil {
			return
		}
		data := make([]byte, head[1]&0x7f)
		if _, err := io.ReadFull(r, data); err != nil {
			return
		}
		for i := range data {
			data[i] ^= head[2+i%4]
		}
		if head[0] == 0x89 {
			_, _ = c.Write(append([]byte{0x8a, byte(len(data))}, data...))
			return
		}
	}
}

// What no nginx does, and what stands before or behind one may.
func TestServers(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	certificate, err := tls.X509KeyPair([]byte(a.files()["good.pem"]), []byte(a.files()["leaf.key"]))
	if err != nil {
		t.Fatal(err)
	}
	silence := func(c net.Conn) { time.Sleep(3 * time.Second) }
	for _, c := range []struct {
		name   string
		scheme string // ws
		answer func(net.Conn)
		change func(*Options)
		failed string
		want   []string
	}{
		{name: "garbage in the tunnel", answer: func(c net.Conn) {
			upgraded(c)
			_, _ = c.Write([]byte("\xf7\xff hello, no frame"))
			silence(c)
		}, failed: "ping", want: []string{"what comes is no WebSocket frame"}},
		{name: "no pong", answer: func(c net.Conn) { upgraded(c); silence(c) },
			change: func(o *Options) { o.Timeout = 300 * time.Millisecond }, failed: "ping", want: []string{"no pong comes back within 300ms"}},
		{name: "policy", answer: func(c net.Conn) {
			upgraded(c)
			_, _ = c.Write([]byte("\x88\x0c\x03\xf0no session"))
			silence(c)
		}, failed: "ping", want: []string{`a close frame, 1008 "no session"`, "refuses this client after the handshake"}},
		{name: "close frame when idle", answer: func(c net.Conn) {
			pong(c, upgraded(c))
			time.Sleep(300 * time.Millisecond)
			_, _ = c.Write([]byte("\x88\x06\x03\xe9idle"))
			silence(c)
		}, change: func(o *Options) { o.Idle = 2 * time.Second }, failed: "idle", want: []string{
			`by a close frame, 1001 "idle"`, "nginx never sends close frames"}},
		{name: "reset when idle", answer: func(c net.Conn) {
			pong(c, upgraded(c))
			time.Sleep(200 * time.Millisecond)
			if tcp, ok := c.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
		}, change: func(o *Options) { o.Idle = 2 * time.Second }, failed: "idle", want: []string{"by a reset", "forgot the connection"}},
		{name: "two Upgrade lines", answer: func(c net.Conn) { upgraded(c, "Upgrade: h2c") }, failed: "handshake", want: []string{
			"2 Upgrade lines: websocket, h2c", "add_header Upgrade"}},
		{name: "unasked subprotocol", answer: func(c net.Conn) { upgraded(c, "Sec-WebSocket-Protocol: mqtt") }, failed: "handshake",
			want: []string{`subprotocol "mqtt", and none was offered`}},
		{name: "no subprotocol", answer: func(c net.Conn) { upgraded(c) },
			change: func(o *Options) { o.Subprotocols = []string{"mqtt"} }, failed: "handshake", want: []string{"none of the subprotocols"}},
		{name: "unasked extension", answer: func(c net.Conn) { upgraded(c, "Sec-WebSocket-Extensions: x-zip") }, failed: "handshake",
			want: []string{`extension "x-zip"`}},
		{name: "head cut off", answer: func(c net.Conn) {
			_, _ = http.ReadRequest(bufio.NewReader(c)) // any request is answered so
			_, _ = c.Write([]byte("HTTP/1.1 101 Swit"))
		}, failed: "handshake", want: []string{"broke off in its head", `HTTP/1.1 101 Swit`}},
		{name: "h2 only", scheme: "wss", answer: func(c net.Conn) {
			// Go's server takes http/1.1 where it offers h2 alone; others do not.
			t := tls.Server(c, &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
				only := &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"none"}}
				if slices.Contains(hello.SupportedProtos, "h2") {
					only.NextProtos = []string{"h2"}
				}
				return only, nil
			}})
			_ = t.Handshake() // the probe tells how it went
		}, failed: "tls", want: []string{"refuses http/1.1 in ALPN", "over HTTP/2 only", "RFC 8441"}},
		{name: "h2 in spite of ALPN", scheme: "wss", change: func(o *Options) { o.Insecure = true }, answer: func(c net.Conn) {
			t := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2"}})
			_, _ = t.Write([]byte("\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64")) // SETTINGS
			silence(t)
		}, failed: "handshake", want: []string{"over HTTP/2 only", "although http/1.1 was offered in ALPN"}},
		{name: "TLS record for a plain request", answer: func(c net.Conn) {
			_, _ = http.ReadRequest(bufio.NewReader(c)) // any request is answered so
			_, _ = c.Write([]byte("\x15\x03\x01\x00\x02\x02\x0a"))
		}, failed: "handshake", want: []string{"the port speaks TLS"}},
		{name: "session unknown", answer: func(c net.Conn) {
			_, _ = http.ReadRequest(bufio.NewReader(c)) // any request is answered so
			_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\nContent-Length: 41\r\n\r\n" + `{"code":1,"message":"Session ID unknown"}`))
		}, failed: "handshake", want: []string{"several stand behind nginx", "ip_hash"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			scheme := "ws"
			if c.scheme != "" {
				scheme = c.scheme
			}
			r := run(t, scheme+"://"+serve(t, c.answer)+"/", func(o *Options) {
				if o.Timeout = 3 * time.Second; c.change != nil {
					c.change(o)
				}
			})
			if r.Outcome != Fails || r.Failed != c.failed {
				t.Errorf("outcome %s at %q, want %s at %q", r.Outcome, r.Failed, Fails, c.failed)
			}
			for _, want := range c.want {
				if !strings.Contains(flat(text(t, r)), want) {
					t.Errorf("does not say %q:\n%s", want, text(t, r))
				}
			}
		})
	}
}

// A server that compresses, and one that pings and talks first.
func TestLively(t *testing.T) {
	t.Parallel()
	addr := serve(t, func(c net.Conn) {
		r := upgraded(c, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=12")
		// "Hello" as RFC 7692 has it, 7.2.3.1, then a ping.
		_, _ = c.Write([]byte("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x89\x00"))
		pong(c, r)
		time.Sleep(300 * time.Millisecond)
	})
	r := run(t, "ws://"+addr+"/", nil)
	if s := r.last().step("ping"); s == nil || s.Outcome != StepOK {
		t.Errorf("no pong from a lively server:\n%s", text(t, r))
	}
}

// A probe that is interrupted says so and leaves nothing waiting.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	addr := serve(t, func(c net.Conn) { time.Sleep(3 * time.Second) })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	u, err := ParseURL("ws://" + addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	r, err := Run(ctx, Options{URL: u})
	if err != nil {
		t.Fatal(err)
	}
	if r.Outcome != Untried || time.Since(start) > 2*time.Second {
		t.Errorf("interrupted after 200 ms: %s after %s", r.Outcome, time.Since(start))
	}
}

func TestFirstCertificate(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	text := string(pem.EncodeToMemory(&pem.Block{Type: "EC PARAMETERS", Bytes: []byte{1}})) + bundle(a.middle, a.root)
	if first, n := firstCertificate([]byte(text)); first == nil || !first.Equal(a.middle) || n != 2 {
		t.Errorf("firstCertificate = %v, %d, want the intermediate and 2", first, n)
	}
	if first, n := firstCertificate([]byte("no PEM")); first != nil || n != 0 {
		t.Errorf("firstCertificate of text = %v, %d", first, n)
	}
}

// A unix socket takes the place of the URL's host, and the configuration is not
// blamed for having no such port.
func TestUnix(t *testing.T) {
	t.Parallel()
	n := nginxtest.Find(t)
	backend := nginxtest.NewBackend(t)
	socket := filepath.Join(nginxtest.TempDir(t), "site.sock")
	dir := nginxtest.WriteTree(t, map[string]string{"nginx.conf": `events {}
http {
    access_log off;
    server {
        listen unix:` + socket + `;
        listen ` + nginxtest.Loopback(nginxtest.FreePorts(t, 1)[0]) + `;
        location / {
            proxy_pass http://` + backend.Addr + `;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
        }
    }
}
`})
	n.Start(t, filepath.Join(dir, "nginx.conf"))
	r, config, _ := joined(t, dir, "ws://app.example.com/", func(o *Options) { o.Unix = socket })
	if r.Outcome != Works || r.last().step("name") != nil {
		t.Errorf("through a unix socket: %s\n%s", r.Outcome, text(t, r))
	}
	if len(config.disagrees()) > 0 {
		t.Errorf("the configuration disagrees: %v", config.disagrees())
	}
}
