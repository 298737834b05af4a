package probe

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
	"github.com/wsnginx/wsnginx/cmd/internal/report"
)

// site starts nginx with a configuration of testdata. The addresses that it
// listens on are replaced by free ones, those in backends by theirs; what is
// left of 127.0.0.1:90xx is a port where nobody listens. at returns where an
// address of the file is.
func site(t *testing.T, conf string, files, backends map[string]string) (at func(string) string, dir string) {
	t.Helper()
	n := nginxtest.Find(t)
	data, err := os.ReadFile(filepath.Join("testdata", conf))
	if err != nil {
		t.Fatal(err)
	}
	var pairs []string
	where := map[string]string{}
	place := func(port string) {
		where[port] = nginxtest.Loopback(nginxtest.FreePorts(t, 1)[0])
		pairs = append(pairs, "127.0.0.1:"+port, where[port])
	}
	for _, port := range []string{"8080", "8081", "8082", "8083", "8440", "8441", "8442", "9009"} {
		place(port)
	}
	for port, addr := range backends {
		pairs = append(pairs, "127.0.0.1:"+port, addr)
	}
	tree := map[string]string{"nginx.conf": strings.NewReplacer(pairs...).Replace(string(data))}
	for name, text := range files {
		tree[name] = text
	}
	dir = nginxtest.WriteTree(t, tree)
	n.Start(t, filepath.Join(dir, "nginx.conf"))
	return func(port string) string { return where[port] }, dir
}

// run probes a URL.
func run(t *testing.T, link string, change func(*Options)) *Result {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{URL: u, Timeout: 5 * time.Second, Agent: "wsnginx/test"}
	if change != nil {
		change(&o)
	}
	r, err := Run(context.Background(), o)
	if err != nil {
		t.Fatalf("probe %s: %v", link, err)
	}
	return r
}

