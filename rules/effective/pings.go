package effective

import (
	"slices"
	"strings"
	"time"

	"github.com/wsnginx/wsnginx/parser"
)

// pingers are programs that are served under their own names and, as they are
// shipped, are never silent on a WebSocket for longer than every: the server pings, or
// its client does. A hyphen of a name may be an underscore.
var pingers = []struct {
	names []string
	every time.Duration
}{
	{[]string{"grafana"}, 25 * time.Second}, // centrifuge
	{[]string{"guacamole"}, 500 * time.Millisecond},
	{[]string{"home-assistant", "homeassistant", "hass"}, 55 * time.Second},
	{[]string{"jellyfin"}, 45 * time.Second},
	{[]string{"jupyter", "jupyterhub", "jupyterlab"}, 30 * time.Second},
	{[]string{"node-red", "nodered"}, 15 * time.Second},
	{[]string{"sonarr", "radarr", "lidarr", "readarr", "prowlarr"}, 15 * time.Second},                           // SignalR
	{[]string{"meteor", "rocketchat", "rocket-chat", "rocket.chat", "wekan"}, 17500 * time.Millisecond},         // Meteor's DDP
	{[]string{"socket.io", "socketio", "socket-io", "uptime-kuma", "uptimekuma", "etherpad"}, 25 * time.Second}, // socket.io
}

// Pinger returns the name in the route's upstream, the hosts of its block, or the
// server_name of a catch-all that is a program's which pings by itself, and how
// often it does as it is shipped; "" where there is none. Unlike Pings it says
// nothing of the path.
func (r *Route) Pinger() (name string, every time.Duration) {
	host := strings.ToLower(upstreamOf(r))
	if name, every = pingerIn(host); name != "" {
		return name, every
	}
	if _, host, _ := splitURL("http://" + host); host != "" {
		if block := r.Model.Upstream(host); block != nil {
			for _, it := range block.Own("server") {
				if name, every = pingerIn(strings.ToLower(it.Arg(0))); name != "" {
					return name, every
				}
			}
		}
	}
	if r.Server == nil || !r.catchAll() {
		return "", 0
	}
	for _, n := range r.Server.Names {
		n = strings.ToLower(n)
		first, _, _ := strings.Cut(n, ".")
		if name, every = pingerIn(first); name != "" && !namesOther(host, n) {
			return name, every
		}
	}
	return "", 0
}

// namesOther reports whether the variables that a template fills an upstream from are
// named for something else than the one of the server_name: the server has the role's
// name then, and passes on to one program of it ("prometheus_http_address" behind
// "jupyterhub_service_name").
func namesOther(upstream, server string) bool {
	if !parser.HoldsTag(upstream) || !parser.HoldsTag(server) {
		return false
	}
	known := wordsOf(server)
	return slices.ContainsFunc(wordsOf(upstream), func(w string) bool {
		return len(w) > 2 && !slices.Contains(known, w) && !slices.Contains(placeWords, w)
	})
}

// placeWords say where an upstream is, and not what.
var placeWords = []string{
	"ansible", "address", "addr", "host", "hostname", "hosts", "hostvars", "port", "http", "https", "default", "ipv", "ssh", "facts",
	"item", "inventory", "groups", "vars", "values", "config", "env", "name", "domain", "url", "uri", "service", "svc", "server",
	"upstream", "backend", "proxy", "pass", "target", "container", "internal", "local", "localhost", "listen", "bind", "app", "web", "nginx",
}

// wordsOf returns the runs of letters in a text.
func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return c < 'a' || 'z' < c })
}

func pingerIn(text string) (string, time.Duration) {
	text = dashed(text)
	for i := range pingers {
		for _, name := range pingers[i].names {
			if hasPiece(text, name) {
				return name, pingers[i].every
			}
		}
	}
	return "", 0
}

// otherHubs end in the word for a hub and are none of SignalR's.
var otherHubs = []string{"github", "dockerhub", "jupyterhub"}

// unjoined takes the marks out that join words.
var unjoined = strings.NewReplacer("-", "", "_", "")

// namesHub reports whether a path or pattern has a segment as ASP.NET's examples call
// the hubs of SignalR, whose server pings every 15s: hub, hubs, chatHub,
// notification-hub, and what isHub knows in lower case. thub and lndhub are words.
func namesHub(path string) bool {
	if !strings.Contains(strings.ToLower(path), "hub") || strings.Contains(path, "(?!") || strings.Contains(path, "(?<!") {
		return false
	}
	words := strings.FieldsFunc(path, func(c rune) bool {
		return !(c == '.' || c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z')
	})
	before := ""
	for _, word := range words {
		lower := strings.ToLower(word)
		name := lower
		switch {
		case lower == "hub" || lower == "hubs":
			name = before + "hub" // docker/hub
		case !isHub(lower) && !strings.HasSuffix(word, "Hub") && !strings.HasSuffix(lower, "-hub") && !strings.HasSuffix(lower, "_hub"):
			name = ""
		}
		bare := unjoined.Replace(name)
		if name != "" && !slices.ContainsFunc(otherHubs, func(other string) bool { return strings.HasSuffix(bare, other) }) {
			return true
		}
		before = lower
	}
	return false
}
