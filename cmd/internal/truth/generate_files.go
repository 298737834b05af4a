package truth

import (
	"fmt"
	"slices"
	"strings"
)

// spread moves parts of blocks into files of their own.
func (g *generator) spread(nodes []*node, kind string) {
	for _, n := range nodes {
		if !n.block {
			continue
		}
		g.spread(n.kids, n.name())
		switch n.name() {
		case "http", "server", "location", "if", "map", "upstream", "types", "limit_except":
			p := 0.25
			if n.name() != "http" && n.name() != "server" && n.name() != "location" {
				p = 0.12
			}
			n.kids = g.cut(n.kids, p)
		}
	}
}

// cut moves a run of the nodes into one or several files.
func (g *generator) cut(nodes []*node, p float64) []*node {
	if len(nodes) < 2 || !g.odd(p) && !g.chance(p/4) {
		return nodes
	}
	from := g.r.IntN(len(nodes))
	to := from + 1 + g.r.IntN(len(nodes)-from)
	run := slices.Clone(nodes[from:to])
	var inc *node
	if g.chance(0.5) {
		f := &file{name: g.fileName(), nodes: run, style: g.style()}
		word := f.name
		if g.odd(0.2) {
			word = pick(g, "./"+word, `"`+word+`"`)
		}
		inc = included(word, f)
	} else if inc = g.glob(run); len(inc.files) == 0 {
		to = from // it loads nothing, and nginx says nothing
	}
	return slices.Concat(nodes[:from], []*node{inc}, nodes[to:])
}

// fileName returns a name that no other file has.
func (g *generator) fileName() string {
	for {
		name := pick(g, "conf.d/", "", "sites/", "inc/", "parts/deep/") + pick(g, "app", "ws", "proxy", "Common", "x-1", "site") +
			fmt.Sprint(g.r.IntN(100)) + pick(g, ".conf", ".conf", "", ".inc", ".conf.in")
		if !g.used[name] {
			g.used[name] = true
			return name
		}
	}
}

// globNames are in the order in which nginx reads them: that of their bytes.
var globNames = []string{"00-first.conf", "1.conf", "10.conf", "2.conf", "A.conf", "Z.conf", "a b.conf", "a.conf", "b.conf", "ä.conf"}

// glob spreads run over the files of a new folder.
func (g *generator) glob(run []*node) *node {
	folder := ""
	for folder == "" || g.used[folder] {
		folder = pick(g, "sites-enabled", "conf", "snip") + fmt.Sprint(g.r.IntN(1000)) + "/"
	}
	g.used[folder] = true
	count := 1 + g.r.IntN(min(3, len(run)))
	if g.odd(0.05) {
		count = 0
	}
	chosen := g.r.Perm(len(globNames))[:count]
	slices.Sort(chosen)
	pattern := folder + pick(g, "*.conf", "*", "*.c*", "[!.]*")
	inc := included(pattern)
	if count == 0 {
		return inc
	}
	for i, c := range chosen {
		f := &file{name: folder + globNames[c], style: g.style()}
		f.nodes = run[i*len(run)/count : (i+1)*len(run)/count]
		inc.files = append(inc.files, f)
	}
	if g.chance(0.4) { // what no pattern of ours loads
		f := &file{name: folder + ".hidden.conf", nodes: []*node{dir("proxy_http_version", "1.0"), dir("broken", "{")}, style: g.style()}
		g.extra = append(g.extra, f)
	}
	return inc
}

// remarks are comments, many of which look like something else.
var remarks = []string{
	"# proxy_pass http://127.0.0.1:1;", "# }", "# {", "#", "#proxy_set_header Upgrade $http_upgrade;", "# don't", `# "unclosed`,
	"# location /ws { proxy_http_version 1.0; }", "# WebSocket", "#\tif ($x) {", "# é ü \xff",
}

// remark puts comments into a file.
func (g *generator) remark(f *file) {
	var put func([]*node) []*node
	put = func(nodes []*node) []*node {
		var out []*node
		for _, n := range nodes {
			if g.odd(0.08) {
				out = append(out, &node{text: pick(g, remarks...)})
			}
			if n.block && !strings.HasSuffix(n.name(), "_by_lua_block") {
				n.kids = put(n.kids)
			}
			out = append(out, n)
		}
		if g.odd(0.03) {
			out = append(out, &node{text: pick(g, remarks...)})
		}
		return out
	}
	f.nodes = put(f.nodes)
}
