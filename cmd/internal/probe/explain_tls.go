package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
)

// The alerts with which servers refuse a TLS handshake (RFC 8446, 6).
const (
	alertHandshakeFailure = tls.AlertError(40)
	alertProtocolVersion  = tls.AlertError(70)
	alertInternalError    = tls.AlertError(80)
	alertUnrecognizedName = tls.AlertError(112)
	alertNoProtocol       = tls.AlertError(120)
)

// alertOf returns the alert that the server sent, 0 for none. crypto/tls wraps
// alerts in a type of its own, which only its text tells apart.
func alertOf(err error) tls.AlertError {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return 0
	}
	for n := tls.AlertError(1); n < 255; n++ {
		if n.Error() == op.Err.Error() {
			return n
		}
	}
	return 0
}

// tlsError returns what ended a TLS handshake, in a few words.
func tlsError(err error) string {
	var record tls.RecordHeaderError
	if errors.As(err, &record) {
		return "what came is not TLS"
	}
	if alert := alertOf(err); alert != 0 {
		return "the server refuses: " + strings.TrimPrefix(alert.Error(), "tls: ")
	}
	switch ending(err) {
	case EndedFIN:
		return "the connection was closed"
	case EndedReset:
		return "the connection was reset"
	case EndedTimeout:
		return "no answer"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer"
	}
	return strings.TrimPrefix(err.Error(), "tls: ")
}

// tlsFailed explains a TLS handshake that did not end well.
func (p *probe) tlsFailed(ctx context.Context, h *Hop, host string, err error) {
	r := p.result
	var record tls.RecordHeaderError
	alert := alertOf(err)
	switch {
	case errors.As(err, &record):
		r.fail("tls", "the port does not speak TLS, and the URL asks for it")
		if first := record.RecordHeader[:]; string(first) == "HTTP/" {
			r.saw("it answers the TLS handshake in plain HTTP")
		} else {
			r.saw("its first bytes are %q", first)
		}
		r.explain("either the URL's port is the plain one, or the listen directive lacks ssl")
		r.advise("open ws:// at this port, or write listen … ssl")
	case alert == alertNoProtocol:
		r.fail("tls", "the server refuses http/1.1 in ALPN, and a WebSocket begins with HTTP/1.1")
		p.onlyHTTP2(ctx, h, host)
	case alert == alertUnrecognizedName:
		r.fail("tls", "the server knows no %s", host)
		r.explain("the name in the TLS handshake leads to a server with ssl_reject_handshake on, which is how a default server turns strangers away")
		r.advise("check the name, and the server_name of the server that is meant")
	case alert == alertHandshakeFailure, alert == alertInternalError:
		r.fail("tls", "the server refuses the TLS handshake (%s)", tlsError(err))
		r.explain("a server whose socket has ssl and that has no ssl_certificate answers so, and one that shares no cipher or key with the client")
		r.advise("look at ssl_certificate of the default server of this socket, and at ssl_ciphers")
	case alert == alertProtocolVersion:
		r.fail("tls", "the server speaks neither TLS 1.2 nor 1.3, and browsers speak nothing older")
		r.advise("ssl_protocols TLSv1.2 TLSv1.3")
	case errors.Is(err, context.DeadlineExceeded), ending(err) == EndedTimeout:
		r.fail("tls", "the TLS handshake gets no answer within %s", p.o.Timeout)
		r.explain("the port takes the connection and waits: it may be one that waits for a proxy_protocol header, or no TLS port")
	case errors.Is(err, io.EOF), ending(err) == EndedReset:
		r.fail("tls", "the server ends the connection during the TLS handshake")
		r.explain("a proxy_protocol listener does that, and so does a port that speaks another protocol or a firewall that does not like the name")
	default:
		r.fail("tls", "the TLS handshake fails: %s", tlsError(err))
	}
}

// onlyHTTP2 finds out whether HTTP/2 is all that the server speaks.
func (p *probe) onlyHTTP2(ctx context.Context, h *Hop, host string) {
	r := p.result
	limited, cancel := context.WithTimeout(ctx, p.o.Timeout)
	defer cancel()
	c, err := dial(limited, h.Address)
	if err != nil {
		return
	}
	defer c.Close()
	t, err := p.shake(ctx, c, host, "h2")
	if err != nil {
		r.saw("it refuses h2 too")
		return
	}
	if t.ConnectionState().NegotiatedProtocol == "h2" {
		h.step1(StepOK, "check", 0, "with h2 in ALPN: the server takes it")
		r.saw("with h2 in ALPN the same server goes on: it answers over HTTP/2 only")
		r.explain("WebSocket over HTTP/2 is an extension (RFC 8441) that nginx does not have, and browsers use it only where a server announces it")
		r.advise("let the server offer http/1.1 beside h2; nginx always does, so another proxy answers here")
	}
}

// explainCertificate explains why a browser refuses the certificate.
func (p *probe) explainCertificate(h *Hop) {
	r := p.result
	var texts []string
	for _, f := range h.TLS.Faults {
		texts = append(texts, f.Text)
	}
	r.fail("tls", "browsers refuse the certificate: %s", strings.Join(texts, "; "))
	leaf := h.TLS.Chain[0]
	r.saw("the server sent %s, the first with the fingerprint %s…, issued by %s, valid from %s until %s",
		report.Plural(len(h.TLS.Chain), "certificate", "certificates"), leaf.Fingerprint[:16], leaf.Issuer, day(leaf.NotBefore), day(leaf.NotAfter))
	for _, f := range h.TLS.Faults {
		switch f.Kind {
		case FaultExpired:
			r.advise("renew the certificate, and reload nginx: it keeps the one that it read at the start")
		case FaultNotYet:
			r.advise("check the clocks of the server and of this machine")
		case FaultName:
			sni := "no name was asked for, as the URL has an address"
			if h.TLS.SNI != "" {
				sni = fmt.Sprintf("%s was asked for", h.TLS.SNI)
			}
			r.explain("%s: the certificate that came is that of the server which nginx chose, the default server of the socket where no server_name matches", sni)
			r.advise("check server_name and ssl_certificate of the server that is meant, or open the name that the certificate is for")
		case FaultIntermediate:
			r.explain("a client that has the intermediate from elsewhere, as browsers often do, sees nothing wrong; others, apps and servers among them, refuse")
			r.advise("ssl_certificate has to hold the server's certificate and after it the intermediates (fullchain.pem); a private root is made known with --ca FILE")
		case FaultSelfSigned, FaultUntrusted:
			r.advise("use a certificate that clients trust; for a private one --ca FILE or --insecure")
		}
	}
}
