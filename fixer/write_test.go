package fixer

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func all(string) bool { return true }

// files writes a folder and returns it.
func files(t *testing.T, content map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// wantFiles checks that dir holds exactly these files: no temporary one is left.
func wantFiles(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	seen := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		text, known := want[filepath.ToSlash(rel)]
		if !known {
			t.Errorf("%s was left behind", rel)
			return nil
		}
		seen++
		b, err := os.ReadFile(path)
		if string(b) != text {
			t.Errorf("%s holds %q, want %q", rel, b, text)
		}
		return err
	})
	if err != nil || seen != len(want) {
		t.Errorf("%d files, want %d: %v", seen, len(want), err)
	}
}

func TestWrite(t *testing.T) {
	dir := files(t, map[string]string{"a": "old a", "sub/b": "old b", "c": "c"})
	err := Write(t.Context(), []Change{
		{filepath.Join(dir, "a"), "old a", "new a"},
		{filepath.Join(dir, "sub", "b"), "old b", ""},
		{filepath.Join(dir, "c"), "what it never held", "what it never held"},
	}, all)
	if err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, map[string]string{"a": "new a", "sub/b": "", "c": "c"})
}

func TestWriteRefuses(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(dir string) error
		bad     string // the second of three files
		want    string
	}{
		{"not given", nil, "given/b", "it is not below the given paths"},
		{"gone", nil, "gone", "no such file"},
		{"a folder", func(dir string) error { return os.Mkdir(filepath.Join(dir, "d"), 0o755) }, "d", "it is not a regular file"},
		{"changed meanwhile", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "b"), []byte("other"), 0o644)
		}, "b", "it has changed since it was read; run wsnginx again"},
		{"a link to nothing", func(dir string) error {
			return os.Symlink("nowhere", filepath.Join(dir, "l"))
		}, "l", "no such file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.Contains(test.want, "no such") {
				t.Skip("worded otherwise on Windows")
			}
			content := map[string]string{"a": "a", "b": "b", "c": "c"}
			dir := files(t, content)
			if test.prepare != nil {
				if err := test.prepare(dir); err != nil {
					t.Fatal(err)
				}
			}
			bad := filepath.Join(dir, filepath.FromSlash(test.bad))
			err := Write(t.Context(), []Change{
				{filepath.Join(dir, "a"), "a", "A"}, {bad, "b", "B"}, {filepath.Join(dir, "c"), "c", "C"},
			}, func(name string) bool { return name != filepath.Join(dir, "given", "b") })
			if err == nil || !strings.HasPrefix(err.Error(), "write "+bad+": ") || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("Write = %v, want %q", err, test.want)
			}
			if test.name == "changed meanwhile" {
				content["b"] = "other"
			}
			_ = os.Remove(filepath.Join(dir, "l"))
			wantFiles(t, dir, content)
		})
	}
}

func TestWriteThroughLinks(t *testing.T) {
	dir := files(t, map[string]string{"available/a": "a", "b": "b"})
	for link, to := range map[string]string{"l": "l2", "l2": "available/a", "enabled": "available"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	err := Write(t.Context(), []Change{
		{filepath.Join(dir, "l"), "a", "A"},
		{filepath.Join(dir, "enabled", "a"), "a", "A"}, // the same file again
		{filepath.Join(dir, "b"), "b", "B"},
	}, all)
	if err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(filepath.Join(dir, "l")); to != "l2" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
	err = Write(t.Context(), []Change{
		{filepath.Join(dir, "l"), "A", "x"}, {filepath.Join(dir, "available", "a"), "A", "y"},
	}, all)
	if err == nil || !strings.Contains(err.Error(), "it is the same file as ") {
		t.Errorf("two fixes of one file: %v", err)
	}
	for _, link := range []string{"l", "l2", "enabled"} {
		if err := os.Remove(filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	wantFiles(t, dir, map[string]string{"available/a": "A", "b": "B"})
}

// TestWriteRestores lets the last of three renames fail.
func TestWriteRestores(t *testing.T) {
	content := map[string]string{"a": "a", "b": "b", "c": "c"}
	dir := files(t, content)
	name := func(n string) string { return filepath.Join(dir, n) }
	changes := []Change{{name("a"), "a", "A"}, {name("b"), "b", "B"}, {name("c"), "c", "C"}}
	full := errors.New("disk on fire")
	w := &Writing{rename: func(from, to string) error {
		if filepath.Base(to) == "c" {
			return full
		}
		return os.Rename(from, to)
	}}
	if err := w.write(t.Context(), changes, all); !errors.Is(err, full) {
		t.Errorf("write = %v, want %v", err, full)
	}
	wantFiles(t, dir, content)

	// A file that somebody else wrote to in between is not restored over.
	w = &Writing{rename: func(from, to string) error {
		if filepath.Base(to) == "c" {
			return errors.Join(full, os.WriteFile(name("a"), []byte("theirs"), 0o644))
		}
		return os.Rename(from, to)
	}}
	err := w.write(t.Context(), changes, all)
	if !errors.Is(err, full) || !strings.Contains(err.Error(), "restore "+name("a")+": it has changed") {
		t.Errorf("write = %v", err)
	}
	content["a"] = "theirs"
	left := readJournal(t, dir)
	if err := left.Settle(t.Context(), all); err != nil || left.Aside == "" {
		t.Errorf("Settle = %v, journal in %q", err, left.Aside)
	}
	if err := os.Remove(left.Aside); err != nil { // it keeps what a held
		t.Error(err)
	}
	wantFiles(t, dir, content)
}

// TestWriteInterrupted cancels before the first and between two renames.
func TestWriteInterrupted(t *testing.T) {
	content := map[string]string{"a": "a", "b": "b"}
	dir := files(t, content)
	changes := []Change{{filepath.Join(dir, "a"), "a", "A"}, {filepath.Join(dir, "b"), "b", "B"}}
	ctx, cancel := context.WithCancel(t.Context())
	w := &Writing{rename: func(from, to string) error {
		cancel()
		return os.Rename(from, to)
	}}
	for range 2 {
		if err := w.write(ctx, changes, all); !errors.Is(err, context.Canceled) {
			t.Errorf("write = %v, want %v", err, context.Canceled)
		}
		wantFiles(t, dir, content)
		w = &Writing{rename: os.Rename}
	}
}

func TestWriteUndone(t *testing.T) {
	dir := files(t, map[string]string{"a": "a"})
	c := Change{filepath.Join(dir, "a"), "a", "A"}
	for _, c := range []Change{c, {c.Name, c.New, c.Old}} {
		if err := Write(t.Context(), []Change{c}, all); err != nil {
			t.Fatal(err)
		}
	}
	wantFiles(t, dir, map[string]string{"a": "a"})
}

func BenchmarkWrite(b *testing.B) {
	name := filepath.Join(b.TempDir(), "a")
	old, other := strings.Repeat("a;\n", 1000), strings.Repeat("b;\n", 1000)
	if err := os.WriteFile(name, []byte(old), 0o644); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := Write(b.Context(), []Change{{name, old, other}}, all); err != nil {
			b.Fatal(err)
		}
		old, other = other, old
	}
}
