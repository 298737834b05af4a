package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// checkUpstream looks for the servers of an upstream, without which
// ngx_http_upstream refuses it at its closing brace.
func (p *Pass) checkUpstream(l level, it effective.Item) {
	s := it.Scope
	if s == nil || s.Partial || !readable(it.Directive) || len(it.File.Tags()) > 0 {
		return
	}
	for _, in := range s.Items {
		_, known := rowFor(in.Head.Value, 0)
		if in.Is("server") || in.Is("zone") || !readable(in.Directive) || !known { // NGINX Plus fills a zone as it runs, a module its own
			return
		}
	}
	f := atItem(it, nil, p.Rule.Severity, fmt.Sprintf(
		"upstream %q is empty, and nginx does not start: no servers are inside upstream; write its servers", it.Arg(0)))
	f.Span = parser.Span{Start: it.Span.End - 1, End: it.Span.End}
	p.Report(f)
}

// serverParameters are those of a server in an upstream; the empty ones are whole
// words (ngx_http_upstream_server, and what NGINX Plus adds).
var serverParameters = []string{"weight=", "max_conns=", "max_fails=", "fail_timeout=", "backup", "down", "resolve", "service=", "slow_start=", "route=", "drain", "id="}

// checkUpstreamServer looks at the address and the parameters of a server in an
// upstream as ngx_http_upstream_server does.
func (p *Pass) checkUpstreamServer(l level, it effective.Item) {
	address := it.Arg(0)
	if said, remedy := addressError(address); said != "" && !meantFor(address) {
		p.reportValue(l, it, it.Args[0], nil, fmt.Sprintf(
			"a server of an upstream cannot be %q, and nginx does not start: %s in upstream %q; %s", address, said, address, remedy))
		return
	}
	if _, port, has := strings.Cut(address, ":"); has && !strings.HasPrefix(address, "unix:") && address[0] != '[' && !strings.Contains(address, "/") &&
		!isPort(port) && !meantFor(port) && !inCapitals(port) && strings.Trim(port, "0123456789") == "" {
		p.reportValue(l, it, it.Args[0], nil, fmt.Sprintf(
			"server %q has no port from 1 to 65535, and nginx does not start: invalid port in upstream %q; write host and port", address, address))
	}
	for _, a := range it.Args[1:] {
		name, value, has := strings.Cut(a.Value, "=")
		if has {
			name += "="
		}
		switch known := slices.Contains(serverParameters, name); {
		case meantFor(a.Value):
		case !known, (name == "weight=" || name == "max_conns=" || name == "max_fails=") && !isNumber(value), name == "weight=" && strings.Trim(value, "0") == "":
			p.reportValue(l, it, a, nil, fmt.Sprintf(
				"a server of an upstream cannot be given %q, and nginx does not start: invalid parameter %q; take it out, or see that no semicolon is missing", a.Value, a.Value))
		}
	}
}

// addressError returns nginx's words for an address that names no host as it wants one,
// and a remedy; "" where it is well (ngx_parse_inet_url, ngx_parse_inet6_url). ws:// and
// wss:// are websocket-scheme's.
func addressError(address string) (said, remedy string) {
	const hostAndPort = "write host and port"
	switch {
	case strings.HasPrefix(address, "unix:"):
		if address == "unix:" {
			return "no path in the unix domain socket", "write unix: and its path"
		}
	case strings.HasPrefix(address, "["):
		end := strings.IndexByte(address, ']')
		if end < 0 || strings.Contains(address, "/") || end+1 < len(address) && address[end+1] != ':' {
			return "invalid host", hostAndPort
		}
	case schemeOf(address) != "":
	case strings.Contains(address, "://"):
		return "invalid host", "write host and port alone, without a scheme"
	case strings.ContainsAny(address, "/?") && !strings.Contains(address, "$"): // ${SOCKET}/app may well be unix:/run/app
		return "invalid host", "write host and port alone, without a path"
	case strings.HasPrefix(address, "::"), strings.Count(address, ":") > 1 && strings.Trim(address, "0123456789abcdefABCDEF:") == "":
		return "invalid port", "write an IPv6 address in brackets"
	case strings.HasPrefix(address, ":"):
		return "no host", hostAndPort
	}
	return "", ""
}

