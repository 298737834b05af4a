package effective

import (
	"slices"
	"strings"
)

// callers is what leads requests to a server's locations by name rather than by
// their path.
type callers struct {
	handOvers   map[string][]handOver // by the named location: who hands over to it
	subrequests map[string]Item       // by path: the auth_request or mirror that sends copies there
	leads       []string              // the paths that error_page, try_files and rewrite lead to, up to a variable
	scripts     []*Scope              // where a script may lead on to any path
}

// handOver is one try_files or error_page that ends at a named location.
type handOver struct {
	from      *Scope // the location that hands over
	by        Item   // its try_files or error_page
	onUpgrade bool   // $http_upgrade decides
}

var noCallers = &callers{}

// matchOf returns what a location is matched with, "" for none.
func matchOf(loc *Scope) string {
	if loc == nil {
		return ""
	}
	_, match := loc.ModifierAndMatch()
	return match
}

// callersOf returns the callers in r's server.
func (in *intentions) callersOf(r *Route) *callers {
	if r.Location == nil {
		return noCallers
	}
	top := r.Location
	for top.Parent != nil && (top.Kind == Location || top.Kind == If || top.Kind == LimitExcept) {
		top = top.Parent
	}
	c := in.callers[top]
	if c == nil {
		c = &callers{}
		c.read(top)
		for at := top.Parent; at != nil; at = at.Parent {
			for _, it := range at.Own("error_page") {
				c.lead(it)
			}
		}
		in.callers[top] = c
	}
	return c
}

func (c *callers) read(s *Scope) {
	for i := range s.Items {
		it := s.Items[i]
		c.lead(it)
		if mayJump(it.Head.Value) {
			c.scripts = append(c.scripts, s)
		}
		switch it.Head.Value {
		case "auth_request", "mirror":
			if to := it.Arg(0); strings.HasPrefix(to, "/") {
				if c.subrequests == nil {
					c.subrequests = map[string]Item{}
				}
				c.subrequests[to] = it
			}
		case "try_files":
			if n := len(it.Args); s.Kind == Location && n > 0 {
				c.tryFiles(s, it, it.Args[n-1].Value)
			}
		case "error_page":
			if n := len(it.Args); s.Kind == Location && n > 1 && strings.HasPrefix(it.Args[n-1].Value, "@") {
				c.errorPage(s, it, it.Args[n-1].Value)
			}
		}
		if in := it.Scope; in != nil && in.Kind != Server {
			c.read(in)
		}
	}
}

// lead notes where a directive leads requests inside nginx.
func (c *callers) lead(it Item) {
	name, to := it.Head.Value, ""
	switch n := len(it.Args); {
	case n > 1 && (name == "error_page" || name == "try_files"):
		to = it.Arg(n - 1)
	case n > 1 && name == "rewrite":
		to = it.Arg(1)
	}
	if to, _, _ = strings.Cut(to, "?"); to != "" {
		c.leads = append(c.leads, to)
	}
}

// mayJump reports whether a directive runs a script that may send a request to another
// path inside nginx: in Lua, ngx.exec works in these three phases.
func mayJump(name string) bool {
	for _, phase := range [...]string{"rewrite_by_lua", "access_by_lua", "content_by_lua"} {
		if strings.HasPrefix(name, phase) {
			return true
		}
	}
	return name == "js_content" || name == "perl" || name == "echo_exec"
}

// mayLead reports whether something in sight may lead a request inside nginx to path,
// that of the location to.
func (c *callers) mayLead(to *Scope, path string) bool {
	return slices.ContainsFunc(c.scripts, func(s *Scope) bool { return s != to }) || slices.ContainsFunc(c.leads, func(lead string) bool {
		known, _, variable := strings.Cut(lead, "$")
		return variable && strings.HasPrefix(path, known) || lead == path
	})
}

// noClients returns the internal of a location with one exact path that is none of
// WebSocket's, where nothing in sight leads a client's request to it: auth_request asks
// such a location, in another file where none does in this one. An X-Accel-Redirect is
// made for more than one path.
func (in *intentions) noClients(r *Route, words pathSigns) Item {
	if r.Location == nil || words.likely != "" {
		return Item{}
	}
	modifier, match := r.Location.ModifierAndMatch()
	internal := r.Location.Own("internal")
	if modifier != "=" || len(internal) == 0 || r.Location.Sometimes(internal[0]) || in.callersOf(r).mayLead(r.Location, match) {
		return Item{}
	}
	return internal[0]
}

func (c *callers) add(to string, h handOver) {
	if c.handOvers == nil {
		c.handOvers = map[string][]handOver{}
	}
	c.handOvers[to] = append(c.handOvers[to], h)
}

// tryFiles notes where a try_files ends: with a variable of the upgrade in the
// name, at one location for handshakes and at another for the rest.
func (c *callers) tryFiles(from *Scope, it Item, to string) {
	if !strings.HasPrefix(to, "@") {
		return
	}
	i := strings.Index(strings.ToLower(to), "$http_upgrade")
	if i < 0 {
		c.add(to, handOver{from: from, by: it})
		return
	}
	to = to[:i] + "websocket" + to[i+len("$http_upgrade"):]
	c.add(to, handOver{from: from, by: it, onUpgrade: true})
}

// errorPage notes an error_page whose code the location returns by itself: the
// usual way to jump to a named location.
func (c *callers) errorPage(from *Scope, it Item, to string) {
	for _, code := range it.Args[:len(it.Args)-1] {
		for i := range from.Items {
			ret := from.Items[i]
			if ret.Is("return") && ret.Arg(0) == code.Value {
				c.add(to, handOver{from: from, by: it})
			}
			if s := ret.Scope; s != nil && s.Kind == If && s.first("return") != nil && s.first("return").Arg(0) == code.Value {
				on := testsUpgrade(s) && !negatedTest(s)
				c.add(to, handOver{from: from, by: it, onUpgrade: on})
			}
		}
	}
}
