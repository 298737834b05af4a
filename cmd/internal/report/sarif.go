package report

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
)

// sarifRoot is the name that stands for the working directory; GitHub knows it.
const sarifRoot = "%SRCROOT%"

// sarifReport is a SARIF log while it is built.
type sarifReport struct {
	style  Style
	run    *sarif.Run
	stdin  string         // the name of standard input, which has no URI
	rules  map[string]int // index by name
	pieces map[string]int // index of artifacts by name
}

// SARIF prints a run as SARIF 2.1.0, findings that a comment ignores included
// (as suppressed ones).
func SARIF(w io.Writer, run *Run, s Style) error {
	r := &sarifReport{style: s, run: sarif.NewRun(), stdin: run.Stdin, rules: map[string]int{}, pieces: map[string]int{}}
	driver := sarif.NewToolComponent().WithName("wsnginx").WithInformationURI(homePage)
	if run.Tool != "" {
		driver.WithVersion(run.Tool)
	}
	for _, rule := range run.Rules {
		r.rules[rule.Name] = len(driver.Rules)
		driver.AddRule(sarifRule(rule))
	}
	r.run.WithTool(sarif.NewTool().WithDriver(driver))
	r.run.WithColumnKind("unicodeCodePoints").WithResults([]*sarif.Result{})
	r.run.Properties = sarif.NewPropertyBag()
	r.run.Properties.Add("nginxVersion", run.Version.String())
	if s.Dir != "" {
		r.run.OriginalUriBaseIds = map[string]sarif.ArtifactLocation{
			sarifRoot: *sarif.NewArtifactLocation().WithURI(fileURI(s.Dir) + "/").
				WithDescription(message("the working directory")),
		}
	}
	all := append(append([]rules.Finding{}, run.Findings...), run.Ignored...)
	for i, print := range Fingerprints(all, s) {
		r.run.AddResult(r.result(&all[i], print))
	}
	r.run.AddInvocation(r.invocation(run.unread(s)))
	report := sarif.NewReport()
	report.AddRun(r.run)
	doc, err := tidy(report, len(run.Ignored) > 0)
	if err != nil {
		return err
	}
	return Encode(w, doc)
}

// sarifRule describes a rule.
func sarifRule(r *rules.Rule) *sarif.ReportingDescriptor {
	markdown := r.Summary + "\n\n" + strings.TrimSpace(r.Doc) + "\n"
	if r.Before != "" {
		markdown += "\nBefore\n\n```nginx\n" + r.Before + "```\n"
	}
	if r.After != "" {
		markdown += "\nAfter\n\n```nginx\n" + r.After + "```\n"
	}
	d := sarif.NewReportingDescriptor().WithID(r.Name).WithHelpURI(RuleURL(r))
	d.WithShortDescription(sarif.NewMultiformatMessageString().WithText(r.Summary))
	d.WithFullDescription(sarif.NewMultiformatMessageString().WithText(strings.TrimSpace(r.Doc)))
	d.WithHelp(sarif.NewMultiformatMessageString().WithText(strings.TrimSpace(r.Doc)).WithMarkdown(markdown))
	d.DefaultConfiguration = sarif.NewReportingConfiguration().WithLevel(sarifLevel(r.Severity)).WithEnabled(!r.Advice)
	d.Properties = sarif.NewPropertyBag()
	d.Properties.Tags = []string{string(r.Category), "websocket", "nginx"}
	// GitHub sorts its list by these two.
	d.Properties.Add("problem.severity", map[string]string{"error": "error", "warning": "warning", "note": "recommendation"}[sarifLevel(r.Severity)])
	d.Properties.Add("precision", "high")
	return d
}

