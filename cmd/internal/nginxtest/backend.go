package nginxtest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Backend is a server behind nginx. It records every request as it came and
// answers 101 only where RFC 6455 lets a server do so (Request.Refusal); the
// tunnel then echoes data frames. A handshake it cannot take gets 400, 426 or
// 403 with the reason in X-Refused, any other request 200 and itself as JSON.
type Backend struct {
	// Addr is where it listens, as an upstream's server directive takes it:
	// "127.0.0.1:49152" or "unix:/tmp/…/socket".
	Addr string

	behavior behavior
	listener net.Listener
	closing  chan struct{}
	running  sync.WaitGroup

	mu       sync.Mutex
	conns    map[net.Conn]bool
	count    int
	requests []*Request
	byID     map[string][]*Request
	last     int              // the number of the last request, with Named
	numbered map[int]*Request // by number, with Named
}

// NewBackend starts a backend on loopback that ends with the test.
func NewBackend(tb testing.TB, options ...Option) *Backend {
	tb.Helper()
	b := &Backend{
		closing: make(chan struct{}),
		conns:   make(map[net.Conn]bool),
		byID:    make(map[string][]*Request),

		numbered: make(map[int]*Request),
	}
	for _, option := range options {
		option(&b.behavior)
	}
	if err := b.listen(tb); err != nil {
		tb.Fatalf("start backend: %v", err)
	}
	b.running.Go(b.acceptAll)
	tb.Cleanup(b.close)
	return b
}

// listen opens the socket and sets Addr.
func (b *Backend) listen(tb testing.TB) error {
	var err error
	if b.behavior.unix {
		// Not tb.TempDir: a socket's path has room for some hundred bytes.
		dir, err := os.MkdirTemp("", "ws")
		if err != nil {
			return fmt.Errorf("make a directory for the socket: %w", err)
		}
		tb.Cleanup(func() { _ = os.RemoveAll(dir) })
		path := filepath.Join(dir, "socket")
		if b.listener, err = net.Listen("unix", path); err != nil {
			return err
		}
		b.Addr = "unix:" + path
		// The workers of an nginx that root started are another user's.
		if err := errors.Join(os.Chmod(dir, 0o755), os.Chmod(path, 0o666)); err != nil {
			return fmt.Errorf("open the socket to workers: %w", err)
		}
	} else {
		if b.listener, err = net.Listen("tcp", Loopback(0)); err != nil {
			return err
		}
		b.Addr = b.listener.Addr().String()
	}
	if b.behavior.tls {
		config, err := serverTLS()
		if err != nil {
			return err
		}
		b.listener = tls.NewListener(b.listener, config)
	}
	return nil
}

// Requests returns the requests so far, in the order in which they came.
func (b *Backend) Requests() []Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return copyRequests(b.requests)
}

// Lookup returns the requests with this id. There are several where nginx asked
// again.
func (b *Backend) Lookup(id string) []Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return copyRequests(b.byID[id])
}

// Reset forgets the requests so far.
func (b *Backend) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests = nil
	clear(b.byID)
}

func copyRequests(requests []*Request) []Request {
	copies := make([]Request, len(requests))
	for i, r := range requests {
		copies[i] = *r
		copies[i].Headers = slices.Clone(r.Headers)
		copies[i].Params = slices.Clone(r.Params)
	}
	return copies
}

// record keeps req, before it is answered: a client that has an answer finds
// its request.
func (b *Backend) record(req *Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.behavior.name != "" {
		return // kept by number
	}
	b.requests = append(b.requests, req)
	if req.ID != "" {
		b.byID[req.ID] = append(b.byID[req.ID], req)
	}
}

// acceptAll serves connections until the listener is closed.
func (b *Backend) acceptAll() {
	for {
		c, err := b.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		if number, ok := b.enter(c); ok {
			b.running.Go(func() {
				defer b.leave(c)
				b.serve(c, number)
			})
		}
	}
}

// enter notes an open connection and numbers it.
func (b *Backend) enter(c net.Conn) (int, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-b.closing:
		c.Close()
		return 0, false
	default:
	}
	b.conns[c] = true
	b.count++
	return b.count, true
}

func (b *Backend) leave(c net.Conn) {
	c.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.conns, c)
}

// close ends the listener and every connection, and waits for them.
func (b *Backend) close() {
	close(b.closing)
	b.listener.Close()
	b.mu.Lock()
	for c := range b.conns {
		// A TLS connection would first wait to say good-bye.
		if t, ok := c.(*tls.Conn); ok {
			c = t.NetConn()
		}
		c.Close()
	}
	b.mu.Unlock()
	b.running.Wait()
}

// serve answers the requests of one connection.
func (b *Backend) serve(c net.Conn, number int) {
	r := bufio.NewReader(c)
	for {
		req := &Request{Conn: number}
		err := b.read(r, req)
		req.setID()
		var malformed malformedError
		switch {
		case errors.As(err, &malformed):
			req.Status, req.Refused = 400, string(malformed)
			b.record(req)
			_, _ = c.Write(b.encode(req, refusal(400, req.Refused)))
			return
		case err == io.EOF:
			return
		case err != nil:
			// Cut off: worth knowing, and nobody is left to answer.
			req.Refused = err.Error()
			b.record(req)
			return
		}
		if !b.answer(c, r, req) {
			return
		}
	}
}

// read reads one request in the backend's protocol.
func (b *Backend) read(r *bufio.Reader, req *Request) error {
	switch b.behavior.protocol {
	case UWSGI:
		return readUWSGI(r, req)
	case SCGI:
		return readSCGI(r, req)
	}
	h, err := readHead(r)
	req.Head, req.Headers = h.raw, h.headers
	if h.start != "" {
		if lineErr := req.parseRequestLine(h.start); lineErr != nil {
			return lineErr
		}
	}
	if err != nil {
		return err
	}
	body, err := readBody(r, req.Headers, false)
	req.Body = string(body)
	return err
}

// dialAddr splits an Addr for net.Dial.
func dialAddr(addr string) (network, address string) {
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		return "unix", path
	}
	return "tcp", addr
}
