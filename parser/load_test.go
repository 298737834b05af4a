package parser

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree writes files into a new directory and makes that the working directory.
// A text of "-> x" makes a symbolic link to x.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := newDisk().realPath(t.TempDir())
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			if runtime.GOOS == "windows" {
				t.Skip("symbolic links need a right of their own on Windows")
			}
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(text), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	return dir
}

// describe writes a workspace as lines: a configuration with its files, then
// problems. A file that was asked about has a '*', one that may change a 'w'.
func describe(w *Workspace, dir string) string {
	var b strings.Builder
	name := func(f *File) string {
		marks := ""
		if w.Named(f) {
			marks += "*"
		}
		if w.Writable(f) {
			marks += "w"
		}
		return marks + filepath.ToSlash(f.Name)
	}
	problems := func(list []Problem) {
		for _, p := range list {
			place := filepath.ToSlash(p.File)
			if p.Line > 0 {
				place += fmt.Sprintf(":%d:%d", p.Line, p.Column)
			}
			fmt.Fprintf(&b, "%s: %s: %s\n", place, p.Kind, strings.ReplaceAll(p.Message, dir, "DIR"))
		}
	}
	for _, c := range w.Configs {
		kind := "main"
		if c.Fragment {
			kind = "fragment"
		}
		b.WriteString(kind)
		for _, f := range c.Files {
			b.WriteString(" " + name(f))
		}
		b.WriteString("\n")
		problems(c.Problems)
	}
	problems(w.Problems)
	for _, p := range w.Passed {
		text := "passed " + strings.ReplaceAll(filepath.ToSlash(p.Name), dir, "DIR")
		if p.Format != "" {
			text += ": " + p.Format
		}
		if p.Unread != "" {
			text += ": " + p.Unread
		}
		b.WriteString(text + "\n")
	}
	return b.String()
}

const (
	mainText   = "events {}\nhttp {\n  include conf.d/*.conf;\n}\n"
	serverText = "server { listen 80; }\n"
)

