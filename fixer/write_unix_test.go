//go:build unix

package fixer

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestWriteKeepsMode(t *testing.T) {
	for _, mode := range []fs.FileMode{0o600, 0o640, 0o644, 0o664, 0o755, 0o666, 0o644 | fs.ModeSetuid | fs.ModeSetgid} {
		dir := files(t, map[string]string{"a": "a"})
		name := filepath.Join(dir, "a")
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		if err := Write(t.Context(), []Change{{name, "a", "A"}}, all); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != mode {
			t.Errorf("mode %v became %v", mode, info.Mode())
		}
	}
}

func TestWriteKeepsOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root: the owner of a file cannot be changed here")
	}
	dir := files(t, map[string]string{"a": "a"})
	name := filepath.Join(dir, "a")
	if err := os.Chown(name, 1234, 2345); err != nil {
		t.Fatal(err)
	}
	if err := Write(t.Context(), []Change{{name, "a", "A"}}, all); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if s := info.Sys().(*syscall.Stat_t); s.Uid != 1234 || s.Gid != 2345 {
		t.Errorf("owner %d:%d, want 1234:2345", s.Uid, s.Gid)
	}
}

func TestWriteHardLink(t *testing.T) {
	dir := files(t, map[string]string{"a": "a"})
	name := filepath.Join(dir, "a")
	if err := os.Link(name, filepath.Join(dir, "backup")); err != nil {
		t.Fatal(err)
	}
	if err := Write(t.Context(), []Change{{name, "a", "A"}}, all); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, map[string]string{"a": "A", "backup": "a"})
}

func TestWriteFIFO(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(name, 0o644); err != nil {
		t.Fatal(err)
	}
	err := Write(t.Context(), []Change{{name, "a", "A"}}, all)
	if err == nil || !strings.Contains(err.Error(), "it is not a regular file") {
		t.Errorf("Write = %v", err)
	}
}
