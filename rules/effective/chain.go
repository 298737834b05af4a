package effective

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

// Proxies in a row: where a location passes requests on to a server of the same
// configuration, a handshake has to get through both. What says that one of them
// is meant for WebSocket speaks for the other too.

// chains are the hops of a model, from both ends.
type chains struct {
	m      *Model
	from   map[*Route]*hop
	to     map[*VirtualServer][]*hop
	routes map[*VirtualServer][]*Route
	at     map[passAt]*Route
}

// passAt is a pass in effect in a location.
type passAt struct {
	pass     *parser.Directive
	location *Scope
}

// decideChains carries the intent of routes on along the hops, until nothing is
// added.
func (m *Model) decideChains() {
	c := chains{m: m, from: map[*Route]*hop{}, to: map[*VirtualServer][]*hop{}}
	sockets := map[string][]*socket{}
	for _, r := range m.Routes {
		if h := m.hopOf(r, sockets); h != nil {
			c.from[r] = h
			for _, vs := range h.to {
				c.to[vs] = append(c.to[vs], h)
			}
		}
	}
	if len(c.from) == 0 {
		return
	}
	c.routes, c.at = map[*VirtualServer][]*Route{}, map[passAt]*Route{}
	var queue, last []*Route
	for _, r := range m.Routes {
		c.routes[r.Server] = append(c.routes[r.Server], r)
		c.at[passAt{r.Pass.Directive, r.Location}] = r
		if r.meant() && r.catchAll() {
			last = append(last, r)
		} else if r.meant() {
			queue = append(queue, r)
		}
	}
	for queue = append(queue, last...); len(queue) > 0; queue = queue[1:] {
		queue = append(queue, c.spread(queue[0])...)
	}
}

// meant reports whether a route is taken to carry WebSocket.
func (r *Route) meant() bool { return r.Intent == Declared || r.Intent == Likely }

// spread carries the intent of r on to the routes behind and before it. It
// returns those that have one now and had none.
func (c *chains) spread(r *Route) (added []*Route) {
	say := func(to *Route, intent Intent, by sign, item Item, why string) {
		if open := to.sign == byNothing || to.sign == byOuterLine; open && !to.PlainPath && !to.LikelyPath && !to.Elsewhere && protocol(to.Pass) == "proxy" {
			to.Intent, to.sign, to.MeantBy, to.IntentWhy = intent, by, item, why
			added = append(added, to)
		}
	}
	if h := c.from[r]; h != nil && !r.Elsewhere {
		if behind := c.behind(h); behind != nil {
			intent := r.Intent
			if r.catchAll() && r.sign != byFront {
				intent = Likely
			}
			say(behind, intent, byFront, r.Pass, fmt.Sprintf("%s, which is meant for it, passes its requests on to this server (%s)", locationWords(r.Location), place(r.Pass)))
		}
	}
	if r.sign == byFront {
		return added // it speaks for the one in front of it alone
	}
	for _, h := range c.to[r.Server] {
		if !h.from.meant() && c.leads(h, r) {
			there := Item{Directive: r.Location.Block, Via: r.Location.Via, Scope: r.Location}
			say(h.from, Likely, byBack, there, fmt.Sprintf("its requests go on to %s of this configuration (%s), which is meant for it",
				locationWords(r.Location), place(there)))
		}
	}
	return added
}

// locationWords names a location as it is written: location ~ ^/ws/.
func locationWords(s *Scope) string {
	words := []string{"location"}
	for _, a := range s.Block.Args {
		words = append(words, a.Value)
	}
	return strings.Join(words, " ")
}

// behind returns the route that passes on what h leads to; nil where that is not
// one alone, and where others there, deeper in the path, are meant already.
func (c *chains) behind(h *hop) *Route {
	paths := c.pathsBehind(h)
	var found *Route
	for _, vs := range h.to {
		for _, path := range paths {
			r := c.answers(vs, path)
			if r == nil || found != nil && r != found {
				return nil
			}
			found = r
		}
	}
	if found == nil {
		return nil
	}
	for _, other := range c.routes[found.Server] {
		if _, match := other.Location.ModifierAndMatch(); other != found && other.meant() && (strings.HasPrefix(match, paths[0]) || !strings.HasPrefix(match, "/")) {
			return nil
		}
	}
	return found
}

