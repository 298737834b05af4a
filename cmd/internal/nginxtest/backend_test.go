package nginxtest

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// talk sends bytes to a backend on one connection and returns all it says
// until it closes.
func talk(t *testing.T, addr, request string) string {
	t.Helper()
	c, err := dial(addr, "", false, time.Now().Add(defaultTimeout))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Errorf("talk(%q): %v", request, err)
	}
	return string(answer)
}

func TestHandshakeIsStrict(t *testing.T) {
	t.Parallel()
	backend := NewBackend(t)
	lines := "Host: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
	request := "GET / HTTP/1.1\r\n" + lines + "\r\n"
	closing := string(appendFrame(nil, frame{fin: true, opcode: opClose}, &[4]byte{1, 2, 3, 4}))
	for _, c := range []struct {
		old, new string // what is changed in request
		status   string
		reason   string
	}{
		{"", "", "101", ""},
		{"Upgrade: websocket", "upgrade: h2c,\t WebSocket ", "101", ""},
		{"Connection: Upgrade", "Connection: keep-alive\r\nConnection: close , uPGRADE", "101", ""},
		{"GET", "POST", "400", "method is POST"},
		{"GET", "get", "400", "method is get"},
		{"HTTP/1.1", "HTTP/1.0", "400", "version is HTTP/1.0"},
		{"Host: a\r\n", "", "400", "Host is []"},
		{"Host: a", "Host:", "400", "Host is [\"\"]"},
		{"Host: a", "Host: a\r\nHost: a", "400", "Host is"},
		{"Upgrade: websocket\r\n", "", "400", "Upgrade is []"},
		{"Upgrade: websocket", "Upgrade: websockets", "400", "Upgrade is"},
		{"Connection: Upgrade\r\n", "", "400", "Connection is []"},
		{"Connection: Upgrade", "Connection: close", "400", "Connection is"},
		{"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j", "400", "Sec-WebSocket-Key is"},
		{"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", "400", "Sec-WebSocket-Key is []"},
		{"Version: 13", "Version: 8", "426", "Sec-WebSocket-Version is"},
		{"Version: 13", "Version: 13, 8", "426", "Sec-WebSocket-Version is"},
		{"Host: a\r\n", "Host : a\r\n", "400", `"Host : a" is no header line`},
		{"Host: a\r\n", "Host: a\n", "400", "does not end in CRLF"},
		{"GET / ", "GET ", "400", "is no request line"},
	} {
		text := strings.Replace(request, c.old, c.new, 1) + closing
		if c.status != "101" {
			text = strings.TrimSuffix(text, closing)
		}
		answer := talk(t, backend.Addr, text)
		if !strings.HasPrefix(answer, "HTTP/1.1 "+c.status+" ") || !strings.Contains(answer, c.reason) {
			t.Errorf("%q: answer %q, want %s with %q", text, answer, c.status, c.reason)
		}
		all := backend.Requests()
		last := all[len(all)-1]
		if got := last.Head; got != strings.TrimSuffix(text, closing) && !strings.HasPrefix(c.reason, `"Host :`) && !strings.HasPrefix(c.reason, "does not") {
			t.Errorf("recorded %q, want %q", got, text)
		}
		if (last.Refused == "") != (c.status == "101") || !strings.Contains(last.Refused, c.reason) {
			t.Errorf("recorded refusal %q, want %q", last.Refused, c.reason)
		}
		// The key and its answer are the example of RFC 6455, 1.3.
		if c.status == "101" && !strings.Contains(answer, "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") {
			t.Errorf("%q: answer %q has another Sec-WebSocket-Accept", text, answer)
		}
	}
}

func TestSeveralRequestsOnOneConnection(t *testing.T) {
	t.Parallel()
	backend := NewBackend(t, OnUnixSocket())
	answers := talk(t, backend.Addr, "GET /1?a&test-id=one HTTP/1.1\r\nHost: a\r\n\r\n"+
		"POST /2 HTTP/1.1\r\nHost: a\r\nX-Test-ID: two\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n2\r\nde\r\n0\r\nT: x\r\n\r\n"+
		"HEAD /3 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"+
		"PUT /4 HTTP/1.1\r\ncontent-LENGTH:  3 \r\nX:\r\n\r\nxyz"+
		"GET /5 HTTP/1.0\r\n\r\n")
	r := bufio.NewReader(strings.NewReader(answers))
	var got []string
	for i, method := range []string{"GET", "POST", "HEAD", "PUT", "GET"} {
		response, err := readResponse(r, method)
		if err != nil || response.Status != 200 {
			t.Fatalf("answer %d of %q = %+v, %v", i, answers, response, err)
		}
		got = append(got, response.Headers.Get("Connection"))
		if method != "HEAD" {
			request, err := response.Request()
			if want := backend.Requests()[i]; err != nil || !reflect.DeepEqual(request, want) {
				t.Errorf("answer %d = %+v, %v, want %+v", i, request, err, want)
			}
		}
	}
	if want := []string{"", "", "keep-alive", "", "close"}; !slices.Equal(got, want) {
		t.Errorf("Connection of the answers = %q, want %q", got, want)
	}
	if one, two := backend.Lookup("one"), backend.Lookup("two"); len(one) != 1 || len(two) != 1 || two[0].Body != "abcde" {
		t.Errorf("Lookup = %+v and %+v", one, two)
	}
	if headers := backend.Requests()[3].Headers; !slices.Equal(headers, Headers{{"content-LENGTH", "3"}, {"X", ""}}) {
		t.Errorf("recorded %q", headers)
	}
}

