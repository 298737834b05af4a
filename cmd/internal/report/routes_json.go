package report

import (
	"io"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

type routesDocument struct {
	Version      int           `json:"version"`
	NginxVersion string        `json:"nginx_version"`
	Routes       []routeJSON   `json:"routes"`
	Problems     []problemJSON `json:"problems"`
}

type routeJSON struct {
	Server    *serverJSON   `json:"server"`
	Location  *locationJSON `json:"location"`
	Pass      passJSON      `json:"pass"`
	WebSocket webSocketJSON `json:"websocket"`
	Upstream  upstreamJSON  `json:"upstream_request"`
	Idle      timeoutJSON   `json:"idle_timeout"`
}

type serverJSON struct {
	Names  []string `json:"names"`
	Listen []string `json:"listen"`
	File   *string  `json:"file"`
	Line   *int     `json:"line"`
}

type locationJSON struct {
	Modifier string  `json:"modifier"`
	Match    string  `json:"match"`
	File     *string `json:"file"`
	Line     *int    `json:"line"`
}

type passJSON struct {
	Directive string  `json:"directive"`
	Value     string  `json:"value"`
	File      *string `json:"file"`
	Line      *int    `json:"line"`
}

type webSocketJSON struct {
	Intent    string   `json:"intent"`
	Why       string   `json:"why"`
	Verdict   string   `json:"verdict"`
	Reasons   []string `json:"reasons"`
	Undecided *string  `json:"undecided"`
	Notes     []string `json:"notes"`
}

type upstreamJSON struct {
	HTTPVersion *string      `json:"http_version"`
	Headers     []headerJSON `json:"headers"`
}

type headerJSON struct {
	Name         string  `json:"name"`
	Value        string  `json:"value"`
	Sent         *string `json:"sent"`
	SentOrdinary *string `json:"sent_ordinary"`
	File         *string `json:"file"`
	Line         *int    `json:"line"`
}

type timeoutJSON struct {
	Value        string  `json:"value"`
	Milliseconds *int64  `json:"milliseconds"`
	File         *string `json:"file"`
	Line         *int    `json:"line"`
}

// RoutesJSON prints proxied locations, and what was not read, as one JSON
// document.
func RoutesJSON(w io.Writer, version effective.Version, routes []*effective.Route, problems []parser.Problem, s Style) error {
	doc := routesDocument{documentVersion, version.String(), []routeJSON{}, s.problems(problems)}
	for _, r := range routes {
		doc.Routes = append(doc.Routes, s.route(r))
	}
	return Encode(w, doc)
}

func (s Style) route(r *effective.Route) routeJSON {
	out := routeJSON{Server: s.server(r.Server), Location: s.location(r.Location)}
	if p := r.Pass.Directive; p != nil {
		out.Pass.Directive, out.Pass.Value = p.Head.Value, p.Arg(0)
		out.Pass.File, out.Pass.Line = s.place(p)
	}
	out.WebSocket = webSocketJSON{
		Intent: string(r.Intent), Why: s.sentence(r.IntentWhy), Verdict: string(r.Verdict), Reasons: reasonNames(r), Notes: []string{},
	}
	if r.Verdict == effective.Unknown {
		text := s.sentence(r.Undecided)
		out.WebSocket.Undecided = &text
	}
	for _, n := range r.Notes {
		out.WebSocket.Notes = append(out.WebSocket.Notes, s.sentence(n))
	}
	if r.HTTPVersion != "" {
		out.Upstream.HTTPVersion = &r.HTTPVersion
	}
	out.Upstream.Headers = []headerJSON{}
	for i := range r.Headers {
		h := &r.Headers[i]
		line := headerJSON{
			Name: h.Name, Value: h.Value,
			Sent: known(h.Sent[effective.Handshake]), SentOrdinary: known(h.Sent[effective.Ordinary]),
		}
		line.File, line.Line = s.place(h.Item.Directive)
		out.Upstream.Headers = append(out.Upstream.Headers, line)
	}
	out.Idle.Value = r.Idle.Text
	if r.Idle.Known {
		ms := r.Idle.Duration.Milliseconds()
		out.Idle.Milliseconds = &ms
	}
	out.Idle.File, out.Idle.Line = s.place(r.Idle.Item.Directive)
	return out
}

func (s Style) server(v *effective.VirtualServer) *serverJSON {
	if v == nil {
		return nil
	}
	out := &serverJSON{Names: append([]string{}, v.Names...), Listen: []string{}}
	for i := range v.Listens {
		out.Listen = append(out.Listen, v.Listens[i].Text)
	}
	if v.Scope != nil {
		out.File, out.Line = s.place(v.Scope.Block)
	}
	return out
}

func (s Style) location(l *effective.Scope) *locationJSON {
	if l == nil || l.Block == nil {
		return nil
	}
	out := &locationJSON{}
	out.Modifier, out.Match = l.ModifierAndMatch()
	out.File, out.Line = s.place(l.Block)
	return out
}

// place returns where a directive stands; nothing for nil, nginx's default.
func (s Style) place(d *parser.Directive) (file *string, line *int) {
	if d == nil {
		return nil, nil
	}
	name, n := s.Name(d.File.Name), d.File.Position(d.Span.Start).Line
	return &name, &n
}

func known(v effective.Value) *string {
	if !v.Known {
		return nil
	}
	return &v.Text
}

// reasonNames returns the rules that speak for what breaks a route, each once.
func reasonNames(r *effective.Route) []string {
	out := []string{}
	for _, c := range r.Causes() {
		out = append(out, string(c.Kind))
	}
	return out
}
