package effective

import "strings"

// reasonSentences say what becomes of a handshake, for each way it fails.
var reasonSentences = map[ReasonKind]string{
	MissingHTTPVersion:   "the upstream is not spoken to in HTTP/1.1, and a handshake is HTTP/1.1",
	MissingUpgrade:       `the upstream gets no "Upgrade: websocket"`,
	MissingConnection:    `the upstream gets no "Connection: upgrade"`,
	DroppedHeaders:       "the location's own proxy_set_header throws away the Upgrade and Connection lines it would inherit",
	WrongMap:             "the map that makes Connection does not say upgrade for a handshake",
	LostHandshakeHeaders: "a header that the handshake needs does not reach the upstream",
	HiddenResponse:       "proxy_hide_header takes a header out of the answer that the client waits for",
	HandshakeMethod:      "the handshake's GET is refused or sent as another method",
	RedirectedHandshake:  "the handshake is redirected before proxy_pass is reached, and clients do not follow",
	UnsupportedPass:      "the protocol of this upstream cannot carry a WebSocket",
	UnreachableProxy:     "the handshake is answered before proxy_pass is reached",
	MissingResolver:      "the host of proxy_pass is a variable and no resolver is set: nginx answers 502",
	UnsupportedNginx:     "this nginx cannot proxy WebSocket",
	PlainHTTP2Listener:   "the listener speaks HTTP/2 without TLS only",
	WebSocketScheme:      "proxy_pass is written with a scheme that nginx does not know",
	ZeroTimeout:          "with a timeout of 0 nginx answers 504 to everything",
	DuplicateHost:        "the upstream gets two Host lines, which it refuses",
	UndefinedVariable:    "a header uses a variable that nothing defines: nginx does not start",
}

// Causes returns the reasons that make the route broken, each kind once.
func (r *Route) Causes() []*Reason {
	if r == nil || r.Verdict != Broken {
		return nil
	}
	var out []*Reason
	seen := map[ReasonKind]bool{}
	for i := range r.Reasons {
		if kind := r.Reasons[i].Kind; r.Reasons[i].Unless == "" && !seen[kind] {
			seen[kind] = true
			out = append(out, &r.Reasons[i])
		}
	}
	return out
}

// Sentence says why the route is broken, "" where it is not.
func (r *Route) Sentence() string {
	var out []string
	for _, c := range r.Causes() {
		text := reasonSentences[c.Kind]
		if c.Kind == MissingHTTPVersion && r.HTTPVersion != "" {
			text = "the upstream is spoken to in HTTP/" + r.HTTPVersion + ", and a handshake is HTTP/1.1"
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}
