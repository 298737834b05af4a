package rules

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// open writes the files of an archive to a folder and opens paths in it.
func open(t *testing.T, archive string, paths ...string) (w *parser.Workspace, models []*effective.Model) {
	t.Helper()
	dir := t.TempDir()
	_, files, _ := readArchive(archive)
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for i, p := range paths {
		paths[i] = filepath.Join(dir, p)
	}
	w = parser.Open(paths, parser.Options{})
	noProblems(t, w)
	for _, c := range w.Configs {
		models = append(models, effective.Build(c, effective.Options{}))
	}
	return w, models
}

func only(t *testing.T, names ...string) Options {
	t.Helper()
	list, err := Select(Selection{Select: names})
	if err != nil {
		t.Fatal(err)
	}
	return Options{Rules: list}
}

func described(findings []Finding) []string {
	var out []string
	for i := range findings {
		f := &findings[i]
		out = append(out, filepath.Base(f.File.Name)+": "+describe(f))
	}
	return out
}

const twoMounts = `-- nginx.conf --
events {}
http {
    server {
        listen 8001;
        include ws.conf;
    }
    server {
        listen 8002;
        include ws.conf;
    }
}
-- ws.conf --
location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
}
`

func TestRunMergesMounts(t *testing.T) {
	_, models := open(t, twoMounts, "nginx.conf")
	findings := Run(models, only(t, "missing-http-version"))
	if len(findings) != 1 {
		t.Fatalf("%d findings, want 1: %q", len(findings), described(findings))
	}
	f := findings[0]
	if len(f.Routes) != 2 || f.Fix == nil || f.Via == nil {
		t.Errorf("%d routes, fix %v, via %v; want 2, a fix and the include", len(f.Routes), f.Fix, f.Via)
	}
}

func TestRunDropsDifferingFixes(t *testing.T) {
	_, models := open(t, twoMounts, "nginx.conf")
	calls := 0
	probe := &Rule{Name: "probe", Severity: Info, Check: func(p *Pass) {
		for _, r := range p.Model.Routes {
			calls++
			f := atRoute(r, Info, "here")
			f.Fix = &Fix{Safety: Safe, Edits: []Edit{{File: f.File, New: strings.Repeat("#", calls)}}}
			p.Report(f)
		}
	}}
	findings := Run(models, Options{Rules: []*Rule{probe}})
	if len(findings) != 1 || findings[0].Fix != nil || len(findings[0].Routes) != 2 {
		t.Errorf("Run = %+v, want one finding of two routes without a fix", findings)
	}
}

func TestRunUnwritable(t *testing.T) {
	_, models := open(t, `-- nginx.conf --
events {}
http {
    include sites/*.conf;
}
-- sites/a.conf --
server {
    location / {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
    }
}
`, "nginx.conf")
	for _, test := range []struct {
		writable string
		want     []string
	}{
		{"nginx.conf a.conf", []string{`a.conf: warning: location "/" proxies WebSocket without "Connection: upgrade"; nginx sends "close" by itself; add proxy_set_header Connection $connection_upgrade [missing-connection-header] (safe: send Connection $connection_upgrade)`}},
		{"a.conf", []string{`a.conf: warning: location "/" proxies WebSocket without "Connection: upgrade"; nginx sends "close" by itself; add proxy_set_header Connection "upgrade" [missing-connection-header] (safe: send Connection "upgrade")`}},
		{"nginx.conf", []string{`a.conf: warning: location "/" proxies WebSocket without "Connection: upgrade"; nginx sends "close" by itself; add proxy_set_header Connection $connection_upgrade [missing-connection-header]`}},
	} {
		opts := only(t, "missing-connection-header")
		opts.Writable = func(f *parser.File) bool { return strings.Contains(test.writable, filepath.Base(f.Name)) }
		if diff := cmp.Diff(test.want, described(Run(models, opts))); diff != "" {
			t.Errorf("with %s writable (-want +got):\n%s", test.writable, diff)
		}
	}
}

