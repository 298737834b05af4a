package truth

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// env is where a configuration runs: what the generator has to know of the
// machine, and nothing that it decides on.
type env struct {
	ports       []int
	a, b, t     string // HTTP backends; t speaks TLS
	unix        string // an HTTP backend on a unix socket
	uwsgi, scgi string
	dead        string // nothing listens there
}

// probe is a URL to ask for.
type probe struct {
	port int
	host string // with its port where it is not empty
	path string // the target, with its query
}

// sample is a generated configuration and what to ask it.
type sample struct {
	seed   uint64
	number int
	tree   *tree
	probes []probe
}

// generator writes one configuration.
type generator struct {
	r      *rand.Rand
	env    *env
	number int

	wild float64 // how far from what a person writes, 0 to 1

	mapVars  []string // variables that maps define, all connection-like
	upVars   []string // those for Upgrade
	setVars  []string // variables that set assigns somewhere
	wanted   map[string]bool
	ups      []string // upstream blocks
	snippets []*snippet
	used     map[string]bool // file names taken
	extra    []*file
	defaults map[int]bool // ports with a default_server
	servers  int

	sv *serverState
}

// serverState is what the generator knows of the server it is in.
type serverState struct {
	id    string
	count int
	paths []string
	hosts []string
	ports []int
	named map[string]bool // defined
	jumps map[string]bool // asked for
	keys  map[string]bool
}

// level is the state of one block: what stands there once already.
type level struct {
	kind string // http, server, location, if, limit_except
	seen map[string]bool
}

func newLevel(kind string) *level { return &level{kind: kind, seen: map[string]bool{}} }

// once reports whether a directive that may stand once at a level may still
// be written, and notes it.
func (l *level) once(name string) bool {
	if l.seen[name] {
		return false
	}
	l.seen[name] = true
	return true
}

// generate writes configuration number of a seed.
func generate(seed uint64, number int, e *env) *sample {
	g := &generator{
		r: rand.New(rand.NewPCG(seed, uint64(number))), env: e, number: number,
		wanted: map[string]bool{}, used: map[string]bool{}, defaults: map[int]bool{},
	}
	g.wild = g.r.Float64()
	s := &sample{seed: seed, number: number}
	s.tree = g.config(s)
	return s
}

func (g *generator) chance(p float64) bool { return g.r.Float64() < p }

// odd is chance for what only a wild configuration has.
func (g *generator) odd(p float64) bool { return g.r.Float64() < p*2*g.wild }

func pick[T any](g *generator, list ...T) T { return list[g.r.IntN(len(list))] }

// config writes the main file.
func (g *generator) config(s *sample) *tree {
	main := &file{name: "nginx.conf", style: g.style()}
	main.nodes = append(main.nodes, dir("worker_processes", "1"))
	events := blockOf("events")
	if g.chance(0.5) {
		events.add(dir("worker_connections", "512"))
	}
	http := g.http(s)
	main.nodes = append(main.nodes, events, http)
	t := &tree{main: main}
	g.spread(main.nodes, "main")
	main.nodes = g.cut(main.nodes, 0.05)
	g.remark(main)
	t.extra = g.extra
	for _, f := range t.files() {
		if f != main {
			g.remark(f)
		}
	}
	return t
}

func (g *generator) style() style {
	s := style{
		indent:  pick(g, "    ", "    ", "  ", "\t", "\t", ""),
		newline: "\n", brace: " ", gap: " ",
		short: g.chance(0.3), columns: g.odd(0.2), blank: g.chance(0.4), bare: g.chance(0.1),
	}
	if g.odd(0.15) {
		s.newline = "\r\n"
	}
	if g.odd(0.2) {
		s.brace = pick(g, "", "\n", "\t")
	}
	if g.odd(0.2) {
		s.gap = pick(g, "  ", "\t", "\t ", "        ")
	}
	return s
}

// http writes the http block.
func (g *generator) http(s *sample) *node {
	h := blockOf("http")
	l := newLevel("http")
	h.add(dir("access_log", "off"))
	if g.chance(0.2) {
		h.add(dir("log_format", "ws", `'$remote_addr "$request" proxy_set_header Upgrade $http_upgrade; {'`, `"}"`))
	}
	if g.chance(0.2) {
		h.add(blockOf("types").add(dir("text/html", "html", "htm"), dir("application/proxy_pass", "ws")))
	}
	maps := g.maps()
	for i := range 2 {
		name := fmt.Sprintf("up_%d", i)
		g.ups = append(g.ups, name)
	}
	g.makeSnippets()
	h.add(g.proxyLevel(l, 0.35)...)
	if g.odd(0.1) {
		h.add(g.errorPage())
	}
	var servers []*node
	for range 1 + g.r.IntN(4) {
		servers = append(servers, g.server(s))
	}
	g.finishVars(servers)
	for i, name := range g.ups {
		u := blockOf("upstream", name)
		backend := g.env.a
		if i == 1 {
			backend = g.env.b
		}
		// A request that a test gives up must not take the server away.
		u.add(dir("server", backend, "max_fails=0"))
		if g.chance(0.3) {
			u.add(dir("server", backend, "weight=2", "max_fails=0"))
		}
		if g.chance(0.3) {
			u.add(dir("keepalive", "4"))
		}
		maps = append(maps, u)
	}
	// Maps and upstreams before, between or after the servers that use them.
	g.r.Shuffle(len(maps), func(i, j int) { maps[i], maps[j] = maps[j], maps[i] })
	all := slices.Clone(servers)
	for _, m := range maps {
		at := 0
		if g.odd(0.6) {
			at = g.r.IntN(len(all) + 1)
		}
		all = slices.Insert(all, at, m)
	}
	h.add(all...)
	return h
}

// finishVars assigns the variables that are used and that nothing defines.
func (g *generator) finishVars(servers []*node) {
	for i := 0; i < len(g.setVars); i++ { // a value may want another variable
		name := g.setVars[i]
		if g.wanted[name] && !g.wanted["set "+name] {
			g.wanted["set "+name] = true
			sv := servers[g.r.IntN(len(servers))]
			sv.kids = append([]*node{dir("set", "$"+name, g.setValue(name))}, sv.kids...)
			i = -1
		}
	}
}

// unquoted is one or the other way to write a word that needs no quotes.
func (g *generator) word(s string) string {
	if s == "" || strings.ContainsAny(s, " \t;{}\"'#") {
		return g.quoted(s)
	}
	if g.odd(0.15) {
		return g.quoted(s)
	}
	return s
}

func (g *generator) quoted(s string) string {
	q := pick(g, `"`, `"`, "'")
	return q + strings.ReplaceAll(s, q, `\`+q) + q
}

// variable writes $name in one of its ways.
func (g *generator) variable(name string) string {
	g.wanted[name] = true
	if g.odd(0.1) {
		name = strings.ToUpper(name[:1]) + name[1:]
	}
	if g.odd(0.1) {
		return "${" + name + "}"
	}
	return "$" + name
}
