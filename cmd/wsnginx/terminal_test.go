//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
)

// terminal is a pseudo-terminal, and what was printed on it.
type terminal struct {
	tty     *os.File
	control *os.File
	done    chan struct{}
	out     bytes.Buffer
}

// openTerminal returns a terminal of 80 columns.
func openTerminal(t *testing.T) *terminal {
	t.Helper()
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	t.Setenv("FORCE_COLOR", "")
	control, tty, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	x := &terminal{tty: tty, control: control, done: make(chan struct{})}
	go func() {
		defer close(x.done)
		_, _ = io.Copy(&x.out, control) // ends with an error where the other side is closed
	}()
	return x
}

// text closes the terminal and returns what was printed on it.
func (x *terminal) text() string {
	x.tty.Close()
	<-x.done
	x.control.Close()
	return strings.ReplaceAll(x.out.String(), "\r\n", "\n")
}

// On a terminal, rule names are links and no line is wider than it.
func TestLintOnATerminal(t *testing.T) {
	x := openTerminal(t)
	t.Chdir(example(t))
	if status := run([]string{"wsnginx", "lint"}, nil, x.tty, io.Discard); status != exitFindings {
		t.Errorf("exit status %d, want %d", status, exitFindings)
	}
	text := x.text()
	if want := "\x1b]8;;https://github.com/wsnginx/wsnginx/blob/main/docs/rules/missing-http-version.md\x1b\\"; !strings.Contains(text, want) {
		t.Errorf("no link to the rule's page in\n%q", text)
	}
	escapes := regexp.MustCompile("\x1b\\]8;;[^\x1b]*\x1b\\\\|\x1b\\[[0-9;]*m")
	plain := escapes.ReplaceAllString(text, "")
	if strings.Contains(plain, "\x1b") {
		t.Errorf("escape sequences that are no colours and no links:\n%q", plain)
	}
	findings, _, _ := strings.Cut(plain, "\n\n2 errors")
	for line := range strings.Lines(findings) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d columns on a terminal of 80: %s", n, line)
		}
	}
}

// Where colours are turned off, links are too.
func TestLintWithoutColor(t *testing.T) {
	for _, env := range [][2]string{{"NO_COLOR", "1"}, {"FORCE_COLOR", "0"}, {"TERM", "dumb"}} {
		x := openTerminal(t)
		t.Setenv(env[0], env[1])
		t.Chdir(example(t))
		run([]string{"wsnginx", "lint"}, nil, x.tty, io.Discard)
		if text := x.text(); !strings.Contains(text, "[missing-http-version]") || strings.Contains(text, "\x1b") {
			t.Errorf("%s=%s: escape sequences in\n%q", env[0], env[1], text)
		}
	}
}

// A run that takes long counts on stderr what it has read, and takes the line
// away; a run that does not says nothing.
func TestProgress(t *testing.T) {
	dir := t.TempDir()
	for n := range 1000 {
		site := fmt.Sprintf("server {\n    server_name s%d;\n    location / {\n        proxy_pass http://b;\n    }\n}\n", n)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.conf", n)), []byte(site), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	defer func(d time.Duration) { progressAfter = d }(progressAfter)
	for _, c := range []struct {
		name  string
		after time.Duration
		flags []string
		want  bool
	}{
		{"long", 0, nil, true},
		{"short", time.Hour, nil, false},
		{"quiet", 0, []string{"--quiet"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			progressAfter = c.after
			x := openTerminal(t)
			run(append([]string{"wsnginx", "lint", dir}, c.flags...), nil, io.Discard, x.tty)
			text := x.text()
			if got := strings.Contains(text, " files read"); got != c.want {
				t.Errorf("progress shown: %v, want %v: %q", got, c.want, text)
			}
			if c.want && !strings.HasSuffix(text, "\r\x1b[K") {
				t.Errorf("the progress line stays: %q", text)
			}
		})
	}
	var log bytes.Buffer
	progressAfter = 0
	if run([]string{"wsnginx", "lint", dir}, nil, io.Discard, &log); strings.Contains(log.String(), "files read") {
		t.Errorf("progress without a terminal: %q", log.String())
	}
}