func TestOpen(t *testing.T) {
	many := strings.Repeat("include b.conf;\n", 2)
	for _, tt := range []struct {
		name  string
		files map[string]string
		paths []string
		opts  Options
		want  string
	}{
		{"a tree", map[string]string{
			"nginx.conf": mainText, "conf.d/b.conf": serverText, "conf.d/B.conf": serverText, "conf.d/.x.conf": "{",
			"conf.d/10.conf": serverText, "conf.d/9.conf": serverText, "conf.d/c.conf.bak": "{", "README.md": "x"},
			nil, Options{},
			"main *wnginx.conf *wconf.d/10.conf *wconf.d/9.conf *wconf.d/B.conf *wconf.d/b.conf\npassed conf.d/c.conf.bak: a copy by its name\n"},
		{"copies, by the ends of their names", map[string]string{"nginx.conf": mainText, "conf.d/a.conf": serverText,
			"conf.d/b.conf.bak2": "{", "conf.d/c.conf.backup.20250803_200028": "{", "conf.d/d.conf.20240131": "{", "conf.d/e.conf_old": "{",
			"conf.d.backup.20250624_195036/a.conf": "{", "conf.d.backup.20250624_195036/x": "server { proxy_pass http://a; }"},
			nil, Options{},
			"main *wnginx.conf *wconf.d/a.conf\npassed conf.d/b.conf.bak2: a copy by its name\npassed conf.d/c.conf.backup.20250803_200028: a copy by its name\npassed conf.d/d.conf.20240131: a copy by its name\n" +
				"passed conf.d/e.conf_old: a copy by its name\npassed conf.d.backup.20250624_195036/a.conf: a copy by its name\n"},
		{"no copies, whatever their names", map[string]string{"nginx.conf": mainText, "conf.d/backup.conf": serverText, "conf.d/a.bak.conf": serverText,
			"conf.d/old-2024.conf": serverText, "backup/b.conf": serverText, "sites-available/app-old": serverText, "default.conf.1": serverText},
			nil, Options{},
			"main *wnginx.conf *wconf.d/a.bak.conf *wconf.d/backup.conf *wconf.d/old-2024.conf\n" +
				"fragment *wbackup/b.conf\nfragment *wdefault.conf.1\nfragment *wsites-available/app-old\n"},
		{"a folder of copies, named", map[string]string{"conf.d.old/a.conf": serverText}, []string{"conf.d.old"}, Options{}, "fragment *wconf.d.old/a.conf\n"},
		{"what nginx -T printed", map[string]string{"a.conf": serverText,
			"nginx-t.conf": "# configuration file /etc/nginx/nginx.conf:\nevents {}\n\n# configuration file /etc/nginx/a.conf:\nserver {}\n"},
			nil, Options{}, "fragment *wa.conf\npassed nginx-t.conf: what nginx -T prints\n"},
		{"one file with the mark of nginx -T", map[string]string{"a.conf": "# configuration file /etc/nginx/a.conf:\n" + serverText}, nil, Options{},
			"fragment *wa.conf\n"},
		{"names that begin with a dot", map[string]string{".app.nginx": serverText, "nginx/.nginx.conf": serverText, "conf.d/.off.conf": serverText, ".x.conf": "x y", "._app.conf": "\x00"},
			nil, Options{}, "fragment *w.app.nginx\nfragment *wnginx/.nginx.conf\n"},
		{"a main file stands for its tree", map[string]string{"nginx.conf": mainText, "conf.d/a.conf": serverText, "other.conf": serverText},
			[]string{"nginx.conf"}, Options{}, "main *wnginx.conf *wconf.d/a.conf\n"},
		{"a fragment of a tree", map[string]string{"nginx.conf": mainText, "conf.d/a.conf": serverText, "conf.d/b.conf": serverText},
			[]string{"conf.d/b.conf"}, Options{}, "main nginx.conf conf.d/a.conf *wconf.d/b.conf\n"},
		{"a folder of a tree", map[string]string{"nginx.conf": mainText, "conf.d/a.conf": serverText, "x/b.conf": serverText},
			[]string{"conf.d"}, Options{}, "main nginx.conf *wconf.d/a.conf\n"},
		{"a fragment alone", map[string]string{"b.conf": serverText, "a.conf": serverText},
			[]string{"b.conf"}, Options{}, "fragment *wb.conf\n"},
		{"the main file above includes something else", map[string]string{"nginx.conf": mainText, "x/b.conf": serverText},
			[]string{"x/b.conf"}, Options{}, "fragment *wx/b.conf\n"},
		{"the main file is above the repository", map[string]string{"nginx.conf": "events {} http { include r/*.conf; }", "r/.git/HEAD": "", "r/b.conf": serverText},
			[]string{"r/b.conf"}, Options{}, "fragment *wr/b.conf\n"},
		{"fragments that include each other", map[string]string{"a.conf": "server { include inc/x.conf; }", "inc/x.conf": "gzip on;", "b.conf": serverText},
			nil, Options{}, "fragment *wa.conf *winc/x.conf\nfragment *wb.conf\n"},
		{"a fragment finds its includes above it", map[string]string{"sites/a/b.conf": "server { include inc/x.conf; }", "sites/inc/x.conf": "gzip on;"},
			[]string{"."}, Options{}, "fragment *wsites/a/b.conf *wsites/inc/x.conf\n"},
		{"two main files", map[string]string{"a.conf": "events {} http { include c.conf; }", "b.conf": "events {} http { include c.conf; }", "c.conf": serverText},
			nil, Options{}, "main *wa.conf *wc.conf\nmain *wb.conf *wc.conf\n"},
		{"a main file that another includes", map[string]string{"http.conf": "http { }", "nginx.conf": "events {} include http.conf;"},
			nil, Options{}, "main *wnginx.conf *whttp.conf\n"},
		{"an explicit main file", map[string]string{"my.conf": mainText, "conf.d/a.conf": serverText},
			[]string{"conf.d/a.conf"}, Options{Root: "my.conf"}, "main my.conf *wconf.d/a.conf\n"},
		{"an explicit main file that is missing", map[string]string{"a.conf": serverText},
			[]string{"a.conf"}, Options{Root: "my.conf"}, "fragment *wa.conf\nmy.conf: failed: the main configuration was not read: no such file\n"},
		{"excluded", map[string]string{"nginx.conf": mainText, "conf.d/a.conf": serverText, "old/b.conf": serverText, "x.conf": serverText},
			nil, Options{Exclude: []string{"old/", "conf.d/a*", "x.conf"}}, "main *wnginx.conf conf.d/a.conf\n"},

		{"usual prefixes lie beside the main file", map[string]string{
			"nginx.conf":    "events {}\nhttp {\n include /etc/nginx/conf.d/*.conf;\n include /usr/local/nginx/conf/x.conf;\n include /etc/nginx/mime.types;\n}",
			"conf.d/a.conf": serverText, "x.conf": serverText},
			[]string{"nginx.conf"}, Options{}, "main *wnginx.conf *wconf.d/a.conf *wx.conf\n"},
		{"a tree that is the image of a system", map[string]string{
			"root/etc/nginx/nginx.conf": "events {}\nhttp {\n include /srv/www/*.conf;\n}", "root/srv/www/a.conf": serverText},
			nil, Options{}, "main *wroot/etc/nginx/nginx.conf *wroot/srv/www/a.conf\n"},
		{"outside the tree", map[string]string{
			"nginx.conf": "events {}\nhttp {\n include /opt/x.conf;\n include /opt/x/*.conf;\n include /etc/nginx/conf.d/*.conf;\n include \"{{ x }}.conf\";\n include $x/y.conf;\n include nothere.conf;\n include nothere/*.conf;\n include /opt/x.conf;\n}"},
			nil, Options{}, `main *wnginx.conf
nginx.conf:3:2: not-followed: include "/opt/x.conf" was not followed: it is not in this tree
nginx.conf:4:2: not-followed: include "/opt/x/*.conf" was not followed: it is not in this tree
nginx.conf:5:2: not-followed: include "/etc/nginx/conf.d/*.conf" was not followed: it is not in this tree
nginx.conf:6:2: not-followed: include "{{ x }}.conf" was not followed: its path is filled in from outside
nginx.conf:7:2: not-followed: include "$x/y.conf" was not followed: its path is filled in from outside
nginx.conf:8:2: not-followed: include "nothere.conf" was not followed: there is no "nothere.conf"
`},
		{"mapped", map[string]string{
			"nginx.conf": "events {}\nhttp {\n include /data/a.conf;\n include /data/sub/*.conf;\n include /data/b.conf;\n}",
			"x/a.conf":   serverText, "y/c.conf": serverText},
			[]string{"nginx.conf"}, Options{Mappings: []Mapping{{"/data", "x", ""}, {"/data/sub", "y", ""}}}, `main *wnginx.conf *wx/a.conf *wy/c.conf
nginx.conf:5:2: not-followed: include "/data/b.conf" was not followed: there is no "x/b.conf"
`},
		{"a path through the parent", map[string]string{".git/HEAD": "", "a/nginx.conf": "events {} http { include ../b/x.conf; }", "b/x.conf": serverText},
			[]string{"a/nginx.conf"}, Options{}, "main *wa/nginx.conf *b/x.conf\n"},
		{"a path out of the tree", map[string]string{"r/.git/HEAD": "", "r/nginx.conf": "events {}\nhttp {\n include ../x.conf;\n}", "x.conf": serverText},
			[]string{"r"}, Options{}, "main *wr/nginx.conf\nr/nginx.conf:3:2: not-followed: include \"../x.conf\" was not followed: it lies outside this tree\n"},
		{"relative patterns that lead out of the tree", map[string]string{"r/nginx.conf": "events {}\nhttp {\n include ../s/*.conf;\n include ../none/*.conf;\n}\n", "s/x.conf": "root /;"},
			[]string{"r"}, Options{}, "main *wr/nginx.conf\nr/nginx.conf:3:2: not-followed: include \"../s/*.conf\" was not followed: it lies outside this tree\n" +
				"r/nginx.conf:4:2: not-followed: include \"../none/*.conf\" was not followed: there is no \"none/*.conf\"\n"},

		{"cycle", map[string]string{"nginx.conf": "events {}\nhttp {\n include a.conf;\n}", "a.conf": "\ninclude b.conf;\n", "b.conf": "include a.conf;"},
			nil, Options{}, "main *wnginx.conf *wa.conf *wb.conf\nb.conf:1:1: failed: include cycle: a.conf:2 -> b.conf:1 -> a.conf\n"},
		{"a file that includes itself", map[string]string{"nginx.conf": "events {} include nginx.conf;"},
			nil, Options{}, "main *wnginx.conf\nnginx.conf:1:11: failed: include cycle: nginx.conf:1 -> nginx.conf\n"},
		{"the same file twice", map[string]string{"nginx.conf": "events {} http { server { include p.conf; } server { include p.conf; } }", "p.conf": "gzip on;"},
			nil, Options{}, "main *wnginx.conf *wp.conf\n"},
		{"include in a map", map[string]string{"nginx.conf": "events {} http { map $a $b { include m; include x y; } types { include m; } split_clients $a $b { include 5%; } }", "m": "a b;"},
			nil, Options{}, "main *wnginx.conf *wm\n"},
		{"include without a path", map[string]string{"nginx.conf": "events {} include a b;"},
			nil, Options{}, "main *wnginx.conf\nnginx.conf:1:11: failed: invalid number of arguments in \"include\" directive\n"},
		{"a directory is included", map[string]string{"nginx.conf": "events {} http { include conf.d; }", "conf.d/a.conf": serverText},
			[]string{"nginx.conf"}, Options{}, "main *wnginx.conf\nnginx.conf:1:18: failed: include \"conf.d\": \"conf.d\" is a directory\n"},
		{"syntax errors", map[string]string{"nginx.conf": mainText, "conf.d/a.conf": "server {\n listen 80\n}\n"},
			nil, Options{}, "main *wnginx.conf *wconf.d/a.conf\nconf.d/a.conf:3:1: failed: unexpected \"}\" (line 2 has no semicolon at its end)\n"},

		{"links", map[string]string{"nginx.conf": "events {} http { include sites-enabled/*; }",
			"sites-available/a": serverText, "sites-available/b": serverText,
			"sites-enabled/a": "-> ../sites-available/a", "sites-enabled/b": "-> /etc/nginx/sites-available/b"},
			nil, Options{}, "main *wnginx.conf *wsites-available/a *wsites-available/b\n"},
		{"the name the user gave stays", map[string]string{"nginx.conf": "events {} http { include sites-enabled/*; }",
			"sites-available/a": serverText, "sites-enabled/a": "-> ../sites-available/a"},
			[]string{"sites-enabled/a"}, Options{}, "main nginx.conf *wsites-enabled/a\n"},
		{"a folder of links", map[string]string{"nginx.conf": "events {} http { include sites-enabled/*; }",
			"sites-available/a": serverText, "sites-enabled/a": "-> ../sites-available/a"},
			[]string{"sites-enabled"}, Options{}, "main nginx.conf *sites-enabled/a\n"},
		{"a folder that is a link", map[string]string{"r/nginx.conf": mainText, "r/conf.d/a.conf": serverText, "l": "-> r"},
			[]string{"l"}, Options{}, "main *wl/nginx.conf *wl/conf.d/a.conf\n"},
		{"links to nowhere and in circles", map[string]string{"r/.git/HEAD": "", "r/nginx.conf": "events {}\nhttp {\n include l/*;\n}", "out.conf": serverText,
			"r/l/a": "-> nowhere", "r/l/b": "-> b", "r/l/c": "-> ../../out.conf"},
			[]string{"r/nginx.conf"}, Options{}, `main *wr/nginx.conf
r/nginx.conf:3:2: not-followed: include "l/*": the symbolic link "r/l/a" leads nowhere
r/nginx.conf:3:2: failed: include "l/*": "r/l/b": too many levels of symbolic links
r/nginx.conf:3:2: not-followed: include "l/*" was not followed: the symbolic link "r/l/c" leads outside this tree
`},

		{"links that lead out of a system's tree", map[string]string{"r/.git/HEAD": "", "r/a.conf": serverText, "r/alsa/conf.d/50-jack.conf": "-> /usr/share/alsa/50-jack.conf",
			"r/apache2/sites-enabled/b.conf": "-> /etc/apache2/b.conf", "r/conf.d/c.conf": "-> /etc/nginx/gone/c.conf",
			"r/nginx/sites-enabled/d": "-> /srv/d", "r/x/sites-enabled/e": "-> /srv/e", "r/z.conf": "-> /srv/z.conf"},
			[]string{"r"}, Options{}, `fragment *wr/a.conf
r/conf.d/c.conf: not-followed: this symbolic link leads to no file of the tree and was not followed
r/nginx/sites-enabled/d: not-followed: this symbolic link leads to no file of the tree and was not followed
r/x/sites-enabled/e: not-followed: this symbolic link leads to no file of the tree and was not followed
r/z.conf: not-followed: this symbolic link leads to no file of the tree and was not followed
passed r/alsa/conf.d/50-jack.conf: a symbolic link that leads to no file of the tree
passed r/apache2/sites-enabled/b.conf: a symbolic link that leads to no file of the tree
`},
		{"an include of what is rendered as well", map[string]string{"templates/site.conf.j2": "server {\n listen {{ p }};\n include ssl_params;\n include /etc/nginx/gone;\n include plain;\n}\n",
			"templates/ssl_params.j2": "ssl_protocols {{ x }};\n", "templates/plain.erb": "gzip on;\n"}, nil, Options{},
			"fragment *wtemplates/plain.erb\nfragment *wtemplates/site.conf.j2 *wtemplates/ssl_params.j2\n" +
				"templates/site.conf.j2:4:2: not-followed: include \"/etc/nginx/gone\" was not followed: it is not in this tree\n" +
				"templates/site.conf.j2:5:2: not-followed: include \"plain\" was not followed: no such file here, and the main configuration is not known\n"},
		{"a template of a program", map[string]string{"a.conf": serverText, "unicorn.conf.rb.erb": "worker_processes <%= @n %>\nlisten \"<%= @socket %>\", :backlog => 2048\npid \"<%= @pid %>\"\nENV.each { |k| puts k }\n"}, nil, Options{},
			"fragment *wa.conf\n"},
		{"copies", map[string]string{"a.conf": serverText, "a.conf.bak": serverText, "b.conf.bkup": serverText}, nil, Options{},
			"fragment *wa.conf\npassed a.conf.bak: a copy by its name\npassed b.conf.bkup: a copy by its name\n"},

		{"no such path", nil, []string{"nothere.conf"}, Options{},
			"nothere.conf: failed: no such file or folder; name a configuration, or a folder that holds one\n"},
		{"a link to nowhere, named", map[string]string{"a.conf": "-> gone.conf"}, []string{"a.conf"}, Options{},
			"a.conf: failed: is a symbolic link to \"gone.conf\", which leads nowhere\n"},
		{"a folder without nginx files", map[string]string{"x.conf": "[a]\nb = c\n", "y.conf": "zone \"x\" { type master; };\n", "z.txt": serverText},
			nil, Options{}, ".: failed: no nginx configuration in this folder (2 files looked at); name a file, or a folder that holds *.conf files\npassed x.conf: INI\npassed y.conf\n"},
		{"a binary file", map[string]string{"a": "\x7fELF\x00\x00server {"}, []string{"a"}, Options{},
			"a: failed: is a binary file, not nginx configuration\n"},
		{"another format by name", map[string]string{"a": "name: x\non:\n  - push\n"}, []string{"a"}, Options{}, "passed a: YAML\n"},
		{"another format beside nginx", map[string]string{"a": "[Unit]\nAfter=x\n", "b.conf": serverText}, []string{"a", "b.conf"}, Options{},
			"fragment *wb.conf\npassed a: a systemd unit\n"},
		{"files of a commit in formats that have words of nginx's", map[string]string{"ntp.conf": "server 0.pool.ntp.org iburst\nserver 1.pool.ntp.org iburst\nfoo bar\n",
			"app.conf": "http {\n  server {\n    idle-timeout = 60 s\n  }\n}\n", "irc.conf": "listen { ip *; port 6667; }\nallow { mask *; }\n",
			"up.conf": "server 10.0.0.1:80;\nserver 10.0.0.2:80\n", "site.conf": "server {\n  listen 80\n}\n"},
			[]string{"app.conf", "irc.conf", "ntp.conf", "site.conf", "up.conf"}, Options{Hook: true},
			"fragment *wsite.conf\nsite.conf:3:1: failed: unexpected \"}\" (line 2 has no semicolon at its end)\n" +
				"fragment *wup.conf\nup.conf:3:1: failed: unexpected end of file, expecting \";\" or \"}\"\npassed app.conf\npassed irc.conf\npassed ntp.conf\n"},
		{"a block with arguments it does not take", map[string]string{"nginx.conf": "events {\n  http a b {\n  }\n}\n"}, []string{"nginx.conf"}, Options{}, "main *wnginx.conf\n"},
		{"another format by force", map[string]string{"a.conf": "[Unit]\nAfter=x\n"}, []string{"a.conf"}, Options{Force: true},
			"fragment *wa.conf\na.conf:3:1: failed: unexpected end of file, expecting \";\" or \"}\"\n"},
		{"a text that is not nginx", map[string]string{"a": "name is x\nwhatever it says\n"}, []string{"a"}, Options{},
			"a: failed: is not nginx configuration: no directive that nginx knows stands in it\n"},
		{"an empty file", map[string]string{"a.conf": "# nothing yet\n"}, []string{"a.conf"}, Options{}, "fragment *wa.conf\n"},
		{"a truncated file", map[string]string{"a.conf": "server {\n  listen 80"}, []string{"a.conf"}, Options{},
			"fragment *wa.conf\na.conf:2:12: failed: unexpected end of file, expecting \";\" or \"}\"\n"},

		{"a template that cannot be read, found", map[string]string{"a.conf": serverText, "b.conf.j2": "server {\n{% if a %}\n}\n{% endif %}\n}\nlisten 1;\n"}, nil, Options{},
			"fragment *wa.conf\nfragment *wb.conf.j2\nb.conf.j2:5:1: not-followed: this template could not be read: unexpected \"}\" (every block is closed already)\n"},
		{"a template that cannot be read, named", map[string]string{"b.conf.j2": "server {\n{% if a %}\n}\n{% endif %}\n}\nlisten 1;\n"}, []string{"b.conf.j2"}, Options{},
			"fragment *wb.conf.j2\nb.conf.j2:5:1: failed: this template could not be read: unexpected \"}\" (every block is closed already)\n"},
		{"nothing but a template with a mistake", map[string]string{"r/b.conf.j2": "server {\n listen {{ p }};\n}\n\n}\n", "r/x.md": "# x\n"}, []string{"r"}, Options{},
			"fragment *wr/b.conf.j2\nr/b.conf.j2:5:1: not-followed: this template could not be read: unexpected \"}\" (every block is closed already)\n" +
				"r: failed: nothing in this folder could be read: all nginx configuration in it is templates with mistakes\n"},
		{"templates by their endings", map[string]string{"x/nginx.tmpl": "server {\n listen {{ .Port }};\n}\n", "x/page.tmpl": "<html>{{ .Body }}</html>\n",
			"x/chart.tpl": "{{- define \"x\" -}}\napp: {{ .Name }}\n{{- end }}\n"}, nil, Options{},
			"fragment *wx/nginx.tmpl\npassed x/chart.tpl: YAML\npassed x/page.tmpl: XML or HTML\n"},

		{"a link to the machine that the tree is for", map[string]string{".git/HEAD": "", "nginx/nginx.conf": "events {} http { include sites-enabled/*; }", "nginx/sites-available/a": serverText,
			"nginx/sites-enabled/a": "-> /etc/nginx/sites-available/a"}, []string{"nginx/sites-enabled/a"}, Options{Hook: true},
			"main nginx/nginx.conf *wnginx/sites-available/a\n"},
		{"a folder and another in it", map[string]string{"nginx.conf": mainText, "conf.d/a.conf": serverText}, []string{".", "conf.d", "conf.d/a.conf", "."}, Options{},
			"main *wnginx.conf *wconf.d/a.conf\n"},
		{"a file and its folder", map[string]string{"conf.d/a.conf": serverText}, []string{"conf.d/a.conf", "conf.d"}, Options{}, "fragment *wconf.d/a.conf\n"},
		{"files of a commit, the first of which no main file includes", map[string]string{"nginx.conf": mainText, "aaa.conf": serverText, "conf.d/a.conf": serverText},
			[]string{"aaa.conf", "conf.d/a.conf"}, Options{Hook: true}, "main nginx.conf *wconf.d/a.conf\nfragment *waaa.conf\n"},
		{"a main file of another name above, in a repository", map[string]string{".git/HEAD": "", "nginx.prod.conf": mainText, "nginx.prod.conf.bak": mainText, "conf.d/a.conf": serverText},
			[]string{"conf.d/a.conf"}, Options{}, "main nginx.prod.conf *wconf.d/a.conf\n"},
		{"main files elsewhere in the repository", map[string]string{".git/HEAD": "", "a/nginx.conf": "events {} http { include ../all/x.conf; }", "b/c/nginx.conf": "events {} http { include ../../all/x.conf; }",
			"d/nginx.conf": mainText, "vendor/nginx.conf": "events {} http { include ../all/x.conf; }", "all/x.conf": serverText},
			[]string{"all/x.conf"}, Options{}, "main a/nginx.conf *wall/x.conf\nmain b/c/nginx.conf *wall/x.conf\n"},
		{"main files elsewhere, and no repository", map[string]string{"a/nginx.conf": "events {} http { include ../all/x.conf; }", "all/x.conf": serverText},
			[]string{"all/x.conf"}, Options{}, "fragment *wall/x.conf\n"},

		{"a dump", nil, []string{"-"}, Options{Stdin: []byte("nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n" +
			"# configuration file /etc/nginx/nginx.conf:\nevents {}\nhttp {\n include mime.types;\n include /etc/nginx/conf.d/*.conf;\n include none*;\n include /gone;\n}\n\n" +
			"# configuration file /etc/nginx/mime.types:\ntypes {}\n\n# configuration file /etc/nginx/conf.d/b.conf:\n" + serverText + "\n" +
			"# configuration file /etc/nginx/conf.d/a.conf:\n\n}\n")},
			"main */etc/nginx/nginx.conf */etc/nginx/mime.types */etc/nginx/conf.d/a.conf */etc/nginx/conf.d/b.conf\n" +
				"/etc/nginx/conf.d/a.conf:2:1: failed: unexpected \"}\" (every block is closed already)\n" +
				"/etc/nginx/nginx.conf:6:2: not-followed: include \"/gone\" was not followed: the dump does not hold it\n"},

		{"a dump whose includes go by way of other folders", nil, []string{"-"}, Options{Stdin: []byte("# configuration file /etc/nginx/nginx.conf:\n" +
			"events {}\nhttp {\n include ../snip/map.conf;\n include ./conf.d//*.conf;\n include /etc/nginx/../nginx/x.conf;\n}\n\n" +
			"# configuration file /etc/nginx/../snip/map.conf:\nmap $a $b {}\n\n# configuration file /etc/nginx/./conf.d//b.conf:\n" + serverText + "\n" +
			"# configuration file /etc/nginx/../nginx/x.conf:\n" + serverText + "\n# configuration file /etc/nginx/x.conf:\n" + serverText + "\n")},
			"main */etc/nginx/nginx.conf */etc/nginx/../snip/map.conf */etc/nginx/./conf.d//b.conf */etc/nginx/../nginx/x.conf\n"},
		{"a dump of files that hold its marks", nil, []string{"-"}, Options{Stdin: []byte("# configuration file /etc/nginx/nginx.conf:\n" +
			"events {}\nhttp {\n include conf.d/*;\n# configuration file /etc/nginx/old.conf:\n gzip on;\n}\n\n" +
			"# configuration file /etc/nginx/conf.d/a:\n# configuration file /etc/nginx/conf.d/a:\n" + serverText + "\n" +
			"# configuration file /etc/nginx/conf.d/b:\nadd_header X \"\n# configuration file /x:\n\";\nset_by_lua_block $x {\n--[[ } \n# configuration file /x:\n]] }\n\n" +
			"# configuration file /etc/nginx/conf.d/c:\n" + serverText + "# configuration file /gone:\n# that is all\n\n")},
			"main */etc/nginx/nginx.conf */etc/nginx/conf.d/a */etc/nginx/conf.d/b */etc/nginx/conf.d/c\n"},
		{"a dump with a file that nothing includes", nil, []string{"-"}, Options{Stdin: []byte("# configuration file /etc/nginx/nginx.conf:\n" +
			"events {}\nhttp {}\n\n# configuration file /etc/nginx/conf.d/a:\n" + serverText + "\n")},
			"main */etc/nginx/nginx.conf\n/etc/nginx/conf.d/a: not-followed: stands in the dump, and no include of the dump names it; it was not read\n"},
		{"a dump with a file that lost its end", nil, []string{"-"}, Options{Stdin: []byte("# configuration file /etc/nginx/nginx.conf:\n" +
			"events {}\nhttp {\n include a;\n include b;\n}\n\n# configuration file /etc/nginx/a:\nserver {\n\n# configuration file /etc/nginx/b:\n" + serverText + "\n")},
			"main */etc/nginx/nginx.conf */etc/nginx/a */etc/nginx/b\n/etc/nginx/a:2:1: failed: unexpected end of file, expecting \"}\" (the block of server in line 1, or one inside it, is not closed)\n"},

		{"stdin is a main file", nil, []string{"-"}, Options{Stdin: []byte("events {} http { include x.conf; }")},
			"main *<stdin>\n<stdin>:1:18: not-followed: include \"x.conf\" was not followed: there is no \"x.conf\"\n"},
		{"stdin is a fragment", nil, []string{"-"}, Options{Stdin: []byte(serverText)}, "fragment *<stdin>\n"},
		{"stdin is empty", nil, []string{"-"}, Options{}, "fragment *<stdin>\n"},
		{"stdin stands for a file of a tree", map[string]string{"nginx.conf": mainText, "conf.d/a.conf": "{"},
			[]string{"-"}, Options{Stdin: []byte(serverText), StdinName: "conf.d/a.conf"}, "main nginx.conf *conf.d/a.conf\n"},
		{"stdin stands for a new file", map[string]string{"nginx.conf": "events {} http { include conf.d/a.conf; }"},
			[]string{"-"}, Options{Stdin: []byte(serverText), StdinName: "conf.d/a.conf"}, "main nginx.conf *conf.d/a.conf\n"},
		{"expands no further than its bound", map[string]string{"nginx.conf": "events {}\n" + many, "b.conf": strings.Repeat("include c.conf;\n", 4000),
			"c.conf": strings.Repeat("gzip on;\n", 1000)}, []string{"nginx.conf"}, Options{},
			"main *wnginx.conf *wb.conf *wc.conf\nnginx.conf:3:1: failed: the includes expand to more than 5000000 directives\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, tt.files)
			tt.opts.Jobs = 3
			w := Open(tt.paths, tt.opts)
			if diff := cmp.Diff(tt.want, describe(w, dir)); diff != "" {
				t.Errorf("Open(%q):\n%s", tt.paths, diff)
			}
		})
	}
}

