package rules

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
)

// chain is what an ssl_certificate file holds: the server's own certificate and
// those that lead to one that clients know.
type chain []*x509.Certificate

// readChain reads the certificates of a PEM file in their order.
func readChain(data []byte) (chain, error) {
	var c chain
	for len(data) > 0 {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		switch block.Type {
		case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
		default:
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		c = append(c, cert)
	}
	return c, nil
}

// selfSigned reports whether the server's own certificate is signed by itself.
func (c chain) selfSigned() bool {
	return bytes.Equal(c[0].RawIssuer, c[0].RawSubject) && c[0].CheckSignature(c[0].SignatureAlgorithm, c[0].RawTBSCertificate, c[0].Signature) == nil
}

// outOfOrder returns the first certificate that did not sign the one before it,
// or nil.
func (c chain) outOfOrder() *x509.Certificate {
	for i := 1; i < len(c); i++ {
		if !bytes.Equal(c[i-1].RawIssuer, c[i].RawSubject) {
			return c[i]
		}
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

// errNoKey is for a key that is not there to be compared: one in an encrypted
// file, or of a kind that is not known.
var errNoKey = errors.New("the key is encrypted, or of a kind that is not known")

// readKey returns the public half of the private key in a PEM file.
func readKey(data []byte) (crypto.PublicKey, error) {
	for len(data) > 0 {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		if block.Headers["DEK-Info"] != "" || strings.HasPrefix(block.Type, "ENCRYPTED") {
			return nil, errNoKey
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
			return nil, errNoKey
		}
		signer, ok := key.(crypto.Signer)
		if !ok {
			return nil, errNoKey
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
