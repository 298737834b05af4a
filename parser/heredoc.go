package parser

import "strings"

// writtenDollar returns how a text writes nginx's dollar sign where another program
// reads it first: \$host in the body of a shell's here-document and, embedded in a
// file of another format, $$host, as Compose does. Words begin with the sign, and none
// of nginx's own variables stands without it. Elsewhere it returns "".
func writtenDollar(src string, embedded bool) string {
	switch {
	case escapes(src, '\\'):
		return `\$`
	case embedded && escapes(src, '$'):
		return "$$"
	}
	return ""
}

// escapes reports whether mark stands before the dollar sign of each of nginx's own
// variables in a text, and begins a word with one of them.
func escapes(src string, mark byte) bool {
	if !strings.Contains(src, string(mark)+"$") {
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
			if i == 0 || line[i-1] != mark {
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
// with a backslash before each dollar that is not the shell's, in a Compose file with
// two dollars, where braces stand twice with two of each.
func (f *File) Escape(text string) string {
	if f.Template == Format && !strings.Contains(text, "{{") {
		return twice.Replace(text)
	}
	if f.Dollar == "" || !strings.Contains(text, "$") {
		return text
	}
	mark := f.Dollar[0]
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if mark == '$' && strings.HasPrefix(text[i:], "$$") { // it is written so already
			b.WriteByte(mark)
			i++
		} else if text[i] == '$' && (i == 0 || text[i-1] != '\\') {
			if end := dollarEnd(text, i); end == 0 || !holdsBare(f.Src, text[i:end], mark) {
				b.WriteByte(mark)
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// holdsBare reports whether a variable stands in a text without the mark before it.
func holdsBare(src, variable string, mark byte) bool {
	for at := 0; ; {
		i := strings.Index(src[at:], variable)
		if i < 0 {
			return false
		}
		at += i + len(variable)
		if (at == len(src) || !wordByte(src[at])) && (at == len(variable) || src[at-len(variable)-1] != mark) {
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
