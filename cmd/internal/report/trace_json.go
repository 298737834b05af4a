package report

import (
	"io"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

type traceDocument struct {
	Version      int    `json:"version"`
	NginxVersion string `json:"nginx_version"`
	URL          string `json:"url"`
	wayJSON
	Findings []findingJSON `json:"findings"`
	Problems []problemJSON `json:"problems"`
}

type consideredJSON struct {
	Modifier string `json:"modifier"`
	Match    string `json:"match"`
	Why      string `json:"why"`
}

// wayJSON is the way through one server, and onward through others of the same
// configuration.
type wayJSON struct {
	Outcome    string           `json:"outcome"`
	Why        string           `json:"why"`
	Server     *serverJSON      `json:"server"`
	Location   *locationJSON    `json:"location"`
	Route      *routeJSON       `json:"route"`
	Considered []consideredJSON `json:"considered"`
	Redirect   *string          `json:"redirect"`
	Onward     *wayJSON         `json:"onward,omitempty"`
}

func (s Style) way(t *effective.Trace) *wayJSON {
	if t == nil {
		return nil
	}
	out := &wayJSON{
		Outcome: string(t.Outcome), Why: s.sentence(t.Why), Server: s.server(t.Server), Location: s.location(t.Location),
		Considered: []consideredJSON{}, Onward: s.way(t.Onward),
	}
	if t.Route != nil {
		route := s.route(t.Route)
		out.Route = &route
	}
	for _, c := range t.Considered {
		out.Considered = append(out.Considered, consideredJSON{c.Modifier, c.Match, c.Why})
	}
	if t.Redirect != "" {
		out.Redirect = &t.Redirect
	}
	return out
}

// TraceJSON prints the way of a URL as one JSON document. findings are those
// about the location that answers, problems what was not read.
func TraceJSON(w io.Writer, version effective.Version, t *effective.Trace, problems []parser.Problem, s Style, findings ...rules.Finding) error {
	way := s.way(t)
	return Encode(w, traceDocument{
		Version: documentVersion, NginxVersion: version.String(), URL: t.URL, wayJSON: *way,
		Findings: s.findings(findings), Problems: s.problems(problems),
	})
}
