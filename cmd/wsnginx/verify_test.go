package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
)

// ownPaths keep an nginx that is run on a tree inside of it. The logs folder is
// made by verifyTree.
const ownPaths = `pid logs/nginx.pid;
error_log logs/error.log;
lock_file logs/lock;
events {}
http {
    access_log off;
    client_body_temp_path logs/body;
    proxy_temp_path logs/proxy;
    fastcgi_temp_path logs/fastcgi;
    uwsgi_temp_path logs/uwsgi;
    scgi_temp_path logs/scgi;
`

// broken is a location that fix mends.
const broken = `server {
    listen 127.0.0.1:8080;
    location /ws {
        proxy_pass http://127.0.0.1:9000;
        proxy_set_header Upgrade $http_upgrade;
    }
}
`

// indented puts four blanks before each line of a text.
func indented(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ") + "\n"
}

// verifyTree writes a tree of a main configuration that includes conf.d/*.conf,
// with more files in place of those or beside them.
func verifyTree(t *testing.T, more map[string]string) string {
	t.Helper()
	files := map[string]string{
		"nginx.conf": ownPaths + "    include conf.d/*.conf;\n}\n", "conf.d/app.conf": broken, "conf.d/second.conf": strings.ReplaceAll(broken, "8080", "8081"),
		"logs/error.log": "",
	}
	for name, text := range more {
		files[name] = text
	}
	return nginxtest.WriteTree(t, files)
}

// wrapper writes a program that stands in for nginx: a shell script in which
// $nginx is the real one.
func wrapper(t *testing.T, nginx *nginxtest.Nginx, script string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no shell to stand in for nginx")
	}
	path := filepath.Join(t.TempDir(), "nginx")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nnginx="+nginx.Path+"\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// configuration returns all but the logs of a tree, the names of dot files
// included.
func configuration(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	for _, pattern := range []string{"*", ".*", "conf.d/*", "conf.d/.*"} {
		matches, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range matches {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.IsDir() {
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "-- %s %v --\n%s", strings.TrimPrefix(path, dir), info.Mode(), text)
		}
	}
	return b.String()
}

