package effective

import (
	"cmp"
	"fmt"
	"net"
	"strings"
)

// unresolved says why it cannot be told whether nginx reaches the host of a
// proxy_pass that a variable makes: its value is not known, no resolver is in
// effect, and not everything it can be is an upstream or an address
// (ngx_http_upstream_init_request). It is "" where that can be told.
func (m *Model) unresolved(o *outcome) string {
	url := o.pass.Arg(0)
	if protocol(o.pass) != "proxy" || m.target(url, o.q).known {
		return ""
	}
	if resolver, _ := o.scope.effectiveOne("resolver"); resolver.Directive != nil || o.scope.gap(nil, true) != nil || m.Outer != Main {
		return ""
	}
	if before, rest, ok := strings.Cut(url, "://"); ok && !strings.HasPrefix(rest, "unix:") {
		url = before + "://" + rest[:pathStart(rest)]
	}
	scheme, host, _ := splitURL(url)
	if scheme != "" && (strings.HasPrefix(host, "unix:") || !strings.Contains(host, "$")) {
		return "" // only the path or the port is made by a variable
	}
	if m.allReached(host, o.q) || m.FilledIn(cmp.Or(host, url)) {
		return ""
	}
	if host == "" {
		host = url
	}
	return fmt.Sprintf("whether nginx can resolve %s (%s): no resolver is set", host, place(o.pass))
}

// target returns the URL of a proxy_pass, without its path where that alone is not
// known.
func (m *Model) target(url string, q *request) val {
	if v := m.eval(url, q); v.known {
		return v
	}
	_, rest, ok := strings.Cut(url, "://")
	i := pathStart(rest)
	if !ok || i == len(rest) || strings.HasPrefix(rest, "unix:") {
		return unknownVal
	}
	return m.eval(url[:len(url)-len(rest)+i], q)
}

// pathStart returns where the path begins in a URL behind its "://": at a slash, or
// at a variable whose value begins with one; the length where none does.
func pathStart(rest string) int {
	for i := 0; i < len(rest); i++ {
		if rest[i] == '/' {
			return i
		}
		if rest[i] != '$' {
			continue
		}
		name := strings.TrimPrefix(rest[i+1:], "{")
		n := 0
		for n < len(name) && isVariableByte(name[n]) {
			n++
		}
		switch strings.ToLower(name[:n]) {
		case "request_uri", "document_uri", "uri":
			return i
		}
	}
	return len(rest)
}

// knows reports whether nginx has the address of a host that a variable makes without
// asking a resolver: it is that of an upstream, which takes no port, or of a pass that
// says the same without variables (ngx_http_upstream_init_request).
func (m *Model) knows(scheme, host, port string) bool {
	if port == "" && m.Upstream(host) != nil {
		return true
	}
	if m.literal == nil {
		m.literal = map[string]bool{}
		for _, r := range m.Routes {
			if scheme, host, port := r.Target(); host != "" && !strings.Contains(r.Pass.Arg(0), "$") && m.Upstream(host) == nil {
				m.literal[strings.ToLower(host)+":"+cmp.Or(port, defaultPort(scheme))] = true
			}
		}
	}
	return m.literal[strings.ToLower(host)+":"+cmp.Or(port, defaultPort(scheme))]
}

// allReached reports whether the host is a map's variable and every value of the
// map is an upstream or an address.
func (m *Model) allReached(host string, q *request) bool {
	ps, ok := parts(host)
	if !ok || len(ps) != 1 || ps[0].variable == "" {
		return false
	}
	mp := m.vars.maps[ps[0].variable]
	if mp == nil || mp.partial || m.vars.set[mp.name] || mp.fallback == nil {
		return false
	}
	if reached, known := m.reached[mp]; known {
		return reached
	}
	reached, always := m.reaches(mp, q)
	if always {
		m.reached[mp] = reached
	}
	return reached
}

// reaches reports whether every value of a map is an upstream or an address, and
// whether that is so for all requests.
func (m *Model) reaches(mp *mapping, q *request) (all, always bool) {
	always = true
	reached := func(e mapEntry) bool {
		v := m.eval(e.value, q)
		always = always && strings.IndexByte(e.value, '$') < 0
		name, port, err := net.SplitHostPort(v.text)
		if err != nil {
			name = v.text
		}
		return v.known && (strings.HasPrefix(v.text, "unix:") || port == "" && m.Upstream(name) != nil || net.ParseIP(strings.Trim(name, "[]")) != nil)
	}
	if !reached(*mp.fallback) {
		return false, always
	}
	for _, e := range mp.exact {
		if !reached(e) {
			return false, always
		}
	}
	for _, list := range [][]mapEntry{mp.wild, mp.regex} {
		for _, e := range list {
			if !reached(e) {
				return false, always
			}
		}
	}
	return true, always
}
