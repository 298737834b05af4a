package nginxtest

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// defaultTimeout is for a client that was not told how long it may wait.
const defaultTimeout = 5 * time.Second

// Response is what a client got for a request.
type Response struct {
	Proto   string // "HTTP/1.1"
	Status  int
	Reason  string
	Headers Headers
	Body    []byte
}

// Request returns the request that a backend received, from the JSON with which
// it answered.
func (r *Response) Request() (Request, error) {
	var req Request
	if err := json.Unmarshal(r.Body, &req); err != nil {
		return req, fmt.Errorf("read a request from the answer %d %q: %w", r.Status, r.Body, err)
	}
	return req, nil
}

// readResponse reads the answer to a request of this method. Interim answers
// are skipped, except 101, which is the last one.
func readResponse(r *bufio.Reader, method string) (Response, error) {
	for {
		h, err := readHead(r)
		if err != nil {
			return Response{}, fmt.Errorf("read the answer %q: %w", tail(h.raw, 200), unexpectedEOF(err))
		}
		response, err := parseStatusLine(h.start)
		if err != nil {
			return Response{}, err
		}
		response.Headers = h.headers
		switch status := response.Status; {
		case status == 101:
			return response, nil
		case status < 200:
			continue
		case status == 204 || status == 304 || method == "HEAD":
			return response, nil
		}
		if response.Body, err = readBody(r, response.Headers, true); err != nil {
			err = fmt.Errorf("read the body of the answer %d: %w", response.Status, err)
		}
		return response, err
	}
}

// parseStatusLine fills version, status and reason.
func parseStatusLine(line string) (Response, error) {
	proto, rest, _ := strings.Cut(line, " ")
	digits, reason, _ := strings.Cut(rest, " ")
	status, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || len(digits) != 3 || status < 100 || !strings.HasPrefix(proto, "HTTP/1.") {
		return Response{}, malformedError(fmt.Sprintf("%q is no status line", line))
	}
	return Response{Proto: proto, Status: int(status), Reason: reason}, nil
}

// dial connects to addr, "host:port" or "unix:path", and sets the deadline for
// all that follows on the connection.
func dial(addr, host string, secure bool, deadline time.Time) (net.Conn, error) {
	network, address := dialAddr(addr)
	dialer := net.Dialer{Deadline: deadline}
	c, err := dialer.Dial(network, address)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if err := c.SetDeadline(deadline); err != nil {
		c.Close()
		return nil, fmt.Errorf("connect: %w", err)
	}
	if !secure {
		return c, nil
	}
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	// The certificate is not what is tested; the protocols are those that a
	// browser offers for a WebSocket.
	t := tls.Client(c, &tls.Config{
		InsecureSkipVerify: true, ServerName: name, NextProtos: []string{"http/1.1"},
	})
	if err := t.Handshake(); err != nil {
		c.Close()
		return nil, fmt.Errorf("TLS handshake: %w", err)
	}
	return t, nil
}

// defaultHost is the Host line of a client that was given none.
func defaultHost(addr string) string {
	if network, _ := dialAddr(addr); network == "unix" {
		return "localhost"
	}
	return addr
}

// encodeRequest returns the bytes of a request without a body.
func encodeRequest(method, target, proto string, headers Headers) []byte {
	var s strings.Builder
	fmt.Fprintf(&s, "%s %s %s\r\n", method, target, proto)
	for _, f := range headers {
		fmt.Fprintf(&s, "%s: %s\r\n", f.Name, f.Value)
	}
	s.WriteString("\r\n")
	return []byte(s.String())
}
