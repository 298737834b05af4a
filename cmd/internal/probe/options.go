package probe

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Field is one header line.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Resolve says which address a host and port have, in place of the name
// servers.
type Resolve struct {
	Host, Port string
	Address    string // an IP address
}

// Options are what a probe does. Only URL is required.
type Options struct {
	URL          *url.URL
	Timeout      time.Duration // for each step; 10s
	Origin       string        // "" for the URL's own, "none" for none
	Host         string        // the Host line; "" for the URL's
	Headers      []Field       // take the place of lines of the same name; an empty value removes one
	Subprotocols []string
	Message      string // sent as a text message where Send is set
	Send         bool
	Idle         time.Duration // how long to stay silent; 0 for not at all
	Keepalive    time.Duration // with Idle: ping so often through a second tunnel; 0 for never
	Insecure     bool          // go on where the certificate is bad
	Follow       bool          // follow redirects
	Resolve      []Resolve
	Unix         string         // connect to this socket in place of the URL's host
	Roots        *x509.CertPool // nil for the system's
	Wire         bool           // keep the bytes of both directions
	Agent        string         // the User-Agent line
}

// defaultTimeout is what a step may take where Options say nothing.
const defaultTimeout = 10 * time.Second

// maxHops is how many redirects are followed.
const maxHops = 5

// ParseURL reads a URL that a WebSocket can be opened with. The error never
// repeats credentials.
func ParseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a URL: %w", maskText(text), unwrapped(err))
	}
	switch u.Scheme {
	case "ws", "wss", "http", "https":
	default:
		return nil, fmt.Errorf("%q is not a URL that a WebSocket can be opened with; write ws://host/path or wss://host/path", maskText(text))
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("%q names no host; write %s://host/path", maskURL(u), u.Scheme)
	}
	if p := u.Port(); p != "" {
		if n, err := net.LookupPort("tcp", p); err != nil || n == 0 {
			return nil, fmt.Errorf("%q: port %s is none", maskURL(u), p)
		}
	}
	return u, nil
}

// unwrapped returns what is wrong with a URL without the URL itself, which may
// hold a password. Some of the inner errors quote a part of it.
func unwrapped(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		err = inner
	}
	before, _, quoted := strings.Cut(err.Error(), ` "`)
	if quoted {
		return errors.New(before)
	}
	return err
}

// maskText hides what may be credentials in a text that is no URL.
func maskText(text string) string {
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		scheme, _, found := strings.Cut(text[:at], "//")
		if found {
			text = scheme + "//" + mask + text[at:]
		} else {
			text = mask + text[at:]
		}
	}
	before, _, found := strings.Cut(text, "?")
	if found {
		return before + "?" + mask
	}
	return text
}

// ParseResolve reads HOST:PORT:ADDRESS as curl does; both ends may have
// brackets.
func ParseResolve(text string) (Resolve, error) {
	bad := fmt.Errorf("%q: want HOST:PORT:ADDRESS, as in app.example.com:443:192.0.2.1", text)
	var r Resolve
	var rest string
	if strings.HasPrefix(text, "[") {
		end := strings.IndexByte(text, ']')
		if end < 0 || !strings.HasPrefix(text[end+1:], ":") {
			return r, bad
		}
		r.Host, rest = text[1:end], text[end+2:]
	} else {
		var found bool
		if r.Host, rest, found = strings.Cut(text, ":"); !found {
			return r, bad
		}
	}
	port, address, found := strings.Cut(rest, ":")
	if !found || r.Host == "" || port == "" {
		return r, bad
	}
	if n, err := net.LookupPort("tcp", port); err != nil || n == 0 || strings.Trim(port, "0123456789") != "" {
		return r, fmt.Errorf("%q: port %q is none; want HOST:PORT:ADDRESS", text, port)
	}
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(address, "["), "]"))
	if err != nil {
		return r, fmt.Errorf("%q: %q is not an IP address", text, address)
	}
	r.Port, r.Address = port, ip.String()
	return r, nil
}

// ParseHeader reads "Name: value".
func ParseHeader(text string) (Field, error) {
	name, value, found := strings.Cut(text, ":")
	name, value = strings.TrimSpace(name), strings.Trim(value, " \t")
	if !found {
		return Field{}, errors.New("want \"Name: value\", and there is no colon") // the text may be a secret
	}
	if !token(name) {
		return Field{}, errors.New("want \"Name: value\", and what stands before the colon is no name")
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return Field{}, fmt.Errorf("the value of %s holds a control character", name)
	}
	return Field{name, value}, nil
}

// token reports whether s is one in HTTP: the name of a header line or a
// subprotocol.
func token(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("()<>@,;:\\\"/[]?={}", c) >= 0 {
			return false
		}
	}
	return true
}

// check returns what is wrong with o, before anything is connected to.
func (o *Options) check() error {
	switch {
	case o.URL == nil:
		return errors.New("no URL")
	case o.Timeout < 0:
		return fmt.Errorf("--timeout %s: want a duration above 0", o.Timeout)
	case o.Idle < 0:
		return fmt.Errorf("--idle %s: want a duration above 0", o.Idle)
	case o.Keepalive < 0:
		return fmt.Errorf("--keepalive %s: want a duration above 0", o.Keepalive)
	case o.Keepalive > 0 && o.Idle == 0:
		return errors.New("--keepalive pings while --idle waits; give --idle too")
	case o.Keepalive > 0 && o.Keepalive >= o.Idle:
		return fmt.Errorf("--keepalive %s never pings within --idle %s", o.Keepalive, o.Idle)
	case o.Origin != "" && strings.ContainsFunc(o.Origin, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return fmt.Errorf("--origin %q holds a blank or a control character", o.Origin)
	case strings.ContainsFunc(o.Host, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '/' }):
		return fmt.Errorf("--host %q is no Host line; write a name, with :port where it has one", o.Host)
	}
	for i, p := range o.Subprotocols {
		if !token(p) {
			return fmt.Errorf("--subprotocol: number %d is not a name; a subprotocol has no blanks, commas or quotes", i+1)
		}
		if slices.Contains(o.Subprotocols[:i], p) {
			return fmt.Errorf("--subprotocol: number %d is given twice, and browsers refuse that", i+1)
		}
	}
	return nil
}

// header returns the value that o gives to a line, and whether it gives one.
func (o *Options) header(name string) (string, bool) {
	for _, f := range o.Headers {
		if strings.EqualFold(f.Name, name) {
			return f.Value, true
		}
	}
	return "", false
}
