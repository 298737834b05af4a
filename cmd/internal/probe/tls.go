package probe

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
)

// soon is the rest of a certificate's life that is worth a word.
const soon = 14 * 24 * time.Hour

// startTLS speaks TLS over c as a browser that opens a WebSocket does: SNI, and
// HTTP/1.1 alone in ALPN. It judges the certificate itself, so that every fault
// is told, and not only the first.
func (p *probe) startTLS(ctx context.Context, h *Hop, u *url.URL, c net.Conn) (net.Conn, bool) {
	host, _ := endpoint(u)
	start := time.Now()
	t, err := p.shake(ctx, c, host, "http/1.1")
	took := time.Since(start)
	if err != nil {
		h.step1(StepFail, "tls", took, tlsError(err))
		p.tlsFailed(ctx, h, host, err)
		return nil, false
	}
	state := t.ConnectionState()
	h.TLS = p.describe(&state, host)
	s := h.step1(StepOK, "tls", took, h.TLS.text(p.now))
	if notes := h.TLS.notes(p.now); len(notes) > 0 {
		s.Outcome, s.Notes = StepWarn, notes
	}
	if len(h.TLS.Faults) == 0 {
		return t, true
	}
	s.Outcome = StepFail
	if p.o.Insecure {
		s.Outcome = StepWarn
		s.Notes = append(s.Notes, "browsers stop here; --insecure goes on")
		return t, true
	}
	p.explainCertificate(h)
	return nil, false // the caller closes what TLS ran over
}

// shake performs a TLS handshake within the timeout.
func (p *probe) shake(ctx context.Context, c net.Conn, host string, protocols ...string) (*tls.Conn, error) {
	limited, cancel := context.WithTimeout(ctx, p.o.Timeout)
	defer cancel()
	config := &tls.Config{
		NextProtos:         protocols,
		InsecureSkipVerify: true, // describe verifies
	}
	if !hostIsAddress(host) {
		config.ServerName = host
	}
	t := tls.Client(c, config)
	if err := t.HandshakeContext(limited); err != nil {
		return nil, err
	}
	return t, nil
}

// describe returns what a handshake showed.
func (p *probe) describe(state *tls.ConnectionState, host string) *TLS {
	t := &TLS{
		Version: tls.VersionName(state.Version), ALPN: state.NegotiatedProtocol,
		Chain: []*Cert{}, Faults: []Fault{},
	}
	if !hostIsAddress(host) {
		t.SNI = host
	}
	for _, c := range state.PeerCertificates {
		sum := sha256.Sum256(c.Raw)
		t.Chain = append(t.Chain, &Cert{
			Subject: nameOf(c), Issuer: c.Issuer.String(), Names: namesOf(c),
			NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(), Fingerprint: hex.EncodeToString(sum[:]),
		})
	}
	if len(state.PeerCertificates) > 0 {
		t.raw = state.PeerCertificates[0].Raw
		t.Faults = append(t.Faults, p.faults(state.PeerCertificates, host)...)
	}
	return t
}

// nameOf returns the subject of a certificate; many have names only.
func nameOf(c *x509.Certificate) string {
	if text := c.Subject.String(); text != "" {
		return text
	}
	return strings.Join(namesOf(c), ", ")
}

