package truth

import (
	"slices"
	"strings"
)

// maps writes the maps of the http level.
func (g *generator) maps() []*node {
	var out []*node
	add := func(name string, m *node) {
		if !slices.Contains(g.mapVars, name) && strings.HasPrefix(name, "c") {
			g.mapVars = append(g.mapVars, name)
		} else if strings.HasPrefix(name, "u") && !slices.Contains(g.upVars, name) {
			g.upVars = append(g.upVars, name)
		}
		out = append(out, m)
	}
	if g.chance(0.8) {
		add("connection_upgrade", g.connectionMap("connection_upgrade"))
		if g.odd(0.1) { // defined twice
			add("connection_upgrade", g.connectionMap("connection_upgrade"))
		}
	}
	if g.odd(0.5) {
		add("conn_map", g.connectionMap("conn_map"))
	}
	if g.odd(0.4) {
		m := g.connectionMap("chain")
		if len(g.mapVars) > 0 {
			from := pick(g, g.mapVars...)
			m = blockOf("map", "$"+from, "$chain").add(dir("default", pick(g, "$"+from, "close", "upgrade")))
			if g.chance(0.5) {
				m.add(dir("upgrade", pick(g, "Upgrade", "keep-alive", "$http_connection")))
			}
			if g.chance(0.5) {
				m.add(dir("~*close", pick(g, "upgrade", "close", "''")))
			}
		}
		add("chain", m)
	}
	if g.odd(0.4) {
		m := blockOf("map", "$http_upgrade", "$up_map")
		m.add(g.mapKeys([]string{"websocket", "WebSocket", "$http_upgrade", "''", "h2c"})...)
		add("up_map", m)
	}
	return out
}

// connectionMap writes a map for Connection.
func (g *generator) connectionMap(name string) *node {
	source := "$http_upgrade"
	if g.odd(0.4) {
		source = pick(g, "$http_connection", `"$http_upgrade$http_connection"`, "$request_method", "$http_Upgrade", `"${http_upgrade}"`, "$scheme",
			`"$http_connection"`, "$http_x_none")
		if g.odd(0.08) { // what only a request decides
			source = pick(g, "$host", "$uri", "$arg_ws", "$server_name")
		}
	}
	m := blockOf("map", source, "$"+name)
	if !g.odd(0.5) {
		m.add(dir("default", "upgrade"), dir("''", "close"))
		if g.chance(0.3) {
			m.kids[1].words[1] = `""`
		}
		return m
	}
	m.add(g.mapKeys([]string{"upgrade", "Upgrade", "close", "''", "keep-alive", "$http_connection", `"keep-alive, upgrade"`, `"${http_connection}"`})...)
	return m
}

// mapKeys writes the lines of a map.
func (g *generator) mapKeys(values []string) []*node {
	keys := []string{"default", "''", "websocket", "~*^web", "~socket$", "upgrade", `"keep-alive, Upgrade"`, "~*upgrade", "GET", "~^$",
		"~*(up)(grade)", `\default`, "a.example.com", "*.example.com", "/ws", "~^/(ws|a)",
		"upstream", "proxy_pass", "location", "if", "set"} // any word may stand in a map
	g.r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	var out []*node
	for _, k := range keys[:1+g.r.IntN(6)] {
		v := pick(g, values...)
		if strings.Contains(k, "(") && g.chance(0.5) {
			v = pick(g, "$1grade", `"$1"`)
		}
		if g.odd(0.1) && k != "default" && k[0] != '~' && k[0] != '\'' && k[0] != '\\' {
			k = strings.ToUpper(k)
			if k[0] != '"' {
				k = `"` + k + `"`
			}
		}
		out = append(out, dir(k, v))
	}
	if g.odd(0.15) {
		out = append([]*node{dir(pick(g, "hostnames", "volatile"))}, out...)
	}
	return out
}