// message returns text for people: nothing in it drives what it is shown on, and
// brackets before a parenthesis are no link (SARIF 2.1.0, 3.11.6).
func message(text string) *sarif.Message {
	if text = Clean(text); strings.Contains(text, "](") {
		text = strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`).Replace(text)
	}
	return sarif.NewTextMessage(text)
}

func sarifLevel(v rules.Severity) string {
	if v == rules.Info {
		return "note"
	}
	return v.String()
}

func (r *sarifReport) result(f *rules.Finding, print string) *sarif.Result {
	out := sarif.NewResult().WithRuleID(f.Rule.Name).WithLevel(sarifLevel(f.Severity))
	out.WithMessage(message(f.Message))
	if i, ok := r.rules[f.Rule.Name]; ok {
		out.WithRuleIndex(i)
	}
	out.AddLocation(r.location(f.File, f.Span))
	// primaryLocationLineHash is the one that GitHub compares.
	out.PartialFingerprints = map[string]string{"wsnginx/v1": print, "primaryLocationLineHash": print}
	for _, p := range f.Related {
		out.AddRelatedLocation(r.location(p.File, p.Span).WithID(len(out.RelatedLocations)).WithMessage(message(p.Message)))
	}
	for via := f.Via; via != nil; via = via.Outer {
		out.AddRelatedLocation(r.location(via.Include.File, via.Include.Span).WithID(len(out.RelatedLocations)).WithMessage(message("included from here")))
	}
	if f.Fix != nil {
		out.Fixes = append(out.Fixes, r.fix(f.Fix))
	}
	if f.Ignored != "" {
		out.AddSuppression(sarif.NewSuppression().WithKind("inSource").WithStatus("accepted").WithJustification(Clean(f.Ignored)))
	}
	return out
}

func (r *sarifReport) location(f *parser.File, span parser.Span) *sarif.Location {
	return sarif.NewLocation().WithPhysicalLocation(
		sarif.NewPhysicalLocation().WithArtifactLocation(r.artifact(f.Name)).WithRegion(region(f, span)))
}

// artifact says where a file is: relative to the working directory below it,
// else by its URI. Standard input is nowhere, and only described.
func (r *sarifReport) artifact(name string) *sarif.ArtifactLocation {
	if name == r.stdin && name != "" {
		i, ok := r.pieces[name]
		if !ok {
			i = len(r.run.Artifacts)
			r.pieces[name] = i
			r.run.AddArtifact(sarif.NewArtifact().WithDescription(message("standard input")))
		}
		return sarif.NewArtifactLocation().WithIndex(i)
	}
	short := r.style.Name(name)
	if filepath.IsAbs(filepath.FromSlash(short)) {
		return sarif.NewArtifactLocation().WithURI(fileURI(short))
	}
	at := sarif.NewArtifactLocation().WithURI((&url.URL{Path: short}).String())
	if r.style.Dir != "" {
		at.WithURIBaseID(sarifRoot)
	}
	return at
}

// fileURI returns the URI of an absolute path.
func fileURI(path string) string {
	path = strings.TrimRight(filepath.ToSlash(path), "/")
	if !strings.HasPrefix(path, "/") { // C:/conf
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

func region(f *parser.File, span parser.Span) *sarif.Region {
	start, end := f.Position(span.Start), f.Position(span.End)
	return sarif.NewRegion().WithStartLine(start.Line).WithStartColumn(start.Column).
		WithEndLine(end.Line).WithEndColumn(end.Column)
}

// fix returns a fix with one replacement for each place: the lines that are
// inserted at one offset stand in the order in which the fixer writes them.
func (r *sarifReport) fix(f *rules.Fix) *sarif.Fix {
	text := f.Message
	if f.Safety == rules.Unsafe {
		text += " (ordinary requests could notice)"
	}
	out := sarif.NewFix().WithDescription(message(text))
	for _, c := range perFile(f) {
		change := sarif.NewArtifactChange().WithArtifactLocation(r.artifact(c[0].File.Name))
		for i := 0; i < len(c); {
			e, text := c[i], c[i].New
			for i++; i < len(c) && e.Span.Len() == 0 && c[i].Span == e.Span; i++ {
				text += c[i].New
			}
			replacement := sarif.NewReplacement().WithDeletedRegion(region(e.File, e.Span))
			if text != "" {
				replacement.WithInsertedContent(sarif.NewArtifactContent().WithText(text))
			}
			change.AddReplacement(replacement)
		}
		out.AddArtifactChange(change)
	}
	return out
}

// invocation says what could not be read.
func (r *sarifReport) invocation(problems []parser.Problem) *sarif.Invocation {
	ok := true
	var notes []*sarif.Notification
	for _, p := range problems {
		n := sarif.NewNotification().WithMessage(message(p.Message)).WithLevel("warning")
		if p.Kind == parser.Failed {
			ok = false
			n.WithLevel("error")
		}
		if p.File != "" {
			at := sarif.NewPhysicalLocation().WithArtifactLocation(r.artifact(p.File))
			if p.Line > 0 {
				at.WithRegion(sarif.NewRegion().WithStartLine(p.Line))
			}
			n.AddLocation(sarif.NewLocation().WithPhysicalLocation(at))
		}
		notes = append(notes, n)
	}
	out := sarif.NewInvocation().WithExecutionSuccessful(ok)
	out.ToolExecutionNotifications = append(out.ToolExecutionNotifications, notes...)
	return out
}

// tidy returns a report without what says nothing: the library prints every
// empty list and every default. Where one result of a run says whether it is
// suppressed, all do (SARIF 2.1.0, 3.27.23).
func tidy(report *sarif.Report, suppressions bool) (any, error) {
	data, err := json.Marshal(report)
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	prune(doc)
	if suppressions {
		for _, run := range doc["runs"].([]any) {
			for _, result := range run.(map[string]any)["results"].([]any) {
				if result := result.(map[string]any); result["suppressions"] == nil {
					result["suppressions"] = []any{}
				}
			}
		}
	}
	return doc, nil
}

// sarifDefaults are keys that the library always prints, with the value that the
// schema gives to those that are not there.
var sarifDefaults = map[string]any{
	"byteOffset": json.Number("-1"), "charOffset": json.Number("-1"), "id": json.Number("-1"), "index": json.Number("-1"),
	"parentIndex": json.Number("-1"), "rank": json.Number("-1"), "ruleIndex": json.Number("-1"),
	"language": "en-US", "kind": "fail", "isComprehensive": false, "enabled": true,
}

func prune(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			prune(e)
		}
	case map[string]any:
		for key, e := range v {
			prune(e)
			switch e := e.(type) {
			case []any:
				// newlineSequences and contents are the library's, and the defaults.
				if len(e) == 0 && key != "results" || key == "newlineSequences" || key == "contents" {
					delete(v, key)
				}
			case map[string]any:
				if len(e) == 0 {
					delete(v, key)
				}
			default:
				if sarifDefaults[key] == e {
					delete(v, key)
				}
			}
		}
	}
}
