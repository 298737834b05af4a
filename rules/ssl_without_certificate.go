package rules

import (
	"fmt"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var sslWithoutCertificate = &Rule{
	Name:     "ssl-without-certificate",
	Category: TLS,
	Severity: Error,
	Summary:  "a port speaks TLS without a certificate, or is meant to and does not",
	Doc: `nginx does not start where the default server of a port with "listen ... ssl" has
no certificate, of its own or at the http level, and no ssl_reject_handshake
([emerg] no "ssl_certificate" is defined for the "listen ... ssl" directive). The
default server is the one with default_server, or the first of that port.

The old "ssl on" is gone since nginx 1.25.1: unknown directive "ssl". A port 443
on which no server says ssl speaks plain HTTP, and every wss:// to it fails. That
is meant where its servers turn every request away ("return 444").`,
	Before: `events {}
http {
    server {
        listen 443 ssl;
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }
    }
}
`,
	Links: []string{
		"https://nginx.org/en/docs/http/configuring_https_servers.html",
		"https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate",
	},
	Options: []Option{optVersion},
	Check:   checkSSLWithoutCertificate,
}

func checkSSLWithoutCertificate(p *Pass) {
	p.checkSSLOn()
	if p.Model.Outer != effective.Main && p.Model.Outer != effective.HTTP {
		return
	}
	for _, so := range p.Model.Sockets() {
		if so.SSL {
			p.checkSocketCertificates(so)
		} else if so.Listen.Port == "443" {
			p.checkPlain443(so)
		}
	}
}

// checkSSLOn reports "ssl on" where nginx no longer knows it.
func (p *Pass) checkSSLOn() {
	if p.Model.Version.Before(1, 25, 1) {
		return
	}
	p.Model.EachScope(func(s *effective.Scope) {
		if s.Kind != effective.HTTP && s.Kind != effective.Server {
			return
		}
		for _, it := range s.Own("ssl") {
			if v := strings.ToLower(it.Arg(0)); (v == "on" || v == "off") && it.Arm() == nil {
				remedy := "take it out"
				if v == "on" {
					remedy = "write ssl behind the port in listen instead"
				}
				p.Report(atItem(it, nil, 0, fmt.Sprintf(
					"nginx has no ssl directive since 1.25.1 and does not start: unknown directive \"ssl\"; %s", remedy)))
			}
		}
	})
}

// checkSocketCertificates follows ngx_http_ssl_init.
func (p *Pass) checkSocketCertificates(so effective.Socket) {
	if p.Model.Outer != effective.Main {
		return // the http level may have a certificate
	}
	certain, has, rejects := certificateOf(so.Default.Scope)
	if !certain || has {
		return
	}
	if !rejects {
		p.reportNoCertificate(so, so.Default)
		return
	}
	for _, vs := range so.Servers {
		if certain, has, rejects := certificateOf(vs.Scope); certain && !has && !rejects {
			p.reportNoCertificate(so, vs)
			return
		}
	}
}

// certificateOf reports whether a server has a certificate or rejects
// handshakes, and whether that is certain.
func certificateOf(s *effective.Scope) (certain, has, rejects bool) {
	certain = !s.Partial && (s.Parent == nil || !s.Parent.Partial) && len(s.Block.File.Tags()) == 0
	items, _ := s.Effective("ssl_certificate")
	reject, _ := s.Effective("ssl_reject_handshake")
	return certain, len(items) > 0, len(reject) > 0 && strings.EqualFold(reject[0].Arg(0), "on")
}

func (p *Pass) reportNoCertificate(so effective.Socket, vs *effective.VirtualServer) {
	it := listenOn(so, vs)
	msg := fmt.Sprintf("the server for %s has no ssl_certificate, and nginx does not start: no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive; "+
		"give it one, with its key, or set ssl_reject_handshake on", portText(so))
	if len(so.Servers) > 1 && vs == so.Default {
		msg = strings.Replace(msg, "the server for", "the default server for", 1)
	}
	f := Finding{Message: msg, File: vs.Scope.Block.File, Span: headSpan(vs.Scope.Block), Via: vs.Scope.Via}
	if it.Directive != nil {
		f = atItem(it, nil, 0, msg)
	}
	for _, other := range so.Servers {
		if o := listenOn(so, other); other != vs && o.Directive != nil && speaksTLS(other, so) {
			f.Related = append(f.Related, Place{o.File, headSpan(o.Directive), "ssl is said here, for all servers of the port"})
			break
		}
	}
	p.Report(f)
}

func speaksTLS(vs *effective.VirtualServer, so effective.Socket) bool {
	for _, l := range vs.Listens {
		if l.SSL && l.Address == so.Listen.Address && l.Port == so.Listen.Port {
			return true
		}
	}
	return false
}

// listenOn returns the server's listen directive for the socket, the zero Item
// where it has none.
func listenOn(so effective.Socket, vs *effective.VirtualServer) effective.Item {
	for _, l := range vs.Listens {
		if l.Address == so.Listen.Address && l.Port == so.Listen.Port {
			return l.Item
		}
	}
	return effective.Item{}
}

func portText(so effective.Socket) string {
	switch {
	case so.Listen.Port == "":
		return so.Listen.Address
	case so.Listen.Address == "*":
		return "port " + so.Listen.Port
	}
	return so.Listen.Address + ":" + so.Listen.Port
}
