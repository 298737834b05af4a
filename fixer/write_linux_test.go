package fixer

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// asNobody runs f without root's rights over files: with the file system user
// of one thread, which ends with the goroutine.
func asNobody(t *testing.T, f func() error) (err error) {
	t.Helper()
	if os.Geteuid() != 0 {
		return f()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		syscall.RawSyscall(syscall.SYS_SETFSGID, 65534, 0, 0)
		syscall.RawSyscall(syscall.SYS_SETFSUID, 65534, 0, 0)
		err = f()
	}()
	<-done
	return err
}

// skipUnreachable skips where the folder for temporary files is root's alone.
func skipUnreachable(t *testing.T, dir string) {
	t.Helper()
	if err := asNobody(t, func() error { _, err := os.ReadDir(dir); return err }); err != nil {
		t.Skipf("only root reaches %s: refusals are not tested", dir)
	}
}

func TestWriteDenied(t *testing.T) {
	tests := []struct {
		name      string
		file, dir fs.FileMode
		want      string
	}{
		{"read-only file", 0o444, 0o777, "permission denied; make it writable first"},
		{"read-only folder", 0o666, 0o555, "cannot create the new file in "},
		{"both allow it", 0o666, 0o777, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			content := map[string]string{"sub/a": "a", "sub/b": "b"}
			dir := files(t, content)
			sub := filepath.Join(dir, "sub")
			for path := dir; path != "/" && strings.HasPrefix(path, os.TempDir()+"/"); path = filepath.Dir(path) {
				_ = os.Chmod(path, 0o755) // so that nobody gets there
			}
			if err := os.Chmod(filepath.Join(sub, "b"), test.file); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(filepath.Join(sub, "a"), 0o666); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(sub, test.dir); err != nil {
				t.Fatal(err)
			}
			skipUnreachable(t, sub)
			err := asNobody(t, func() error {
				return Write(t.Context(), []Change{
					{filepath.Join(sub, "a"), "a", "A"}, {filepath.Join(sub, "b"), "b", "B"},
				}, all)
			})
			_ = os.Chmod(sub, 0o755)
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				content = map[string]string{"sub/a": "A", "sub/b": "B"}
			} else if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Write = %v, want %q", err, test.want)
			}
			wantFiles(t, dir, content)
		})
	}
}

// TestWriteForeignGroup replaces a file whose group cannot be kept: the new
// group must not get what was the old one's.
func TestWriteForeignGroup(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root: the group of a file cannot be changed here")
	}
	dir := files(t, map[string]string{"a": "a"})
	name := filepath.Join(dir, "a")
	for path := dir; strings.HasPrefix(path, os.TempDir()+"/"); path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	skipUnreachable(t, dir)
	if err := os.Chown(name, 65534, 2345); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, 0o660|fs.ModeSetgid); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := asNobody(t, func() error { return Write(t.Context(), []Change{{name, "a", "A"}}, all) }); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if s := info.Sys().(*syscall.Stat_t); s.Uid != 65534 || s.Gid != 65534 || info.Mode() != 0o600 {
		t.Errorf("%d:%d %v, want 65534:65534 and nothing for the group", s.Uid, s.Gid, info.Mode())
	}
	want := "its group is " + groupName(65534) + " now and was " + groupName(2345) + ", its mode is 0600 now and was 2660"
	if got := Lost(before, info); got != want {
		t.Errorf("Lost = %q, want %q", got, want)
	}
	if got := Lost(info, info); got != "" {
		t.Errorf("Lost = %q of a file that has all", got)
	}
}
