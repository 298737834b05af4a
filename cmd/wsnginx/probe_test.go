package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// probeSessions are what docs/probe.md shows.
var probeSessions = []struct {
	title, about string
	args         []string
	disk         [2]string // changed on disk after nginx was started
	status       int
}{
	{
		title: "It works",
		about: "Every step has its outcome and its time. `--verbose` adds the bytes of both directions: heads line by line, frames in hexadecimal. Credentials show as `***`.",
		args:  []string{"ws://app.example.com:18080/chat?token=abc", "--message", "hello", "--verbose"},
	},
	{
		title:  "The upgrade is not forwarded",
		about:  "The explanation rests on what was seen: here on what the backend says, and on a second request without the two lines. With `--config` the line of the configuration follows, with its fix.",
		args:   []string{"ws://app.example.com:18080/ws", "--config", "nginx.conf"},
		status: 1,
	},
	{
		title:  "An origin check",
		about:  "A 403 is asked about again with other origins and with none. The backend compares Origin with the Host line that nginx sends it.",
		args:   []string{"ws://app.example.com:18080/live"},
		status: 1,
	},
	{
		title: "Closed after a silence, and the configuration says otherwise",
		about: "`--idle` waits for the close, `--keepalive` opens a second tunnel that pings. `proxy_read_timeout` was raised on disk, and nginx was not reloaded: that comes first.",
		args:  []string{"ws://app.example.com:18080/chat", "--idle", "3s", "--keepalive", "300ms", "--config", "nginx.conf"},
		disk:  [2]string{"proxy_read_timeout 1s;", "proxy_read_timeout 1h;"},
	},
	{
		title:  "An intermediate certificate is missing",
		about:  "The chain is judged by what the server sent and the roots alone: what a browser has stored from elsewhere does not hide the gap.",
		args:   []string{"wss://app.example.com:18443/", "--ca", "root.pem", "--config", "nginx.conf"},
		status: 1,
	},
}

