package effective

import (
	"strings"
	"time"
)

// restWords are the segments that say that a path is one of ordinary requests.
var restWords = map[string]bool{"api": true, "rest": true}

// lastingWords in a path may mean connections that stay open, whatever else it says.
var lastingWords = []string{
	"ws", "wss", "stream", "streams", "streaming", "live", "realtime", "real-time", "push", "event", "events", "subscribe",
	"subscriptions", "graphql", "chat", "notification", "notifications", "terminal", "console", "exec", "shell", "tty",
}

// SocketsBeside returns the route that carries the sockets of r's upstream, where r is
// meant for WebSocket by its lines alone and its path is one of ordinary requests: one of
// the same server and to the same upstream, whose path is named for WebSocket, that works
// and lets a connection be silent for least or longer. It is nil where there is none.
func (r *Route) SocketsBeside(least time.Duration) *Route {
	if r.Intent != Declared || r.sign != byOwnLine || r.Server == nil || r.Location == nil || r.LikelyPath || r.PlainPath || !namesRest(r.Location) {
		return nil
	}
	to := upstreamOf(r)
	if to == "" || strings.Contains(to, "$") || lasting(segmentsOf(passPath(r.Pass.Arg(0)))) {
		return nil
	}
	for _, other := range r.Model.Routes[r.Server.firstRoute:r.Server.endRoute] {
		if other.own() != r.own() && other.Intent == Declared && other.LikelyPath &&
			other.Verdict == Works && other.Idle.Known && other.Idle.Duration >= least && upstreamOf(other) == to {
			return other
		}
	}
	return nil
}

// namesRest reports whether a location's path, or every path that its pattern makes,
// is one of ordinary requests, and none says that connections stay open.
func namesRest(loc *Scope) bool {
	modifier, match := loc.ModifierAndMatch()
	if !strings.HasPrefix(modifier, "~") {
		return restSegments(segmentsOf(match))
	}
	if strings.Contains(match, "(?!") || strings.Contains(match, "(?<!") {
		return false
	}
	for _, v := range variantsOf(match) {
		if !restSegments(patternSegments(v)) {
			return false
		}
	}
	return true
}

func restSegments(segments []string) bool {
	rest := false
	for _, seg := range segments {
		rest = rest || restWords[seg]
	}
	return rest && !lasting(segments)
}

// lasting reports whether one of the segments may mean connections that stay open.
func lasting(segments []string) bool {
	for _, seg := range segments {
		if seg = dashed(seg); strings.Contains(seg, "sock") || namesHub(seg) || hasPiece(seg, lastingWords...) {
			return true
		}
	}
	return false
}
