package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var responseHeaderMistake = &Rule{
	Name:     "response-header-mistake",
	Category: HandshakeCategory,
	Severity: Warning,
	Fixable:  "safe",
	Summary:  "a directive for response headers is used where proxy_set_header was meant",
	Doc: `add_header writes into the answer to the client, and proxy_pass_header lets a
header of the upstream's answer through. Neither changes the request that the
upstream receives: that is what proxy_set_header does. An add_header of a value
that is no part of a handshake, as Connection keep-alive, is left alone.

The fix writes that line, and leaves the other one: what the client gets is for a
person to judge. It is unsafe where nothing else says that a WebSocket comes here.`,
	Before: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    add_header Upgrade $http_upgrade;
    add_header Connection "upgrade";
}
`,
	After: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    add_header Upgrade $http_upgrade;
    add_header Connection "upgrade";
}
`,
	Links: []string{
		"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header",
		"https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header",
	},
	Check: checkResponseHeaderMistake,
}

func checkResponseHeaderMistake(p *Pass) {
	for _, r := range p.Model.Routes {
		if !r.Pass.Is("proxy_pass") || r.Because(effective.MissingUpgrade) == nil && r.Because(effective.MissingConnection) == nil {
			continue
		}
		for _, name := range []string{"add_header", "proxy_pass_header"} {
			items, _ := r.Scope.Effective(name)
			for _, it := range items {
				if !lacks(r, it.Arg(0)) || name == "proxy_pass_header" && hidden(r, it.Arg(0)) || name == "add_header" && meantForClient(it) {
					continue
				}
				does := "writes into the answer to the client"
				if name == "proxy_pass_header" {
					does = "is about the upstream's answer"
				}
				f := atItem(it, r, min(p.Rule.Severity, Warning), fmt.Sprintf(
					"%s %s %s, and the upstream does not get the header; write proxy_set_header %s instead",
					name, it.Arg(0), does, it.Arg(0)))
				f.header = it.Arg(0)
				f.Fix = p.sendInstead(r, it)
				if f.Fix != nil && r.Intent != effective.Declared && r.Intent != effective.Likely { // nothing else says that a WebSocket comes here
					f.Fix.Safety = Unsafe
				}
				p.Report(f)
			}
		}
	}
}

// lacks reports whether a handshake that r passes on is broken for want of the
// header.
func lacks(r *effective.Route, header string) bool {
	return strings.EqualFold(header, "Upgrade") && r.Because(effective.MissingUpgrade) != nil ||
		strings.EqualFold(header, "Connection") && r.Because(effective.MissingConnection) != nil
}

// meantForClient reports whether what an add_header line says is no part of a
// handshake: keep-alive, as the answer of a stream of events is given it.
func meantForClient(it effective.Item) bool {
	token := "upgrade"
	if strings.EqualFold(it.Arg(0), "Upgrade") {
		token = "websocket"
	}
	return !strings.Contains(it.Arg(1), "$") && !effective.HasToken(it.Arg(1), token)
}

// sendInstead plans the header line that was meant by one about the answer, where
// that is the location's own and the request lacks the header.
func (p *Pass) sendInstead(r *effective.Route, it effective.Item) *Fix {
	s := target(r)
	if s == nil || !slices.ContainsFunc(s.Own(it.Head.Value), func(own effective.Item) bool { return own.Directive == it.Directive }) {
		return nil
	}
	if strings.EqualFold(it.Arg(0), "Upgrade") {
		fix, _ := p.sendUpgrade(r)
		return fix
	}
	value, more := p.connectionValue(r)
	fix, _ := p.sendConnection(r, value, more)
	return fix
}

// dropMistaken takes out the findings about a missing header that one about the
// line written in its place says better, with the same fix.
func (c *collection) dropMistaken() {
	missing := map[*effective.Route][]int{} // the findings that may be taken out, by their first route
	for i := range c.findings {
		if f := c.findings[i]; len(f.Routes) > 0 && (f.Rule == missingUpgradeHeader || f.Rule == missingConnectionHeader) {
			missing[f.Routes[0]] = append(missing[f.Routes[0]], i)
		}
	}
	drop := map[int]bool{}
	for i := range c.findings {
		by := c.findings[i]
		if by.Rule != responseHeaderMistake || len(by.Routes) == 0 {
			continue
		}
		for _, j := range missing[by.Routes[0]] {
			f := c.findings[j]
			if (f.Rule == missingConnectionHeader) == strings.EqualFold(by.header, "Connection") &&
				slices.Equal(f.Routes, by.Routes) && (by.Fix != nil || f.Fix == nil) {
				by.Severity = max(by.Severity, f.Severity)
				drop[j] = true
			}
		}
	}
	c.remove(drop)
}

// hidden reports whether a proxy_hide_header names the header for the route, so
// that a proxy_pass_header has something to give back.
func hidden(r *effective.Route, name string) bool {
	items, _ := r.Scope.Effective("proxy_hide_header")
	return slices.ContainsFunc(items, func(it effective.Item) bool { return strings.EqualFold(it.Arg(0), name) })
}
