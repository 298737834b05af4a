package probe

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/wsnginx/wsnginx/cmd/internal/lazy"
)

// login matches paths at which people log in.
var login = lazy.Pattern(`(?i)(login|signin|sign_in|sign-in|auth|sso|oauth|accounts?)(/|$)`)

// explainAnswer explains why the answer to the handshake opens no socket. It
// asks again where that tells causes apart.
func (p *probe) explainAnswer(ctx context.Context, h *Hop, u *url.URL, q *request) {
	a := h.Answer
	switch {
	case a.Kind != AnswerHTTP:
		p.explainNoAnswer(ctx, h, u)
	case a.Status == 101:
		p.explainUpgraded(h)
	case redirects[a.Status]:
		p.explainRedirect(h, u)
	default:
		p.result.fail("handshake", "the handshake is answered with %s, not with 101", a)
		p.explainPage(h)
		switch a.Status {
		case 401, 407:
			p.explainUnauthorized(h, u)
		case 403:
			p.explainForbidden(ctx, h, u, q)
		case 404, 410:
			p.explainNotFound(ctx, h, u)
		case 413, 414, 431:
			p.explainTooLarge(h)
		case 500, 501, 502, 503, 504:
			p.explainServer(ctx, h, u)
		case 429:
			p.explainLimited(h)
		default:
			p.explainRefused(ctx, h, u)
		}
	}
}

// explainPage notes whose the answer is and quotes it.
func (p *probe) explainPage(h *Hop) {
	r, a := p.result, h.Answer
	switch text := a.excerpt(); {
	case a.Page == PageNginx:
		r.saw("the page is one of nginx's own: no application behind it wrote this answer, unless it is an nginx itself")
	case a.Page == PageOther && text != "":
		r.saw("the page is not one of nginx's own; it says %q", text)
	}
	for _, name := range reasons {
		if v := a.get(name); v != "" {
			r.saw("the line %s says %q", name, v)
		}
	}
}

// reasons are header lines in which servers say why they refuse.
var reasons = []string{"Sec-WebSocket-Version", "X-WebSocket-Reject-Reason", "X-Error", "Warning"}

// noUpgrade sends the handshake without what asks for a WebSocket. Everything
// else, Sec-WebSocket-Key included, reaches a backend through any proxy, so that
// the same answer means that the two lines made no difference.
func (p *probe) noUpgrade(ctx context.Context, h *Hop, u *url.URL) *Check {
	return p.check(ctx, h, u, "no-upgrade", "without Upgrade and Connection", func(q *request) {
		q.without("Upgrade")
		q.without("Connection")
	})
}

// sameAnswer reports whether two answers say the same, but for numbers: times,
// ids and lengths.
func sameAnswer(a, b *Answer) bool {
	return a.Kind == b.Kind && a.Status == b.Status && letters(a.Body) == letters(b.Body)
}

var notLetter = lazy.Pattern(`[^A-Za-z<>/ ]+|\b[0-9a-f]{8,}\b`)

func letters(body string) string { return notLetter().ReplaceAllString(body, "") }

// explainRefused explains the answers that mean "this is no handshake": 400,
// 426, 200 and other statuses that servers choose for it.
func (p *probe) explainRefused(ctx context.Context, h *Hop, u *url.URL) {
	r, a := p.result, h.Answer
	if p.explainNginxPage(h, u) {
		return
	}
	plain := p.noUpgrade(ctx, h, u)
	said := complaint(a)
	same := plain != nil && sameAnswer(a, plain.Answer)
	if plain != nil {
		if same {
			r.saw("the same request without its Upgrade and Connection lines gets the same answer")
		} else {
			r.saw("the same request without its Upgrade and Connection lines gets another answer, %s", plain.Answer)
		}
	}
	speaks := a.Status == 426 || strings.EqualFold(a.get("Upgrade"), "websocket")
	switch {
	case said != nil:
		r.explain("%s", said.means)
		r.advise("%s", said.remedy)
	case speaks && (same || plain == nil):
		r.explain("whoever answers speaks WebSocket and says that it saw no handshake: the Upgrade and Connection lines that were sent do not reach it")
		r.advise("%s", adviceHeaders)
	case same:
		r.explain("the two lines make no difference: either nginx does not pass them on, or what answers here does not speak WebSocket on this path. From outside these look the same")
		r.advise("%s", adviceHeaders)
		r.advise("check that the application speaks WebSocket on %s", u.EscapedPath())
	case speaks:
		r.explain("whoever answers speaks WebSocket and refuses this handshake, although the Upgrade and Connection lines make a difference to it")
		r.advise("look at the lines of the handshake that it may miss: HTTP/1.1 (proxy_http_version), Sec-WebSocket-Version, a subprotocol (--subprotocol)")
	case a.Status == 200 || a.Status == 204:
		r.explain("an ordinary page came: what answers here does not speak WebSocket on this path")
		r.advise("check the path, and which location answers it")
	default:
		r.explain("the Upgrade and Connection lines make a difference, so at least one of them reaches whoever answers, and it refuses the handshake for another reason")
		r.advise("look at HTTP/1.1 (proxy_http_version 1.1), at which of the two lines nginx sets, at a subprotocol or a query parameter that the application wants, and at its log")
	}
	r.advise("%s", adviceConfig)
}