func TestVerify(t *testing.T) {
	nginx := nginxtest.Find(t)
	// refuses takes what there is and no longer what was written, with words of
	// nginx's own.
	const refuses = `case $1 in -t) exec $nginx "$@" -g "no_such_directive on;";; *) exec $nginx "$@";; esac`
	tests := []struct {
		name    string
		files   map[string]string
		script  string // stands in for nginx
		args    []string
		status  int
		written bool
		stderr  []string // parts of it
	}{
		{name: "accepted", written: true, stderr: []string{"nginx -t accepts nginx.conf\n"}},
		{name: "accepted, quietly", args: []string{"--quiet"}, written: true},
		{
			name: "refused", script: refuses, status: exitFailed,
			stderr: []string{`nginx refuses nginx.conf with the fix: [emerg] unknown directive "no_such_directive" in command line`, "everything was restored\n"},
		},
		{
			name: "refused, nothing reloaded", script: refuses, args: []string{"--reload"}, status: exitFailed,
			stderr: []string{"everything was restored\n"},
		},
		{
			// The line moves when lines are added above it.
			name:    "refused before and after",
			files:   map[string]string{"conf.d/app.conf": strings.TrimSuffix(broken, "}\n") + "    no_such_directive on;\n}\n"},
			written: true,
			stderr: []string{
				`nginx refuses nginx.conf as it is: [emerg] unknown directive "no_such_directive" in `, "app.conf:7; only what it says besides counts",
				"nginx refuses nginx.conf as before, and says nothing new\n",
			},
		},
		{
			name:    "refused before, to be reloaded",
			files:   map[string]string{"conf.d/app.conf": broken + "no_such_directive on;\n"},
			args:    []string{"--reload"},
			written: true, status: exitFailed,
			stderr: []string{"the files are written; nginx was not told to reload nginx.conf, which it refuses\n"},
		},
		{
			name:   "refused before, for another reason after",
			files:  map[string]string{"conf.d/app.conf": broken + "no_such_directive on;\n"},
			script: refuses, status: exitFailed,
			stderr: []string{"nginx refuses nginx.conf as it is: ", "with the fix: [emerg] unknown directive \"no_such_directive\" in command line"},
		},
		{
			name: "no server runs", args: []string{"--reload"}, written: true, status: exitFailed,
			stderr: []string{"nginx -t accepts nginx.conf\n", "the files are written; nginx did not reload nginx.conf: [error] invalid PID number"},
		},
		{
			name:  "nginx reads other files",
			files: map[string]string{"nginx.conf": ownPaths + "    include /etc/nginx/wsnginx.none/*.conf;\n}\n", "wsnginx.none/app.conf": broken},
			args:  []string{"nginx.conf"}, status: exitFailed,
			stderr: []string{"nginx does not read wsnginx.none/app.conf: an include leads it elsewhere", "nothing was written\n"},
		},
		{
			name: "a fragment", files: map[string]string{"nginx.conf": "# none\n"}, status: exitFailed,
			stderr: []string{"conf.d/app.conf belongs to no main configuration that was found; --root FILE names it; nothing was written\n"},
		},
		{
			name: "a template", files: map[string]string{"nginx.conf": "worker_processes {{ workers }};\n" + ownPaths + "    include conf.d/*.conf;\n}\n"}, status: exitFailed,
			stderr: []string{"nginx.conf is a template, which nginx does not read as it is; nothing was written\n"},
		},
		{
			name: "in a file of another format", status: exitFailed, args: []string{"web.yaml"},
			files:  map[string]string{"web.yaml": "a: |\n  http {\n" + indented(broken) + "  }\n"},
			stderr: []string{"web.yaml is a file of another format, which nginx does not read as it is; nothing was written\n"},
		},
		{
			name: "nginx fails", script: `case $1 in -V) exec $nginx "$@";; *) exit 3;; esac`, status: exitFailed,
			stderr: []string{"exit status 3; nothing was written\n"},
		},
		{
			name: "no nginx", script: "exit 0", status: exitFailed,
			stderr: []string{"is no nginx: it does not tell its version\n"},
		},
		{
			name: "nothing there", args: []string{"--nginx", "no/such/nginx"}, status: exitFailed,
			stderr: []string{`there is no nginx to run at "no/such/nginx"` + "\n"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := verifyTree(t, test.files)
			old := configuration(t, dir)
			args := []string{"fix", "--write", "--verify"}
			if test.script != "" {
				args = append(args, "--nginx", wrapper(t, nginx, test.script))
			}
			status, stdout, stderr := command(t, dir, append(args, test.args...)...)
			if status != test.status {
				t.Errorf("exit status %d, want %d\n%s", status, test.status, stderr)
			}
			for _, want := range test.stderr {
				if !strings.Contains(stderr, want) {
					t.Errorf("stderr %q, want %q in it", stderr, want)
				}
			}
			if len(test.stderr) == 0 && stderr != "" {
				t.Errorf("stderr %q, want none", stderr)
			}
			now := configuration(t, dir)
			switch {
			case !test.written && (now != old || stdout != ""):
				t.Errorf("the tree is\n%s\nand was\n%s\nstdout %q", now, old, stdout)
			case test.written && (!strings.Contains(now, `Connection "upgrade"`) || strings.Contains(now, ".wsnginx") || !strings.Contains(stdout, "fixed ")):
				t.Errorf("the tree is\n%s\nstdout %q", now, stdout)
			}
		})
	}
}

