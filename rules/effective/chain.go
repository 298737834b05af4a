package effective

import (
	"fmt"
	"slices"
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
	routes map[*VirtualServer][]placed
	at     map[passAt]*Route
	tries  int // of paths that are left: of many fronts and many locations behind, most have nothing to do with one another
}

// placed is a route and what its location is matched with.
type placed struct {
	*Route
	match string
}

// triesPerRoute bounds how often paths are followed to find which fronts lead to
// which locations.
const triesPerRoute = 16

// passAt is a pass in effect in a location.
type passAt struct {
	pass     *parser.Directive
	location *Scope
}

// decideChains carries the intent of routes on along the hops, until nothing is
// added.
func (m *Model) decideChains() {
	c := chains{m: m, from: map[*Route]*hop{}, to: map[*VirtualServer][]*hop{}}
	known := map[string]ownSockets{}
	for _, r := range m.Routes {
		url := r.Pass.Arg(0)
		own, has := known[url]
		if !has {
			own = m.ownSockets(url)
			known[url] = own
		}
		if h := m.hopOf(r, own); h != nil {
			c.from[r] = h
			for i, e := range h.to {
				if !slices.ContainsFunc(h.to[:i], func(other entry) bool { return other.server == e.server }) {
					c.to[e.server] = append(c.to[e.server], h)
				}
			}
		}
	}
	if len(c.from) == 0 {
		return
	}
	c.routes, c.at = map[*VirtualServer][]placed{}, map[passAt]*Route{}
	c.tries = triesPerRoute * len(m.Routes)
	var queue, last []*Route
	for _, r := range m.Routes {
		c.routes[r.Server] = append(c.routes[r.Server], placed{r, matchOf(r.Location)})
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
	if h := c.from[r]; h != nil && !r.Elsewhere && !r.PlainPath {
		intent := r.Intent
		if r.catchAll() && r.sign != byFront {
			intent = Likely
		}
		for _, behind := range c.behind(h) {
			say(behind, intent, byFront, r.Pass, fmt.Sprintf("%s, which is meant for it, passes its requests on to this server (%s)", locationWords(r.Location), place(r.Pass)))
		}
	}
	if r.sign == byFront {
		return added // it speaks for the one in front of it alone
	}
	if r.catchAll() && c.hasFront(r) {
		return added // what it says of WebSocket is said in front of it
	}
	paths := pathsOf(r.Location)
	for _, h := range c.to[r.Server] {
		if r.catchAll() && !h.from.catchAll() && len(c.to[r.Server]) > 1 {
			continue // its lines may be there for another of these
		}
		if !h.from.meant() && c.leads(h, r, paths) {
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

// behind returns the routes that pass on what h leads to, one for each of its
// servers; none where the client's name chooses among them.
func (c *chains) behind(h *hop) (found []*Route) {
	if h.byName {
		return nil
	}
	for _, e := range h.to {
		if r := c.behindIn(h, e.server); r != nil && !slices.Contains(found, r) {
			found = append(found, r)
		}
	}
	return found
}

// behindIn returns the route of vs that passes on what h leads to; nil where that is
// not one alone, and where the server says already which of its locations are meant:
// by others deeper in the path, and by any with a sign of its own where the path of
// the one in front is no WebSocket's.
func (c *chains) behindIn(h *hop, vs *VirtualServer) *Route {
	paths := c.pathsBehind(h)
	var found *Route
	for _, path := range paths {
		r, _ := c.answers(vs, path)
		if r == nil || found != nil && r != found {
			return nil
		}
		found = r
	}
	if found == nil {
		return nil
	}
	for _, other := range c.routes[vs] {
		if other.Route == found || !other.meant() {
			continue
		}
		if strings.HasPrefix(other.match, paths[0]) || !strings.HasPrefix(other.match, "/") || other.sign < byFront && !h.from.LikelyPath {
			return nil
		}
	}
	return found
}

// pathsBehind returns paths that the second server of h is asked for.
func (c *chains) pathsBehind(h *hop) []string {
	if h.paths != nil {
		return h.paths
	}
	h.paths = []string{}
	for _, path := range pathsOf(h.from.Location) {
		q := c.m.newRequest(h.from.Server, Handshake, text(path))
		for _, o := range c.m.follow(h.from.Server.Scope, h.from.Location, q, &notes{}, nil) {
			if o.end != proxied || o.pass.Directive != h.from.Pass.Directive {
				continue
			}
			sent, _ := c.m.sentURI(&o)
			if to := h.to[0].reads(sent, ""); to != "" {
				h.paths = append(h.paths, to)
			}
		}
	}
	return h.paths
}

// answers returns the route that passes path on in vs, and how; nil where none does,
// or more than one may.
func (c *chains) answers(vs *VirtualServer, path string) (found *Route, by outcome) {
	for _, o := range c.m.follow(vs.Scope, nil, c.m.newRequest(vs, Handshake, text(path)), &notes{}, nil) {
		r := c.at[passAt{o.pass.Directive, o.location}]
		if o.end != proxied || r == nil || found != nil && r != found {
			return nil, o
		}
		found, by = r, o
	}
	return found, by
}

// hasFront reports whether a location that is meant for WebSocket passes its
// requests on to r.
func (c *chains) hasFront(r *Route) bool {
	return slices.ContainsFunc(c.to[r.Server], func(h *hop) bool {
		if !h.from.meant() {
			return false
		}
		paths := c.pathsBehind(h)
		return len(paths) == 0 || slices.ContainsFunc(paths, func(path string) bool {
			answers, _ := c.answers(r.Server, path)
			return answers == r
		})
	})
}

// leads reports whether requests for paths, those of r's location, come over h.
func (c *chains) leads(h *hop, r *Route, paths []string) bool {
	for _, path := range paths {
		before := c.pathBefore(h, path)
		if before == "" || c.tries == 0 {
			return false
		}
		c.tries--
		front, o := c.answers(h.from.Server, before)
		if front != h.from {
			return false
		}
		if sent, _ := c.m.sentURI(&o); h.to[0].reads(sent, "") != path {
			return false
		}
		if back, _ := c.answers(r.Server, path); back != r {
			return false
		}
	}
	return len(paths) > 0
}

// pathBefore returns the path that h is asked for where path is asked for behind it:
// with what its location matches in the place of the URI of proxy_pass, or before
// path where a rewrite may take it away; "" where there is none.
func (c *chains) pathBefore(h *hop, path string) string {
	switch {
	case !strings.HasPrefix(h.match, "/"): // a pattern or a name
		return path
	case h.uri != "" && h.uri != "$request_uri":
		if rest, ok := strings.CutPrefix(path, h.uri); ok {
			return h.match + rest
		}
		return ""
	case strings.HasPrefix(path, h.match):
		return path
	case len(c.m.codesOf(h.from.Location)) > 0:
		return strings.TrimSuffix(h.match, "/") + path
	default:
		return ""
	}
}