// text returns r as it is printed.
func text(t *testing.T, r *Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, r, nil, report.Style{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// flat is text on one line, so that a phrase is found across line breaks.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

// failing starts nginx with testdata/failures.conf.
func failing(t *testing.T) (at func(string) string, dir string) {
	t.Helper()
	backends := map[string]string{}
	for port, options := range map[string][]nginxtest.Option{
		"9000": nil,
		"9001": {nginxtest.CheckOrigin(nginxtest.SameOrigin)},
		"9002": {nginxtest.CloseAtOnce()},
		"9003": {nginxtest.NeverAnswer()},
		"9004": {nginxtest.Garbage()},
		"9005": {nginxtest.Always101()},
	} {
		backends[port] = nginxtest.NewBackend(t, options...).Addr
	}
	return site(t, "failures.conf", map[string]string{"users": "ann:{PLAIN}s3cret-of-ann\n"}, backends)
}

// Every failure that shows on the wire, before a real nginx.
func TestFailures(t *testing.T) {
	t.Parallel()
	at, _ := failing(t)
	short := func(o *Options) { o.Timeout = 400 * time.Millisecond }
	for _, c := range []struct {
		name, path string
		port       string // 8080
		change     func(*Options)
		failed     string // the step
		want       []string
	}{
		{name: "nothing set", path: "/bare", failed: "handshake", want: []string{
			"400 Bad Request, not with 101", `it says "version is HTTP/1.0, not HTTP/1.1"`,
			"without its Upgrade and Connection lines gets the same answer",
			"nginx asks upstreams in HTTP/1.0 by default", "proxy_http_version 1.1"}},
		{name: "version missing", path: "/no-version", failed: "handshake", want: []string{"its text names HTTP/1.0"}},
		{name: "wrong variable", path: "/wrong-upgrade", failed: "handshake", want: []string{
			`Upgrade is [\"Upgrade\"], without websocket`, "gets another answer",
			"at least one of them reaches whoever answers"}},
		{name: "method", path: "/post", failed: "handshake", want: []string{"400 Bad Request", "method is POST"}},
		{name: "a page", path: "/page", failed: "handshake", want: []string{
			"200 OK, not with 101", `"Hello"`, "the same answer", "does not speak WebSocket on this path"}},
		{name: "426", path: "/required", failed: "handshake", want: []string{
			"426", "no handshake reached it", "proxy_set_header Upgrade $http_upgrade"}},
		{name: "redirect", path: "/old", failed: "handshake", want: []string{
			"redirected (301) to http://", "clients do not follow redirects", "another path, /ok", "--follow"}},
		{name: "redirect to https", path: "/secure", failed: "handshake", want: []string{"same place over TLS", "open wss://127.0.0.1/secure"}},
		{name: "redirect to another host", path: "/elsewhere", failed: "handshake", want: []string{
			"(307)", "another host, www.example.com", "open wss://www.example.com/ok?token=***"}},
		{name: "round and round", path: "/round", change: func(o *Options) { o.Follow = true }, failed: "handshake", want: []string{"6 redirects, and no end"}},
		{name: "missing slash", path: "/dir", failed: "handshake", want: []string{"differs by a slash at the end", "/dir/ in the client"}},
		{name: "slash by asking", path: "/needs?a=1", failed: "handshake", want: []string{
			"with a slash at the end: 101", "the path is /needs/"}},
		{name: "try_files", path: "/files", failed: "handshake", want: []string{
			"404", "(/files/) the answer is the same", "nginx itself found nothing"}},
		{name: "nowhere", path: "/", failed: "handshake", want: []string{"404", "nginx itself found nothing"}},
		{name: "unauthorized", path: "/user", failed: "handshake", want: []string{
			`it asks for Basic realm="people"`, "wants credentials, and none were sent"}},
		{name: "wrong password", path: "/user", change: func(o *Options) { o.URL.User = url.UserPassword("ann", "not-this-one") },
			failed: "handshake", want: []string{"does not accept the credentials"}},
		{name: "denied", path: "/deny", failed: "handshake", want: []string{
			"without Origin: 403", "with Origin https://example.com: 403", "no origin check", "deny"}},
		{name: "limit_except", path: "/get-only", failed: "handshake", want: []string{"403", "limit_except"}},
		{name: "origin", path: "/origin", failed: "handshake", want: []string{
			"without Origin: 101", "it is an origin check", "proxy_set_header Host $http_host"}},
		{name: "413", path: "/large", failed: "handshake", want: []string{"413", "a handshake has no body"}},
		{name: "431", path: "/headers", failed: "handshake", want: []string{"the request had", "takes no such long header lines"}},
		{name: "cookies", path: "/ok", change: func(o *Options) { o.Headers = []Field{{"Cookie", strings.Repeat("c", 9000)}} },
			failed: "handshake", want: []string{"400", "large_client_header_buffers"}},
		{name: "500", path: "/fails", failed: "handshake", want: []string{"nginx itself failed", "error log"}},
		{name: "502", path: "/refused", failed: "handshake", want: []string{"502", "nginx reaches no usable upstream"}},
		{name: "502, backend closes", path: "/closes", failed: "handshake", want: []string{"502", "prematurely closed"}},
		{name: "503", path: "/maintenance", failed: "handshake", want: []string{"Retry-After says 120", "limit_conn"}},
		{name: "504 at once", path: "/zero", failed: "handshake", want: []string{"proxy_read_timeout 0", "over immediately"}},
		{name: "504", path: "/late", failed: "handshake", want: []string{"it came after 1", "whichever is about 1"}},
		{name: "never answers", path: "/silent", change: short, failed: "handshake", want: []string{
			"no answer came within 400ms", "every request hangs", "--timeout 65s"}},
		{name: "garbage", path: "/garbage", failed: "handshake", want: []string{"what came is not HTTP", `"\x00\x01 this is no answer`}},
		{name: "444", path: "/drops", failed: "handshake", want: []string{"closed without an answer", "every request ends so"}},
		{name: "upgrade hidden", path: "/hidden", failed: "handshake", want: []string{
			"it has no Upgrade line", "proxy_pass_header Upgrade"}},
		{name: "fixed key", path: "/key", failed: "handshake", want: []string{
			"does not answer the key that was sent", "whoever answered saw another Sec-WebSocket-Key"}},
		{name: "subrequest", path: "/", port: "8081", failed: "handshake", want: []string{
			"closed without an answer", "only the handshake ends so", "auth_request"}},
		{name: "http2", path: "/", port: "8082", failed: "handshake", want: []string{"over HTTP/2 only", "SETTINGS", "before 1.25.1"}},
		{name: "proxy protocol", path: "/", port: "8083", failed: "handshake", want: []string{"without an answer", "proxy_protocol"}},
		{name: "TLS asked of a plain port", path: "wss", failed: "tls", want: []string{
			"does not speak TLS", "answers the TLS handshake in plain HTTP"}},
		{name: "nobody listens", path: "/", port: "9009", failed: "connect", want: []string{"refuses connections"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			port := c.port
			if port == "" {
				port = "8080"
			}
			link := "ws://" + at(port) + c.path
			if c.path == "wss" {
				link = "wss://" + at(port) + "/ok"
			}
			r := run(t, link, c.change)
			got := flat(text(t, r))
			if r.Outcome != Fails || r.Failed != c.failed {
				t.Errorf("probe %s: outcome %s at %q, want %s at %q\n%s", link, r.Outcome, r.Failed, Fails, c.failed, text(t, r))
			}
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("probe %s does not say %q:\n%s", link, want, text(t, r))
				}
			}
		})
	}
}

