package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is\n%s\nwant\n%s(go test -update rewrites it)", name, got, want)
	}
}

const mainSource = `http {
    proxy_set_header Upgrade $http_upgrade;
    include conf.d/*.conf;
}
`

const siteSource = "server {\n\tlisten 80;\n\tserver_name app.example.com;\n\n" +
	"\tlocation /ws {\n\t\tproxy_pass http://app;\n\t\tproxy_set_header Host $host;\n\t}\n}\n"

// sample is a run with everything a report can hold.
func sample(t *testing.T) *Run {
	t.Helper()
	main := parser.Parse("/etc/nginx/nginx.conf", []byte(mainSource))
	site := parser.Parse("/etc/nginx/conf.d/app.conf", []byte(siteSource))
	in := func(f *parser.File, words string) parser.Span {
		at := strings.Index(f.Src, words)
		if at < 0 {
			t.Fatalf("%q is not in %s", words, f.Name)
		}
		return parser.Span{Start: at, End: at + len(words)}
	}
	before := func(f *parser.File, words string) parser.Span {
		at := in(f, words).Start
		return parser.Span{Start: at, End: at}
	}
	via := &effective.Mount{Include: main.Directives[0].Children[1]}
	server := &effective.VirtualServer{Names: []string{"app.example.com"}, Scope: &effective.Scope{Kind: effective.Server, Block: site.Directives[0], Via: via}}
	location := &effective.Scope{Kind: effective.Location, Block: site.Directives[0].Children[2], Parent: server.Scope, Via: via}
	route := &effective.Route{Server: server, Location: location}
	version := &rules.Rule{
		Name: "missing-http-version", Category: rules.HandshakeCategory, Severity: rules.Error, Fixable: "safe",
		Summary: "the upstream gets HTTP/1.0", Doc: "nginx speaks HTTP/1.0 to upstreams\nunless told otherwise.",
		Before: "location /ws {\n    proxy_pass http://app;\n}\n", After: "location /ws {\n    # …\n}\n",
	}
	headers := &rules.Rule{Name: "dropped-websocket-headers", Category: rules.HandshakeCategory, Severity: rules.Error}
	idle := &rules.Rule{Name: "short-read-timeout", Category: rules.Lifetime, Severity: rules.Warning}
	host := &rules.Rule{Name: "lost-host", Category: rules.HTTP, Severity: rules.Info, Advice: true, Summary: "no Host", Doc: "Host."}
	return &Run{
		Version: effective.DefaultVersion,
		Counts:  Counts{Files: 2, Directives: 9, Routes: 3, WebSocket: 1, Unnamed: 2},
		Findings: []rules.Finding{
			{
				Rule: idle, Severity: rules.Warning, Message: `closes after "60s"`,
				File: site, Span: in(site, "proxy_pass http://app;"), Routes: []*effective.Route{route}, Via: via,
				Fix: &rules.Fix{Safety: rules.Unsafe, Message: "add proxy_read_timeout 86400s", Edits: []rules.Edit{
					{File: site, Span: before(site, "\t}\n}"), New: "\t\tproxy_read_timeout 86400s;\n", Rank: 5},
				}},
			},
			{
				Rule: headers, Severity: rules.Error, Message: `location "/ws" loses "Upgrade"`,
				File: site, Span: in(site, "proxy_set_header Host $host;"), Routes: []*effective.Route{route}, Via: via,
				Related: []rules.Place{{File: main, Span: in(main, "proxy_set_header Upgrade $http_upgrade;"), Message: "the line that is lost"}},
				Fix: &rules.Fix{Safety: rules.Safe, Message: "repeat Upgrade", Edits: []rules.Edit{
					{File: site, Span: before(site, "\t}\n}"), New: "\t\tproxy_set_header Upgrade $http_upgrade;\n", Rank: 2},
				}},
			},
			{
				Rule: version, Severity: rules.Error, Message: `location "/ws" speaks HTTP/1.0`,
				File: site, Span: in(site, "proxy_set_header Host $host;"), Routes: []*effective.Route{route}, Via: via,
				Fix: &rules.Fix{Safety: rules.Safe, Message: "add proxy_http_version 1.1", Edits: []rules.Edit{
					{File: site, Span: before(site, "\t}\n}"), New: "\t\tproxy_http_version 1.1;\n", Rank: 1},
				}},
			},
			{
				Rule: host, Severity: rules.Info, Message: "control \x1b[31m characters\nstay visible",
				File: main, Span: in(main, "include conf.d/*.conf;"),
			},
		},
		Ignored: []rules.Finding{{
			Rule: host, Severity: rules.Info, Message: "no Host", File: main, Span: in(main, "http {"), Ignored: "the backend takes any",
		}},
		Files:  []string{main.Name, site.Name, "/etc/nginx/conf.d/clean & quiet.conf"},
		Rules:  []*rules.Rule{version, headers, idle, host},
		FailOn: rules.Warning,
		Tool:   "1.2.3",
		Problems: []parser.Problem{
			{Kind: parser.NotFollowed, File: "/etc/nginx/nginx.conf", Line: 3, Column: 5, Message: "include <a&b> leads outside the tree"},
			{Kind: parser.Failed, Message: "nothing was read"},
		},
	}
}

