package truth

import (
	"fmt"
	"slices"
	"strings"
)

// snippet is a file that is included in several places.
type snippet struct {
	file    *file
	scalars []string
}

// makeSnippets writes the files that locations and servers share.
func (g *generator) makeSnippets() {
	for i := range 1 + g.r.IntN(3) {
		f := &file{name: fmt.Sprintf("snippets/%s.conf", pick(g, "proxy", "ws", "headers")+fmt.Sprint(i)), style: g.style()}
		s := &snippet{file: f}
		l := newLevel("location")
		if g.chance(0.5) {
			f.nodes = append(f.nodes, g.headers(3)...)
		} else {
			f.nodes = append(f.nodes, g.sane()...)
		}
		if g.chance(0.5) {
			f.nodes = append(f.nodes, g.scalars(l, 2)...)
		}
		for name := range l.seen {
			s.scalars = append(s.scalars, name)
		}
		slices.Sort(s.scalars)
		g.used[f.name] = true
		g.snippets = append(g.snippets, s)
	}
}

// proxyLevel writes directives of the proxy module at one level.
func (g *generator) proxyLevel(l *level, p float64) []*node {
	var out []*node
	if g.chance(p) {
		if g.chance(0.55) {
			out = append(out, g.sane()...)
			if g.chance(0.2) {
				out = append(out, g.headers(1)...)
			}
			if g.chance(0.7) && l.once("proxy_http_version") {
				out = append(out, dir("proxy_http_version", "1.1"))
			}
		} else {
			out = append(out, g.headers(1+g.r.IntN(4))...)
		}
	}
	if g.chance(p) && l.once("proxy_http_version") {
		out = append(out, g.version())
	}
	if g.chance(p * 0.8) {
		out = append(out, g.scalars(l, 1+g.r.IntN(2))...)
	}
	if g.odd(p * 0.3) {
		out = append(out, g.responses()...)
	}
	if g.chance(p*0.5) && len(g.snippets) > 0 {
		if s := pick(g, g.snippets...); !slices.ContainsFunc(s.scalars, func(n string) bool { return l.seen[n] }) {
			for _, n := range s.scalars {
				l.seen[n] = true
			}
			out = append(out, included(s.file.name, s.file))
		}
	}
	if g.odd(0.3) {
		g.r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	}
	return out
}

func (g *generator) version() *node {
	return dir("proxy_http_version", g.word(pick(g, "1.1", "1.1", "1.1", "1.1", "1.1", "1.0")))
}

// sane are the lines that people copy.
func (g *generator) sane() []*node {
	connection := `"upgrade"`
	if g.chance(0.5) {
		connection = g.connection()
	}
	out := []*node{
		dir("proxy_set_header", "Upgrade", "$http_upgrade"),
		dir("proxy_set_header", "Connection", connection),
	}
	if g.chance(0.6) {
		out = append(out, dir("proxy_set_header", "Host", "$host"))
	}
	if g.chance(0.3) {
		out = append(out, dir("proxy_set_header", "X-Forwarded-For", "$proxy_add_x_forwarded_for"))
	}
	return out
}

// headers writes n proxy_set_header lines.
func (g *generator) headers(n int) []*node {
	var out []*node
	for range n {
		name, value := g.header()
		if g.odd(0.2) {
			name = pick(g, strings.ToUpper(name), strings.ToLower(name), strings.ToLower(name[:1])+name[1:])
		}
		out = append(out, dir("proxy_set_header", g.word(name), value))
		if g.odd(0.05) {
			out = append(out, dir("proxy_set_header", name, value))
		}
	}
	return out
}

