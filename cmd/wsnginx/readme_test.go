package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// snippet returns the fenced block of README.md that stands under its name.
func snippet(t *testing.T, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(readme(t), "<!-- readme: "+name+" -->\n```")
	_, rest, opened := strings.Cut(rest, "\n")
	text, _, closed := strings.Cut(rest, "```\n")
	if !ok || !opened || !closed {
		t.Fatalf("README.md has no block named %q", name)
	}
	return text
}

// unmarshal reads YAML that must have no key twice and none that to lacks.
func unmarshal(t *testing.T, text string, to any) {
	t.Helper()
	if err := yaml.UnmarshalWithOptions([]byte(text), to, yaml.Strict()); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

// workbench is a copy of the example, in which shell commands find wsnginx.
type workbench struct {
	dir string
	env []string
}

func newWorkbench(t *testing.T) *workbench {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the commands are a shell's")
	}
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("bash is not installed; the commands of README.md are not run")
	}
	home := t.TempDir()
	b := &workbench{dir: filepath.Join(home, "example")}
	if err := os.CopyFS(b.dir, os.DirFS(example(t))); err != nil {
		t.Fatal(err)
	}
	caches, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	cache, modules, ok := strings.Cut(strings.TrimSpace(string(caches)), "\n")
	if err != nil || !ok {
		t.Fatalf("go env: %q, %v", caches, err)
	}
	b.env = append(os.Environ(), "HOME="+home, "GOCACHE="+cache, "GOMODCACHE="+modules, "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	return b
}

// bash runs a script in the workbench and returns its exit status and output.
func (b *workbench) bash(t *testing.T, script string, env ...string) (int, string) {
	t.Helper()
	cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script) // as GitHub runs a step
	cmd.Dir, cmd.Env = b.dir, append(b.env, env...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// readmeCommands are the commands that README.md shows, as they are run here:
// where they stand for several, or need another machine, one that is like them.
var readmeCommands = map[string]struct {
	run    string // "" is the command itself
	status int
}{
	"wsnginx lint   [PATH…]":                                     {"wsnginx lint nginx.conf sites-enabled", 1},
	"wsnginx fix    [PATH…]":                                     {"wsnginx fix .", 1},
	"wsnginx routes [PATH…]":                                     {"wsnginx routes .", 0},
	"wsnginx trace  URL [PATH]":                                  {"wsnginx trace ws://app.example.com/live/ws nginx.conf", 1},
	"wsnginx explain RULE":                                       {"wsnginx explain missing-http-version", 0},
	"wsnginx rules":                                              {"", 0},
	"wsnginx probe  URL":                                         {"wsnginx probe $URL", 1},
	"wsnginx settings [PATH…]":                                   {"wsnginx settings . nginx.conf", 0},
	"wsnginx settings PATH":                                      {"wsnginx settings sites-enabled", 0},
	"wsnginx settings --schema":                                  {"", 0},
	"wsnginx completion bash|zsh|fish":                           {"for s in bash zsh fish; do wsnginx completion $s; done", 0},
	"wsnginx man":                                                {"", 0},
	"wsnginx fix":                                                {"", 1},
	"wsnginx COMMAND --help":                                     {"for c in lint fix routes trace explain rules settings probe completion man; do wsnginx $c --help; done", 0},
	"wsnginx lint --baseline known.json":                         {"wsnginx lint --baseline known.json --write-baseline; wsnginx lint --baseline known.json", 0},
	"wsnginx lint --baseline known.json --write-baseline":        {"", 0},
	"wsnginx probe wss://app.example.com/ws --config /etc/nginx": {"wsnginx probe $URL/live/ws --config . --host app.example.com", 1},
	"nginx -T 2>/dev/null | wsnginx lint -":                      {"(echo '# configuration file /etc/nginx/nginx.conf:'; cat nginx.conf) | wsnginx lint -", 0},
	"go run ./cmd/wsnginx lint testdata/example":                 {"cd $TOP; go run ./cmd/wsnginx lint testdata/example", 1},
}

// Every command in README.md is one that this test runs, and ends as it should.
func TestReadmeCommands(t *testing.T) {
	b := newWorkbench(t)
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	top, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	url := strings.Replace(server.URL, "http://", "ws://", 1)

	shown := map[string]bool{}
	inline := regexp.MustCompile("`([^`\n]*)`")
	fenced := false
	for line := range strings.Lines(readme(t)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
		case fenced: // the snippets have tests of their own
		case strings.HasPrefix(line, "    ") && strings.Contains(line, "wsnginx ") && !strings.HasPrefix(line, "    testdata/"):
			command := strings.TrimSpace(line)
			for _, words := range []string{"  what ", "  the ", "  every ", "  which ", "  a "} {
				command, _, _ = strings.Cut(command, words)
			}
			shown[strings.TrimSpace(command)] = true
		default:
			for _, m := range inline.FindAllStringSubmatch(line, -1) {
				if strings.HasPrefix(m[1], "wsnginx ") || strings.Contains(m[1], "| wsnginx ") {
					shown[m[1]] = true
				}
			}
		}
	}
	for command := range shown {
		if _, ok := readmeCommands[command]; !ok {
			t.Errorf("README.md shows %q, which no test runs", command)
		}
	}
	for command, want := range readmeCommands {
		if !shown[command] {
			t.Errorf("README.md does not show %q any more", command)
		}
		run := want.run
		if run == "" {
			run = command
		}
		status, out := b.bash(t, run, "URL="+url, "TOP="+top)
		if status != want.status {
			t.Errorf("%s: exit status %d, want %d\n%s", run, status, want.status, out)
		}
	}
}

