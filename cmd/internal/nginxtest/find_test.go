package nginxtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// outcomeTB notes how a function ends the test, instead of ending it.
type outcomeTB struct {
	testing.TB
	outcome string
}

func (o *outcomeTB) Helper() {}

func (o *outcomeTB) Skipf(format string, args ...any) {
	o.outcome = "skip: " + fmt.Sprintf(format, args...)
	panic(o)
}

func (o *outcomeTB) Fatalf(format string, args ...any) {
	o.outcome = "fatal: " + fmt.Sprintf(format, args...)
	panic(o)
}

func TestFindWithoutNginx(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	old := searchDirs
	searchDirs = nil
	defer func() { searchDirs = old }()
	for env, want := range map[string]string{"": "skip: nginx is neither", "1": "fatal: nginx is neither"} {
		t.Setenv(RequireEnv, env)
		tb := &outcomeTB{TB: t}
		func() {
			defer func() { _ = recover() }()
			Find(tb)
		}()
		if !strings.HasPrefix(tb.outcome, want) {
			t.Errorf("Find with %s=%q: %q, want %q", RequireEnv, env, tb.outcome, want)
		}
	}
}

func TestParseBuild(t *testing.T) {
	for _, c := range []struct {
		name, out string
		want      build
	}{
		{
			"Debian",
			"nginx version: nginx/1.22.1\nconfigure arguments: --with-cc-opt='-g -O2' --prefix=/usr/share/nginx " +
				"--conf-path=/etc/nginx/nginx.conf --http-log-path=/var/log/nginx/access.log --error-log-path=stderr " +
				"--lock-path=/var/lock/nginx.lock --pid-path=/run/nginx.pid --modules-path=/usr/lib/nginx/modules " +
				"--http-client-body-temp-path=/var/lib/nginx/body --http-scgi-temp-path=/var/lib/nginx/scgi --with-compat\n",
			build{"1.22.1", "/usr/lib/nginx/modules", []string{
				"/run/nginx.pid", "/var/lib/nginx/body", "/var/lib/nginx/scgi",
				"/var/lock/nginx.lock", "/var/log/nginx/access.log",
			}},
		},
		{
			"built without options",
			"nginx version: openresty/1.29.7.1 (test)\nconfigure arguments:\n",
			build{"1.29.7.1", "/usr/local/nginx/modules", []string{
				"/usr/local/nginx/logs/access.log", "/usr/local/nginx/logs/nginx.lock", "/usr/local/nginx/logs/nginx.pid",
			}},
		},
	} {
		got := parseBuild(c.out)
		slices.Sort(got.paths)
		if got.version != c.want.version || got.modules != c.want.modules || !slices.Equal(got.paths, c.want.paths) {
			t.Errorf("%s: parseBuild(%q) = %+v, want %+v", c.name, c.out, got, c.want)
		}
	}
}

func TestRelocate(t *testing.T) {
	image := []byte("a\x00/run/nginx.pid\x00--pid-path=/run/nginx.pid\x00/run/nginx.pid.oldbin\x00")
	want := "a\x00_run_nginx.pid\x00--pid-path=_run_nginx.pid\x00/run/nginx.pid.oldbin\x00"
	if n := relocate(image, "/run/nginx.pid"); n != 2 || string(image) != want {
		t.Errorf("relocate = %d, %q, want %q", n, image, want)
	}
}
