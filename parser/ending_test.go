package parser

import "testing"

// TestOpenByEnding holds that an absolute include of a server's own folder is
// found in the tree where a folder and a file end as it does.
func TestOpenByEnding(t *testing.T) {
	const outside = "not-followed: include \"/etc/app/nginx/proxy.conf\" was not followed: it is not in this tree\n"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"beside a fragment", map[string]string{".git/HEAD": "", "configs/nginx/app.conf": "location / {\n  include /etc/app/nginx/proxy.conf;\n}\n", "configs/nginx/proxy.conf": "proxy_http_version 1.1;\n"},
			"fragment *wconfigs/nginx/app.conf *wconfigs/nginx/proxy.conf\n"},
		{"a folder and a pattern", map[string]string{"nginx.conf": "events {}\nhttp {\n  include /data/custom/sites/*.conf;\n}\n", "custom/sites/a.conf": serverText},
			"main *wnginx.conf *wcustom/sites/a.conf\n"},
		{"a pattern's own folder alone", map[string]string{".git/HEAD": "", "confs/server-http/server.conf": "server {\n  include /etc/app/configs/server-http/*.conf;\n}\n", "confs/server-http/more.conf": "proxy_buffering off;\n"},
			"fragment *wconfs/server-http/more.conf\nfragment *wconfs/server-http/server.conf\nconfs/server-http/server.conf:2:3: not-followed: include \"/etc/app/configs/server-http/*.conf\" was not followed: it is not in this tree\n"},
		{"the file itself", map[string]string{".git/HEAD": "", "nginx/app.conf": "server {\n  include /etc/app/nginx/app.conf;\n}\n"},
			"fragment *wnginx/app.conf\nnginx/app.conf:2:3: not-followed: include \"/etc/app/nginx/app.conf\" was not followed: it is not in this tree\n"},
		{"another folder", map[string]string{"nginx.conf": "events {}\nhttp {\n  include /etc/app/nginx/proxy.conf;\n}\n", "old/proxy.conf": "proxy_http_version 1.1;\n"},
			"main *wnginx.conf\nnginx.conf:3:3: " + outside + "fragment *wold/proxy.conf\n"},
		{"what another include names", map[string]string{"nginx.conf": "events {}\nhttp {\n  include conf.d/*.conf;\n  include /data/conf.d/*.conf;\n}\n", "conf.d/a.conf": serverText},
			"main *wnginx.conf *wconf.d/a.conf\nnginx.conf:4:3: not-followed: include \"/data/conf.d/*.conf\" was not followed: it is not in this tree\n"},
		{"links to modules that a package brings", map[string]string{"nginx.conf": "include modules-enabled/*.conf;\nevents {}\n", "modules-enabled/50-mod.conf": "-> /usr/share/nginx/modules-available/no-such-mod.conf"},
			"main *wnginx.conf\n"},
		{"outside the tree", map[string]string{"repo/.git/HEAD": "", "app/nginx/proxy.conf": "internal;\n", "repo/nginx.conf": "events {}\nhttp {\n  include /etc/app/nginx/proxy.conf;\n}\n"},
			"main *wrepo/nginx.conf\nrepo/nginx.conf:3:3: " + outside},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, tt.files)
			path := "."
			if _, ok := tt.files["repo/.git/HEAD"]; ok {
				path = "repo"
			}
			if got := describe(Open([]string{path}, Options{}), dir); got != tt.want {
				t.Errorf("Open(%q) is\n%s\nwant\n%s", tt.files, got, tt.want)
			}
		})
	}
}