func (g *generator) header() (name, value string) {
	switch n := g.r.IntN(100); {
	case n < 26:
		return "Upgrade", g.upgrade()
	case n < 54:
		return "Connection", g.connection()
	case n < 70:
		return "Host", g.host()
	case n < 72:
		return "Sec-WebSocket-Key", pick(g, `""`, "$http_sec_websocket_key", "${http_sec_websocket_key}", "abc", "$remote_addr", "$http_Sec_WebSocket_Key")
	case n < 75:
		return "Sec-WebSocket-Version", pick(g, "13", "$http_sec_websocket_version", `"13"`, "8", "''")
	case n < 77:
		if g.number%2 == 0 { // and hidden in the others: both together is nobody's wish
			return "Sec-WebSocket-Protocol", "chat"
		}
		return "Sec-WebSocket-Protocol", pick(g, `""`, "$http_sec_websocket_protocol")
	case n < 79:
		return "Sec-WebSocket-Extensions", pick(g, `""`, "$http_sec_websocket_extensions")
	case n < 82:
		return "Origin", pick(g, `""`, "$http_origin", "http://$host")
	case n < 92:
		return pick(g, "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto", "X-A"), pick(g,
			"$remote_addr", "$proxy_add_x_forwarded_for", "$scheme", "b", `""`, "$http_x_a")
	default:
		return "X-Note", g.quoted(pick(g, "proxy_set_header Upgrade $http_upgrade;", "proxy_pass http://x; }", "# no comment",
			"location /ws {", "it is; so", `a "quote"`, `tab\tbed`))
	}
}

// upgrade is a value for Upgrade.
func (g *generator) upgrade() string {
	switch n := g.r.IntN(20); {
	case n < 11:
		return pick(g, "$http_upgrade", "$http_upgrade", "${http_upgrade}", `"$http_upgrade"`, "'$http_upgrade'", "$http_Upgrade")
	case n < 13:
		return pick(g, "websocket", "WebSocket", `"websocket"`, `"h2c, websocket"`)
	case n < 14:
		return pick(g, `""`, "''", "h2c", "upgrade", "$http_connection", "$http_x_none", "web$http_none")
	case n < 17 && len(g.upVars) > 0:
		return g.variable(pick(g, g.upVars...))
	case n < 18 && len(g.mapVars) > 0:
		return g.variable(pick(g, g.mapVars...))
	case n < 19:
		return g.variable(g.setVar("up"))
	}
	return "$http_upgrade"
}

// connection is a value for Connection.
func (g *generator) connection() string {
	switch n := g.r.IntN(20); {
	case n < 6:
		return pick(g, `"upgrade"`, `"upgrade"`, "upgrade", "Upgrade", "'Upgrade'", `"keep-alive, Upgrade"`, "Upgrade,Keep-Alive")
	case n < 8:
		return pick(g, `" upgrade"`, `"upgrade "`, `"upgrade, close"`, "UPGRADE", `"\tupgrade"`, `'keep-alive,	Upgrade'`)
	case n < 10:
		return pick(g, `""`, "close", "keep-alive", "''", "websocket", `"upgraded"`, "$http_upgrade")
	case n < 12:
		return pick(g, "$http_connection", "${http_connection}", `"$http_connection, Upgrade"`, "$http_Connection", "up${http_none}grade")
	case n < 18 && len(g.mapVars) > 0:
		v := g.variable(pick(g, g.mapVars...))
		if g.odd(0.1) {
			return g.quoted(v)
		}
		return v
	case n < 19:
		return g.variable(g.setVar("conn"))
	}
	return "upgrade"
}

// host is a value for Host.
func (g *generator) host() string {
	return pick(g, "$host", "$host", "$http_host", "$proxy_host", "app.example.com", `""`, "$server_name",
		"$host:$server_port", `"$host"`, "${host}", "$Host", "$hostname", "$http_x_none", "$server_addr")
}

// setVar returns a variable of a kind that set assigns.
func (g *generator) setVar(kind string) string {
	name := fmt.Sprintf("%s_%d", kind, g.r.IntN(2))
	if !slices.Contains(g.setVars, name) {
		g.setVars = append(g.setVars, name)
	}
	return name
}

