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
		{"documents among sites", map[string]string{"nginx/sites-available/app": serverText, "nginx/sites-available/app.example.com": site,
			"nginx/sites-available/readme.md": "# Sites\n\n    server {\n\n    }\n\n- location: a place.\n  ```\n  location / {\n    try_files $uri /index.html;\n  }\n  ```\n",
			"nginx/sites-available/fenced.md": "# Sites\n\n    server {\n      listen 80;\n\n```\nlocation / { internal; }\n```\n    }\n",
			"nginx/sites-available/page.html": "<p>\nserver { listen 80; }\n", "nginx/sites-available/enable.sh": "set -e\ncat <<EOF\nserver { listen 80; }\nEOF\n",
			"nginx/sites-available/make.py": "server = 'server { listen 80; }'\nlocation = '/'\n", "nginx/sites-available/vars.yml": "a: 'server { listen 80; }'\n"},
			"fragment *wnginx/sites-available/app\nfragment *wnginx/sites-available/app.example.com\n"},
		{"hosts that end as documents do", map[string]string{"sites-enabled/app.example.md": site, "sites-enabled/example.sh": site, "sites-enabled/app.py": serverText, "sites-enabled/example.lua.pl": site},
			"fragment *wsites-enabled/app.example.md\nfragment *wsites-enabled/app.py\nfragment *wsites-enabled/example.lua.pl\nfragment *wsites-enabled/example.sh\n"},
		{"such a host that nginx refuses", map[string]string{"sites-enabled/example.sh": "server {\n  listen 80;\n"},
			"fragment *wsites-enabled/example.sh\nsites-enabled/example.sh:3:1: not-followed: unexpected end of file, expecting \"}\" (the block of server in line 1, or one inside it, is not closed)\n"},
		{"documents that an include names", map[string]string{"nginx.conf": "events {}\nhttp { include sites-enabled/*; }\n", "sites-enabled/readme.md": "Sites\n"},
			"main *wnginx.conf *wsites-enabled/readme.md\nsites-enabled/readme.md:2:1: failed: unexpected end of file, expecting \";\" or \"}\"\n"},
		{"documents named after configuration", map[string]string{"nginx.conf.md": "# nginx.conf\n\n```nginx\nserver {\n  listen 80;\n}\n```\n", "app.conf.html": "<pre>\nserver { listen 80; }\n</pre>\n", "app.conf.txt": "listen 80;\n", "nginx.conf.sh": site, "b.conf.md": site},
			"fragment *wapp.conf.txt\nfragment *wb.conf.md\nfragment *wnginx.conf.sh\n"},
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
