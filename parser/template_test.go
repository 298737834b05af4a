package parser

import (
	"fmt"
	"strings"
	"testing"
)

// armOutline writes a tree as outline does, with "?n" behind a directive that
// stands in the nth arm of a condition and "*" in a block that tags may fill.
func armOutline(f *File) string {
	conditions := map[*condition]int{}
	name := func(a *Arm) string {
		text := ""
		for ; a != nil; a = a.up {
			if conditions[a.cond] == 0 {
				conditions[a.cond] = len(conditions) + 1
			}
			text += fmt.Sprintf("?%d%c", conditions[a.cond], 'a'+rune(a.n))
		}
		return text
	}
	var walk func(list []*Directive, open []Span) string
	walk = func(list []*Directive, open []Span) string {
		var parts []string
		if len(open) > 0 {
			parts = append(parts, "*")
		}
		for _, d := range list {
			words := []string{d.Head.Value}
			for i := range d.Args {
				words = append(words, d.Arg(i))
			}
			text := strings.Join(words, "|") + name(d.Arm())
			if d.IsBlock() {
				text += "{" + walk(d.Children, d.Open()) + "}"
			}
			parts = append(parts, text)
		}
		return strings.Join(parts, ";")
	}
	return walk(f.Directives, f.Open())
}

func TestTemplate(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		kind      Template
		tree      string
	}{
		// Jinja2 and its relatives.
		{"value", "server_name {{ host }};", Jinja, "server_name|{{ host }}"},
		{"values glued", "proxy_pass {{ s }}://{{ h }}:{{p}}/x;", Jinja, "proxy_pass|{{ s }}://{{ h }}:{{p}}/x"},
		{"quotes and braces in a tag", `root {{ a | default("/}}/x; {") }};`, Jinja, `root|{{ a | default("/}}/x; {") }}`},
		{"dictionary", `root {{ {'a': {'b': 1}}['a'] }};`, Jinja, `root|{{ {'a': {'b': 1}}['a'] }}`},
		{"tag with quotes in quotes", `a {{ x }}; add_header C "{{ "x;" }}";`, Jinja, `a|{{ x }};add_header|C|{{ "x;" }}`},
		{"condition", "{% if a %}\nlisten 80;\n{% else %}\nlisten 81;\n{% endif %}\nroot /x;", Jinja, "listen|80?1a;listen|81?1b;root|/x"},
		{"nested", "{% for s in l %}server {\n{% if s.x %}listen 1;{% elif y %}listen 2;{% endif %} root {{ s }};\n}{% endfor %}", Jinja,
			"server?1a{listen|1?2a?1a;listen|2?2b?1a;root|{{ s }}?1a}"},
		{"statements of a template", "server {\n  {{ extra }}\n  {% include 'x' %}\n  listen 80;\n}", Jinja, "server{*;listen|80}"},
		{"directive made by a tag", "server { {{ name }} {{ value }}; {{ line }}; }", Jinja, "server{*;{{ name }}|{{ value }};{{ line }}}"},
		{"comment", "{# { ; #}\nlisten {{ p }}; {# } #}", Jinja, "listen|{{ p }}"},
		{"no comment without other tags", "server {# { ; #}\nlisten 80; #}\n}", "", "server{listen|80}"},
		{"set", "{% set a = 1 -%}\n{% set b %}listen 1;{% endset %}", Jinja, "listen|1?1a"},
		{"condition in a statement", "listen {{ p }} reuse {% if c %} ssl {% endif %};", Jinja, "listen|{{ p }}|reuse|{% if c %} ssl {% endif %}"},
		{"condition in a word", "listen {{ a }}{% if b %}:{{ b }} x{% endif %} y;", Jinja, "listen|{{ a }}{% if b %}:{{ b }} x{% endif %}|y"},
		{"arms that end the statement", "listen 80 {% if a %}x;{% else %}y;{% endif %}\nroot /;", Jinja, "listen|80|{% if a %}x;{% else %}y;{% endif %};root|/"},
		{"at the end of the file", "listen 80 {% if a %}x;{% else %}y;{% endif %}", Jinja, "listen|80|{% if a %}x;{% else %}y;{% endif %}"},
		{"loop over arguments", "server_name a\n{% for n in l %} {{ n }}\n{% endfor %};", Jinja, "server_name|a|{% for n in l %} {{ n }}\n{% endfor %}"},
		{"two heads of one block", "{% if a %}\nlocation /a {\n{% else %}\nlocation /b {\n{% endif %}\nroot /;\n}\ninternal;", Jinja,
			"location|/a?1a{root|/};location|/b?1b{root|/};internal"},
		{"three heads with lines of their own", "{% if a %}\nlocation /a {\nlisten 1;\n{{ x }}\n{% elif b %}\nlocation /b {\n{% else %}\nlocation /c {\n{% endif %}\nroot /;\n{{ y }}\n}", Jinja,
			"location|/a?1a{*;listen|1?1a;root|/};location|/b?1b{*;root|/};location|/c?1c{*;root|/}"},
		{"heads of two blocks", "{% if a %}\nserver {\nlocation /a {\n{% else %}\nserver {\nlocation /b {\n{% endif %}\nroot /;\n}\ninternal;\n}", Jinja,
			"server?1a{location|/a?1a{root|/};internal};server?1b{location|/b?1b{root|/};internal}"},
		{"heads of blocks of two depths", "{% if a %}\nserver {\nlocation /a {\n{% else %}\nlocation /b {\n{% endif %}\nroot /;\n}\n", Jinja,
			"server?1a{*;location|/a?1a{*}};location|/b?1b{root|/}"},
		{"heads in a body with two heads", "{% if a %}\nserver {\n{% else %}\nserver {\n{% endif %}\n{% if a %}\nlocation /a {\n{% else %}\nlocation /b {\n{% endif %}\nroot /;\n}\n}", Jinja,
			"server?1a{location|/a?2a{*};location|/b?2b{root|/}};server?1b{location|/a?2a{*};location|/b?2b{root|/}}"},
		{"lines in capitals", "server {\n  TLS_LINES\n\n  location / {\n    REAL_IP\n    real_ip_header X;\n  }\n}\n", Placeholder,
			"server{*;location|/{*;real_ip_header|X}}"},
		{"capitals that are words", "map $a $b {\n  GET\n 1;\n  POST 0;\n}\nserver_name\n  NAME\n  b;\nroot /;", "", "map|$a|$b{GET|1;POST|0};server_name|NAME|b;root|/"},
		{"capitals that share the line", "server {\n  FOO bar;\n  BAZ;\n}\n", "", "server{FOO|bar;BAZ}"},
		{"block closed in each arm", "server {\n{% if a %}\nlisten 1;\n}\n{% else %}\nlisten 2;\n}\n{% endif %}\nserver { }", Jinja,
			"server{listen|1?1a;listen|2?1b};server{}"},
		{"block opened in an arm", "server { root /;\n{{#if s}}\n}\nserver {\n{{/if}}\nlisten 1; }", Mustache, "server{root|/};server?1a{listen|1}"},
		{"comment mark in an arm", "{% if a %}#{% endif %} listen 80;\nroot {{ x }};", Jinja, "listen|80?1a;root|{{ x }}"},
		{"comment mark and a blank in an arm", "server {\n<% if !@down %># <% end %>rewrite ^ /down;\nroot /;\n}", ERB, "server{rewrite|^|/down?1a;root|/}"},
		{"comment mark at the end of a line", "{% if a %}#{% endif %}\nlisten {{ p }};", Jinja, "listen|{{ p }}"},
		{"tags in a comment", "{% if a %}\n# {{ b }} {% endif %} listen 1;\nroot /;", Jinja, "root|/"},
		{"comment over lines", "# {# a\n b #} listen 1;\nroot {{ x }};", Jinja, "root|{{ x }}"},
		{"before a directive", "{{ '#' if x }}listen 80;\n{{ c }} root /;", Jinja, "listen|80?1a;root|/?2a"},
		{"in a map", "map $a $b {\n{{ k }} {{ v }};\n{% for x in y %}\n{{ x }} 1;\n{% endfor %}\n{{ more }}\n}", Jinja,
			"map|$a|$b{*;{{ k }}|{{ v }};{{ x }}|1?1a}"},
		{"in Lua", "location /{{ x }} {\n content_by_lua_block { local t = {{1}} {% if a %}{% endif %} }\n}", Jinja, "location|/{{ x }}{content_by_lua_block{}}"},
		{"quoted word before a tag", `add_header A "b"{% if c %} always{% endif %};`, Jinja, `add_header|A|b|{% if c %} always{% endif %}`},
		{"CRLF", "{% if a %}\r\nlisten 80;\r\n{% endif %}\r\n{{ b }}\r\n", Jinja, "*;listen|80?1a"},

		// Go.
		{"go", "{{ range $i, $s := .Servers }}\nserver {\n{{- if .TLS -}} listen 443; {{- else if .X }} listen 1; {{ else }} listen 80; {{ end }}\n}\n{{ end }}", GoTemplate,
			"server?1a{listen|443?2a?1a;listen|1?2b?1a;listen|80?2c?1a}"},
		{"go assignment", "{{ $a := .B }}\n{{ $a = 1 }}\nroot {{ $a }};", GoTemplate, "root|{{ $a }}"},
		{"go comment", "{{/* it's { */}}\nroot {{ .X }};", GoTemplate, "root|{{ .X }}"},
		{"go define", "{{ define \"u\" }}\nserver 127.0.0.1;\n{{ end }}\nupstream a { {{ template \"u\" . }} }", GoTemplate, "server|127.0.0.1?1a;upstream|a{*}"},
		{"go condition in a line", "{{ if .A }}server_name {{ .A }}; {{ end }}", GoTemplate, "server_name|{{ .A }}?1a"},

		// Mustache.
		{"mustache", "{{! don't }}{{#l}}\nlisten {{{p}}};\n{{/l}}{{^l}}listen 80;{{/l}}\n{{> more}}", Mustache, "*;listen|{{{p}}}?1a;listen|80?2a"},

		// ERB.
		{"erb", "<%# x %>\nlisten <%= @port -%>;\n<% if @a -%>\nroot <%= @a %>/x;\n<% else %>\nroot /;\n<% end -%>\n<% l.each do |ip| %>\nallow <%= ip %>;\n<% end %>", ERB,
			"listen|<%= @port -%>;root|<%= @a %>/x?1a;root|/?1b;allow|<%= ip %>?2a"},
		{"erb comment block", "<%\n=begin\n{ ;\n=end\n%>\nserver { <%= @raw %>\n}", ERB, "server{*}"},
		{"puppet", "<% if $a { -%>\nlisten 1;\n<% } else { -%>\nlisten 2;\n<% } -%>", ERB, "listen|1?1a;listen|2?1b"},

		{"ejs", "<%\nif (s.ssl) {\n%>\nlisten <%-s.port%> ssl;\n<%\n}\n%>\nroot <%- s.root %>/x;\n<%- s.more %>", ERB,
			"*;listen|<%-s.port%>|ssl?1a;root|<%- s.root %>/x"},
		{"erb with dashes", "<%- if @a -%>\nlisten 1;\n<%- end -%>\n<%- b = 2 -%>\nroot <%= b %>;", ERB, "listen|1?1a;root|<%= b %>"},

		{"erb value with a condition", "server {\n<% l.each do |k, v| %>\n<%= k %><% unless v.nil? -%> <%= v %><% end -%>;\n<% end %>\nroot /;\n}", ERB,
			"server{*;<%= k %><% unless v.nil? -%> <%= v %><% end -%>?1a;root|/}"},
		{"erb values with an end that is there sometimes", "server {\n<%= k %> <%= v %><% unless v.end_with?('}') -%>;<% end -%>\nroot /;\n}", ERB,
			"server{*;<%= k %>|<%= v %><% unless v.end_with?('}') -%>;<% end -%>;root|/}"},
		{"etlua", "<% if user then %>\nuser <%- user %>;\n<% elseif other then %>\nuser <%- other %>;\n<% end %>\n<% for _, n in ipairs(l) do %>\ninclude <%- n %>;\n<% end %>\nresolver <%- os.getenv(\"R\") or \"local=on\" %>;", ERB,
			"user|<%- user %>?1a;user|<%- other %>?1b;include|<%- n %>?2a;resolver|<%- os.getenv(\"R\") or \"local=on\" %>"},

		// Liquid.
		{"liquid", "{% comment %} it's { {% endcomment %}\n{%- capture env -%}\n{ {%- for e in l -%} [{{ e }}] {% endfor %} }\n{%- endcapture -%}\nroot {{ x }};", Jinja, "root|{{ x }}"},
		{"liquid capture of statements", "{% capture c %}\nlisten 1;\n{% endcapture %}\nroot {{ x }};", Jinja, "listen|1?1a;root|{{ x }}"},

		// FreeMarker.
		{"freemarker", "<#-- it's { --><#assign a = 1>\nlisten ${port?c}<#if tls==true> ssl</#if>;\n<#if (n > 1)>\nroot /a;\n<#elseif x?? >\nroot /b;\n<#else>\nroot /c;\n</#if>\n<#list hosts as h>\nallow ${h};\n</#list>\nproxy_pass <#if tls>https<#else>http</#if>://a:${p?c};", FreeMarker,
			"listen|${port?c}<#if tls==true> ssl</#if>;root|/a?1a;root|/b?1b;root|/c?1c;allow|${h}?2a;proxy_pass|<#if tls>https<#else>http</#if>://a:${p?c}"},

		// Template Toolkit.
		{"template toolkit", "listen [% port %] backlog=512;\n[% IF tls %]\nroot /a;\n[% ELSE %]\nroot /b;\n[% END %]\n[% FOREACH l IN list %]\nallow [% l.ip %];\n[% END %]\n[% more %]\nproxy_pass http://[% host %]:[% port %]/;", Toolkit,
			"*;listen|[% port %]|backlog=512;root|/a?1a;root|/b?1b;allow|[% l.ip %]?2a;proxy_pass|http://[% host %]:[% port %]/"},
		{"percent in a class", "rewrite ^/[%]x [%a] last;", "", "rewrite|^/[%]x|[%a]|last"},

		// Mako.
		{"mako", "server {\n\t% if ipv6:\n\tlisten [${ip}]:1;\n\t% elif x:\n\tlisten 2;\n\t% else:\n\tlisten 3;\n\t% endif\n\troot /;\n}\n% if a:\nserver { }\n% endif", Mako,
			"server{listen|[${ip}]:1?1a;listen|2?1b;listen|3?1c;root|/};server?2a{}"},

		// Python's str.format.
		{"braces twice", "server\n{{\n  listen {port};\n  # {{ }}\n  location ~ \"^/a{{2}}/({name})\" {{\n    proxy_pass http://127.0.0.1:{l[0]};\n  }}\n  {ssl}\n  location / {{ return 200; }}\n}}\n", Format,
			"server{*;listen|{port};location|~|^/a{2}/({name}){proxy_pass|http://127.0.0.1:{l[0]}};location|/{return|200}}"},
		{"a tag over lines", "listen {{\n  port\n}};\nserver {\n root /;\n}", Jinja, "listen|{{\n  port\n}};server{root|/}"},

		// Nixpacks.
		{"nixpacks", "http {\n include $!{nginx}/conf/mime.types;\n server {\n  $if(ROOT_DIR) (\n   root ${ROOT_DIR};\n  ) else (\n   root /app;\n  )\n  $if(IS_LARAVEL) (\n   location / {\n    try_files $uri /index.php;\n   }\n  ) else ()\n  index a.php;\n }\n}", Nixpacks,
			"http{include|$!{nginx}/conf/mime.types;server{root|${ROOT_DIR}?1a;root|/app?1b;location|/?2a{try_files|$uri|/index.php?2a};index|a.php}}"},
		{"nixpacks in a statement", "server {\n listen $if (TLS)(443 ssl) else (80);\n root /;\n}", Nixpacks, "server{listen|$if (TLS)(443 ssl) else (80);root|/}"},
		{"a path of nixpacks alone", "include $!{nginx}/conf/fastcgi.conf;", Placeholder, "include|$!{nginx}/conf/fastcgi.conf"},
		{"parentheses without a condition", "if ($a) {\n set $if (b);\n}\nlocation ~ ^/(a) {\n}\n", "", "if|($a){set|$if|(b)};location|~|^/(a){}"},

		// Names to be filled in.
		{"several words", "set $proto <http or https>;\nproxy_pass [backend url];\nproxy_pass http://<your server>:80/x;", Placeholder,
			"set|$proto|<http or https>;proxy_pass|[backend url];proxy_pass|http://<your server>:80/x"},
		{"several words that end the statement", "server {\nssl_protocols <sane protocols here>\nssl_ciphers <sane ciphers here>\n\n# more\nlisten 80;\n}", Placeholder,
			"server{ssl_protocols|<sane protocols here>;ssl_ciphers|<sane ciphers here>;listen|80}"},
		{"several words with marks in them", "root <setting STATIC_ROOT, without the final /static>;\nproxy_pass http://a:<the port, 8080 (default)>/x;", Placeholder,
			"root|<setting STATIC_ROOT, without the final /static>;proxy_pass|http://a:<the port, 8080 (default)>/x"},
		{"marks that make no placeholder", "return 200 <a /static>x;\nset $a <path 1 ;\nset $b <if $c, then>;\nset $d [the /path];\nset $e <8080 or 80>;", "",
			"return|200|<a|/static>x;set|$a|<path|1;set|$b|<if|$c,|then>;set|$d|[the|/path];set|$e|<8080|or|80>"},
		{"a class of characters", "rewrite ^/[abc] /x;\nif ($a ~ (?<name>x)) { }", "", "rewrite|^/[abc]|/x;if|($a|~|(?<name>x)){}"},
		{"whole statement", "%%GLOBALS%%\n\ndaemon off;\nhttp {\n    @EXTRA@\n    server { __MORE__\n <more> \n listen 1; }\n}", Placeholder,
			"*;daemon|off;http{*;server{*;listen|1}}"},
		{"names in sharps", "upstream a {\n  server ##WSL_HOST##:6443; ##WSL_HOST## is the host\n}\n##SERVERS##\nserver {\n  listen\n    ##PORT##\n    80;\n  proxy_pass http://##HOST##/;\n}", Placeholder,
			"upstream|a{server|##WSL_HOST##:6443};server{listen|80;proxy_pass|http://##HOST##/}"},
		{"names in sharps in another template", "upstream a {\n  server ##HOST##:{{ port }};\n}\n", Jinja, "upstream|a{server|##HOST##:{{ port }}}"},
		{"comments in sharps", "##SERVER##\nserver { ##OPEN##\n  listen 80 ##PORT##\n  ; ##A## b;\n  root ##ROOT## /x;\n   /y;\n}", "", "server{listen|80;root|/y}"},
		{"comments in sharps beside a template's", "{% if a %}\nserver {\n  listen 80 ##PORT##;\n  ;\n}\n{% endif %}", Jinja, "server?1a{listen|80?1a}"},
		{"name in braces", "server_name {DOMAIN};\nlocation {PATH}/x { }", Placeholder, "server_name|{DOMAIN};location|{PATH}/x{}"},
		{"shell variable as a statement", "server {\n  ${extra}\n  listen 80;\n}", Placeholder, "server{*;listen|80}"},
		{"switch before a directive", "server {\n  ${v4.on}listen 80;\n  ${sso.on}    location /x {\n ${sso.on} }\n}", Placeholder,
			"server{listen|80?1a;location|/x?2a{*}}"},
		{"names in braces behind a mark", "error_log #{error-log};\n#{more}\naccess_log /var/%{host}-a.log;\nevents { worker_connections {[conns]}; }", Placeholder,
			"*;error_log|#{error-log};access_log|/var/%{host}-a.log;events{worker_connections|{[conns]}}"},
		{"words read as they are", "server_name __HOST__ %domain% ${NAME} $NAME @HOST@ <host>;", "", "server_name|__HOST__|%domain%|${NAME}|$NAME|@HOST@|<host>"},
		{"keys of a map", "map $a $b {\n${MAIN} x;\n$other\n y;\n}", "", "map|$a|$b{${MAIN}|x;$other|y}"},
		{"variables of a module's block", "http {\n geoip2 /x.mmdb {\n  $country\n   country iso_code;\n }\n}", "", "http{geoip2|/x.mmdb{$country|country|iso_code}}"},

		// Here-documents.
		{"escaped dollars", "server_name $DOMAIN;\nproxy_set_header Host \\$host;\nset \\$a \"\\${http_upgrade}x\";", Shell,
			"server_name|$DOMAIN;proxy_set_header|Host|$host;set|$a|${http_upgrade}x"},
		{"a name for the dollar", "server_name ${DOMAIN};\nproxy_set_header Host ${D}host;\nlocation ~ \\.php${D} { return 302 https://${D}host${D}request_uri; }", Shell,
			"server_name|${DOMAIN};proxy_set_header|Host|$host;location|~|\\.php${return|302|https://$host$request_uri}"},
		{"doubled dollars", "server_name $domain;\nproxy_set_header Host $$host;\nset $$a \"$${http_upgrade}x\";", Shell,
			"server_name|$domain;proxy_set_header|Host|$host;set|$a|${http_upgrade}x"},
		{"dollars doubled before a brace", "server_name ${domain};\nproxy_set_header Host $host;\nset $a \"$${http_upgrade}x\";", Shell,
			"server_name|${domain};proxy_set_header|Host|$host;set|$a|${http_upgrade}x"},
		{"one doubled dollar", "proxy_set_header X $$uri;", "", "proxy_set_header|X|$$uri"},
		{"a doubled dollar beside others", "proxy_set_header X $$uri$$host;\nproxy_set_header Host $host;", "", "proxy_set_header|X|$$uri$$host;proxy_set_header|Host|$host"},
		{"a path before a name", "location ${BASE}status { proxy_pass http://u/${BASE}status; }", "", "location|${BASE}status{proxy_pass|http://u/${BASE}status}"},
		{"a path with a use of its own", "location ${BASE}/x { set $a ${BASE}request_uri; }", "", "location|${BASE}/x{set|$a|${BASE}request_uri}"},
		{"a variable before a name", "set $pre x;\nset $a ${pre}request_uri;", "", "set|$pre|x;set|$a|${pre}request_uri"},
		{"two dollars at the end", "rewrite ^/a$$ /b$uri;\nreturn 200 $$;", "", "rewrite|^/a$$|/b$uri;return|200|$$"},
		{"a backslash nginx sees", `return 200 "\$host $uri";`, "", `return|200|\$host $uri`},
		{"a dollar in a pattern", `rewrite ^/a\$host /b;`, "", `rewrite|^/a\$host|/b`},

		{"tags in quotes that end them", `server { set $a "{{ env "TOKEN" }}"; }`, GoTemplate, `server{set|$a|{{ env "TOKEN" }}}`},

		// Plain nginx.
		{"tags in quotes", `sub_filter "{{ x }}" '{% y %}'; return 200 "<%= z %>"; # {{ if }}`, "", `sub_filter|{{ x }}|{% y %};return|200|<%= z %>`},
		{"block and comment", "server {#x\n}", "", "server{}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Parse("f", []byte(tt.src))
			if got := armOutline(f); got != tt.tree || f.Template != tt.kind || len(f.Errors) > 0 {
				t.Errorf("Parse(%q)\n = %q %s\nwant %q %s\n%s", tt.src, f.Template, got, tt.kind, tt.tree, messages(f))
			}
			checkTree(t, f)
			checkTagTiles(t, tt.src)
		})
	}
}

