package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// The bounds of the binary that is released.
const (
	maxBinary  = 15 << 20
	maxStartup = 10 * time.Millisecond
)

// The program as it is released is small, starts at once and knows its version.
func TestBinary(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	path := filepath.Join(t.TempDir(), "wsnginx")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version=9.9.9 -X main.commit=0123abc", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > maxBinary {
		t.Errorf("the binary is %d bytes, more than %d", info.Size(), maxBinary)
	}
	// The fastest of some starts: others may wait for a busy machine.
	fastest := time.Hour
	for range 40 {
		start := time.Now()
		out, err := exec.Command(path, "--version").Output()
		fastest = min(fastest, time.Since(start))
		if err != nil || !strings.HasPrefix(string(out), "wsnginx 9.9.9\ncommit  0123abc\n") {
			t.Fatalf("--version: %v, prints\n%s", err, out)
		}
		if fastest < maxStartup/2 {
			break
		}
	}
	if fastest > maxStartup {
		t.Errorf("--version takes %s, more than %s", fastest, maxStartup)
	}
	t.Logf("%d bytes, starts in %s", info.Size(), fastest)
}
