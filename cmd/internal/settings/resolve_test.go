package settings

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wsnginx/wsnginx/rules"
)

// tree writes files below a new folder and returns it.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
	return dir
}

func resolver(t *testing.T, dir string, flags Flags) *Resolver {
	t.Helper()
	r, err := NewResolver(flags, func(path string) string { return relative(dir, path) })
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func of(t *testing.T, r *Resolver, path string) *Applied {
	t.Helper()
	a, err := r.Of(path)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// state returns "on", "off" or a severity that takes the place of the rule's, and
// what decided it.
func (a *Applied) state(rule string) string {
	i := slices.IndexFunc(a.States, func(s State) bool { return s.Rule.Name == rule })
	st := a.States[i]
	switch {
	case !st.On:
		return "off " + st.From
	case st.Severity != 0:
		return st.Severity.String() + " " + st.SeverityFrom
	}
	return "on " + st.From
}

func TestRules(t *testing.T) {
	const rule, advice = "lost-host", "trailing-slash-redirect"
	for _, c := range []struct {
		name, settings string
		flags          Flags
		file           string
		want           map[string]string
	}{
		{"nothing said", "", Flags{}, "a.conf", map[string]string{rule: "on default", advice: "off default"}},
		{"select", "select: [tls, lost-host]\n", Flags{}, "a.conf", map[string]string{rule: "on .wsnginx.yaml:1", "pass-path": "off .wsnginx.yaml:1"}},
		{"extend-select", "strict: true\nextend-select: " + advice + "\n", Flags{}, "a.conf", map[string]string{rule: "on default", advice: "on .wsnginx.yaml:2"}},
		{"ignore goes before extend-select", "extend-select: [lost-host]\nignore: [lost-host]\n", Flags{}, "a.conf", map[string]string{rule: "off .wsnginx.yaml:2"}},
		{"severity", "severity:\n  lost-host: error\n", Flags{}, "a.conf", map[string]string{rule: "error .wsnginx.yaml:2"}},
		{"a rule's severity goes before its category's", "severity:\n  lost-host: error\n  http: off\n", Flags{}, "a.conf",
			map[string]string{rule: "error .wsnginx.yaml:2", "pass-path": "off .wsnginx.yaml:3"}},
		{"a severity selects nothing", "severity:\n  " + advice + ": error\n", Flags{}, "a.conf", map[string]string{advice: "off default"}},
		{"an ignored rule stays so", "ignore: lost-host\nseverity: {lost-host: error}\n", Flags{}, "a.conf", map[string]string{rule: "off .wsnginx.yaml:1"}},
		{"override elsewhere", "overrides: [{paths: b/**, ignore: lost-host}]\n", Flags{}, "a/x.conf", map[string]string{rule: "on default"}},
		{"override by path", "overrides: [{paths: a/**, ignore: lost-host}]\n", Flags{}, "a/x.conf", map[string]string{rule: "off .wsnginx.yaml:1"}},
		{"override by folder", "overrides: [{paths: ./a/b/, ignore: lost-host}]\n", Flags{}, "a/b/x.conf", map[string]string{rule: "off .wsnginx.yaml:1"}},
		{"override by name", "overrides: [{paths: 'x.*', ignore: lost-host}]\n", Flags{}, "a/b/x.conf", map[string]string{rule: "off .wsnginx.yaml:1"}},
		{"override wins", "severity: {lost-host: off}\noverrides: [{paths: a, severity: {lost-host: warning}}]\n", Flags{}, "a/x.conf", map[string]string{rule: "warning .wsnginx.yaml:2"}},
		{"later override wins", "overrides:\n- {paths: a, severity: {lost-host: error}}\n- {paths: a/x.conf, severity: {lost-host: off}}\n", Flags{}, "a/x.conf", map[string]string{rule: "off .wsnginx.yaml:3"}},
		{"--select wins", "ignore: lost-host\n", Flags{Select: []string{"lost-host"}}, "a.conf", map[string]string{rule: "on --select", "pass-path": "off --select"}},
		{"--extend-select wins", "overrides: [{paths: a.conf, ignore: lost-host}]\n", Flags{ExtendSelect: []string{"lost-host,tls"}}, "a.conf", map[string]string{rule: "on --extend-select"}},
		{"--ignore wins", "select: lost-host\n", Flags{Ignore: []string{"http"}}, "a.conf", map[string]string{rule: "off --ignore"}},
		{"--ignore adds", "ignore: pass-path\n", Flags{Ignore: []string{"lost-host"}}, "a.conf", map[string]string{rule: "off --ignore", "pass-path": "off .wsnginx.yaml:1"}},
		{"--no-settings", "ignore: lost-host\n", Flags{None: true}, "a.conf", map[string]string{rule: "on default"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := tree(t, map[string]string{".git/HEAD": "", FileName: c.settings})
			a := of(t, resolver(t, dir, c.flags), filepath.Join(dir, c.file))
			for name, want := range c.want {
				if got := a.state(name); got != want {
					t.Errorf("%s in %s under\n%s\nis %q, want %q", name, c.file, c.settings, got, want)
				}
				on := slices.ContainsFunc(a.Rules, func(r *rules.Rule) bool { return r.Name == name })
				if on == strings.HasPrefix(want, "off") {
					t.Errorf("%s is in the rules to run: %v", name, on)
				}
			}
		})
	}
}

// The nearest file holds alone, and the search ends at the top of a repository.
func TestNearest(t *testing.T) {
	dir := tree(t, map[string]string{
		FileName:                 "fail-on: never\n",
		"repo/.git/HEAD":         "",
		"repo/" + FileName:       "ignore: lost-host\nfail-on: error\n",
		"repo/sub/" + FileName:   "ignore: pass-path\n",
		"repo/module/.git":       "gitdir: ../.git/modules/module\n", // as in a submodule
		"repo/deep/er/x.conf":    "",
		"outside/somewhere/a.cf": "",
	})
	r := resolver(t, dir, Flags{})
	for _, c := range []struct{ file, settings, lost, fail string }{
		{"repo/deep/er/x.conf", "repo/.wsnginx.yaml", "off repo/.wsnginx.yaml:1", "error"},
		{"repo/sub/y/x.conf", "repo/sub/.wsnginx.yaml", "on default", "warning"},
		{"repo/module/x.conf", "", "on default", "warning"},
		{"outside/somewhere/a.cf", ".wsnginx.yaml", "on default", "never"},
	} {
		a := of(t, r, filepath.Join(dir, c.file))
		name := ""
		if a.Settings != nil {
			name = a.Settings.Name
		}
		if name != c.settings || a.state("lost-host") != c.lost || a.FailOn != severities[c.fail] {
			t.Errorf("%s: settings %q, lost-host %q, fail-on %d; want %q, %q, %s", c.file, name, a.state("lost-host"), a.FailOn, c.settings, c.lost, c.fail)
		}
	}
	if a, b := of(t, r, filepath.Join(dir, "repo/a")), of(t, r, filepath.Join(dir, "repo/deep/b")); a != b {
		t.Error("files to which the same applies have different Applied")
	}
	fixed := resolver(t, dir, Flags{File: filepath.Join(dir, "repo/sub", FileName)})
	if a := of(t, fixed, filepath.Join(dir, "repo/x.conf")); a.state("pass-path") != "off repo/sub/.wsnginx.yaml:1" {
		t.Errorf("--settings: pass-path is %s", a.state("pass-path"))
	}
}

func TestBadFiles(t *testing.T) {
	dir := tree(t, map[string]string{"a/" + FileName: "x: y\n", "b/.wsnginx.yml": "", "c/" + FileName + "/x": "", ".git/x": ""})
	r := resolver(t, dir, Flags{})
	for file, want := range map[string]string{
		"a/x.conf": "a/.wsnginx.yaml:1:1: unknown key",
		"b/x.conf": "b/.wsnginx.yml: is not read; its name must be .wsnginx.yaml",
		"c/x.conf": "c/.wsnginx.yaml: settings were not read: it is not a file",
	} {
		for range 2 { // the second time from what is remembered
			if _, err := r.Of(filepath.Join(dir, file)); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%s: %v, want %q", file, err, want)
			}
		}
	}
	if _, err := NewResolver(Flags{File: filepath.Join(dir, "none.yaml")}, func(p string) string { return p }); err == nil {
		t.Error("--settings with a file that is not there was taken")
	}
	for _, m := range []string{"", "a", "=b", "/a=", "a=b"} {
		if _, err := NewResolver(Flags{Map: []string{m}}, nil); err == nil || !strings.Contains(err.Error(), "want FROM=TO") {
			t.Errorf("--map %q: %v", m, err)
		}
	}
}

func TestRun(t *testing.T) {
	dir := tree(t, map[string]string{
		".git/x": "", "m.conf": "", "n.conf": "",
		"a/" + FileName: "root: ../m.conf\nmap: {/etc/nginx: x, /opt: y}\nexclude: [old/**, '*.bak']\nformat: json\nbaseline: known.json\n",
		"b/" + FileName: "root: ../n.conf\nmap: {/srv: z}\n",
		"c/" + FileName: "map: {/opt: elsewhere}\nformat: sarif\n",
	})
	t.Chdir(dir)
	get := func(flags Flags, paths ...string) (*Run, error) {
		for i := range paths {
			paths[i] = filepath.Join(dir, paths[i])
		}
		return resolver(t, dir, flags).Run(paths)
	}
	run, err := get(Flags{Exclude: []string{"tmp"}}, "a/x.conf", "a")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{filepath.Join(dir, "m.conf")}; !slices.Equal(run.Roots, want) || run.Root != "" || run.Format != "json" || run.Baseline != filepath.Join(dir, "a/known.json") ||
		len(run.Maps) != 2 || run.Maps[0] != (Map{"/etc/nginx", filepath.Join(dir, "a/x"), filepath.Join(dir, "a")}) {
		t.Errorf("run over a: %+v", run)
	}
	if want := []Exclusion{{"old/**", filepath.Join(dir, "a")}, {"*.bak", filepath.Join(dir, "a")}}; !slices.Equal(run.Exclude, want) {
		t.Errorf("exclude is %q, want %q", run.Exclude, want)
	}
	if run, err := get(Flags{}, "a/x", "b/x"); err != nil || !slices.Equal(run.Roots, []string{filepath.Join(dir, "m.conf"), filepath.Join(dir, "n.conf")}) {
		t.Errorf("two roots: %+v, %v", run, err)
	}
	if run, err := get(Flags{Root: "q"}, "a/x", "b/x"); err != nil || run.Root != "q" || len(run.Roots) > 0 || len(run.Maps) != 3 {
		t.Errorf("--root: %+v, %v", run, err)
	}
	if run, err := get(Flags{}, "c/x", "a/x"); err != nil || len(run.Maps) != 3 || run.Maps[0].Under != filepath.Join(dir, "c") || run.Maps[2].Under != filepath.Join(dir, "a") {
		t.Errorf("two maps of one folder: %+v, %v", run, err)
	}
	if run, err := get(Flags{File: filepath.Join(dir, "a", FileName)}, "b/x"); err != nil || len(run.Maps) != 2 || run.Maps[0].Under != "" {
		t.Errorf("--settings: %+v, %v", run, err)
	}
	if run, err := get(Flags{Map: []string{"/opt=here"}, Format: "text"}, "c/x", "a/x"); err != nil || run.Maps[0] != (Map{"/opt", "here", ""}) || run.Format != "text" {
		t.Errorf("--map: %+v, %v", run, err)
	}
}

func TestShow(t *testing.T) {
	dir := tree(t, map[string]string{".git/x": "", FileName: `severity:
  lost-host: error
overrides:
  - paths: conf.d/**
    websocket: /live
    read-timeout: {min: 10m}
`})
	r := resolver(t, dir, Flags{Ignore: []string{"pass-path"}, NginxVersion: "1.22", WebSocket: []string{"/x"}})
	var b strings.Builder
	if err := of(t, r, filepath.Join(dir, "conf.d/a.conf")).Show(&b, "conf.d/a.conf"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"conf.d/a.conf\n", "settings .wsnginx.yaml\n", "lost-host error .wsnginx.yaml:2\n", "pass-path off --ignore\n",
		"read-timeout.min 10m .wsnginx.yaml:6\n", "read-timeout.set 24h default\n", "websocket /x --websocket\n", "websocket /live .wsnginx.yaml:5\n",
		"nginx-version 1.22 --nginx-version\n", "fail-on warning default\n",
	} {
		var lines strings.Builder
		for line := range strings.Lines(b.String()) {
			lines.WriteString(strings.Join(strings.Fields(line), " ") + "\n")
		}
		if !strings.Contains(lines.String(), want) {
			t.Errorf("the settings of conf.d/a.conf lack %q:\n%s", want, b.String())
		}
	}
}
