package probe

import "strings"

// grumble is how a WebSocket library words that a handshake lacks something.
type grumble struct {
	words  string // in lower case, part of the body
	by     string
	means  string
	remedy string
}

const (
	meansUpgrade    = "it says that the Upgrade line did not reach it: nginx does not pass it on"
	meansConnection = "it says that the Connection line that reached it does not ask for an upgrade: nginx writes its own there"
	meansNone       = "it says that no handshake reached it: nginx does not pass the Upgrade and Connection lines on"
	meansVersion    = "it says that the request reached it as HTTP/1.0, which is nginx's default before 1.29.7"
	meansKey        = "it says that a Sec-WebSocket line did not reach it"

	remedyUpgrade    = "in the location that answers: proxy_set_header Upgrade $http_upgrade"
	remedyConnection = "in the location that answers: proxy_set_header Connection \"upgrade\", or $connection_upgrade with its map"
	remedyVersion    = "in the location that answers: proxy_http_version 1.1"
	remedyKey        = "look for proxy_pass_request_headers off and proxy_set_header Sec-WebSocket-…"
)

// grumbles are looked for in this order: the more exact first.
var grumbles = []grumble{
	{"'upgrade' token not found in 'connection'", "gorilla/websocket", meansConnection, remedyConnection},
	{"'websocket' token not found in 'upgrade'", "gorilla/websocket", meansUpgrade, remedyUpgrade},
	{`connection header "close" does not contain upgrade`, "coder/websocket", meansConnection, remedyConnection},
	{"does not contain websocket", "coder/websocket", meansUpgrade, remedyUpgrade},
	{`"connection" must be "upgrade"`, "Tornado, SockJS", meansConnection, remedyConnection},
	{`can "upgrade" only to "websocket"`, "Tornado, SockJS", meansUpgrade, remedyUpgrade},
	{"no websocket upgrade hdr", "aiohttp", meansUpgrade, remedyUpgrade},
	{"no connection upgrade hdr", "aiohttp", meansConnection, remedyConnection},
	{"missing connection header", "websockets (Python)", meansConnection, remedyConnection},
	{"invalid connection header", "websockets (Python)", meansConnection, remedyConnection},
	{"missing upgrade header", "websockets (Python)", meansUpgrade, remedyUpgrade},
	{"invalid upgrade header", "ws, websockets", meansUpgrade, remedyUpgrade},
	{"you cannot access a websocket server directly with a browser", "websockets (Python)", meansNone, adviceHeaders},
	{"unsupported upgrade request", "Uvicorn", "it says that it was asked for an upgrade that it does not know: no WebSocket library is installed behind it, or a plain request was marked as one", "install the application's WebSocket support; use $connection_upgrade with its map in place of a constant \"upgrade\""},
	{"must be at least http/1.1", "coder/websocket", meansVersion, remedyVersion},
	{"http/1.0", "a strict server", "its text names HTTP/1.0, and HTTP/1.1 was sent: nginx asks upstreams in HTTP/1.0 by default before 1.29.7", remedyVersion},
	{"missing or invalid sec-websocket-key", "ws", meansKey, remedyKey},
	{"sec-websocket-key' header", "gorilla/websocket", meansKey, remedyKey},
	{"missing sec-websocket", "websockets (Python)", meansKey, remedyKey},
	{"session id unknown", "socket.io", "the polling session is known to another backend: several stand behind nginx, and nothing ties a client to one", "ip_hash, hash or sticky in the upstream block"},
	{"transport unknown", "socket.io", "a socket.io server answers and was not told the transport", "probe /socket.io/?EIO=4&transport=websocket"},
	{"not a websocket handshake", "a WebSocket server", meansNone, adviceHeaders},
	{"upgrade required", "ws", meansNone, adviceHeaders},
}

// complaint returns what an answer that a WebSocket library wrote complains
// of, nil where it is of none that is known.
func complaint(a *Answer) *grumble {
	text := strings.ToLower(a.Body)
	for i := range grumbles {
		if strings.Contains(text, grumbles[i].words) {
			return &grumbles[i]
		}
	}
	return nil
}
