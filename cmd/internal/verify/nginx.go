// Package verify asks an installed nginx whether it takes a configuration, and
// tells a running one to load it.
//
// It reads no configuration itself and changes no file; nginx -t makes the logs
// and the pid file that the configuration names, where there are none.
package verify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/wsnginx/wsnginx/cmd/internal/lazy"
)

// searchDirs are looked in after PATH: the sbin folders are often missing from
// an ordinary user's.
var searchDirs = []string{"/usr/sbin", "/usr/local/sbin"}

// Nginx is an installed nginx.
type Nginx struct {
	Path string
	conf string // the configuration it loads by default, links resolved
}

// Find returns the nginx at bin, a path or a name in PATH; the one of PATH,
// /usr/sbin or /usr/local/sbin where bin is "".
func Find(ctx context.Context, bin string) (*Nginx, error) {
	path, err := locate(bin)
	if err != nil {
		return nil, err
	}
	out, err := output(ctx, path, "-V")
	if err != nil {
		return nil, fmt.Errorf("run %s -V: %w", path, err)
	}
	if !versionLine().MatchString(out) {
		return nil, fmt.Errorf("%s is no nginx: it does not tell its version", path)
	}
	return &Nginx{Path: path, conf: real(defaultConf(out))}, nil
}

func locate(bin string) (string, error) {
	if bin != "" {
		path, err := exec.LookPath(bin)
		if err != nil {
			return "", fmt.Errorf("there is no nginx to run at %q", bin)
		}
		return path, nil
	}
	if path, err := exec.LookPath("nginx"); err == nil {
		return path, nil
	}
	for _, dir := range searchDirs {
		if path, err := exec.LookPath(filepath.Join(dir, "nginx")); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no nginx in PATH, " + strings.Join(searchDirs, " or ") + "; name it with --nginx BIN")
}

// versionLine is the first that -V prints, under any of the names that forks
// give themselves.
var versionLine = lazy.Pattern(`(?m)^.* version: \S+/[0-9]`)

var pathOption = lazy.Pattern(`--(conf-path|prefix)=([^\s']+)`)

// defaultConf returns the path of the configuration that an nginx with this
// output of -V loads. auto/options and auto/init set both paths that way.
func defaultConf(version string) string {
	given := map[string]string{"prefix": "/usr/local/nginx", "conf-path": "conf/nginx.conf"}
	for _, m := range pathOption().FindAllStringSubmatch(version, -1) {
		given[m[1]] = m[2]
	}
	if conf := given["conf-path"]; filepath.IsAbs(conf) {
		return conf
	}
	return filepath.Join(given["prefix"], given["conf-path"])
}

// real returns path without symbolic links, or as it is where there is no such
// file.
func real(path string) string {
	if path, err := filepath.EvalSymlinks(path); err == nil {
		return path
	}
	return filepath.Clean(path)
}

// arguments choose the configuration and the prefix: nginx's own for what it
// loads by default and what lies beside or below that, else the folder of the
// main file, so that a checkout writes nothing elsewhere. Includes belong to
// the folder of the -c file in any case (ngx_process_options).
func (n *Nginx) arguments(main string) ([]string, error) {
	main, err := filepath.Abs(main)
	if err != nil {
		return nil, err
	}
	own := filepath.Dir(n.conf) + string(filepath.Separator)
	if strings.HasPrefix(real(main), own) {
		return []string{"-c", main}, nil
	}
	return []string{"-p", filepath.Dir(main) + string(filepath.Separator), "-c", main}, nil
}

// wait bounds one run of nginx. A test looks host names up.
const wait = 2 * time.Minute

// output runs a program and returns all that it prints.
func output(ctx context.Context, path string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, wait, fmt.Errorf("no answer after %v", wait))
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.WaitDelay = time.Second // a child of its own may hold the pipe
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return string(out), err
}

// Reload tells the nginx that runs with main to load it again.
func (n *Nginx) Reload(ctx context.Context, main string) error {
	args, err := n.arguments(main)
	if err != nil {
		return err
	}
	out, err := output(ctx, n.Path, append([]string{"-s", "reload"}, args...)...)
	if err == nil {
		return nil
	}
	if words := (&Answer{lines: complaints(out)}).Words(); words != "" {
		return errors.New(words)
	}
	return fmt.Errorf("%s -s reload: %w", n.Path, err)
}
