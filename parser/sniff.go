package parser

import "strings"

// sniffBytes is how much of a file is looked at to see whether it is nginx
// configuration.
const sniffBytes = 64 << 10

// looksLikeNginx reports whether a text reads like nginx configuration: at
// least one statement begins with a name that only nginx uses and ends with
// ';' or '{', and names that nginx does not know do not drown it. INI, TOML,
// YAML and Apache have no such ends; BIND, VCL and shell have other names.
func looksLikeNginx(src string) bool {
	if strings.IndexByte(src[:min(len(src), sniffBytes)], 0) >= 0 {
		return false
	}
	h := hear(src)
	return h.strong > 0 && 4*(h.strong+h.weak) >= h.other && !h.foreign()
}

// heard is what the statements of a text say of its language, how many of them.
type heard struct {
	strong, weak int  // that begin with a name which only nginx has, and others have too
	other        int  // that begin with another, or are put together as nginx has none
	misused      int  // of those: with a name of nginx's
	ended        int  // that ';' ends
	assigned     int  // assignments that a brace ends, as in HOCON's http { port = 80 }
	own          bool // one is the head of a block as nginx writes it: server {
}

// foreign reports whether a text uses names of nginx's as other languages do. One
// that has nginx's blocks as well is nginx's, with a mistake in it.
func (h heard) foreign() bool {
	return h.assigned > h.ended || !h.own && h.misused > 0 && h.misused >= h.strong
}

// hear reads the beginning of a text statement by statement.
func hear(src string) heard {
	if len(src) > sniffBytes {
		src = src[:sniffBytes]
	}
	s := NewScanner(src, nil)
	if strings.Contains(src, "{{") || strings.Contains(src, "{%") || strings.Contains(src, "<%") ||
		strings.Contains(src, "</#") || strings.Contains(src, "%{") || strings.Contains(src, "%]") {
		s.tagged = &taggedScan{tagging: newTagging(src, Span{0, len(src)})}
		s.tagged.heads = false
	}
	var h heard
	depth, inWords := 0, 0
	head, next, last, words := "", "", "", 0
	count := func(end Kind) {
		h.own = h.own || inWords == 0 && end == BlockStart && words == 1 && bareBlocks[head]
		switch {
		case words == 0 || inWords > 0:
		case end == BlockStart && words == 1 && namedBlocks[head]: // Dovecot's map { }
			h.weak++
		case misuse(head, next, words, end):
			h.misused++
			h.other++
		case next == "=>" || ofAnother(head, last, words, end):
			h.other++
		case next == "=" && words > 1 && (head != "location" || end == Semicolon): // an assignment of some other language
			h.other++
		case strongName(head), tellingUse(head, next, last, words, end):
			h.strong++
		case weakNames[head]:
			h.weak++
		default:
			h.other++
		}
	}
	for {
		switch t := s.Next(); t.Kind {
		case EOF:
			return h
		case WordToken:
			switch words {
			case 0:
				head = unquote(src[t.Span.Start:t.Span.End])
			case 1:
				next = src[t.Span.Start:t.Span.End]
			}
			last = src[t.Span.Start:t.Span.End]
			words++
		case Semicolon:
			count(t.Kind)
			h.ended++
			words = 0
		case BlockStart:
			count(t.Kind)
			depth++
			if inWords == 0 && wordBlocks[head] {
				inWords = depth
			}
			if words > 0 && strings.HasSuffix(head, "_by_lua_block") {
				s.ExpectLua()
			}
			words = 0
		case BlockEnd:
			if inWords == 0 && words > 0 && (words > 1 && next == "=" || strings.Contains(head, "=")) {
				h.assigned++
			}
			if depth == inWords {
				inWords = 0
			}
			depth = max(depth-1, 0)
			words = 0
		}
	}
}

// namedBlocks are blocks that have a name or a variable in nginx.
var namedBlocks = set(`location upstream map geo split_clients`)

