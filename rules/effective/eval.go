package effective

import "strings"

// maxDepth bounds maps whose values use maps; nginx answers an endless chain
// with an error and an empty value ("cycle while evaluating variable").
const maxDepth = 32

// maxMapped bounds how many maps one expression asks for: where the source and the
// values of each use the one before, they double. nginx keeps what a map gave for the
// rest of the request.
const maxMapped = 500

// isPureVariable reports whether nothing but the kind of request decides a
// variable.
func (m *Model) isPureVariable(name string) bool {
	if name == "" || m.vars.set[name] || m.vars.other[name] {
		return false
	}
	mp := m.vars.maps[name]
	if mp == nil {
		return strings.HasPrefix(name, "http_") && name != "http_host" || strings.HasPrefix(name, "cookie_") || opaqueVariables[name]
	}
	if !m.expression(mp.source).pure || len(mp.captures) > 0 {
		return false
	}
	for _, e := range mp.regex {
		if strings.Contains(e.value, "$") {
			return false
		}
	}
	for _, e := range mp.exact {
		if strings.Contains(e.value, "$") && !m.expression(e.value).pure {
			return false
		}
	}
	return mp.fallback == nil || !strings.Contains(mp.fallback.value, "$") || m.expression(mp.fallback.value).pure
}

// group returns the capture $n of the last regular expression that matched.
func (q *request) group(n int) val {
	if q.groups == nil {
		return unknownVal
	}
	if n < len(q.groups) {
		return text(q.groups[n])
	}
	return emptyVal
}

// variable returns the value of a variable, named in lower case without $
// (ngx_http_get_variable). Values that nginx caches for the rest of the request
// are kept in q.
func (m *Model) variable(name string, q *request, depth int) val {
	d := m.definition(name)
	return m.defined(name, &d, q, depth)
}

func (m *Model) defined(name string, d *definition, q *request, depth int) val {
	if d.set && (q.scripted || d.given) {
		return unknownVal
	}
	if v, ok := q.vars.get(name); ok {
		return v
	}
	if depth > maxDepth {
		return unknownVal
	}
	if d.set && m.carried(q, name) {
		return unknownVal
	}
	if mp := d.mp; mp != nil {
		v := m.mapped(mp, q, depth)
		if !mp.volatile && q.vars != nil && !q.shared {
			q.vars.set(name, v)
		}
		return v
	}
	if d.other && q.traced && !m.vars.made[name] {
		return emptyVal // a capture of a pattern that did not match on the way here
	}
	if d.other {
		return unknownVal
	}
	if name == "proxy_host" && q.pass.Directive != nil {
		return m.proxyHost(q.pass, q)
	}
	// memcached_key is nginx's by name, and has no value of its own (ngx_http_memcached_pass).
	if v, ok := q.standard(name); ok && (name != "memcached_key" || !d.set) {
		return v
	}
	if d.set {
		return emptyVal // assigned somewhere, but not on the way here: ngx_http_rewrite_var
	}
	return unknownVal
}

func (m *Model) mapped(mp *mapping, q *request, depth int) val {
	if depth == 0 {
		q.mapped = 0
	}
	if q.mapped++; q.mapped > maxMapped {
		return unknownVal
	}
	source := m.evalDepth(mp.source, q, depth+1)
	entry, groups, ok := mp.lookup(source)
	if !ok {
		if q.traced {
			for _, name := range mp.captures {
				q.set(name, unknownVal) // one of its patterns may have matched
			}
		}
		return unknownVal
	}
	if entry == nil {
		return emptyVal
	}
	if groups != nil {
		if q.shared {
			asked := q
			q = q.fork()
			q.shared = false
			defer func() { asked.mapped = q.mapped }()
		}
		q.capture(groups, entry.re)
	}
	return m.evalDepth(entry.value, q, depth+1)
}

// capture keeps the groups of a match, the named ones as variables.
func (q *request) capture(groups []string, re *pattern) {
	q.groups = groups
	for i, name := range re.names {
		if name != "" && i < len(groups) {
			q.set(strings.ToLower(name), text(groups[i]))
		}
	}
}

// forget makes the captures of a pattern unknown that may have matched or not.
func (q *request) forget(re *pattern) {
	q.groups = nil
	for _, name := range re.names {
		if name != "" {
			q.set(strings.ToLower(name), unknownVal)
		}
	}
}

