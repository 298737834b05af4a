package probe

import (
	"bytes"
	_ "embed" // the schema
	"encoding/json"
	"fmt"
	"io"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// Schema is the JSON Schema of the documents that JSON prints.
//
//go:embed probe.schema.json
var Schema string

// documentVersion changes when a key goes away or changes its meaning.
const documentVersion = 1

type document struct {
	Version int `json:"version"`
	*Result
	Config *configJSON `json:"config"`
}

type configJSON struct {
	NginxVersion string          `json:"nginx_version"`
	Agrees       Agreement       `json:"agrees"`
	Comparisons  []Comparison    `json:"comparisons"`
	Trace        json.RawMessage `json:"trace"`    // as wsnginx trace prints it
	Findings     json.RawMessage `json:"findings"` // as wsnginx lint prints them
}

// JSON prints r as one JSON document. c is nil where no configuration was
// given.
func JSON(w io.Writer, r *Result, c *Config, s report.Style) error {
	doc := document{Version: documentVersion, Result: r}
	if c != nil {
		var err error
		if doc.Config, err = c.json(s); err != nil {
			return err
		}
	}
	return report.Encode(w, doc)
}

func (c *Config) json(s report.Style) (*configJSON, error) {
	out := &configJSON{NginxVersion: c.Version.String(), Agrees: Agrees, Comparisons: c.Comparisons}
	if out.Comparisons == nil {
		out.Comparisons = []Comparison{}
	}
	for _, k := range c.Comparisons {
		if k.Agrees == Disagrees || k.Agrees == Undecided && out.Agrees == Agrees {
			out.Agrees = k.Agrees
		}
	}
	var trace, lint bytes.Buffer
	if err := report.TraceJSON(&trace, c.Version, c.Trace, nil, s); err != nil {
		return nil, fmt.Errorf("print the trace: %w", err)
	}
	if err := report.LintJSON(&lint, &report.Run{Version: c.Version, Findings: c.Findings}, s); err != nil {
		return nil, fmt.Errorf("print the findings: %w", err)
	}
	var findings struct {
		Findings json.RawMessage `json:"findings"`
	}
	if err := json.Unmarshal(lint.Bytes(), &findings); err != nil {
		panic(fmt.Sprintf("probe: the report of findings is no JSON: %v", err))
	}
	out.Trace, out.Findings = trace.Bytes(), findings.Findings
	return out, nil
}

// blockText names the place of a scope's block, "" where it has none.
func blockText(s report.Style, scope *effective.Scope) string {
	b := scope.Opening()
	if b == nil {
		return ""
	}
	return fmt.Sprintf("%s:%d", s.Name(b.File.Name), b.File.Position(b.Span.Start).Line)
}
