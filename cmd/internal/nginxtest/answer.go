package nginxtest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// garbage has what makes each of the three protocols fail: no status line, no
// colon, and a zero.
const garbage = "\x00\x01 this is no answer \xff\r\n\r\n"

// RefusedHeader is the response header in which a backend says why it refused
// a handshake.
const RefusedHeader = "X-Refused"

// answer is what a backend says to a request.
type answer struct {
	status  int
	headers Headers
	body    string
}

// answer records req and answers it. It reports whether another request may
// follow on the connection.
func (b *Backend) answer(c net.Conn, r *bufio.Reader, req *Request) (again bool) {
	if b.behavior.instead != insteadNothing {
		b.record(req)
		switch b.behavior.instead {
		case insteadGarbage:
			if b.wait() {
				_, _ = io.WriteString(c, garbage)
			}
		case insteadSilence:
			_, _ = io.Copy(io.Discard, r)
		case insteadClose:
			b.wait()
		}
		return false
	}
	a := b.decide(req)
	b.record(req)
	if b.behavior.name != "" {
		a.headers = append(a.headers, b.number(req))
	}
	if !b.wait() {
		return false
	}
	if _, err := c.Write(b.encode(req, a)); err != nil {
		return false
	}
	if a.status == http.StatusSwitchingProtocols {
		echo(c, r)
		return false
	}
	return req.keepAlive() && !req.Handshake()
}

// wait lets the delay pass. It returns false where the backend is closed.
func (b *Backend) wait() bool {
	if b.behavior.delay == 0 {
		return true
	}
	timer := time.NewTimer(b.behavior.delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-b.closing:
		return false
	}
}

// decide returns the answer to req and notes it in req.
func (b *Backend) decide(req *Request) answer {
	a := b.choose(req)
	req.Status, req.Refused = a.status, a.headers.Get(RefusedHeader)
	if a.status == http.StatusOK {
		body, err := json.Marshal(req)
		if err != nil {
			panic(fmt.Sprintf("nginxtest: marshal %+v: %v", req, err))
		}
		a.body = string(body)
	}
	return a
}

// choose returns the answer to req, without the body of a 200.
func (b *Backend) choose(req *Request) answer {
	if b.behavior.redirect != "" {
		return answer{status: http.StatusFound, headers: Headers{{"Location", b.behavior.redirect}}}
	}
	reason := req.Refusal()
	switch {
	case b.behavior.always101:
		return switching(req)
	case reason == "":
		host := req.Headers.Get("Host")
		for _, origin := range req.Headers.Values("Origin") {
			if b.behavior.checkOrigin != nil && !b.behavior.checkOrigin(origin, host) {
				return refusal(http.StatusForbidden, fmt.Sprintf("Origin %q is not allowed at %q", origin, host))
			}
		}
		return switching(req)
	case req.Handshake():
		if strings.HasPrefix(reason, "Sec-WebSocket-Version") {
			// RFC 6455, 4.4: the answer to another version names the one known.
			a := refusal(http.StatusUpgradeRequired, reason)
			a.headers = append(a.headers, Field{"Sec-WebSocket-Version", "13"}, Field{"Upgrade", "websocket"})
			return a
		}
		return refusal(http.StatusBadRequest, reason)
	}
	return answer{status: http.StatusOK, headers: Headers{{"Content-Type", "application/json"}}}
}

// switching is the answer that takes a handshake. It chooses the first of the
// subprotocols offered, since a browser refuses none, and no extension.
func switching(req *Request) answer {
	a := answer{status: http.StatusSwitchingProtocols, headers: Headers{
		{"Upgrade", "websocket"}, {"Connection", "Upgrade"},
	}}
	if key := req.Headers.Get("Sec-WebSocket-Key"); key != "" {
		a.headers = append(a.headers, Field{"Sec-WebSocket-Accept", acceptKey(key)})
	}
	first, _, _ := strings.Cut(req.Headers.Get("Sec-WebSocket-Protocol"), ",")
	if first = trimSpace(first); first != "" {
		a.headers = append(a.headers, Field{"Sec-WebSocket-Protocol", first})
	}
	return a
}

// refusal is the answer to a handshake that is not taken.
func refusal(status int, reason string) answer {
	return answer{status: status, headers: Headers{{RefusedHeader, reason}}, body: reason + "\n"}
}

// encode returns the bytes of a in the backend's protocol.
func (b *Backend) encode(req *Request, a answer) []byte {
	var s strings.Builder
	start := "HTTP/1.1 "
	if b.behavior.protocol == SCGI {
		// nginx takes a status line here too; this is what the protocol has.
		start = "Status: "
	}
	fmt.Fprintf(&s, "%s%d %s\r\n", start, a.status, http.StatusText(a.status))
	for _, f := range a.headers {
		fmt.Fprintf(&s, "%s: %s\r\n", f.Name, f.Value)
	}
	if a.status == http.StatusSwitchingProtocols {
		return []byte(s.String() + "\r\n")
	}
	s.WriteString("Content-Length: " + strconv.Itoa(len(a.body)) + "\r\n")
	if req.keepAlive() && !req.Handshake() {
		if req.Proto == "HTTP/1.0" {
			s.WriteString("Connection: keep-alive\r\n")
		}
	} else if b.behavior.protocol == HTTP {
		s.WriteString("Connection: close\r\n")
	}
	s.WriteString("\r\n")
	if req.Method != "HEAD" {
		s.WriteString(a.body)
	}
	return []byte(s.String())
}

// echo serves a tunnel until it ends: data frames come back as they were, a
// ping brings a pong, and a close is returned before the connection ends.
func echo(c net.Conn, r *bufio.Reader) {
	for {
		f, err := readFrame(r)
		if err != nil {
			return
		}
		switch {
		case !f.masked:
			// RFC 6455, 5.1: a client masks; 1002 is a protocol error.
			f = frame{fin: true, opcode: opClose, payload: []byte{0x03, 0xEA}}
		case f.opcode == opPing:
			f.opcode = opPong
		case f.opcode == opPong:
			continue
		}
		if _, err := c.Write(appendFrame(nil, f, nil)); err != nil || f.opcode == opClose {
			return
		}
	}
}
