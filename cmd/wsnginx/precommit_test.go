package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// committing is a git repository whose hooks pre-commit runs.
type committing struct {
	t   *testing.T
	dir string
	log string // what wsnginx was called with, a line a run
	env []string
}

// newCommitting makes a repository with those hooks of .pre-commit-hooks.yaml.
func newCommitting(t *testing.T, files map[string]string, hooks ...string) *committing {
	t.Helper()
	for _, program := range []string{"pre-commit", "git", "bash"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("WSNGINX_REQUIRE_PRECOMMIT") == "1" {
				t.Fatalf("%s is not installed, and WSNGINX_REQUIRE_PRECOMMIT=1", program)
			}
			t.Skipf("%s is not installed; the hooks are not tried", program)
		}
	}
	home := t.TempDir()
	c := &committing{t: t, dir: filepath.Join(home, "site"), log: filepath.Join(home, "log")}
	bin, real := filepath.Join(home, "bin"), filepath.Join(home, "wsnginx")
	if out, err := exec.Command("go", "build", "-o", real, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	writeAll(t, bin, map[string]string{"wsnginx": fmt.Sprintf("#!/bin/bash\n{ printf '%%s\\t' \"$@\"; echo; } >>%q\nexec %q \"$@\"\n", c.log, real)})
	if err := os.Chmod(filepath.Join(bin, "wsnginx"), 0o755); err != nil {
		t.Fatal(err)
	}
	outer := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GIT_") || strings.HasPrefix(v, "PRE_COMMIT") })
	c.env = append(outer, "HOME="+home, "PRE_COMMIT_HOME="+filepath.Join(home, "cache"),
		"PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")

	// pre-commit takes hooks from a repository only: one that holds no more than
	// the list of them.
	list, err := os.ReadFile(filepath.Join("..", "..", ".pre-commit-hooks.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	from := filepath.Join(home, "hooks")
	writeAll(t, from, map[string]string{".pre-commit-hooks.yaml": string(list)})
	c.in(from, "git", "init", "-q")
	c.in(from, "git", "add", ".")
	c.in(from, "git", "commit", "-q", "-m", "hooks")
	config := "repos:\n- repo: " + from + "\n  rev: " + strings.TrimSpace(c.in(from, "git", "rev-parse", "HEAD")) + "\n  hooks:\n"
	for _, hook := range hooks {
		config += "  - id: " + hook + "\n"
	}

	writeAll(t, c.dir, files)
	writeAll(t, c.dir, map[string]string{".pre-commit-config.yaml": config})
	c.run("git", "init", "-q")
	c.run("git", "add", ".")
	c.run("git", "commit", "-q", "-m", "first")
	c.run("pre-commit", "install")
	return c
}

func writeAll(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// try runs a command in the repository.
func (c *committing) try(name string, args ...string) (string, error) {
	return c.command(c.dir, name, args...)
}

func (c *committing) command(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, c.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// run runs a command that must succeed.
func (c *committing) run(name string, args ...string) string { return c.in(c.dir, name, args...) }

func (c *committing) in(dir, name string, args ...string) string {
	c.t.Helper()
	out, err := c.command(dir, name, args...)
	if err != nil {
		c.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// refused commits what is staged, and wants the hooks to stop it.
func (c *committing) refused(want ...string) {
	c.t.Helper()
	head := c.run("git", "rev-parse", "HEAD")
	out, err := c.try("git", "commit", "-m", "change")
	if err == nil || c.run("git", "rev-parse", "HEAD") != head {
		c.t.Errorf("the commit went through:\n%s", out)
	}
	for _, w := range want {
		if !strings.Contains(out, w) {
			c.t.Errorf("the hooks do not say %q:\n%s", w, out)
		}
	}
}

func (c *committing) read(name string) string {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, filepath.FromSlash(name)))
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}

// runs returns the arguments of the runs of wsnginx since it was last asked.
func (c *committing) runs() [][]string {
	text, err := os.ReadFile(c.log)
	if err != nil {
		return nil
	}
	if err := os.Remove(c.log); err != nil {
		c.t.Fatal(err)
	}
	var runs [][]string
	for line := range strings.Lines(string(text)) {
		runs = append(runs, strings.Split(strings.TrimSuffix(line, "\t\n"), "\t"))
	}
	return runs
}

const (
	commitMain = "events {}\nhttp {\n    include conf.d/*.conf;\n}\n"
	commitGood = "server {\n    listen 80;\n    location / {\n        proxy_pass http://127.0.0.1:3000;\n    }\n}\n"
	// A location that pages share with a socket: mending it takes the map, which
	// would stand in nginx.conf.
	commitBad   = "server {\n    listen 80;\n    location / {\n        proxy_pass http://127.0.0.1:3000;\n        proxy_http_version 1.1;\n        proxy_set_header Upgrade $http_upgrade;\n        proxy_read_timeout 1h;\n    }\n}\n"
	commitFixed = "server {\n    listen 80;\n    location / {\n        proxy_pass http://127.0.0.1:3000;\n        proxy_http_version 1.1;\n        proxy_set_header Upgrade $http_upgrade;\n        proxy_set_header Connection \"upgrade\";\n        proxy_read_timeout 1h;\n    }\n}\n"
)

func commitTree() map[string]string {
	return map[string]string{
		"nginx.conf": commitMain, "conf.d/app.conf": commitGood, "conf.d/old.conf": strings.ReplaceAll(commitBad, "80", "81"),
		"README.md": "# A site\n", "supervisord.conf": "[program:app]\ncommand=/usr/bin/app\n",
	}
}

// A bad commit is stopped; the fault that another file has is no matter of it.
func TestPreCommitLint(t *testing.T) {
	c := newCommitting(t, commitTree(), "wsnginx-lint-system")
	writeAll(t, c.dir, map[string]string{"conf.d/app.conf": commitBad})
	c.run("git", "add", "conf.d/app.conf")
	c.refused("conf.d/app.conf:3:5: warning:", "[missing-connection-header]")
	if runs := c.runs(); len(runs) != 1 || !slices.Equal(runs[0], []string{"lint", "--hook", "conf.d/app.conf"}) {
		t.Errorf("wsnginx was run as %q", runs)
	}

	writeAll(t, c.dir, map[string]string{"conf.d/app.conf": commitFixed})
	c.run("git", "add", "conf.d/app.conf")
	c.run("git", "commit", "-q", "-m", "good")
	// The main configuration includes a file that is broken, and is not.
	writeAll(t, c.dir, map[string]string{"nginx.conf": "# ours\n" + commitMain})
	c.run("git", "commit", "-q", "-a", "-m", "good too")
	c.runs()

	// An unrelated file costs nothing: wsnginx is not even started.
	writeAll(t, c.dir, map[string]string{"README.md": "# Another\n", "main.go": "package main\n", "nginx/Dockerfile": "FROM nginx\n"})
	c.run("git", "add", ".")
	if out := c.run("git", "commit", "-m", "unrelated"); !strings.Contains(out, "(no files to check)Skipped") {
		t.Errorf("the hook was not skipped:\n%s", out)
	}
	if runs := c.runs(); len(runs) != 0 {
		t.Errorf("wsnginx was run as %q for files that are none of its", runs)
	}

	// Another format is passed over with one line.
	writeAll(t, c.dir, map[string]string{"supervisord.conf": "[program:app]\ncommand=/usr/bin/app2\n"})
	c.run("git", "commit", "-q", "-a", "-m", "supervisord")
	out := c.run("pre-commit", "run", "--verbose", "--files", "supervisord.conf")
	if strings.Count(out, "supervisord.conf: looks like supervisord, not nginx configuration; passed over") != 1 {
		t.Errorf("pre-commit says\n%s", out)
	}
	if status := c.run("git", "status", "--porcelain"); status != "" {
		t.Errorf("git status says\n%s", status)
	}
}

// The fix hook mends what is committed and nothing else, and the next try goes
// through.
func TestPreCommitFix(t *testing.T) {
	c := newCommitting(t, commitTree(), "wsnginx-fix-system", "wsnginx-lint-system")
	// An edit that is not staged, of a file with a fault, stays as it is.
	unstaged := "# mine\n" + c.read("conf.d/old.conf")
	writeAll(t, c.dir, map[string]string{"conf.d/app.conf": commitBad, "conf.d/old.conf": unstaged})
	c.run("git", "add", "conf.d/app.conf")
	c.refused("files were modified by this hook", "fixed conf.d/app.conf: 1 finding")
	if got := c.read("conf.d/app.conf"); got != commitFixed {
		t.Errorf("the hook made\n%s\nwant\n%s", got, commitFixed)
	}
	if got := c.run("git", "status", "--porcelain"); got != "MM conf.d/app.conf\n M conf.d/old.conf\n" {
		t.Errorf("git status says\n%s", got)
	}
	if got := c.read("conf.d/old.conf"); got != unstaged {
		t.Errorf("an edit that was not staged became\n%s", got)
	}
	c.run("git", "add", "conf.d/app.conf")
	c.run("git", "commit", "-q", "-m", "mended")
	if got := c.run("git", "show", "HEAD:conf.d/app.conf"); got != commitFixed {
		t.Errorf("committed is\n%s", got)
	}
	if got := c.run("git", "show", "--name-only", "--format=", "HEAD"); got != "conf.d/app.conf\n" {
		t.Errorf("the commit holds\n%s", got)
	}
}

// The names of many files come in several runs, one after the other.
func TestPreCommitManyFiles(t *testing.T) {
	files := commitTree()
	delete(files, "conf.d/old.conf")
	for i := range 1500 {
		text := "server {\n    listen 80;\n    return 204;\n}\n"
		if i%500 == 0 {
			text = strings.Replace(commitBad, "80", fmt.Sprint(8000+i), 1)
		}
		files[fmt.Sprintf("conf.d/%s-%04d.conf", strings.Repeat("long", 20), i)] = text
	}
	c := newCommitting(t, files, "wsnginx-fix-system")
	out, err := c.try("pre-commit", "run", "--all-files")
	if err == nil || strings.Count(out, "fixed conf.d/long") != 3 {
		t.Errorf("pre-commit run --all-files: %v\n%s", err, out)
	}
	runs, names := c.runs(), map[string]int{}
	for _, run := range runs {
		for _, name := range run[3:] {
			names[name]++
		}
	}
	if runtime.GOOS == "linux" && len(runs) < 2 {
		t.Errorf("%d runs, want several", len(runs))
	}
	if len(names) != len(files)-1 { // README.md
		t.Errorf("%d files were named, want %d", len(names), len(files)-1)
	}
	if out, err := c.try("pre-commit", "run", "--all-files"); err != nil {
		t.Errorf("a second pre-commit run --all-files: %v\n%s", err, out)
	}
}

// The hooks are run for these names and not for those.
func TestPreCommitNames(t *testing.T) {
	want := []string{
		"NGINX.CONF", "app.conf", "conf-available/cache", "deploy/nginx.tmpl", "docker/nginx/proxy_params", "nginx.conf", "nginx.conf.j2",
		"ops/conf.d/x.conf.template", "roles/web/templates/nginx-site.j2", "site.vhost", "sites-available/app.example.com",
		"sites-enabled/default", "web/nginx-prod/sub/headers",
	}
	other := []string{
		"LICENSE", "Makefile", "conf.py", "docker-compose.yml", "docs/nginx.md", "main.go", "nginx.go", "nginx/Dockerfile", "nginx/LICENSE",
		"nginx/Makefile", "nginx/README", "nginx/README.md", "nginx/entrypoint.sh", "reconf", "app.config", "sites/index.html", "templates/page.j2",
	}
	files := map[string]string{}
	for _, name := range slices.Concat(want, other) {
		files[name] = "# text\n"
	}
	c := newCommitting(t, files, "wsnginx-lint-system")
	c.run("pre-commit", "run", "--all-files")
	var got []string
	for _, run := range c.runs() {
		got = append(got, run[2:]...)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the hook was run for\n%q\nwant\n%q", got, want)
	}
}
