package rules

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

var invalidValue = &Rule{
	Name:     "invalid-value",
	Category: Syntax,
	Severity: Error,
	Fixable:  "safe",
	Summary:  "an argument, the number of them, or a directive's spelling that nginx refuses",
	Doc: `nginx checks the arguments of its own directives when it reads them and does not
start where one is wrong. The usual cases around WebSockets: "60sec" or "1H" for
a time (the units are w, d, h, m, s and ms, in lower case), "HTTP/1.1" for
proxy_http_version, a header value of several words without quotes, and a
proxy_pass with a path inside a location given by a regular expression.

Directives that nginx itself does not have are left alone: they belong to
modules. One that differs from nginx's own only in case ("Proxy_Pass") is a
mistake: names are compared letter by letter.

The fix writes what was plainly meant: 60m for "60min", 1.1 for "HTTP/1.1", the
quotes around a list of words, a name in lower case.`,
	Before: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 60min;
}
`,
	After: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 60m;
}
`,
	Links: []string{
		"https://nginx.org/en/docs/http/ngx_http_proxy_module.html",
		"https://nginx.org/en/docs/syntax.html",
	},
	Options: []Option{optVersion},
	Check:   checkInvalidValue,
}

func checkInvalidValue(p *Pass) {
	p.eachLevel(func(l level) {
		for i := range l.Items {
			it := l.Items[i]
			row := l.rows[i]
			if row == nil {
				p.checkSpelling(l, it)
				continue
			}
			if row.block != it.IsBlock() {
				p.checkEnding(l, it, row)
				continue
			}
			if row.takes(len(it.Args)) {
				p.checkArguments(l, it, row)
			} else if l.speaksFor(it, row) && !(row.wantsMore(len(it.Args)) && it.Unfinished()) {
				p.reportCount(l, it, row)
			}
		}
	})
}

// speaksFor reports whether a wrong argument of it is invalid-value's to report:
// nothing in it waits for a template, no directive was swallowed, and it is not
// a second one of its name, which is duplicate-directive's. It is asked only
// where something is wrong.
func (l level) speaksFor(it effective.Item, row *directive) bool {
	if !readable(it.Directive) || len(l.swallowed(it.Directive)) > 0 {
		return false
	}
	return !row.once() || l.Own(it.Head.Value)[0].Directive == it.Directive
}

func (p *Pass) reportCount(l level, it effective.Item, row *directive) {
	sev := p.Rule.Severity
	remedy := "see that no semicolon is missing or doubled"
	fix := quoteFix(it)
	switch {
	case equalsFix(it) != nil:
		remedy, fix = "put a blank between name and value", equalsFix(it)
	case it.Is("proxy_set_header") && len(it.Args) > 2, it.Is("add_header") && len(it.Args) > 3:
		remedy = "put a value of several words in quotes"
	case it.Is("proxy_set_header") && len(it.Args) == 1:
		remedy = `write "" for an empty value`
		switch {
		case strings.EqualFold(it.Arg(0), "Upgrade"):
			remedy = "write proxy_set_header Upgrade $http_upgrade"
		case strings.EqualFold(it.Arg(0), "Connection"):
			remedy = `write proxy_set_header Connection "upgrade", or a variable that a map makes of $http_upgrade`
		}
	case row.args == "0":
		remedy = "take them out"
	case isOpen(it.Directive) && (l.leavesOpen() || openIn(it.File.Directives, 3) == 0):
		sev, remedy = Info, "something has to fill it in before"
	}
	f := atItem(it, nil, sev, fmt.Sprintf(
		"%s takes %s and has %d, and nginx does not start: invalid number of arguments in %q directive; %s",
		it.Head.Value, row.count(), len(it.Args), it.Head.Value, remedy))
	f.Routes = p.routesOf(it.Directive)
	f.Fix = fix
	p.Report(f)
}

// count says how many arguments nginx takes.
func (d *directive) count() string {
	least, more := strings.CutSuffix(d.args, "+")
	switch {
	case more:
		return least + " or more arguments"
	case d.args == "0":
		return "no arguments"
	case d.args == "1":
		return "1 argument"
	case len(d.args) == 1:
		return d.args + " arguments"
	}
	last := len(d.args) - 1
	return strings.Join(strings.Split(d.args[:last], ""), ", ") + " or " + d.args[last:] + " arguments"
}

