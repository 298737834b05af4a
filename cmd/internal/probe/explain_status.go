package probe

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// explainUnauthorized explains 401 and 407.
func (p *probe) explainUnauthorized(h *Hop, u *url.URL) {
	r, a := p.result, h.Answer
	given := u.User != nil
	for _, f := range p.o.Headers {
		given = given || secretName(f.Name)
	}
	for _, v := range a.values("WWW-Authenticate") {
		r.saw("it asks for %s", v)
	}
	who := "the application, or an auth_request"
	if a.Page == PageNginx {
		who = "nginx (auth_basic, auth_request, auth_jwt)"
	}
	if given {
		r.explain("%s does not accept the credentials that were sent", who)
	} else {
		r.explain("%s wants credentials, and none were sent", who)
		r.advise("send them: ws://user:password@host/…, --header 'Authorization: …' or --header 'Cookie: …'")
	}
	r.explain("a browser can add no Authorization line to a handshake: cookies, a token in the query or a subprotocol have to do")
}

// explainForbidden tells an origin check from other refusals: it asks with
// other origins and with none.
func (p *probe) explainForbidden(ctx context.Context, h *Hop, u *url.URL, q *request) {
	r, a := p.result, h.Answer
	origin := q.get("Origin")
	set := func(value string) func(*request) {
		return func(q *request) {
			if value == "" {
				q.without("Origin")
			} else {
				q.set("Origin", value)
			}
		}
	}
	var passed *Check
	try := func(name, changed, value string) {
		if passed != nil || value == origin {
			return
		}
		if k := p.check(ctx, h, u, name, changed, set(value)); k != nil && k.Answer.Status != a.Status {
			passed = k
		}
	}
	try("no-origin", "without Origin", "")
	if passed == nil {
		for _, other := range p.otherOrigins(u, q) {
			try("other-origin", "with Origin "+other, other)
		}
	}
	switch {
	case passed != nil && origin == "":
		r.explain("it is an origin check: without an Origin line the answer is %d, %s it is %s", a.Status, passed.Changed, passed.Answer)
		r.advise("browsers always send one: give --origin")
	case passed != nil:
		r.explain("it is an origin check: with Origin %s the answer is %d, %s it is %s", origin, a.Status, passed.Changed, passed.Answer)
		if p.o.Origin == "" && p.o.Host == "" {
			r.explain("the Origin was the URL's own, so the application compares it with another name than the one in the URL: usually the Host line that nginx sends, which is the upstream's name ($proxy_host) unless it is set")
			r.advise("in the location that answers: proxy_set_header Host $http_host (with the port, where the URL has one; $host drops it)")
		}
		r.advise("or allow that origin in the application")
	case a.Page == PageNginx:
		r.explain("it is no origin check that another Origin passes, and the page is nginx's: deny, limit_except, auth_request, valid_referers or a module's rule refuses")
		r.advise("look at allow and deny, limit_except (a handshake is a GET) and the error log (\"access forbidden by rule\")")
	default:
		r.explain("no other Origin and none at all is let in either: the application refuses this client or session, or takes one certain Origin only")
		r.advise("send the session with --header 'Cookie: …' and the page's own origin with --origin")
	}
}

// otherOrigins returns origins worth trying: those that servers behind a proxy
// take for their own, then a stranger.
func (p *probe) otherOrigins(u *url.URL, q *request) []string {
	var out []string
	add := func(origin string) {
		if origin != q.get("Origin") && len(out) < 3 {
			out = append(out, origin)
		}
	}
	host := q.get("Host")
	add(ownOrigin(u, host))
	turned := withScheme(u, map[bool]string{true: "ws", false: "wss"}[secure(u)])
	add(ownOrigin(turned, host))
	if name, _, found := strings.Cut(host, ":"); found && !strings.HasPrefix(host, "[") {
		add(ownOrigin(u, name))
	}
	add("https://example.com")
	return out
}

