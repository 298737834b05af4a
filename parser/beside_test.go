package parser

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBeside holds which blocks of the files around it a fragment is read with.
func TestBeside(t *testing.T) {
	const (
		maps  = "map $a $b { default 1; }\ngeo $c { default 1; }\nserver { listen 81; }\n"
		place = "location /x { return 204; }\n"
	)
	for _, tt := range []struct {
		name  string
		files map[string]string
		paths []string
		want  string
	}{
		{"a folder that is included as a whole", map[string]string{"conf.d/a.conf": maps, "conf.d/b.conf": serverText, "conf.d/x.inc": maps}, nil,
			"conf.d/a.conf\nconf.d/b.conf: map@conf.d/a.conf geo@conf.d/a.conf\nconf.d/x.inc\n"},
		{"one file of it", map[string]string{"conf.d/a.conf": maps, "conf.d/b.conf": serverText}, []string{"conf.d/b.conf"},
			"conf.d/b.conf: map@conf.d/a.conf geo@conf.d/a.conf\n"},
		{"what nginx reads after it", map[string]string{"conf.d/a.conf": serverText, "conf.d/b.conf": maps}, []string{"conf.d/a.conf"},
			"conf.d/a.conf: then map@conf.d/b.conf geo@conf.d/b.conf\n"},
		{"an image's templates", map[string]string{"templates/a.conf.template": maps, "templates/b.conf.template": serverText, "templates/c.conf": serverText}, nil,
			"templates/a.conf.template\ntemplates/b.conf.template: map@templates/a.conf.template geo@templates/a.conf.template\ntemplates/c.conf\n"},
		{"other folders", map[string]string{"sites/a.conf": maps, "sites/b.conf": serverText}, nil,
			"sites/a.conf\nsites/b.conf\n"},
		{"a main configuration says what is included", map[string]string{"nginx.conf": "events {} http { include conf.d/b.conf; }", "conf.d/a.conf": maps, "conf.d/b.conf": serverText}, nil,
			"nginx.conf\nconf.d/a.conf\n"},
		{"what the fragment includes is not beside it", map[string]string{"conf.d/a.conf": maps, "conf.d/b.conf": "include a.conf;\n" + serverText}, nil,
			"conf.d/b.conf\n"},
		{"a main configuration among them", map[string]string{"conf.d/a.conf": "events {}\nhttp { }\n" + maps, "conf.d/b.conf": serverText}, nil,
			"conf.d/a.conf\nconf.d/b.conf\n"},
		{"the main configuration of a role", map[string]string{
			"templates/nginx.conf.j2": "events {}\nhttp { map $a {{ b }} { default 1; }\ngeo $c { default 1; } include /etc/nginx/sites/*; }\n", "templates/a.j2": serverText, "templates/nginx.conf.bak": "http { " + maps + " }"}, nil,
			"templates/nginx.conf.j2\ntemplates/a.j2: map@templates/nginx.conf.j2 geo@templates/nginx.conf.j2\n"},
		{"one that defines more after the sites", map[string]string{
			"nginx.conf": "events {}\nhttp { include mime.types; map $a $b { default 1; } include /etc/nginx/sites/*; geo $c { default 1; } }\n", "a.conf": serverText}, nil,
			"nginx.conf\na.conf: map@nginx.conf then geo@nginx.conf\n"},
		{"one that includes no sites", map[string]string{"nginx.conf": "events {}\nhttp { map $a $b { default 1; } include mime.types; }\n", "a.conf": serverText}, nil,
			"nginx.conf\na.conf\n"},
		{"one of another folder", map[string]string{"nginx.conf": "events {}\nhttp { map $a $b { default 1; } include /etc/nginx/sites/*; }\n", "x/a.conf": serverText}, nil,
			"nginx.conf\nx/a.conf\n"},
		{"a sample in a folder that a main configuration includes", map[string]string{"nginx.conf": "events {}\nhttp { map $a $b { default 1; } include sites/*.conf; }\n", "sites/a.conf": "geo $c { default 1; }\nserver { listen 81; }\n", "sites/x.conf.example": serverText}, nil,
			"nginx.conf\nsites/x.conf.example: map@nginx.conf geo@sites/a.conf\n"},
		{"by its name", map[string]string{".git/HEAD": "", "nginx.conf": "events {}\nhttp { map $a $b { default 1; } include sites/*.conf; }\n", "sites/a.conf": serverText, "sites/x.conf.example": serverText}, []string{"sites/x.conf.example"},
			"sites/x.conf.example: map@nginx.conf\n"},
		{"one in a folder of which a file is included", map[string]string{"nginx.conf": "events {}\nhttp { map $a $b { default 1; } include sites/a.conf; }\n", "sites/a.conf": serverText, "sites/x.conf.example": serverText}, nil,
			"nginx.conf\nsites/x.conf.example\n"},
		{"one in a folder of two", map[string]string{"1.conf": "events {}\nhttp { map $a $b { default 1; } include sites/*.conf; }\n", "2.conf": "events {}\nhttp { include sites/*.conf; }\n", "sites/a.conf": serverText, "sites/x.conf.example": serverText}, nil,
			"1.conf\n2.conf\nsites/x.conf.example\n"},
		{"entries of a ConfigMap", map[string]string{"cm.yaml": "data:\n  a.conf: |\n    map $a $b { default 1; }\n    server { location / { proxy_pass http://a; } }\n  b.conf: |\n    server { location / { proxy_pass http://b; } }\n"}, nil,
			"cm.yaml\ncm.yaml: map@cm.yaml\n"},
		{"left out", map[string]string{"conf.d/a.conf": maps, "conf.d/b.conf": place}, []string{"conf.d"},
			"conf.d/b.conf\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tree(t, tt.files)
			opts := Options{}
			if tt.name == "left out" {
				opts.Exclude = []string{"a.conf"}
			}
			var got strings.Builder
			for _, c := range Open(tt.paths, opts).Configs {
				got.WriteString(c.Main.Name)
				for i, d := range slices.Concat(c.Beside, c.Behind) {
					if i == 0 {
						got.WriteByte(':')
					}
					if i == len(c.Beside) {
						got.WriteString(" then")
					}
					fmt.Fprintf(&got, " %s@%s", d.Head.Value, d.File.Name)
				}
				got.WriteByte('\n')
			}
			if diff := cmp.Diff(tt.want, strings.ReplaceAll(got.String(), "\\", "/")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
