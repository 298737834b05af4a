package nginxtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// What one message may have: far more than nginx sends by default, and little
// enough that a mistake is noticed.
const (
	maxHead = 1 << 20
	maxBody = 64 << 20
)

// Field is one header line, or one variable of a uwsgi or scgi request.
type Field struct {
	Name  string `json:"name"` // as it was spelled
	Value string `json:"value"`
}

// Headers are header lines in the order in which they came.
type Headers []Field

// Values returns the values of the lines called name, in any case.
func (h Headers) Values(name string) []string {
	var values []string
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// Get returns the value of the first line called name, "" without one.
func (h Headers) Get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Has reports whether there is a line called name.
func (h Headers) Has(name string) bool { return len(h.Values(name)) > 0 }

// HasToken reports whether token is an element, in any case, of the
// comma-separated list that the lines called name make together.
func (h Headers) HasToken(name, token string) bool {
	for _, value := range h.Values(name) {
		for element := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(trimSpace(element), token) {
				return true
			}
		}
	}
	return false
}

// trimSpace cuts what HTTP calls optional white space.
func trimSpace(s string) string { return strings.Trim(s, " \t") }

// head is the part of a message before its body.
type head struct {
	raw     string
	start   string // request or status line
	headers Headers
}

// readHead reads a start line and header lines, strictly: every line ends in
// CRLF, every name is a token followed by a colon. It returns io.EOF where the
// connection ended before the first byte. With an error, the head is what came
// until then.
func readHead(r *bufio.Reader) (head, error) {
	var h head
	var raw strings.Builder
	for first := true; ; first = false {
		line, err := readLine(r, maxHead-raw.Len())
		raw.WriteString(line)
		h.raw = raw.String()
		if err != nil {
			if err == io.EOF && h.raw != "" {
				err = io.ErrUnexpectedEOF
			}
			return h, err
		}
		text, ok := strings.CutSuffix(line, "\r\n")
		if !ok {
			return h, malformedError(fmt.Sprintf("line %q does not end in CRLF", line))
		}
		if first {
			h.start = text
			continue
		}
		if text == "" {
			return h, nil
		}
		name, value, ok := strings.Cut(text, ":")
		if !ok || !isToken(name) {
			return h, malformedError(fmt.Sprintf("%q is no header line", text))
		}
		h.headers = append(h.headers, Field{Name: name, Value: trimSpace(value)})
	}
}

// malformedError says why bytes are not the message they should be.
type malformedError string

// Error returns the reason.
func (e malformedError) Error() string { return string(e) }

// readLine reads to the next line feed, which it includes.
func readLine(r *bufio.Reader, limit int) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > limit {
			return string(line), malformedError("head is too long")
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return string(line), err
		}
	}
}

// isToken reports whether s is a token of HTTP.
func isToken(s string) bool {
	for _, c := range []byte(s) {
		alphanumeric := '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !alphanumeric && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}

// readBody reads the body that headers announce. Without a length or chunks it
// is empty, or where toEnd says so what follows until the connection ends.
func readBody(r *bufio.Reader, headers Headers, toEnd bool) ([]byte, error) {
	lengths := headers.Values("Content-Length")
	switch {
	case headers.Has("Transfer-Encoding"):
		if !headers.HasToken("Transfer-Encoding", "chunked") {
			return nil, malformedError(fmt.Sprintf("transfer encoding %q", headers.Get("Transfer-Encoding")))
		}
		return readChunks(r)
	case len(lengths) > 0:
		return readLength(r, lengths[0])
	case toEnd:
		return io.ReadAll(io.LimitReader(r, maxBody))
	}
	return nil, nil
}

// readLength reads a body whose length is given as text.
func readLength(r *bufio.Reader, length string) ([]byte, error) {
	n, err := strconv.ParseUint(length, 10, 63)
	if err != nil || n > maxBody {
		return nil, malformedError(fmt.Sprintf("content length %q", length))
	}
	body := make([]byte, n)
	read, err := io.ReadFull(r, body)
	return body[:read], unexpectedEOF(err)
}

// readChunks reads a chunked body and its trailers.
func readChunks(r *bufio.Reader) ([]byte, error) {
	var body []byte
	for {
		line, err := readLine(r, maxHead)
		if err != nil {
			return body, unexpectedEOF(err)
		}
		digits, _, _ := strings.Cut(strings.TrimSuffix(line, "\r\n"), ";")
		n, err := strconv.ParseUint(trimSpace(digits), 16, 63)
		if err != nil || n > maxBody-uint64(len(body)) {
			return body, malformedError(fmt.Sprintf("chunk size %q", line))
		}
		if n == 0 {
			break
		}
		chunk := make([]byte, n+2)
		if _, err := io.ReadFull(r, chunk); err != nil {
			return body, unexpectedEOF(err)
		}
		if string(chunk[n:]) != "\r\n" {
			return body, malformedError("chunk does not end in CRLF")
		}
		body = append(body, chunk[:n]...)
	}
	for {
		line, err := readLine(r, maxHead)
		if err != nil {
			return body, unexpectedEOF(err)
		}
		if line == "\r\n" {
			return body, nil
		}
	}
}

// unexpectedEOF is for an end in the middle of something.
func unexpectedEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