// Every flag in README.md is one that some command has.
func TestReadmeFlags(t *testing.T) {
	p := &program{}
	known := map[string]bool{}
	for _, c := range p.app().Commands {
		for name := range flagNames(c.Flags) {
			known["--"+name] = true
		}
	}
	for _, name := range []string{"--cached", "--name-only", "--diff-filter", "--check"} { // git's
		known[name] = true
	}
	before, _, _ := strings.Cut(readme(t), "<!-- rules:")
	for _, flag := range regexp.MustCompile(`--[a-z][a-z-]*`).FindAllString(before, -1) {
		if !known[flag] {
			t.Errorf("README.md names the flag %s, which no command has", flag)
		}
	}
}

// The settings that README.md shows are read, and do what it says.
func TestReadmeSettings(t *testing.T) {
	b := newWorkbench(t)
	writeAll(t, b.dir, map[string]string{".wsnginx.yaml": snippet(t, ".wsnginx.yaml"), "old/x.conf": "server {\n"})
	status, out := b.bash(t, "wsnginx settings --show sites-enabled/app.example.com")
	for _, want := range []string{
		`(?m)^  fail-on +error +\.wsnginx\.yaml:1$`, `(?m)^    lost-host +off +\.wsnginx\.yaml:2$`,
		`(?m)^    short-read-timeout +info +\.wsnginx\.yaml:4$`, `(?m)^  read-timeout.min +10m +\.wsnginx\.yaml:6$`,
		`(?m)^  nginx-version +1\.30 `, `(?m)^  exclude +old `,
	} {
		if status != 0 || !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("settings --show: exit status %d, no %q in\n%s", status, want, out)
		}
	}
	if status, out := b.bash(t, "wsnginx lint"); status != 1 || strings.Contains(out, "lost-host") || strings.Contains(out, "missing-http-version") {
		t.Errorf("lint: exit status %d\n%s", status, out) // 1.30 speaks HTTP/1.1 by itself
	}
	writeAll(t, b.dir, map[string]string{".wsnginx.yaml": "fail-in: error\n"})
	if status, out := b.bash(t, "wsnginx lint"); status != 2 || !strings.Contains(out, `.wsnginx.yaml:1:1: unknown key "fail-in"; did you mean "fail-on"?`) {
		t.Errorf("lint: exit status %d\n%s", status, out)
	}
}

// The shell lines of README.md do what stands before them.
func TestReadmeShell(t *testing.T) {
	b := newWorkbench(t)
	status, out := b.bash(t, "git init -q; git add .; git commit -q -m first")
	if status != 0 {
		t.Skipf("git: %s", out)
	}
	lines := strings.Split(strings.TrimSpace(snippet(t, "shell")), "\n")
	for i, want := range []int{0, 1, 0} {
		if status, out := b.bash(t, lines[i]); status != want {
			t.Errorf("%s: exit status %d, want %d\n%s", lines[i], status, want, out)
		}
	}
	for _, name := range []string{"wsnginx.sarif", "wsnginx.patch"} {
		if text, err := os.ReadFile(filepath.Join(b.dir, name)); err != nil || len(text) == 0 {
			t.Errorf("%s: %d bytes, %v", name, len(text), err)
		}
	}

	hook := filepath.Join(b.dir, ".git", "hooks", "pre-commit")
	if err := os.MkdirAll(filepath.Dir(hook), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(hook, []byte(snippet(t, "hook")), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change string
		status int
		want   string
	}{
		{"echo x >notes.txt; git add notes.txt", 0, ""},
		{"echo '# x' >>sites-enabled/notes.example.com; git add sites-enabled", 0, "no problems in 1 file"},
		{"echo '# x' >>sites-enabled/chat.example.com; git add sites-enabled", 1, "missing-http-version"},
	} {
		status, out := b.bash(t, c.change+"; git commit -q -m change")
		if status != c.status || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit status %d, want %d and %q\n%s", c.change, status, c.status, c.want, out)
		}
	}
}

