package effective

import "strings"

// pathSigns is what the path of a route says of its purpose.
type pathSigns struct {
	likely  string // the word or words that say WebSocket; "" for none
	only    bool   // nothing but WebSocket is usual there
	polling bool   // the library falls back to polling on the same path
	pings   bool   // the library sends pings by itself
}

// pathWord is a path segment that WebSocket servers use.
type pathWord struct {
	polling, pings bool
}

// socketWords are the segments that say WebSocket by themselves.
var socketWords = map[string]pathWord{
	"ws": {}, "wss": {}, "websocket": {}, "websockets": {}, "web-socket": {}, "websocketd": {},
	"websockify": {}, "xmpp-websocket": {}, "colibri-ws": {}, "colibri-relay-ws": {}, "janus-ws": {},
	"webpack-hmr": {}, "ws-api": {}, "wsapi": {}, "wsproxy": {}, "ws-proxy": {}, "subscriptions-ws": {},
	"graphql-ws": {}, "mqtt-ws": {}, "_websocket": {}, "websocket-endpoint": {}, "vscode-remote-resource": {},
	"socket.io":    {polling: true, pings: true},
	"engine.io":    {polling: true, pings: true},
	"sockjs":       {polling: true, pings: true},
	"sockjs-node":  {polling: true, pings: true},
	"signalr":      {polling: true, pings: true},
	"cable":        {pings: true},
	"action-cable": {pings: true},
	"anycable":     {pings: true},
	"phoenix":      {pings: true},
}

// likelyWords are segments that often, but not only, carry WebSocket.
var likelyWords = map[string]bool{
	"socket": true, "sockets": true, "sock": true,
}

// likelyEnds are paths whose last segments together say WebSocket.
var likelyEnds = map[string]pathWord{
	"notifications/hub":  {pings: true},
	"_stcore/stream":     {},
	"api/v1/streaming":   {pings: true}, // Mastodon
	"live/websocket":     {pings: true},
	"socket/websocket":   {pings: true},
	"live_reload/socket": {pings: true},
}

// plainWords are segments that say the opposite: pages, files and plain requests
// that stand beside a socket.
var plainWords = map[string]bool{
	"health": true, "healthz": true, "healthcheck": true, "negotiate": true, "metrics": true,
	"longpolling": true, "status": true, "info": true, "ping": true, "stats": true, "version": true,
	"docs": true, "static": true, "assets": true,
}

// pathWords reads the location's path and the path that proxy_pass puts in its
// place.
func pathWords(r *Route) pathSigns {
	var signs pathSigns
	if r.Location != nil {
		modifier, match := r.Location.ModifierAndMatch()
		if strings.HasPrefix(modifier, "~") {
			signs = signsOfPattern(match)
		} else if !strings.HasPrefix(match, "@") {
			signs = signsOf(match)
		} else {
			signs = signsOf(strings.NewReplacer("@", "", "_", "/").Replace(match))
			signs.only = signs.only && signs.likely != ""
		}
	}
	if signs.likely == "" && !r.catchAll() && r.Pass.Directive != nil && protocol(r.Pass) == "proxy" {
		if uri := passPath(r.Pass.Arg(0)); uri != "" {
			signs = signsOf(uri)
			signs.only = false
		}
	}
	return signs
}

// passPath returns the URI part of a proxy_pass, "" where there is none or a
// variable makes it.
func passPath(url string) string {
	_, rest, ok := strings.Cut(url, "://")
	if !ok || strings.HasPrefix(rest, "unix:") {
		return ""
	}
	i := strings.IndexByte(rest, '/')
	if i < 0 || strings.Contains(rest[i:], "$") {
		return ""
	}
	return rest[i:]
}

func signsOf(path string) pathSigns {
	path, _, _ = strings.Cut(path, "?")
	return signsOfSegments(strings.FieldsFunc(strings.ToLower(path), func(c rune) bool { return c == '/' }), path)
}

// signsOfPattern reads the words of a regular expression as segments.
func signsOfPattern(expr string) pathSigns {
	if strings.Contains(expr, "(?!") || strings.Contains(expr, "(?<!") {
		return pathSigns{}
	}
	plain := strings.ToLower(strings.ReplaceAll(expr, `\.`, "."))
	words := strings.FieldsFunc(plain, func(c rune) bool {
		return !(c == '.' || c == '-' || c == '_' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9')
	})
	for i, w := range words {
		words[i] = strings.Trim(w, ".")
	}
	signs := signsOfSegments(words, expr)
	if strings.ContainsAny(expr, "|") {
		// An alternative may be something else altogether.
		for _, w := range words {
			if _, ok := socketWords[w]; !ok {
				signs.only = false
			}
		}
	}
	return signs
}

func signsOfSegments(segments []string, path string) pathSigns {
	if len(segments) == 0 {
		return pathSigns{}
	}
	last := segments[len(segments)-1]
	if plainWords[last] || strings.HasPrefix(last, "uni_") || isFile(last) {
		return pathSigns{}
	}
	var s pathSigns
	for _, seg := range segments {
		if w, ok := socketWords[seg]; ok {
			s.likely = seg
			s.polling = s.polling || w.polling
			s.pings = s.pings || w.pings
			s.only = !s.polling
		} else if strings.Contains(seg, "websocket") {
			s.likely, s.only = seg, true
		} else if s.likely == "" && likelyWords[seg] {
			s.likely = seg
		}
	}
	for end, w := range likelyEnds {
		if strings.HasSuffix(strings.Join(segments, "/"), end) {
			s.likely = end
			s.pings = s.pings || w.pings
		}
	}
	if s.likely != "" && strings.HasPrefix(path, "/") {
		s.likely = path
	}
	return s
}

// isFile reports whether a segment names a file that is fetched.
func isFile(segment string) bool {
	for _, ext := range [...]string{".js", ".css", ".map", ".html", ".json", ".png", ".svg", ".ico", ".txt", ".xml", ".php"} {
		if strings.HasSuffix(segment, ext) {
			return true
		}
	}
	return false
}