func (p *Pass) checkArguments(l level, it effective.Item, row *directive) {
	p.checkScript(l, it, row)
	if it.Is("proxy_pass") {
		p.checkPass(l, it)
		return
	}
	switch it.Head.Value {
	case "if":
		p.checkCondition(l, it)
		return
	case "location":
		p.checkLocation(l, it)
		return
	case "map":
		p.checkMap(l, it)
		return
	case "rewrite":
		p.checkPattern(l, it, it.Args[0], it.Arg(0))
		p.checkFlag(l, it)
		return
	case "keepalive":
		p.checkKeepalive(l, it)
		return
	case "uwsgi_pass", "scgi_pass", "fastcgi_pass", "grpc_pass", "memcached_pass":
		p.checkOtherPass(l, it)
		return
	case "set":
		p.checkMade(l, it, 0)
	case "limit_except":
		p.checkMethods(l, it)
		return
	case "upstream":
		p.checkUpstream(l, it)
		return
	case "server":
		if l.Kind == effective.Upstream {
			p.checkUpstreamServer(l, it)
		}
		return
	case "error_page":
		p.checkErrorPage(l, it)
	case "return":
		p.checkReturn(l, it)
	case "add_header", "add_trailer":
		if len(it.Args) == 3 && it.Arg(2) != "always" {
			p.reportValue(l, it, it.Args[2], nil, fmt.Sprintf(
				"the third word of %s can only be always, and nginx does not start: invalid parameter %q; put a value of several words in quotes", it.Head.Value, it.Arg(2)))
		}
		return
	case "server_name":
		for _, a := range it.Args {
			if expr, ok := strings.CutPrefix(a.Value, "~"); ok {
				p.checkPattern(l, it, a, expr)
			}
		}
		return
	}
	name := it.Head.Value
	for i, a := range it.Args {
		v := a.Value
		said, remedy := "", ""
		switch row.kind {
		case "flag":
			if strings.EqualFold(v, "on") || strings.EqualFold(v, "off") {
				continue
			}
			said = fmt.Sprintf("invalid value %q in %q directive, it must be %q or %q", v, name, "on", "off")
			remedy = "write one of them"
		case "msec":
			if _, ok := effective.ParseTime(v); ok {
				continue
			}
			remedy = "write a number with w, d, h, m, s or ms, such as 3600s"
		case "size", "offset":
			if isSize(v, row.kind == "offset") {
				continue
			}
			remedy = "write a number, in bytes or with k or m"
		case "number":
			if isNumber(v) {
				continue
			}
			said, remedy = fmt.Sprintf("%q directive invalid number", name), "write a number"
		case "buffers":
			if i == 0 && isNumber(v) && strings.Trim(v, "0") != "" || i == 1 && isSize(v, false) && strings.Trim(v, "0kKmM") != "" {
				continue
			}
			remedy = "write a number of buffers and their size, such as 8 16k"
		case "enum", "mask":
			words := row.words
			if it.Is("proxy_http_version") && p.Model.Version.Before(1, 29, 4) {
				words = words[:2]
			}
			if slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, v) }) {
				continue
			}
			said = fmt.Sprintf("invalid value %q", v)
			remedy = "write " + alternatives(words)
			if it.Is("proxy_http_version") && v == "2" {
				said += ", which is known from 1.29.4 on"
				remedy = "write 1.1, for no WebSocket passes over HTTP/2, or name your version with --nginx-version"
			}
		default:
			return
		}
		if meantFor(v) {
			continue
		}
		if said == "" {
			said = fmt.Sprintf("%q directive invalid value", name)
		}
		var fix *Fix
		if right, ok := meant(name, row.kind, v); ok {
			remedy = "write " + right
			fix = fixOf(Safe, "write "+right, []Edit{replaceWord(it.File, a, right)}, true)
		}
		p.reportValue(l, it, a, fix, fmt.Sprintf("%s cannot be %q, and nginx does not start: %s; %s", name, v, said, remedy))
		return
	}
}

func alternatives(words []string) string {
	n := len(words)
	if n == 1 {
		return words[0]
	}
	return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
}

func (p *Pass) reportValue(l level, it effective.Item, w parser.Word, fix *Fix, msg string) {
	if !l.speaksFor(it, l.any(it.Head.Value)) {
		return
	}
	f := atItem(it, nil, p.Rule.Severity, msg)
	f.Span = w.Span
	f.Routes, f.Fix = p.routesOf(it.Directive), fix
	p.Report(f)
}

