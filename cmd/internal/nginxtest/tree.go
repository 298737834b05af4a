package nginxtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TempDir is tb.TempDir made searchable by everyone: an nginx that root starts
// hands its workers to another user, who has to reach static files and
// sockets in it.
func TempDir(tb testing.TB) string {
	tb.Helper()
	dir := tb.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} {
		info, err := os.Stat(d)
		if err != nil {
			tb.Fatal(err)
		}
		// Bits are only ever added, and only where they are missing.
		if mode := info.Mode(); mode.Perm()&0o055 != 0o055 {
			if err := os.Chmod(d, mode|0o055); err != nil {
				tb.Fatal(err)
			}
		}
	}
	return dir
}

// WriteTree writes files, contents by slash-separated name, into a new
// temporary directory and returns that.
func WriteTree(tb testing.TB, files map[string]string) string {
	tb.Helper()
	dir := TempDir(tb)
	for name, content := range files {
		if !fs.ValidPath(name) {
			tb.Fatalf("write tree: %q is not a path below it", name)
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}
