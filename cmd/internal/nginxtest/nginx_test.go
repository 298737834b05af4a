package nginxtest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// site starts nginx with a configuration of testdata before backend, and
// returns where it listens. The files say 127.0.0.1:8080 and 127.0.0.1:9000.
func site(t *testing.T, name string, backend *Backend) (addr string, server *Server) {
	t.Helper()
	n := Find(t)
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	addr = Loopback(FreePorts(t, 1)[0])
	cert, key := CertificatePEM(t)
	dir := WriteTree(t, map[string]string{
		"nginx.conf": strings.NewReplacer(
			"127.0.0.1:8080", addr, "127.0.0.1:9000", backend.Addr, "root tree", "root html",
		).Replace(string(text)),
		"cert.pem": cert,
		"key.pem":  key,
	})
	return addr, n.Start(t, filepath.Join(dir, "nginx.conf"))
}

// connections are what browsers send.
var connections = []string{"Upgrade", "keep-alive, Upgrade"}

func TestWorks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		conf    string
		options []Option
		tls     bool
	}{
		{conf: "works.conf"},
		{conf: "works.conf", options: []Option{OnUnixSocket()}},
		{conf: "works.conf", options: []Option{CheckOrigin(SameOrigin)}},
		{conf: "keepalive.conf"},
		{conf: "single-process.conf"},
		{conf: "uwsgi.conf", options: []Option{Speak(UWSGI)}},
		{conf: "scgi.conf", options: []Option{Speak(SCGI)}},
		{conf: "tls.conf", options: []Option{OverTLS()}, tls: true},
	} {
		backend := NewBackend(t, c.options...)
		addr, _ := site(t, c.conf, backend)
		for i, connection := range connections {
			id := fmt.Sprint("ws", i)
			res := Handshake(addr, HandshakeOptions{
				Host: "app.example.com", Path: "/chat?x=1", Connection: connection, TLS: c.tls, ID: id,
				Origin: "http://app.example.com", Headers: Headers{{"Sec-WebSocket-Protocol", "chat, other"}},
			})
			defer res.Close()
			if !res.OK || !res.Echoed || res.Err != nil {
				t.Errorf("%s: handshake with Connection %q: %s; echo: %v", c.conf, connection, res.Why, res.EchoErr)
			}
			requests := backend.Lookup(id)
			if len(requests) != 1 || requests[0].Status != 101 || requests[0].Target != "/chat?x=1" {
				t.Errorf("%s: backend received %+v", c.conf, requests)
			}
			if err := res.Echo(strings.Repeat("long ", 20000)); err != nil {
				t.Errorf("%s: %v", c.conf, err)
			}
		}
		response, err := Get(addr, GetOptions{Host: "app.example.com", Path: "/page?test-id=page", TLS: c.tls})
		if err != nil || response.Status != 200 {
			t.Errorf("%s: GET = %+v, %v", c.conf, response, err)
			continue
		}
		request, err := response.Request()
		if err != nil || request.Method != "GET" || request.ID != "page" || len(backend.Lookup("page")) != 1 {
			t.Errorf("%s: GET passed on as %+v, %v", c.conf, request, err)
		}
	}
}

func TestParamsAreNotNeeded(t *testing.T) {
	t.Parallel()
	// uwsgi_pass and scgi_pass pass the client's headers on by themselves.
	for conf, protocol := range map[string]Protocol{"uwsgi.conf": UWSGI, "scgi.conf": SCGI} {
		backend := NewBackend(t, Speak(protocol))
		addr, _ := site(t, conf, backend)
		res := Handshake(addr, HandshakeOptions{Path: "/bare", ID: "bare"})
		defer res.Close()
		requests := backend.Lookup("bare")
		if !res.OK || !res.Echoed || len(requests) != 1 || requests[0].Params.Get("HTTP_UPGRADE") != "websocket" {
			t.Errorf("%s: handshake: %s; backend received %+v", conf, res.Why, requests)
		}
		refused := Handshake(addr, HandshakeOptions{Path: "/bare", Headers: Headers{{"Sec-WebSocket-Version", "8"}}})
		if refused.Status != 426 || !strings.HasPrefix(refused.Headers.Get(RefusedHeader), "Sec-WebSocket-Version") {
			t.Errorf("%s: handshake with two versions = %+v", conf, refused)
		}
	}
}

