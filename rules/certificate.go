package rules

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

var certificate = &Rule{
	Name:     "certificate",
	Category: TLS,
	Severity: Error,
	Summary:  "a certificate that browsers, or nginx itself, will not take",
	Doc: `A browser ends a wss:// connection to a certificate that it does not trust
without a page that would say why. This rule reads the certificates that lie in
the given tree, or on the machine where its own nginx configuration is checked,
and reports those that have expired or soon will, that lack the intermediate
certificate or hold the chain in the wrong order, that are for other names than
the server_name, and whose key is another one: nginx does not start with these
([emerg] SSL_CTX_use_PrivateKey failed: key values mismatch).

Certificates signed by themselves are an info: they work where every client was
told to trust them; so is a certificate that is empty like its key, to be filled
in where nginx runs. Files outside the tree, names with variables, and data: or
engine: values are passed over, which --verbose says.`,
	Before: `server {
    listen 443 ssl;
    server_name app.example.com;
    ssl_certificate     certs/expired.pem;
    ssl_certificate_key certs/expired.key;
    location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 1h;
    }
}
`,
	Links: []string{
		"https://nginx.org/en/docs/http/configuring_https_servers.html#chains",
		"https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate",
	},
	Check: checkCertificate,
}

// soon is how long before its end a certificate is reported: those that renew
// themselves do so a month before.
const soon = 30 * 24 * time.Hour

func checkCertificate(p *Pass) {
	if p.Options.ReadFile == nil {
		return
	}
	c := &certificates{p: p, chains: map[string]chain{}, keys: map[string]crypto.PublicKey{}, texts: map[string]string{}, said: map[*parser.Directive]bool{}}
	for _, vs := range p.Model.Servers {
		if p.speaksTLS(vs) {
			c.check(vs)
		}
	}
}

// speaksTLS reports whether any socket of the server does.
func (p *Pass) speaksTLS(vs *effective.VirtualServer) bool {
	if sslOn(vs.Scope) {
		return true
	}
	for i := range vs.Listens {
		if vs.Listens[i].QUIC || p.Model.SocketOf(&vs.Listens[i]).SSL {
			return true
		}
	}
	return false
}

// certificates are those of one model, each read once.
type certificates struct {
	p      *Pass
	chains map[string]chain            // nil where one could not be read
	keys   map[string]crypto.PublicKey // nil where one could not be read
	texts  map[string]string           // what the files hold
	said   map[*parser.Directive]bool
}

// check looks at the certificates of one server: of several, each client gets
// the one it can use.
func (c *certificates) check(vs *effective.VirtualServer) {
	items, level := vs.Scope.Effective("ssl_certificate")
	keys, keyLevel := vs.Scope.Effective("ssl_certificate_key")
	var chains []chain
	all := true
	for i, it := range items {
		var key effective.Item
		if level == keyLevel && i < len(keys) {
			key = keys[i]
		}
		ch := c.read(it, key)
		if len(ch) == 0 {
			all = false
			continue
		}
		public := c.key(key)
		first := ch.own(public)
		chains = append(chains, ch[first:])
		if c.said[it.Directive] {
			continue
		}
		c.said[it.Directive] = true
		if first > 0 {
			c.report(it, Error, fmt.Sprintf("%q begins with the certificate of %q, and nginx does not start: key values mismatch; put the server's own, of %q, first",
				it.Arg(0), ch[0].Subject.CommonName, ch[first].Subject.CommonName))
			continue
		}
		c.checkChain(it, ch)
		if public != nil {
			c.checkKey(it, ch, key, public)
		}
	}
	if all && len(chains) > 0 {
		c.checkNames(vs, items, chains)
	}
}

// readable reports whether a value names a file that can be read as it stands.
func (c *certificates) readable(value string) bool {
	for _, prefix := range []string{"data:", "engine:", "store:"} {
		if strings.HasPrefix(value, prefix) {
			return false
		}
	}
	return !strings.Contains(value, "$") && !placeholder(value)
}

