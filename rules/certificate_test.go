package rules

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io/fs"
	"math/big"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wsnginx/wsnginx/parser"
)

// today is the time of the fixtures.
var today = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// pair is a certificate and its key.
type pair struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue makes a certificate signed by ca, or by itself where ca is nil.
func issue(ca *pair, change func(*x509.Certificate)) *pair {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "app.example.com"},
		DNSNames:     []string{"app.example.com"},
		NotBefore:    today.AddDate(0, -1, 0), NotAfter: today.AddDate(0, 2, 0),
		IssuingCertificateURL: []string{"http://ca.example.com/ca.der"},
		BasicConstraintsValid: true,
	}
	change(template)
	signer := &pair{template, key}
	if ca != nil {
		signer = ca
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.cert, &key.PublicKey, signer.key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return &pair{cert, key}
}

func pemOf(pairs ...*pair) string {
	var b strings.Builder
	for _, p := range pairs {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: p.cert.Raw})
	}
	return b.String()
}

func (p *pair) keyPEM(kind string) string {
	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	if kind == "EC PRIVATE KEY" {
		der, err = x509.MarshalECPrivateKey(p.key)
	}
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// oddCurve is a certificate for a key on secp256k1, which nginx takes and Go does
// not read.
const oddCurve = `-----BEGIN CERTIFICATE-----
MIIBhjCCASygAwIBAgIUSYz31R8wFmOg18E8V0tXMvBQ/zUwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPYXBwLmV4YW1wbGUuY29tMB4XDTI2MTEyMzAxMDYzN1oXDTQ2
MDEyMjAxMDYzN1owGjEYMBYGA1UEAwwPYXBwLmV4YW1wbGUuY29tMFYwEAYHKoZI
zj0CAQYFK4EEAAoDQgAEJ+MXClxws8mGutOq9n87tmibbWR4hOkDAhU+lbGWv8tC
HpMzznYj6QsTIWYZnAo91mROwzgvQ50U+ppDHla4i6NTMFEwHQYDVR0OBBYEFBBR
H632SNztcHRQIO1rwsQ+sPucMB8GA1UdIwQYMBaAFBBRH632SNztcHRQIO1rwsQ+
sPucMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgHmKRDT53LBm/
apWxSq5IZxLhZzoAGhpAnyTRB7hxzwACIQDIyH7QlgD042+Ia7m+NgDKLY2FYHVp
cj5Ad+yqHQnD8A==
-----END CERTIFICATE-----
`

// certificateFiles are the files that the fixtures name, by their last element.
var certificateFiles = sync.OnceValue(func() map[string]string {
	authority := func(name string) func(*x509.Certificate) {
		return func(c *x509.Certificate) {
			c.Subject.CommonName, c.DNSNames = name, nil
			c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign
			c.NotBefore, c.NotAfter = today.AddDate(-5, 0, 0), today.AddDate(5, 0, 0)
		}
	}
	root := issue(nil, authority("Example Root"))
	ca := issue(root, authority("Example CA"))
	named := func(names ...string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.DNSNames = names }
	}
	until := func(t time.Time) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.NotAfter = t }
	}
	good := issue(ca, func(*x509.Certificate) {})
	www := issue(ca, named("www.example.com"))
	wild := issue(ca, named("example.com", "*.example.com"))
	expired := issue(ca, func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = today.AddDate(-1, 0, 0), today.AddDate(0, 0, -1)
	})
	ending := issue(ca, until(today.AddDate(0, 0, 10)))
	future := issue(ca, func(c *x509.Certificate) { c.NotBefore = today.AddDate(0, 0, 5) })
	own := issue(nil, func(*x509.Certificate) {})
	oldRoot := issue(issue(nil, authority("Older Root")), func(c *x509.Certificate) {
		authority("Example Root")(c)
		c.NotAfter = today.AddDate(0, 0, -3)
	})
	ownExpired := issue(nil, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = today.AddDate(-1, 0, 0), today.AddDate(0, 0, -1) })
	private := issue(ca, func(c *x509.Certificate) { c.IssuingCertificateURL = nil })
	return map[string]string{
		"good.pem": pemOf(good, ca), "good.key": good.keyPEM("PRIVATE KEY"), "good-ec.key": good.keyPEM("EC PRIVATE KEY"),
		"www.pem": pemOf(www, ca), "www.key": www.keyPEM("PRIVATE KEY"),
		"wild.pem": pemOf(wild, ca), "wild.key": wild.keyPEM("PRIVATE KEY"),
		"expired.pem": pemOf(expired, ca), "expired.key": expired.keyPEM("PRIVATE KEY"),
		"ending.pem": pemOf(ending, ca), "ending.key": ending.keyPEM("PRIVATE KEY"),
		"future.pem": pemOf(future, ca), "future.key": future.keyPEM("PRIVATE KEY"),
		"self.pem": pemOf(own), "self.key": own.keyPEM("PRIVATE KEY"),
		"leaf-only.pem": pemOf(good), "private-ca.pem": pemOf(private), "private-ca.key": private.keyPEM("PRIVATE KEY"),
		"shuffled.pem": pemOf(good, root, ca),
		"empty.pem":    "# nothing here\n", "damaged.pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"inter-first.pem": pemOf(ca, good), "twice.pem": pemOf(good, ca, ca), "old-root.pem": pemOf(good, ca, oldRoot),
		"damaged-ca.pem": pemOf(good) + strings.Replace(pemOf(ca), "\n", "\n!!!", 1), "bom.pem": "\xEF\xBB\xBF" + pemOf(good, ca),
		"crlf.pem":  strings.ReplaceAll("Bag Attributes\n"+pemOf(good, ca)+"trailing\n", "\n", "\r\n"),
		"curve.pem": oddCurve, "self-expired.pem": pemOf(ownExpired), "self-expired.key": ownExpired.keyPEM("PRIVATE KEY"),
		"blank.pem": "", "blank.key": "\n", "begin.pem": "-----BEGIN CERTIFICATE-----\n", "begin.key": "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
		"encrypted.key": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
	}
})

