package probe

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"net"
	"net/url"
	"slices"
	"strings"
)

// extensions is what browsers offer.
const extensions = "permessage-deflate; client_max_window_bits"

// request is a handshake to be sent.
type request struct {
	target string
	fields []Field
	key    string
}

// newRequest returns the handshake that a browser sends for u, changed by what
// o says.
func newRequest(o *Options, u *url.URL) *request {
	q := &request{target: u.RequestURI(), key: newKey()}
	add := func(name, value string) { q.fields = append(q.fields, Field{name, value}) }
	host := hostLine(o, u)
	add("Host", host)
	add("Connection", "Upgrade")
	add("Pragma", "no-cache")
	add("Cache-Control", "no-cache")
	add("User-Agent", o.Agent)
	add("Upgrade", "websocket")
	switch o.Origin {
	case "":
		add("Origin", ownOrigin(u, host))
	case "none":
	default:
		add("Origin", o.Origin)
	}
	add("Sec-WebSocket-Version", "13")
	if u.User != nil {
		add("Authorization", "Basic "+basic(u.User))
	}
	add("Sec-WebSocket-Key", q.key)
	add("Sec-WebSocket-Extensions", extensions)
	if len(o.Subprotocols) > 0 {
		add("Sec-WebSocket-Protocol", strings.Join(o.Subprotocols, ", "))
	}
	seen := map[string]bool{}
	for _, f := range o.Headers {
		lower := strings.ToLower(f.Name)
		if !seen[lower] {
			q.without(f.Name)
		}
		seen[lower] = true
		if f.Value != "" {
			add(f.Name, f.Value)
		}
	}
	if key, ok := o.header("Sec-WebSocket-Key"); ok {
		q.key = key
	}
	return q
}

// hostLine returns the Host line for u. A browser leaves the scheme's own port
// out.
func hostLine(o *Options, u *url.URL) string {
	if o.Host != "" {
		return o.Host
	}
	if u.Port() == defaultPort(u) {
		return strings.TrimSuffix(u.Host, ":"+u.Port())
	}
	return strings.TrimSuffix(u.Host, ":")
}

// ownOrigin returns the Origin line of a page that host itself served.
func ownOrigin(u *url.URL, host string) string {
	if secure(u) {
		return "https://" + host
	}
	return "http://" + host
}

func secure(u *url.URL) bool { return u.Scheme == "wss" || u.Scheme == "https" }

// defaultPort returns the port that u's scheme stands for.
func defaultPort(u *url.URL) string {
	if secure(u) {
		return "443"
	}
	return "80"
}

// endpoint returns the host and port of u.
func endpoint(u *url.URL) (host, port string) {
	if port = u.Port(); port == "" {
		port = defaultPort(u)
	}
	return u.Hostname(), port
}

// newKey returns a Sec-WebSocket-Key.
func newKey() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.StdEncoding.EncodeToString(b[:])
}

// acceptOf returns the Sec-WebSocket-Accept that answers key (RFC 6455, 4.2.2).
func acceptOf(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// get returns the value of a line, "" without one.
func (q *request) get(name string) string {
	for _, f := range q.fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// without takes the lines of a name away.
func (q *request) without(name string) {
	q.fields = slices.DeleteFunc(q.fields, func(f Field) bool { return strings.EqualFold(f.Name, name) })
}

// set gives a line a value.
func (q *request) set(name, value string) {
	for i := range q.fields {
		if strings.EqualFold(q.fields[i].Name, name) {
			q.fields[i].Value = value
			return
		}
	}
	q.fields = append(q.fields, Field{name, value})
}

// bytes returns the request as it is sent.
func (q *request) bytes() []byte {
	var b strings.Builder
	b.WriteString("GET " + q.target + " HTTP/1.1\r\n")
	for _, f := range q.fields {
		b.WriteString(f.Name + ": " + f.Value + "\r\n")
	}
	b.WriteString("\r\n")
	return []byte(b.String())
}

// hostIsAddress reports whether host is an IP address and not a name.
func hostIsAddress(host string) bool {
	host, _, _ = strings.Cut(host, "%")
	return net.ParseIP(host) != nil
}
