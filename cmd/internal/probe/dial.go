package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// resolve finds the addresses of u's host, as host:port.
func (p *probe) resolve(ctx context.Context, h *Hop, u *url.URL) ([]string, bool) {
	host, port := endpoint(u)
	if p.o.Unix != "" && p.first == u.Host {
		h.Address = "unix:" + p.o.Unix
		return []string{h.Address}, true
	}
	for _, r := range p.o.Resolve {
		if strings.EqualFold(r.Host, host) && r.Port == port {
			h.Addresses = []string{r.Address}
			h.step1(StepOK, "name", 0, fmt.Sprintf("%s is %s, as --resolve says", host, r.Address))
			return []string{net.JoinHostPort(r.Address, port)}, true
		}
	}
	if hostIsAddress(host) {
		h.Addresses = []string{host}
		return []string{net.JoinHostPort(host, port)}, true
	}
	limited, cancel := context.WithTimeout(ctx, p.o.Timeout)
	defer cancel()
	start := time.Now()
	found, err := net.DefaultResolver.LookupNetIP(limited, "ip", host)
	took := time.Since(start)
	if err != nil {
		p.nameFailed(h, host, took, err)
		return nil, false
	}
	var out []string
	for _, ip := range found {
		h.Addresses = append(h.Addresses, ip.Unmap().String())
		out = append(out, net.JoinHostPort(ip.Unmap().String(), port))
	}
	h.step1(StepOK, "name", took, fmt.Sprintf("%s is %s", host, strings.Join(h.Addresses, ", ")))
	return out, true
}

// nameFailed explains a name that has no address.
func (p *probe) nameFailed(h *Hop, host string, took time.Duration, err error) {
	var dns *net.DNSError
	r := p.result
	switch errors.As(err, &dns); {
	case dns != nil && dns.IsNotFound:
		h.step1(StepFail, "name", took, "no address for "+host)
		r.fail("name", "the name %s has no address", host)
		r.explain("the name servers that this machine asks know no address for it; no client that asks them comes as far as nginx")
		r.advise("check the spelling and the DNS records (A, AAAA); --resolve HOST:PORT:ADDRESS tries a server before its name exists")
	case dns != nil && dns.IsTimeout:
		h.step1(StepFail, "name", took, "the name servers did not answer")
		r.untried("name", "the name servers did not answer within %s, so %s could not be looked up", p.o.Timeout, host)
		r.advise("look at this machine's network, or name the address with --resolve HOST:PORT:ADDRESS")
	default:
		h.step1(StepFail, "name", took, "the name servers could not be asked")
		r.untried("name", "%s could not be looked up: %s", host, plainError(err))
		r.advise("look at this machine's network, or name the address with --resolve HOST:PORT:ADDRESS")
	}
}

// connect opens a connection to the first address that takes one.
func (p *probe) connect(ctx context.Context, h *Hop, addresses []string) (net.Conn, bool) {
	start := time.Now()
	limited, cancel := context.WithTimeout(ctx, p.o.Timeout)
	defer cancel()
	var notes []string
	var last error
	for i, address := range addresses {
		// Each address gets its share of the time that is left.
		left := p.o.Timeout - time.Since(start)
		share, done := context.WithTimeout(limited, left/time.Duration(len(addresses)-i))
		c, err := dial(share, address)
		done()
		if err == nil {
			h.Address = address
			s := h.step1(StepOK, "connect", time.Since(start), shown(address)+" takes connections")
			if len(notes) > 0 {
				s.Outcome, s.Notes = StepWarn, notes
			}
			return c, true
		}
		last = err
		notes = append(notes, fmt.Sprintf("%s: %s", shown(address), plainError(err)))
	}
	s := h.step1(StepFail, "connect", time.Since(start), notes[len(notes)-1])
	s.Notes = notes[:len(notes)-1]
	p.connectFailed(addresses, last)
	return nil, false
}

func dial(ctx context.Context, address string) (net.Conn, error) {
	var d net.Dialer
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return d.DialContext(ctx, "unix", path)
	}
	return d.DialContext(ctx, "tcp", address)
}

// shown returns an address as text has it.
func shown(address string) string {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return "the socket " + path
	}
	return address
}

// connectFailed explains why no address took a connection.
func (p *probe) connectFailed(addresses []string, err error) {
	r := p.result
	address := shown(addresses[len(addresses)-1])
	var timeout net.Error
	switch {
	case refused(err):
		r.fail("connect", "%s refuses connections", address)
		r.explain("the machine is there and nothing listens on that port: nginx does not run, or no listen directive of its loaded configuration names this address and port")
		r.advise("look at the listen directives and whether nginx runs (ss -ltnp); a firewall that rejects looks the same")
	case errors.Is(err, syscall.ENOENT):
		r.untried("connect", "there is no socket at %s", strings.TrimPrefix(address, "the socket "))
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		r.untried("connect", "this user may not connect to %s", address)
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		r.untried("connect", "this machine has no way to %s: %s", address, plainError(err))
	case errors.As(err, &timeout) && timeout.Timeout():
		r.fail("connect", "%s does not answer within %s", address, p.o.Timeout)
		r.explain("packets to that port get no answer at all: a firewall or a security group drops them, or the machine is off")
		r.advise("open the port on the way to nginx, or check the address")
	default:
		r.fail("connect", "%s cannot be connected to: %s", address, plainError(err))
	}
}

// wsaRefused is WSAECONNREFUSED.
const wsaRefused = syscall.Errno(10061)

func refused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, wsaRefused)
}

// plainError returns an error in the system's words, without Go's "dial tcp …".
func plainError(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number.Error()
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return dns.Err
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "no answer"
	}
	text := err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 {
		return text[i+2:]
	}
	return text
}