// standard returns the value of one of nginx's own variables.
func (q *request) standard(name string) (val, bool) {
	switch name {
	case "http_host":
		return q.header, true
	case "host":
		return q.host, true
	case "uri", "document_uri":
		q.apart = true
		if q.sampled {
			return unknownVal, true
		}
		return q.uri, true
	case "request_uri":
		if !q.traced { // its query, and its path as it was escaped
			return unknownVal, true
		}
		return q.target, true
	case "args", "query_string":
		return q.args, true
	case "is_args":
		if !q.args.known {
			return unknownVal, true
		}
		if q.args.text == "" {
			return emptyVal, true
		}
		return text("?"), true
	case "scheme":
		return q.scheme, true
	case "https":
		if !q.scheme.known {
			return unknownVal, true
		}
		if q.scheme.text == "https" {
			return text("on"), true
		}
		return emptyVal, true
	case "server_port":
		return q.port, true
	case "is_request_port", "request_port":
		if !q.header.known || q.header.opaque {
			return unknownVal, true
		}
		_, _, port := splitURL("http://" + q.header.text)
		if name == "is_request_port" && port != "" {
			port = ":"
		}
		return text(port), true
	case "request_method":
		return text("GET"), true
	case "server_protocol":
		return text("HTTP/1.1"), true
	case "content_length", "content_type", "http2", "http3", "request_completion":
		return emptyVal, true
	case "pipe":
		return text("."), true
	case "server_name":
		if q.server == nil {
			return unknownVal, true
		}
		// ngx_http_core_merge_srv_conf: the first name, as written.
		switch n := q.server.Names[0]; {
		case n == "$hostname":
			return opaqueVal, true
		case strings.HasPrefix(n, "~"):
			return text(n), true
		default:
			return text(strings.TrimPrefix(strings.ToLower(n), ".")), true
		}
	}
	switch {
	case strings.HasPrefix(name, "http_"):
		return q.clientHeader(name[len("http_"):]), true
	case strings.HasPrefix(name, "cookie_"):
		return emptyVal, true
	case strings.HasPrefix(name, "arg_"):
		return q.arg(name[len("arg_"):]), true
	case strings.HasPrefix(name, "upstream_http_"): // there is no answer yet (ngx_http_upstream_header_variable)
		if q.at != nil && q.at.comesAfter() {
			return unknownVal, true
		}
		return emptyVal, true
	case opaqueVariables[name]:
		return opaqueVal, true
	case builtin(name):
		return unknownVal, true
	}
	return unknownVal, false
}

// arg returns the argument of the query named so (ngx_http_arg), names in
// either case.
func (q *request) arg(name string) val {
	if !q.args.known {
		return unknownVal
	}
	for pair := range strings.SplitSeq(q.args.text, "&") {
		if k, v, ok := strings.Cut(pair, "="); ok && strings.EqualFold(k, name) {
			return text(v)
		}
	}
	return emptyVal
}

// opaqueVariables are never empty and never a token of Connection or Upgrade.
var opaqueVariables = map[string]bool{
	"remote_addr": true, "remote_port": true, "server_addr": true, "binary_remote_addr": true,
	"connection": true, "connection_requests": true, "connection_time": true, "msec": true,
	"pid": true, "request_id": true, "request_length": true, "request_time": true,
	"time_iso8601": true, "time_local": true, "nginx_version": true, "hostname": true,
	"proxy_add_x_forwarded_for": true, "realip_remote_addr": true, "realip_remote_port": true,
	"request": true, "sent_http_connection": true, // keep-alive or close until there is an answer
}

// builtinNames are further variables that nginx's own modules define.
var builtinNames = map[string]bool{
	"document_root": true, "realpath_root": true, "request_filename": true, "request_body": true,
	"request_body_file": true, "remote_user": true, "limit_rate": true, "status": true,
	"bytes_sent": true, "body_bytes_sent": true, "proxy_host": true, "proxy_port": true,
	"proxy_internal_body_length": true, "proxy_internal_chunked": true, "proxy_internal_connection": true,
	"fastcgi_script_name": true, "fastcgi_path_info": true, "gzip_ratio": true, "invalid_referer": true,
	"secure_link": true, "secure_link_expires": true, "slice_range": true, "modern_browser": true,
	"ancient_browser": true, "msie": true, "uid_got": true, "uid_set": true, "uid_reset": true,
	"connections_active": true, "connections_reading": true, "connections_writing": true,
	"connections_waiting": true, "limit_conn_status": true, "limit_req_status": true,
	"date_local": true, "date_gmt": true, "spdy": true, "spdy_request_priority": true,
	"grpc_internal_trailers": true,
}

// builtinPrefixes begin the names of variables that nginx's own modules and the
// common ones beside it define.
var builtinPrefixes = []string{
	"http_", "cookie_", "arg_", "sent_http_", "sent_trailer_", "upstream_", "ssl_", "proxy_protocol_",
	"tcpinfo_", "realip_", "geoip_", "geoip2_", "jwt_", "sticky_", "otel_", "quic_", "memcached_", "date_",
	"proxy_add_", "fastcgi_", "brotli_", "zstd_", "modsecurity_", "vts_", "auth_", "acme_", "session_", "rds_",
}

func builtin(name string) bool {
	switch name {
	case "host", "uri", "document_uri", "request_uri", "args", "query_string", "is_args", "scheme", "https",
		"server_port", "request_method", "server_protocol", "content_length", "content_type", "http2", "http3",
		"request_completion", "pipe", "server_name", "is_request_port", "request_port":
		return true
	}
	if opaqueVariables[name] || builtinNames[name] {
		return true
	}
	for _, p := range builtinPrefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}
