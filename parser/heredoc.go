package parser

import "strings"

// escapedShell reports whether a text is the body of a shell's here-document, in
// which \$host is nginx's $host: such words begin with the backslash, and none
// of nginx's own variables stands without it.
func escapedShell(src string) bool {
	if !strings.Contains(src, `\$`) {
		return false
	}
	escaped := false
	for line := range strings.Lines(src) {
		if strings.HasPrefix(strings.TrimLeft(line, " \t"), "#") {
			continue
		}
		for i := 0; i < len(line); i++ {
			if line[i] != '$' {
				continue
			}
			at := i + 1
			if at < len(line) && line[at] == '{' {
				at++
			}
			if !nginxVariable(line[at:nameEnd(line, at, wordByte)]) {
				continue
			}
			if i == 0 || line[i-1] != '\\' {
				return false
			}
			if i < 2 || strings.IndexByte(" \t\"'", line[i-2]) >= 0 {
				escaped = true
			}
		}
	}
	return escaped
}

// Escape returns nginx text as it has to be written into f: in a here-document
// with a backslash before each dollar that is not the shell's, where braces stand
// twice with two of each.
func (f *File) Escape(text string) string {
	if f.Template == Format && !strings.Contains(text, "{{") {
		return twice.Replace(text)
	}
	if !f.Escaped || !strings.Contains(text, "$") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '$' && (i == 0 || text[i-1] != '\\') {
			if end := dollarEnd(text, i); end == 0 || !holdsBare(f.Src, text[i:end]) {
				b.WriteByte('\\')
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// holdsBare reports whether a variable stands in a text without a backslash.
func holdsBare(src, variable string) bool {
	for at := 0; ; {
		i := strings.Index(src[at:], variable)
		if i < 0 {
			return false
		}
		at += i + len(variable)
		if (at == len(src) || !wordByte(src[at])) && (at == len(variable) || src[at-len(variable)-1] != '\\') {
			return true
		}
	}
}

// nginxVariable reports whether a name is one that nginx gives a value, or
// $connection_upgrade, which everyone has.
func nginxVariable(name string) bool {
	return nginxVariables[name] || strings.HasPrefix(name, "http_") || strings.HasPrefix(name, "proxy_add_") ||
		strings.HasPrefix(name, "upstream_") || strings.HasPrefix(name, "ssl_") && name != "ssl_cert" && name != "ssl_key"
}

var nginxVariables = set(`host remote_addr remote_user remote_port scheme request_uri uri args is_args request
	request_method request_filename document_root server_name server_port server_addr server_protocol
	connection_upgrade proxy_host fastcgi_script_name fastcgi_path_info time_local status body_bytes_sent
	binary_remote_addr realpath_root query_string`)
