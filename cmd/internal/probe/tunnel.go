package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
)

// maxMessage is how long a message from the server may be.
const maxMessage = 1 << 20

// socket is an open WebSocket.
type socket struct {
	conn  *websocket.Conn
	wire  *wire
	pings atomic.Int32 // that came
	pongs atomic.Int32

	messages chan message
	done     chan struct{} // closed when reading has ended
	err      error         // what reading ended with
	at       time.Time     // and when
}

// message is one that came.
type message struct {
	text bool
	data []byte
}

// takeOver makes a WebSocket of a connection whose handshake is done. The
// library's own handshake is answered here, from memory.
func takeOver(c *wire, a *Answer, rest []byte) (*socket, error) {
	s := &socket{wire: c, messages: make(chan message, 16), done: make(chan struct{})}
	transport := transport(func(r *http.Request) (*http.Response, error) {
		header := http.Header{}
		header.Set("Upgrade", "websocket")
		header.Set("Connection", "Upgrade")
		header.Set("Sec-WebSocket-Accept", acceptOf(r.Header.Get("Sec-WebSocket-Key")))
		if e := compression(a); e != "" {
			header.Set("Sec-WebSocket-Extensions", e)
		}
		return &http.Response{
			StatusCode: http.StatusSwitchingProtocols, ProtoMajor: 1, ProtoMinor: 1, Header: header, Request: r,
			Body: stream{io.MultiReader(bytes.NewReader(rest), c), c},
		}, nil
	})
	mode := websocket.CompressionDisabled
	if compression(a) != "" {
		mode = websocket.CompressionContextTakeover
	}
	conn, _, err := websocket.Dial(context.Background(), "ws://probe/", &websocket.DialOptions{
		HTTPClient:           &http.Client{Transport: transport},
		CompressionMode:      mode,
		CompressionThreshold: 1 << 30, // a client may compress and need not
		OnPingReceived:       func(context.Context, []byte) bool { s.pings.Add(1); return true },
		OnPongReceived:       func(context.Context, []byte) { s.pongs.Add(1) },
	})
	if err != nil {
		return nil, err
	}
	s.conn = conn
	conn.SetReadLimit(maxMessage)
	go s.read()
	return s, nil
}

// transport answers requests.
type transport func(*http.Request) (*http.Response, error)

// RoundTrip answers r.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// stream is a tunnel whose first bytes came with the answer.
type stream struct {
	io.Reader
	*wire
}

// Read reads from the tunnel.
func (s stream) Read(p []byte) (int, error) { return s.Reader.Read(p) }

// compression returns the extension as the library takes it. The window of the
// client's direction is of no matter: nothing is compressed in it.
func compression(a *Answer) string {
	v := a.get("Sec-WebSocket-Extensions")
	if v == "" {
		return ""
	}
	var kept []string
	for part := range strings.SplitSeq(v, ";") {
		if part = strings.TrimSpace(part); !strings.HasPrefix(part, "client_max_window_bits") && part != "server_max_window_bits" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "; ")
}

// read takes what comes until the end: pings are answered only while somebody
// reads.
func (s *socket) read() {
	for {
		kind, data, err := s.conn.Read(context.Background())
		if err != nil {
			s.err, s.at = err, time.Now()
			close(s.done)
			return
		}
		select {
		case s.messages <- message{kind == websocket.MessageText, data}:
		default: // a server that talks is not asked to wait
		}
	}
}

// close ends the tunnel and returns how the server took it.
func (s *socket) close(timeout time.Duration) error {
	stop := time.AfterFunc(timeout, func() { s.wire.Close() })
	defer stop.Stop()
	err := s.conn.Close(websocket.StatusNormalClosure, "")
	<-s.done
	return err
}

// drop ends the tunnel at once, where it has not ended yet.
func (s *socket) drop() { _ = s.conn.CloseNow() } // what there was to learn is learned

// ended returns how the tunnel ended, when it has.
func (s *socket) ended() Tunnel {
	t := Tunnel{Closed: true, Pings: int(s.pings.Load())}
	var frame websocket.CloseError
	if errors.As(s.err, &frame) {
		t.By, t.Code, t.Reason = EndedClose, int(frame.Code), frame.Reason
		return t
	}
	t.By = EndedError
	if _, err := s.wire.end(); err != nil {
		t.By = ending(err)
	}
	return t
}

// tunnel uses an open socket: ping, message, silence, close.
func (p *probe) tunnel(ctx context.Context, h *Hop, u *url.URL, c *wire, a *Answer, rest []byte) {
	s, err := takeOver(c, a, rest)
	if err != nil {
		p.result.fail("handshake", "the tunnel cannot be used: %s", err)
		return
	}
	defer s.drop()
	ok := p.ping(ctx, h, s) && (!p.o.Send || p.message(ctx, h, s))
	if ok && p.o.Idle > 0 {
		ok = p.idle(ctx, h, u, s)
	}
	if ctx.Err() != nil {
		p.result.fail("idle", "interrupted")
		return
	}
	if ok {
		p.close(h, s)
	}
}