// checkPass looks at the URL of a proxy_pass as ngx_http_proxy_pass does. ws://
// and wss:// are websocket-scheme's.
func (p *Pass) checkPass(l level, it effective.Item) {
	url := it.Arg(0)
	if strings.ContainsAny(url, "$<>{}") || schemeOf(url) != "" {
		return
	}
	scheme, _, found := strings.Cut(url, "://")
	i := len(scheme) + len("://")
	if !found || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		if meantFor(url) || baseInCapitals(url) {
			return
		}
		p.reportValue(l, it, it.Args[0], nil, fmt.Sprintf(
			"proxy_pass %q is no URL to nginx, which does not start: invalid URL prefix; begin it with http:// or https://", url))
		return
	}
	host, uri := url[i:], ""
	if len(host) >= 5 && strings.EqualFold(host[:5], "unix:") {
		path, rest, _ := strings.Cut(host[5:], ":")
		uri = rest
		if path == "" {
			p.reportValue(l, it, it.Args[0], nil, fmt.Sprintf(
				"proxy_pass %q names no socket, and nginx does not start: no path in the unix domain socket in upstream %q; write unix: and its path", url, url[i:]))
			return
		}
	} else {
		if n := strings.IndexAny(host, "/?"); n >= 0 {
			host, uri = host[:n], host[n:]
		}
		said := ""
		_, port, has := strings.Cut(host, ":")
		switch {
		case host == "" || host[0] == ':':
			said = "no host"
		case has && host[0] != '[' && !isPort(port) && !meantFor(port) && !inCapitals(port):
			said = "invalid port"
		}
		if said == "" && has && host[0] != '[' && isPort(port) {
			if name, _, _ := strings.Cut(host, ":"); p.Model.Upstream(name) != nil {
				p.reportValue(l, it, it.Args[0], nil, fmt.Sprintf(
					"proxy_pass %q has a port, and nginx does not start: upstream %q may not have port %s; its servers have the ports", url, name, port))
				return
			}
		}
		if said != "" {
			p.reportValue(l, it, it.Args[0], nil, fmt.Sprintf(
				"proxy_pass %q has %s, and nginx does not start: %s in upstream %q; write host and port", url,
				strings.Replace(said, "invalid port", "no port from 1 to 65535", 1), said, url[i:]))
			return
		}
	}
	if where := noURI(l.Scope); uri != "" && where != "" {
		p.reportValue(l, it, it.Args[0], nil, fmt.Sprintf(
			"proxy_pass has the path %q %s, and nginx does not start: %q cannot have URI part there; leave it off, and change the path with rewrite if need be",
			uri, where, "proxy_pass"))
	}
}

// inCapitals reports whether a word is a name in capitals: where nginx wants a
// number, that is what somebody's sed replaces.
func inCapitals(s string) bool {
	return len(s) > 1 && s[0] >= 'A' && s[0] <= 'Z' && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// baseInCapitals reports whether a name in capitals of several words stands where
// nginx wants scheme and host, alone or before a path: API_ORIGIN/v1/. nginx never
// starts with it, so that something writes the URL there before.
func baseInCapitals(url string) bool {
	base := url
	if n := strings.IndexAny(url, "/?"); n >= 0 {
		base = url[:n]
	}
	return inCapitals(base) && strings.Contains(strings.Trim(base, "_"), "_")
}

func isPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 1 && n <= 65535 && s[0] != '+'
}

// noURI says what keeps a proxy_pass in s from having a path, "" for nothing.
func noURI(s *effective.Scope) string {
	switch s.Kind {
	case effective.If:
		return "inside an if"
	case effective.LimitExcept:
		return "inside limit_except"
	case effective.Location:
		modifier, match := s.ModifierAndMatch()
		switch {
		case strings.HasPrefix(modifier, "~"):
			return "inside a location with a regular expression"
		case strings.HasPrefix(match, "@"):
			return "inside a named location"
		}
	}
	return ""
}

// isNumber reports whether ngx_atoi reads s.
func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 63)
	return err == nil
}

// isSize reports whether ngx_parse_size, or for giga ngx_parse_offset, reads s.
func isSize(s string, giga bool) bool {
	units := "kKmM"
	if giga {
		units += "gG"
	}
	shift := 0
	if n := len(s) - 1; n > 0 && strings.IndexByte(units, s[n]) >= 0 {
		shift = 10 * (1 + strings.IndexByte(units, s[n])/2)
		s = s[:n]
	}
	n, err := strconv.ParseUint(s, 10, 63)
	return err == nil && n <= math.MaxInt64>>shift
}