func TestOpenMachine(t *testing.T) {
	dir := tree(t, map[string]string{
		"etc/nginx/nginx.conf": "events {}\nhttp {\n include mime.types;\n include DIR/etc/nginx/conf.d/*.conf;\n include DIR/etc/nginx/gone/*.conf;\n include modules/x.conf;\n include /opt/y.conf;\n}",
		"etc/nginx/mime.types": "types { text/html html; }", "etc/nginx/conf.d/a.conf": serverText, "other/x.conf": serverText,
		"etc/nginx/modules": "-> ../../other",
	})
	path := filepath.Join("etc", "nginx", "nginx.conf")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "DIR", filepath.ToSlash(dir))), 0o666); err != nil {
		t.Fatal(err)
	}
	before := prefixes
	defer func() { prefixes = before }()
	prefixes = []string{filepath.ToSlash(dir) + "/etc/nginx"}
	const want = `main *wetc/nginx/nginx.conf *wetc/nginx/mime.types *wetc/nginx/conf.d/a.conf *etc/nginx/modules/x.conf
etc/nginx/nginx.conf:7:2: not-followed: include "/opt/y.conf" was not followed: it is not in this tree
`
	if diff := cmp.Diff(want, describe(Open([]string{path}, Options{}), dir)); diff != "" {
		t.Error(diff)
	}
	os.Remove(filepath.Join("etc", "nginx", "mime.types"))
	c := Open([]string{path}, Options{}).Configs[0]
	if p := c.Problems[0]; p.Kind != Failed || p.Line != 3 {
		t.Errorf("a missing mime.types of the machine's own nginx: %v, want it failed", p)
	}
}

