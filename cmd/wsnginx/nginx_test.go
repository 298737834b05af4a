package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
)

// TestNginx holds lint and fix against a real nginx. Each tree of
// testdata/nginx listens on 127.0.0.1:8080 in front of a strict backend on
// 127.0.0.1:9000, both replaced, and its comment says what is tried:
//
//	handshake PATH BEFORE AFTER [unsafe]
//	idle PATH DURATION
//
// BEFORE and AFTER are the status of a handshake before and after
// fix --write: "refused" where nginx does not start, "101!" where nginx answers
// 101 and a browser would not take it. A tree whose line says unsafe is fixed
// with --unsafe. After an idle time, 0s for none, nginx closes the silent
// tunnel. What answers 101 after the fix must carry an echo, and a second fix
// must change nothing.
func TestNginx(t *testing.T) {
	nginx := nginxtest.Find(t)
	files, err := filepath.Glob("../../testdata/nginx/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no trees in testdata/nginx: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			testTree(t, nginx, file)
		})
	}
}

// try is one line of a tree's comment.
type try struct {
	path, before, after string
	idle                time.Duration
	isIdle              bool
}

func testTree(t *testing.T, nginx *nginxtest.Nginx, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tries, unsafe := tries(t, string(archive.Comment))
	backend := nginxtest.NewBackend(t)
	addr := nginxtest.Loopback(nginxtest.FreePorts(t, 1)[0])
	files := map[string]string{}
	for _, f := range archive.Files {
		files[f.Name] = strings.NewReplacer("127.0.0.1:8080", addr, "127.0.0.1:9000", backend.Addr).Replace(string(f.Data))
	}
	dir := nginxtest.WriteTree(t, files)

	// The version is what nginx says of itself: what wsnginx judges for.
	version := "--nginx-version=" + nginx.Version
	findings, status := wsnginx(t, "lint", version, dir)
	before := outcomes(t, nginx, dir, addr, tries)
	for _, try := range tries {
		if try.isIdle {
			continue
		}
		if got := before[try.path]; got != try.before {
			t.Errorf("handshake %s before the fix: %s, want %s", try.path, got, try.before)
		}
		if broken := try.before != "101" && try.before != "404"; broken && status == exitClean {
			t.Errorf("handshake %s answers %s, and lint finds nothing:\n%s", try.path, try.before, findings)
		}
	}

	args := []string{"fix", "--write", version, dir}
	if unsafe {
		args = append(args, "--unsafe")
	}
	wsnginx(t, args...)
	after := outcomes(t, nginx, dir, addr, tries)
	for _, try := range tries {
		if got := after[try.path]; !try.isIdle && got != try.after {
			t.Errorf("handshake %s after the fix: %s, want %s\n%s", try.path, got, try.after, source(dir))
		}
	}
	once := source(dir)
	wsnginx(t, args...)
	if twice := source(dir); twice != once {
		t.Errorf("a second fix changes the tree from\n%s\nto\n%s", once, twice)
	}
}

// tries reads the comment of a tree.
func tries(t *testing.T, comment string) (tries []try, unsafe bool) {
	t.Helper()
	for line := range strings.Lines(comment) {
		f := strings.Fields(line)
		switch {
		case len(f) >= 4 && f[0] == "handshake":
			tries = append(tries, try{path: f[1], before: f[2], after: f[3]})
			unsafe = unsafe || len(f) > 4 && f[4] == "unsafe"
		case len(f) == 3 && f[0] == "idle":
			d, err := time.ParseDuration(f[2])
			if err != nil {
				t.Fatal(err)
			}
			tries = append(tries, try{path: f[1], idle: d, isIdle: true})
		}
	}
	if len(tries) == 0 {
		t.Fatal("the tree's comment tries nothing")
	}
	return tries, unsafe
}

// outcomes starts nginx on the tree and returns what each handshake came to.
func outcomes(t *testing.T, nginx *nginxtest.Nginx, dir, addr string, tries []try) map[string]string {
	t.Helper()
	out := map[string]string{}
	server, err := nginx.Launch(filepath.Join(dir, "nginx.conf"))
	if err != nil {
		for _, try := range tries {
			out[try.path] = "refused"
		}
		return out
	}
	defer func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	}()
	for _, try := range tries {
		if try.isIdle {
			t.Run(fmt.Sprintf("idle%s", try.path), func(t *testing.T) { measureIdle(t, addr, try) })
			continue
		}
		out[try.path] = outcome(t, addr, try.path)
	}
	return out
}

// outcome sends both forms of the handshake that browsers send.
func outcome(t *testing.T, addr, path string) string {
	t.Helper()
	var first string
	for i, connection := range []string{"Upgrade", "keep-alive, Upgrade"} {
		r := nginxtest.Handshake(addr, nginxtest.HandshakeOptions{Path: path, Connection: connection})
		r.Close()
		if r.Err != nil {
			t.Fatalf("handshake %s: %v", path, r.Err)
		}
		got := strconv.Itoa(r.Status)
		switch {
		case r.Status == 101 && !r.OK:
			got = "101!"
		case r.Status == 101 && !r.Echoed:
			t.Errorf("handshake %s with %q: no echo: %v", path, connection, r.EchoErr)
		}
		if i == 0 {
			first = got
		} else if got != first {
			t.Errorf("handshake %s: %s, and %s with %q", path, first, got, connection)
		}
	}
	return first
}

// measureIdle holds the time after which a silent tunnel closes against the one
// that routes prints.
func measureIdle(t *testing.T, addr string, try try) {
	r := nginxtest.Handshake(addr, nginxtest.HandshakeOptions{Path: try.path})
	defer r.Close()
	if r.Err != nil || !r.OK {
		t.Fatalf("handshake %s: %d, %v %s", try.path, r.Status, r.Err, r.Why)
	}
	limit := try.idle + time.Second
	idle, how := r.WaitClosed(limit)
	if try.idle == 0 {
		if how != "open" {
			t.Errorf("%s closed (%s) after %v, want open", try.path, how, idle)
		}
		return
	}
	if how != "fin" || idle < try.idle-200*time.Millisecond || idle > try.idle+700*time.Millisecond {
		t.Errorf("%s: %s after %v, want fin after %v", try.path, how, idle, try.idle)
	}
}

// wsnginx runs wsnginx and returns its results and exit status. A run that
// fails ends the test.
func wsnginx(t *testing.T, args ...string) (string, int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := run(append([]string{"wsnginx"}, args...), strings.NewReader(""), &stdout, &stderr)
	if status == exitFailed {
		t.Fatalf("wsnginx %s: exit status %d\n%s%s", strings.Join(args, " "), status, stdout.String(), stderr.String())
	}
	return stdout.String(), status
}

// source returns all files below dir, for comparison and for messages.
func source(dir string) string {
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		fmt.Fprintf(&b, "-- %s --\n%s", strings.TrimPrefix(path, dir), data)
		return err
	})
	if err != nil {
		return err.Error()
	}
	return b.String()
}
