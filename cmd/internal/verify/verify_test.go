package verify

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestDefaultConf(t *testing.T) {
	for _, c := range []struct{ out, want string }{
		{"nginx version: nginx/1.22.1\nconfigure arguments: --with-cc-opt='-g -O2' --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf\n", "/etc/nginx/nginx.conf"},
		{"nginx version: openresty/1.29.7.1\nconfigure arguments: --prefix=/usr/local/openresty/nginx\n", "/usr/local/openresty/nginx/conf/nginx.conf"},
		{"nginx version: nginx/1.29.0\nconfigure arguments: --prefix=/opt/nginx --conf-path=etc/nginx.conf\n", "/opt/nginx/etc/nginx.conf"},
		{"nginx version: nginx/1.29.0\n", "/usr/local/nginx/conf/nginx.conf"},
	} {
		if got := filepath.ToSlash(defaultConf(c.out)); got != c.want {
			t.Errorf("defaultConf(%q) = %s, want %s", c.out, got, c.want)
		}
	}
}

func TestArguments(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	name := func(path string) string { return filepath.Join(dir, filepath.FromSlash(path)) }
	for _, path := range []string{"etc/nginx.conf", "etc/test/nginx.conf", "etc2/nginx.conf"} {
		if err := os.MkdirAll(filepath.Dir(name(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name(path), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	n := &Nginx{conf: name("etc/nginx.conf")}
	mains := map[string][]string{
		"etc/nginx.conf":      {"-c", name("etc/nginx.conf")},
		"etc/test/nginx.conf": {"-c", name("etc/test/nginx.conf")},
		"etc2/nginx.conf":     {"-p", name("etc2") + string(filepath.Separator), "-c", name("etc2/nginx.conf")},
	}
	if err := os.Symlink(name("etc/nginx.conf"), name("etc2/link.conf")); err == nil {
		mains["etc2/link.conf"] = []string{"-c", name("etc2/link.conf")}
	}
	for main, want := range mains {
		if got, err := n.arguments(name(main)); err != nil || !slices.Equal(got, want) {
			t.Errorf("arguments(%s) = %q, %v, want %q", main, got, err, want)
		}
	}
}

func TestComplaints(t *testing.T) {
	const out = "nginx: [alert] could not open error log file: open() \"/var/log/nginx/error.log\" failed (13: Permission denied)\n" +
		"2026/01/02 03:04:05 [warn] 12#12: conflicting server name \"a\" on 0.0.0.0:80, ignored\r\n" +
		"2026/01/02 03:04:05 [emerg] 12#12: *3 unknown directive \"x in y\" in /srv/my files/a.conf:12\n" +
		"nginx: configuration file /srv/my files/nginx.conf test failed\n"
	want := []complaint{
		{"alert", `could not open error log file: open() "/var/log/nginx/error.log" failed (13: Permission denied)`, "", 0},
		{"warn", `conflicting server name "a" on 0.0.0.0:80, ignored`, "", 0},
		{"emerg", `unknown directive "x in y"`, "/srv/my files/a.conf", 12},
	}
	a := &Answer{lines: complaints(out)}
	if !slices.Equal(a.lines, want) {
		t.Errorf("complaints(%q) = %+v, want %+v", out, a.lines, want)
	}
	const words = `[alert] could not open error log file: open() "/var/log/nginx/error.log" failed (13: Permission denied); ` +
		`[emerg] unknown directive "x in y" in /srv/my files/a.conf:12`
	if got := a.Words(); got != words {
		t.Errorf("Words = %s, want %s", got, words)
	}
}

func TestNew(t *testing.T) {
	answer := func(lines ...string) *Answer {
		return &Answer{Accepted: len(lines) == 0, lines: complaints(strings.Join(lines, "\n"))}
	}
	moved := func(file string, line int) int {
		switch {
		case file != "/a":
			return line
		case line == 3:
			return 0
		}
		return line + 2
	}
	const a10, a12, a3, b10 = "nginx: [emerg] bad in /a:10", "nginx: [emerg] bad in /a:12", "nginx: [emerg] bad in /a:3", "nginx: [emerg] bad in /b:10"
	const host = "nginx: [emerg] host not found"
	for _, c := range []struct {
		name          string
		before, after *Answer
		want          string
	}{
		{"accepted", answer(), answer(), ""},
		{"mended", answer(a10), answer(), ""},
		{"broken", answer(), answer(a10), "[emerg] bad in /a:10"},
		{"the same, moved", answer(a10), answer(a12), ""},
		{"the same words of another line", answer(a10), answer(a10), "[emerg] bad in /a:10"},
		{"of a line that is gone", answer(a3), answer(a3), "[emerg] bad in /a:3"},
		{"of another file", answer(b10), answer(b10), ""},
		{"without a place", answer(host), answer(host), ""},
		{"one of two", answer(host), answer(host, a10), "[emerg] bad in /a:10"},
		{"a warning", answer(host), answer(host, "nginx: [warn] odd"), ""},
	} {
		if got := c.after.New(c.before, moved); got != c.want {
			t.Errorf("%s: New = %q, want %q", c.name, got, c.want)
		}
	}
}

// TestOldNginx is one from before 1.9.2, which has no -T.
func TestOldNginx(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no shell to stand in for nginx")
	}
	dir := t.TempDir()
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	const script = "#!/bin/sh\ncase $1 in -V) echo nginx version: nginx/1.8.1;; -t) ;; *) echo 'nginx: invalid option: \"T\"' >&2; exit 1;; esac\n"
	if err := os.WriteFile(filepath.Join(dir, "nginx"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	n, err := Find(t.Context(), "")
	if err != nil || n.Path != filepath.Join(dir, "nginx") {
		t.Fatalf("Find = %+v, %v", n, err)
	}
	if a, err := n.Files(t.Context(), "nginx.conf"); err != nil || !a.Accepted || a.Files != nil {
		t.Errorf("Files = %+v, %v", a, err)
	}
}

func TestFindNone(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	old := searchDirs
	searchDirs = []string{t.TempDir()}
	defer func() { searchDirs = old }()
	if _, err := Find(t.Context(), ""); err == nil || !strings.HasPrefix(err.Error(), "there is no nginx in PATH") {
		t.Errorf("Find = %v", err)
	}
}
