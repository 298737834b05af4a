package probe

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wsnginx/wsnginx/cmd/internal/lazy"
)

const (
	maxHead = 64 << 10 // of an answer
	maxBody = 8 << 10  // that is read of one
	maxShow = 200      // characters of a body that an explanation quotes
	// bodyTime is how long the body of an answer that is not 101 may take.
	bodyTime = 2 * time.Second
)

// readAnswer reads the answer to a request that was just sent. What came after
// the head of a 101 is returned: it belongs to the tunnel.
func readAnswer(c *wire, timeout time.Duration) (a *Answer, rest []byte) {
	start := time.Now()
	_ = c.SetReadDeadline(start.Add(timeout)) // a connection that is gone says so when read
	a = &Answer{Headers: []Field{}, Problems: []string{}}
	var buf []byte
	for {
		head, after, err := readHead(c, buf)
		a.Elapsed = Duration(time.Since(start))
		if err != nil || !a.parse(head) {
			a.notHTTP(head, err)
			return a, nil
		}
		if a.Status >= 200 || a.Status == http.StatusSwitchingProtocols {
			rest = after
			break
		}
		buf, a.Headers = after, []Field{} // 100 and 103 come before the answer
	}
	if a.Status != http.StatusSwitchingProtocols {
		_ = c.SetReadDeadline(time.Now().Add(min(timeout, bodyTime)))
		a.readBody(io.MultiReader(bytes.NewReader(rest), c))
	}
	_ = c.SetReadDeadline(time.Time{})
	return a, rest
}

// readHead reads up to the empty line after the header lines. Of what does not
// begin as HTTP does it returns what came at once.
func readHead(c *wire, buf []byte) (head, after []byte, err error) {
	p := make([]byte, 4096)
	for {
		if n := endOfHead(buf); n >= 0 {
			return buf[:n], buf[n:], nil
		}
		if begin := "HTTP/"; len(buf) > 0 && string(buf[:min(len(buf), len(begin))]) != begin[:min(len(buf), len(begin))] {
			return buf, nil, nil
		}
		if len(buf) > maxHead {
			return buf, nil, fmt.Errorf("the head of the answer is longer than %d bytes", maxHead)
		}
		n, err := c.Read(p)
		buf = append(buf, p[:n]...)
		if err != nil && n == 0 {
			return buf, nil, err
		}
	}
}

// endOfHead returns the offset after the empty line, -1 without one.
func endOfHead(b []byte) int {
	for i := 0; ; {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return -1
		}
		if line := bytes.TrimSuffix(b[i:i+n], []byte("\r")); len(line) == 0 && i > 0 {
			return i + n + 1
		}
		i += n + 1
	}
}

// parse reads the head of an answer, and reports whether it is one.
func (a *Answer) parse(head []byte) bool {
	lines := strings.Split(strings.TrimRight(string(head), "\r\n"), "\n")
	proto, rest, _ := strings.Cut(strings.TrimRight(lines[0], "\r"), " ")
	code, reason, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	status, err := strconv.Atoi(code)
	if !strings.HasPrefix(proto, "HTTP/1.") || err != nil || len(code) != 3 {
		return false
	}
	a.Kind, a.Proto, a.Status, a.Reason = AnswerHTTP, proto, status, reason
	for _, line := range lines[1:] {
		line = strings.TrimRight(line, "\r")
		if name, value, found := strings.Cut(line, ":"); found {
			a.Headers = append(a.Headers, Field{name, strings.Trim(value, " \t")})
		}
	}
	a.location = a.get("Location")
	return true
}

// notHTTP tells what came in place of an answer.
func (a *Answer) notHTTP(got []byte, err error) {
	a.Status, a.Proto, a.Reason = 0, "", ""
	a.partial = bytes.HasPrefix(got, []byte("HTTP/"))
	if len(got) > 0 {
		a.First = strconv.QuoteToASCII(string(got[:min(len(got), 48)]))
	}
	switch {
	case len(got) >= 9 && got[3] == 4 && got[4]&^1 == 0 && bytes.Equal(got[5:9], []byte{0, 0, 0, 0}):
		a.Kind = AnswerHTTP2 // a SETTINGS frame of stream 0 (RFC 9113, 6.5) begins every HTTP/2 connection
	case len(got) >= 3 && (got[0] == 0x15 || got[0] == 0x16) && got[1] == 3 && got[2] <= 4:
		a.Kind = AnswerTLS
	case len(got) > 0 && !a.partial:
		a.Kind = AnswerGarbage
	case err == nil:
		a.Kind = AnswerGarbage
	default:
		a.Kind = map[Ending]AnswerKind{
			EndedFIN: AnswerClosed, EndedReset: AnswerReset, EndedTimeout: AnswerSilence,
		}[ending(err)]
		if a.Kind == "" {
			a.Kind, a.First = AnswerError, err.Error()
		}
	}
}