const (
	adviceHeaders = "in the location that answers: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\""
	adviceConfig  = "--config PATH holds this against the configuration and names the line"
)

// explainNginxPage explains the 400s that nginx itself gives with a text of
// their own (ngx_http_special_response.c), and other 400s of nginx.
func (p *probe) explainNginxPage(h *Hop, u *url.URL) bool {
	r, a := p.result, h.Answer
	switch {
	case strings.Contains(a.Body, "plain HTTP request was sent to HTTPS port"), strings.Contains(a.Body, "HTTP request to an HTTPS server"):
		r.explain("this port speaks TLS, and the URL says %s", u.Scheme)
		r.advise("open %s", maskURL(withScheme(u, "wss")))
	case strings.Contains(a.Body, "No required SSL certificate"), strings.Contains(a.Body, "SSL certificate error"):
		r.explain("the server wants a certificate of the client (ssl_verify_client)")
		r.advise("the browser needs that certificate installed; this probe has none to send")
	case strings.Contains(a.Body, "Request Header Or Cookie Too Large"):
		p.explainTooLarge(h)
	case a.Page == PageNginx && a.Status == 400:
		r.explain("nginx refused the request itself, before a location was looked at or passing it on: a Host line or a header line that it takes for invalid (its error log says which, at level info), or return 400")
		r.advise("look at --host and --header, and at the error log")
	case a.Page == PageNginx && a.Status == 405:
		r.explain("nginx serves this path from files, or limits the methods: it is not passed on")
		r.advise("%s", adviceConfig)
	case a.Page == PageNginx && a.Status == 200, strings.Contains(a.Body, "Welcome to nginx!"):
		r.explain("nginx's own welcome page came: the default server answers, not the one that was meant")
		r.advise("check server_name and the Host line")
		r.advise("%s", adviceConfig)
	case a.Page == PageNginx && a.Status == 421:
		r.explain("the name in the Host line belongs to a server whose TLS settings differ from those of the connection's")
		r.advise("let --host and the URL name the same server")
	default:
		return false
	}
	return true
}

// withScheme returns u with another scheme, and without a port that belonged to
// the old one.
func withScheme(u *url.URL, scheme string) *url.URL {
	c := *u
	if c.Port() == defaultPort(u) {
		c.Host = strings.TrimSuffix(c.Host, ":"+c.Port())
	}
	c.Scheme = scheme
	return &c
}

// explainUpgraded explains a 101 that browsers do not take.
func (p *probe) explainUpgraded(h *Hop) {
	r, a := p.result, h.Answer
	r.fail("handshake", "the answer is 101, and browsers do not take it: %s", strings.Join(a.Problems, "; "))
	lacks := func(name string) bool { return len(a.values(name)) == 0 }
	switch {
	case lacks("Upgrade") && lacks("Sec-WebSocket-Accept"):
		r.explain("nginx copies both lines from the upstream's answer: either proxy_hide_header (more_clear_headers) takes them away, or the upstream is no WebSocket server and answers 101 to anything")
		r.advise("look for proxy_hide_header and more_clear_headers, at every level of the location; proxy_pass_header gives a line back")
	case lacks("Upgrade"), lacks("Sec-WebSocket-Accept"):
		name := "Upgrade"
		if !lacks(name) {
			name = "Sec-WebSocket-Accept"
		}
		r.explain("the upstream has to send %s with a 101, and nginx copies it unless proxy_hide_header %s (or more_clear_headers) takes it away; hardening snippets do", name, name)
		r.advise("remove that line, or give the header back in the location: proxy_pass_header %s", name)
	case len(a.values("Upgrade")) > 1:
		r.explain("nginx copies the upstream's Upgrade line; a second one comes from add_header Upgrade … always")
		r.advise("remove that add_header; it was meant for the request, which is proxy_set_header")
	case acceptWrong(a):
		r.explain("the accept value is worked out from the key of the request: whoever answered saw another Sec-WebSocket-Key (proxy_set_header Sec-WebSocket-Key …), or gives a fixed answer")
		r.advise("let the key through: no proxy_set_header for Sec-WebSocket-Key, and no cache that answers handshakes")
	default:
		r.explain("the answer breaks the rules of RFC 6455 or of the browsers; nginx copies these lines from the upstream as they are")
		r.advise("look at what the application negotiates; --subprotocol offers what it may want")
	}
}