// TestReload mends what a running nginx has loaded.
func TestReload(t *testing.T) {
	nginx := nginxtest.Find(t)
	backend := nginxtest.NewBackend(t)
	addr := nginxtest.Loopback(nginxtest.FreePorts(t, 1)[0])
	dir := verifyTree(t, map[string]string{
		"conf.d/app.conf":    strings.NewReplacer("127.0.0.1:8080", addr, "127.0.0.1:9000", backend.Addr).Replace(broken),
		"conf.d/second.conf": "",
	})
	main := filepath.Join(dir, "nginx.conf")
	// Both have a prefix of their own, and have to mean the same pid file.
	text := strings.ReplaceAll(ownPaths, "logs/", dir+"/logs/") + "    include conf.d/*.conf;\n}\n"
	if err := os.WriteFile(main, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	nginx.Start(t, main)
	if got := outcome(t, addr, "/ws"); got != "400" {
		t.Fatalf("the handshake comes to %s before", got)
	}
	status, _, stderr := command(t, dir, "fix", "--write", "--verify", "--reload", "--nginx-version", nginx.Version)
	if status != exitClean || !strings.Contains(stderr, "nginx was told to reload nginx.conf\n") {
		t.Fatalf("exit status %d, %s", status, stderr)
	}
	got := 0 // the old workers answer until the new ones are there
	for deadline := time.Now().Add(5 * time.Second); got != 101 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		r := nginxtest.Handshake(addr, nginxtest.HandshakeOptions{Path: "/ws"})
		r.Close()
		got = r.Status
	}
	if got != 101 {
		t.Errorf("the handshake comes to %d after the reload", got)
	}
	status, _, stderr = command(t, dir, "fix", "--write", "--verify", "--reload", "--nginx-version", nginx.Version)
	if status != exitClean || stderr != "wsnginx: nothing was written; nginx was not told to reload\n" {
		t.Errorf("again: exit status %d, %s", status, stderr)
	}
}

// TestInterrupted ends a run while nginx looks at what was written.
func TestInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	nginx := nginxtest.Find(t)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			dir := verifyTree(t, nil)
			old := configuration(t, dir)
			bin := wrapper(t, nginx, fmt.Sprintf(`case $1 in -t) kill -%d $PPID; exec sleep 20;; *) exec $nginx "$@";; esac`, sig))
			cmd := exec.Command("wsnginx", "fix", "--write", "--verify", "--nginx", bin)
			var stderr bytes.Buffer
			cmd.Dir, cmd.Stderr = dir, &stderr
			cmd.WaitDelay = time.Second // a killed one leaves its nginx
			start := time.Now()
			err := cmd.Run()
			if took := time.Since(start); took > 15*time.Second {
				t.Errorf("it took %v to end", took)
			}
			if sig != syscall.SIGKILL {
				if want := "wsnginx: fix: interrupted; every file is as it was\n"; stderr.String() != want || cmd.ProcessState.ExitCode() != exitFailed {
					t.Errorf("%v, stderr %q, want %q", err, stderr.String(), want)
				}
				if now := configuration(t, dir); now != old {
					t.Errorf("the tree is\n%s\nand was\n%s", now, old)
				}
				return
			}
			var exit *exec.ExitError
			if !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
				t.Fatalf("%v, %s", err, stderr.String())
			}
			if now := configuration(t, dir); !strings.Contains(now, ".wsnginx-journal") || !strings.Contains(now, `Connection "upgrade"`) {
				t.Fatalf("the tree is\n%s", now)
			}
			settle(t, dir, old)
		})
	}
}

// settle runs wsnginx on a tree that a killed run left.
func settle(t *testing.T, dir, old string) {
	t.Helper()
	const said = "wsnginx: a fix was interrupted (conf.d/.wsnginx-journal); new: conf.d/app.conf, conf.d/second.conf; "
	wsnginx := func(args ...string) string {
		cmd := exec.Command("wsnginx", args...)
		var stderr bytes.Buffer
		cmd.Dir, cmd.Stderr = dir, &stderr
		if err := cmd.Run(); err != nil {
			t.Errorf("%v, %s", err, stderr.String())
		}
		return stderr.String()
	}
	left := configuration(t, dir)
	if got := wsnginx("fix"); !strings.HasPrefix(got, said+"fix --write settles that\n") {
		t.Errorf("fix says %q", got)
	}
	if now := configuration(t, dir); now != left {
		t.Errorf("fix without --write changed the tree to\n%s", now)
	}
	if got := wsnginx("fix", "--write", "--select", "syntax"); got != said+"the new ones were restored\n" {
		t.Errorf("fix --write says %q", got)
	}
	if now := configuration(t, dir); now != old {
		t.Errorf("the tree is\n%s\nand was\n%s", now, old)
	}
	if got := wsnginx("fix", "--write"); got != "" {
		t.Errorf("fix --write says %q", got)
	}
}
