package parser

import (
	"strings"
	"testing"
)

// Files whose names do not say configuration are found by what they hold.
func TestOpenNamedAfterHosts(t *testing.T) {
	const site = "# a site\nserver {\n  listen 80;\n  location /ws { proxy_pass http://127.0.0.1:1; }\n}\n"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"hosts", map[string]string{"app.example.com": site, "a.example.dev": serverText, "README.md": "server { }\n"},
			"fragment *wa.example.dev\nfragment *wapp.example.com\n"},
		{"no ending", map[string]string{"deploy/files/mainsail-nginx/mainsail": site, "deploy/defaults/default": serverText, "LICENSE": "MIT\n", "bin/run": "#!/bin/sh\nserver {\n}\n"},
			"fragment *wdeploy/defaults/default\nfragment *wdeploy/files/mainsail-nginx/mainsail\n"},
		{"named after products", map[string]string{"v2/Shop Seven/Shop 1.7": site, "v2/Yii 2": serverText, "Notes 1.7": "server { }\n"},
			"fragment *wv2/Shop Seven/Shop 1.7\nfragment *wv2/Yii 2\n"},
		{"a template", map[string]string{"default": "{{ if .TLS }}\nserver { listen 443 ssl; }\n{{ end }}\n" + serverText},
			"fragment *wdefault\n"},
		{"templates of other files", map[string]string{"a.conf": serverText, "settings.json.tpl": "{\n \"a\": \"{{ .X }}\"\n}\n", "page.html.erb": "<a>\nlocation = '<%= u %>';\n</a>\n", "site.html.j2": serverText},
			"fragment *wa.conf\nfragment *wsite.html.j2\n"},
		{"a long comment first", map[string]string{"site": strings.Repeat("# a licence\n", 200) + serverText},
			"fragment *wsite\n"},
		{"an example in a folder of configuration", map[string]string{"nginx/app.example": site, "conf.d/notes.local": "not configuration"},
			"fragment *wnginx/app.example\n"},
		{"hidden folders", map[string]string{".nginx/nginx.conf": "events {}\nhttp { include conf.d/*.conf; }\n", ".nginx/conf.d/a.conf": serverText,
			".git/x.conf": "{", ".cache/x.conf": "{", ".ruff_cache/x.conf": "{", ".platform/nginx/conf.d/b.conf": serverText},
			"main *w.nginx/nginx.conf *w.nginx/conf.d/a.conf\nfragment *w.platform/nginx/conf.d/b.conf\n"},
		{"nothing but hunches that are wrong", map[string]string{"a.conf": serverText, "makefile": "server:\n\tgo run .\n", "main.tsk": "server { x = 1 }\n",
			"procfile": "web: nginx\n", "query.foo": "index = a;\n", "types.foo": "types { a b; }\n", "rc": "set a b;\nif x { y; }\nlocation z;\n"},
			"fragment *wa.conf\n"},
		{"a piece that a script puts behind another", map[string]string{"defaults/addition": "location / {\n  proxy_pass http://127.0.0.1:1;\n}\n}\n"},
			"fragment *wdefaults/addition\ndefaults/addition:4:1: not-followed: unexpected \"}\" (every block is closed already)\n"},
		{"one that nginx refuses", map[string]string{"app.example.com": "server {\n  listen 80;\n  location / {\n    proxy_pass http://127.0.0.1:1;\n}\n"},
			"fragment *wapp.example.com\napp.example.com:6:1: not-followed: unexpected end of file, expecting \"}\" (the block of server in line 1, or one inside it, is not closed)\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, tt.files)
			if got := describe(Open([]string{"."}, Options{}), dir); got != tt.want {
				t.Errorf("Open(%q) is\n%s\nwant\n%s", tt.files, got, tt.want)
			}
		})
	}
}