// setValue is what set gives to a variable of its kind.
func (g *generator) setValue(name string) string {
	kind, _, _ := strings.Cut(name, "_")
	switch kind {
	case "up":
		return pick(g, "$http_upgrade", "websocket", `""`, `"${http_upgrade}"`, "h2c")
	case "conn":
		values := []string{"upgrade", `"upgrade"`, "close", "''", "$http_connection", "${conn_1}e"}
		for _, v := range g.mapVars {
			values = append(values, "$"+v)
		}
		v := pick(g, values...)
		if strings.Contains(v, "conn_1") {
			g.wanted["conn_1"] = true
			if !slices.Contains(g.setVars, "conn_1") {
				g.setVars = append(g.setVars, "conn_1")
			}
		}
		return v
	case "back":
		return pick(g, g.env.a, g.env.b, "up_0", "up_1")
	}
	return pick(g, "0", "1", "a", `""`, "$uri", "$host", "$1", "$http_upgrade")
}

// set writes a set directive.
func (g *generator) set() *node {
	name := g.setVar(pick(g, "up", "conn", "back", "any", "any", "any"))
	if len(g.mapVars) > 0 && g.odd(0.03) {
		name = pick(g, g.mapVars...) // over a map's
	}
	g.wanted["set "+name] = true
	return dir("set", "$"+name, g.setValue(name))
}

// durations are values for a timeout that run out while a test waits, and
// others that do not.
var durations = []string{"1s", "1500ms", "2", "700ms", "1s200ms", "0m1s", "60s", "60", "1m", "75s", "1h", "1d", "86400s", "3600", "1h 30m", "4m5s6ms"}

func (g *generator) duration() string {
	d := pick(g, durations...)
	if strings.Contains(d, " ") {
		return g.quoted(d)
	}
	return g.word(d)
}

// scalars writes directives that may stand once at a level.
func (g *generator) scalars(l *level, n int) []*node {
	var out []*node
	for range n {
		var d *node
		switch k := g.r.IntN(30); {
		case k < 12:
			d = dir("proxy_read_timeout", g.duration())
			if g.odd(0.03) {
				d = dir("proxy_read_timeout", "0")
			}
		case k < 14:
			d = dir("proxy_send_timeout", g.duration())
		case k < 16:
			d = dir("proxy_connect_timeout", pick(g, "1s", "5", "60s"))
		case k < 18:
			d = dir("proxy_buffering", pick(g, "on", "off"))
		case k < 20:
			d = dir(pick(g, "uwsgi_read_timeout", "scgi_read_timeout"), g.duration())
			if g.odd(0.03) {
				d.words[1] = "0"
			}
		case k < 21:
			d = dir("send_timeout", g.duration())
		case k < 23:
			if !g.odd(0.5) {
				continue
			}
			d = dir("proxy_pass_request_headers", pick(g, "on", "off", "On", "OFF"))
		case k < 25:
			if !g.odd(0.5) {
				continue
			}
			d = dir("proxy_method", pick(g, "GET", "POST", "$request_method", `"GET"`, "PUT"))
		case k < 26:
			d = dir("proxy_request_buffering", "off")
		case k < 27:
			d = dir("proxy_http_version", g.word(pick(g, "1.0", "1.1")))
		case k < 28:
			if !g.odd(0.5) {
				continue
			}
			d = dir(pick(g, "uwsgi_pass_request_headers", "scgi_pass_request_headers"), pick(g, "on", "off"))
		case k < 29:
			d = dir("proxy_socket_keepalive", "on")
		default:
			d = dir("client_max_body_size", "1m")
		}
		if l.once(d.name()) {
			out = append(out, d)
		}
	}
	return out
}

// responses writes directives on the response's headers.
func (g *generator) responses() []*node {
	var out []*node
	for range 1 + g.r.IntN(2) {
		name := pick(g, "X-Powered-By", "Upgrade", "Sec-WebSocket-Accept", "upgrade", "Connection", "Server", "Sec-WebSocket-Protocol")
		if name == "Sec-WebSocket-Protocol" && g.number%2 == 0 {
			name = "Set-Cookie"
		}
		out = append(out, dir(pick(g, "proxy_hide_header", "proxy_hide_header", "proxy_pass_header", "uwsgi_hide_header",
			"scgi_hide_header", "uwsgi_pass_header"), g.word(name)))
	}
	return out
}
