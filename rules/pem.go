package rules

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
)

// chain is what an ssl_certificate file holds: the server's own certificate and
// those that lead to one that clients know.
type chain []*x509.Certificate

// errOddCertificate is for a certificate that may well be good and that cannot be
// looked into here: of a curve that browsers do not know, for instance.
var errOddCertificate = errors.New("it holds a certificate of a kind that is not known here")

// readChain reads the certificates of a PEM file in their order. As OpenSSL does
// (SSL_CTX_use_certificate_chain_file), it passes over what is no certificate and
// stops at one that is damaged.
func readChain(data []byte) (chain, error) {
	var c chain
	for _, text := range pemTexts(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))) {
		block, _ := pem.Decode(text)
		kind, _, _ := bytes.Cut(text[len(pemBegin):], []byte("-----"))
		switch string(kind) {
		case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
		default:
			continue
		}
		if block == nil {
			return nil, errors.New("it is damaged")
		}
		// A TRUSTED CERTIFICATE has what it is trusted for behind it.
		var whole asn1.RawValue
		rest, err := asn1.Unmarshal(block.Bytes, &whole)
		if err != nil || !whole.IsCompound || len(rest) > 0 && block.Type != "TRUSTED CERTIFICATE" {
			return nil, errors.New("it is damaged")
		}
		cert, err := x509.ParseCertificate(whole.FullBytes)
		if err != nil {
			return nil, errOddCertificate
		}
		c = append(c, cert)
	}
	return c, nil
}

const pemBegin = "-----BEGIN "

// pemTexts splits a file before every line that begins a PEM block, and leaves out
// what stands before the first one.
func pemTexts(data []byte) [][]byte {
	var texts [][]byte
	start := -1
	for at := 0; at < len(data); {
		line := data[at:]
		if end := bytes.IndexByte(line, '\n'); end >= 0 {
			line = line[:end+1]
		}
		if bytes.HasPrefix(line, []byte(pemBegin)) {
			if start >= 0 {
				texts = append(texts, data[start:at])
			}
			start = at
		}
		at += len(line)
	}
	if start >= 0 {
		texts = append(texts, data[start:])
	}
	return texts
}

// blankPEM reports whether a PEM file holds nothing, or no more than the lines that
// begin and end a block.
func blankPEM(data []byte) bool {
	for line := range bytes.Lines(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && !(bytes.HasPrefix(line, []byte("-----")) && bytes.HasSuffix(line, []byte("-----"))) {
			return false
		}
	}
	return true
}

// own returns the index of the server's certificate: the one that the key was
// made for, or, where that is not known, the first that signs no others. It is 0
// where none is.
func (c chain) own(key crypto.PublicKey) int {
	for i, cert := range c {
		if key != nil && sameKey(cert, key) || key == nil && !cert.IsCA {
			return i
		}
	}
	return 0
}

// selfSigned reports whether the server's own certificate is signed by itself.
func (c chain) selfSigned() bool {
	return bytes.Equal(c[0].RawIssuer, c[0].RawSubject) && c[0].CheckSignature(c[0].SignatureAlgorithm, c[0].RawTBSCertificate, c[0].Signature) == nil
}

// outOfOrder returns the first certificate that did not sign the one before it,
// or nil. One that stands there twice does no harm.
func (c chain) outOfOrder() *x509.Certificate {
	last := c[0]
	for i, cert := range c {
		if slices.ContainsFunc(c[:i], cert.Equal) {
			continue
		}
		if i > 0 && !bytes.Equal(last.RawIssuer, cert.RawSubject) {
			return cert
		}
		last = cert
	}
	return nil
}

// incomplete reports whether the intermediate certificate is missing: the file
// holds the server's own one only, and that says where its issuer's is to be
// had, as those of public authorities do, which sign none with a root.
func (c chain) incomplete() bool {
	return len(c) == 1 && !c.selfSigned() && len(c[0].IssuingCertificateURL) > 0
}

// covers reports whether the certificate is good for a server_name.
func (c chain) covers(name string) bool {
	if strings.HasPrefix(name, "*.") {
		for _, n := range c[0].DNSNames {
			if strings.EqualFold(n, name) {
				return true
			}
		}
		return false
	}
	return c[0].VerifyHostname(name) == nil
}

// errOddKey is for a key that is there and cannot be compared: one in an encrypted
// file, or of a kind that is not known.
var errOddKey = errors.New("the key is encrypted, or of a kind that is not known here")

// errNoKey is for a file without a key.
var errNoKey = errors.New("it holds no private key")

// readKey returns the public half of the private key in a PEM file.
func readKey(data []byte) (crypto.PublicKey, error) {
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	for len(data) > 0 {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		if block.Headers["DEK-Info"] != "" || strings.HasPrefix(block.Type, "ENCRYPTED") {
			return nil, errOddKey
		}
		var key any
		var err error
		switch block.Type {
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		default:
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		}
		if err != nil {
			return nil, errOddKey
		}
		signer, ok := key.(crypto.Signer)
		if !ok {
			return nil, errOddKey
		}
		return signer.Public(), nil
	}
	return nil, errNoKey
}

// sameKey reports whether the certificate is for the key.
func sameKey(cert *x509.Certificate, key crypto.PublicKey) bool {
	switch have := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		return have.Equal(key)
	case *ecdsa.PublicKey:
		return have.Equal(key)
	case ed25519.PublicKey:
		return have.Equal(key)
	}
	return true // a kind that is not known
}