// readBody reads the beginning of the body and finds out whose it is.
func (a *Answer) readBody(r io.Reader) {
	// net/http knows the codings; it is given the lines that matter.
	var head strings.Builder
	fmt.Fprintf(&head, "HTTP/1.1 %03d x\r\n", a.Status)
	for _, name := range []string{"Content-Length", "Transfer-Encoding"} {
		for _, v := range a.values(name) {
			fmt.Fprintf(&head, "%s: %s\r\n", name, v)
		}
	}
	head.WriteString("\r\n")
	response, err := http.ReadResponse(bufio.NewReader(io.MultiReader(strings.NewReader(head.String()), r)), nil)
	if err != nil {
		return // lengths that contradict each other: the status says enough
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxBody)) // what came before an error is a body too
	a.Body = string(body)
	a.Page = pageOf(a.Body)
}

// nginxPage is the end of the pages that nginx, and servers built from it,
// write themselves (ngx_http_special_response.c).
var nginxPage = lazy.Pattern(`<hr><center>[^<>]*</center>\s*</body>\s*</html>`)

func pageOf(body string) Page {
	switch {
	case strings.TrimSpace(body) == "":
		return PageNone
	case nginxPage().MatchString(body):
		return PageNginx
	}
	return PageOther
}

// judge fills in why a browser would refuse a 101 (RFC 6455, 4.1, and the
// WebSocket standard of the browsers).
func (a *Answer) judge(q *request, asked []string) {
	if a.Status != http.StatusSwitchingProtocols {
		return
	}
	problem := func(format string, args ...any) { a.Problems = append(a.Problems, fmt.Sprintf(format, args...)) }
	if a.Proto != "HTTP/1.1" {
		problem("it is %s, not HTTP/1.1", a.Proto)
	}
	switch v := a.values("Upgrade"); {
	case len(v) == 0:
		problem("it has no Upgrade line")
	case len(v) > 1:
		problem("it has %d Upgrade lines: %s", len(v), strings.Join(v, ", "))
	case !strings.EqualFold(v[0], "websocket"):
		problem("its Upgrade line says %q, not websocket", v[0])
	}
	switch v := a.values("Connection"); {
	case len(v) == 0:
		problem("it has no Connection line")
	case !slices.ContainsFunc(tokens(v), func(t string) bool { return strings.EqualFold(t, "upgrade") }):
		problem("its Connection line says %q, without upgrade", strings.Join(v, ", "))
	}
	switch v := a.values("Sec-WebSocket-Accept"); {
	case len(v) == 0:
		problem("it has no Sec-WebSocket-Accept line")
	case len(v) > 1:
		problem("it has %d Sec-WebSocket-Accept lines", len(v))
	case v[0] != acceptOf(q.key):
		problem("its Sec-WebSocket-Accept does not answer the key that was sent")
	}
	chosen := tokens(a.values("Sec-WebSocket-Protocol"))
	switch {
	case len(chosen) > 1:
		problem("it chooses %d subprotocols; one is allowed", len(chosen))
	case len(chosen) == 1 && len(asked) == 0:
		problem("it chooses the subprotocol %q, and none was offered", chosen[0])
	case len(chosen) == 1 && !slices.Contains(asked, chosen[0]):
		problem("it chooses the subprotocol %q, which was not offered", chosen[0])
	case len(chosen) == 0 && len(asked) > 0:
		problem("it chooses none of the subprotocols that were offered, and browsers close then")
	}
	for _, e := range tokens(a.values("Sec-WebSocket-Extensions")) {
		name, _, _ := strings.Cut(e, ";")
		if name = strings.TrimSpace(name); name != "permessage-deflate" || !strings.Contains(q.get("Sec-WebSocket-Extensions"), name) {
			problem("it uses the extension %q, which was not offered", name)
		}
	}
}

// tokens splits lists at their commas.
func tokens(values []string) []string {
	var out []string
	for _, v := range values {
		for t := range strings.SplitSeq(v, ",") {
			if t = strings.Trim(t, " \t"); t != "" {
				out = append(out, t)
			}
		}
	}
	return out
}

// clean takes the credentials out of an answer.
func (a *Answer) clean(s secrets) {
	for i, f := range a.Headers {
		a.Headers[i].Value = s.in(maskField(f.Name, f.Value))
	}
	a.Body = s.in(strings.ToValidUTF8(a.Body, "\uFFFD"))
	a.Reason, a.First = s.in(a.Reason), s.in(a.First)
	for i := range a.Problems {
		a.Problems[i] = s.in(a.Problems[i])
	}
}

// tags are the elements of a page.
var tags = lazy.Pattern(`(?s)<(script|style|head)\b.*?</(script|style|head)>|<[^>]*>`)

// excerpt returns the beginning of a body as one line of text.
func (a *Answer) excerpt() string {
	text := a.Body
	if strings.Contains(strings.ToLower(a.get("Content-Type")), "html") || strings.HasPrefix(strings.TrimSpace(text), "<") {
		text = tags().ReplaceAllString(text, " ")
	}
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > maxShow {
		text = string(runes[:maxShow]) + "…"
	}
	return text
}
