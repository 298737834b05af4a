package report

import (
	_ "embed" // the schemas
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// The JSON Schemas of the documents that LintJSON, RoutesJSON, TraceJSON and
// RulesJSON print.
var (
	//go:embed lint.schema.json
	LintSchema string
	//go:embed routes.schema.json
	RoutesSchema string
	//go:embed trace.schema.json
	TraceSchema string
	//go:embed rules.schema.json
	RulesSchema string
)

// documentVersion is the version of the JSON documents. It changes when a key
// goes away or changes its meaning.
const documentVersion = 1

type lintDocument struct {
	Version      int           `json:"version"`
	NginxVersion string        `json:"nginx_version"`
	Findings     []findingJSON `json:"findings"`
	*fixedJSON
	Problems []problemJSON `json:"problems"`
	Summary  summaryJSON   `json:"summary"`
}

// fixedJSON is what a document of fix has besides one of lint.
type fixedJSON struct {
	Applied []findingJSON `json:"applied"`
	Files   []string      `json:"files"`
	Written bool          `json:"written"`
	Diff    string        `json:"diff"`
}

type findingJSON struct {
	Rule     string        `json:"rule"`
	Category string        `json:"category"`
	Severity string        `json:"severity"`
	Message  string        `json:"message"`
	File     string        `json:"file"`
	Start    positionJSON  `json:"start"`
	End      positionJSON  `json:"end"`
	Routes   []routeName   `json:"routes"`
	Related  []relatedJSON `json:"related"`
	Via      []viaJSON     `json:"via"`
	Fix      *fixJSON      `json:"fix"`
	Left     string        `json:"left,omitempty"`
}

type positionJSON struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Offset int `json:"offset"`
}

type routeName struct {
	ServerNames []string `json:"server_names"`
	Modifier    string   `json:"modifier"`
	Location    string   `json:"location"`
}

type relatedJSON struct {
	File    string       `json:"file"`
	Start   positionJSON `json:"start"`
	End     positionJSON `json:"end"`
	Message string       `json:"message"`
}

type viaJSON struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

type fixJSON struct {
	Safety  string     `json:"safety"`
	Message string     `json:"message"`
	Edits   []editJSON `json:"edits"`
}

type editJSON struct {
	File  string `json:"file"`
	Start int    `json:"start"`
	End   int    `json:"end"`
	Text  string `json:"text"`
}

type problemJSON struct {
	Kind    string  `json:"kind"`
	File    *string `json:"file"`
	Line    *int    `json:"line"`
	Message string  `json:"message"`
}

type summaryJSON struct {
	Files           int `json:"files"`
	Directives      int `json:"directives"`
	Routes          int `json:"routes"`
	WebSocketRoutes int `json:"websocket_routes"`
	Errors          int `json:"errors"`
	Warnings        int `json:"warnings"`
	Infos           int `json:"infos"`
	SafeFixes       int `json:"safe_fixes"`
	UnsafeFixes     int `json:"unsafe_fixes"`
}

// LintJSON prints a run as one JSON document.
func LintJSON(w io.Writer, run *Run, s Style) error {
	t := Count(run.Findings)
	doc := lintDocument{
		Version:      documentVersion,
		NginxVersion: run.Version.String(),
		Findings:     s.findings(run.Findings),
		Problems:     s.problems(run.unread(s)),
		Summary: summaryJSON{
			Files: run.Counts.Files, Directives: run.Counts.Directives,
			Routes: run.Counts.Routes, WebSocketRoutes: run.Counts.WebSocket,
			Errors: t.Errors, Warnings: t.Warnings, Infos: t.Infos,
			SafeFixes: t.Safe, UnsafeFixes: t.Unsafe,
		},
	}
	if f := run.Fixed; f != nil {
		doc.fixedJSON = &fixedJSON{Applied: s.findings(f.Applied), Files: []string{}, Written: f.Written, Diff: f.Diff}
		for i := range doc.Findings {
			doc.Findings[i].Left = f.left(&run.Findings[i])
		}
		for _, name := range f.Files {
			doc.Files = append(doc.Files, s.Name(name))
		}
	}
	return Encode(w, doc)
}

