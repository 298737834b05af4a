package truth

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// world is what all configurations of a test share: nginx and the backends
// behind it.
type world struct {
	nginx    *nginxtest.Nginx
	version  effective.Version
	backends map[string]*nginxtest.Backend
	env      env // without ports
	rules    []*rules.Rule
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{nginx: nginxtest.Find(tb), backends: map[string]*nginxtest.Backend{}}
	var err error
	if w.version, err = effective.ParseVersion(w.nginx.Version); err != nil {
		tb.Fatal(err)
	}
	if w.rules, err = rules.Select(rules.Selection{}); err != nil {
		tb.Fatal(err)
	}
	start := func(name string, options ...nginxtest.Option) string {
		b := nginxtest.NewBackend(tb, append(options, nginxtest.Named(name))...)
		w.backends[name] = b
		return b.Addr
	}
	w.env.a, w.env.b = start("a"), start("b")
	w.env.t = start("t", nginxtest.OverTLS())
	w.env.unix = strings.TrimPrefix(start("unix", nginxtest.OnUnixSocket()), "unix:")
	w.env.uwsgi = start("uwsgi", nginxtest.Speak(nginxtest.UWSGI))
	w.env.scgi = start("scgi", nginxtest.Speak(nginxtest.SCGI))
	w.env.dead = nginxtest.Loopback(nginxtest.FreePorts(tb, 1)[0])
	return w
}

// withPorts returns the world's env with ports of its own.
func (w *world) withPorts(tb testing.TB) *env {
	e := w.env
	e.ports = nginxtest.FreePorts(tb, 3)
	return &e
}

// answer is what came of one request.
type answer struct {
	status   int
	loc      string // X-Loc
	location string // Location
	backend  string // "" where none was asked
	request  nginxtest.Request
	ok       bool // a handshake: 101, a browser would open it, and the tunnel echoes
	why      string
	err      error
	tunnel   *nginxtest.Result // kept open where the handshake is ok
}

// ask sends one kind of request.
func (w *world) ask(p probe, kind effective.Request) answer {
	addr := nginxtest.Loopback(p.port)
	if kind == effective.Ordinary {
		r, err := nginxtest.Get(addr, nginxtest.GetOptions{Path: p.path, Host: p.host, Timeout: 4 * time.Second})
		if r == nil {
			return answer{err: err}
		}
		a := w.read(r)
		a.err = err
		return a
	}
	connection := "Upgrade"
	if kind == effective.HandshakeKeepAlive {
		connection = "keep-alive, Upgrade"
	}
	r := nginxtest.Handshake(addr, nginxtest.HandshakeOptions{Path: p.path, Host: p.host, Connection: connection, NoBody: true, Timeout: 4 * time.Second})
	a := w.read(&r.Response)
	a.err = r.Err
	a.ok = r.OK && r.Echoed
	a.why = r.Why
	if r.OK && !r.Echoed {
		a.why = fmt.Sprint("no echo: ", r.EchoErr)
	}
	if a.ok {
		a.tunnel = r
	} else {
		r.Close()
	}
	return a
}

func (w *world) read(r *nginxtest.Response) answer {
	a := answer{status: r.Status, loc: r.Headers.Get("X-Loc"), location: r.Headers.Get("Location")}
	name, number, _ := strings.Cut(r.Headers.Get(nginxtest.SeenHeader), " ")
	if b := w.backends[name]; b != nil {
		if n, err := strconv.Atoi(number); err == nil {
			a.backend = name
			a.request, _ = b.Take(n)
		}
	}
	return a
}

// trial is one configuration on disk with what the model makes of it.
type trial struct {
	w     *world
	s     *sample
	dir   string
	ws    *parser.Workspace
	model *effective.Model
}

// errRefused says that nginx does not accept a configuration.
type errRefused struct{ output string }

func (e errRefused) Error() string { return "nginx refuses the configuration: " + e.output }

// prepare writes the sample and builds its model.
func (w *world) prepare(dir string, s *sample) (*trial, error) {
	if err := writeTree(dir, s.tree.write()); err != nil {
		return nil, err
	}
	return w.open(dir, s)
}

// open builds the model of the tree in dir.
func (w *world) open(dir string, s *sample) (*trial, error) {
	t := &trial{w: w, s: s, dir: dir}
	t.ws = parser.Open([]string{t.main()}, parser.Options{Jobs: 1})
	if len(t.ws.Configs) != 1 {
		return nil, fmt.Errorf("%d configurations at %s: %v", len(t.ws.Configs), t.main(), t.ws.Problems)
	}
	c := t.ws.Configs[0]
	for _, f := range c.Files {
		if len(f.Errors) > 0 {
			return t, disagreement{kind: "parser", text: fmt.Sprintf("the parser refuses what nginx takes: %v", f.Errors[0])}
		}
	}
	for _, p := range c.Problems {
		return t, disagreement{kind: "parser", text: fmt.Sprintf("problem: %+v", p)}
	}
	t.model = t.build(t.ws)
	return t, nil
}

func (t *trial) main() string { return filepath.Join(t.dir, "nginx.conf") }

// writeTree writes files below dir, which it empties first.
func writeTree(dir string, files map[string]string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// url returns the URL of a probe.
func (p probe) url(scheme string) (*url.URL, error) {
	return url.Parse(scheme + "://" + p.host + p.path)
}

// launch starts nginx on the trial's configuration.
func (t *trial) launch() (*nginxtest.Server, error) {
	server, err := t.w.nginx.Launch(t.main())
	if err == nil {
		return server, nil
	}
	out, refused := t.w.nginx.Test(t.main())
	if refused != nil {
		return nil, errRefused{cmp.Or(strings.TrimSpace(out), refused.Error())}
	}
	return nil, errors.Join(errors.New("nginx -t accepts what nginx does not start"), err)
}