func TestBroken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		conf    string
		refused string
		lines   Headers
	}{
		{"nothing-set.conf", "version is HTTP/1.0, not HTTP/1.1", Headers{{"Connection", "close"}}},
		{"no-version.conf", "version is HTTP/1.0, not HTTP/1.1", Headers{{"Upgrade", "websocket"}, {"Connection", "upgrade"}}},
	} {
		backend := NewBackend(t)
		addr, server := site(t, c.conf, backend)
		if c.conf == "no-version.conf" && !oldDefaults(Find(t).Version) {
			continue
		}
		for _, connection := range connections {
			res := Handshake(addr, HandshakeOptions{Connection: connection, ID: connection})
			if res.Status != 400 || res.OK || res.Headers.Get(RefusedHeader) != c.refused || res.Err != nil {
				t.Errorf("%s: handshake = %+v, want 400 with %q\n%s", c.conf, res, c.refused, server.Log())
			}
			requests := backend.Lookup(connection)
			if len(requests) != 1 {
				t.Fatalf("%s: backend received %+v", c.conf, requests)
			}
			for _, f := range c.lines {
				if got := requests[0].Headers.Values(f.Name); !slices.Equal(got, []string{f.Value}) {
					t.Errorf("%s: backend received %s %q, want %q", c.conf, f.Name, got, f.Value)
				}
			}
		}
	}
}

// oldDefaults reports whether the version passes requests on with HTTP/1.0 by
// default: before 1.29.7.
func oldDefaults(version string) bool {
	var major, minor, patch int
	fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch)
	return slices.Compare([]int{major, minor, patch}, []int{1, 29, 7}) < 0
}

func TestTunnelThatBrowsersRefuse(t *testing.T) {
	t.Parallel()
	addr, _ := site(t, "upgrade-hidden.conf", NewBackend(t))
	res := Handshake(addr, HandshakeOptions{})
	defer res.Close()
	if res.Status != 101 || !res.AcceptOK || !res.Echoed || res.OK || !strings.HasPrefix(res.Why, "Upgrade is") {
		t.Errorf("handshake = %+v, want a tunnel without Upgrade", res)
	}
}

func TestIdle(t *testing.T) {
	t.Parallel()
	addr, server := site(t, "idle.conf", NewBackend(t))
	patient := Handshake(addr, HandshakeOptions{Path: "/patient"})
	defer patient.Close()
	res := Handshake(addr, HandshakeOptions{})
	defer res.Close()
	if idle, how := res.WaitClosed(4 * time.Second); how != EndedFIN || idle < 500*time.Millisecond || idle > 1500*time.Millisecond {
		t.Errorf("WaitClosed = %v, %s, want 1s, fin", idle, how)
	}
	if !strings.Contains(server.Log(), "upstream timed out") {
		t.Errorf("log does not tell the timeout:\n%s", server.Log())
	}
	if idle, how := patient.WaitClosed(10 * time.Millisecond); how != EndedOpen || idle < 500*time.Millisecond {
		t.Errorf("WaitClosed = %v, %s, want 1s, open", idle, how)
	}
	if err := patient.Echo("still there"); err != nil {
		t.Error(err)
	}
	if err := server.Stop(); err != nil {
		t.Error(err)
	}
	if _, how := patient.WaitClosed(2 * time.Second); how == EndedOpen {
		t.Error("tunnel outlived nginx")
	}
}

func TestUpstreamKeepsConnection(t *testing.T) {
	t.Parallel()
	backend := NewBackend(t)
	addr, _ := site(t, "keepalive.conf", backend)
	for range 4 {
		if response, err := Get(addr, GetOptions{Method: "POST", Body: "hello"}); err != nil || response.Status != 200 {
			t.Fatalf("POST = %+v, %v", response, err)
		}
	}
	for i, request := range backend.Requests() {
		if request.Conn != 1 || request.Body != "hello" {
			t.Errorf("request %d: %+v, want all over connection 1", i, request)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	backend := NewBackend(t)
	addr, _ := site(t, "works.conf", backend)
	const clients, each = 8, 40
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%d-%d", client, i)
				res := Handshake(addr, HandshakeOptions{Path: "/?test-id=" + id})
				if !res.OK || !res.Echoed || len(backend.Lookup(id)) != 1 {
					t.Errorf("handshake %s: %s, echo: %v", id, res.Why, res.EchoErr)
				}
				res.Close()
			}
		})
	}
	wg.Wait()
	if n := len(backend.Requests()); n != clients*each {
		t.Errorf("backend received %d requests, want %d", n, clients*each)
	}
	backend.Reset()
	if n := len(backend.Requests()) + len(backend.Lookup("0-0")); n != 0 {
		t.Errorf("%d requests after Reset", n)
	}
}

func TestConfigurationSetsEverything(t *testing.T) {
	t.Parallel()
	backend := NewBackend(t, OnUnixSocket())
	addr, server := site(t, "everything-set.conf", backend)
	var pid []byte
	var err error
	for end := time.Now().Add(5 * time.Second); len(pid) == 0 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		pid, err = os.ReadFile(filepath.Join(server.Prefix, "logs/own.pid")) // made first, written a moment later
	}
	if err != nil || strings.TrimSpace(string(pid)) != fmt.Sprint(server.Pid) {
		t.Errorf("pid file has %q, %v, want %d", pid, err, server.Pid)
	}
	if err := os.Mkdir(filepath.Join(server.Prefix, "html"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(server.Prefix, "html/index.html"), []byte("static"), 0o644); err != nil {
		t.Fatal(err)
	}
	// Workers of a root's nginx are another user's, and can read it all the same.
	if response, err := Get(addr, GetOptions{}); err != nil || string(response.Body) != "static" {
		t.Errorf("GET = %+v, %v\n%s", response, err, server.Log())
	}
	if res := Handshake(addr, HandshakeOptions{Path: "/ws"}); !res.Echoed {
		t.Errorf("handshake: %s\n%s", res.Why, server.Log())
	} else {
		res.Close()
	}
}