func acceptWrong(a *Answer) bool {
	return strings.Contains(strings.Join(a.Problems, " "), "does not answer the key")
}

// explainNoAnswer explains what came in place of an answer.
func (p *probe) explainNoAnswer(ctx context.Context, h *Hop, u *url.URL) {
	r, a := p.result, h.Answer
	switch a.Kind {
	case AnswerHTTP2:
		r.fail("handshake", "the server answers over HTTP/2 only, and a WebSocket begins with HTTP/1.1")
		r.saw("the first bytes are a SETTINGS frame: %s", a.First)
		if secure(u) {
			r.explain("the server sends HTTP/2 although http/1.1 was offered in ALPN")
		} else {
			r.explain("a plain-text listener with http2 speaks nothing else in nginx before 1.25.1 (listen … http2 without ssl), and one such line counts for every server on that address and port")
		}
		r.advise("take http2 off that listen line, or give the sockets a port of their own")
		return
	case AnswerTLS:
		r.fail("handshake", "the port speaks TLS, and the URL says %s", u.Scheme)
		r.saw("the first bytes are a TLS record: %s", a.First)
		r.advise("open %s", maskURL(withScheme(u, "wss")))
		return
	case AnswerGarbage:
		r.fail("handshake", "what came is not HTTP: %s", a.First)
		r.explain("nginx passes on what an upstream sends where it does not begin like HTTP, as an answer without a head: the upstream speaks another protocol (TLS behind proxy_pass http://, uwsgi, a raw TCP service), or this port is no web server's")
		r.advise("check the port and the scheme of proxy_pass, and that this port is nginx's")
		return
	case AnswerError:
		r.fail("handshake", "the connection failed before an answer came: %s", a.First)
		return
	}
	plain := p.noUpgrade(ctx, h, u)
	if plain != nil {
		r.saw("the same request without its Upgrade and Connection lines: %s, after %s", plain.Answer, plain.Answer.Elapsed)
	}
	answered := plain != nil && plain.Answer.Kind == AnswerHTTP
	if a.Kind == AnswerSilence {
		r.fail("handshake", "no answer came within %s", p.o.Timeout)
		p.explainSilence(answered)
		return
	}
	word := map[AnswerKind]string{AnswerClosed: "closed", AnswerReset: "reset"}[a.Kind]
	r.fail("handshake", "the connection was %s without an answer, after %s", word, a.Elapsed)
	if a.partial {
		r.saw("the answer broke off in its head: %s", a.First)
	}
	switch {
	case answered:
		r.explain("only the handshake ends so. nginx does that where a subrequest is upgraded: auth_request or mirror whose location inherits the Upgrade and Connection lines (\"connection upgrade in subrequest\" in the error log), or where a rule returns 444 for it")
		r.advise("clear both lines in the location of the subrequest; look at the error log")
	default:
		r.explain("every request ends so: return 444, ssl_reject_handshake's kind of default server, a port that is not a web server's, or a proxy_protocol listener that waits for its own header")
		r.advise("check the Host line and the port, and listen … proxy_protocol")
	}
}

// explainSilence explains a handshake that gets no answer.
func (p *probe) explainSilence(answered bool) {
	r := p.result
	if answered {
		r.explain("only the handshake hangs: whoever is behind nginx takes it and does not answer, or answers 101 to a request that nginx does not tunnel (fastcgi_pass, grpc_pass, more_clear_input_headers Upgrade)")
	} else {
		r.explain("every request hangs: the connection is taken and nothing answers. nginx itself gives up with 504 after proxy_read_timeout (60s unless set), so it still waits for its upstream, or it is not nginx that took the connection")
	}
	if p.o.Timeout < 65*time.Second {
		r.advise("--timeout 65s waits until nginx would give up: 504 means that its upstream does not answer")
	}
	r.advise("look at the application: does it answer on this path when it is asked directly?")
}
