package probe

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// maxKept is how many bytes of a direction a wire keeps.
const maxKept = 256 << 10

// wire is a connection that remembers what passed through it. Inside TLS it
// sees the plain bytes.
type wire struct {
	net.Conn

	mu     sync.Mutex
	chunks []chunk
	kept   [2]int
	last   time.Time // when a byte last passed, in either direction
	ended  error     // what the first failing read returned
	endAt  time.Time
}

// direction is where bytes went.
type direction uint8

const (
	sent direction = iota
	received
)

// chunk is bytes that passed in one direction without one in the other
// between.
type chunk struct {
	way  direction
	data []byte
}

func newWire(c net.Conn) *wire { return &wire{Conn: c, last: time.Now()} }

// Read reads from the connection.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.note(received, p[:n])
	if err != nil && !errors.Is(err, net.ErrClosed) {
		w.mu.Lock()
		if w.ended == nil {
			w.ended, w.endAt = err, time.Now()
		}
		w.mu.Unlock()
	}
	return n, err
}

// Write writes to the connection.
func (w *wire) Write(p []byte) (int, error) {
	w.note(sent, p) // before an answer can come
	return w.Conn.Write(p)
}

// note remembers bytes that passed.
func (w *wire) note(way direction, p []byte) {
	if len(p) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = time.Now()
	p = p[:min(len(p), maxKept-w.kept[way])]
	w.kept[way] += len(p)
	if n := len(w.chunks); n == 0 || w.chunks[n-1].way != way {
		w.chunks = append(w.chunks, chunk{way: way})
	}
	c := &w.chunks[len(w.chunks)-1]
	c.data = append(c.data, p...)
}

// lastByte returns when a byte last passed.
func (w *wire) lastByte() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

// end returns how reading ended and when; nil while it goes on.
func (w *wire) end() (time.Time, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.endAt, w.ended
}

// all returns what passed so far.
func (w *wire) all() []chunk {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]chunk, len(w.chunks))
	for i, c := range w.chunks {
		out[i] = chunk{c.way, append([]byte(nil), c.data...)}
	}
	return out
}

// Ending is how a connection ended.
type Ending string

// The endings.
const (
	EndedFIN     Ending = "fin"         // the other side closed the connection
	EndedReset   Ending = "reset"       // the connection was reset
	EndedClose   Ending = "close-frame" // the WebSocket was closed
	EndedTimeout Ending = "timeout"     // nothing came in time
	EndedError   Ending = "error"       // anything else
)

// ending names what a read returned.
func ending(err error) Ending {
	var timeout net.Error
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return EndedFIN
	case isReset(err):
		return EndedReset
	case errors.As(err, &timeout) && timeout.Timeout():
		return EndedTimeout
	}
	return EndedError
}

// wsaReset is WSAECONNRESET, which package syscall knows on Windows only.
const wsaReset = syscall.Errno(10054)

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, wsaReset)
}