func TestBehaviors(t *testing.T) {
	t.Parallel()
	const short = 150 * time.Millisecond
	for _, c := range []struct {
		name   string
		option Option
		want   func(*Result) bool
	}{
		{"origin", CheckOrigin(SameOrigin), func(r *Result) bool {
			return r.Status == 403 && strings.HasPrefix(r.Headers.Get(RefusedHeader), "Origin")
		}},
		{"close", CloseAtOnce(), func(r *Result) bool { return r.Status == 0 && errors.Is(r.Err, io.ErrUnexpectedEOF) }},
		{"garbage", Garbage(), func(r *Result) bool { return r.Status == 0 && r.Err != nil }},
		{"silence", NeverAnswer(), func(r *Result) bool { return r.Status == 0 && errors.Is(r.Err, os.ErrDeadlineExceeded) }},
		{"late", Delay(4 * short), func(r *Result) bool { return r.Status == 0 && errors.Is(r.Err, os.ErrDeadlineExceeded) }},
		{"soon", Delay(short / 5), func(r *Result) bool { return r.OK && r.Elapsed >= short/5 }},
		{"redirect", Redirect("/ws/"), func(r *Result) bool { return r.Status == 302 && r.Headers.Get("Location") == "/ws/" }},
		{"always 101", Always101(), func(r *Result) bool { return r.OK && r.Echoed }},
		{"TLS", OverTLS(), func(r *Result) bool { return r.Status == 0 && r.Err != nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			backend := NewBackend(t, c.option)
			res := Handshake(backend.Addr, HandshakeOptions{Timeout: short, Origin: "https://elsewhere.example"})
			defer res.Close()
			if !c.want(res) {
				t.Errorf("handshake = %+v", res)
			}
			if c.name != "TLS" && len(backend.Requests()) != 1 {
				t.Errorf("recorded %+v, want one request", backend.Requests())
			}
		})
	}
}

func TestAlways101TakesAnything(t *testing.T) {
	t.Parallel()
	backend := NewBackend(t, Always101())
	res := Handshake(backend.Addr, HandshakeOptions{
		Proto: "HTTP/1.0", Without: []string{"connection", "upgrade", "sec-websocket-key"},
	})
	defer res.Close()
	if res.Status != 101 || !res.Echoed || res.OK || res.AcceptOK {
		t.Errorf("handshake = %+v, want a tunnel that no browser opens", res)
	}
}

func TestTunnelFrames(t *testing.T) {
	t.Parallel()
	backend := NewBackend(t)
	res := Handshake(backend.Addr, HandshakeOptions{NoEcho: true})
	defer res.Close()
	for _, size := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
		if err := res.Echo(strings.Repeat("x", size)); err != nil {
			t.Fatalf("echo of %d bytes: %v", size, err)
		}
	}
	if err := res.send(opPing, []byte("are you there")); err != nil {
		t.Fatal(err)
	}
	if f, err := res.receive(); err != nil || f.opcode != opPong || string(f.payload) != "are you there" {
		t.Errorf("answer to a ping = %+v, %v", f, err)
	}
	if err := res.send(opClose, []byte{0x03, 0xE8}); err != nil {
		t.Fatal(err)
	}
	if _, how := res.WaitClosed(time.Second); how != EndedCloseFrame {
		t.Errorf("answer to a close frame: %s", how)
	}
	if _, how := res.WaitClosed(time.Second); how != EndedFIN {
		t.Errorf("after the close frame: %s", how)
	}
	res.Close()
	if err := res.Echo("x"); err == nil {
		t.Error("echo through a closed tunnel")
	}
}

func TestUnmaskedFrameIsRefused(t *testing.T) {
	t.Parallel()
	backend := NewBackend(t)
	res := Handshake(backend.Addr, HandshakeOptions{})
	defer res.Close()
	if _, err := res.conn.Write(appendFrame(nil, frame{fin: true, opcode: opText}, nil)); err != nil {
		t.Fatal(err)
	}
	if f, err := res.receive(); err != nil || f.opcode != opClose || string(f.payload) != "\x03\xea" {
		t.Errorf("answer to an unmasked frame = %+v, %v", f, err)
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", Loopback(0))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		bufio.NewReader(c).ReadString('\n')
		io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\r\n")
		time.Sleep(20 * time.Millisecond)
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
	}()
	res := Handshake(l.Addr().String(), HandshakeOptions{NoEcho: true})
	defer res.Close()
	if _, how := res.WaitClosed(time.Second); res.Status != 101 || how != EndedReset {
		t.Errorf("status %d, ended by %s, want 101, reset", res.Status, how)
	}
}

func TestFreePorts(t *testing.T) {
	t.Parallel()
	ports := append(FreePorts(t, 50), FreePorts(t, 50)...)
	slices.Sort(ports)
	if len(slices.Compact(ports)) != 100 {
		t.Errorf("FreePorts repeats one of %v", ports)
	}
}