// checkKeepalive looks at the number of connections that an upstream keeps
// (ngx_http_upstream_keepalive).
func (p *Pass) checkKeepalive(l level, it effective.Item) {
	if v := it.Arg(0); (!isNumber(v) || strings.Trim(v, "0") == "") && !meantFor(v) && !inCapitals(v) {
		p.reportValue(l, it, it.Args[0], nil, fmt.Sprintf(
			"keepalive cannot be %q, and nginx does not start: invalid value %q in %q directive; write a number of connections", v, v, "keepalive"))
	}
}

// checkFlag looks at the last word of a rewrite (ngx_http_rewrite).
func (p *Pass) checkFlag(l level, it effective.Item) {
	if len(it.Args) < 3 {
		return
	}
	switch v := it.Arg(2); v {
	case "last", "break", "redirect", "permanent":
	default:
		p.reportValue(l, it, it.Args[2], nil, fmt.Sprintf(
			"rewrite cannot end with %q, and nginx does not start: invalid parameter %q; write last, break, redirect or permanent", v, v))
	}
}

// checkOtherPass looks for http:// in a pass that is not proxy_pass: it takes
// an address (ngx_parse_url).
func (p *Pass) checkOtherPass(l level, it effective.Item) {
	url := it.Arg(0)
	if scheme := strings.ToLower(url); (strings.HasPrefix(scheme, "http://") || strings.HasPrefix(scheme, "https://")) && !strings.Contains(url, "$") {
		p.reportValue(l, it, it.Args[0], nil, fmt.Sprintf(
			"%s takes an address without http://, and nginx does not start: invalid host in upstream %q; write host and port alone", it.Head.Value, url))
	}
}

// methods are what limit_except takes (methods_names of ngx_http_core_module).
var methods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "MKCOL", "COPY", "MOVE", "OPTIONS", "PROPFIND", "PROPPATCH", "LOCK", "UNLOCK", "PATCH"}

// checkMethods looks at the methods of a limit_except.
func (p *Pass) checkMethods(l level, it effective.Item) {
	for _, a := range it.Args {
		if !slices.ContainsFunc(methods, func(m string) bool { return strings.EqualFold(m, a.Value) }) && !meantFor(a.Value) {
			p.reportValue(l, it, a, nil, fmt.Sprintf(
				"limit_except knows no method %q, and nginx does not start: invalid method %q; write one such as GET", a.Value, a.Value))
			return
		}
	}
}

// fixedVariables are variables that nginx lets nothing else define: those of
// ngx_http_core_variables without NGX_HTTP_VAR_CHANGEABLE.
var fixedVariables = strings.Fields(`http_host http_user_agent http_referer http_via http_x_forwarded_for http_cookie content_length
content_type host binary_remote_addr remote_addr remote_port server_addr server_port server_protocol scheme https request_uri uri
document_uri request document_root realpath_root query_string is_args request_filename server_name request_method remote_user bytes_sent
body_bytes_sent request_completion request_body request_body_file request_length request_time request_id status connection
connection_requests nginx_version hostname pid msec time_iso8601 time_local`)

// checkMade looks at a variable that a directive makes (ngx_http_add_variable).
func (p *Pass) checkMade(l level, it effective.Item, arg int) {
	name, ok := strings.CutPrefix(it.Arg(arg), "$")
	switch {
	case !ok || name == "":
		p.checkVariableName(l, it, arg)
	case slices.Contains(fixedVariables, strings.ToLower(name)):
		p.reportValue(l, it, it.Args[arg], nil, fmt.Sprintf(
			"%s cannot make $%s, which is nginx's own, and nginx does not start: the duplicate %q variable; take another name", it.Head.Value, name, strings.ToLower(name)))
	}
}