func TestWith(t *testing.T) {
	tree(t, map[string]string{"nginx.conf": mainText, "conf.d/a.conf": serverText, "conf.d/b.conf": serverText})
	w := Open([]string{"nginx.conf"}, Options{})
	name := filepath.Join("conf.d", "b.conf")
	n := w.With(map[string]string{name: "server { include conf.d/a.conf; }"})
	if len(n.Configs) != 1 || len(n.Configs[0].Files) != 3 {
		t.Fatalf("With: %d configurations", len(n.Configs))
	}
	was, is := w.Configs[0].Files, n.Configs[0].Files
	if is[0] != was[0] || is[1] != was[1] {
		t.Error("With parses files again that did not change")
	}
	if is[2] == was[2] || is[2].Name != name || len(is[2].Directives[0].Children) != 1 {
		t.Errorf("With does not read the overlay: %q", is[2].Src)
	}
	if !n.Named(is[2]) || !n.Writable(is[2]) || n.Writable(was[2]) {
		t.Error("With: the new file is to be written, the old one is not of it")
	}
	again := n.With(map[string]string{filepath.Join("conf.d", "a.conf"): "gzip on;"})
	if got := again.Configs[0].Files[2]; got != is[2] {
		t.Errorf("With forgets an earlier overlay: %q", got.Src)
	}
	inc := n.Configs[0].Include(is[2].Directives[0].Children[0])
	if !inc.Followed || len(inc.Files) != 1 || inc.Files[0] != is[1] {
		t.Errorf("Include = %v, want conf.d/a.conf", inc)
	}
	if inc := w.Configs[0].Include(is[2].Directives[0].Children[0]); inc.Followed {
		t.Error("Include knows a directive of another workspace")
	}
}

