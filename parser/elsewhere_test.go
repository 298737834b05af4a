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
		{name: "another name of what is included here", files: map[string]string{conf: "events {} http { include a/*.conf; include a/x.template; }", "etc/a/x.conf": serverText},
			knows: map[string]string{"a/x.template": "etc/a/x.conf"},
			asked: "etc/nginx.conf a/*.conf\netc/nginx.conf a/x.template\n",
			want:  "main *wetc/nginx.conf *wetc/a/x.conf\n"},
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
				if fragment && (include == all || include == "/etc/nginx/http.d/*.conf" || include == "/etc/nginx/nginx.conf") {
					return nil, nil // what it is read with: see TestBesideElsewhere
				}
				if q := filepath.ToSlash(rel) + " " + include + "\n"; !strings.Contains(asked.String(), q) {
					asked.WriteString(q)
				}
				return placesOf(dir, tt.knows[include])
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

// TestBesideElsewhere holds which definitions a fragment is read with that an image
// reads beside it.
func TestBesideElsewhere(t *testing.T) {
	const all, maps = "/etc/nginx/conf.d/*.conf", "map $a $b { default 1; }\nserver { listen 81; }\n"
	for _, tt := range []struct {
		name  string
		files map[string]string
		knows map[string]string
		want  string // of in/a.conf: the files of Beside, then those of Behind
	}{
		{"before and after it", map[string]string{"in/a.conf": serverText, "x/1.conf": maps, "y/2.conf": maps}, map[string]string{all: "x/1.conf in/a.conf y/2.conf"}, "x/1.conf | y/2.conf"},
		{"another folder's files", map[string]string{"in/a.conf": serverText, "x/1.conf": maps}, map[string]string{"/etc/nginx/http.d/*.conf": "x/1.conf in/a.conf"}, "x/1.conf |"},
		{"what lies beside it here too", map[string]string{"in/a.conf": serverText, "in/nginx.conf": "http { " + maps + " include sites/*; }", "x/1.conf": maps}, map[string]string{all: "in/a.conf x/1.conf"}, "in/nginx.conf | x/1.conf"},
		{"nothing is read with it", map[string]string{"in/a.conf": serverText, "x/1.conf": maps}, map[string]string{all: "x/1.conf"}, "|"},
		{"nothing is known", map[string]string{"in/a.conf": serverText, "x/1.conf": maps}, nil, "|"},
		{"nobody can tell", map[string]string{"in/a.conf": serverText, "x/1.conf": maps}, map[string]string{all: "!a and b differ"}, "|"},
		{"a main file that does not include it", map[string]string{"in/a.conf": serverText, "x/1.conf": maps, "m/nginx.conf": "http { }"}, map[string]string{all: "x/1.conf in/a.conf", "/etc/nginx/nginx.conf": "m/nginx.conf"}, "|"},
		{"a main file among them", map[string]string{"in/a.conf": serverText, "x/1.conf": "http { " + maps + " }"}, map[string]string{all: "in/a.conf x/1.conf"}, "|"},
		{"what it includes itself", map[string]string{"in/a.conf": "include ../x/1.conf;" + serverText, "x/1.conf": maps}, map[string]string{all: "in/a.conf x/1.conf"}, "|"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, tt.files)
			w := Open([]string{"in/a.conf"}, Options{Elsewhere: func(main string, fragment bool, include string) ([]string, error) {
				if main != filepath.Join(dir, "in", "a.conf") || !fragment {
					return nil, nil
				}
				return placesOf(dir, tt.knows[include])
			}})
			var got []string
			for _, c := range w.Configs {
				if c.Main.Name != filepath.Join("in", "a.conf") {
					continue
				}
				for _, d := range c.Beside {
					got = append(got, filepath.ToSlash(d.File.Name))
				}
				got = append(got, "|")
				for _, d := range c.Behind {
					got = append(got, filepath.ToSlash(d.File.Name))
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// placesOf returns the paths of files in dir, or the error that stands behind "!".
func placesOf(dir, names string) (places []string, err error) {
	if why, ok := strings.CutPrefix(names, "!"); ok {
		return nil, errors.New(why)
	}
	for _, name := range strings.Fields(names) {
		places = append(places, filepath.Join(dir, filepath.FromSlash(name)))
	}
	return places, nil
}
