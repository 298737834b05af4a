package nginxtest

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// A client names a request with this header or this query parameter, and finds
// it again among those that the backend received.
const (
	IDHeader = "X-Test-Id"
	IDQuery  = "test-id"
)

// Request is a request as a backend received it.
type Request struct {
	// Conn is the number of the connection, from 1: two requests with the same
	// one came over a connection that was kept alive.
	Conn int `json:"conn"`
	// ID is the value of the X-Test-Id header or else of the test-id parameter.
	ID     string `json:"id,omitempty"`
	Method string `json:"method"`
	Target string `json:"target"`
	// Proto is the version in the request line; with uwsgi and scgi it is
	// SERVER_PROTOCOL, which is the client's and which nothing here judges.
	Proto string `json:"proto"`
	// Headers are the header lines; with uwsgi and scgi what the HTTP_
	// variables say, spelled as in "Sec-Websocket-Key".
	Headers Headers `json:"headers"`
	// Params are the variables of a uwsgi or scgi request, all of them.
	Params Headers `json:"params,omitempty"`
	Body   string  `json:"body,omitempty"`
	// Head is what came before the body, byte for byte.
	Head string `json:"head,omitempty"`
	// Status is what the backend answered, 0 for nothing or garbage.
	Status int `json:"status"`
	// Refused says why a handshake was refused or a request not understood.
	Refused string `json:"refused,omitempty"`
}

// Handshake reports whether the request means to be a WebSocket handshake: it
// names websocket in Upgrade, or has a Sec-WebSocket header.
func (r *Request) Handshake() bool {
	if r.Headers.HasToken("Upgrade", "websocket") {
		return true
	}
	for _, f := range r.Headers {
		if len(f.Name) > 14 && strings.EqualFold(f.Name[:14], "Sec-WebSocket-") {
			return true
		}
	}
	return false
}

// Refusal returns why a server that keeps to RFC 6455 (4.2.1) answers the
// request with something else than 101, or "".
func (r *Request) Refusal() string {
	cgi := r.Params != nil
	// A uwsgi or scgi request has a method only where the configuration gives
	// it one, and the version is not that of the connection.
	if r.Method != "GET" && !(cgi && r.Method == "") {
		return fmt.Sprintf("method is %s, not GET", r.Method)
	}
	if r.Proto != "HTTP/1.1" && !cgi {
		return fmt.Sprintf("version is %s, not HTTP/1.1", r.Proto)
	}
	if hosts := r.Headers.Values("Host"); len(hosts) != 1 || hosts[0] == "" {
		return fmt.Sprintf("Host is %q, not one name", hosts)
	}
	if !r.Headers.HasToken("Upgrade", "websocket") {
		return fmt.Sprintf("Upgrade is %q, without websocket", r.Headers.Values("Upgrade"))
	}
	if !r.Headers.HasToken("Connection", "upgrade") {
		return fmt.Sprintf("Connection is %q, without upgrade", r.Headers.Values("Connection"))
	}
	if keys := r.Headers.Values("Sec-WebSocket-Key"); len(keys) != 1 || !isKey(keys[0]) {
		return fmt.Sprintf("Sec-WebSocket-Key is %q, not 16 bytes in base64", keys)
	}
	if versions := r.Headers.Values("Sec-WebSocket-Version"); len(versions) != 1 || versions[0] != "13" {
		return fmt.Sprintf("Sec-WebSocket-Version is %q, not 13", versions)
	}
	return ""
}

// isKey reports whether key is 16 bytes in base64.
func isKey(key string) bool {
	b, err := base64.StdEncoding.DecodeString(key)
	// DecodeString skips line breaks; a header line has none.
	return err == nil && len(b) == 16
}

// keepAlive reports whether the connection stays open for another request.
func (r *Request) keepAlive() bool {
	switch {
	case r.Params != nil || r.Headers.HasToken("Connection", "close"):
		return false
	case r.Proto == "HTTP/1.0":
		return r.Headers.HasToken("Connection", "keep-alive")
	}
	return r.Proto == "HTTP/1.1"
}

// setID fills ID from the header or the query.
func (r *Request) setID() {
	if r.ID = r.Headers.Get(IDHeader); r.ID != "" {
		return
	}
	_, query, _ := strings.Cut(r.Target, "?")
	if query == "" {
		query = r.Params.Get("QUERY_STRING")
	}
	for pair := range strings.SplitSeq(query, "&") {
		if value, ok := strings.CutPrefix(pair, IDQuery+"="); ok {
			r.ID = value
			return
		}
	}
}

// parseRequestLine fills method, target and version.
func (r *Request) parseRequestLine(line string) error {
	parts := strings.Split(line, " ")
	if len(parts) != 3 || !isToken(parts[0]) || parts[1] == "" || !strings.HasPrefix(parts[2], "HTTP/") {
		return malformedError(fmt.Sprintf("%q is no request line", line))
	}
	r.Method, r.Target, r.Proto = parts[0], parts[1], parts[2]
	return nil
}