// What works, and what is asked for on the way.
func TestWorks(t *testing.T) {
	t.Parallel()
	at, _ := failing(t)
	for _, c := range []struct {
		name, link string
		change     func(*Options)
		want       []string
	}{
		{"plain", "ws://127.0.0.1:8080/ok", nil, []string{"101 Switching Protocols, with the right Sec-WebSocket-Accept",
			"its pong came back", "closed cleanly, 1000", "works: the socket opens, answers a ping and closes cleanly"}},
		{"http", "http://127.0.0.1:8080/ok", nil, []string{"works:"}},
		{"message", "ws://127.0.0.1:8080/ok", func(o *Options) { o.Message, o.Send = "hello", true }, []string{"5 bytes sent, the same came back"}},
		{"subprotocol", "ws://127.0.0.1:8080/ok", func(o *Options) { o.Subprotocols = []string{"chat.v2", "chat"} }, []string{"subprotocol chat.v2"}},
		{"origin of the backend", "ws://127.0.0.1:8080/origin", func(o *Options) { o.Origin = "none" }, []string{"works:"}},
		{"resolve", "ws://app.example.com:8080/ok", func(o *Options) {
			_, port, _ := strings.Cut(at("8080"), ":")
			o.Resolve = []Resolve{{"app.example.com", port, "127.0.0.1"}}
		}, []string{"app.example.com is 127.0.0.1, as --resolve says", "works:"}},
		{"host", "ws://127.0.0.1:8080/ok", func(o *Options) { o.Host = "app.example.com" }, []string{"works:"}},
		{"follow", "ws://127.0.0.1:8080/old", func(o *Options) { o.Follow = true }, []string{"301 Moved Permanently to", "works:"}},
		{"credentials", "ws://ann:s3cret-of-ann@127.0.0.1:8080/user", nil, []string{"ws://***@", "works:"}},
		{"long silence", "ws://127.0.0.1:8080/ok", func(o *Options) { o.Idle = 300 * time.Millisecond }, []string{
			"still open after 300 ms of silence", "works: the socket opens, answers a ping, lives through 300 ms of silence and closes cleanly"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, port, _ := strings.Cut(at("8080"), ":")
			r := run(t, strings.Replace(c.link, "8080", port, 1), c.change)
			if r.Outcome != Works {
				t.Errorf("probe %s: %s\n%s", c.link, r.Outcome, text(t, r))
			}
			for _, want := range c.want {
				if got := flat(text(t, r)); !strings.Contains(got, want) {
					t.Errorf("probe %s does not say %q:\n%s", c.link, want, text(t, r))
				}
			}
		})
	}
}