// readCertificate stands for a tree with these files in certs/.
func readCertificate(_ *parser.Config, name string) ([]byte, error) {
	if text, ok := certificateFiles()[path.Base(name)]; ok && strings.HasPrefix(name, "certs/") {
		return []byte(text), nil
	}
	return nil, fmt.Errorf("open %s: %w", name, fs.ErrNotExist)
}

// TestCertificateNotes checks what is said of files that were not read.
func TestCertificateNotes(t *testing.T) {
	const text = `events {}
http {
    server {
        listen 443 ssl;
        ssl_certificate /etc/ssl/app.pem;
        ssl_certificate_key /etc/ssl/app.key;
    }
    server {
        listen 443 ssl;
        ssl_certificate $name.pem;
        ssl_certificate_key data:$key;
    }
    server {
        listen 443 ssl;
        ssl_certificate "data:…";
        ssl_certificate_key engine:pkcs11:key;
    }
}
`
	c := &fixture{dir: t.TempDir(), rules: []*Rule{certificate}}
	findings, _ := c.lintText(t, text)
	if len(findings) > 0 {
		t.Errorf("found %s", describe(&findings[0]))
	}
	want := []string{
		`:5: ssl_certificate "/etc/ssl/app.pem" was not checked: it is not in this tree`,
		`:10: ssl_certificate "$name.pem" was not checked: its name is made of variables`,
		`:15: ssl_certificate "data:…" was not checked: it is no file`,
	}
	if len(c.notes) != len(want) {
		t.Fatalf("notes %q, want %q", c.notes, want)
	}
	for i, n := range c.notes {
		if !strings.HasSuffix(n, want[i]) {
			t.Errorf("note %q, want %q", n, want[i])
		}
	}
}

// TestCertificateEmptyWhereNginxRuns checks that empty files are what nginx reads where
// the configuration is the machine's own.
func TestCertificateEmptyWhereNginxRuns(t *testing.T) {
	const text = "events {}\nhttp {\nserver { listen 443 ssl; ssl_certificate certs/blank.pem; ssl_certificate_key certs/blank.key; }\n}\n"
	for installed, want := range map[bool]Severity{false: Info, true: Error} {
		c := &fixture{dir: t.TempDir(), rules: []*Rule{certificate}, installed: installed}
		findings, _ := c.lintText(t, text)
		if len(findings) != 1 || findings[0].Severity != want {
			t.Errorf("installed %t: %d findings, want one of severity %s: %v", installed, len(findings), want, findings)
		}
	}
}

// TestCertificateNamedOften checks where else a file is said to be named: a few
// lines, and how many more.
func TestCertificateNamedOften(t *testing.T) {
	for servers, want := range map[int][]string{
		1: nil,
		3: {"named here too", "named here too"},
		5: {"named here too", "named here too", "named here too, and on one more line"},
		9: {"named here too", "named here too", "named here too, and on 5 more lines"},
	} {
		text := "events {}\nhttp {\n" + strings.Repeat(
			"server { listen 443 ssl; ssl_certificate certs/expired.pem; ssl_certificate_key certs/expired.key; }\n", servers) + "}\n"
		c := &fixture{dir: t.TempDir(), rules: []*Rule{certificate}}
		findings, _ := c.lintText(t, text)
		if len(findings) != 1 {
			t.Fatalf("%d servers: %d findings, want 1", servers, len(findings))
		}
		var got []string
		for _, place := range findings[0].Related {
			got = append(got, place.Message)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d servers: related %q, want %q", servers, got, want)
		}
	}
}

// TestCertificateNamedAndIgnored checks that a comment speaks for its own line only.
func TestCertificateNamedAndIgnored(t *testing.T) {
	const server = "server { listen 443 ssl;\nssl_certificate certs/expired.pem;\nssl_certificate_key certs/expired.key; }\n"
	const ignored = "server { listen 443 ssl;\n# wsnginx:ignore certificate -- nobody comes here\nssl_certificate certs/expired.pem;\nssl_certificate_key certs/expired.key; }\n"
	c := &fixture{dir: t.TempDir(), rules: []*Rule{certificate}}
	findings, _ := c.lintText(t, "events {}\nhttp {\n"+ignored+server+server+"}\n")
	if len(findings) != 2 {
		t.Fatalf("%d findings, want 2", len(findings))
	}
	if findings[0].Ignored == "" || len(findings[0].Related) > 0 {
		t.Errorf("the first finding is not the ignored one: %s", describe(&findings[0]))
	}
	if findings[1].Ignored != "" || len(findings[1].Related) != 1 {
		t.Errorf("the second finding does not speak for the other two: %s", describe(&findings[1]))
	}
}