func TestOpenManyFiles(t *testing.T) {
	files := map[string]string{"nginx.conf": mainText}
	for i := range 200 {
		files[fmt.Sprintf("conf.d/%03d.conf", i)] = fmt.Sprintf("server { listen 80; server_name a%d; include snippets/%d.conf; }", i, i%7)
	}
	dir := tree(t, files)
	want := describe(Open([]string{"."}, Options{Jobs: 1}), dir)
	for range 5 {
		if got := describe(Open([]string{"."}, Options{Jobs: 8}), dir); got != want {
			t.Fatalf("with 8 jobs:\n%s\nwith one:\n%s", got, want)
		}
	}
}

// BenchmarkOpen reads a tree of 10,000 small files.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	write("nginx.conf", "events {} http { include [0-9]*.conf; }")
	write("proxy.conf", "proxy_set_header Host $host;")
	for i := range 10_000 {
		write(fmt.Sprintf("%d.conf", i), fmt.Sprintf("server { listen 80; server_name a%d; location / { include proxy.conf; proxy_pass http://a; } }", i))
	}
	for b.Loop() {
		if w := Open([]string{dir}, Options{}); len(w.Configs) != 1 || len(w.Configs[0].Files) != 10_002 {
			b.Fatalf("%d configurations, problems %v", len(w.Configs), w.Problems)
		}
	}
}