// A template that cannot be read is one error with a place, and no tree.
func TestTemplateUnreadable(t *testing.T) {
	for _, tt := range []struct {
		name, src, want string
	}{
		{"unclosed block", "server {\n listen {{ p }};\n", `f:3:1: this template could not be read: unexpected end of file, expecting "}"`},
		{"many", "{% x %} }\n}\n}\n}\n", `f:1:9: this template could not be read: unexpected "}"`},
		{"unclosed in one arm", "{% if a %}\nserver {\n{% endif %}\nlisten 1;\n", `f:5:1: this template could not be read: unexpected end of file, expecting "}"`},
	} {
		f := Parse("f", []byte(tt.src))
		if got := messages(f); got != tt.want || len(f.Directives) > 0 || !f.unreadable() {
			t.Errorf("%s: Parse(%q) says\n%s\nwant\n%s", tt.name, tt.src, got, tt.want)
		}
		checkTree(t, f)
	}
}

// Nginx's own words are kept where the text is no template.
func TestTemplatePlainErrors(t *testing.T) {
	for _, src := range []string{
		"server {\n return 200 \"{{ x }}\"\n}",
		"server {\n listen 80\n}\n",
		"a {{ b ;",
		"server {\n listen ##PORT##;\n",
		"server {\n listen ##port##;\n}",
		"server {\n listen ## PORT ##;\n}",
		"server {\n listen ###PORT###;\n}",
		"location ~ ^/[a-f0-9]{32}/ws { return 204; }",
		"rewrite ^/x{12}$ /y;",
		"map $a $b { ~^/x{12}$ 1; }",
	} {
		if f := Parse("f", []byte(src)); f.Template != "" || len(f.Errors) == 0 {
			t.Errorf("Parse(%q) is a template %q with errors %s", src, f.Template, messages(f))
		}
	}
}

