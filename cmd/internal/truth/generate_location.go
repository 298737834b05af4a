package truth

import (
	"fmt"
	"slices"
	"strings"
)

// content writes what a location does with a request. uri says that a
// proxy_pass may have a path.
func (g *generator) content(n *node, l *level, id string, uri, named bool) []*node {
	var out []*node
	out = append(out, g.rewrites("location", n)...)
	switch k := g.r.IntN(40); {
	case k < 26:
		out = append(out, g.pass(uri))
	case k < 28:
		out = append(out, dir("uwsgi_pass", g.env.uwsgi))
		if g.chance(0.5) {
			out = append(out, g.params("uwsgi_param")...)
		}
	case k < 30:
		out = append(out, dir("scgi_pass", g.env.scgi))
		if g.chance(0.5) {
			out = append(out, g.params("scgi_param")...)
		}
	case k < 31:
		p := pick(g, "fastcgi_pass", "grpc_pass", "memcached_pass")
		if p == "memcached_pass" {
			out = append(out, dir("set", "$memcached_key", "$uri"))
		}
		out = append(out, dir(p, g.env.dead))
	case k < 33 && !named:
		out = append(out, dir("try_files", pick(g, "$uri", "/none"), pick(g, "=404", g.jump(), g.jump(), "/a/b", "/nothing?x=1")))
		if g.chance(0.6) {
			out = append(out, g.pass(uri))
		}
	case k < 35:
		out = append(out, g.answer())
		if g.chance(0.3) {
			out = append(out, g.pass(uri))
		}
	case k < 37 && !named:
		out = append(out, g.trick()...)
	case k < 38:
		// Nothing: files.
	default:
		out = append(out, g.pass(uri))
	}
	for i := 0; i < 2 && g.odd(0.35); i++ {
		out = append(out, g.ifBlock("location", fmt.Sprintf("%s.i%d", id, i)))
	}
	if g.odd(0.15) {
		out = append(out, g.limitExcept())
	}
	if g.odd(0.06) {
		out = append(out, g.errorPage())
	}
	if g.odd(0.03) && !named {
		out = append(out, dir("internal"))
	}
	return out
}

// pass writes a proxy_pass.
func (g *generator) pass(uri bool) *node {
	switch k := g.r.IntN(20); {
	case k < 8:
		base := "http://" + pick(g, g.env.a, g.env.b)
		if g.odd(0.1) {
			base = "HTTP" + base[4:]
		}
		if uri && g.chance(0.35) {
			base += pick(g, "/", "/base", "/base/", "/q?x=1")
		}
		return dir("proxy_pass", g.word(base))
	case k < 14:
		name := pick(g, g.ups...)
		if g.odd(0.1) {
			name = strings.ToUpper(name)
		}
		base := "http://" + name
		if uri && g.chance(0.2) {
			base += "/"
		}
		return dir("proxy_pass", base)
	case k < 15:
		if uri && g.chance(0.3) {
			return dir("proxy_pass", "http://unix:"+g.env.unix+":/")
		}
		return dir("proxy_pass", "http://unix:"+g.env.unix)
	case k < 16:
		return dir("proxy_pass", "https://"+g.env.t)
	case k < 19 && g.chance(g.wild):
		host := pick(g, g.variable(g.setVar("back")), g.env.a, "up_${back_kind}")
		if strings.Contains(host, "back_kind") {
			host = "up_0"
		}
		tail := pick(g, "", "", "$request_uri", "/")
		if tail == "/" && !uri && host[0] != '$' {
			tail = ""
		}
		return dir("proxy_pass", "http://"+host+tail)
	}
	return dir("proxy_pass", "http://"+g.env.a)
}

// params writes uwsgi_param or scgi_param lines.
func (g *generator) params(name string) []*node {
	var out []*node
	for _, k := range g.r.Perm(6)[:1+g.r.IntN(3)] {
		switch k {
		case 0:
			out = append(out, dir(name, "HTTP_UPGRADE", g.upgrade()))
		case 1:
			out = append(out, dir(name, "HTTP_CONNECTION", g.connection()))
		case 2:
			out = append(out, dir(name, "HTTP_HOST", g.host()))
		case 3:
			out = append(out, dir(name, "REQUEST_METHOD", "$request_method"))
		default:
			out = append(out, dir(name, "QUERY_STRING", "$query_string"))
		}
	}
	return out
}

// jump returns the name of a named location, to be defined.
func (g *generator) jump() string {
	name := pick(g, "@ws", "@app", "@b")
	if g.sv != nil {
		g.sv.jumps[name] = true
	}
	return name
}

// trick writes the ways people jump to a named location.
func (g *generator) trick() []*node {
	to := g.jump()
	switch g.r.IntN(4) {
	case 0:
		return []*node{dir("error_page", "418", "=", to), dir("return", "418")}
	case 1:
		return []*node{dir("error_page", "404", pick(g, "=", "=200"), to)}
	case 2:
		return []*node{
			dir("error_page", "418", "=", to),
			blockOf("if", "($http_upgrade", "~*", "websocket)").add(dir("return", "418")),
			g.pass(false),
		}
	default:
		return []*node{dir("error_page", "418", to), dir("return", "418")}
	}
}

// errorPage writes an error_page.
func (g *generator) errorPage() *node {
	d := dir("error_page", pick(g, "404", "403", "418", "500"))
	if g.chance(0.3) {
		d.words = append(d.words, pick(g, "405", "410", "302"))
	}
	if g.chance(0.5) {
		d.words = append(d.words, pick(g, "=", "=200", "=404"))
	}
	d.words = append(d.words, pick(g, g.jump(), g.jump(), "/a/b", "/ws", "/nothing", "/ws/x?y=1"))
	return d
}

