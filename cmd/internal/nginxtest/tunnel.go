package nginxtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"syscall"
	"time"
)

// Ending is how a tunnel ended, as the client sees it.
type Ending string

// The endings of a tunnel.
const (
	EndedOpen       Ending = "open"        // it did not
	EndedFIN        Ending = "fin"         // the connection was closed
	EndedReset      Ending = "reset"       // the connection was reset
	EndedCloseFrame Ending = "close-frame" // the WebSocket was closed
	EndedGarbage    Ending = "garbage"     // what came was no frame
)

// errNoTunnel is what a Result without an open connection says.
var errNoTunnel = errors.New("there is no tunnel")

// Echo sends text in a masked frame and waits for it to come back, within the
// timeout of the handshake.
func (r *Result) Echo(text string) error {
	if r.conn == nil {
		return errNoTunnel
	}
	if err := r.conn.SetDeadline(time.Now().Add(r.timeout)); err != nil {
		return fmt.Errorf("echo: %w", err)
	}
	if err := r.send(opText, []byte(text)); err != nil {
		return fmt.Errorf("echo: %w", err)
	}
	for {
		f, err := r.receive()
		switch {
		case err != nil:
			return fmt.Errorf("echo: %w", err)
		case f.opcode == opClose:
			return fmt.Errorf("echo: close frame %q", f.payload)
		case f.control():
			continue
		case f.opcode != opText || string(f.payload) != text || !f.fin:
			return fmt.Errorf("echo: got opcode %d with %q, want %q", f.opcode, f.payload, text)
		}
		return nil
	}
}

// WaitClosed waits, silent but for pongs, until the tunnel ends or max has
// passed. It returns how the tunnel ended, and how long nothing had passed
// through it by then: counted from the echo, or from the last frame since.
func (r *Result) WaitClosed(max time.Duration) (time.Duration, Ending) {
	if r.conn == nil {
		return 0, EndedFIN
	}
	if err := r.conn.SetDeadline(time.Now().Add(max)); err != nil {
		return time.Since(r.lastActive), EndedFIN
	}
	for {
		f, err := r.receive()
		if err == nil && f.opcode != opClose {
			continue
		}
		idle := time.Since(r.lastActive)
		var malformed malformedError
		switch {
		case err == nil:
			return idle, EndedCloseFrame
		case errors.Is(err, os.ErrDeadlineExceeded):
			return idle, EndedOpen
		case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
			return idle, EndedReset
		case errors.As(err, &malformed):
			return idle, EndedGarbage
		}
		return idle, EndedFIN
	}
}

// Close ends the tunnel without a close frame. It may be called again.
func (r *Result) Close() {
	if r.conn != nil {
		r.conn.Close()
		r.conn = nil
	}
}

// send writes one masked frame.
func (r *Result) send(opcode byte, payload []byte) error {
	var mask [4]byte
	for i := range mask {
		mask[i] = byte(rand.IntN(256))
	}
	_, err := r.conn.Write(appendFrame(nil, frame{fin: true, opcode: opcode, payload: payload}, &mask))
	r.lastActive = time.Now()
	return err
}

// receive reads one frame, and answers it where it is a ping.
func (r *Result) receive() (frame, error) {
	f, err := readFrame(r.reader)
	if err != nil {
		return f, err
	}
	if f.masked {
		return f, malformedError("a masked frame from a server")
	}
	if f.opcode != opClose {
		r.lastActive = time.Now()
	}
	if f.opcode == opPing {
		err = r.send(opPong, f.payload)
	}
	return f, err
}
