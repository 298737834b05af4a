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
		{"links out of the tree, to a module's line and to a site", map[string]string{"repo/.git/HEAD": "", "other/mod.conf": "load_module m.so;\n", "other/site.conf": serverText,
			"repo/nginx.conf":                  "include modules-enabled/*.conf;\nevents {}\nhttp {\n  include conf.d/*.conf;\n}\n",
			"repo/modules-enabled/50-mod.conf": "-> ../../other/mod.conf", "repo/conf.d/a.conf": "-> ../../other/site.conf"},
			"main *wrepo/nginx.conf\nrepo/nginx.conf:4:3: not-followed: include \"conf.d/*.conf\" was not followed: the symbolic link \"repo/conf.d/a.conf\" leads outside this tree\n"},
		{"in templates", map[string]string{".git/HEAD": "", "files/nginx/app.conf.j2": "location / {\n  include /etc/app/nginx/proxy.conf;\n}\n", "files/nginx/proxy.conf.j2": "proxy_http_version {{ v }};\n"},
			"fragment *wfiles/nginx/app.conf.j2 *wfiles/nginx/proxy.conf.j2\n"},
		{"in a template of another language", map[string]string{"nginx.conf": "events {}\nhttp {\n  include /etc/app/nginx/proxy.conf;\n}\n", "nginx/proxy.conf.j2": "proxy_http_version {{ v }};\n"},
			"main *wnginx.conf\nnginx.conf:3:3: " + outside + "fragment *wnginx/proxy.conf.j2\n"},
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

// TestOpenInImage holds that an absolute include is found where it lies whole below a
// folder around the main file: in the image of a system.
func TestOpenInImage(t *testing.T) {
	const (
		app     = "server {\n  include /etc/nginx/own/ssl.conf;\n}\n"
		outside = "not-followed: include \"/etc/nginx/own/ssl.conf\" was not followed: it is not in this tree\n"
		lines   = "proxy_http_version 1.1;\n"
	)
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"far from it", map[string]string{".git/HEAD": "", "root/usr/share/apps/a/nginx/a.conf": app, "root/etc/nginx/own/ssl.conf": lines},
			"fragment *wroot/usr/share/apps/a/nginx/a.conf *wroot/etc/nginx/own/ssl.conf\n"},
		{"a main configuration", map[string]string{".git/HEAD": "", "root/usr/share/app/nginx.conf": "events {}\nhttp {\n  include /etc/nginx/sites-enabled/*;\n  include /srv/app/more.conf;\n}\n",
			"root/etc/nginx/sites-enabled/a": app, "root/etc/nginx/own/ssl.conf": lines, "root/srv/app/more.conf": lines},
			"main *wroot/usr/share/app/nginx.conf *wroot/etc/nginx/sites-enabled/a *wroot/etc/nginx/own/ssl.conf *wroot/srv/app/more.conf\n"},
		{"the nearest image", map[string]string{".git/HEAD": "", "root/pi/usr/share/a.conf": app, "root/pi/etc/nginx/own/ssl.conf": lines, "root/etc/nginx/own/ssl.conf": "internal;\n"},
			"fragment *wroot/etc/nginx/own/ssl.conf\nfragment *wroot/pi/usr/share/a.conf *wroot/pi/etc/nginx/own/ssl.conf\n"},
		{"of templates", map[string]string{".git/HEAD": "", "root/opt/a.conf.j2": app, "root/etc/nginx/own/ssl.conf.j2": "proxy_http_version {{ v }};\n"},
			"fragment *wroot/opt/a.conf.j2 *wroot/etc/nginx/own/ssl.conf.j2\n"},
		{"a link in it", map[string]string{".git/HEAD": "", "root/srv/nginx.conf": "events {}\nhttp {\n  include sites/*;\n}\n", "root/srv/sites/a.conf": "-> /var/lib/app/a.conf", "root/var/lib/app/a.conf": lines},
			"main *wroot/srv/nginx.conf *wroot/var/lib/app/a.conf\n"},
		{"beside the main file first", map[string]string{".git/HEAD": "", "root/srv/nginx.conf": "events {}\nhttp {\n  include /etc/nginx/own/ssl.conf;\n}\n", "root/srv/own/ssl.conf": lines, "root/etc/nginx/own/ssl.conf": "internal;\n"},
			"main *wroot/srv/nginx.conf *wroot/srv/own/ssl.conf\nfragment *wroot/etc/nginx/own/ssl.conf\n"},
		{"an image that is not around it", map[string]string{".git/HEAD": "", "apps/a.conf": app, "root/etc/nginx/own/ssl.conf": lines},
			"fragment *wapps/a.conf\napps/a.conf:2:3: " + outside + "fragment *wroot/etc/nginx/own/ssl.conf\n"},
		{"above the tree", map[string]string{"repo/.git/HEAD": "", "repo/apps/a.conf": app, "etc/nginx/own/ssl.conf": lines},
			"fragment *wrepo/apps/a.conf\nrepo/apps/a.conf:2:3: " + outside},
		{"another file of the folder", map[string]string{".git/HEAD": "", "root/apps/a.conf": app, "root/etc/nginx/own/other.conf": lines},
			"fragment *wroot/apps/a.conf\nroot/apps/a.conf:2:3: " + outside + "fragment *wroot/etc/nginx/own/other.conf\n"},
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