// namesOf returns what a certificate is for.
func namesOf(c *x509.Certificate) []string {
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// faults returns what a browser refuses in the certificates that were sent.
func (p *probe) faults(sent []*x509.Certificate, host string) []Fault {
	var out []Fault
	add := func(kind FaultKind, format string, args ...any) {
		out = append(out, Fault{kind, fmt.Sprintf(format, args...)})
	}
	leaf := sent[0]
	if err := leaf.VerifyHostname(host); err != nil {
		names := strings.Join(namesOf(leaf), ", ")
		if names == "" {
			names = "no name at all"
		}
		add(FaultName, "the certificate is for %s, not for %s", names, host)
	}
	at := p.now // a time at which the dates are no obstacle: they have a fault of their own
	for i, c := range sent {
		what := "the certificate"
		if i > 0 {
			what = "the intermediate " + nameOf(c)
		}
		switch {
		case p.now.After(c.NotAfter):
			add(FaultExpired, "%s expired on %s, %s ago", what, day(c.NotAfter), days(p.now.Sub(c.NotAfter)))
			at = c.NotAfter
		case p.now.Before(c.NotBefore):
			add(FaultNotYet, "%s is valid from %s only", what, day(c.NotBefore))
			at = c.NotBefore
		}
	}
	between := x509.NewCertPool()
	for _, c := range sent[1:] {
		between.AddCert(c)
	}
	chains, err := leaf.Verify(x509.VerifyOptions{Roots: p.o.Roots, Intermediates: between, CurrentTime: at})
	var unknown x509.UnknownAuthorityError
	top := walk(sent)
	switch {
	case err == nil:
		// macOS and Windows fetch what is missing; browsers elsewhere do not.
		if missing := filled(chains, sent); missing != nil {
			add(FaultIntermediate, "the server did not send the intermediate %s; this system filled the gap, and not every client does", nameOf(missing))
		}
	case errors.As(err, &unknown) && selfSigned(leaf):
		add(FaultSelfSigned, "the certificate is signed by itself, and nothing on this machine trusts it")
	case errors.As(err, &unknown) && selfSigned(top):
		add(FaultUntrusted, "the chain ends in %s, which this machine does not trust", nameOf(top))
	case errors.As(err, &unknown) && top != leaf:
		add(FaultUntrusted, "the chain ends in %s, issued by %s, which is no root that this machine trusts", nameOf(top), top.Issuer)
	case errors.As(err, &unknown):
		add(FaultIntermediate, "the server sent %s, and the issuer of the last, %s, is neither among them nor a root that this machine trusts",
			report.Plural(len(sent), "certificate", "certificates"), top.Issuer)
	case len(out) == 0 || at.Equal(p.now):
		add(FaultOther, "the certificate does not verify: %s", strings.TrimPrefix(err.Error(), "x509: "))
	}
	return out
}

// walk returns the last certificate on the way from the first to its issuers,
// among those that were sent.
func walk(sent []*x509.Certificate) *x509.Certificate {
	at := sent[0]
	for range sent {
		next := at
		for _, c := range sent {
			if !c.Equal(at) && bytes.Equal(at.RawIssuer, c.RawSubject) && at.CheckSignatureFrom(c) == nil {
				next = c
			}
		}
		if next == at || selfSigned(next) {
			return next
		}
		at = next
	}
	return at
}

func selfSigned(c *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, c.RawSubject) && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

// filled returns a certificate between the first and the root that was not
// sent, nil where some chain needs none.
func filled(chains [][]*x509.Certificate, sent []*x509.Certificate) *x509.Certificate {
	var missing *x509.Certificate
	for _, chain := range chains {
		var gap *x509.Certificate
		for _, c := range chain[:len(chain)-1] {
			found := false
			for _, s := range sent {
				found = found || s.Equal(c)
			}
			if !found {
				gap = c
			}
		}
		if gap == nil {
			return nil
		}
		missing = gap
	}
	return missing
}

// text tells a handshake in one line.
func (t *TLS) text(now time.Time) string {
	text := t.Version
	if t.ALPN != "" {
		text += ", " + t.ALPN
	}
	if len(t.Chain) == 0 {
		return text
	}
	leaf := t.Chain[0]
	names := leaf.Names
	if len(names) > 3 {
		names = append(append([]string{}, names[:3]...), fmt.Sprintf("%d more", len(leaf.Names)-3))
	}
	who := strings.Join(names, ", ")
	if who == "" {
		who = leaf.Subject
	}
	text += ", certificate for " + who
	if len(t.Faults) == 0 {
		return text + fmt.Sprintf(", valid until %s, chain complete", day(leaf.NotAfter))
	}
	var faults []string
	for _, f := range t.Faults {
		faults = append(faults, f.Text)
	}
	return text + ": " + strings.Join(faults, "; ")
}

// notes are what is worth a word and no fault.
func (t *TLS) notes(now time.Time) []string {
	var notes []string
	if len(t.Chain) > 0 && len(t.Faults) == 0 {
		if left := t.Chain[0].NotAfter.Sub(now); left < soon {
			notes = append(notes, fmt.Sprintf("the certificate expires in %s", days(left)))
		}
	}
	if t.Version == "TLS 1.0" || t.Version == "TLS 1.1" {
		notes = append(notes, "browsers refuse "+t.Version)
	}
	return notes
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02") }

func days(d time.Duration) string {
	if d < 48*time.Hour {
		return report.Plural(int(d/time.Hour), "hour", "hours")
	}
	return report.Plural(int(d/(24*time.Hour)), "day", "days")
}
