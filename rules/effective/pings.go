package effective

import (
	"strings"
	"time"
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
		first, _, _ := strings.Cut(strings.ToLower(n), ".")
		if name, every = pingerIn(first); name != "" {
			return name, every
		}
	}
	return "", 0
}

func pingerIn(text string) (string, time.Duration) {
	text = strings.ReplaceAll(text, "_", "-")
	for i := range pingers {
		for _, name := range pingers[i].names {
			if hasPiece(text, name) {
				return name, pingers[i].every
			}
		}
	}
	return "", 0
}