// Encode prints a JSON document with a final newline, '<' and '&' as they are, and
// what a terminal would obey as escapes.
func Encode(w io.Writer, doc any) error {
	e := json.NewEncoder(escaping{w})
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(doc)
}

// escaping writes JSON on with the control characters above ASCII, and those that
// turn the direction of text, as \u escapes. A Write has to hold whole characters;
// json.Encoder makes one of each document.
type escaping struct{ w io.Writer }

func (e escaping) Write(p []byte) (int, error) {
	last := 0
	for i := 0; i < len(p); {
		if p[i] != 0x7f && p[i] != 0xc2 && p[i] != 0xe2 { // what begins one of them
			i++
			continue
		}
		r, n := utf8.DecodeRune(p[i:])
		if r >= 0x7f && r <= 0x9f || r >= 0x200e && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			if _, err := fmt.Fprintf(e.w, "%s\\u%04x", p[last:i], r); err != nil {
				return 0, err
			}
			last = i + n
		}
		i += n
	}
	_, err := e.w.Write(p[last:])
	return len(p), err
}

func (s Style) findings(list []rules.Finding) []findingJSON {
	out := make([]findingJSON, len(list))
	for i := range list {
		f := &list[i]
		out[i] = findingJSON{
			Rule:     f.Rule.Name,
			Category: string(f.Category()),
			Severity: f.Severity.String(),
			Message:  f.Message,
			File:     s.Name(f.File.Name),
			Start:    position(f.File, f.Span.Start),
			End:      position(f.File, f.Span.End),
			Routes:   []routeName{},
			Related:  []relatedJSON{},
			Via:      s.via(f.Via),
			Fix:      s.fix(f.Fix),
		}
		for _, r := range f.Routes {
			out[i].Routes = append(out[i].Routes, nameRoute(r))
		}
		for _, r := range f.Related {
			out[i].Related = append(out[i].Related, relatedJSON{
				s.Name(r.File.Name), position(r.File, r.Span.Start), position(r.File, r.Span.End), r.Message,
			})
		}
	}
	return out
}

func position(f *parser.File, offset int) positionJSON {
	p := f.Position(offset)
	return positionJSON{p.Line, p.Column, p.Offset}
}

func nameRoute(r *effective.Route) routeName {
	n := routeName{ServerNames: []string{}}
	if r.Server != nil {
		n.ServerNames = append(n.ServerNames, r.Server.Names...)
	}
	if r.Location != nil {
		n.Modifier, n.Location = r.Location.ModifierAndMatch()
	}
	return n
}

func (s Style) via(m *effective.Mount) []viaJSON {
	out := []viaJSON{}
	for ; m != nil; m = m.Outer {
		d := m.Include
		out = append(out, viaJSON{s.Name(d.File.Name), d.File.Position(d.Span.Start).Line})
	}
	return out
}

func (s Style) fix(f *rules.Fix) *fixJSON {
	if f == nil {
		return nil
	}
	out := &fixJSON{Safety: string(f.Safety), Message: f.Message, Edits: []editJSON{}}
	for _, e := range f.Edits {
		out.Edits = append(out.Edits, editJSON{s.Name(e.File.Name), e.Span.Start, e.Span.End, e.New})
	}
	return out
}

func (s Style) problems(list []parser.Problem) []problemJSON {
	out := make([]problemJSON, len(list))
	for i, p := range list {
		out[i] = problemJSON{Kind: string(p.Kind), Message: p.Message}
		if p.File != "" {
			name := s.Name(p.File)
			out[i].File = &name
		}
		if p.Line > 0 {
			out[i].Line = &p.Line
		}
	}
	return out
}