// explainNotFound asks for the path with and without a slash at its end.
func (p *probe) explainNotFound(ctx context.Context, h *Hop, u *url.URL) {
	r, a := p.result, h.Answer
	other := strings.TrimSuffix(u.EscapedPath(), "/")
	words := "without the slash at the end"
	if other == u.EscapedPath() {
		other, words = u.EscapedPath()+"/", "with a slash at the end"
	}
	if other != "" && other != "/" {
		k := p.check(ctx, h, u, "other-slash", words, func(q *request) {
			_, query, found := strings.Cut(q.target, "?")
			q.target = other
			if found {
				q.target += "?" + query
			}
		})
		switch {
		case k == nil:
		case k.Answer.opens():
			r.explain("the path is %s: there the answer is 101", other)
			r.advise("open %s in the client", other)
			return
		case k.Answer.Status != a.Status:
			r.explain("%s it is answered differently, with %s: the path is nearly right", words, k.Answer)
		default:
			r.saw("%s (%s) the answer is the same", words, other)
		}
	}
	plain := p.noUpgrade(ctx, h, u)
	same := plain != nil && sameAnswer(a, plain.Answer)
	if plain != nil && !same {
		r.saw("the same request without its Upgrade and Connection lines gets another answer, %s", plain.Answer)
	}
	switch {
	case a.Page == PageNginx:
		r.explain("nginx itself found nothing: no location passes this path on, try_files ended in =404, or the location is internal")
	case same:
		r.explain("the application behind nginx knows no such path; where a proxy_pass has a path of its own (proxy_pass http://app/), the application sees another one than the client asked for")
		r.explain("servers that speak WebSocket only also answer 404 where no Upgrade line reaches them")
	default:
		r.explain("the application has no WebSocket on this path, or the Upgrade and Connection lines reach it in part only")
	}
	r.advise("compare the path with the application's, and the slashes of location and proxy_pass with each other")
	r.advise("%s", adviceConfig)
}

// explainTooLarge explains 413, 414, 431 and nginx's 400 for headers.
func (p *probe) explainTooLarge(h *Hop) {
	r, a := p.result, h.Answer
	r.saw("the request had %d bytes", a.Size)
	switch {
	case a.Status == 413:
		r.explain("a handshake has no body, so a limit on bodies does not fit it: a rule or a firewall module chose this status")
	case a.Page == PageNginx:
		r.explain("nginx takes no header line longer than a buffer of large_client_header_buffers (4 of 8k unless set); cookies are the usual reason")
		r.advise("raise large_client_header_buffers in http or in the default server of the socket, or set fewer cookies")
	default:
		r.explain("the server behind nginx takes no such long header lines (Node.js: 16 KB in all); cookies are the usual reason")
		r.advise("raise its limit, or set fewer cookies")
	}
}

// explainLimited explains 429.
func (p *probe) explainLimited(h *Hop) {
	r, a := p.result, h.Answer
	if v := a.get("Retry-After"); v != "" {
		r.saw("Retry-After says %s", v)
	}
	r.explain("a limit on requests or connections refused this one: limit_req or limit_conn with their status set to 429, or the application")
	r.advise("a WebSocket counts in limit_conn as long as it lives; try again later")
}