// What nginx reads is no template with a mistake where its tags begin in one directive
// and end in another.
func TestTemplateCutTags(t *testing.T) {
	for src, template := range map[string]bool{
		"server {set $a <%;location /s{\n#%>\n}\n}":                 false,
		"set $s '<% x';\nlocation / { return 204; }\n# <% end %>\n": false,
		"map $a $b {\n default\n 100\n ;\n}":                        false,
		"listen <%= p %>;\nset $a <%;\nserver {\n#%>\n}":            true,
	} {
		f := Parse("f", []byte(src))
		if got := f.Template != ""; got != template || len(f.Errors) > 0 != template {
			t.Errorf("Parse(%q) is a template %q with errors %s, want a template %v", src, f.Template, messages(f), template)
		}
	}
}

// checkTagTiles fails unless the tokens of a text read as a template are its
// bytes.
func checkTagTiles(t *testing.T, src string) {
	t.Helper()
	s := NewScanner(src, nil)
	s.tagged = &taggedScan{tagging: newTagging(src, Span{0, len(src)})}
	at := 0
	for {
		token := s.Next()
		if token.Span.Start != at || token.Span.End < at {
			t.Fatalf("Scan(%q): token %v after offset %d", src, token, at)
		}
		at = token.Span.End
		if token.Kind == EOF {
			break
		}
		if token.Span.Len() == 0 && token.Kind != Semicolon {
			t.Fatalf("Scan(%q): empty token %v", src, token)
		}
	}
	if at != len(src) {
		t.Fatalf("Scan(%q) ends at %d of %d bytes", src, at, len(src))
	}
	end := 0
	for _, span := range s.tagged.all() {
		if span.Start < end || span.End <= span.Start || span.End > len(src) {
			t.Fatalf("Tags(%q): %v after %d", src, span, end)
		}
		end = span.End
	}
}

