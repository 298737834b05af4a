package nginxtest

import (
	"bufio"
	"cmp"
	crand "crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// HandshakeOptions describe a handshake. The zero value is the one of a
// browser, without Origin and cookies.
type HandshakeOptions struct {
	Method     string        // "GET"
	Path       string        // "/"; the whole target, with its query
	Proto      string        // "HTTP/1.1"
	Host       string        // the address; localhost for a unix socket
	Connection string        // "Upgrade"; Firefox sends "keep-alive, Upgrade"
	Upgrade    string        // "websocket"
	Origin     string        // none
	ID         string        // sent as X-Test-Id
	Headers    Headers       // further lines
	Without    []string      // names of lines, of those above, that are not sent
	TLS        bool          // without checking the certificate
	NoEcho     bool          // leave the tunnel untouched
	NoBody     bool          // read no body of an answer that is not 101
	Timeout    time.Duration // for the handshake and again for the echo; 5s
}

// Result is how a handshake went. It is for one goroutine at a time, and to be
// closed.
type Result struct {
	// Response is the answer; its Status is 0 where none came.
	Response
	// Err says what failed before the answer was complete: errors.Is knows
	// os.ErrDeadlineExceeded for one that did not come in time.
	Err error
	// AcceptOK says that there is one Sec-WebSocket-Accept, the right one.
	AcceptOK bool
	// OK says that a browser would open the WebSocket, and Why why not.
	OK  bool
	Why string
	// Echoed says that a masked text frame came back through the tunnel, and
	// EchoErr why not. It is tried after every 101, OK or not.
	Echoed  bool
	EchoErr error
	// Elapsed is the time from the request to the head of the answer.
	Elapsed time.Duration

	conn       net.Conn // nil unless 101
	reader     *bufio.Reader
	timeout    time.Duration
	lastActive time.Time // when the last bytes passed
}

// Handshake asks addr, "host:port" or "unix:path", for a WebSocket.
func Handshake(addr string, o HandshakeOptions) *Result {
	res := &Result{timeout: cmp.Or(o.Timeout, defaultTimeout)}
	host := cmp.Or(o.Host, defaultHost(addr))
	c, err := dial(addr, host, o.TLS, time.Now().Add(res.timeout))
	if err != nil {
		res.fail(err)
		return res
	}
	res.conn, res.reader = c, bufio.NewReader(c)
	nonce := make([]byte, 16)
	_, _ = crand.Read(nonce) // never fails
	key := base64.StdEncoding.EncodeToString(nonce)
	method := cmp.Or(o.Method, "GET")
	request := encodeRequest(method, cmp.Or(o.Path, "/"), cmp.Or(o.Proto, "HTTP/1.1"), o.headers(host, key))
	sent := time.Now()
	if _, err := c.Write(request); err != nil {
		res.fail(fmt.Errorf("send the handshake: %w", err))
		return res
	}
	answers := method
	if o.NoBody {
		answers = "HEAD" // whose answers have none
	}
	res.Response, err = readResponse(res.reader, answers)
	res.lastActive = time.Now()
	res.Elapsed = res.lastActive.Sub(sent)
	if err != nil {
		res.fail(err)
		return res
	}
	accepts := res.Headers.Values("Sec-WebSocket-Accept")
	res.AcceptOK = len(accepts) == 1 && accepts[0] == acceptKey(key)
	res.Why = res.browserRefusal(o.Headers)
	res.OK = res.Why == ""
	if res.Status != 101 {
		res.Close()
		return res
	}
	if !o.NoEcho {
		res.EchoErr = res.Echo("wsnginx " + key)
		res.Echoed = res.EchoErr == nil
	}
	return res
}

// headers returns the lines of the handshake.
func (o HandshakeOptions) headers(host, key string) Headers {
	headers := Headers{
		{"Host", host},
		{"Connection", cmp.Or(o.Connection, "Upgrade")},
		{"Upgrade", cmp.Or(o.Upgrade, "websocket")},
		{"Origin", o.Origin},
		{"Sec-WebSocket-Version", "13"},
		{"Sec-WebSocket-Key", key},
		{IDHeader, o.ID},
	}
	headers = slices.DeleteFunc(headers, func(f Field) bool {
		without := func(name string) bool { return strings.EqualFold(name, f.Name) }
		return f.Value == "" || slices.ContainsFunc(o.Without, without)
	})
	return append(headers, o.Headers...)
}

// browserRefusal returns why a browser would not open the WebSocket, or "". It
// is the list of RFC 6455, 4.1, with what browsers add: no line twice.
func (r *Result) browserRefusal(sent Headers) string {
	if r.Status != 101 {
		return fmt.Sprintf("the answer is %d, not 101", r.Status)
	}
	if r.Proto != "HTTP/1.1" {
		return fmt.Sprintf("the answer has version %s", r.Proto)
	}
	if v := r.Headers.Values("Upgrade"); len(v) != 1 || !strings.EqualFold(v[0], "websocket") {
		return fmt.Sprintf("Upgrade is %q, not websocket", v)
	}
	if !r.Headers.HasToken("Connection", "upgrade") {
		return fmt.Sprintf("Connection is %q, without upgrade", r.Headers.Values("Connection"))
	}
	if !r.AcceptOK {
		return fmt.Sprintf("Sec-WebSocket-Accept is %q, not the one of the key", r.Headers.Values("Sec-WebSocket-Accept"))
	}
	if v := r.Headers.Values("Sec-WebSocket-Extensions"); len(v) > 0 && !sent.Has("Sec-WebSocket-Extensions") {
		return fmt.Sprintf("Sec-WebSocket-Extensions is %q, and none was offered", v)
	}
	chosen := r.Headers.Values("Sec-WebSocket-Protocol")
	offered := sent.Has("Sec-WebSocket-Protocol")
	if !offered && len(chosen) == 0 {
		return ""
	}
	if len(chosen) != 1 || !sent.HasToken("Sec-WebSocket-Protocol", chosen[0]) {
		return fmt.Sprintf("Sec-WebSocket-Protocol is %q, not one of those offered", chosen)
	}
	return ""
}

// fail notes err and ends the connection.
func (r *Result) fail(err error) {
	r.Err, r.Why = err, err.Error()
	r.Close()
}
