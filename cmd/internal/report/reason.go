package report

import (
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

// reasonTexts are the causes of a broken handshake: in a word or two, for a
// table, and as a sentence.
var reasonTexts = map[effective.ReasonKind]struct{ word, sentence string }{
	effective.MissingHTTPVersion:   {"HTTP version", "the upstream is not spoken to in HTTP/1.1, and a handshake is HTTP/1.1"},
	effective.MissingUpgrade:       {"no Upgrade", `the upstream gets no "Upgrade: websocket"`},
	effective.MissingConnection:    {"no Connection", `the upstream gets no "Connection: upgrade"`},
	effective.DroppedHeaders:       {"headers dropped", "the location's own proxy_set_header throws away the Upgrade and Connection lines it would inherit"},
	effective.WrongMap:             {"map", "the map that makes Connection does not say upgrade for a handshake"},
	effective.LostHandshakeHeaders: {"headers lost", "a header that the handshake needs does not reach the upstream"},
	effective.HiddenResponse:       {"answer hidden", "proxy_hide_header takes a header out of the answer that the client waits for"},
	effective.HandshakeMethod:      {"method", "the handshake's GET is refused or sent as another method"},
	effective.RedirectedHandshake:  {"redirect", "the handshake is redirected before proxy_pass is reached, and clients do not follow"},
	effective.UnsupportedPass:      {"protocol", "the protocol of this upstream cannot carry a WebSocket"},
	effective.UnreachableProxy:     {"unreachable", "the handshake is answered before proxy_pass is reached"},
	effective.MissingResolver:      {"no resolver", "the host of proxy_pass is a variable and no resolver is set: nginx answers 502"},
	effective.UnsupportedNginx:     {"nginx too old", "this nginx cannot proxy WebSocket"},
	effective.PlainHTTP2Listener:   {"plain HTTP/2", "the listener speaks HTTP/2 without TLS only"},
	effective.WebSocketScheme:      {"ws://", "proxy_pass is written with a scheme that nginx does not know"},
	effective.ZeroReadTimeout:      {"timeout 0", "a read timeout of 0 answers 504 to everything"},
	effective.DuplicateHost:        {"two Hosts", "the upstream gets two Host lines, which it refuses"},
	effective.UndefinedVariable:    {"no such variable", "a header uses a variable that nothing defines: nginx does not start"},
}

// causes returns the reasons that make a route broken, each kind once.
func causes(r *effective.Route) []*effective.Reason {
	if r == nil || r.Verdict != effective.Broken {
		return nil
	}
	var out []*effective.Reason
	seen := map[effective.ReasonKind]bool{}
	for i := range r.Reasons {
		if kind := r.Reasons[i].Kind; r.Reasons[i].Unless == "" && !seen[kind] {
			seen[kind] = true
			out = append(out, &r.Reasons[i])
		}
	}
	return out
}

// reasonWords returns why a route is broken in a few words.
func reasonWords(r *effective.Route) string {
	var words []string
	for _, c := range causes(r) {
		word := reasonTexts[c.Kind].word
		switch {
		case c.Kind == effective.MissingHTTPVersion && r.HTTPVersion != "":
			word = "HTTP/" + r.HTTPVersion
		case c.Kind == effective.UnsupportedPass && r.Pass.Directive != nil:
			word = r.Pass.Head.Value
		case word == "":
			word = string(c.Kind)
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// reasonSentence returns why a route is broken.
func reasonSentence(r *effective.Route) string {
	var out []string
	for _, c := range causes(r) {
		text := reasonTexts[c.Kind].sentence
		switch {
		case c.Kind == effective.MissingHTTPVersion && r.HTTPVersion != "":
			text = "the upstream is spoken to in HTTP/" + r.HTTPVersion + ", and a handshake is HTTP/1.1"
		case text == "":
			text = string(c.Kind)
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

// TraceWhy returns a sentence on the outcome of a trace.
func TraceWhy(t *effective.Trace) string {
	if t.Outcome == effective.OutcomeBroken && len(causes(t.Route)) > 0 {
		return reasonSentence(t.Route)
	}
	return t.Why
}
