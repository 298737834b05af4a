package probe

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

// authority makes certificates: a root, an intermediate, and what it signs, all
// for one key of a server.
type authority struct {
	t            *testing.T
	key          *ecdsa.PrivateKey // of the servers
	root, middle *x509.Certificate
	rootKey      *ecdsa.PrivateKey
	middleKey    *ecdsa.PrivateKey
	serial       int64
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, key: newPrivateKey(t), rootKey: newPrivateKey(t), middleKey: newPrivateKey(t)}
	a.root = a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "Test Root"}, IsCA: true}, nil, a.rootKey, a.rootKey)
	a.middle = a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "Test Intermediate"}, IsCA: true}, a.root, a.middleKey, a.rootKey)
	return a
}

func newPrivateKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign makes a certificate; parent is nil for one that signs itself.
func (a *authority) sign(c, parent *x509.Certificate, key, by *ecdsa.PrivateKey) *x509.Certificate {
	a.t.Helper()
	a.serial++
	c.SerialNumber = big.NewInt(a.serial)
	if c.NotAfter.IsZero() {
		c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(90*24*time.Hour)
	}
	if c.IsCA {
		c.BasicConstraintsValid, c.KeyUsage = true, x509.KeyUsageCertSign
	}
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, by)
	if err != nil {
		a.t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return made
}

// leaf makes a certificate of a server, valid between the given times from now.
func (a *authority) leaf(name string, from, until time.Duration) *x509.Certificate {
	return a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(until),
	}, a.middle, a.key, a.middleKey)
}

// self makes a certificate that signs itself.
func (a *authority) self(name string) *x509.Certificate {
	return a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}}, nil, a.key, a.key)
}

// roots returns what trusts the root.
func (a *authority) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	return pool
}

// bundle returns certificates as PEM.
func bundle(certificates ...*x509.Certificate) string {
	var text []byte
	for _, c := range certificates {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return string(text)
}

// files returns the tree that testdata/tls.conf needs.
func (a *authority) files() map[string]string {
	der, err := x509.MarshalECPrivateKey(a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	const day = 24 * time.Hour
	return map[string]string{
		"leaf.key":    string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})),
		"root.pem":    bundle(a.root),
		"good.pem":    bundle(a.leaf("good.example.com", -day, 60*day), a.middle),
		"expired.pem": bundle(a.leaf("expired.example.com", -60*day, -3*day), a.middle),
		"other.pem":   bundle(a.leaf("other.example.com", -day, 60*day), a.middle),
		"missing.pem": bundle(a.leaf("missing.example.com", -day, 60*day)),
		"self.pem":    bundle(a.self("self.example.com")),
		"soon.pem":    bundle(a.leaf("soon.example.com", -day, 5*day+time.Hour), a.middle),
	}
}