// TestRunSharedBetweenConfigs has two main files include one site, only one of
// them with a map: the variable would be undefined in the other.
func TestRunSharedBetweenConfigs(t *testing.T) {
	const archive = `-- a/nginx.conf --
events {}
http {
    map $http_upgrade $connection_upgrade {
        default upgrade;
        ''      close;
    }
    include ../shared/*.conf;
}
-- b/nginx.conf --
events {}
http {
    include ../shared/*.conf;
}
-- shared/site.conf --
server {
    location / {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
    }
}
`
	_, models := open(t, archive, ".")
	if len(models) != 2 {
		t.Fatalf("%d models, want 2", len(models))
	}
	findings := Run(models, only(t, "missing-connection-header"))
	want := []string{`site.conf: warning: location "/" proxies WebSocket without "Connection: upgrade"; nginx sends "close" by itself; add proxy_set_header Connection "upgrade" [missing-connection-header] (safe: send Connection "upgrade")`}
	if diff := cmp.Diff(want, described(findings)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// TestRunBesideSites reads a main configuration once more for each site that
// nothing links: what stands beside them is one location each time.
func TestRunBesideSites(t *testing.T) {
	const site = `server {
    listen 80;
    location /ws { proxy_pass http://127.0.0.1:1; proxy_set_header Upgrade $http_upgrade; include ws.inc; }
}
`
	_, models := open(t, "-- nginx.conf --\nevents {}\nhttp {\ninclude conf.d/*.conf;\ninclude sites-enabled/*;\n}\n-- ws.inc --\nproxy_set_header Connection close;\n"+
		"-- conf.d/a.conf --\n"+site+"-- sites-available/b --\n"+site+"-- sites-available/c --\n"+site, ".")
	if len(models) != 3 {
		t.Fatalf("%d models, want the main configuration's and one for each site", len(models))
	}
	findings := Run(models, only(t, "missing-http-version", "missing-connection-header"))
	for i := range findings {
		want := 1
		if filepath.Base(findings[i].File.Name) == "ws.inc" {
			want = 3
		}
		if got := len(findings[i].Routes); got != want {
			t.Errorf("%s has %d routes, want %d", described(findings[i : i+1])[0], got, want)
		}
	}
	if len(findings) < 4 {
		t.Errorf("findings %q, want some in each file", described(findings))
	}
}

func TestRunSeverities(t *testing.T) {
	_, models := open(t, `-- nginx.conf --
events {}
http {
    server {
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
        }
        location /chat/ws {
            proxy_pass http://127.0.0.1:3000;
        }
    }
}
`, "nginx.conf")
	for _, test := range []struct {
		set  Severity
		want []Severity
	}{
		{0, []Severity{Error, Warning}},
		{Error, []Severity{Error, Warning}},
		{Warning, []Severity{Warning, Warning}},
		{Info, []Severity{Info, Info}},
	} {
		opts := only(t, "missing-http-version")
		if test.set != 0 {
			opts.Severities = map[string]Severity{"missing-http-version": test.set}
		}
		var got []Severity
		for _, f := range Run(models, opts) {
			got = append(got, f.Severity)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("set to %d (-want +got):\n%s", test.set, diff)
		}
	}
}

func TestParseIgnore(t *testing.T) {
	for _, test := range []struct {
		text   string
		names  []string
		reason string
	}{
		{"lost-host the backend does not care", []string{"lost-host"}, "the backend does not care"},
		{"lost-host,pass-path\tboth meant", []string{"lost-host", "pass-path"}, "both meant"},
		{"lost-host, pass-path both meant", []string{"lost-host", "pass-path"}, "both meant"},
		{"lost-host , pass-path both", []string{"lost-host", "pass-path"}, "both"},
		{"lost-host", []string{"lost-host"}, ""},
		{"lost-host,", []string{"lost-host"}, ""},
		{"", nil, ""},
	} {
		names, reason := parseIgnore(test.text)
		if diff := cmp.Diff(test.names, names); diff != "" || reason != test.reason {
			t.Errorf("parseIgnore(%q) = %q, %q, want %q, %q", test.text, names, reason, test.names, test.reason)
		}
	}
}

// aboutComment matches what the rules about comments say.
var aboutComment = regexp.MustCompile("ignores nothing|did you mean|means nothing|without a reason")

// TestFixturesAreBalanced wants every rule to leave at least as many files alone
// as it finds something in.
func TestFixturesAreBalanced(t *testing.T) {
	for _, r := range All() {
		paths, err := filepath.Glob(filepath.Join(fixtures, r.Name, "*"))
		if err != nil {
			t.Fatal(err)
		}
		firing, silent := 0, 0
		for _, path := range paths {
			if strings.HasSuffix(path, ".fixed") {
				continue
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			fires := wantComment.Match(data)
			if r.Category == Comments { // the others are findings that a comment ignores
				fires = aboutComment.Match(data)
			}
			if fires {
				firing++
			} else {
				silent++
			}
		}
		if firing == 0 || silent < firing {
			t.Errorf("%s: %d files with findings and %d without", r.Name, firing, silent)
		}
	}
}

// BenchmarkRun runs the default rules over 40,000 routes, one in ten of them
// meant for WebSocket and broken.
func BenchmarkRun(b *testing.B) {
	var s strings.Builder
	s.WriteString("events {}\nhttp {\n")
	for i := range 4000 {
		s.WriteString("server {\n    listen 8080;\n    server_name h" + string(rune('a'+i%26)) + ".example.com;\n    proxy_set_header Host $host;\n")
		for j := range 10 {
			name := "/api"
			if j == 0 {
				name = "/ws/"
			}
			s.WriteString("    location " + name + string(rune('a'+j)) + " {\n        proxy_pass http://127.0.0.1:3000;\n    }\n")
		}
		s.WriteString("}\n")
	}
	s.WriteString("}\n")
	name := filepath.Join(b.TempDir(), "nginx.conf")
	if err := os.WriteFile(name, []byte(s.String()), 0o666); err != nil {
		b.Fatal(err)
	}
	w := parser.Open([]string{name}, parser.Options{})
	models := []*effective.Model{effective.Build(w.Configs[0], effective.Options{})}
	list, err := Select(Selection{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		Run(models, Options{Rules: list})
	}
}
