package nginxcheck

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// issued is a certificate with its key.
type issued struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue makes a certificate signed by ca, or by itself where ca is nil.
func issue(t *testing.T, ca *issued, change func(*x509.Certificate)) *issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "app.example.com"}, DNSNames: []string{"app.example.com"},
		NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().AddDate(1, 0, 0),
		IssuingCertificateURL: []string{"http://ca.example.com/"}, BasicConstraintsValid: true,
	}
	change(template)
	signer := &issued{template, key}
	if ca != nil {
		signer = ca
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.cert, &key.PublicKey, signer.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issued{cert, key}
}

func (i *issued) pem(chain ...*issued) string {
	var b strings.Builder
	for _, c := range append([]*issued{i}, chain...) {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.cert.Raw})
	}
	return b.String()
}

func (i *issued) keyPEM(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// trusted returns the certificate as "openssl x509 -trustout" writes it, with a
// record of what it is trusted for, which is empty.
func trusted(i *issued) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "TRUSTED CERTIFICATE", Bytes: append(i.cert.Raw[:len(i.cert.Raw):len(i.cert.Raw)], 0x30, 0)}))
}

// TestCertificate holds the rule against nginx, which refuses a certificate that
// it cannot use, and against a client that knows the root only.
func TestCertificate(t *testing.T) {
	t.Parallel()
	authority := func(c *x509.Certificate) {
		c.Subject.CommonName, c.DNSNames, c.IsCA, c.KeyUsage = "Example CA", nil, true, x509.KeyUsageCertSign
	}
	root := issue(t, nil, func(c *x509.Certificate) { authority(c); c.Subject.CommonName = "Example Root" })
	ca := issue(t, root, authority)
	good := issue(t, ca, func(*x509.Certificate) {})
	expired := issue(t, ca, func(c *x509.Certificate) { c.NotAfter = time.Now().AddDate(0, 0, -1) })
	future := issue(t, ca, func(c *x509.Certificate) { c.NotBefore = time.Now().AddDate(0, 0, 2) })
	own := issue(t, nil, func(*x509.Certificate) {})
	pool := x509.NewCertPool()
	pool.AddCert(root.cert)
	for _, c := range []struct {
		name, cert string
		key        *issued
		finding    string // "" for none
		refused    bool   // by nginx
		trusted    bool   // by the client
	}{
		{"good", good.pem(ca), good, "", false, true},
		{"good with its root", good.pem(ca, root), good, "", false, true},
		{"expired", expired.pem(ca), expired, "has expired", false, false},
		{"not yet valid", future.pem(ca), future, "is not valid before", false, false},
		{"without the intermediate", good.pem(), good, "without the intermediate", false, false},
		{"out of order", good.pem(root, ca), good, "out of order", false, true}, // Go's client sorts them
		{"signed by itself", own.pem(), own, "signed by itself", false, false},
		{"other key", good.pem(ca), own, "key values mismatch", true, false},
		{"intermediate first", ca.pem(good), good, "begins with the certificate of", true, false},
		{"root first", root.pem(ca, good), good, "begins with the certificate of", true, false},
		{"intermediate twice", good.pem(ca, ca), good, "", false, true},
		{"CRLF, and text around", strings.ReplaceAll("Bag Attributes\n"+good.pem(ca)+"trailing\n", "\n", "\r\n"), good, "", false, true},
		{"trusted certificate", trusted(good) + ca.pem(), good, "", false, true},
		{"damaged", strings.Replace(good.pem(ca), "\n", "\n!!!", 1), good, "is damaged", true, false},
		{"damaged intermediate", good.pem() + strings.Replace(ca.pem(), "\n", "\n!!!", 1), good, "is damaged", true, false},
		{"cut off", good.pem(ca)[:400], good, "is damaged", true, false},
		{"empty", "# nothing\n", good, "holds no certificate", true, false},
	} {
		s := newSite(t, map[string]string{
			"app.pem": c.cert, "app.key": c.key.keyPEM(t),
			"nginx.conf": "events {}\nhttp {\nserver {\nlisten 127.0.0.1:8080 ssl;\nserver_name app.example.com;\n" +
				"ssl_certificate app.pem;\nssl_certificate_key app.key;\nreturn 204;\n}\n}\n",
		})
		said := s.certificateFindings(t)
		if c.finding == "" && said != "" || !strings.Contains(said, c.finding) {
			t.Errorf("%s: the findings are %q, want %q", c.name, said, c.finding)
		}
		if output, err := s.nginx.Test(s.main); (err != nil) != c.refused {
			t.Errorf("%s: nginx says %q, refused want %v", c.name, output, c.refused)
		}
		if c.refused {
			continue
		}
		s.serve(t, func(*nginxtest.Server) {
			conn, err := tls.Dial("tcp", s.addr, &tls.Config{RootCAs: pool, ServerName: "app.example.com"})
			if err == nil {
				conn.Close()
			}
			if (err == nil) != c.trusted {
				t.Errorf("%s: the client says %v, trusted want %v", c.name, err, c.trusted)
			}
			if c.name == "good" {
				if _, err := tls.Dial("tcp", s.addr, &tls.Config{RootCAs: pool, ServerName: "www.example.com"}); err == nil {
					t.Errorf("%s: another name is taken", c.name)
				}
			}
		})
	}
}