// answer writes a return.
func (g *generator) answer() *node {
	return dir(append([]string{"return"}, pick(g,
		[]string{"404"}, []string{"403"}, []string{"418"}, []string{"200", `"it works; {"`}, []string{"204"}, []string{"301", "/ws"},
		[]string{"302", "http://$host/x"}, []string{"https://example.com$request_uri"}, []string{"301", "$scheme://$host$request_uri"},
		[]string{"307", "/a/b?c=d"}, []string{"410"}, []string{"400", "bad"}, []string{"444"})...)...)
}

// rewrites writes directives of the rewrite module, at server or location level.
func (g *generator) rewrites(kind string, n *node) []*node {
	var out []*node
	p := 0.2
	if kind == "server" {
		p = 0.12
	}
	for range 3 {
		if !g.odd(p) {
			continue
		}
		switch k := g.r.IntN(10); {
		case k < 5:
			out = append(out, g.set())
		case k < 8:
			out = append(out, g.rewrite())
		case k < 9 && kind == "server":
			out = append(out, g.ifBlock("server", ""))
		default:
			if kind == "location" && g.chance(0.3) {
				out = append(out, dir("break"))
			}
		}
	}
	return out
}

func (g *generator) rewrite() *node {
	from := pick(g, "^/old(.*)$", "^/a/(.*)$", "^/ws/(.*)$", "^/chat", "^/api/v1/(.*)$", "^(.*)/x$", "/live", `"^/r{2}(.*)"`, "^/(?<seg>[a-z]+)/live$", "^/up$")
	to := pick(g, "/ws", "/a/b", "/ws/x", "/new", "/hub?from=$uri", "/socket/1?", "/chat/x")
	if strings.Contains(from, "(.*)") {
		to = pick(g, "/ws/$1", "/$1", "/hub$1", "/a/$1?", "/live", "/api?to=$1")
	}
	d := dir("rewrite", from, to)
	if f := pick(g, "", "last", "break", "break", "last", "redirect", "permanent"); f != "" {
		d.words = append(d.words, f)
	}
	return d
}

// conditions are those of an if, each split into words.
var conditions = [][]string{
	{"($http_upgrade)"},
	{"($http_upgrade", "=", "websocket)"},
	{"(", "$http_upgrade", "=", `"websocket")`},
	{"($http_upgrade", "~*", "websocket)"},
	{"($http_upgrade", "!=", "websocket)"},
	{"($http_upgrade", "!~*", `"^web")`},
	{"($http_upgrade", "~", "(sock)et)"},
	{"($http_connection", "~*", "upgrade)"},
	{"($http_connection", "=", "Upgrade)"},
	{"($http_connection", "~", `"^keep-alive")`},
	{"($request_method", "=", "POST)"},
	{"($request_method", "=", "GET)"},
	{"($request_method", "!~", "^(GET|HEAD)$)"},
	{"($host", "=", "a.example.com)"},
	{"($host", "!=", "a.example.com)"},
	{"($host", "~*", `"\.org$")`},
	{"($arg_q)"},
	{"($args", "~", `"q=(\d)")`},
	{"(!-f", "$request_filename)"},
	{"(-e", "$request_filename)"},
	{"(-d", "/etc/none)"},
	{"($http_cookie", "~*", `"session=(.*)")`},
	{"($uri", "~", "^/ws/(.*)$)"},
	{"($scheme", "=", "http)"},
	{"($http_x_none)"},
	{"($is_args)"},
}

// ifBlock writes an if.
func (g *generator) ifBlock(kind, id string) *node {
	words := pick(g, conditions...)
	if g.odd(0.2) {
		v := g.setVar("any")
		g.wanted[v] = true
		v = "$" + v // an if takes no braces
		words = pick(g, []string{"(" + v + ")"}, []string{"(" + v, "=", "1)"}, []string{"(" + v, "!=", `"")`})
	}
	n := blockOf(append([]string{"if"}, slices.Clone(words)...)...)
	if kind == "location" {
		n.add(g.mark(n, id))
	}
	for range 1 + g.r.IntN(2) {
		switch k := g.r.IntN(14); {
		case k < 4:
			n.add(g.set())
		case k < 6:
			n.add(g.rewrite())
		case k < 7:
			n.add(g.answer())
		case k < 11 && kind == "location" && !n.has("proxy_pass"):
			n.add(g.pass(false))
		case k < 12:
			n.add(dir("break"))
		case k < 13 && kind == "location" && g.odd(0.3) && !n.has("error_page"):
			n.add(g.errorPage())
		}
	}
	return n
}

func (n *node) has(name string) bool {
	return slices.ContainsFunc(n.kids, func(k *node) bool { return k.name() == name })
}

// limitExcept writes a limit_except.
func (g *generator) limitExcept() *node {
	n := blockOf(append([]string{"limit_except"}, pick(g, []string{"GET"}, []string{"POST"}, []string{"GET", "POST"}, []string{"PUT"}, []string{"OPTIONS", "DELETE"})...)...)
	switch g.r.IntN(5) {
	case 0, 1:
		n.add(dir("deny", "all"))
	case 2:
		n.add(dir("allow", "127.0.0.0/8"), dir("deny", "all"))
	case 3:
		n.add(g.pass(false))
	default:
		n.add(dir("allow", "all"))
	}
	return n
}
