package parser

import "testing"

// TestOpenAvailable holds that a site which is not enabled is read with the main
// configuration beside it, each by itself.
func TestOpenAvailable(t *testing.T) {
	const (
		main  = "events {}\nhttp {\n  include conf.d/*.conf;\n  include /etc/nginx/sites-enabled/*;\n}\n"
		confd = "proxy_http_version 1.1;\n"
	)
	for _, tt := range []struct {
		name  string
		files map[string]string
		paths []string
		want  string
	}{
		{"nothing is enabled", map[string]string{"nginx.conf": main, "conf.d/a.conf": confd, "sites-available/one": serverText, "sites-available/two": serverText}, nil,
			"main *wnginx.conf *wconf.d/a.conf\nnginx.conf:4:3: not-followed: include \"/etc/nginx/sites-enabled/*\" was not followed: it is not in this tree\n" +
				"main *wnginx.conf *wconf.d/a.conf *wsites-available/one\nmain *wnginx.conf *wconf.d/a.conf *wsites-available/two\n"},
		{"one is enabled", map[string]string{"nginx.conf": main, "conf.d/a.conf": confd, "sites-available/one": serverText, "sites-available/two": serverText, "sites-enabled/one": "-> ../sites-available/one"}, nil,
			"main *wnginx.conf *wconf.d/a.conf *wsites-available/one\nmain *wnginx.conf *wconf.d/a.conf *wsites-available/two\n"},
		{"a site by name", map[string]string{".git/HEAD": "", "etc/nginx.conf": main, "etc/conf.d/a.conf": confd, "etc/sites-available/one": serverText, "etc/sites-available/two": serverText}, []string{"etc/sites-available/two"},
			"main etc/nginx.conf etc/conf.d/a.conf *wetc/sites-available/two\n"},
		{"two main configurations", map[string]string{"dev.conf": main, "nginx.conf": main, "sites-enabled/x": serverText, "sites-available/one": serverText}, nil,
			"main *wdev.conf *wsites-enabled/x\nmain *wnginx.conf *wsites-enabled/x\nmain *wdev.conf *wsites-available/one\nmain *wnginx.conf *wsites-available/one\n"},
		{"a part of a server", map[string]string{"nginx.conf": main, "conf.d/a.conf": confd, "sites-enabled/x": serverText, "sites-available/common.conf": "listen 80;\nlocation / { }\n"}, nil,
			"main *wnginx.conf *wconf.d/a.conf *wsites-enabled/x\nfragment *wsites-available/common.conf\n"},
		{"no include of them", map[string]string{"nginx.conf": mainText, "conf.d/a.conf": confd, "sites-available/one": serverText}, nil,
			"main *wnginx.conf *wconf.d/a.conf\nfragment *wsites-available/one\n"},
		{"another folder", map[string]string{"nginx.conf": main, "conf.d/a.conf": confd, "sites-enabled/x": serverText, "old/sites-available/one": serverText}, nil,
			"main *wnginx.conf *wconf.d/a.conf *wsites-enabled/x\nfragment *wold/sites-available/one\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, tt.files)
			if got := describe(Open(tt.paths, Options{}), dir); got != tt.want {
				t.Errorf("Open(%q) is\n%s\nwant\n%s", tt.files, got, tt.want)
			}
		})
	}
}

// TestAvailableBeside holds which definitions a site that is not enabled is read with
// besides those of its main configuration.
func TestAvailableBeside(t *testing.T) {
	tree(t, map[string]string{
		"nginx.conf":          "events {}\nhttp {\n  include conf.d/*.conf;\n  include sites-enabled/*;\n}\n",
		"conf.d/a.conf":       "map $a $own { default 1; }\n",
		"sites-enabled/x":     "map $a $other { default 1; }\n" + serverText,
		"sites-enabled/y":     serverText,
		"sites-available/one": "map $a $mine { default 1; }\n" + serverText,
		"sites-available/two": serverText,
	})
	for _, c := range Open(nil, Options{}).Configs {
		want := 1
		if c.Site == nil {
			want = 0
		}
		if len(c.Beside) != want || want > 0 && c.Beside[0].Arg(1) != "$other" {
			t.Errorf("%v beside the site %v of %s, want %d", c.Beside, c.Site, c.Main.Name, want)
		}
	}
}
