package effective

import (
	"net"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

// judgeTarget judges a proxy_pass whose URL a variable makes.
func (m *Model) judgeTarget(o *outcome, j *judgement) {
	url := o.pass.Arg(0)
	if !strings.Contains(url, "$") {
		for _, s := range [...]string{"ws://", "wss://"} {
			if len(url) >= len(s) && strings.EqualFold(url[:len(s)], s) {
				j.add(Reason{Kind: WebSocketScheme, Items: itemList(o.pass)})
			}
		}
		return
	}
	switch status, kind := m.refusesTarget(o.scope, o.pass, o.q); {
	case status == 0:
		if why := m.unresolved(o); why != "" {
			j.unsure("%s", why)
		}
	case kind != MissingResolver:
		j.add(Reason{Kind: kind, Items: itemList(o.pass)})
	case o.scope.gap(nil, true) != nil:
		j.unsure("%s", o.scope.gap(nil, true).unread())
	case m.Outer != Main && !strings.Contains(m.eval(o.pass.Arg(0), o.q).text, "."):
		j.unsure("%s", m.unseen()) // a name without a dot may well be an upstream there
	case m.Outer != Main:
		j.add(Reason{Kind: kind, Items: itemList(o.pass), Unless: m.unseen()})
	default:
		j.add(Reason{Kind: kind, Items: itemList(o.pass)})
	}
}

// refusesTarget returns the status with which nginx refuses the URL that a
// variable makes for pass, 0 where it does not or it cannot be told: 500 for one
// without http:// or https:// or without a host, 502 where it cannot resolve the
// host (ngx_http_proxy_eval, ngx_http_upstream_init_request). memcached_pass wants a
// key, and is refused with 500 without one.
func (m *Model) refusesTarget(s *Scope, pass Item, q *request) (status int, kind ReasonKind) {
	if protocol(pass) == "memcached" {
		// ngx_http_memcached_create_key: no key, no request.
		if v := m.eval("$memcached_key", q); v.known && v.text == "" {
			return 500, UnreachableProxy
		}
	}
	if protocol(pass) != "proxy" || !strings.Contains(pass.Arg(0), "$") {
		return 0, ""
	}
	v := m.target(pass.Arg(0), q)
	if !v.known {
		return 0, ""
	}
	scheme, host, port := splitURL(v.text)
	switch {
	case scheme == "":
		return 500, WebSocketScheme
	case host == "":
		return 500, UnreachableProxy
	case strings.HasPrefix(host, "unix:"), m.knows(scheme, host, port), net.ParseIP(strings.Trim(host, "[]")) != nil:
		return 0, ""
	}
	if resolver, _ := s.Effective("resolver"); len(resolver) > 0 {
		return 0, ""
	}
	return 502, MissingResolver
}

// mayResolve reports whether a level that was not read could hold the resolver, or
// the upstream of that name, that nginx finds the host of a proxy_pass with.
func (m *Model) mayResolve(s *Scope) bool {
	return m.Outer != Main || s.gap(nil, true) != nil
}

// allDown returns the first server of the upstream that a pass names, where each is marked
// down: nginx answers 502, "no live upstreams" (ngx_http_upstream_get_peer). It returns
// the zero Item elsewhere.
func (m *Model) allDown(o *outcome) Item {
	host, port := m.passHost(o)
	if host == "" || port != "" {
		return Item{}
	}
	up := m.Upstream(host)
	if up == nil || up.Partial || up.tag != "" {
		return Item{}
	}
	servers := up.Own("server")
	if len(servers) == 0 || up.Last("zone").Directive != nil { // NGINX Plus brings them up as it runs
		return Item{}
	}
	for _, it := range servers {
		if it.armIn(up) != nil || !slices.ContainsFunc(it.Args, func(a parser.Word) bool { return a.Value == "down" }) {
			return Item{}
		}
	}
	return servers[0]
}

// waitsToConnect reports whether nginx waits for the connection to the upstream of
// a pass, with a timer: over TCP it always does, and where a server is a unix
// socket the connection stands at once (ngx_http_upstream_connect).
func (m *Model) waitsToConnect(o *outcome) bool {
	host, _ := m.passHost(o)
	if host == "" || strings.HasPrefix(host, "unix:") {
		return false
	}
	up := m.Upstream(host)
	if up == nil {
		return true
	}
	for _, it := range up.Own("server") {
		if hasPrefixFold(it.Arg(0), "unix:") {
			return false
		}
	}
	return true
}

// passHost returns the host and port that a pass names, "" where that cannot be told.
func (m *Model) passHost(o *outcome) (host, port string) {
	url := o.pass.Arg(0)
	if strings.Contains(url, "$") {
		v := m.target(url, o.q)
		if !v.known {
			return "", ""
		}
		url = v.text
	}
	if protocol(o.pass) != "proxy" {
		url = "http://" + url
	}
	_, host, port = splitURL(url)
	return host, port
}
