package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A user outside the group of a file cannot keep it: the fix says what that became.
func TestFixForeignGroup(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root: the group of a file cannot be changed here")
	}
	dir, err := os.MkdirTemp("/tmp", "wsnginx") // where nobody gets to
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self) // testscript.Main makes it wsnginx under that name
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"wsnginx": program, "kept.conf": []byte("server { location /ws { proxy_pass http://a; } }\n"),
		"site.conf": []byte("server { location /ws { proxy_pass http://a; } }\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, group := range map[string]int{"site.conf": 2345, "kept.conf": 65534} {
		if err := os.Chown(filepath.Join(dir, name), 65534, group); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), 0o664); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, "wsnginx"), "fix", "--write", "site.conf", "kept.conf")
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	said := stderr.String()
	if !strings.HasPrefix(said, "wsnginx: site.conf: its group is ") || !strings.HasSuffix(said, " now and was 2345, its mode is 0644 now and was 0664\n") {
		t.Errorf("fix says %q", said)
	}
	if info, err := os.Stat(filepath.Join(dir, "site.conf")); err != nil || info.Mode() != 0o644 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
}