// ping sends a ping and waits for its pong.
func (p *probe) ping(ctx context.Context, h *Hop, s *socket) bool {
	start := time.Now()
	limited, cancel := context.WithTimeout(ctx, p.o.Timeout)
	defer cancel()
	go func() {
		select {
		case <-s.done: // the library waits on where what came was no frame
			cancel()
		case <-limited.Done():
		}
	}()
	err := s.conn.Ping(limited)
	took := time.Since(start)
	if err == nil {
		h.step1(StepOK, "ping", took, "its pong came back")
		return true
	}
	if errors.Is(limited.Err(), context.DeadlineExceeded) {
		h.step1(StepFail, "ping", took, "no pong")
		p.result.fail("ping", "the handshake succeeds, and then no pong comes back within %s", p.o.Timeout)
		p.result.explain("nginx passes the tunnel on as it is: the server behind it does not read, or what answered 101 does not speak WebSocket")
		return false
	}
	p.broken(h, "ping", took, s)
	return false
}

// broken explains a tunnel that ended during a step.
func (p *probe) broken(h *Hop, name string, took time.Duration, s *socket) {
	select {
	case <-s.done:
	case <-time.After(time.Second):
	}
	r := p.result
	select {
	case <-s.done:
	default:
		h.step1(StepFail, name, took, "the tunnel broke")
		r.fail(name, "the handshake succeeds, and then the tunnel breaks")
		return
	}
	t := s.ended()
	if t.By == EndedError {
		h.step1(StepFail, name, took, "what came is no frame")
		r.fail(name, "the handshake succeeds, and then what comes is no WebSocket frame: %s", lastWords(s.err))
		r.explain("what answered 101 does not speak WebSocket, or something between changes the bytes")
		return
	}
	h.step1(StepFail, name, took, "the tunnel ended with "+t.describeEnd())
	r.fail(name, "the handshake succeeds, and then the tunnel ends with %s", t.describeEnd())
	switch {
	case t.By == EndedClose && t.Code == 1008:
		r.explain("1008 is a policy: the application refuses this client after the handshake, for its session, its origin or what it sent")
	case t.By == EndedClose:
		r.explain("nginx never sends close frames, so the application closed; its log says why")
	default:
		r.explain("the application ended the connection, or crashed; nginx logs it at level info")
	}
}

// lastWords returns the innermost message of an error.
func lastWords(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 {
		return text[i+2:]
	}
	return text
}

// message sends the message and waits for one to come back.
func (p *probe) message(ctx context.Context, h *Hop, s *socket) bool {
	early := len(s.messages)
	for range early {
		<-s.messages
	}
	start := time.Now()
	limited, cancel := context.WithTimeout(ctx, p.o.Timeout)
	defer cancel()
	if err := s.conn.Write(limited, websocket.MessageText, []byte(p.o.Message)); err != nil {
		p.broken(h, "message", time.Since(start), s)
		return false
	}
	size := report.Plural(len(p.o.Message), "byte", "bytes")
	select {
	case m := <-s.messages:
		text := "the same came back"
		if string(m.data) != p.o.Message || !m.text {
			text = "what came back: " + p.quote(m)
		}
		h.step1(StepOK, "message", time.Since(start), fmt.Sprintf("%s sent, %s", size, text))
	case <-s.done:
		p.broken(h, "message", time.Since(start), s)
		return false
	case <-limited.Done():
		h.step1(StepWarn, "message", time.Since(start), fmt.Sprintf("%s sent, nothing came back within %s", size, p.o.Timeout)).Notes = []string{
			"not every application answers a message that it does not know"}
	}
	if early > 0 {
		last := h.Steps[len(h.Steps)-1]
		last.Notes = append(last.Notes, report.Plural(early, "message", "messages")+" had come before it")
	}
	return true
}

// quote returns the beginning of a message as text has it.
func (p *probe) quote(m message) string {
	const most = 400
	if !m.text {
		return fmt.Sprintf("%d bytes of binary data", len(m.data))
	}
	text := p.result.secrets.in(string(m.data))
	if runes := []rune(text); len(runes) > most {
		return fmt.Sprintf("%q… (%d bytes)", string(runes[:most]), len(m.data))
	}
	return fmt.Sprintf("%q", text)
}

// close ends the tunnel as RFC 6455 wants it.
func (p *probe) close(h *Hop, s *socket) {
	start := time.Now()
	err := s.close(p.o.Timeout)
	took := time.Since(start)
	if err == nil {
		h.step1(StepOK, "close", took, "closed cleanly, 1000")
		return
	}
	step := h.step1(StepWarn, "close", took, "")
	switch t := s.ended(); t.By {
	case EndedClose:
		step.Text = "the server answered with " + t.describeEnd()
	case EndedFIN, EndedReset:
		step.Text = "the server ended the connection without a close frame of its own"
	default:
		step.Text = fmt.Sprintf("no close frame came back within %s", p.o.Timeout)
	}
}
