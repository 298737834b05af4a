package probe

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
)

// certificate compares the certificate that was sent with ssl_certificate.
func (j *join) certificate() {
	if j.h.TLS == nil || j.h.TLS.raw == nil || j.t.Server == nil {
		return
	}
	items, _ := j.t.Server.Scope.Effective("ssl_certificate")
	for _, it := range items {
		if len(it.Args) == 0 || strings.ContainsAny(it.Args[0].Value, "$") || strings.HasPrefix(it.Args[0].Value, "data:") {
			j.say("certificate", Undecided, "ssl_certificate (%s) is decided while nginx runs", j.place(it.Directive))
			return
		}
	}
	var have []string
	for _, it := range items {
		data, err := readCertificate(j.main, it.Args[0].Value)
		if err != nil {
			j.say("certificate", Undecided, "ssl_certificate %s (%s) was not compared: %s", it.Args[0].Value, j.place(it.Directive), err)
			return
		}
		first, count := firstCertificate(data)
		if first == nil {
			j.say("certificate", Undecided, "ssl_certificate %s (%s) holds no certificate", it.Args[0].Value, j.place(it.Directive))
			return
		}
		if bytes.Equal(first.Raw, j.h.TLS.raw) {
			text := fmt.Sprintf("the certificate that was sent is that of ssl_certificate %s (%s)", it.Args[0].Value, j.place(it.Directive))
			if j.h.TLS.fault(FaultIntermediate) != nil {
				text += fmt.Sprintf(", which holds %s; the intermediates have to follow in it", report.Plural(count, "certificate", "certificates"))
			}
			j.say("certificate", Agrees, "%s", text)
			return
		}
		have = append(have, fmt.Sprintf("%s (%s; for %s, until %s)", it.Args[0].Value, j.place(it.Directive), strings.Join(namesOf(first), ", "), day(first.NotAfter)))
	}
	if len(have) > 0 {
		sent := j.h.TLS.Chain[0]
		j.say("certificate", Disagrees, "the certificate that was sent (for %s, until %s) is not that of ssl_certificate %s: nginx reads it at start and reload only",
			strings.Join(sent.Names, ", "), day(sent.NotAfter), strings.Join(have, " or "))
	}
}

// system are the folders in which a machine's own configuration lies.
var system = []string{"/etc/nginx", "/usr/local/nginx", "/usr/local/etc/nginx", "/opt/homebrew/etc/nginx", "/etc/openresty", "/usr/local/openresty"}

// readCertificate reads a file that ssl_certificate names. Of a machine's own
// configuration every file is read, of another tree only what lies in it: a
// path in it means another machine's file.
func readCertificate(main, name string) ([]byte, error) {
	main, err := filepath.Abs(main)
	if err != nil {
		return nil, err
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(main), name) // ngx_conf_full_name: beside the main file
	}
	allowed := below(filepath.Dir(main), name)
	for _, dir := range system {
		allowed = allowed || below(dir, main)
	}
	if !allowed {
		return nil, errors.New("it lies outside the configuration's folder")
	}
	data, err := os.ReadFile(name)
	var path *fs.PathError
	if errors.As(err, &path) {
		return nil, path.Err
	}
	return data, err
}

// below reports whether name lies in dir.
func below(dir, name string) bool {
	rel, err := filepath.Rel(dir, name)
	return err == nil && filepath.IsLocal(rel)
}

// firstCertificate returns the first certificate of a PEM file and how many it
// holds.
func firstCertificate(data []byte) (first *x509.Certificate, count int) {
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return first, count
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		count++
		if first == nil {
			first, _ = x509.ParseCertificate(block.Bytes)
		}
	}
}
