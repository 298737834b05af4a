package effective

import (
	"slices"
	"strings"
)

// spokenBeside reports whether another location of r's server has lines for
// WebSocket of its own.
func (in *intentions) spokenBeside(r *Route) bool {
	return slices.ContainsFunc(in.spokenIn(r.Server), func(other *Route) bool { return other.own() != r.own() })
}

// spokenFor reports whether another location of r's server that has lines for
// WebSocket of its own passes to the upstream of r: the handshakes go there.
func (in *intentions) spokenFor(r *Route) bool {
	to := upstreamOf(r)
	return to != "" && slices.ContainsFunc(in.spokenIn(r.Server), func(other *Route) bool {
		return other.own() != r.own() && other.Location != nil && upstreamOf(other) == to
	})
}

// upstreamOf returns the host and port that r passes to, as they are written there
// and in the location's own set directives; "" where that is no URL.
func upstreamOf(r *Route) string {
	url := r.Pass.Arg(0)
	sets := slices.Clone(r.own().Own("set"))
	slices.SortStableFunc(sets, func(a, b Item) int { return len(b.Arg(0)) - len(a.Arg(0)) }) // $app_port before $app
	for _, it := range sets {
		if strings.HasPrefix(it.Arg(0), "$") {
			url = strings.ReplaceAll(url, it.Arg(0), it.Arg(1))
		}
	}
	scheme, host, port := splitURL(url)
	if scheme == "" {
		return ""
	}
	return host + ":" + port
}

// spokenIn returns the routes of a server whose locations have lines for WebSocket
// of their own.
func (in *intentions) spokenIn(vs *VirtualServer) []*Route {
	if in.spoken == nil {
		in.spoken = make(map[*VirtualServer][]*Route)
		for _, r := range in.m.Routes {
			if in.ownLine(r.own()).Directive != nil {
				in.spoken[r.Server] = append(in.spoken[r.Server], r)
			}
		}
	}
	return in.spoken[vs]
}

// transportBeside reports whether another location of r's server has lines of its own
// for the WebSocket of the library that answers below r: /primus/1/websocket below
// /primus/, which is left with polling then.
func (in *intentions) transportBeside(r *Route) bool {
	if r.Location == nil {
		return false
	}
	modifier, match := r.Location.ModifierAndMatch()
	if modifier == "=" || strings.HasPrefix(modifier, "~") {
		return false
	}
	above := segmentsOf(match)
	return slices.ContainsFunc(in.spokenIn(r.Server), func(other *Route) bool {
		if other.Location == nil || other.Location == r.Location {
			return false
		}
		modifier, match := other.Location.ModifierAndMatch()
		below := segmentsOf(match)
		return !strings.HasPrefix(modifier, "~") && len(below) > len(above) && slices.Equal(below[:len(above)], above) && below[len(below)-1] == "websocket"
	})
}

// socketBelow reports whether another location of r's server has lines of its own for
// a WebSocket below r: ^/browser/([^/]+)/ws$ below ^/browser/([^/]+)/$.
func (in *intentions) socketBelow(r *Route) bool {
	if r.Location == nil {
		return false
	}
	modifier, match := r.Location.ModifierAndMatch()
	pattern := strings.HasPrefix(modifier, "~")
	above := strings.TrimSuffix(match, "/")
	if pattern {
		above = strings.TrimSuffix(strings.TrimSuffix(match, "$"), "/")
	}
	return slices.ContainsFunc(in.spokenIn(r.Server), func(other *Route) bool {
		if other.Location == nil || other.own() == r.own() {
			return false
		}
		modifier, match := other.Location.ModifierAndMatch()
		below, found := strings.CutPrefix(match, above+"/")
		if !found || strings.HasPrefix(modifier, "~") != pattern {
			return false
		}
		if pattern {
			return signsOfPattern("/"+below).likely != ""
		}
		return signsOf("/"+below).likely != ""
	})
}

// servedBeside reports whether what r's regular expression says of WebSocket is
// the path of other locations of its server that have lines of their own: these
// are meant for it, whether or not the expression takes their requests.
func (in *intentions) servedBeside(r *Route) bool {
	if r.Location == nil {
		return false
	}
	modifier, match := r.Location.ModifierAndMatch()
	if !strings.HasPrefix(modifier, "~") {
		return false
	}
	served, known := in.served[r.Server]
	if !known {
		served = make(map[string]bool)
		for _, other := range in.spokenIn(r.Server) {
			if other.Location == nil {
				continue
			}
			if modifier, match := other.Location.ModifierAndMatch(); !strings.HasPrefix(modifier, "~") {
				served[strings.Join(segmentsOf(match), "/")] = true
			}
		}
		in.served[r.Server] = served
	}
	if len(served) == 0 {
		return false
	}
	paths := likelyPaths(match)
	for _, segments := range paths {
		if !served[strings.Join(segments, "/")] {
			return false
		}
	}
	return len(paths) > 0
}
