// Package nginxtest lets a test ask a real nginx: it finds the installed one,
// checks and runs configurations with it on loopback, answers behind it as a
// backend that takes a WebSocket handshake only where RFC 6455 does, and
// speaks to it as a client that believes an answer only where a browser would.
//
// It owns no opinion about configuration: what is sent, what is expected and
// how many run at once is the caller's matter. Everything in it may be used
// from several goroutines, except that a function that takes a testing.TB ends
// the test on failure and so belongs to the goroutine of that test.
package nginxtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// RequireEnv names the environment variable that, set to 1, makes a missing
// nginx a failure instead of a skipped test.
const RequireEnv = "WSNGINX_REQUIRE_NGINX"

// searchDirs are looked in after PATH: the sbin folders are often missing from
// an ordinary user's.
var searchDirs = []string{"/usr/sbin", "/usr/local/sbin"}

// Nginx is an installed nginx. It is run from a private copy (see private.go),
// so that nothing it does by default touches the machine's own nginx.
type Nginx struct {
	// Path is the installed binary.
	Path string
	// Version is what nginx -v prints, without the name: "1.22.1".
	Version string

	binary  string // the private copy
	dir     string // holds the copy and the prefixes of its runs
	modules string // where load_module modules/… is looked up
}

// Find returns the nginx of PATH, /usr/sbin or /usr/local/sbin. Where there is
// none, or none that can be run from a private copy, the test is skipped, or
// failed when WSNGINX_REQUIRE_NGINX is 1.
func Find(tb testing.TB) *Nginx {
	tb.Helper()
	n, err := find(TempDir(tb))
	if err == nil {
		return n
	}
	if os.Getenv(RequireEnv) == "1" {
		tb.Fatalf("%v, and %s is 1", err, RequireEnv)
	}
	tb.Skipf("%v; set %s=1 to make this a failure", err, RequireEnv)
	return nil
}

// find locates nginx and copies it to dir.
func find(dir string) (*Nginx, error) {
	path, err := locate()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "-V").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("run %s -V: %w", path, err)
	}
	n := &Nginx{Path: path, dir: dir, binary: filepath.Join(dir, "nginx")}
	build := parseBuild(string(out))
	if build.version == "" {
		return nil, fmt.Errorf("run %s -V: no version in %q", path, out)
	}
	n.Version, n.modules = build.version, build.modules
	if err := copyRelocated(path, n.binary, build.paths); err != nil {
		return nil, err
	}
	if out, err := exec.CommandContext(ctx, n.binary, "-v").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("run a private copy of %s: %w: %s", path, err, out)
	}
	return n, nil
}

// locate returns the path of the installed nginx.
func locate() (string, error) {
	if path, err := exec.LookPath("nginx"); err == nil {
		return filepath.Abs(path)
	}
	for _, dir := range searchDirs {
		if path, err := exec.LookPath(filepath.Join(dir, "nginx")); err == nil {
			return path, nil
		}
	}
	return "", errors.New("nginx is neither in PATH nor in /usr/sbin or /usr/local/sbin")
}

// build is what nginx -V says about the binary.
type build struct {
	version string
	modules string
	paths   []string // the absolute paths that nginx writes to by default
}

var (
	versionPattern = regexp.MustCompile(`nginx version: \w+/([0-9][0-9.]*)`)
	optionPattern  = regexp.MustCompile(`--([a-z-]+-path|prefix)=([^\s']+)`)
	writtenPattern = regexp.MustCompile(`^(pid-path|lock-path|http-log-path|http-[a-z-]+-temp-path)$`)
)

// parseBuild reads the output of nginx -V.
func parseBuild(out string) build {
	var b build
	if m := versionPattern.FindStringSubmatch(out); m != nil {
		b.version = m[1]
	}
	given := map[string]string{"prefix": "/usr/local/nginx"}
	for _, m := range optionPattern.FindAllStringSubmatch(out, -1) {
		given[m[1]] = m[2]
	}
	// auto/options builds these below the prefix where they are not given; the
	// temp paths are relative then.
	for option, path := range map[string]string{
		"pid-path": "logs/nginx.pid", "lock-path": "logs/nginx.lock",
		"http-log-path": "logs/access.log", "modules-path": "modules",
	} {
		if given[option] == "" {
			given[option] = filepath.Join(given["prefix"], path)
		}
	}
	b.modules = given["modules-path"]
	for option, path := range given {
		if writtenPattern.MatchString(option) && filepath.IsAbs(path) {
			b.paths = append(b.paths, path)
		}
	}
	return b
}

// newPrefix makes a directory for one run: the -p of nginx, to which relative
// paths of logs, roots and modules belong.
func (n *Nginx) newPrefix() (string, error) {
	dir, err := os.MkdirTemp(n.dir, "prefix")
	if err != nil {
		return "", fmt.Errorf("make a prefix: %w", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", fmt.Errorf("open the prefix to workers: %w", err)
	}
	// "access_log logs/access.log" is relative to the prefix, and nginx makes
	// no directory for it.
	if err := os.Mkdir(filepath.Join(dir, "logs"), 0o755); err != nil {
		return "", fmt.Errorf("make a prefix: %w", err)
	}
	if err := os.Symlink(n.modules, filepath.Join(dir, "modules")); err != nil {
		return "", fmt.Errorf("make a prefix: %w", err)
	}
	return dir, nil
}
