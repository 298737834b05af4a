package effective

// pathWord is a path segment that WebSocket servers use.
type pathWord struct {
	polling, pings bool
	mixed          bool // ordinary requests share the path
}

// socketWords are the segments that say WebSocket by themselves.
var socketWords = map[string]pathWord{
	"ws": {}, "wss": {}, "web-socket": {}, "websockify": {}, "xmpp-websocket": {},
	"wsapi": {}, "wsproxy": {}, "vscode-remote-resource": {},
	"uni_websocket": {}, // Centrifugo's other uni_ paths are plain
	"mqtt":          {pings: true},
	"ocpp":          {mixed: true},
	"stomp":         {mixed: true},
	"vnc":           {mixed: true}, "novnc": {mixed: true},
	"ttyd": {mixed: true, pings: true}, "wetty": {mixed: true}, "gotty": {mixed: true},
	"webpack-hmr":  {pings: true}, // Next.js, every 2.5s
	"hocuspocus":   {pings: true},
	"_event":       {pings: true}, // Reflex
	"yjs":          {pings: true}, // gives up after 30s of silence
	"socket.io":    {polling: true, pings: true},
	"socketio":     {polling: true, pings: true},
	"engine.io":    {polling: true, pings: true},
	"sockjs":       {polling: true, pings: true},
	"sockjs-node":  {polling: true, pings: true},
	"__sockjs__":   {polling: true, pings: true},
	"primus":       {polling: true, pings: true},
	"signalr":      {polling: true, pings: true},
	"_blazor":      {polling: true, pings: true},
	"cometd":       {polling: true, pings: true},
	"faye":         {polling: true, pings: true},
	"bayeux":       {polling: true, pings: true},
	"cable":        {pings: true},
	"action-cable": {pings: true},
	"anycable":     {pings: true},
	"phoenix":      {pings: true, mixed: true},
	"reverb":       {pings: true, mixed: true},
}

// isFramework reports whether a word is the name of a web framework too, so that a
// location of that name may be where all its requests go.
func isFramework(word string) bool { return word == "phoenix" }

// likelyWords are segments that often, but not only, carry WebSocket.
var likelyWords = map[string]bool{
	"socket": true, "sockets": true, "sock": true, "hubs": true,
}

// likelyParts are neighbouring segments that together say WebSocket.
var likelyParts = []struct {
	segments string
	word     pathWord
	end      bool // the path ends there
}{
	{"notifications/hub", pathWord{pings: true}, true},
	{"notifications/anonymous-hub", pathWord{pings: true}, true},
	{"_stcore/stream", pathWord{pings: true}, true},   // Streamlit
	{"api/v1/streaming", pathWord{pings: true}, true}, // Mastodon
	{"realtime/v1", pathWord{pings: true, mixed: true}, true},
	{"live/websocket", pathWord{pings: true}, true},
	{"socket/websocket", pathWord{pings: true}, true},
	{"live_reload/socket", pathWord{pings: true}, true},
	{"api/kernels", pathWord{pings: true, mixed: true}, false}, // Jupyter
}

// servedPaths are paths that say WebSocket where the upstream is the server that
// uses them.
var servedPaths = []struct {
	segment  string
	upstream []string // parts of its name, or its port
	word     pathWord
}{
	{"app", []string{"reverb", "soketi", "laravel-websockets", ":6001"}, pathWord{pings: true}},
	{"push", []string{"notify_push", "notify-push", ":7867"}, pathWord{pings: true}}, // Nextcloud, every 30s
	{"live", []string{"grafana"}, pathWord{pings: true}},
	{"events", []string{"taiga-events", "taiga_events"}, pathWord{}},
	{"janus", []string{":8188", ":8989"}, pathWord{}},
}

// plainWords are last segments that say the opposite: pages, files and plain
// requests that stand beside a socket.
var plainWords = map[string]bool{
	"health": true, "healthz": true, "healthcheck": true, "negotiate": true, "metrics": true,
	"longpolling": true, "status": true, "info": true, "ping": true, "stats": true, "version": true,
	"docs": true, "static": true, "assets": true, "css": true, "js": true, "fonts": true, "img": true, "images": true,
	"libs": true, "locales": true, "login": true, "logout": true, "sse": true,
	"http-bind": true, "bosh": true, "xmlrpc": true, "robots.txt": true,
}

// aboutWords before a last segment that says socket may mean requests about
// sockets: /monitoring/websocket/.
var aboutWords = map[string]bool{
	"monitoring": true, "monitor": true, "metrics": true, "stats": true, "statistics": true,
	"health": true, "healthcheck": true, "status": true, "reports": true,
}

// fileFolders before a library's name mean its files: /scripts/primus.
var fileFolders = map[string]bool{
	"scripts": true, "script": true, "js": true, "javascript": true, "javascripts": true, "static": true, "assets": true,
	"lib": true, "libs": true, "vendor": true, "dist": true, "node_modules": true, "bower_components": true,
}

// serviceWords make "ws" in the same path, proxied path or upstream's name mean
// a web service.
var serviceWords = [...]string{"soap", "wsdl", "rest", "asmx", "axis", "axis2", "cxf", "jaxws", "webservice", "webservices", "xmlrpc"}
