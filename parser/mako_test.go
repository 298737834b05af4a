package parser

import "testing"

func TestMako(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		kind      Template
		tree      string
	}{
		{"expressions in words", "server_name ${server['name']};\nlisten ${ip}:${cfg[\"port\"]} ${'default_server' if d else ''} ssl;\nssl_ciphers A${\"\" if off else \"+B;\"}:C${d};\nset $a \"x${f(\"}\")}y\";", Mako,
			"server_name|{{server['name']}};listen|{{ip}}:{{cfg[\"port\"]}}|{{'default_server' if d else ''}}|ssl;ssl_ciphers|A{{\"\" if off else \"+B;\"}}:C{{d}};set|$a|x{{f(\"}\")}}y"},
		{"expressions with braces and lines", "root ${ {'a': {}}['a'] };\nroot ${f(\n  x,\n)}/y;", Mako, "root|{{ {'a': {}}['a'] }};root|{{f(\n  x,\n)}}/y"},
		{"variables of nginx's", "proxy_set_header Host $host;\nreturn 301 https://$host:${port}$request_uri;", Mako,
			"proxy_set_header|Host|$host;return|301|https://$host:{{port}}$request_uri"},
		{"one that would be nginx's elsewhere", "proxy_set_header Host ${host};", Mako, "proxy_set_header|Host|{{host}}"},
		{"blocks of Python", "<%\n  # Let's see {\n  x = {'a': \"b;\"}\n%>\n<%! import os %>\nroot ${x};", Mako, "root|{{x}}"},
		{"lines of control", "server {\n% if a and \\\n     b: # both {\n  % for ip in ips:\n  listen ${ip}:1;\n  % endfor\n% elif c:\n  listen 2;\n% else:\n  listen 3;\n% endif\n  root /;\n}", Mako,
			"server{listen|{{ip}}:1?1a?2a;listen|2?2b;listen|3?2c;root|/}"},
		{"lines that are joined", "server_name a \\\n% for n in l:\n ${n}\\\n.com \\\r\n% endfor\n;\n# a \\\n { comment\nroot /x\\\n/y;\nrewrite ^/a\\.b ${x};", Mako,
			"server_name|a|{{n}}.com;root|/x/y;rewrite|^/a\\.b|{{x}}"},
		{"comments", "## it's { a ${comment}\nserver {\n  ## }\n  root ${x};  # ${y} }\n}\n<%doc>\n } ${z\n</%doc>\n", Mako, "server{root|{{x}}}"},
		{"a def and its use", "<%def name=\"headers(indent='>')\">\n<% s = ' ' * indent %>\n${s}add_header A \"b\";\n${s}# c\n</%def>\nserver {\n  ${headers(indent=8)}\n  root /;\n}", Mako,
			"*;add_header|A|b?1a?2a;server{*;root|/}"},
		{"tags that stand for text", "server {\n  <%include file=\"ssl.conf\"/>\n  <%self:more a=\"1\"/>\n  root /;\n}\n<%namespace name=\"n\" file=\"n.mako\"/>\n<%page args=\"x\"/>\n<%block name=\"b\">\ninternal;\n</%block>", Mako,
			"server{*;root|/};internal?1a"},
		{"what Mako leaves as it is", "<%text>\nproxy_set_header Host ${host};\n</%text>\nroot ${x};", Mako, "proxy_set_header|Host|${host};root|{{x}}"},
		{"a block opened in an arm", "% if tls:\nserver {\n  listen 443 ssl;\n% else:\nserver {\n  listen 80;\n% endif\n  root ${r};\n}", Mako,
			"server?1a{listen|443|ssl?1a;root|{{r}}};server?1b{listen|80?1b;root|{{r}}}"},
		{"the tags of others", "map $a $b {\n  \"{{ x }}\" 1;\n  \"{%\" ${y};\n}", Mako, "map|$a|$b{{{ x }}|1;{%|{{y}}}"},
		{"none of its tags", "server {\n  listen 80;\n  proxy_set_header Host $host;\n}", "", "server{listen|80;proxy_set_header|Host|$host}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Parse("f.mako", []byte(tt.src))
			if got := armOutline(f); got != tt.tree || f.Template != tt.kind || len(f.Errors) > 0 {
				t.Errorf("Parse(%q)\n = %q %s\nwant %q %s\n%s", tt.src, f.Template, got, tt.kind, tt.tree, messages(f))
			}
			checkTree(t, f)
			for _, tag := range f.Tags() {
				if f.Settled(Span{tag.Start + 1, tag.End}) {
					t.Errorf("Parse(%q): a fix may change the tag %q", tt.src, tt.src[tag.Start:tag.End])
				}
			}
		})
	}
}

// A file of Mako's that cannot be read says so once, with a place.
func TestMakoUnreadable(t *testing.T) {
	for _, tt := range []struct{ src, want string }{
		{"server {\n  listen ${port};\n% if a:\n}\n}\n% endif\n", `f.mako:5:1: this template could not be read: unexpected "}"`},
		{"server {\n  listen ${port;\n<% x %>\n", `f.mako:4:1: this template could not be read: unexpected end of file, expecting "}"`},
	} {
		if f := Parse("f.mako", []byte(tt.src)); messages(f) != tt.want || !f.unreadable() {
			t.Errorf("Parse(%q) says\n%s\nwant\n%s", tt.src, messages(f), tt.want)
		}
	}
}

// In files that are not Mako's by their names nothing of it is read but lines of control.
func TestMakoElsewhere(t *testing.T) {
	for _, tt := range []struct{ src, tree string }{
		{"proxy_set_header Host ${host};\nset $a \"${b}\";", "proxy_set_header|Host|${host};set|$a|${b}"},
		{"return 200 '${host}';\nroot ${ROOT};", "return|200|${host};root|${ROOT}"},
		{"# <%def name=\"a\">\nlisten 80; # </%def>", "listen|80"},
	} {
		if f := Parse("f.conf", []byte(tt.src)); armOutline(f) != tt.tree || f.Template == Mako {
			t.Errorf("Parse(%q) = %q %s, want %s", tt.src, f.Template, armOutline(f), tt.tree)
		}
	}
}

func FuzzMako(f *testing.F) {
	for _, src := range []string{
		"<%doc>x</%doc><%text>${a}</%text>server {\n% if a:\nlisten ${b['c']};\n% else:\n% endif\n}<%def name=\"x\">${y}root /;</%def>",
		"${{'a':\"}\"}}<%! x %>\"${\"z\"}\" # ${ <% %>\n% for \\\n x:\n",
	} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		checkTree(t, Parse("f.mako", []byte(src)))
	})
}

// What is written into a file of Mako's has its expressions as Mako reads them.
func TestMakoEscape(t *testing.T) {
	const src = "set $a ${ {'a': {}}['a'] };\nset $b \"{{ x }}${y}\";\n"
	for _, tt := range []struct{ name, text, want string }{
		{"f.mako", "set $c {{ {'a': {}}['a'] }}/{{y}};", "set $c ${ {'a': {}}['a'] }/${y};"},
		{"f.mako", "set $c {{ x }} ${y} $host {{", "set $c {{ x }} ${y} $host {{"},
		{"f.conf", "set $c {{y}};", "set $c {{y}};"},
	} {
		if got := Parse(tt.name, []byte(src)).Escape(tt.text); got != tt.want {
			t.Errorf("%s: Escape(%q) = %q, want %q", tt.name, tt.text, got, tt.want)
		}
	}
}