// file reads what a directive names. It says so and returns nil where that is
// not possible.
func (c *certificates) file(it effective.Item) []byte {
	value := it.Arg(0)
	if value == "" {
		return nil
	}
	err := errors.New("it is no file")
	var data []byte
	if c.readable(value) {
		if data, err = c.p.Options.ReadFile(c.p.Model.Config, value); err == nil {
			c.texts[value] = string(data)
			return data
		}
	}
	why := err.Error()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		why = "it is not in this tree"
	case errors.Is(err, fs.ErrPermission):
		why = "it may not be read"
	case strings.Contains(value, "$"):
		why = "its name is made of variables"
	}
	c.note(it, why)
	return nil
}

// note says why a file was not looked into.
func (c *certificates) note(it effective.Item, why string) {
	if c.p.Options.Note == nil {
		return
	}
	value := it.Arg(0)
	if rest, ok := strings.CutPrefix(value, "data:"); ok && rest != "" {
		value = "data:…"
	}
	pos := it.File.Position(it.Span.Start)
	c.p.Options.Note(fmt.Sprintf("%s:%d: %s %q was not checked: %s", it.File.Name, pos.Line, it.Head.Value, value, why))
}

// blankPair reports whether what a file holds, and the file of the key beside it, wait
// to be filled in: a tree that is published holds no keys, and some keep their place
// with files that are empty. On the machine itself they are what nginx reads.
func (c *certificates) blankPair(data []byte, key effective.Item) bool {
	if key.Directive == nil || !blankPEM(data) || !c.readable(key.Arg(0)) ||
		c.p.Options.Installed != nil && c.p.Options.Installed(c.p.Model.Config) {
		return false
	}
	secret, err := c.p.Options.ReadFile(c.p.Model.Config, key.Arg(0))
	return err == nil && blankPEM(secret)
}

// read returns the certificates that a directive names, and key is its private key's.
func (c *certificates) read(it, key effective.Item) chain {
	value := it.Arg(0)
	if ch, ok := c.chains[value]; ok {
		return ch
	}
	c.chains[value] = nil
	data := c.file(it)
	if data == nil {
		return nil
	}
	if c.blankPair(data, key) {
		c.report(it, Info, fmt.Sprintf("%q and its key %q are empty here, and nginx starts once both are filled in", value, key.Arg(0)))
		return nil
	}
	ch, err := readChain(data)
	switch {
	case errors.Is(err, errOddCertificate):
		c.note(it, err.Error())
		return nil
	case err != nil:
		c.report(it, Error, fmt.Sprintf("certificate %q cannot be read (%v), and nginx does not start; write it anew", value, err))
		return nil
	case len(ch) == 0:
		c.report(it, Error, fmt.Sprintf("%q holds no certificate, and nginx does not start: cannot load certificate; name the file that does", value))
		return nil
	}
	c.chains[value] = ch
	return ch
}

func (c *certificates) report(it effective.Item, sev Severity, msg string) {
	f := atItem(it, nil, sev, msg)
	if len(it.Args) > 0 {
		f.Span = it.Args[0].Span
	}
	f.named = &named{c.texts[it.Arg(0)], msg}
	c.p.Report(f)
}

// checkChain looks at the time and the order of the certificates of a file.
func (c *certificates) checkChain(it effective.Item, ch chain) {
	value, now := it.Arg(0), time.Now()
	if c.p.Options.Now != nil {
		now = c.p.Options.Now()
	}
	const day = "2006-01-02"
	expired := false
	for i, cert := range ch {
		what := fmt.Sprintf("certificate %q", value)
		if i > 0 {
			what = fmt.Sprintf("the intermediate certificate in %q", value)
		}
		if i > 0 && bytes.Equal(cert.RawIssuer, cert.RawSubject) {
			continue // a root, which nobody looks at
		}
		switch end := cert.NotAfter; {
		case now.After(end) && i > 1: // another way to a root is usual
			c.report(it, Warning, fmt.Sprintf("an intermediate certificate in %q, of %q, has expired on %s, and clients that know no way around it refuse wss://; take it out or renew it",
				value, cert.Subject.CommonName, end.Format(day)))
		case now.After(end):
			expired = true
			c.report(it, Error, fmt.Sprintf("%s has expired on %s, and browsers refuse wss:// with it; renew it", what, end.Format(day)))
		case now.Before(cert.NotBefore):
			c.report(it, Error, fmt.Sprintf("%s is not valid before %s, and browsers refuse wss:// with it till then", what, cert.NotBefore.Format(day)))
		case end.Sub(now) < soon:
			c.report(it, Warning, fmt.Sprintf("%s expires on %s, in %d days; renew it", what, end.Format(day), int(end.Sub(now).Hours()/24)))
		default:
			continue
		}
		break
	}
	switch {
	case ch.selfSigned() && !expired:
		c.report(it, Info, fmt.Sprintf("certificate %q is signed by itself: only clients that were told to trust it open wss:// here", value))
	case ch.selfSigned():
	case ch.outOfOrder() != nil:
		c.report(it, Warning, fmt.Sprintf("the certificates in %q are out of order: each has to be followed by the one that signed it, and the one of %q is not; some clients refuse the chain",
			value, ch.outOfOrder().Subject.CommonName))
	case ch.incomplete():
		c.report(it, Warning, fmt.Sprintf("%q holds the server's certificate only, without the intermediate one of %q: browsers that have not met it, and most other clients, refuse wss://; use the file with the full chain",
			value, ch[0].Issuer.CommonName))
	}
}