// pathsBehind returns paths that the second server of h is asked for.
func (c *chains) pathsBehind(h *hop) []string {
	var paths []string
	for _, path := range pathsOf(h.from.Location) {
		q := c.m.newRequest(h.from.Server, Handshake, text(path))
		for _, o := range c.m.follow(h.from.Server.Scope, h.from.Location, q, &notes{}, nil) {
			if o.end != proxied || o.pass.Directive != h.from.Pass.Directive {
				continue
			}
			if to := pathBehind(&o, path); to != "" {
				paths = append(paths, to)
			}
		}
	}
	return paths
}

// answers returns the route that passes path on in vs; nil where none does, or more
// than one may.
func (c *chains) answers(vs *VirtualServer, path string) *Route {
	var found *Route
	for _, o := range c.m.follow(vs.Scope, nil, c.m.newRequest(vs, Handshake, text(path)), &notes{}, nil) {
		r := c.at[passAt{o.pass.Directive, o.location}]
		if o.end != proxied || r == nil || found != nil && r != found {
			return nil
		}
		found = r
	}
	return found
}

// leads reports whether requests for r's location come over h.
func (c *chains) leads(h *hop, r *Route) bool {
	match := matchOf(h.from.Location)
	uri, plain := uriOf(h.from.Pass.Arg(0))
	paths := pathsOf(r.Location)
	for _, path := range paths {
		if uri != "" {
			rest, ok := strings.CutPrefix(path, uri)
			if !ok || !plain {
				return false
			}
			path = match + rest
		}
		if strings.HasPrefix(match, "/") && h.from.Scope.Kind == Location && !strings.HasPrefix(path, match) || c.answers(h.from.Server, path) != h.from {
			return false
		}
	}
	return len(paths) > 0
}

// maxHops is how many passes of a request to servers of the same configuration
// are followed.
const maxHops = 10

// goOn follows a handshake that gets through t.Route to a server of the same
// configuration, where it has to get through too. hops are left to be followed.
func (m *Model) goOn(t *Trace, o *outcome, u *url.URL, path string, hops int) {
	h := m.hopOf(t.Route, map[string][]*socket{})
	if h == nil || len(h.to) != 1 {
		return
	}
	if hops == 0 {
		t.Outcome, t.Why = OutcomeBroken, "servers of this configuration pass the request on in a circle"
		return
	}
	to := pathBehind(o, path)
	if to == "" {
		return
	}
	host := u.Hostname()
	if sent := hostsSent(t.Route); len(sent) == 1 {
		host = sent[0]
	}
	port := ""
	if listens := h.to[0].Listens; len(listens) == 1 {
		port = listens[0].Port
	}
	there := &Trace{URL: t.URL, Server: h.to[0], ServerWhy: "the upstream is this server"}
	if chosen := m.socketOf(&h.to[0].Listens[0]).byName(host); chosen.server == h.to[0] {
		there.ServerName = chosen.name
	}
	m.traceIn(there, &url.URL{Scheme: u.Scheme, Host: host, Path: to, RawQuery: u.RawQuery}, to, port, hops-1)
	t.Onward = there
	at := Item{Directive: h.to[0].Scope.Block}
	where := "a server"
	if there.Location != nil {
		at.Directive, where = there.Location.Block, locationWords(there.Location)
	}
	where = fmt.Sprintf("the request goes on to %s of this configuration (%s)", where, place(at))
	t.Outcome, t.Why = there.Outcome, there.Why
	switch {
	case there.Onward != nil: // the one behind it has said where
	case there.Outcome == OutcomeWorks:
		t.Why = where + ", and reaches the upstream there complete"
	default:
		t.Why = where + ": " + there.Why
	}
	if t.Outcome != OutcomeWorks && t.Outcome != OutcomeUnknown {
		t.Outcome = OutcomeBroken
	}
}