// explainServer explains 500 to 504.
func (p *probe) explainServer(ctx context.Context, h *Hop, u *url.URL) {
	r, a := p.result, h.Answer
	if v := a.get("Retry-After"); v != "" {
		r.saw("Retry-After says %s", v)
	}
	plain := p.noUpgrade(ctx, h, u)
	same := plain != nil && plain.Answer.Kind == AnswerHTTP && plain.Answer.Status == a.Status
	if plain != nil {
		r.saw("the same request without its Upgrade and Connection lines: %s, after %s", plain.Answer, plain.Answer.Elapsed)
	}
	mine := a.Page == PageNginx
	switch a.Status {
	case 502:
		p.explainBadGateway(same)
	case 504:
		p.explainGatewayTimeout()
	case 503:
		switch {
		case mine:
			r.explain("nginx refuses by itself: limit_conn or limit_req (a WebSocket counts in limit_conn as long as it lives), or return 503 for maintenance")
		default:
			r.explain("the application, or a page that error_page names, says that it is not available")
		}
		r.advise("the error log says \"limiting connections\" or \"limiting requests\" where a limit is the reason")
	case 500:
		switch {
		case mine:
			r.explain("nginx itself failed on the request: worker_connections are not enough (each WebSocket takes two), a cycle of internal redirects, an if without its proxy_pass, or a scheme in a variable that it does not know (ws://)")
			r.advise("the error log names the reason")
		case same:
			r.explain("the application fails on every request for this path")
			r.advise("look at the application's log")
		default:
			r.explain("the application fails on the handshake only")
			r.advise("look at the application's log")
		}
	default:
		r.explain("the server does not know what the handshake asks for")
		r.advise("%s", adviceConfig)
	}
}

// explainBadGateway explains 502.
func (p *probe) explainBadGateway(same bool) {
	r, a := p.result, p.result.last().Answer
	if a.Page == PageOther {
		r.saw("the page is not nginx's own: another proxy may stand behind or before it")
	}
	if time.Duration(a.Elapsed) > 3*time.Second {
		r.saw("it took %s: nginx had to wait for it", a.Elapsed)
	}
	if same {
		r.explain("nginx reaches no usable upstream for any request here: nobody listens there, its name does not resolve (a variable in proxy_pass needs resolver), it closes at once, or it speaks another protocol than proxy_pass says (TLS)")
		r.advise("start the application or correct its address; the error log says which: \"connect() failed\", \"prematurely closed\", \"no resolver defined\", \"no valid HTTP\"")
		return
	}
	r.explain("the upstream is there and only the handshake fails: it closes the connection on a handshake, its 101 is larger than proxy_buffer_size, or it speaks HTTP/2 (proxy_http_version 2 knows no upgrade)")
	r.advise("look at the application's log, and in nginx's for \"prematurely closed\" or \"too big header\"")
}

// explainGatewayTimeout explains 504.
func (p *probe) explainGatewayTimeout() {
	r, a := p.result, p.result.last().Answer
	took := time.Duration(a.Elapsed)
	r.saw("it came after %s", a.Elapsed)
	switch {
	case took < 100*time.Millisecond:
		r.explain("at once: proxy_read_timeout 0 (or proxy_connect_timeout 0) does not mean \"never\", it means that the time is over immediately")
		r.advise("write a long time in its place: proxy_read_timeout 86400s")
	case near(took, time.Minute):
		r.explain("after the 60 seconds that nginx waits unless told otherwise: the upstream takes no connection (proxy_connect_timeout) or the connection and does not answer (proxy_read_timeout)")
		r.advise("ask the application directly; where it is right, raise proxy_read_timeout")
	default:
		r.explain("the upstream takes no connection within proxy_connect_timeout, or does not answer the handshake within proxy_read_timeout, whichever is about %s", a.Elapsed)
		r.advise("ask the application directly: a firewall that drops packets, or an application that does not answer, looks like this")
	}
}

// near reports whether a time that was measured is the one that was set: nginx
// is never early, and late by a little.
func near(measured, set time.Duration) bool {
	return measured >= set-150*time.Millisecond && measured <= set+max(time.Second/2, set/50)
}

// describeEnd says how a tunnel ended, for a person.
func (t *Tunnel) describeEnd() string {
	switch t.By {
	case EndedClose:
		text := fmt.Sprintf("a close frame, %d", t.Code)
		if t.Code == 1005 {
			text = "a close frame without a code"
		}
		if t.Reason != "" {
			text += fmt.Sprintf(" %q", t.Reason)
		}
		return text
	case EndedFIN:
		return "a FIN, without a close frame (browsers say 1006)"
	case EndedReset:
		return "a reset (browsers say 1006)"
	}
	return "an error"
}
