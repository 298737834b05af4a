package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
)

// gitlabIssue is one entry of a GitLab code quality report.
type gitlabIssue struct {
	Description string         `json:"description"`
	CheckName   string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"`
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string      `json:"path"`
	Lines gitlabLines `json:"lines"`
}

type gitlabLines struct {
	Begin int `json:"begin"`
	End   int `json:"end,omitempty"`
}

// GitLab prints findings as a code quality report of GitLab. What could not be
// read stands among them where it has a place.
func GitLab(w io.Writer, run *Run, s Style) error {
	issues := []gitlabIssue{}
	prints := Fingerprints(run.Findings, s)
	for i := range run.Findings {
		f := &run.Findings[i]
		issues = append(issues, gitlabIssue{
			Description: Clean(f.Message),
			CheckName:   f.Rule.Name,
			Fingerprint: prints[i],
			Severity:    gitlabSeverity(f.Severity),
			Location: gitlabLocation{s.Name(f.File.Name), gitlabLines{
				f.File.Position(f.Span.Start).Line, f.File.Position(f.Span.End).Line,
			}},
		})
	}
	again := map[parser.Problem]int{}
	for _, p := range run.unread(s) {
		if p.File == "" {
			continue
		}
		key := parser.Problem{Kind: p.Kind, File: p.File, Message: p.Message} // its line may move
		text := string(p.Kind) + "\x00" + s.Name(p.File) + "\x00" + p.Message
		if again[key]++; again[key] > 1 {
			text += fmt.Sprintf("\x00%d", again[key])
		}
		sum := sha256.Sum256([]byte(text))
		severity := "info"
		if p.Kind == parser.Failed {
			severity = "blocker"
		}
		issues = append(issues, gitlabIssue{
			Description: Clean(p.Message),
			CheckName:   string(p.Kind),
			Fingerprint: hex.EncodeToString(sum[:16]),
			Severity:    severity,
			Location:    gitlabLocation{s.Name(p.File), gitlabLines{Begin: max(1, p.Line)}},
		})
	}
	return Encode(w, issues)
}

func gitlabSeverity(v rules.Severity) string {
	switch v {
	case rules.Error:
		return "critical"
	case rules.Warning:
		return "major"
	default:
		return "info"
	}
}