func TestIncludeChain(t *testing.T) {
	files := map[string]string{"nginx.conf": "events {} include c1;"}
	for i := 1; i < 600; i++ {
		files[fmt.Sprintf("c%d", i)] = fmt.Sprintf("include c%d;", i+1)
	}
	files["c600"] = "gzip on;"
	tree(t, files)
	c := Open([]string{"nginx.conf"}, Options{}).Configs[0]
	if len(c.Files) != maxChain+1 || len(c.Problems) != 1 || c.Problems[0].Message != "more than 512 files include one another up to here" {
		t.Errorf("a chain of 601 files: %d files, problems %v", len(c.Files), c.Problems)
	}
}

func TestOpenSpecialFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such files")
	}
	dir := tree(t, map[string]string{"nginx.conf": "events {} http { include special/*; }", "special/secret.conf": serverText, "locked/a.conf": serverText})
	if err := makeFIFO(filepath.Join("special", "fifo.conf")); err != nil {
		t.Fatal(err)
	}
	const want = "main *wnginx.conf *wspecial/secret.conf\nnginx.conf:1:18: failed: include \"special/*\": \"special/fifo.conf\" is a pipe, not a file\n"
	if diff := cmp.Diff(want, describe(Open([]string{"nginx.conf"}, Options{}), dir)); diff != "" {
		t.Error(diff)
	}
	const named = "special/fifo.conf: failed: is a pipe, not a file; to read from a pipe, give its text on standard input and \"-\" as the path\n"
	if diff := cmp.Diff(named, describe(Open([]string{"special/fifo.conf"}, Options{}), dir)); diff != "" {
		t.Error(diff)
	}
	seen := newDisk()
	locked := filepath.Join(dir, "locked")
	seen.dirs[locked] = listing{err: &fs.PathError{Op: "open", Path: locked, Err: fs.ErrPermission}}
	w := &Workspace{cwd: dir, disk: seen, sources: map[string]*source{}, names: map[string]*source{}, given: []*given{{path: "main.conf"}}}
	if err := os.WriteFile("main.conf", []byte("events {}\nhttp {\n include locked/*;\n include lock*/*;\n}"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.load()
	const passed = "main *wmain.conf\nmain.conf:3:2: failed: include \"locked/*\": directory \"locked\": no permission to read it\n" +
		"main.conf:4:2: failed: include \"lock*/*\": directory \"locked\": no permission to read it\n"
	if diff := cmp.Diff(passed, describe(w, dir)); diff != "" {
		t.Error(diff)
	}
	if os.Getuid() == 0 {
		return // root may read everything
	}
	os.Chmod(filepath.Join("special", "secret.conf"), 0)
	os.Remove(filepath.Join("special", "fifo.conf"))
	const secret = "main *wnginx.conf\nnginx.conf:1:18: failed: include \"special/*\": \"special/secret.conf\": no permission to read it\n"
	if diff := cmp.Diff(secret, describe(Open([]string{"nginx.conf"}, Options{}), dir)); diff != "" {
		t.Error(diff)
	}
}

func TestMatchName(t *testing.T) {
	for _, tt := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "a", true}, {"*", ".a", false}, {".*", ".a", true}, {"?a", ".a", false}, {"[.]a", ".a", false},
		{"*.conf", "a.conf", true}, {"*.conf", ".conf", false}, {"*.conf", "a.conf~", false}, {"a*b*c", "axbxbyc", true},
		{"?", "a", true}, {"?", "", false}, {"??", "a", false},
		{"[a-c]", "b", true}, {"[a-c]", "d", false}, {"[!a]", "b", true}, {"[!a]", "a", false}, {"[^a]", "b", true},
		{"[]]", "]", true}, {"[!]]", "]", false}, {"[a-]", "-", true}, {"[a", "[a", true}, {"[", "[", true},
		{`\*`, "*", true}, {`\*`, "a", false}, {"{a,b}", "a", false}, {"~", "~", true},
		{"*", "", true}, {"a*", "b", false}, {"B", "b", false},
		{"[[:lower:]]", "a", true}, {"[[:lower:]]", "A", false}, {"[[:alpha:]]*.conf", "b1.conf", true}, {"[[:alpha:]]*", "1", false},
		{"[![:digit:]]", "1", false}, {"[![:digit:]]", "a", true}, {"[[:upper:][:digit:]_]", "_", true}, {"[[:upper:]-]", "-", true},
		{"[[:punct:]]", "~", true}, {"[[:xdigit:]]", "F", true}, {"[[:space:]]", " ", true}, {"[[:nosuch:]]", "a", false},
		{"[![:nosuch:]]", "a", false}, {"[a[:nosuch:]]", "a", true}, {"[[:lower]", ":", true}, {"[[:lower]", "l", true}, {"[[:a-c]", "b", true},
		{"[[=a=]]", "a", true}, {"[[=a=]]", "=", false}, {"[[.a.]-c]", "b", true}, {"[[.-.]]", "-", true}, {"[:lower:]", "l", true}, {"[:lower:]", "z", false},
		{`[\]]`, "]", true}, {`[a-\c]`, "b", true},
	} {
		if got := MatchName(tt.pattern, tt.name); got != tt.want {
			t.Errorf("MatchName(%q, %q) = %v, want %v", tt.pattern, tt.name, got, tt.want)
		}
	}
}

