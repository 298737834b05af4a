//go:build unix

package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// interactive runs "fix --interactive" on two sites with a terminal, on which a
// person types the answers, each when it is asked for.
func interactive(t *testing.T, answers string, flags ...string) (status int, shown string, sites [2]string) {
	t.Helper()
	dir := t.TempDir()
	const site = "server {\n    listen 80;\n    server_name NAME;\n    location /ws {\n        proxy_pass http://127.0.0.1:3000;\n" +
		"        proxy_set_header Upgrade $http_upgrade;\n        proxy_set_header Connection \"upgrade\";\n" +
		"        proxy_set_header Host $host;\n        proxy_read_timeout 1h;\n    }\n}\n"
	names := [2]string{"a.conf", "b.conf"}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Replace(site, "NAME", name, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	x := openTerminal(t)
	typed := make(chan struct{})
	go func() {
		defer close(typed)
		for _, answer := range strings.Fields(answers) {
			if answer == "EOF" {
				answer = "\x04"
			} else {
				answer += "\n"
			}
			time.Sleep(20 * time.Millisecond)
			if _, err := io.WriteString(x.control, answer); err != nil {
				return
			}
		}
	}()
	done := make(chan int, 1)
	go func() {
		done <- run(append([]string{"wsnginx", "fix", "--interactive", "--select", "missing-http-version"}, flags...), x.tty, x.tty, x.tty)
	}()
	select {
	case status = <-done:
	case <-time.After(20 * time.Second):
		t.Fatalf("fix --interactive waits for ever after %q", answers)
	}
	<-typed
	for i, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		sites[i] = string(data)
	}
	return status, x.text(), sites
}

func TestInteractive(t *testing.T) {
	const line = "proxy_http_version 1.1;"
	for _, c := range []struct {
		answers string
		a, b    bool // fixed
		status  int
		want    []string // on the terminal
	}{
		{"y y", true, true, 0, []string{"1 of 2: ", "2 of 2: ", "a.conf: 1 finding", "b.conf: 1 finding", "no problems left"}},
		{"y n", true, false, 1, []string{"a.conf: 1 finding", "b.conf:4:5:", `1 fixable with "wsnginx fix"`}},
		{"n y", false, true, 1, []string{"a.conf:4:5:", "b.conf: 1 finding"}},
		{"a", true, true, 0, []string{"1 of 2: "}},
		{"n a", false, true, 1, nil},
		{"q", false, false, 1, []string{"a.conf:4:5:"}},
		{"y q", true, false, 1, nil},
		{"yes no", true, false, 1, nil},
		{"EOF", false, false, 1, nil},
		{"what e n n", false, false, 1, []string{"Before", "1 of 2: "}},
	} {
		t.Run(c.answers, func(t *testing.T) {
			status, shown, sites := interactive(t, c.answers)
			if got := [2]bool{strings.Contains(sites[0], line), strings.Contains(sites[1], line)}; got != [2]bool{c.a, c.b} {
				t.Errorf("answers %q fix %v, want %v; shown:\n%s", c.answers, got, [2]bool{c.a, c.b}, shown)
			}
			if status != c.status {
				t.Errorf("answers %q: exit status %d, want %d; shown:\n%s", c.answers, status, c.status, shown)
			}
			for _, want := range c.want {
				if !strings.Contains(shown, want) {
					t.Errorf("answers %q: %q is not shown:\n%s", c.answers, want, shown)
				}
			}
		})
	}
}

// Where nobody can be asked, nothing is done.
func TestInteractiveRefused(t *testing.T) {
	dir := example(t)
	if status, stdout, stderr := command(t, dir, "fix", "--interactive"); status != exitFailed || stdout != "" || !strings.Contains(stderr, "no terminal") {
		t.Errorf("without a terminal: exit status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
	if status, _, stderr := command(t, dir, "fix", "--interactive", "--format", "json"); status != exitFailed || !strings.Contains(stderr, "--format json") {
		t.Errorf("with --format json: exit status %d, stderr %q", status, stderr)
	}
}

// On a terminal the diff is coloured, and the last line says how to apply it.
func TestFixOnATerminal(t *testing.T) {
	x := openTerminal(t)
	t.Chdir(example(t))
	if status := run([]string{"wsnginx", "fix", "--ignore", "a b,constant-upgrade"}, nil, x.tty, x.tty); status != exitFailed {
		t.Errorf("exit status %d of a rule that does not exist", status)
	}
	if status := run([]string{"wsnginx", "fix", "--ignore", "constant-upgrade", "."}, nil, x.tty, x.tty); status != exitFindings {
		t.Errorf("exit status %d, want %d", status, exitFindings)
	}
	text := x.text()
	if !strings.Contains(text, "\x1b[32m+        proxy_http_version 1.1;\x1b[0m\n") {
		t.Errorf("the diff has no colour:\n%s", text)
	}
	if want := "wsnginx: to apply it: wsnginx fix --write --ignore constant-upgrade .\n"; !strings.HasSuffix(text, want) {
		t.Errorf("the last line is not %q:\n%s", want, text)
	}
}

func TestAgain(t *testing.T) {
	p := &program{args: []string{"/usr/bin/wsnginx", "fix", "my conf", "it's", "--unsafe", ""}}
	if got, want := p.again("--write"), `wsnginx fix --write 'my conf' 'it'\''s' --unsafe ''`; got != want {
		t.Errorf("again = %s, want %s", got, want)
	}
}
