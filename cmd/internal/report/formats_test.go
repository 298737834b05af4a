package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/joshdk/go-junit"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
)

// printed returns a run in a format.
func printed(t *testing.T, format string, run *Run, s Style) string {
	t.Helper()
	var b bytes.Buffer
	if err := PrinterOf(format)(&b, run, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// xmllint runs it where it is installed.
func xmllint(t *testing.T, document string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Log("xmllint is not installed")
		return
	}
	cmd := exec.Command("xmllint", append(args, "--noout", "-")...)
	cmd.Stdin = strings.NewReader(document)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("xmllint: %v\n%s\n%s", err, out, document)
	}
}

func TestFormats(t *testing.T) {
	golden(t, "lint.sarif", printed(t, "sarif", sample(t), etc))
	golden(t, "github.txt", printed(t, "github", sample(t), etc))
	golden(t, "gitlab.json", printed(t, "gitlab", sample(t), etc))
	golden(t, "checkstyle.xml", printed(t, "checkstyle", sample(t), etc))
	golden(t, "junit.xml", printed(t, "junit", sample(t), etc))
	if PrinterOf("xml") != nil {
		t.Error(`PrinterOf("xml") is not nil`)
	}
	for _, name := range FormatNames() {
		printed(t, name, &Run{}, Style{}) // prints something and does not panic
	}
}

func TestSARIF(t *testing.T) {
	schema := testdata(t, "sarif-schema-2.1.0.json")
	stdin := sample(t)
	stdin.Stdin = stdin.Findings[0].File.Name
	for name, run := range map[string]*Run{"sample": sample(t), "stdin": stdin, "empty": {}} {
		t.Run(name, func(t *testing.T) {
			text := printed(t, "sarif", run, etc)
			validate(t, schema, text)
			back, err := sarif.FromString(text)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := len(back.Runs[0].Results), len(run.Findings)+len(run.Ignored); got != want {
				t.Errorf("%d results, want %d", got, want)
			}
		})
	}
	if text := printed(t, "sarif", stdin, etc); strings.Contains(text, "app.conf") || !strings.Contains(text, `"text": "standard input"`) {
		t.Errorf("standard input has a name of its own:\n%s", text)
	}
	text := printed(t, "sarif", sample(t), Style{Dir: "/srv"})
	if want := `"uri": "file:///etc/nginx/conf.d/app.conf"`; !strings.Contains(text, want) {
		t.Errorf("a file outside the working directory is not %s:\n%s", want, text)
	}
}

// A result that nothing was done about keeps its fingerprint when lines above
// it come and go, and two that look alike have two.
func TestFingerprints(t *testing.T) {
	rule := &rules.Rule{Name: "missing-http-version"}
	prints := func(src string) []string {
		f := parser.Parse("app.conf", []byte(src))
		var list []rules.Finding
		for at, rest := 0, src; ; {
			i := strings.Index(rest, "proxy_pass")
			if i < 0 {
				return Fingerprints(list, Style{})
			}
			list = append(list, rules.Finding{Rule: rule, File: f, Span: parser.Span{Start: at + i, End: at + i + 10}})
			at, rest = at+i+10, rest[i+10:]
		}
	}
	const a = "server {\n    server_name a;\n    location /ws {\n        proxy_pass http://app;\n    }\n}\n"
	b := strings.Replace(a, "server_name a", "server_name b", 1)
	before := prints(a + b + a)
	after := prints("# moved\n\n" + a + "events {}\n" + strings.Replace(b, "    proxy_pass", "\tproxy_pass", 1) + a)
	if !slices.Equal(before, after) {
		t.Errorf("moved lines change fingerprints:\n%q\n%q", before, after)
	}
	if n := len(slices.Compact(slices.Sorted(slices.Values(before)))); n != 3 {
		t.Errorf("%d different fingerprints of three findings: %q", n, before)
	}
	if changed := prints(strings.Replace(a, "http://app", "http://other", 1)); changed[0] == before[0] {
		t.Error("another line has the same fingerprint")
	}
}

// hostile is a run in which everything that comes from a configuration wants to
// be something else.
func hostile(t *testing.T) *Run {
	t.Helper()
	const evil = "\r\n::error::x%0A::stop-commands::y\n##[add-path]z<a href=\"&\">]]>[x](http://e)\x1b[2J\x00\u202e\xff"
	run := sample(t)
	run.Findings[1].Message += evil
	run.Findings[1].Fix.Message += evil
	run.Findings[1].Related[0].Message += evil
	f := parser.Parse("conf.d/a,b:c%"+evil, []byte("events {}\n"))
	run.Findings = append(run.Findings, rules.Finding{Rule: run.Rules[0], Severity: rules.Error, Message: evil, File: f, Span: f.Directives[0].Span})
	run.Problems = append(run.Problems, parser.Problem{Kind: parser.Failed, File: f.Name, Line: 1, Message: evil})
	run.Ignored[0].Ignored = evil
	run.Files = append(run.Files, f.Name)
	return run
}