var etc = Style{Dir: "/etc/nginx"}

func TestLintText(t *testing.T) {
	empty := &Run{Version: effective.DefaultVersion, Counts: Counts{Files: 1, Routes: 1, WebSocket: 1}}
	fixed := sample(t)
	fixed.Fixed = &Fixed{Applied: fixed.Findings[1:3], Files: []string{"/etc/nginx/conf.d/app.conf"}, Written: true}
	fixed.Findings = fixed.Findings[3:]
	for _, c := range []struct {
		name  string
		run   *Run
		style Style
	}{
		{"lint.txt", sample(t), etc},
		{"lint-color.txt", sample(t), Style{Dir: "/etc/nginx", Color: true}},
		{"lint-quiet.txt", sample(t), Style{Dir: "/etc/nginx", Quiet: true}},
		{"lint-elsewhere.txt", sample(t), Style{Dir: "/srv", Quiet: true}},
		{"lint-nothing.txt", empty, etc},
		{"lint-terminal.txt", sample(t), Style{Dir: "/etc/nginx", Color: true, Links: true, Width: 60}},
		{"fix-written.txt", fixed, etc},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := LintText(&b, c.run, c.style); err != nil {
				t.Fatal(err)
			}
			golden(t, c.name, b.String())
		})
	}
}

func TestStatistics(t *testing.T) {
	var b bytes.Buffer
	run := sample(t)
	run.Findings = append(run.Findings, run.Findings[1:3]...)
	if err := Statistics(&b, run, etc); err != nil {
		t.Fatal(err)
	}
	golden(t, "statistics.txt", b.String())
}

// What one line says is not wider than the terminal, except for a word.
func TestWidth(t *testing.T) {
	for _, width := range []int{40, 60, 80, 200} {
		var b bytes.Buffer
		if err := LintText(&b, sample(t), Style{Dir: "/etc/nginx", Quiet: true, Width: width}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if line = strings.TrimSuffix(line, "\n"); textWidth(line) > width {
				t.Errorf("%d columns on a terminal of %d: %s", textWidth(line), width, line)
			}
		}
	}
}

// sampleRoutes are routes of every verdict.
func sampleRoutes(t *testing.T) []*effective.Route {
	t.Helper()
	r := sample(t).Findings[1].Routes[0]
	server := r.Server.Scope.Block
	pass := r.Location.Block.Children[0]
	r.Server.Listens = []effective.Listen{{Text: "80"}}
	r.Pass = effective.Item{Directive: pass}
	r.HTTPVersion = "1.0"
	r.Headers = []effective.Header{
		{Name: "Connection", Value: "close", Sent: [3]effective.Value{{Known: true, Text: "close"}, {Known: true, Text: "close"}, {Known: true, Text: "close"}}},
		{Name: "Upgrade", Sent: [3]effective.Value{{Known: true}, {Known: true}, {Known: true}}},
		{Name: "Host", Value: "$host", Item: effective.Item{Directive: r.Location.Block.Children[1]}},
	}
	r.Idle = effective.Timeout{Text: "60s", Duration: time.Minute, Known: true}
	r.Verdict, r.Intent, r.IntentWhy = effective.Broken, effective.Declared, "a comment says so"
	r.Reasons = []effective.Reason{{Kind: effective.MissingHTTPVersion}, {Kind: effective.DroppedHeaders}, {Kind: effective.UndefinedVariable, Unless: "the http level"}}
	works := *r
	works.Verdict, works.Reasons, works.HTTPVersion = effective.Works, nil, "1.1"
	works.Idle = effective.Timeout{Text: "1h", Duration: time.Hour, Known: true, Item: effective.Item{Directive: server.Children[0]}}
	unknown := effective.Route{
		Scope: r.Location, Pass: r.Pass, Verdict: effective.Unknown, Undecided: "$backend_connection", Intent: effective.Likely, IntentWhy: "the path is /ws",
	}
	none := *r
	none.Intent = effective.None
	return []*effective.Route{&none, &works, &unknown, r}
}

