package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// maxBinary bounds the program that is released, in bytes.
const maxBinary = 15 << 20

// The program as it is released is small and knows its version. How fast it
// starts is measured by BenchmarkStart.
func TestBinary(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	path := filepath.Join(t.TempDir(), "wsnginx")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	build := exec.Command("go", "build", "-trimpath", "-tags", "urfave_cli_no_docs", "-ldflags", "-s -w -X main.version=9.9.9 -X main.commit=0123abc", "-o", path, ".")
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
	out, err := exec.Command(path, "--version").Output()
	if err != nil || !strings.HasPrefix(string(out), "wsnginx 9.9.9\ncommit  0123abc\n") {
		t.Fatalf("--version: %v, prints\n%s", err, out)
	}
	t.Logf("%d bytes", info.Size())
}

// BenchmarkStart measures a whole process, from start to exit, on a small file.
func BenchmarkStart(b *testing.B) {
	path := filepath.Join(b.TempDir(), "wsnginx")
	if out, err := exec.Command("go", "build", "-tags", "urfave_cli_no_docs", "-o", path, ".").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	for b.Loop() {
		if err := exec.Command(path, "lint", "--quiet", "--fail-on", "never", "../../testdata/example").Run(); err != nil {
			b.Fatal(err)
		}
	}
}
