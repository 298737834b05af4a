package parser

import (
	"slices"
	"strings"
)

// writtenDollar returns how a text writes nginx's dollar sign where another program
// reads it first: \$host in the body of a shell's here-document and, embedded in a
// file of another format, $$host, as Compose does. Words begin with the sign, and none
// of nginx's own variables stands without it; in a Compose file there may be none at
// all, and other dollars doubled. What other templates write is templateDollar's.
// Elsewhere it returns "".
func writtenDollar(src string, in *part) string {
	switch {
	case escapes(src, '\\'):
		return `\$`
	case in != nil && (escapes(src, '$') || in.in.doubled && !strings.Contains(ofCompose.Replace(src), "$")):
		return "$$"
	}
	return templateDollar(src)
}

// ofCompose takes out the dollars that Compose reads.
var ofCompose = strings.NewReplacer("$$", "", "${", "")

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

// templateDollar returns what stands in a text for the dollar of nginx's variables, ""
// for the dollar itself: $$ where a dollar alone is the template's, $${ where only ${
// is, and ${DOLLAR} where the template has a name for it. nginx finds no name behind
// the first of two dollars, and does not start.
func templateDollar(src string) string {
	if !strings.Contains(src, "$$") && !strings.Contains(src, "${") {
		return ""
	}
	var names []string // what stands right before a variable of nginx's
	alone, doubled, braced := 0, 0, 0
	for line := range strings.Lines(src) {
		if strings.HasPrefix(strings.TrimLeft(line, " \t"), "#") {
			continue
		}
		for i := 0; i+1 < len(line); i++ {
			if line[i] != '$' {
				continue
			}
			switch at := i + len("$$"); {
			case strings.HasPrefix(line[i:], "$${"):
				if nginxVariable(nameAt(line, at+1)) {
					braced++
				}
				i = at
			case line[i+1] == '$':
				if nginxVariable(nameAt(line, at)) {
					doubled++
				}
				i = at - 1
			case line[i+1] == '{' && nginxVariable(nameAt(line, at)), nginxVariable(nameAt(line, i+1)):
				alone++
			case line[i+1] == '{':
				end := dollarEnd(line, i)
				if end > 0 && nginxVariable(nameAt(line, end)) && !slices.Contains(names, line[i:end]) && len(names) < mostDollars {
					names = append(names, line[i:end])
				}
			}
		}
	}
	switch {
	case doubled > 0 && doubled+braced > 1 && alone == 0:
		return "$$"
	case braced > 0 && doubled == 0:
		return "$${"
	}
	for _, name := range names {
		if isDollar(src, name) {
			return name
		}
	}
	return ""
}

// dollarIn returns what nginx reads in the place of what stands for its dollar.
func dollarIn(dollar string) string {
	if dollar == "$${" {
		return "${"
	}
	return "$"
}

// mostDollars bounds how many names are asked about.
const mostDollars = 8

// isDollar reports whether a name in braces is the template's for a dollar: it
// stands nowhere but before names, two of them nginx's or one that is of several
// words, and at the end of patterns. ${base}status alone may be a path.
func isDollar(src, name string) bool {
	bare := "$" + name[len("${"):len(name)-1]
	if nginxVariable(bare[1:]) || holdsBare(src, bare) {
		return false
	}
	first, sure := "", false
	for at := 0; ; {
		i := strings.Index(src[at:], name)
		if i < 0 {
			return sure
		}
		start := at + i
		at = start + len(name)
		switch v := nameAt(src, at); {
		case nginxVariable(v):
			sure = sure || strings.Contains(v, "_") || first != "" && first != v
			first = v
		case v == "":
			if start == 0 || isSpace(src[start-1]) || at < len(src) && strings.IndexByte(" \t\r\n\"')|{", src[at]) < 0 {
				return false
			}
		}
	}
}

// nameAt returns the letters, digits and underscores at an offset.
func nameAt(s string, at int) string { return s[at:nameEnd(s, at, wordByte)] }

// Escape returns nginx text as it has to be written into f: with what stands for
// nginx's dollar there, where braces stand twice with two of each.
func (f *File) Escape(text string) string {
	if f.Template == Format && !strings.Contains(text, "{{") {
		return twice.Replace(text)
	}
	if isMako(f.Name) && f.Template == Mako {
		return asMako(text, f.Src)
	}
	if f.Dollar == "" || !strings.Contains(text, "$") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		if strings.HasPrefix(text[i:], f.Dollar) { // it is there already
			b.WriteString(f.Dollar)
			i += len(f.Dollar)
			continue
		}
		if text[i] == '$' {
			end := dollarEnd(text, i)
			if bracedName := f.Dollar == "$${"; end == 0 && !bracedName || end > 0 && !holdsBare(f.text(), text[i:end]) {
				b.WriteString(f.Dollar)
				i++
				if bracedName { // what stands for $name is $${name}
					b.WriteString(strings.Trim(text[i:end], "{}") + "}")
					i = end
				}
				continue
			}
		}
		b.WriteByte(text[i])
		i++
	}
	return b.String()
}

// holdsBare reports whether a variable stands in a text without a backslash or
// another dollar before it.
func holdsBare(src, variable string) bool {
	for at := 0; ; {
		i := strings.Index(src[at:], variable)
		if i < 0 {
			return false
		}
		at += i + len(variable)
		if start := at - len(variable); (at == len(src) || !wordByte(src[at])) && (start == 0 || src[start-1] != '\\' && src[start-1] != '$') {
			return true
		}
	}
}

// isVariable reports whether what stands from i to end, where a statement begins and
// the block ends behind it, is a variable of nginx's or of the file's own, and no name to
// be filled in.
func (t *tagging) isVariable(i, end int) bool {
	if t.plain == nil || end < i+2 || t.src[i+1] == '{' || !strings.HasPrefix(strings.TrimLeft(t.src[end:], " \t\r\n"), "}") {
		return false
	}
	if t.defined == nil {
		t.defined = map[string]bool{}
		t.define(t.plain.Directives)
	}
	return nginxVariables[t.src[i+1:end]] || t.defined[t.src[i:end]]
}

// define records which variables directives give a value.
func (t *tagging) define(list []*Directive) {
	for _, d := range list {
		at := len(d.Args)
		switch d.Head.Value {
		case "map", "geo":
			at--
		case "split_clients":
			at = 1
		case "set", "auth_request_set", "js_set", "js_var", "perl_set":
			at = 0
		}
		if at >= 0 && at < len(d.Args) {
			t.defined[d.Args[at].Value] = true
		}
		t.define(d.Children)
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
