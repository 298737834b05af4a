package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// completers ask a shell what it offers at the end of each line, after it has
// read the script.
var completers = map[string]func(t *testing.T, dir, script string, lines []string) [][]string{
	"bash": bashCompletes, "fish": fishCompletes, "zsh": zshCompletes,
}

// shell runs a shell in dir and returns what it prints.
func shell(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "TERM=dumb")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

func bashCompletes(t *testing.T, dir, script string, lines []string) [][]string {
	t.Helper()
	const source = `source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_wsnginx
printf '%s\n' "${COMPREPLY[@]}"`
	var got [][]string
	for _, line := range lines {
		args := []string{"--norc", "-c", source, "bash", script}
		for _, word := range strings.Split(line, " ") { // bash parts a word at =
			if name, value, ok := strings.Cut(word, "="); ok {
				args = append(args, name, "=")
				word = value
			}
			if word != "" || !strings.HasSuffix(line, "=") {
				args = append(args, word)
			}
		}
		got = append(got, strings.Fields(shell(t, dir, "bash", args...)))
	}
	return got
}

func fishCompletes(t *testing.T, dir, script string, lines []string) [][]string {
	t.Helper()
	var got [][]string
	for _, line := range lines {
		out := shell(t, dir, "fish", "--no-config", "-c", `source $argv[1]; complete -C $argv[2]`, script, line)
		var words []string
		for line := range strings.Lines(out) {
			word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
			if flag, value, ok := strings.Cut(word, "="); ok && strings.HasPrefix(flag, "--") {
				word = value
			}
			words = append(words, word)
		}
		got = append(got, words)
	}
	return got
}

// zshCompletes types each line and a tab into an interactive zsh, in which
// compadd says what it is given.
func zshCompletes(t *testing.T, dir, script string, lines []string) [][]string {
	t.Helper()
	const source = `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PROMPT= RPROMPT=; stty -echo"
zpty -w z "autoload -Uz compinit; compinit -u -D; source $1"; shift
zpty -w z 'compadd() {
  if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)* ]]; then
    local -a hits; local hit
    builtin compadd -A hits "$@"
    for hit in $hits; do print -r -- "HI""T $hit"; done
  fi
  builtin compadd "$@"
}'
zpty -w z 'offer() { print; print "BE""GIN"; _main_complete; print "EN""D"; compstate[insert]= compstate[list]= }
zle -C offer complete-word offer; bindkey "^I" offer; bindkey "^U" kill-whole-line'
for line; do
  zpty -w -n z "$line"$'\t'
  zpty -r -m z out '*END*'
  print -r -- ${out##*BEGIN}
  zpty -w -n z $'\025'
done`
	out := shell(t, dir, "zsh", append([]string{"-f", "-c", source, "zsh", script}, lines...)...)
	var got [][]string
	var words []string
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if hit, ok := strings.CutPrefix(line, "HIT "); ok {
			words = append(words, hit)
		}
		if line == "END" {
			got, words = append(got, words), nil
		}
	}
	return got
}

// The completions are complete, their shells find nothing wrong with them, and
// offer what can stand at the end of a line.
func TestCompletion(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "conf.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "app.conf"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		line string
		want []string // all of it where no "…" ends it
	}{
		{"li", []string{"lint"}},
		{"lint --stat", []string{"--statistics"}},
		{"lint conf.d --format che", []string{"checkstyle"}},
		{"lint --format=ju", []string{"junit"}},
		{"lint --format=", []string{"checkstyle", "github", "…"}},
		{"routes --format ", []string{"json", "text"}},
		{"lint --fail-on ", []string{"error", "info", "never", "warning"}},
		{"fix --select missing-http", []string{"missing-http-version"}},
		{"fix --ignore lifet", []string{"lifetime"}},
		{"explain missing-up", []string{"missing-upgrade-header"}},
		{"completion ", []string{"bash", "fish", "zsh"}},
		{"lint con", []string{"conf.d"}},
		{"lint --output ap", []string{"app.conf"}},
		{"routes --websocket ap", []string{"app.conf"}},
		{"trace ws://a/ --websocket ap", nil},
	}
	for name, completes := range completers {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := command(t, ".", "completion", name)
			if status != 0 || stderr != "" {
				t.Errorf("completion %s: exit status %d, stderr %q", name, status, stderr)
			}
			for _, want := range []string{"fail-on", "missing-http-version", "checkstyle", "explain"} {
				if !strings.Contains(stdout, want) {
					t.Errorf("completion %s does not know %s", name, want)
				}
			}
			if _, err := exec.LookPath(name); err != nil {
				t.Logf("%s is not installed", name)
				return
			}
			script := filepath.Join(dir, "wsnginx."+name)
			if err := os.WriteFile(script, []byte(stdout), 0o644); err != nil {
				t.Fatal(err)
			}
			if out := shell(t, dir, name, "-n", script); out != "" {
				t.Errorf("%s -n:\n%s", name, out)
			}
			var lines []string
			for _, c := range cases {
				lines = append(lines, "wsnginx "+c.line)
			}
			all := completes(t, dir, script, lines)
			if len(all) != len(cases) {
				t.Fatalf("%s completes %d of %d lines", name, len(all), len(cases))
			}
			for i, c := range cases {
				got, want := all[i], c.want
				slices.Sort(got)
				switch n := len(want); {
				case n > 0 && want[n-1] == "…" && len(got) >= n:
					got = append(got[:n-1:n-1], "…")
				case n == 1 && (want[0] == "conf.d" || want[0] == "app.conf"):
					if name == "bash" { // completes files by itself
						want = nil
					}
					for i := range got {
						got[i] = strings.TrimSuffix(got[i], "/")
					}
				}
				if !slices.Equal(got, want) && len(got)+len(want) > 0 {
					t.Errorf("%s completes %q with %q, want %q", name, c.line, got, want)
				}
			}
		})
	}
}

// After a flag of the program, and not of a command, bash goes on with commands.
func TestCompletionAfterVersion(t *testing.T) {
	_, stdout, _ := command(t, ".", "completion", "bash")
	script := filepath.Join(t.TempDir(), "wsnginx.bash")
	if err := os.WriteFile(script, []byte(stdout), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := bashCompletes(t, ".", script, []string{"wsnginx --version li"})[0]; !slices.Equal(got, []string{"lint"}) {
		t.Errorf("bash completes %q, want lint", got)
	}
}