// The hooks that README.md names are there.
func TestReadmePreCommit(t *testing.T) {
	var config struct {
		Repos []struct {
			Repo, Rev string
			Hooks     []struct{ ID string }
		}
	}
	unmarshal(t, snippet(t, ".pre-commit-config.yaml"), &config)
	list, err := os.ReadFile(filepath.Join("..", "..", ".pre-commit-hooks.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var hooks []struct {
		ID, Name, Description, Entry, Language, Files string
		Types                                         []string
		Serial                                        bool `yaml:"require_serial"`
	}
	unmarshal(t, string(list), &hooks)
	there := map[string]bool{}
	for _, h := range hooks {
		there[h.ID] = true
		if !h.Serial || h.Files != hooks[0].Files {
			t.Errorf("the hook %s: require_serial %t, files %q", h.ID, h.Serial, h.Files)
		}
	}
	for _, h := range config.Repos[0].Hooks {
		if !there[h.ID] || !there[h.ID+"-system"] {
			t.Errorf("README.md names the hook %q; .pre-commit-hooks.yaml has %v", h.ID, there)
		}
	}
}

// The job of README.md runs, but for the installation, and its artifact is
// GitLab's.
func TestReadmeGitLab(t *testing.T) {
	var jobs map[string]struct {
		Image     string
		Script    []string
		Artifacts struct {
			When    string
			Reports struct{ Codequality string }
		}
	}
	unmarshal(t, snippet(t, ".gitlab-ci.yml"), &jobs)
	job := jobs["wsnginx"]
	if len(job.Script) != 2 || job.Script[0] != "go install github.com/wsnginx/wsnginx/cmd/wsnginx@latest" {
		t.Fatalf("the script is %q", job.Script)
	}
	mod, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if version := strings.TrimPrefix(job.Image, "golang:"); !strings.Contains(string(mod), "\ngo "+version) {
		t.Errorf("the image is %s; go.mod says otherwise", job.Image)
	}
	b := newWorkbench(t)
	if status, out := b.bash(t, job.Script[1]); status != 1 {
		t.Errorf("%s: exit status %d, want 1\n%s", job.Script[1], status, out)
	}
	text, err := os.ReadFile(filepath.Join(b.dir, job.Artifacts.Reports.Codequality))
	if err != nil || !strings.Contains(string(text), `"check_name": "missing-http-version"`) {
		t.Errorf("the report is %v\n%s", err, text)
	}
}

// action is action.yml.
type action struct {
	Name, Description, Author string
	Branding                  struct{ Icon, Color string }
	Inputs                    map[string]struct{ Description, Default string }
	Outputs                   map[string]struct{ Description, Value string }
	Runs                      struct {
		Using string
		Steps []struct {
			Name, ID, Shell, Run string
			Env                  map[string]string
		}
	}
}

func readAction(t *testing.T) action {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var a action
	unmarshal(t, string(text), &a)
	return a
}

// step runs a step of the action as a runner does, with these inputs.
func (a action) step(t *testing.T, b *workbench, i int, inputs map[string]string, env ...string) (int, string) {
	t.Helper()
	top, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range a.Runs.Steps[i].Env {
		value = strings.ReplaceAll(value, "${{ github.action_path }}", top)
		for input, def := range a.Inputs {
			given, ok := inputs[input]
			if !ok {
				given = def.Default
			}
			value = strings.ReplaceAll(value, "${{ inputs."+input+" }}", given)
		}
		if strings.Contains(value, "${{") {
			t.Fatalf("%s: %q is not known here", name, value)
		}
		env = append(env, name+"="+value)
	}
	if run := a.Runs.Steps[i].Run; strings.Contains(run, "${{") {
		t.Fatalf("an input stands in a script, where it could be anything: %s", run)
	}
	return b.bash(t, a.Runs.Steps[i].Run, env...)
}

// The action's steps do what its inputs say.
func TestAction(t *testing.T) {
	a, b := readAction(t), newWorkbench(t)
	if a.Runs.Using != "composite" || len(a.Runs.Steps) != 2 || a.Runs.Steps[1].ID != "lint" {
		t.Fatalf("the steps are %+v", a.Runs)
	}
	temp := t.TempDir()
	path, output := filepath.Join(temp, "path"), filepath.Join(temp, "output")
	env := []string{"RUNNER_TEMP=" + temp, "GITHUB_PATH=" + path, "GITHUB_OUTPUT=" + output}

	if status, out := a.step(t, b, 0, map[string]string{"version": "installed"}, env...); status != 0 {
		t.Errorf("installed: exit status %d\n%s", status, out)
	}
	if status, out := a.step(t, b, 0, map[string]string{"version": "installed"}, append(env, "PATH=/nowhere")...); status != 2 || !strings.Contains(out, "::error::wsnginx is not in the PATH") {
		t.Errorf("installed, and it is not: exit status %d\n%s", status, out)
	}
	if status, out := a.step(t, b, 0, nil, append(env, "PATH=/nowhere")...); status == 0 || !strings.Contains(out, "::error::go is not in the PATH") {
		t.Errorf("without Go: exit status %d\n%s", status, out)
	}
	if status, out := a.step(t, b, 0, nil, env...); status != 0 {
		t.Fatalf("build: exit status %d\n%s", status, out)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != filepath.Join(temp, "wsnginx")+"\n" {
		t.Errorf("GITHUB_PATH has %q, %v", text, err)
	}
	if status, out := b.bash(t, filepath.Join(temp, "wsnginx", "wsnginx")+" --version"); status != 0 {
		t.Errorf("what was built: exit status %d\n%s", status, out)
	}

	writeAll(t, b.dir, map[string]string{"a b/x y.conf": "server { listen 80; location /ws { proxy_pass http://127.0.0.1:1; } }\n", "-odd.conf": "server { listen 80; }\n"})
	for _, c := range []struct {
		inputs map[string]string
		status int
		want   string
		not    string
	}{
		{nil, 1, "::error file=sites-enabled/chat.example.com,line=16,", ""},
		{map[string]string{"paths": "sites-enabled/notes.example.com"}, 0, "", "::"},
		{map[string]string{"paths": "a b/x y.conf\r\n\n-odd.conf\n"}, 1, "::warning file=a b/x y.conf,line=1,", "chat"},
		{map[string]string{"fail-on": "never", "format": "text"}, 0, "sites-enabled/chat.example.com:16:5: error:", "::"},
		{map[string]string{"args": `--ignore 'handshake,lifetime' --exclude "a b"  --nginx-version 1.22.1`, "format": "text"}, 0, "", "handshake"},
		{map[string]string{"args": "$(touch pwned) `touch pwned`;touch pwned", "format": "text"}, 2, "wsnginx: ", ""},
		{map[string]string{"args": "--exclude 'old"}, 2, "::error::args: a quote is not closed", "chat"},
		{map[string]string{"paths": "nosuch.conf"}, 2, "nosuch.conf", ""},
	} {
		status, out := a.step(t, b, 1, c.inputs, env...)
		if status != c.status || !strings.Contains(out, c.want) || c.not != "" && strings.Contains(out, c.not) {
			t.Errorf("%q: exit status %d, want %d, %q and no %q in\n%s", c.inputs, status, c.status, c.want, c.not, out)
		}
		text, err := os.ReadFile(output)
		if err != nil || !strings.HasSuffix(string(text), fmt.Sprintf("status=%d\n", c.status)) {
			t.Errorf("%q: GITHUB_OUTPUT has %q, %v", c.inputs, text, err)
		}
	}
	if _, err := os.Stat(filepath.Join(b.dir, "pwned")); err == nil {
		t.Error("an input was run as a command")
	}
}

// The workflow that README.md shows uses the action as it is, and README.md names
// every input.
func TestReadmeGitHub(t *testing.T) {
	a := readAction(t)
	var workflow struct {
		Name string
		On   []string
		Jobs map[string]struct {
			RunsOn string `yaml:"runs-on"`
			Steps  []struct {
				Uses string
				With map[string]string
			}
		}
	}
	unmarshal(t, snippet(t, ".github/workflows/wsnginx.yml"), &workflow)
	steps := workflow.Jobs["wsnginx"].Steps
	last := steps[len(steps)-1]
	if !strings.HasPrefix(last.Uses, "wsnginx/wsnginx@") {
		t.Errorf("the last step uses %s", last.Uses)
	}
	for name := range last.With {
		if _, ok := a.Inputs[name]; !ok {
			t.Errorf("README.md sets the input %s, which the action does not have", name)
		}
	}
	_, section, _ := strings.Cut(readme(t), "### GitHub Actions")
	section, _, _ = strings.Cut(section, "\n### ")
	for name, input := range a.Inputs {
		if !strings.Contains(section, "`"+name+"`") || input.Description == "" {
			t.Errorf("README.md does not name the input %s, or action.yml does not describe it", name)
		}
	}
	b := newWorkbench(t)
	output := filepath.Join(t.TempDir(), "output")
	if status, out := a.step(t, b, 1, last.With, "GITHUB_OUTPUT="+output); status != 1 || !strings.Contains(out, "::error file=") {
		t.Errorf("the step of README.md: exit status %d\n%s", status, out)
	}
}