// ofAnother reports whether a statement that begins with a word of nginx's is of
// another language: rsyslog's "if (…) then {", a block of Dovecot's settings, HAProxy's
// section, which no ';' ends.
func ofAnother(head, last string, words int, end Kind) bool {
	switch head {
	case "if":
		return last == "then"
	case "listen", "pid", "worker_processes": // unicorn.rb
		return words > 20
	}
	return end == BlockStart && words == 1 && !strongNames[head] && !weakNames[head] && !strings.Contains(head, "_by_lua")
}

// misuse reports whether a statement that begins with a name of nginx's is none that
// it could have, whatever was forgotten in it: a block that has no arguments
// ("listen {" of an IRC server), arguments of a block that takes none ("server "x" {"
// of OpenBSD's httpd), "listen on".
func misuse(head, next string, words int, end Kind) bool {
	switch {
	case bareBlocks[head]:
		return end == BlockStart && words > 1 && !HoldsTag(next)
	case head == "listen" && words > 2 && next == "on":
		return true
	}
	return end == BlockStart && words == 1 && simpleDirectives[head]
}

// bareBlocks are nginx's blocks that take no arguments.
var bareBlocks = set(`server http events stream mail`)

// tellingUse reports whether a name that other languages have too is used as
// only nginx uses it.
func tellingUse(head, next, last string, words int, end Kind) bool {
	switch head {
	case "server":
		return words == 1 && end == BlockStart
	case "rewrite":
		return words > 3 && end == Semicolon && rewriteFlags[last]
	case "set":
		return words == 3 && strings.HasPrefix(next, "$")
	case "if":
		return strings.HasPrefix(next, "($") && end == BlockStart
	case "allow", "deny":
		return words == 2 && (next == "all" || next != "" && next[0] >= '0' && next[0] <= '9')
	}
	return false
}

func strongName(name string) bool {
	if strongNames[name] || strings.Contains(name, "_by_lua") {
		return true
	}
	prefix, rest, ok := strings.Cut(name, "_")
	return ok && rest != "" && modulePrefixes[prefix] && strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

var rewriteFlags = set(`last break redirect permanent`)

// modulePrefixes are the first words of names that nginx modules use.
var modulePrefixes = set(`proxy fastcgi uwsgi scgi grpc memcached ssl gzip brotli zstd limit worker client keepalive
	lua js perl sub auth geoip geoip2 http2 http3 quic open large more echo aio
	merge msie send server types underscores variables vhost upstream modsecurity njs dav nchan passenger`)

// strongNames are directives that, ended by ';' or '{', nothing but nginx uses.
var strongNames = set(`http events location upstream listen server_name server_names proxy_pass try_files
	error_page access_log error_log log_format map geo split_clients sendfile tcp_nopush tcp_nodelay gzip
	expires add_header add_trailer resolver satisfy internal autoindex charset load_module multi_accept
	default_type limit_except set_real_ip_from stub_status underscores_in_headers mirror etag
	if_modified_since ignore_invalid_headers postpone_output reset_timedout_connection ip_hash least_conn
	subrequest_output_buffer_size valid_referers rewrite_log server_tokens daemon pid server types slice ssi
	real_ip_header real_ip_recursive pcre_jit thread_pool timer_resolution master_process debug_connection
	geoip2 pagespeed
	resolver_timeout log_not_found log_subrequest chunked_transfer_encoding connection_pool_size request_pool_size
	lingering_close lingering_time lingering_timeout port_in_redirect recursive_error_pages sendfile_max_chunk
	map_hash_bucket_size map_hash_max_size autoindex_exact_size autoindex_localtime absolute_redirect gunzip_buffers
	mirror_request_body uninitialized_variable_warn directio_alignment disable_symlinks`)

// weakNames are directives that other languages use as well.
var weakNames = set(`server rewrite if set return include break use user root alias allow deny index default stream mail hash zone
	keepalive env empty_gif flv mp4 random sticky state protocol working_directory
	lock_file debug_points aio directio gunzip http2 http3 ssl output_buffers secure_link secure_link_md5
	secure_link_secret charset_map charset_types source_charset override_charset autoindex_format max_ranges max_headers
	read_ahead post_action`)

func set(names string) map[string]bool {
	m := map[string]bool{}
	for _, name := range strings.Fields(names) {
		m[name] = true
	}
	return m
}