func FuzzTemplate(f *testing.F) {
	addSeeds(f)
	for _, src := range []string{
		"{{ a }}{% if b %}server {\n{{#c}}listen {{{d}}} <%= e %>;{% else %}x {\n{% endif %}#{% endif %}}\n",
		"{{ if a }} \"{{ b }}\" {{ else }}'c'; {{ end }}{%{{%}}}<% x do |y| %>${z}listen 1; %%A%%\n@B@ {C} \\$host",
	} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		checkTagTiles(t, src)
		g := Parse("f", []byte(src))
		checkTree(t, g)
		if plain := newParsing("f", src, Span{0, len(src)}, nil); g.Template == "" {
			plain.finishFile()
			if outline(plain.file.Directives) != outline(g.Directives) {
				t.Errorf("Parse(%q) reads plain nginx differently", src)
			}
		}
	})
}

func TestHoldsTag(t *testing.T) {
	for value, want := range map[string]bool{
		"{{ x }}": true, "a{% b %}c": true, "<%= x %>": true, "%%PORT%%": true, "http://%ip%:%web_port%": true, "@HOST@": true,
		"http://127.0.0.1:__PORT__": true, "{DOMAIN}": true, "<your-domain>": true, "<your domain>": true, "$(hostname)": true,
		"[% port %]": true, "%{host}.log": true, "#{error-log}": true, "<#if a>x</#if>": true, "{[conns]}": true, "a[%]b": false, "%{": false,
		"upgrade": false, "$http_upgrade": false, "${NAME}": false, "^/(?<name>x)": false, "(?P<path>[^?]*)": false, "/a%20b%20c": false,
		"/%ab%cd": false, "a{2,3}": false, "@name": false, "user@HOST": false, "__x__": false, "a__B__": false, "{{": false, "<": false, "$": false,
		"[A-Z]{2}": false, "100%": false, "<the root, without the final /static>": true, "http://##HOST##:80": true, "a##b": false, "##a##": false, "<b>one, two</b>": false, "<p class='x'>one</p>": false,
	} {
		if got := HoldsTag(value); got != want {
			t.Errorf("HoldsTag(%q) = %v, want %v", value, got, want)
		}
	}
	for value, want := range map[string]bool{"$NAME": true, "http://${BACKEND}:80": true, "$name": false, "$Name": false, "NAME": false, "$A": false, "${X": false} {
		if got := InCapitals(value); got != want {
			t.Errorf("InCapitals(%q) = %v, want %v", value, got, want)
		}
	}
	for value, want := range map[string]bool{"$NAME": true, "http://${BACKEND}:$PORT/x": true, "${BACKEND}$uri": false, "$1": false, "NAME": false, "$": false} {
		if got := OnlyCapitals(value); got != want {
			t.Errorf("OnlyCapitals(%q) = %v, want %v", value, got, want)
		}
	}
}
