package effective

import "strings"

// request is what is known of one request while it is followed through the
// configuration.
type request struct {
	kind   Request
	server *VirtualServer
	host   val // $host
	header val // $http_host
	uri    val // $uri: decoded, without arguments
	target val // $request_uri
	args   val
	// shared is set where several routes use the request: it must not change.
	shared bool
	// sampled is set where uri stands for others too.
	sampled bool
	traced  bool   // the request for a URL, which is followed to its end
	at      *Scope // the location of a route that is judged for all its requests
	// escaped is set where the path of the URL holds %XX or a '+'.
	escaped bool
	// rewritten is set where a rewrite with break made uri, and proxy_pass keeps it
	// (r->valid_location).
	rewritten bool
	// scripted is set where Lua ran that may have assigned what set defines.
	scripted bool
	// apart is set when something asked for what differs between the requests
	// of a kind to a server: the path, or the location that is judged.
	apart  bool
	scheme val
	port   val
	pass   Item // the proxy_pass that $proxy_host speaks of
	// lines are the header lines that a server before this one wrote, by the names
	// of their variables.
	lines  map[string]val
	vars   *assigned // set by the rewrite module, or evaluated once and kept; nil where nothing is kept
	mapped int       // how many maps the expression that is evaluated asked for: maxMapped
	groups []string  // the captures of the regular expression matched last; nil where they are not known
}

// fork returns a copy that can go another way.
func (q *request) fork() *request {
	c := *q
	q.vars, c.vars = q.vars.fork()
	return &c
}

// keep makes the request hold on to evaluated variables, as nginx does: codes
// that run may change what they were made of.
func (q *request) keep(codes []code) {
	if len(codes) > 0 && q.vars == nil {
		q.vars = &assigned{}
	}
}

func (q *request) set(name string, v val) {
	if name == "args" { // $arg_NAME, $is_args and $query_string are made of it (ngx_http_variable_set_args)
		q.args = v
	}
	if q.vars == nil {
		q.vars = &assigned{}
	}
	q.vars.set(name, v)
}

// clientHeader returns the value of the client's own header line, by its name in
// lower case with '_' for '-': a handshake has Upgrade, Connection,
// Sec-WebSocket-Key and -Version, no cookies, and whatever else browsers and
// proxies in front add; a plain GET none of these.
func (q *request) clientHeader(name string) val {
	if v, ok := q.lines[name]; ok {
		return v
	}
	handshake := q.kind != Ordinary
	switch name {
	case "upgrade":
		if handshake {
			return text("websocket")
		}
		return emptyVal
	case "connection":
		switch q.kind {
		case Handshake:
			return text("Upgrade")
		case HandshakeKeepAlive:
			return text("keep-alive, Upgrade")
		default:
			return unknownVal // keep-alive, close, or none
		}
	case "sec_websocket_version":
		if handshake {
			return text("13")
		}
		return emptyVal
	case "sec_websocket_key":
		if handshake {
			return opaqueVal
		}
		return emptyVal
	case "host":
		return q.header
	case "cookie", "content_length", "content_type", "transfer_encoding", "te", "trailer",
		"expect", "proxy_connection", "http2_settings", "if_modified_since", "if_none_match",
		"if_range", "range", "x_http_method_override", "x_requested_with":
		return emptyVal
	case "sec_websocket_protocol", "sec_websocket_extensions", "sec_websocket_accept":
		if !handshake {
			return emptyVal
		}
		return unknownVal
	}
	for _, prefix := range varyingHeaders {
		if strings.HasPrefix(name, prefix) {
			return unknownVal
		}
	}
	return emptyVal
}

// varyingHeaders begin the names of headers that clients send or not, and of
// those that a proxy in front adds.
var varyingHeaders = []string{
	"origin", "user_agent", "accept", "cache_control", "pragma", "referer", "authorization",
	"sec_", "dnt", "priority", "keep_alive", "from", "save_data",
	"x_forwarded", "x_real", "x_original", "x_client", "x_cluster", "x_envoy", "x_request", "x_scheme",
	"x_amz", "x_amzn", "x_azure", "x_appengine", "x_cloud", "x_vercel", "x_b3",
	"forwarded", "via", "cf_", "cdn_", "fastly", "true_client", "front_end_https", "traceparent", "tracestate",
	"proxy_",
}
