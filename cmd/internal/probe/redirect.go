package probe

import (
	"net/url"
	"strings"
)

// redirects are the statuses with which a server sends a client elsewhere.
var redirects = map[int]bool{301: true, 302: true, 303: true, 307: true, 308: true}

// redirect returns where a redirect leads to, when it is to be followed.
func (p *probe) redirect(h *Hop, u *url.URL, a *Answer, step *Step) *url.URL {
	if a.Kind != AnswerHTTP || !redirects[a.Status] || a.location == "" {
		return nil
	}
	step.Text += " to " + maskTarget(a.location)
	if !p.o.Follow {
		return nil
	}
	next, err := u.Parse(a.location)
	if err != nil || next.Hostname() == "" {
		step.Notes = append(step.Notes, "the target is no URL that can be followed")
		return nil
	}
	switch next.Scheme {
	case "http":
		next.Scheme = "ws"
	case "https":
		next.Scheme = "wss"
	case "ws", "wss":
	default:
		step.Notes = append(step.Notes, "the target is no URL that can be followed")
		return nil
	}
	if len(p.result.Hops) > maxHops {
		p.result.fail("handshake", "%d redirects, and no end", len(p.result.Hops))
		p.result.explain("the redirects go round in circles or on and on; the last leads to %s", maskURL(next))
		return nil
	}
	step.Outcome = StepWarn
	step.Notes = append(step.Notes, "browsers do not follow redirects of a handshake; --follow does")
	if !sameOrigin(u, next) {
		p.forget(step)
	}
	if strings.HasPrefix(next.Path, "//") {
		next.Path = "/" + strings.TrimLeft(next.Path, "/")
	}
	return next
}

// sameOrigin reports whether credentials for a may be sent to b.
func sameOrigin(a, b *url.URL) bool {
	hostA, portA := endpoint(a)
	hostB, portB := endpoint(b)
	return strings.EqualFold(hostA, hostB) && (portA == portB && secure(a) == secure(b) || secure(b) && !secure(a))
}

// forget drops what was meant for the first host only.
func (p *probe) forget(step *Step) {
	kept := p.o.Headers[:0:0]
	for _, f := range p.o.Headers {
		if maskField(f.Name, f.Value) == f.Value && !strings.EqualFold(f.Name, "Host") {
			kept = append(kept, f)
		}
	}
	if len(kept) < len(p.o.Headers) {
		step.Notes = append(step.Notes, "the credentials are not sent to the other host")
	}
	p.o.Headers, p.o.Host = kept, ""
}

// explainRedirect says what a redirect means for a socket.
func (p *probe) explainRedirect(h *Hop, u *url.URL) {
	r, a := p.result, h.Answer
	r.fail("handshake", "the handshake is redirected (%d) to %s, and WebSocket clients do not follow redirects", a.Status, maskTarget(a.location))
	switch a.Page {
	case PageNginx:
		r.saw("the page is one of nginx's own, so a return, a rewrite or a location's name redirects, not an application")
	case PageOther:
		r.saw("the page is not one of nginx's own, so an application behind it redirects")
	}
	next, err := u.Parse(a.location)
	if err != nil || a.location == "" {
		r.explain("the answer names no target that can be read")
		return
	}
	host, _ := endpoint(u)
	nextHost, _ := endpoint(next)
	moved := *next
	if !strings.HasPrefix(moved.Scheme, "ws") {
		moved.Scheme = map[bool]string{true: "wss", false: "ws"}[secure(next)]
	}
	socket := maskURL(&moved)
	switch {
	case !strings.EqualFold(host, nextHost):
		r.explain("the target is another host, %s", nextHost)
		r.advise("open %s in the client, or serve the socket under %s too, without the redirect", socket, host)
	case next.Path == u.Path+"/":
		r.explain("the target differs by a slash at the end: nginx answers so by itself where a location ends in a slash and passes requests on (location %s/ { proxy_pass … })", u.Path)
		r.advise("open %s in the client, or add a location for %s", socket, u.Path)
	case u.Path == next.Path+"/":
		r.explain("the target differs by the slash that is missing at its end")
		r.advise("open %s in the client", socket)
	case secure(next) && !secure(u):
		r.explain("the target is the same place over TLS")
		r.advise("open %s in the client; a page that came over https may open wss only", socket)
	case next.Path == u.Path && next.RawQuery == u.RawQuery && secure(next) == secure(u):
		r.explain("the target is the same URL again: behind a proxy that ends TLS, a server that does not know it redirects to https for ever")
		r.advise("forward X-Forwarded-Proto $scheme, or do not redirect in the server that the proxy asks")
	case login().MatchString(next.Path):
		r.explain("the target looks like a place to log in: the handshake has no session that the server knows")
		r.advise("send the session with --header 'Cookie: …', as a browser that is logged in does")
	default:
		r.explain("the target is another path, %s", maskTarget(next.Path))
		r.advise("open %s in the client, or take the redirect away from the location that the socket uses", socket)
	}
	if !p.o.Follow {
		r.advise("--follow shows what the target answers")
	}
}
