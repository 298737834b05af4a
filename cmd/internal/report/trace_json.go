package report

import (
	"io"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

type traceDocument struct {
	Version      int              `json:"version"`
	NginxVersion string           `json:"nginx_version"`
	URL          string           `json:"url"`
	Outcome      string           `json:"outcome"`
	Why          string           `json:"why"`
	Server       *serverJSON      `json:"server"`
	Location     *locationJSON    `json:"location"`
	Route        *routeJSON       `json:"route"`
	Considered   []consideredJSON `json:"considered"`
	Redirect     *string          `json:"redirect"`
	Findings     []findingJSON    `json:"findings"`
	Problems     []problemJSON    `json:"problems"`
}

type consideredJSON struct {
	Modifier string `json:"modifier"`
	Match    string `json:"match"`
	Why      string `json:"why"`
}

// TraceJSON prints the way of a URL as one JSON document. findings are those
// about the location that answers, problems what was not read.
func TraceJSON(w io.Writer, version effective.Version, t *effective.Trace, problems []parser.Problem, s Style, findings ...rules.Finding) error {
	doc := traceDocument{
		Version: documentVersion, NginxVersion: version.String(),
		URL: t.URL, Outcome: string(t.Outcome), Why: s.sentence(t.Why),
		Server: s.server(t.Server), Location: s.location(t.Location),
		Considered: []consideredJSON{}, Findings: s.findings(findings), Problems: s.problems(problems),
	}
	if t.Route != nil {
		route := s.route(t.Route)
		doc.Route = &route
	}
	for _, c := range t.Considered {
		doc.Considered = append(doc.Considered, consideredJSON{c.Modifier, c.Match, c.Why})
	}
	if t.Redirect != "" {
		doc.Redirect = &t.Redirect
	}
	return Encode(w, doc)
}