func TestRoutesText(t *testing.T) {
	var b bytes.Buffer
	if err := RoutesText(&b, sampleRoutes(t), sampleRoutes(t), etc); err != nil {
		t.Fatal(err)
	}
	golden(t, "routes.txt", b.String())
}

// sampleTrace is a trace with everything in it.
func sampleTrace(t *testing.T) *effective.Trace {
	t.Helper()
	r := sampleRoutes(t)[3]
	r.Notes = []string{"auth_basic may ask for a password"}
	return &effective.Trace{
		URL: "ws://app.example.com/ws", Outcome: effective.OutcomeBroken, Server: r.Server, ServerWhy: "its name is app.example.com",
		Location: r.Location, Route: r, Why: "the upstream receives HTTP/1.0",
		Considered: []effective.Considered{{Modifier: "~", Match: `\.php$`, Why: "does not match"}},
		Redirect:   "https://app.example.com/ws",
	}
}

func TestTraceText(t *testing.T) {
	var b bytes.Buffer
	if err := TraceText(&b, sampleTrace(t), etc, sample(t).Findings[1:3]...); err != nil {
		t.Fatal(err)
	}
	golden(t, "trace.txt", b.String())
}

func TestRule(t *testing.T) {
	var b bytes.Buffer
	rule := &rules.Rule{
		Name: "missing-http-version", Category: rules.HandshakeCategory, Severity: rules.Error, Fixable: "safe",
		Summary: "the upstream gets HTTP/1.0", Doc: "nginx speaks HTTP/1.0 to upstreams\nunless told otherwise.",
		Before: "location /ws {\n    proxy_pass http://app;\n}\n", After: "location /ws {\n\n    proxy_pass http://app;\n}\n",
	}
	if err := Rule(&b, rule, Style{}); err != nil {
		t.Fatal(err)
	}
	advice := *rule
	advice.Name, advice.Advice, advice.Fixable = "upstream-sni", true, ""
	if err := RuleList(&b, []*rules.Rule{rule, &advice}, Style{}); err != nil {
		t.Fatal(err)
	}
	b.WriteString(RuleTable([]*rules.Rule{rule, &advice}))
	golden(t, "rule.txt", b.String())
}

// What explain prints fits beside other windows, code apart.
func TestRuleWidth(t *testing.T) {
	for _, r := range rules.All() {
		for _, width := range []int{0, 50, 200} {
			var b strings.Builder
			if err := Rule(&b, r, Style{Width: width}); err != nil {
				t.Fatal(err)
			}
			most := 80
			if width == 50 {
				most = 50
			}
			for line := range strings.Lines(b.String()) {
				if n := textWidth(strings.TrimRight(line, "\n")); n > most && !strings.HasPrefix(line, "    ") {
					t.Errorf("%s at width %d has a line of %d columns: %s", r.Name, width, n, line)
				}
			}
		}
	}
}

// The list of rules fits a terminal that is wide enough for its columns, and has
// one line a rule elsewhere.
func TestRuleListWidth(t *testing.T) {
	for _, width := range []int{0, 60, 80, 100, 300} {
		var b strings.Builder
		if err := RuleList(&b, rules.All(), Style{Width: width}); err != nil {
			t.Fatal(err)
		}
		n := 0
		for line := range strings.Lines(b.String()) {
			n++
			if wide := textWidth(strings.TrimRight(line, "\n")); width >= 80 && wide > width {
				t.Errorf("at width %d a line has %d columns: %s", width, wide, line)
			}
		}
		if one := n == len(rules.All())+1; one != (width == 0 || width == 60 || width == 300) {
			t.Errorf("at width %d there are %d lines for %d rules", width, n, len(rules.All()))
		}
	}
}
