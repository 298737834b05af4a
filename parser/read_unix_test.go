//go:build unix

package parser

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestReadRegular(t *testing.T) {
	dir := t.TempDir()
	path := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, text := range []string{"", "x", strings.Repeat("server {}\n", 1<<16)} {
		got, err := readRegular(path("text", text), true)
		if err != nil || got != text {
			t.Errorf("%d bytes read as %d, %v", len(text), len(got), err)
		}
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		fifo: "is a pipe, not a file", dir: "is a directory", filepath.Join(dir, "none"): "no such file or directory",
	} {
		for _, known := range []bool{false, true} { // a file may be swapped after it was looked at
			if text, err := readRegular(path, known); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s, known %t: %q, %v, want %q", filepath.Base(path), known, text, err, want)
			}
		}
	}
	// The size of these is 0 until they are read.
	const status = "/proc/self/status"
	if want, err := os.ReadFile(status); err == nil {
		if got, err := readRegular(status, false); err != nil || len(got) < len(want)/2 || !strings.HasPrefix(got, "Name:") {
			t.Errorf("%s: %d bytes, %v, want about %d", status, len(got), err, len(want))
		}
	}
}
