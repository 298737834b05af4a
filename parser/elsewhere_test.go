package parser

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestElsewhere holds what is read of the files that Options know an include to name.
func TestElsewhere(t *testing.T) {
	const (
		conf  = "etc/nginx.conf"
		whole = "events {} http { include /etc/nginx/conf.d/*.conf; }"
		all   = "/etc/nginx/conf.d/*.conf"
	)
	for _, tt := range []struct {
		name   string
		files  map[string]string
		paths  []string
		knows  map[string]string // by include: the files, or "!" and why nobody can tell
		asked  string            // main file, '?' where it is a fragment, and include
		want   string
		adjust func(o *Options)
	}{
		{name: "a pattern", files: map[string]string{conf: whole, "sites/a.conf": serverText, "sites/b.conf": serverText},
			knows: map[string]string{all: "sites/b.conf sites/a.conf"},
			asked: "etc/nginx.conf " + all + "\n",
			want:  "main *wetc/nginx.conf *wsites/b.conf *wsites/a.conf\n"},
		{name: "a name", files: map[string]string{conf: "events {} http { include /etc/nginx/a.conf; }", "sites/a.conf": serverText},
			knows: map[string]string{"/etc/nginx/a.conf": "sites/a.conf"},
			asked: "etc/nginx.conf /etc/nginx/a.conf\n",
			want:  "main *wetc/nginx.conf *wsites/a.conf\n"},
		{name: "a relative name", files: map[string]string{conf: "events {} http { include a/b.conf; }", "sites/a.conf": serverText},
			knows: map[string]string{"a/b.conf": "sites/a.conf"},
			asked: "etc/nginx.conf a/b.conf\n",
			want:  "main *wetc/nginx.conf *wsites/a.conf\n"},
		{name: "a relative pattern", files: map[string]string{conf: "events {} http { include a/*.conf; }", "sites/a.conf": serverText},
			knows: map[string]string{"a/*.conf": "sites/a.conf"},
			asked: "etc/nginx.conf a/*.conf\n",
			want:  "main *wetc/nginx.conf *wsites/a.conf\n"},
		{name: "a folder here that holds nothing", files: map[string]string{conf: whole, "etc/conf.d/.keep": "", "sites/a.conf": serverText},
			knows: map[string]string{all: "sites/a.conf"},
			asked: "etc/nginx.conf " + all + "\n",
			want:  "main *wetc/nginx.conf *wsites/a.conf\n"},
		{name: "what includes more", files: map[string]string{conf: whole, "sites/a.conf": "server { include /etc/nginx/x.inc; }", "more/x.inc": "root /srv;"},
			knows: map[string]string{all: "sites/a.conf", "/etc/nginx/x.inc": "more/x.inc"},
			asked: "etc/nginx.conf " + all + "\netc/nginx.conf /etc/nginx/x.inc\n",
			want:  "main *wetc/nginx.conf *wsites/a.conf *wmore/x.inc\n"},
		{name: "a file that is given alone", files: map[string]string{".git/HEAD": "", conf: whole, "sites/a.conf": serverText}, paths: []string{"sites/a.conf"},
			knows: map[string]string{all: "sites/a.conf"},
			asked: "etc/nginx.conf " + all + "\n",
			want:  "main etc/nginx.conf *wsites/a.conf\n"},
		{name: "a main file that is given alone", files: map[string]string{".git/HEAD": "", conf: whole, "sites/a.conf": serverText}, paths: []string{conf},
			knows: map[string]string{all: "sites/a.conf"},
			asked: "etc/nginx.conf " + all + "\n",
			want:  "main *wetc/nginx.conf *sites/a.conf\n"},
		{name: "a fragment", files: map[string]string{".git/HEAD": "", "sites/a.conf": "server { include /etc/nginx/x.inc; }", "more/x.inc": "root /srv;"}, paths: []string{"sites"},
			knows: map[string]string{"/etc/nginx/x.inc": "more/x.inc"},
			asked: "sites/a.conf? /etc/nginx/x.inc\n",
			want:  "fragment *wsites/a.conf more/x.inc\n"},
		{name: "a link of the machine", files: map[string]string{conf: "events {} http { include on/*; }", "etc/on/a": "-> /etc/nginx/sites/a.conf", "sites/a.conf": serverText},
			knows: map[string]string{"/etc/nginx/sites/a.conf": "sites/a.conf", "on/*": "etc/on/a"},
			asked: "etc/nginx.conf on/*\netc/nginx.conf /etc/nginx/sites/a.conf\n",
			want:  "main *wetc/nginx.conf *wsites/a.conf\n"},
		{name: "what is here and more", files: map[string]string{conf: whole, "etc/conf.d/b.conf": serverText, "sites/a.conf": serverText},
			knows: map[string]string{all: "sites/a.conf etc/conf.d/b.conf"},
			asked: "etc/nginx.conf " + all + "\n",
			want:  "main *wetc/nginx.conf *wsites/a.conf *wetc/conf.d/b.conf\n"},

		{name: "nothing", files: map[string]string{conf: whole},
			asked: "etc/nginx.conf " + all + "\n",
			want:  "main *wetc/nginx.conf\netc/nginx.conf:1:18: not-followed: include \"" + all + "\" was not followed: it is not in this tree\n"},
		{name: "what nobody can tell", files: map[string]string{conf: whole},
			knows: map[string]string{all: "!a and b differ"},
			asked: "etc/nginx.conf " + all + "\n",
			want:  "main *wetc/nginx.conf\netc/nginx.conf:1:18: not-followed: include \"" + all + "\" was not followed: a and b differ\n"},
		{name: "what is here, and what nobody can tell", files: map[string]string{conf: whole, "etc/conf.d/b.conf": serverText},
			knows: map[string]string{all: "!a and b differ"},
			asked: "etc/nginx.conf " + all + "\n",
			want:  "main *wetc/nginx.conf *wetc/conf.d/b.conf\n"},
		{name: "what is here and others", files: map[string]string{conf: whole, "etc/conf.d/b.conf": serverText, "sites/a.conf": serverText, "sites/c.conf": serverText},
			knows: map[string]string{all: "sites/a.conf sites/c.conf"},
			asked: "etc/nginx.conf " + all + "\n",
			want:  "main *wetc/nginx.conf *wetc/conf.d/b.conf\nfragment *wsites/a.conf\nfragment *wsites/c.conf\n"},
		{name: "what is here by name", files: map[string]string{conf: "events {} http { include /etc/nginx/a.conf; }", "etc/a.conf": serverText, "sites/a.conf": serverText},
			knows: map[string]string{"/etc/nginx/a.conf": "sites/a.conf"},
			want:  "main *wetc/nginx.conf *wetc/a.conf\nfragment *wsites/a.conf\n"},
		{name: "a mapping", files: map[string]string{conf: whole, "sites/a.conf": serverText},
			knows:  map[string]string{all: "sites/a.conf"},
			adjust: func(o *Options) { o.Mappings = []Mapping{{From: "/etc/nginx", To: "there"}} },
			want:   "main *wetc/nginx.conf\netc/nginx.conf:1:18: not-followed: include \"" + all + "\" was not followed: there is no \"there/conf.d/*.conf\"\nfragment *wsites/a.conf\n"},
		{name: "outside of the tree", files: map[string]string{"in/.git/HEAD": "", "in/etc/nginx.conf": whole, "sites/a.conf": serverText}, paths: []string{"in"},
			knows: map[string]string{all: "sites/a.conf"},
			asked: "in/etc/nginx.conf " + all + "\n",
			want:  "main *win/etc/nginx.conf\nin/etc/nginx.conf:1:18: not-followed: include \"" + all + "\" was not followed: it lies outside this tree\n"},
		{name: "outside of the folder, without a repository", files: map[string]string{"in/nginx.conf": whole, "sites/a.conf": serverText}, paths: []string{"in"},
			knows: map[string]string{all: "sites/a.conf"},
			asked: "in/nginx.conf " + all + "\n",
			want:  "main *win/nginx.conf\nin/nginx.conf:1:18: not-followed: include \"" + all + "\" was not followed: it lies outside this tree\n"},
		{name: "a link that leads outside", files: map[string]string{"in/.git/HEAD": "", "in/etc/nginx.conf": whole, "in/sites/a.conf": "-> ../../a.conf", "a.conf": serverText}, paths: []string{"in"},
			knows: map[string]string{all: "in/sites/a.conf"},
			asked: "in/etc/nginx.conf " + all + "\n",
			want:  "main *win/etc/nginx.conf\nin/etc/nginx.conf:1:18: not-followed: include \"" + all + "\" was not followed: the symbolic link \"in/sites/a.conf\" leads outside this tree\n"},
		{name: "the file itself", files: map[string]string{conf: whole, "sites/a.conf": serverText},
			knows: map[string]string{all: "etc/nginx.conf sites/a.conf"},
			asked: "etc/nginx.conf " + all + "\n",
			want:  "main *wetc/nginx.conf\netc/nginx.conf:1:18: not-followed: include \"" + all + "\" was not followed: it is not in this tree\nfragment *wsites/a.conf\n"},
		{name: "what comes with nginx", files: map[string]string{conf: "events {} http { include /etc/nginx/mime.types; include /etc/nginx/fastcgi_params; }", "a/mime.types": ""},
			knows: map[string]string{"/etc/nginx/mime.types": "a/mime.types"},
			want:  "main *wetc/nginx.conf\n"},
		{name: "a path that is filled in", files: map[string]string{conf: "events {} http { include /etc/nginx/${A}.conf; }"},
			want: "main *wetc/nginx.conf\netc/nginx.conf:1:18: not-followed: include \"/etc/nginx/${A}.conf\" was not followed: its path is filled in from outside\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, tt.files)
			var asked strings.Builder
			opts := Options{Elsewhere: func(main string, fragment bool, include string) ([]string, error) {
				rel, _ := filepath.Rel(dir, main)
				if fragment {
					rel += "?"
				}
				if q := filepath.ToSlash(rel) + " " + include + "\n"; !strings.Contains(asked.String(), q) {
					asked.WriteString(q)
				}
				if why, ok := strings.CutPrefix(tt.knows[include], "!"); ok {
					return nil, errors.New(why)
				}
				var places []string
				for _, name := range strings.Fields(tt.knows[include]) {
					places = append(places, filepath.Join(dir, filepath.FromSlash(name)))
				}
				return places, nil
			}}
			if tt.adjust != nil {
				tt.adjust(&opts)
			}
			w := Open(tt.paths, opts)
			if diff := cmp.Diff(tt.want, describe(w, dir)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.asked, asked.String()); diff != "" {
				t.Errorf("asked: %s", diff)
			}
			if diff := cmp.Diff(tt.want, describe(w.With(nil), dir)); diff != "" {
				t.Errorf("read again: %s", diff)
			}
		})
	}
}
