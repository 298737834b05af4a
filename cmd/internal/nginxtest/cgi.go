package nginxtest

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net/textproto"
	"strconv"
	"strings"
)

// readUWSGI reads a uwsgi packet: a modifier, the size, a modifier, then names
// and values with their lengths (ngx_http_uwsgi_create_request).
func readUWSGI(r *bufio.Reader, req *Request) error {
	var start [4]byte
	if _, err := io.ReadFull(r, start[:]); err != nil {
		return err
	}
	vars := make([]byte, binary.LittleEndian.Uint16(start[1:3]))
	n, err := io.ReadFull(r, vars)
	req.Head = string(start[:]) + string(vars[:n])
	req.Params = Headers{}
	if err != nil {
		return unexpectedEOF(err)
	}
	if start[0] != 0 || start[3] != 0 {
		return malformedError(fmt.Sprintf("uwsgi modifiers %d and %d", start[0], start[3]))
	}
	for len(vars) > 0 {
		var pair [2]string
		for i := range pair {
			if len(vars) < 2 {
				return malformedError("uwsgi variables end early")
			}
			size := int(binary.LittleEndian.Uint16(vars))
			if vars = vars[2:]; size > len(vars) {
				return malformedError("uwsgi variables end early")
			}
			pair[i], vars = string(vars[:size]), vars[size:]
		}
		req.Params = append(req.Params, Field{Name: pair[0], Value: pair[1]})
	}
	return req.fromParams(r)
}

// readSCGI reads an scgi request: a netstring of names and values, each ended
// by a zero (ngx_http_scgi_create_request).
func readSCGI(r *bufio.Reader, req *Request) error {
	digits, err := r.ReadString(':')
	req.Params = Headers{}
	if err != nil {
		if digits != "" {
			err = unexpectedEOF(err)
		}
		return err
	}
	size, err := strconv.ParseUint(strings.TrimSuffix(digits, ":"), 10, 31)
	if err != nil || size > maxHead {
		return malformedError(fmt.Sprintf("netstring of length %q", digits))
	}
	vars := make([]byte, size+1)
	n, err := io.ReadFull(r, vars)
	req.Head = digits + string(vars[:n])
	if err != nil {
		return unexpectedEOF(err)
	}
	text, ok := strings.CutSuffix(string(vars), "\x00,")
	words := strings.Split(text, "\x00")
	if !ok || len(words)%2 != 0 {
		return malformedError("scgi variables do not come in pairs")
	}
	for i := 0; i < len(words); i += 2 {
		req.Params = append(req.Params, Field{Name: words[i], Value: words[i+1]})
	}
	if req.Params[0].Name != "CONTENT_LENGTH" {
		return malformedError("scgi variables do not start with CONTENT_LENGTH")
	}
	return req.fromParams(r)
}

// fromParams fills the fields that an HTTP request would have, and reads the
// body.
func (r *Request) fromParams(br *bufio.Reader) error {
	r.Method = r.Params.Get("REQUEST_METHOD")
	r.Target = r.Params.Get("REQUEST_URI")
	r.Proto = r.Params.Get("SERVER_PROTOCOL")
	for _, p := range r.Params {
		if name, ok := strings.CutPrefix(p.Name, "HTTP_"); ok {
			name = textproto.CanonicalMIMEHeaderKey(strings.ReplaceAll(name, "_", "-"))
			r.Headers = append(r.Headers, Field{Name: name, Value: p.Value})
		}
	}
	length := r.Params.Get("CONTENT_LENGTH")
	if length == "" {
		return nil
	}
	body, err := readLength(br, length)
	r.Body = string(body)
	return err
}