func TestRunsLeaveTheMachineAlone(t *testing.T) {
	t.Parallel()
	n := Find(t)
	addr, server := site(t, "works.conf", NewBackend(t))
	if _, err := Get(addr, GetOptions{}); err != nil {
		t.Fatal(err)
	}
	// All that this binary writes by default is below the prefix.
	entries, err := os.ReadDir(server.Prefix)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, e := range entries {
		switch name := e.Name(); {
		case strings.HasSuffix(name, "nginx.pid"):
			found["pid"] = true
		case strings.HasSuffix(name, "access.log"):
			found["log"] = true
		case e.IsDir():
			found["temp"] = true
		}
	}
	// Builds without a path option have them in logs.
	if logs, _ := os.ReadDir(filepath.Join(server.Prefix, "logs")); len(found) < 3 && len(logs) == 0 {
		t.Errorf("prefix of %s has %v, want pid file, access log and temp paths", n.Path, entries)
	}
}

func TestNginxTest(t *testing.T) {
	t.Parallel()
	n := Find(t)
	addr := Loopback(FreePorts(t, 1)[0])
	for _, c := range []struct {
		name, conf string
		output     string // "" for none
		refused    bool
	}{
		{"accepted", "events {}\nhttp { server { listen 127.0.0.1:8080; } }\n", "", false},
		{"unknown directive", "events {}\nhtpt {}\n", `nginx: [emerg] unknown directive "htpt" in /`, true},
		{"warning", "events {}\nhttp { server { listen 127.0.0.1:8080; server_name a; } server { listen 127.0.0.1:8080; server_name a; } }\n", "nginx: [warn] conflicting server name", false},
		{"address of another machine", "events {}\nhttp { server { listen 192.0.2.1:80; } }\n", "nginx: [emerg] bind() to 192.0.2.1:80", false},
		{"the same with a log on stderr", "error_log stderr;\nevents {}\nhttp { server { listen 192.0.2.1:80; } }\n", "bind() to 192.0.2.1:80", false},
		{"pid and daemon set", "pid own.pid;\ndaemon on;\nerror_log stderr;\nevents {}\n", "", false},
		{"missing file", "events {}\nhttp { access_log missing/access.log; server {} }\n", `missing/access.log" failed`, true},
	} {
		conf := strings.ReplaceAll(c.conf, "127.0.0.1:8080", addr)
		dir := WriteTree(t, map[string]string{"conf/nginx.conf": conf})
		output, err := n.Test(filepath.Join(dir, "conf/nginx.conf"))
		if (err != nil) != c.refused || c.output == "" && output != "" || !strings.Contains(output, c.output) {
			t.Errorf("%s: Test = %q, %v, want %q, refused %t", c.name, output, err, c.output, c.refused)
		}
	}
}

func TestLaunchRefused(t *testing.T) {
	t.Parallel()
	n := Find(t)
	dir := WriteTree(t, map[string]string{"nginx.conf": "events {}\nhttp {\n    nonsense;\n}\n"})
	_, err := n.Launch(filepath.Join(dir, "nginx.conf"))
	if err == nil || !strings.Contains(err.Error(), `unknown directive "nonsense"`) {
		t.Errorf("Launch = %v, want what nginx says", err)
	}
	if n.Version == "" || n.Path == "" {
		t.Errorf("Find = %+v", n)
	}
}

func TestServerThatDies(t *testing.T) {
	t.Parallel()
	n := Find(t)
	if runtime.GOOS != "linux" {
		t.Skip("workers are not found here")
	}
	addr := Loopback(FreePorts(t, 1)[0])
	dir := WriteTree(t, map[string]string{"nginx.conf": "events {}\nhttp { server { listen " + addr + "; } }\n"})
	server, err := n.Launch(filepath.Join(dir, "nginx.conf"))
	if err != nil {
		t.Fatal(err)
	}
	if err := server.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-server.exited
	if err := server.Stop(); err == nil || !errors.Is(err, server.Stop()) {
		t.Errorf("Stop = %v, want the same error twice", err)
	}
	// The worker of a killed master goes on listening by itself.
	for deadline := time.Now().Add(time.Second); ; time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			break
		}
		c.Close()
		if time.Now().After(deadline) {
			t.Fatal("a worker is left")
		}
	}
}