// TestProbeSessions holds docs/probe.md against five sessions with a real
// nginx.
func TestProbeSessions(t *testing.T) {
	nginx := nginxtest.Find(t)
	if v, err := effective.ParseVersion(nginx.Version); err != nil || !v.Before(1, 29, 7) {
		t.Skipf("the sessions show an nginx before 1.29.7, and this one is %s", nginx.Version)
	}
	doc, err := filepath.Abs(filepath.Join("..", "..", "docs", "probe.md"))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join("testdata", "probe", "nginx.conf"))
	if err != nil {
		t.Fatal(err)
	}
	ports := nginxtest.FreePorts(t, 2)
	plain, secure := fmt.Sprint(ports[0]), fmt.Sprint(ports[1])
	echo, strict := nginxtest.NewBackend(t), nginxtest.NewBackend(t, nginxtest.CheckOrigin(nginxtest.SameOrigin))
	files := missingIntermediate(t)
	files["nginx.conf"] = strings.NewReplacer("127.0.0.1:8080", "127.0.0.1:"+plain, "127.0.0.1:8443", "127.0.0.1:"+secure,
		"127.0.0.1:9000", echo.Addr, "127.0.0.1:9001", strict.Addr).Replace(string(source))
	dir := nginxtest.WriteTree(t, files)
	conf := filepath.Join(dir, "nginx.conf")
	nginx.Start(t, conf)

	back := strings.NewReplacer(plain, "18080", secure, "18443", echo.Addr, "127.0.0.1:39000", strict.Addr, "127.0.0.1:39001")
	var b strings.Builder
	b.WriteString(probeIntro)
	for i, s := range probeSessions {
		if s.disk[0] != "" {
			if err := os.WriteFile(conf, []byte(strings.Replace(files["nginx.conf"], s.disk[0], s.disk[1], 1)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		args := []string{"probe"}
		for _, a := range s.args {
			args = append(args, strings.NewReplacer("18080", plain, "18443", secure).Replace(a))
		}
		args = append(args, "--resolve", "app.example.com:"+plain+":127.0.0.1", "--resolve", "app.example.com:"+secure+":127.0.0.1")
		status, out, log := command(t, dir, args...)
		if status != s.status || log != "" {
			t.Errorf("wsnginx %s: exit status %d, want %d\n%s%s", strings.Join(args, " "), status, s.status, out, log)
		}
		fmt.Fprintf(&b, "\n## %d. %s\n\n%s\n\n```console\n$ wsnginx probe %s\n%s```\n",
			i+1, s.title, s.about, quoteArgs(s.args), steady(back.Replace(out)))
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(doc), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, doc, b.String())
}

const probeIntro = `# wsnginx probe

` + "`wsnginx probe URL`" + ` opens a WebSocket as a browser does, says at which step it
fails and why, and with ` + "`--config PATH`" + ` points at the line of the configuration
that causes it. It exits 0 where the socket works, 1 where it does not, 2 where
it could not be tried.

It connects to the host of the URL and to nothing else, follows redirects only
with ` + "`--follow`" + `, and never prints credentials: those of the URL, Cookie,
Authorization and the like, and parameters that look like tokens. To tell causes
apart it may send the handshake again with one thing changed: another Origin, a
slash, no Upgrade.

` + "`--idle`" + ` counts as part of the socket: a tunnel that is closed before the time is
over does not work, unless ` + "`--keepalive`" + ` shows that pings keep it open.
` + "`--format json`" + ` prints one document with the same content; its schema is
cmd/internal/probe/probe.schema.json. ` + "`wsnginx probe --help`" + ` has all flags.

The sessions below are real ones, before an nginx on loopback; ports, times and
keys are replaced by fixed ones. In them the name is resolved with
` + "`--resolve app.example.com:18080:127.0.0.1`" + `, left out here.
`

// quoteArgs returns arguments as a shell takes them.
func quoteArgs(args []string) string {
	var out []string
	for _, a := range args {
		if strings.ContainsAny(a, "?&* ") {
			a = "'" + a + "'"
		}
		out = append(out, a)
	}
	return strings.Join(out, " ")
}

// The parts of a session that are never twice the same.
var (
	sessionTook    = regexp.MustCompile(`(?m)^(  \w+ +(?:ok|note|FAILED) +)(?:< 1 ms|\d+ ms)  `)
	sessionIdle    = regexp.MustCompile(`\b([13])\.\d s\b`)
	sessionPongs   = regexp.MustCompile(`\(\d+ pongs\)`)
	sessionDate    = regexp.MustCompile(`Date: [^\\]+`)
	sessionAgent   = regexp.MustCompile(`User-Agent: [^\\]+`)
	sessionServer  = regexp.MustCompile(`\bnginx/[0-9.]+`)
	sessionKey     = regexp.MustCompile(`(Sec-WebSocket-Key|Sec-WebSocket-Accept): [A-Za-z0-9+/=]+`)
	sessionMasked  = regexp.MustCompile(`(?m)^(> [0-9a-f]{4})([0-9a-f]+)  `)
	sessionPrint   = regexp.MustCompile(`[0-9a-f]{16}…`)
	sessionAdvised = regexp.MustCompile(`every \d(\.\d)? s\b`)
)

// steady puts fixed values in place of those.
func steady(text string) string {
	text = sessionTook.ReplaceAllStringFunc(text, func(line string) string {
		head := sessionTook.FindStringSubmatch(line)[1]
		return fmt.Sprintf("%-19s%8s  ", strings.TrimRight(head, " "), "1 ms")
	})
	text = sessionIdle.ReplaceAllString(text, "$1 s")
	text = sessionPongs.ReplaceAllString(text, "(9 pongs)")
	text = sessionDate.ReplaceAllString(text, "Date: Thu, 01 Jan 2026 00:00:00 GMT")
	text = sessionAgent.ReplaceAllString(text, "User-Agent: wsnginx/1.0.0")
	text = sessionServer.ReplaceAllString(text, "nginx/1.22.1")
	text = sessionKey.ReplaceAllStringFunc(text, func(line string) string {
		if strings.HasPrefix(line, "Sec-WebSocket-Key") {
			return "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
		}
		return "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
	})
	text = sessionMasked.ReplaceAllStringFunc(text, func(line string) string {
		m := sessionMasked.FindStringSubmatch(line)
		return m[1] + strings.Repeat("x", len(m[2])) + "  "
	})
	text = sessionPrint.ReplaceAllString(text, "0123456789abcdef…")
	return sessionAdvised.ReplaceAllString(text, "every 1 s")
}

// missingIntermediate makes the certificate of a server that forgot its
// intermediate, and the root that signed that.
func missingIntermediate(t *testing.T) map[string]string {
	t.Helper()
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	sign := func(name string, ca bool, own *ecdsa.PrivateKey, parent *x509.Certificate, by *ecdsa.PrivateKey) *x509.Certificate {
		c := &x509.Certificate{
			SerialNumber: big.NewInt(int64(len(name))), Subject: pkix.Name{CommonName: name}, IsCA: ca, BasicConstraintsValid: true,
			NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2049, 12, 31, 0, 0, 0, 0, time.UTC),
		}
		if !ca {
			c.DNSNames = []string{name}
		}
		if parent == nil {
			parent = c
		}
		der, err := x509.CreateCertificate(rand.Reader, c, parent, &own.PublicKey, by)
		if err != nil {
			t.Fatal(err)
		}
		made, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	rootKey, middleKey, leafKey := key(), key(), key()
	root := sign("Example Root", true, rootKey, nil, rootKey)
	middle := sign("Example Intermediate", true, middleKey, root, rootKey)
	leaf := sign("app.example.com", false, leafKey, middle, middleKey)
	private, err := x509.MarshalECPrivateKey(leafKey)
	if err != nil {
		t.Fatal(err)
	}
	text := func(kind string, der []byte) string {
		var b bytes.Buffer
		if err := pem.Encode(&b, &pem.Block{Type: kind, Bytes: der}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	return map[string]string{
		"root.pem": text("CERTIFICATE", root.Raw), "app.pem": text("CERTIFICATE", leaf.Raw), "app.key": text("EC PRIVATE KEY", private),
	}
}
