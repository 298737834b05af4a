package baseline

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
)

var (
	version11 = &rules.Rule{Name: "missing-http-version"}
	upgrade   = &rules.Rule{Name: "missing-upgrade-header"}
)

// found returns a finding of the rule at each place where text stands in src.
func found(name, src, text string, rule *rules.Rule) []rules.Finding {
	f := parser.Parse(name, []byte(src))
	var out []rules.Finding
	for at := 0; ; {
		i := strings.Index(src[at:], text)
		if i < 0 {
			return out
		}
		out = append(out, rules.Finding{Rule: rule, File: f, Span: parser.Span{Start: at + i, End: at + i + len(text)}})
		at += i + len(text)
	}
}

const pass = "proxy_pass http://app;"

const two = `server {
    server_name a.example.com;
    location /ws {
        proxy_pass http://app;
    }
    location /live {
        proxy_pass http://app;
    }
}
`

// all says that a run looked at a file with every rule.
func all(t *testing.T, names ...string) Seen {
	t.Helper()
	s := Seen{Files: map[string]bool{}, Ran: func(string, string) bool { return true }}
	for _, n := range names {
		abs, err := filepath.Abs(n)
		if err != nil {
			t.Fatal(err)
		}
		s.Files[abs] = true
	}
	return s
}

// made writes a baseline of the findings and reads it back.
func made(t *testing.T, path string, findings []rules.Finding, seen Seen) *Baseline {
	t.Helper()
	b, err := New(path)
	if err != nil {
		t.Fatal(err)
	}
	b.Update(findings, seen)
	data, err := b.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	b, err = Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFilter(t *testing.T) {
	t.Chdir(t.TempDir())
	b := made(t, "known.json", found("a.conf", two, pass, version11), all(t, "a.conf"))
	if b.Len() != 2 {
		t.Fatalf("the baseline knows %d findings, want 2", b.Len())
	}
	for _, c := range []struct {
		name, src, text string
		rule            *rules.Rule
		fresh, stale    int
	}{
		{"as it was", two, pass, version11, 0, 0},
		{"moved down", "# a comment\n\n" + two, pass, version11, 0, 0},
		{"indented otherwise", strings.ReplaceAll(two, "    ", "\t"), pass, version11, 0, 0},
		{"inside http", "http {\n" + two + "}\n", pass, version11, 0, 0},
		{"with CRLF", strings.ReplaceAll(two, "\n", "\r\n"), pass, version11, 0, 0},
		{"blanks in the line", strings.ReplaceAll(two, "proxy_pass ", "proxy_pass   "), "proxy_pass   http://app;", version11, 0, 0},
		{"one mended", strings.Replace(two, pass, "", 1), pass, version11, 0, 1},
		{"locations changed round", strings.NewReplacer("/ws", "/live", "/live", "/ws").Replace(two), pass, version11, 0, 0},
		{"one more of the same", strings.Replace(two, pass, pass+"\n"+pass, 1), pass, version11, 1, 0},
		{"another location", strings.Replace(two, "/ws", "/chat", 1), pass, version11, 1, 1},
		{"another server", two + strings.Replace(two, "a.example", "b.example", 1), pass, version11, 2, 0},
		{"another rule", two, pass, upgrade, 2, 2},
		{"another line", strings.Replace(two, "http://app", "http://b", 1), "proxy_pass http://b;", version11, 1, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			findings := found("a.conf", c.src, c.text, c.rule)
			fresh, known := b.Filter(findings)
			if len(fresh) != c.fresh || known != len(findings)-c.fresh {
				t.Errorf("%d of %d findings are new and %d known, want %d new", len(fresh), len(findings), known, c.fresh)
			}
			stale := 0
			for _, e := range b.Stale(findings, all(t, "a.conf")) {
				stale += e.Count
			}
			if stale != c.stale {
				t.Errorf("%d entries are stale, want %d", stale, c.stale)
			}
		})
	}
}

// Of what a run did not look at nothing is said, and nothing is lost.
func TestPartOfATree(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"a.conf", "b.conf"} {
		if err := os.WriteFile(name, []byte(two), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	both := append(found("a.conf", two, pass, version11), found("b.conf", two, pass, version11)...)
	b := made(t, "known.json", both, all(t, "a.conf", "b.conf"))

	if got := b.Stale(nil, all(t, "a.conf")); len(got) != 2 || got[0].File != "a.conf" {
		t.Errorf("stale after a run over a.conf: %v", got)
	}
	other := all(t, "a.conf", "b.conf")
	other.Ran = func(rule, _ string) bool { return rule != version11.Name }
	if got := b.Stale(nil, other); len(got) != 0 {
		t.Errorf("stale after a run of other rules: %v", got)
	}
	b.Update(nil, all(t, "a.conf"))
	if b.Len() != 2 || b.entries[0].File != "b.conf" {
		t.Errorf("after an update over a.conf the baseline is %v", b.entries)
	}
	if err := os.Remove("b.conf"); err != nil {
		t.Fatal(err)
	}
	if got := b.Stale(nil, all(t, "a.conf")); len(got) != 2 {
		t.Errorf("stale after b.conf was removed: %v", got)
	}
	b.Update(nil, all(t))
	if b.Len() != 0 {
		t.Errorf("an update keeps %v", b.entries)
	}
}

// The file is the same whatever the order of the findings and the working
// directory.
func TestJSON(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "conf.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	findings := append(found("conf.d/a.conf", two, pass, version11), found("conf.d/a.conf", two, "location /ws", upgrade)...)
	first, _ := made(t, "known.json", findings, all(t)).JSON()
	t.Chdir(filepath.Join(dir, "conf.d"))
	again := append(found("a.conf", two, "location /ws", upgrade), found(filepath.Join(dir, "conf.d/a.conf"), two, pass, version11)...)
	second, _ := made(t, "../known.json", again, all(t)).JSON()
	if string(first) != string(second) {
		t.Errorf("the baseline is\n%s\nand from another folder\n%s", first, second)
	}
	for _, want := range []string{`"version": 1`, `"file": "conf.d/a.conf"`, `"in": "server a.example.com, location /ws"`, `"count": 1`} {
		if !strings.Contains(string(first), want) {
			t.Errorf("the baseline lacks %s:\n%s", want, first)
		}
	}
}

func TestRead(t *testing.T) {
	t.Chdir(t.TempDir())
	for text, want := range map[string]string{
		"":                               "not a baseline: ",
		"[]":                             "not a baseline: ",
		`{"version": 1, "x": 1}`:         "not a baseline: ",
		`{"version": 2, "findings": []}`: "is version 2 of a baseline",
	} {
		if err := os.WriteFile("b.json", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Read("b.json"); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Read of %q: %v, want %q", text, err, want)
		}
	}
	if _, err := Read("none.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Read of a missing file: %v", err)
	}
}
