package report

import (
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

// reasonTexts are the causes of a broken handshake in a word or two, for a
// table; Route.Sentence tells them.
var reasonTexts = map[effective.ReasonKind]string{
	effective.MissingHTTPVersion:   "HTTP version",
	effective.MissingUpgrade:       "no Upgrade",
	effective.MissingConnection:    "no Connection",
	effective.DroppedHeaders:       "headers dropped",
	effective.WrongMap:             "map",
	effective.LostHandshakeHeaders: "headers lost",
	effective.HiddenResponse:       "answer hidden",
	effective.HandshakeMethod:      "method",
	effective.RedirectedHandshake:  "redirect",
	effective.UnsupportedPass:      "protocol",
	effective.UnreachableProxy:     "unreachable",
	effective.MissingResolver:      "no resolver",
	effective.UnsupportedNginx:     "nginx too old",
	effective.PlainHTTP2Listener:   "plain HTTP/2",
	effective.WebSocketScheme:      "ws://",
	effective.ZeroTimeout:          "timeout 0",
	effective.DuplicateHost:        "two Hosts",
	effective.UndefinedVariable:    "no such variable",
}

// reasonWords returns why a route is broken in a few words.
func reasonWords(r *effective.Route) string {
	var words []string
	for _, c := range r.Causes() {
		word := reasonTexts[c.Kind]
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