// key returns the public half of what a ssl_certificate_key names, nil where that
// is not known.
func (c *certificates) key(it effective.Item) crypto.PublicKey {
	if it.Directive == nil {
		return nil
	}
	value := it.Arg(0)
	if key, ok := c.keys[value]; ok {
		return key
	}
	c.keys[value] = nil
	data := c.file(it)
	if data == nil {
		return nil
	}
	key, err := readKey(data)
	switch {
	case errors.Is(err, errNoKey):
		c.report(it, Error, fmt.Sprintf("%q holds no private key, and nginx does not start: cannot load certificate key; name the file that does", value))
	case err != nil:
		c.note(it, err.Error())
	default:
		c.keys[value] = key
	}
	return c.keys[value]
}

// checkKey compares the certificate with the key.
func (c *certificates) checkKey(it effective.Item, ch chain, key effective.Item, public crypto.PublicKey) {
	if sameKey(ch[0], public) {
		return
	}
	f := atItem(key, nil, Error, fmt.Sprintf(
		"this key is not the one of %q, and nginx does not start: key values mismatch; name the key that the certificate was made for", it.Arg(0)))
	f.Span = key.Args[0].Span
	f.Related = []Place{{it.File, headSpan(it.Directive), "the certificate is named here"}}
	c.p.Report(f)
}

// checkNames reports the names of a server that none of its certificates is for.
func (c *certificates) checkNames(vs *effective.VirtualServer, items []effective.Item, chains []chain) {
	if slices.ContainsFunc(chains, chain.selfSigned) {
		return // whoever trusts it was told to
	}
	var missing []string
	for _, name := range vs.Names {
		for _, n := range spelledOut(name) {
			if !slices.ContainsFunc(chains, func(ch chain) bool { return ch.covers(n) }) && !slices.Contains(missing, n) {
				missing = append(missing, n)
			}
		}
	}
	if len(missing) == 0 {
		return
	}
	f := Finding{
		Severity: Warning,
		Message: fmt.Sprintf("certificate %q is not for %s, and browsers refuse wss:// to that name; get one that names it too",
			items[0].Arg(0), listed(quoteAll(missing))),
		File: items[0].File, Span: items[0].Args[0].Span, Via: items[0].Via,
	}
	for _, it := range vs.Scope.Own("server_name") {
		f.Related = append(f.Related, Place{it.File, headSpan(it.Directive), "the names of the server"})
	}
	c.p.Report(f)
}

// spelledOut returns the real names that a server_name stands for: none for a
// regular expression, a wildcard at the end, or a name that no authority
// certifies.
func spelledOut(name string) []string {
	name = strings.ToLower(name)
	switch {
	case strings.HasPrefix(name, "~"), strings.HasSuffix(name, ".*"), strings.Contains(name, "$"),
		!strings.Contains(strings.Trim(name, "."), "."), net.ParseIP(name) != nil, placeholder(name):
		return nil
	case strings.HasPrefix(name, "."):
		return []string{name[1:], "*" + name}
	}
	for _, local := range []string{".local", ".localhost", ".internal", ".lan", ".home", ".test", ".invalid"} {
		if strings.HasSuffix(name, local) {
			return nil
		}
	}
	return []string{name}
}
