package nginxtest

import (
	"bufio"
	"cmp"
	"fmt"
	"strconv"
	"time"
)

// GetOptions describe an ordinary request. The zero value is a GET of / by a
// client that wants no further answer on the connection.
type GetOptions struct {
	Method    string        // "GET"
	Path      string        // "/"; the whole target, with its query
	Proto     string        // "HTTP/1.1"
	Host      string        // the address; localhost for a unix socket
	ID        string        // sent as X-Test-Id
	KeepAlive bool          // send no "Connection: close"
	Headers   Headers       // further lines
	Body      string        // sent with its Content-Length
	TLS       bool          // without checking the certificate
	Timeout   time.Duration // for all of it; 5s
}

// Get sends an ordinary request to addr, "host:port" or "unix:path", and
// returns the answer. With an error after the head of the answer, both come
// back.
func Get(addr string, o GetOptions) (*Response, error) {
	host := cmp.Or(o.Host, defaultHost(addr))
	c, err := dial(addr, host, o.TLS, time.Now().Add(cmp.Or(o.Timeout, defaultTimeout)))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	headers := Headers{{"Host", host}}
	if !o.KeepAlive {
		headers = append(headers, Field{"Connection", "close"})
	}
	if o.ID != "" {
		headers = append(headers, Field{IDHeader, o.ID})
	}
	if o.Body != "" {
		headers = append(headers, Field{"Content-Length", strconv.Itoa(len(o.Body))})
	}
	headers = append(headers, o.Headers...)
	method := cmp.Or(o.Method, "GET")
	request := encodeRequest(method, cmp.Or(o.Path, "/"), cmp.Or(o.Proto, "HTTP/1.1"), headers)
	if _, err := c.Write(append(request, o.Body...)); err != nil {
		return nil, fmt.Errorf("send the request: %w", err)
	}
	response, err := readResponse(bufio.NewReader(c), method)
	if response.Status == 0 {
		return nil, err
	}
	return &response, err
}