func TestIdle(t *testing.T) {
	t.Parallel()
	at, _ := failing(t)
	// nginx's clock is as old as its last event: what is seen here may be a little
	// shorter than what it measured.
	for _, c := range []struct {
		path            string
		idle, keepalive time.Duration
		limit           time.Duration // of the silent tunnel; 0 for none
		outcome         Outcome
		helps           string
		want            string
	}{
		{"/idle1", 2500 * time.Millisecond, 0, time.Second, Fails, "", "closed after (9\\d\\d ms|1(\\.\\d+)? s) of silence, by a FIN, without a close frame"},
		{"/idle3", 4 * time.Second, 0, 3 * time.Second, Fails, "", "after (2\\.9\\d*|3(\\.\\d+)?) s of silence it is closed by a FIN"},
		{"/idle3", time.Second, 0, 0, Works, "", "still open after 1(\\.\\d+)? s of silence"},
		{"/idle1", 2500 * time.Millisecond, 400 * time.Millisecond, time.Second, Works, "yes", "stayed open: pinging helps"},
		{"/idle1", 2500 * time.Millisecond, 1500 * time.Millisecond, time.Second, Fails, "no", "comes too late"},
		{"/ok", 900 * time.Millisecond, 300 * time.Millisecond, 0, Works, "not-needed", "pings are not needed for that long"},
	} {
		t.Run(fmt.Sprint(c.path, c.idle, c.keepalive), func(t *testing.T) {
			t.Parallel()
			r := run(t, "ws://"+at("8080")+c.path, func(o *Options) { o.Idle, o.Keepalive = c.idle, c.keepalive })
			i := r.last().Idle
			if r.Outcome != c.outcome || i == nil {
				t.Fatalf("outcome %s, want %s\n%s", r.Outcome, c.outcome, text(t, r))
			}
			if c.limit != 0 && (!i.Silent.Closed || i.Silent.By != EndedFIN || !near(time.Duration(i.Silent.After), c.limit)) {
				t.Errorf("the silent tunnel: %+v, want a FIN after %s", i.Silent, c.limit)
			}
			if c.helps != "" && i.Keepalive.Helps != c.helps {
				t.Errorf("keepalive helps: %q, want %q\n%s", i.Keepalive.Helps, c.helps, text(t, r))
			}
			if got := flat(text(t, r)); !regexp.MustCompile(c.want).MatchString(got) {
				t.Errorf("does not say %q:\n%s", c.want, text(t, r))
			}
		})
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	at, _ := site(t, "tls.conf", a.files(), map[string]string{"9000": nginxtest.NewBackend(t).Addr})
	var mu sync.Mutex
	for _, c := range []struct {
		host, port string
		insecure   bool
		strangers  bool // the root is not trusted
		outcome    Outcome
		faults     []FaultKind
		want       []string
	}{
		{host: "good", outcome: Works, want: []string{"TLS 1.3, http/1.1, certificate for good.example.com, valid until", "chain complete"}},
		{host: "soon", outcome: Works, want: []string{"the certificate expires in 5 days"}},
		{host: "expired", outcome: Fails, faults: []FaultKind{FaultExpired}, want: []string{"expired on", "3 days ago", "renew"}},
		{host: "expired", insecure: true, outcome: Works, faults: []FaultKind{FaultExpired}, want: []string{"--insecure goes on", "works:"}},
		{host: "name", outcome: Fails, faults: []FaultKind{FaultName}, want: []string{"is for other.example.com, not for name.example.com", "server_name"}},
		{host: "unknown", outcome: Fails, faults: []FaultKind{FaultName}, want: []string{"is for good.example.com, not for unknown.example.com", "default server"}},
		{host: "missing", outcome: Fails, faults: []FaultKind{FaultIntermediate}, want: []string{
			"the server sent 1 certificate, and the issuer of the last, CN=Test Intermediate, is neither", "fullchain.pem"}},
		{host: "self", outcome: Fails, faults: []FaultKind{FaultSelfSigned}, want: []string{"signed by itself", "--ca FILE or --insecure"}},
		{host: "good", strangers: true, outcome: Fails, faults: []FaultKind{FaultUntrusted}, want: []string{
			"the chain ends in CN=Test Intermediate, issued by CN=Test Root, which is no root"}},
		{host: "good", port: "8441", outcome: Fails, want: []string{"ssl_reject_handshake"}},
		{host: "good", port: "8442", outcome: Fails, want: []string{"wants a certificate of the client"}},
		{host: "ws", outcome: Fails, want: []string{"this port speaks TLS, and the URL says ws", "open wss://"}},
	} {
		t.Run(strings.Trim(c.host+" "+c.port, " "), func(t *testing.T) {
			t.Parallel()
			port := c.port
			if port == "" {
				port = "8440"
			}
			mu.Lock()
			_, number, _ := strings.Cut(at(port), ":")
			mu.Unlock()
			scheme := "wss"
			if c.host == "ws" {
				scheme, c.host = "ws", "good"
			}
			host := c.host + ".example.com"
			r := run(t, fmt.Sprintf("%s://%s:%s/", scheme, host, number), func(o *Options) {
				o.Insecure, o.Resolve = c.insecure, []Resolve{{host, number, "127.0.0.1"}}
				if o.Roots = a.roots(); c.strangers {
					o.Roots = newAuthority(t).roots()
				}
			})
			if r.Outcome != c.outcome {
				t.Errorf("outcome %s, want %s\n%s", r.Outcome, c.outcome, text(t, r))
			}
			var kinds []FaultKind
			if h := r.last(); h.TLS != nil {
				for _, f := range h.TLS.Faults {
					kinds = append(kinds, f.Kind)
				}
			}
			if fmt.Sprint(kinds) != fmt.Sprint(c.faults) {
				t.Errorf("faults %v, want %v", kinds, c.faults)
			}
			for _, want := range c.want {
				if got := flat(text(t, r)); !strings.Contains(got, want) {
					t.Errorf("does not say %q:\n%s", want, text(t, r))
				}
			}
		})
	}
}
