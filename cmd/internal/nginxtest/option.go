package nginxtest

import (
	"net/url"
	"strings"
	"time"
)

// Protocol is what nginx speaks to a backend.
type Protocol int

// The protocols in which nginx can pass a WebSocket on.
const (
	HTTP  Protocol = iota // proxy_pass
	UWSGI                 // uwsgi_pass
	SCGI                  // scgi_pass
)

// behavior is what the options of a backend set.
type behavior struct {
	protocol    Protocol
	tls         bool
	unix        bool
	checkOrigin func(origin, host string) bool
	always101   bool
	delay       time.Duration
	redirect    string
	instead     instead
	name        string
}

// instead is what a backend does in place of an answer.
type instead int

const (
	insteadNothing instead = iota // it answers
	insteadClose
	insteadGarbage
	insteadSilence
)

// Option changes what a backend does. Every request is recorded whatever the
// options are.
type Option func(*behavior)

// Speak makes the backend take another protocol than HTTP. The same is asked
// of a handshake, except of the version, and of the method where none is sent.
func Speak(p Protocol) Option { return func(b *behavior) { b.protocol = p } }

// OverTLS makes the backend listen with TLS, with the certificate of
// CertificatePEM.
func OverTLS() Option { return func(b *behavior) { b.tls = true } }

// OnUnixSocket makes the backend listen on a unix socket.
func OnUnixSocket() Option { return func(b *behavior) { b.unix = true } }

// CheckOrigin makes the backend refuse with 403 the handshakes whose Origin
// allowed does not allow; those without an Origin pass.
func CheckOrigin(allowed func(origin, host string) bool) Option {
	return func(b *behavior) { b.checkOrigin = allowed }
}

// SameOrigin is for CheckOrigin the rule that Go's WebSocket libraries have by
// default: the origin's host and port are those of the Host line.
func SameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, host)
}

// Always101 makes the backend answer every request with 101 and then echo.
func Always101() Option { return func(b *behavior) { b.always101 = true } }

// Delay makes the backend wait before it answers.
func Delay(d time.Duration) Option { return func(b *behavior) { b.delay = d } }

// Redirect makes the backend answer every request with a 302 to location.
func Redirect(location string) Option { return func(b *behavior) { b.redirect = location } }

// CloseAtOnce makes the backend close the connection without an answer.
func CloseAtOnce() Option { return func(b *behavior) { b.instead = insteadClose } }

// Garbage makes the backend answer with bytes that no protocol has.
func Garbage() Option { return func(b *behavior) { b.instead = insteadGarbage } }

// NeverAnswer makes the backend keep the connection open and say nothing.
func NeverAnswer() Option { return func(b *behavior) { b.instead = insteadSilence } }