func TestGlobOrder(t *testing.T) {
	dir := tree(t, map[string]string{"a/x.conf": "", "a-b/x.conf": "", "B/x.conf": "", "a/.y.conf": "", ".c/x.conf": "", "d": ""})
	var got []string
	k := newDisk()
	for _, path := range glob(filepath.Join(dir, "*", "x.conf"), k.names, k.exists) {
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, filepath.ToSlash(rel))
	}
	if diff := cmp.Diff([]string{"B/x.conf", "a-b/x.conf", "a/x.conf"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestLooksLikeNginx(t *testing.T) {
	for _, tt := range []struct {
		src  string
		want bool
	}{
		{serverText, true},
		{"location / { proxy_pass http://a; }", true},
		{"upstream a { server b:80; } server 10.0.0.1:80;", true},
		{"server example.com {\n listen 80;\n location / { return 200; }\n}\n", true}, // nginx's, with a mistake
		{"server \"example.com\" {\n\tlisten on * port 80\n\tlocation \"/x/*\" {\n\t\troot \"/x\"\n\t}\n\tlocation * {\n\t\tblock return 302 \"/\"\n\t}\n}\n", false}, // OpenBSD's httpd
		{"http protocol \"ws\" {\n\thttp websockets\n}\nrelay \"x\" {\n\tlisten on 0.0.0.0 port 443 tls\n}\n", false},                                                 // relayd
		{"include \"m.conf\";\nme { name \"irc\"; }\nlisten { ip *; port 6667; }\nallow { mask *; class clients; }\nset { network-name \"X\"; }\n", false},            // UnrealIRCd
		{"virtual_server 10.0.0.1 80 { real_server 10.0.0.2 80 { weight 1\n } }\n", false},                                                                            // keepalived
		{"proxy_set_header Host $host;", true},
		{"set $a 1;\nif ($a) { return 204; }", true},
		{"deny 10.0.0.1;\nallow all;", true},
		{"{% if x %}\nserver {\n listen {{ port }};\n}\n{% endif %}", true},
		{"content_by_lua_block { return }", true},
		{"resolver_timeout 5s;\n", true},
		{"hash a b;\nroot /srv;\n", false},
		{"worker_processes 4\nlisten \"/s\", :backlog => 1\npid \"/p\"\n" + strings.Repeat("puts a b c\n", 9) + "ENV.each { |k| puts k }\n", false},
		{"pagespeed on;\npagespeed EnableFilters a;\npagespeed EnableFilters b;\npagespeed EnableFilters c;\npagespeed EnableFilters d;\n", true},
		{"geoip2 %%DB%% {\n  auto_reload 1h;\n  $code source=$remote_addr country iso_code;\n}\n", true},
		{"rewrite ^/(.+)\\.html$ /index.php?q=$1 last;\nif (!-e $request_filename) {\n  return 404;\n}\n", true},
		{"", false},
		{"[Unit]\nAfter=network.target\n", false},
		{"a = 1\n[b]\nc = \"x\"\n", false},
		{"services:\n  web:\n    image: nginx\n", false},
		{"<VirtualHost *:80>\n  ServerName a\n</VirtualHost>\n", false},
		{"#!/bin/sh\nset -e;\nif true; then return; fi\n", false},
		{"zone \"a\" { type master; file \"b\"; };\n", false},
		{"backend default { .host = \"a\"; }\nsub vcl_recv { return (hash); }\n", false},
		{"server {\x00 listen 80; }", false},
		{"map {\n  pattern = priv/quota/$user\n}\n", false},
		{"if ($programname startswith 'x') then {\n  stop\n}\n", false},
		{"disc => {\n  map => x,\n}\n", false},
		{"auth_mechanisms {\n  login = yes\n}\n", false},
		{"include \"application.conf\"\nredis {\n  host=\"10.0.0.1\"\n}\nhttp {\n  interface = \"0.0.0.0\"\n}\n", false},
		{"http {\n  schema-versions = [2]\n  enablecors = false\n}\n", false},
		{"include \"test.conf\"\nakka {\n  http {\n    client.idle-timeout = Inf\n  }\n}\n", false},
		{"http {\n  server {\n    listen 80\n  }\n}\n", true},
		{"server {\n  listen = 80;\n  root = /x;\n  proxy_pass http://a\n}\n", true},
		{"map $a $b {\n  default = 1\n}\nserver {\n  listen 80\n}\n", true},
		{"http {\n  server {\n    listen 80;\n    location / {\n      mode = x\n    }\n  }\n}\n", true},
	} {
		if got := looksLikeNginx(tt.src); got != tt.want {
			t.Errorf("looksLikeNginx(%q) = %v, want %v", tt.src, got, tt.want)
		}
	}
}