// workflowCommand reads a line as the runner does (ActionCommand.TryParseV2):
// what it holds, unescaped.
func workflowCommand(t *testing.T, line string) (name string, properties map[string]string, message string) {
	t.Helper()
	rest, ok := strings.CutPrefix(line, "::")
	head, message, found := strings.Cut(rest, "::")
	if !ok || !found {
		t.Fatalf("%q is no workflow command", line)
	}
	unescape := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%").Replace
	name, list, _ := strings.Cut(head, " ")
	properties = map[string]string{}
	for _, p := range strings.Split(list, ",") {
		key, value, _ := strings.Cut(p, "=")
		properties[key] = unescape(value)
	}
	return name, properties, unescape(message)
}

// A configuration puts no links into a SARIF message.
func TestSARIFLinks(t *testing.T) {
	run := hostile(t)
	text := printed(t, "sarif", run, etc)
	validate(t, testdata(t, "sarif-schema-2.1.0.json"), text)
	if !strings.Contains(text, `\\[x\\](http://e)`) || regexp.MustCompile(`"text": ".*[^\\]\[x\]\(`).MatchString(text) {
		t.Errorf("a message holds a link:\n%s", text)
	}
}

func TestGitHubInjection(t *testing.T) {
	run := hostile(t)
	text := printed(t, "github", run, etc)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if want := len(run.Findings) + len(run.Problems); len(lines) != want {
		t.Errorf("%d lines, want %d:\n%s", len(lines), want, text)
	}
	for _, line := range lines {
		name, properties, message := workflowCommand(t, line)
		if !slices.Contains([]string{"error", "warning", "notice"}, name) {
			t.Errorf("command %q in %q", name, line)
		}
		for key := range properties {
			if !slices.Contains([]string{"file", "line", "endLine", "col", "endColumn", "title"}, key) {
				t.Errorf("property %q in %q", key, line)
			}
		}
		if message == "" {
			t.Errorf("no message in %q", line)
		}
	}
	_, properties, _ := workflowCommand(t, lines[len(run.Findings)-1])
	if want := "conf.d/a,b:c%"; !strings.HasPrefix(properties["file"], want) {
		t.Errorf("file is %q, want %q…", properties["file"], want)
	}
}

// No format lets a control character through, and each stays what it is.
func TestHostile(t *testing.T) {
	for _, name := range FormatNames() {
		text := printed(t, name, hostile(t), etc)
		if i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }); i >= 0 {
			t.Errorf("%s prints %q", name, text[max(0, i-20):i+1])
		}
		switch name {
		case "sarif":
			validate(t, testdata(t, "sarif-schema-2.1.0.json"), text)
		case "json":
			validate(t, LintSchema, text)
		case "gitlab":
			validate(t, testdata(t, "gitlab.schema.json"), text)
		case "checkstyle", "junit":
			xmllint(t, text)
		}
	}
}

func TestGitLab(t *testing.T) {
	run := sample(t)
	text := printed(t, "gitlab", run, etc)
	validate(t, testdata(t, "gitlab.schema.json"), text)
	var issues []struct{ Fingerprint string }
	if err := json.Unmarshal([]byte(text), &issues); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, i := range issues {
		if seen[i.Fingerprint] {
			t.Errorf("fingerprint %s stands there twice", i.Fingerprint)
		}
		seen[i.Fingerprint] = true
	}
	if got := strings.TrimSpace(printed(t, "gitlab", &Run{}, etc)); got != "[]" {
		t.Errorf("a report without issues is %s, want []", got)
	}
}

func TestCheckstyle(t *testing.T) {
	text := printed(t, "checkstyle", sample(t), etc)
	xmllint(t, text, "--dtdvalid", filepath.Join("testdata", "checkstyle.dtd"))
	d := xml.NewDecoder(strings.NewReader(text))
	elements := 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "error" {
			elements++
		}
	}
	if want := 5; elements != want { // four findings, one problem with a file
		t.Errorf("%d errors, want %d:\n%s", elements, want, text)
	}
}

func TestJUnit(t *testing.T) {
	run := sample(t)
	text := printed(t, "junit", run, etc)
	xmllint(t, text)
	suites, err := junit.Ingest([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var all junit.Totals
	names := map[string]junit.Totals{}
	for _, s := range suites {
		names[s.Name] = s.Totals
		all.Tests += s.Totals.Tests
		all.Failed += s.Totals.Failed
		all.Error += s.Totals.Error
		all.Passed += s.Totals.Passed
		all.Skipped += s.Totals.Skipped
	}
	// Three findings at or above warning, the info and the clean file pass, an
	// include was skipped, and nothing could be read at the end.
	if want := (junit.Totals{Tests: 7, Failed: 3, Error: 1, Passed: 2, Skipped: 1}); all != want {
		t.Errorf("totals are %+v, want %+v\n%s", all, want, text)
	}
	if got := names["conf.d/clean & quiet.conf"]; got.Passed != 1 {
		t.Errorf("the clean file has %+v, want one case that passes", got)
	}
}
