package rules

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

var update = flag.Bool("update", false, "rewrite the .fixed files")

const fixtures = "../testdata/rules"

// TestFixtures runs every folder's rule over its files: "# want" comments name
// the findings of their line ("# want next" those of the next), and a file beside it that ends in .fixed is the
// file as the fixes leave it. The folder "together" runs all default rules and
// applies safe fixes only; its files name no findings. An archive (.txtar) holds a tree of files, its fixed
// ones among them.
func TestFixtures(t *testing.T) {
	folders, err := os.ReadDir(fixtures)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		paths, err := filepath.Glob(filepath.Join(fixtures, folder.Name(), "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, ".fixed") {
				continue
			}
			t.Run(folder.Name()+"/"+filepath.Base(path), func(t *testing.T) { runFixture(t, folder.Name(), path) })
		}
	}
}

// fixture is one test case: some files and how to run over them.
type fixture struct {
	dir   string
	paths []string // to open
	opts  effective.Options
	rules []*Rule
	safe  bool // apply safe fixes only
	notes []string
	// installed is whether the configuration is the machine's own.
	installed bool
}

func runFixture(t *testing.T, folder, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := &fixture{rules: rulesFor(t, folder), safe: folder == "together", dir: t.TempDir()}
	files := map[string]string{filepath.Base(path): string(data)}
	want := map[string]string{}
	if strings.HasSuffix(path, ".txtar") {
		var comment string
		comment, files, want = readArchive(string(data))
		c.readOptions(t, comment)
	} else {
		c.readOptions(t, string(data))
		if fixed, err := os.ReadFile(path + ".fixed"); err == nil {
			want[filepath.Base(path)] = string(fixed)
		}
		c.paths = append(c.paths, filepath.Join(c.dir, filepath.Base(path)))
	}
	for name, text := range files {
		name = filepath.Join(c.dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if c.paths == nil {
		c.paths = []string{c.dir}
	}
	w := parser.Open(c.paths, parser.Options{})
	noProblems(t, w)
	findings := c.lint(w)
	if folder != "together" {
		checkWants(t, c, files, findings)
	}
	switch folder {
	case "websocket-scheme", "duplicate-header", // ordinary requests failed or came twice
		"misplaced-directive", "duplicate-directive", "swallowed-directive", "invalid-value", // nginx did not start
		"subrequest-upgrade": // what worked was not asked for by a client
	default:
		c.checkSafe(t, w, findings)
	}
	got := c.fixAll(t, w, findings)
	if *update {
		writeFixed(t, path, string(data), files, got)
		return
	}
	for name, text := range files {
		expect, ok := want[name]
		if !ok {
			expect = text
		}
		if got[name] == "" {
			got[name] = text
		}
		if diff := cmp.Diff(expect, got[name]); diff != "" {
			t.Errorf("%s after its fixes (-want +got):\n%s", name, diff)
		}
	}
}

// rulesFor returns the rules that a folder's files are about.
func rulesFor(t *testing.T, folder string) []*Rule {
	t.Helper()
	name := folder
	if folder == "together" || folder == "unused-ignore" || folder == "ignore-without-reason" {
		name = "default"
	}
	list, err := Select(Selection{Select: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

var option = regexp.MustCompile(`# (nginx-version|websocket|not-websocket|open) (\S+)`)

// readOptions reads lines such as "# nginx-version 1.30".
func (c *fixture) readOptions(t *testing.T, text string) {
	t.Helper()
	for _, m := range option.FindAllStringSubmatch(text, -1) {
		switch m[1] {
		case "nginx-version":
			v, err := effective.ParseVersion(m[2])
			if err != nil {
				t.Fatal(err)
			}
			c.opts.Version = v
		case "websocket":
			c.opts.WebSocket = append(c.opts.WebSocket, m[2])
		case "not-websocket":
			c.opts.NotWebSocket = append(c.opts.NotWebSocket, m[2])
		case "open":
			c.paths = append(c.paths, filepath.Join(c.dir, m[2]))
		}
	}
}

// readArchive splits a txtar archive.
func readArchive(text string) (comment string, files, fixed map[string]string) {
	files, fixed = map[string]string{}, map[string]string{}
	name := ""
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "-- "); ok {
			if n, ok := strings.CutSuffix(strings.TrimRight(rest, "\r\n"), " --"); ok {
				name = n
				if to, ok := strings.CutSuffix(name, ".fixed"); ok {
					fixed[to] = ""
				} else {
					files[name] = ""
				}
				continue
			}
		}
		if name == "" {
			comment += line
		} else if to, ok := strings.CutSuffix(name, ".fixed"); ok {
			fixed[to] += line
		} else {
			files[name] += line
		}
	}
	return comment, files, fixed
}

func noProblems(t *testing.T, w *parser.Workspace) {
	t.Helper()
	for _, p := range w.Problems {
		t.Errorf("problem: %s:%d: %s", p.File, p.Line, p.Message)
	}
	for _, c := range w.Configs {
		for _, p := range c.Problems {
			if p.Kind == parser.Failed {
				t.Errorf("problem: %s:%d: %s", p.File, p.Line, p.Message)
			}
		}
	}
}

func (c *fixture) lint(w *parser.Workspace) []Finding {
	return Run(c.models(w), Options{
		Rules: c.rules, Writable: w.Writable, ReadFile: readCertificate,
		Now:       func() time.Time { return today },
		Note:      func(n string) { c.notes = append(c.notes, n) },
		Installed: func(*parser.Config) bool { return c.installed },
	})
}

func (c *fixture) models(w *parser.Workspace) []*effective.Model {
	var models []*effective.Model
	for _, cfg := range w.Configs {
		models = append(models, effective.Build(cfg, c.opts))
	}
	return models
}

// checkSafe applies the safe fixes alone and holds every route against what it
// was: ordinary requests reach the upstream as before, and no handshake that
// worked is lost.
func (c *fixture) checkSafe(t *testing.T, w *parser.Workspace, findings []Finding) {
	t.Helper()
	before := c.models(w)
	overlay := applyFixes(t, findings, true)
	if len(overlay) == 0 {
		return
	}
	after := c.models(w.With(overlay))
	for i, m := range after {
		if len(m.Routes) != len(before[i].Routes) {
			t.Fatalf("%d routes became %d", len(before[i].Routes), len(m.Routes))
		}
		for j, r := range m.Routes {
			was := before[i].Routes[j]
			if diff := cmp.Diff(ordinary(was), ordinary(r)); diff != "" {
				t.Errorf("ordinary requests of %s change with safe fixes (-before +after):\n%s", subject(r), diff)
			}
			if was.Verdict == effective.Works && r.Verdict != effective.Works {
				t.Errorf("%s worked and is %s now", subject(r), r.Verdict)
			}
		}
	}
}

// ordinary returns what a plain GET carries upstream, but for the headers that a
// safe fix may change.
func ordinary(r *effective.Route) []string {
	out := []string{r.Pass.Source()}
	for _, h := range r.Headers {
		if !isUpgradeOrConnection(strings.TrimSuffix(h.Name, ":")) {
			out = append(out, fmt.Sprintf("%s: %+v", h.Name, h.Sent[effective.Ordinary]))
		}
	}
	sort.Strings(out)
	return out
}

// describe is what a want comment is matched against.
func describe(f *Finding) string {
	s := fmt.Sprintf("%s: %s [%s]", f.Severity, f.Message, f.Rule.Name)
	if f.Fix != nil {
		s += fmt.Sprintf(" (%s: %s)", f.Fix.Safety, f.Fix.Message)
	}
	if f.Ignored != "" {
		s += " (ignored: " + f.Ignored + ")"
	}
	return s
}

var wantComment = regexp.MustCompile(`want( next)?((?: "(?:[^"\\]|\\.)*"| ` + "`[^`]*`" + `)+)`)
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|` + "`[^`]*`")

func checkWants(t *testing.T, c *fixture, files map[string]string, findings []Finding) {
	t.Helper()
	open := map[string][]string{} // by file:line
	for name, text := range files {
		for i, line := range strings.Split(text, "\n") {
			m := wantComment.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			if m[1] != "" {
				i++
			}
			for _, q := range quoted.FindAllString(m[2], -1) {
				re, err := strconv.Unquote(q)
				if err != nil {
					t.Fatalf("%s:%d: want %s: %v", name, i+1, q, err)
				}
				key := fmt.Sprintf("%s:%d", name, i+1)
				open[key] = append(open[key], re)
			}
		}
	}
	for i := range findings {
		f := &findings[i]
		key := fmt.Sprintf("%s:%d", c.relative(f.File.Name), f.File.Position(f.Span.Start).Line)
		n := slices.IndexFunc(open[key], func(re string) bool { return regexp.MustCompile(re).MatchString(describe(f)) })
		if n < 0 {
			t.Errorf("%s: unexpected finding: %s", key, describe(f))
			continue
		}
		open[key] = slices.Delete(open[key], n, n+1)
	}
	for key, res := range open {
		for _, re := range res {
			t.Errorf("%s: no finding matches %q", key, re)
		}
	}
}

// relative returns a file's name below the fixture's folder.
func (c *fixture) relative(name string) string {
	abs, err := filepath.Abs(name)
	if err != nil {
		return name
	}
	rel, err := filepath.Rel(c.dir, abs)
	if err != nil {
		return name
	}
	return filepath.ToSlash(rel)
}

// fixAll applies fixes until nothing changes and returns the changed files.
func (c *fixture) fixAll(t *testing.T, w *parser.Workspace, findings []Finding) map[string]string {
	t.Helper()
	got := map[string]string{}
	for range 5 {
		overlay := applyFixes(t, findings, c.safe)
		if len(overlay) == 0 {
			return got
		}
		for name, text := range overlay {
			got[c.relative(name)] = text
		}
		w = w.With(overlay)
		noProblems(t, w)
		findings = c.lint(w)
	}
	t.Errorf("fixes do not come to an end; now: %q", got)
	return got
}

// applyFixes makes the edits of all fixes that do not conflict, identical ones
// once.
func applyFixes(t *testing.T, findings []Finding, safe bool) map[string]string {
	t.Helper()
	byFile := map[*parser.File][]Edit{}
	for _, f := range findings {
		if f.Fix == nil || safe && f.Fix.Safety != Safe {
			continue
		}
		clash := false
		for _, e := range f.Fix.Edits {
			for _, have := range byFile[e.File] {
				clash = clash || e != have && e.Span.Start < have.Span.End && have.Span.Start < e.Span.End
			}
		}
		if clash {
			continue
		}
		for _, e := range f.Fix.Edits {
			if !slices.Contains(byFile[e.File], e) {
				byFile[e.File] = append(byFile[e.File], e)
			}
		}
	}
	overlay := map[string]string{}
	for f, edits := range byFile {
		sort.SliceStable(edits, func(i, j int) bool {
			a, b := edits[i], edits[j]
			if a.Span.Start != b.Span.Start {
				return a.Span.Start < b.Span.Start
			}
			if ea, eb := a.Span.Len() == 0, b.Span.Len() == 0; ea != eb {
				return ea
			}
			return a.Rank < b.Rank
		})
		var b strings.Builder
		at := 0
		for _, e := range edits {
			b.WriteString(f.Src[at:e.Span.Start])
			b.WriteString(e.New)
			at = e.Span.End
		}
		b.WriteString(f.Src[at:])
		overlay[f.Name] = b.String()
	}
	return overlay
}

func writeFixed(t *testing.T, path, data string, files, got map[string]string) {
	t.Helper()
	if !strings.HasSuffix(path, ".txtar") {
		name := filepath.Base(path)
		if got[name] == "" || got[name] == files[name] {
			_ = os.Remove(path + ".fixed")
			return
		}
		if err := os.WriteFile(path+".fixed", []byte(got[name]), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	var b strings.Builder
	skip := false
	for line := range strings.Lines(data) {
		if strings.HasPrefix(line, "-- ") {
			skip = strings.HasSuffix(strings.TrimSpace(line), ".fixed --")
		}
		if !skip {
			b.WriteString(line)
		}
	}
	names := make([]string, 0, len(got))
	for name := range got {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if got[name] != files[name] {
			fmt.Fprintf(&b, "-- %s.fixed --\n%s", name, got[name])
		}
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
}
