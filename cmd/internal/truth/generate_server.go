package truth

import (
	"fmt"
	"slices"
	"strings"
)

// server writes one server and what to ask of it.
func (g *generator) server(s *sample) *node {
	n := blockOf("server")
	l := newLevel("server")
	g.sv = &serverState{
		id:    fmt.Sprintf("s%d", g.servers),
		named: map[string]bool{}, jumps: map[string]bool{}, keys: map[string]bool{},
	}
	g.servers++
	g.listen(n)
	names := g.names()
	if len(names) > 0 {
		n.add(dir(append([]string{"server_name"}, names...)...))
	}
	n.add(g.mark(n, g.sv.id))
	n.add(g.proxyLevel(l, 0.35)...)
	n.add(g.rewrites("server", nil)...)
	if g.odd(0.15) {
		n.add(g.errorPage())
	}
	for range 2 + g.r.IntN(7) {
		if loc := g.location("", nil, 0); loc != nil {
			n.add(loc)
		}
	}
	for _, name := range []string{"@ws", "@app", "@b"} {
		if g.sv.jumps[name] && !g.odd(0.03) {
			n.add(g.namedLocation(name))
		}
	}
	if g.odd(0.3) {
		g.r.Shuffle(len(n.kids), func(i, j int) { n.kids[i], n.kids[j] = n.kids[j], n.kids[i] })
	}
	g.ask(s)
	return n
}

// mark makes the X-Loc header of a block.
func (g *generator) mark(n *node, id string) *node {
	n.loc = id
	return dir("add_header", "X-Loc", id, "always")
}

// listen gives the server its sockets.
func (g *generator) listen(n *node) {
	ports := slices.Clone(g.env.ports)
	g.r.Shuffle(len(ports), func(i, j int) { ports[i], ports[j] = ports[j], ports[i] })
	count := 1
	if g.odd(0.3) {
		count = 2
	}
	for _, p := range ports[:min(count, len(ports))] {
		d := dir("listen", fmt.Sprintf("127.0.0.1:%d", p))
		if !g.defaults[p] && g.chance(0.2) {
			g.defaults[p] = true
			d.words = append(d.words, "default_server")
		}
		n.add(d)
		g.sv.ports = append(g.sv.ports, p)
	}
}

// names chooses server names and the hosts that ask for them.
func (g *generator) names() []string {
	var out []string
	if g.chance(0.75) {
		own := g.sv.id + ".test"
		out = append(out, own)
		g.sv.hosts = append(g.sv.hosts, own, own, own)
	}
	for range g.r.IntN(4) {
		switch g.r.IntN(9) {
		case 0, 1, 2:
			out = append(out, pick(g, "a.example.com", "b.example.com", "A.Example.com", "c.org"))
		case 3:
			out = append(out, "*.example.com")
			g.sv.hosts = append(g.sv.hosts, "x.example.com", "x.y.example.com")
		case 4:
			out = append(out, ".example.org")
			g.sv.hosts = append(g.sv.hosts, "example.org", "w.example.org")
		case 5:
			out = append(out, "a.example.*")
			g.sv.hosts = append(g.sv.hosts, "a.example.net", "a.example.com")
		case 6:
			out = append(out, pick(g, `~^(?<sub>.+)\.dyn\.test$`, `~^[a-c]\.`, `"~^v\d{1,2}\."`))
			g.sv.hosts = append(g.sv.hosts, "q.dyn.test", "v12.test")
		case 7:
			out = append(out, `""`)
		case 8:
			out = append(out, pick(g, "*.a.example.com", "_", "localhost", ".example.com"))
			g.sv.hosts = append(g.sv.hosts, "z.a.example.com")
		}
	}
	var unique []string
	for _, n := range out {
		if !slices.Contains(unique, n) {
			unique = append(unique, n)
		}
	}
	for _, n := range unique {
		if !strings.ContainsAny(n, `*~"_`) {
			g.sv.hosts = append(g.sv.hosts, strings.TrimPrefix(n, "."))
		}
	}
	if len(g.sv.hosts) == 0 || g.chance(0.2) {
		g.sv.hosts = append(g.sv.hosts, pick(g, "unknown.test", "127.0.0.1", "C.ORG"))
	}
	return unique
}

// ask chooses the URLs to ask of the server.
func (g *generator) ask(s *sample) {
	paths := append(g.sv.paths, pick(g, "/", "/nothing", "/ws", "/a/b", "/api/v1/x"))
	for _, p := range paths {
		if g.chance(0.15) {
			p += pick(g, "?q=1", "?ws=upgrade", "?a=1&q=0", "?")
		}
		if g.odd(0.05) {
			p = pick(g, "/."+p, "/x/.."+p, "/"+p, strings.Replace(p, "/a", "/%61", 1))
		}
		port := pick(g, g.sv.ports...)
		host := fmt.Sprintf("%s:%d", pick(g, g.sv.hosts...), port)
		q := probe{port, host, p}
		if !slices.Contains(s.probes, q) {
			s.probes = append(s.probes, q)
		}
	}
}

// pattern is a regular expression of a location, with paths that match it.
type pattern struct {
	expr  string
	paths []string
}

