package parser

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestIncludedWords reads files that stand for more lines of a map: nginx gives
// each of their lines to the map's own handler (ngx_http_map), whatever it reads
// like, and takes no block there.
func TestIncludedWords(t *testing.T) {
	const main = "events {}\nhttp {\n map $host $x { include x.map; }\n geo $g { include g.map; }\n types { include t.types; }\n server { listen 80; }\n}\n"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"lines that read like directives", map[string]string{
			"nginx.conf": main, "x.map": "upstream x;\nlocation a;\nif b;\nserver c;\ninclude more.map;\n", "more.map": "map d;\n~^/x{2} e;\n",
			"g.map": "127.0.0.1 upstream;\nproxy 10.0.0.1;\n", "t.types": "upstream up;\nlocation lo;\n",
		}, "main *wnginx.conf *wx.map *wmore.map *wg.map *wt.types\nmore.map:2:5: failed: unexpected \"{\"\nmore.map:3:1: failed: unexpected end of file, expecting \"}\"\n"},
		{"a block", map[string]string{"nginx.conf": main, "x.map": "a b;\nserver { }\n", "g.map": "", "t.types": ""},
			"main *wnginx.conf *wx.map *wg.map *wt.types\nx.map:2:8: failed: unexpected \"{\"\n"},
		{"no include of a map's own", map[string]string{"nginx.conf": "events {}\nhttp {\n map $host $x { include x.map; }\n}\n", "x.map": "include a b;\n"},
			"main *wnginx.conf *wx.map\n"},
		{"split_clients takes none", map[string]string{"nginx.conf": "events {}\nhttp {\n split_clients $host $x { 50% include; * x; }\n}\n"},
			"main *wnginx.conf\n"},
		{"beside a server as well", map[string]string{"nginx.conf": "events {}\nhttp {\n include x.map;\n map $host $x { include x.map; }\n}\n", "x.map": "upstream x;\n"},
			"main *wnginx.conf *wx.map\nx.map:1:11: failed: directive \"upstream\" has no opening \"{\"\n"},
		{"in a file that is included itself", map[string]string{
			"nginx.conf": "events {}\nhttp {\n include conf.d/*.conf;\n}\n", "conf.d/a.conf": "map $host $x { include x.map; }\n", "x.map": "upstream x;\n",
		}, "main *wnginx.conf *wconf.d/a.conf *wx.map\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, tt.files)
			w := Open([]string{"nginx.conf"}, Options{})
			if diff := cmp.Diff(tt.want, describe(w, dir)); diff != "" {
				t.Errorf("nginx.conf (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, describe(Open([]string{"."}, Options{}), dir)); diff != "" {
				t.Errorf("the folder (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, describe(w.With(map[string]string{"x.map": tt.files["x.map"]}), dir)); diff != "" {
				t.Errorf("an overlay (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReparse(t *testing.T) {
	tree(t, map[string]string{"nginx.conf": "events {}\nhttp {\n map $host $x { include x.map; }\n}\n", "x.map": "a b;\n"})
	f := Open([]string{"nginx.conf"}, Options{}).Configs[0].Files[1]
	if g := f.Reparse("upstream b;\n"); len(g.Errors) > 0 || g.Name != f.Name {
		t.Errorf("Reparse(%q) of the file of a map: %v", "upstream b;", g.Errors)
	}
	if g := Parse("x", []byte("upstream b;\n")); len(g.Errors) != 1 {
		t.Errorf("Parse(%q): %v, want one error", "upstream b;", g.Errors)
	}
}