// certificateFindings returns the messages of the certificate rule.
func (s *site) certificateFindings(t *testing.T) string {
	t.Helper()
	list, err := rules.Select(rules.Selection{Select: []string{"certificate"}})
	if err != nil {
		t.Fatal(err)
	}
	w := parser.Open([]string{s.dir}, parser.Options{})
	said := ""
	for _, c := range w.Configs {
		for _, f := range rules.Run([]*effective.Model{effective.Build(c, effective.Options{})}, rules.Options{Rules: list, ReadFile: w.ReadNamed}) {
			said += f.Message + "\n"
		}
	}
	return said
}

// TestSSLWithoutCertificate holds the rule against nginx -t.
func TestSSLWithoutCertificate(t *testing.T) {
	t.Parallel()
	n := nginxtest.Find(t)
	cert, key := nginxtest.CertificatePEM(t)
	const with = "ssl_certificate app.pem; ssl_certificate_key app.key;"
	for _, c := range []struct {
		servers string
		refused bool
	}{
		{"server { listen 127.0.0.1:8443 ssl; }", true},
		{"server { listen 127.0.0.1:8443 ssl; " + with + " }", false},
		{with + " server { listen 127.0.0.1:8443 ssl; }", false},
		{"server { listen 127.0.0.1:8443 ssl; ssl_reject_handshake on; }", false},
		{"server { listen 127.0.0.1:8443 ssl; } server { listen 127.0.0.1:8443 ssl; server_name a; " + with + " }", true},
		{"server { listen 127.0.0.1:8443 ssl; " + with + " } server { listen 127.0.0.1:8443 ssl; server_name a; }", false},
		{"server { listen 127.0.0.1:8443; } server { listen 127.0.0.1:8443 ssl; server_name a; " + with + " }", true},
		{"server { listen 127.0.0.1:8443 ssl; server_name a; } server { listen 127.0.0.1:8443 default_server; " + with + " }", false},
		{"server { listen 127.0.0.1:8443 ssl; ssl_reject_handshake on; } server { listen 127.0.0.1:8443 ssl; server_name a; }", true},
	} {
		path := filepath.Join(nginxtest.WriteTree(t, map[string]string{
			"nginx.conf": "events {}\nhttp {\n" + c.servers + "\n}\n", "app.pem": cert, "app.key": key}), "nginx.conf")
		output, err := n.Test(path)
		if (err != nil) != c.refused || c.refused && !strings.Contains(output, `no "ssl_certificate" is defined for the "listen ... ssl" directive`) {
			t.Errorf("%s: nginx says %q, refused want %v", c.servers, output, c.refused)
		}
		if found := len(lint(t, path, n.Version, "ssl-without-certificate")) > 0; found != c.refused {
			t.Errorf("%s: found is %v, want %v", c.servers, found, c.refused)
		}
	}
}

// TestLegacyTLS shows that a client with the versions of a browser is refused.
func TestLegacyTLS(t *testing.T) {
	t.Parallel()
	cert, key := nginxtest.CertificatePEM(t)
	s := newSite(t, map[string]string{
		"app.pem": cert, "app.key": key,
		"nginx.conf": "events {}\nhttp {\nserver {\nlisten 127.0.0.1:8080 ssl;\nssl_certificate app.pem;\nssl_certificate_key app.key;\nssl_protocols TLSv1.1;\n" +
			"location /ws {\nproxy_pass http://127.0.0.1:9000;\n" + headers + "}\n}\n}\n"})
	handshake := func() (ok bool) {
		s.serve(t, func(*nginxtest.Server) {
			res := nginxtest.Handshake(s.addr, nginxtest.HandshakeOptions{Path: "/ws", TLS: true})
			defer res.Close()
			ok = res.OK
		})
		return ok
	}
	if handshake() {
		t.Error("the handshake works over TLS 1.1")
	}
	s.fix(t, "legacy-tls")
	if !handshake() {
		t.Error("the handshake does not work after the fix")
	}
}

// TestUpstreamSNI shows what name the upstream is asked for.
func TestUpstreamSNI(t *testing.T) {
	t.Parallel()
	cert, key := nginxtest.CertificatePEM(t)
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var names []string
	l, err := tls.Listen("tcp", nginxtest.Loopback(0), &tls.Config{
		Certificates: []tls.Certificate{pair},
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			mu.Lock()
			defer mu.Unlock()
			names = append(names, hello.ServerName)
			return nil, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = c.(*tls.Conn).Handshake(); c.Close() }()
		}
	}()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, map[string]string{"nginx.conf": "events {}\nhttp {\nserver {\nlisten 127.0.0.1:8080;\n" +
		"location /ws {\nproxy_pass https://localhost:" + port + ";\n" + headers + "}\n}\n}\n"})
	asked := func() string {
		s.serve(t, func(*nginxtest.Server) {
			nginxtest.Handshake(s.addr, nginxtest.HandshakeOptions{Path: "/ws"}).Close()
		})
		mu.Lock()
		defer mu.Unlock()
		if len(names) == 0 {
			t.Fatal("no handshake came")
		}
		return names[len(names)-1]
	}
	if got := asked(); got != "" {
		t.Errorf("the upstream is asked for %q, want no name", got)
	}
	s.fix(t, "upstream-sni")
	if got := asked(); got != "localhost" {
		t.Errorf("after the fix the upstream is asked for %q, want localhost", got)
	}
}