var patterns = []pattern{
	{`^/ws`, []string{"/ws", "/ws/1", "/wss"}},
	{`^/ws/`, []string{"/ws/1", "/ws/"}},
	{`/ws$`, []string{"/a/ws", "/ws"}},
	{`\.io`, []string{"/socket.io/", "/socket.io"}},
	{`^/(ws|socket)/(.*)$`, []string{"/ws/x", "/socket/y/z"}},
	{`^/a/(\d+)$`, []string{"/a/12"}},
	{`"^/r{2}"`, []string{"/rr/x"}},
	{`^/api/v[0-9]+/`, []string{"/api/v1/ws", "/api/v22/"}},
	{`^/(?!static|a)`, []string{"/chat", "/x"}},
	{`/chat\b`, []string{"/chat", "/chat/x"}},
	{`^/(?<part>[a-z]+)/live`, []string{"/u/live"}},
	{`.`, []string{"/anything"}},
	{`(up)grade`, []string{"/upgrade/x"}},
	{`'^/with space'`, []string{"/with%20space"}},
}

var prefixes = []string{
	"/", "/", "/ws", "/ws/", "/wss", "/socket.io/", "/a", "/a/", "/a/b", "/a/b/", "/api", "/api/", "/api/v1/ws",
	"/chat", "/chat/x", "/cable", "/hub", "/live", "/up", "/ws/chat", "/socket", "ws", `"/sp ace/"`, "/é", "/a%b",
}

// plainPath is the word without its quotes.
func plainPath(word string) string { return strings.Trim(word, `"'`) }

// escape makes a path a request line can hold.
func escape(path string) string {
	var b strings.Builder
	for i := range len(path) {
		c := path[i]
		if c <= ' ' || c >= 0x7f || c == '%' || c == '"' {
			fmt.Fprintf(&b, "%%%02x", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// location writes a location block in the server (prefix "") or in another
// location; nil where the name is taken.
func (g *generator) location(prefix string, keys map[string]bool, depth int) *node {
	if keys == nil {
		keys = g.sv.keys
	}
	n := blockOf("location")
	l := newLevel("location")
	regex := strings.HasPrefix(prefix, "~")
	var paths []string
	inner := ""
	exact := false
	switch k := g.r.IntN(20); {
	case k < 5 || regex: // a regular expression
		p := pick(g, patterns...)
		mod := pick(g, "~", "~", "~*")
		if g.odd(0.15) && p.expr[0] != '"' && p.expr[0] != '\'' {
			n.words = append(n.words, mod+p.expr)
		} else {
			n.words = append(n.words, mod, p.expr)
		}
		paths, inner = p.paths, "~"
	default:
		match := pick(g, prefixes...)
		if prefix != "" {
			match = prefix + pick(g, "", "/", "/x", "x", "/ws", "/b", "ws/")
			if strings.Contains(prefix, " ") {
				match = `"` + match + `"`
			}
		}
		mod := ""
		switch {
		case k < 8:
			mod, exact = "=", true
		case k < 11:
			mod = "^~"
		}
		plain := plainPath(match)
		key := plain
		if exact {
			key = "=" + plain
		}
		if keys[key] {
			return nil
		}
		keys[key] = true
		switch {
		case mod == "":
			n.words = append(n.words, match)
		case g.odd(0.15) && match[0] != '"':
			n.words = append(n.words, mod+match)
		default:
			n.words = append(n.words, mod, match)
		}
		at := escape(plain)
		if !strings.HasPrefix(at, "/") {
			at = "/" + at
		}
		paths = []string{at}
		if !exact {
			paths = append(paths, at+pick(g, "x", "/x", "/", "1"))
		}
		if strings.HasSuffix(at, "/") && len(at) > 1 {
			paths = append(paths, strings.TrimSuffix(at, "/"))
		}
		inner = plain
	}
	g.sv.paths = append(g.sv.paths, paths[:min(len(paths), 1+g.r.IntN(3))]...)
	id := fmt.Sprintf("%s.l%d", g.sv.id, g.sv.count)
	g.sv.count++
	n.add(g.mark(n, id))
	n.add(g.proxyLevel(l, 0.55)...)
	n.add(g.content(n, l, id, !strings.HasPrefix(inner, "~"), false)...)
	if !exact && depth < 2 && g.odd(0.35) {
		below := map[string]bool{}
		for range 1 + g.r.IntN(3) {
			if kid := g.location(inner, below, depth+1); kid != nil {
				n.add(kid)
			}
		}
	}
	if g.odd(0.3) {
		g.r.Shuffle(len(n.kids), func(i, j int) { n.kids[i], n.kids[j] = n.kids[j], n.kids[i] })
	}
	return n
}

// namedLocation writes a location that only jumps reach.
func (g *generator) namedLocation(name string) *node {
	n := blockOf("location", name)
	l := newLevel("location")
	id := g.sv.id + "." + name[1:]
	n.add(g.mark(n, id))
	n.add(g.proxyLevel(l, 0.6)...)
	n.add(g.content(n, l, id, false, true)...)
	return n
}
