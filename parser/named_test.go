package parser

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestReadNamed(t *testing.T) {
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret.pem"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "etc", "nginx")
	for name, text := range map[string]string{
		"nginx.conf": "events {}\nhttp {}\n", "certs/app.pem": "app", "../ssl/host.pem": "host",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(outside, "secret.pem"), filepath.Join(dir, "link.pem")); err != nil {
		t.Fatal(err)
	}
	w := Open([]string{dir}, Options{})
	if len(w.Configs) != 1 {
		t.Fatalf("%d configs, want 1", len(w.Configs))
	}
	for _, c := range []struct{ name, want string }{
		{"certs/app.pem", "app"},
		{"./certs/../certs/app.pem", "app"},
		{"/etc/nginx/certs/app.pem", "app"},
		{filepath.ToSlash(filepath.Join(dir, "certs/app.pem")), "app"},
		{"/etc/nginx/certs/none.pem", ""},
		{"none.pem", ""},
		{"certs", ""},
		{"link.pem", ""},
		{filepath.ToSlash(filepath.Join(outside, "secret.pem")), ""},
		{"$ssl_server_name.pem", ""},
		{"", ""},
	} {
		got, err := w.ReadNamed(w.Configs[0], c.name)
		if string(got) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("ReadNamed(%q) = %q, %v, want %q", c.name, got, err, c.want)
		}
		if c.name == "none.pem" && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("ReadNamed(%q): %v, want fs.ErrNotExist", c.name, err)
		}
	}
}

// One file of a tree far below its top finds what the whole tree would.
func TestReadNamedFarFromTheTop(t *testing.T) {
	const site = "one/two/three/four/five/six/etc/nginx/"
	for _, top := range []string{".git/HEAD", "README.md"} {
		tree(t, map[string]string{
			top: "", site + "nginx.conf": "events {}\nhttp {\n  include conf.d/*.conf;\n}\n", site + "conf.d/app.conf": serverText, site + "../ssl/app.pem": "app",
		})
		for _, path := range []string{".", site + "conf.d/app.conf"} {
			w := Open([]string{path}, Options{})
			if len(w.Configs) != 1 || w.Configs[0].Fragment {
				t.Fatalf("Open(%q) below %s is %d configurations, want one main", path, top, len(w.Configs))
			}
			if got, err := w.ReadNamed(w.Configs[0], "/etc/ssl/app.pem"); string(got) != "app" || err != nil {
				t.Errorf("Open(%q) below %s: ReadNamed is %q, %v, want %q", path, top, got, err, "app")
			}
		}
	}
}

// A configuration is the machine's own where it lies in a folder of nginx's.
func TestInstalled(t *testing.T) {
	const main = "events {}\nhttp {}\n"
	tree(t, map[string]string{"etc/nginx/nginx.conf": main, "site/nginx.conf": main})
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	before := prefixes
	defer func() { prefixes = before }()
	prefixes = []string{filepath.ToSlash(dir) + "/etc/nginx"}
	for path, want := range map[string]bool{"etc/nginx": true, "site": false} {
		w := Open([]string{path}, Options{})
		if got := w.Installed(w.Configs[0]); got != want {
			t.Errorf("Installed(%q) = %t, want %t", path, got, want)
		}
	}
}
