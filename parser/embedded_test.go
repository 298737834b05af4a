package parser

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScalars(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		want      []string // key, folder and text
	}{
		{"an entry", "data:\n  a.conf: |\n    x;\n\n    y;\n  b: c\n", []string{"a.conf 2 \"    x;\\n\\n    y;\\n\""}},
		{"to the end", "a: |\n  x;", []string{`a 1 "  x;"`}},
		{"chomping and an indentation", "a: |-\n  x;\nb: |2+\n   y;\n", []string{`a 1 "  x;\n"`, `b 1 "   y;\n"`}},
		{"a comment, an anchor, a tag", "a: | # x: |\n  x;\nb: &n !!str |\n  y;\n", []string{`a 1 "  x;\n"`, `b 1 "  y;\n"`}},
		{"items", "- |\n  x;\n- a: |\n    y;\n", []string{` 1 "  x;\n"`, `a 2 "    y;\n"`}},
		{"quoted keys", "\"a b\": |\n  x;\n", []string{`a b 1 "  x;\n"`}},
		{"two folders", "d:\n  a: |\n    x;\n  b: |\n    y;\ne:\n  a: |\n    z;\n",
			[]string{`a 2 "    x;\n"`, `b 2 "    y;\n"`, `a 3 "    z;\n"`}},
		{"the indentation that is said", "a: |2\n    # x\n  y;\nb: c\n- d: |2\n     x;\n    y;\n   z;\n", []string{`a 1 "    # x\n  y;\n"`, `d 2 "     x;\n    y;\n"`}},
		{"an empty one in an item, items of items", "- a: |\n  b: |\n    x;\n- b: |\n    y;\n- - |\n    z;\n",
			[]string{`a 2 ""`, `b 2 "    x;\n"`, `b 3 "    y;\n"`, ` 4 "    z;\n"`}},
		{"a comment, a line of a template and a mapping between", "d:\n  a: |\n    x;\n# b\n{{ y }}\n  c:\n    d: |\n      y;\n  e: |\n    z;\n",
			[]string{`a 2 "    x;\n"`, `d 3 "      y;\n"`, `e 2 "    z;\n"`}},
		{"two documents", "a: |\n  x;\n---\nb: |\n  y;\n", []string{`a 1 "  x;\n"`, `b 2 "  y;\n"`}},
		{"a folded scalar holds none", "a: >-\n  b: |\n    x;\nc: |\n  y;\n", []string{`c 1 "  y;\n"`}},
		{"a scalar holds no scalar", "a: |\n  b: |\n    x;\n  y;\n", []string{`a 1 "  b: |\n    x;\n  y;\n"`}},
		{"carriage returns", "a: |\r\n  x;\r\nb: c\r\n", []string{`a 1 "  x;\r\n"`}},
		{"a template's lines stand anywhere", "a: |\n  x {\n{{- if .y }}\n    y;\n{{- end }}\n  }\nb: c\n",
			[]string{`a 1 "  x {\n{{- if .y }}\n    y;\n{{- end }}\n  }\n"`}},
		{"one that ends what began in it", "a: |\n{{- if .y }}\n  y;\n{{- end }}\nb: c\n",
			[]string{`a 1 "{{- if .y }}\n  y;\n{{- end }}\n"`}},
		{"one that ends what began before it", "{{- if .y }}\na: |\n  y;\n{{- end }}\n", []string{`a 1 "  y;\n"`}},
		{"lines of a template behind one that ends what began before it", "{{- define \"x\" }}\na: |-\n  y;\n{{- end -}}\n  {{- range .z }}\n  {{ . }}: b\n  {{- end }}\n", []string{`a 1 "  y;\n"`}},
		{"a condition that begins in a line", "a: |\n  {{ if .y }}y;\n  {{ end }}\n  z;\n", []string{`a 1 "  {{ if .y }}y;\n  {{ end }}\n  z;\n"`}},
		{"one that begins what comes after it", "a: |\n  y;\n{{- if .y }}\nb: c\n{{- end }}\n", []string{`a 1 "  y;\n"`}},
		{"one that leaves the condition around it", "{{ define \"x\" }}\na: |\n  y { {{ if .y }}\n  }\n  {{ end }}\n  z;\n{{- end }}\n  {{ range .z }}\n", []string{`a 1 "  y { {{ if .y }}\n  }\n  {{ end }}\n  z;\n"`}},
		{"and one for the other case", "{{- if .x }}\na: |\n  y;\n{{- else }}\n  z;\n{{- end }}\n", []string{`a 1 "  y;\n"`}},
		{"a tag of several lines", "a: |\n  x {\n{{- /*\nb: |\n  c\n*/}}\n  }\n{{/*\nd: |\n  y;\n*/}}\n", []string{`a 1 "  x {\n{{- /*\nb: |\n  c\n*/}}\n  }\n"`}},
		{"tags with more on their line end it", "  a: |\n    x;\n  {{ .k }}: {{ .v }}\n    y;\n", []string{`a 2 "    x;\n"`}},
		{"folded, quoted, plain", "a: >\n  x;\nb: \"|\"\nc: x |\nd: a | b\n# e: |\n  f|\n", nil},
		{"empty", "a: |\nb: |\n\n", []string{`a 1 ""`, `b 1 ""`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for p := range scalars(tt.src) {
				got = append(got, fmt.Sprintf("%s %d %q", p.key, p.folder, tt.src[p.span.Start:p.span.End]))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzScalars holds what is true of the block scalars of every text: they lie in it in
// order and begin lines.
func FuzzScalars(f *testing.F) {
	f.Add("data:\n  a.conf: |\n    server {\n{{- if .x }}\n    }\n{{- end }}\n  b: >-\n    x\n")
	f.Fuzz(func(t *testing.T, src string) {
		n, at := 0, 0
		for p := range scalars(src) {
			n++
			if p.n != n || p.span.Start < at || p.span.End < p.span.Start || p.span.End > len(src) {
				t.Fatalf("scalar %d: number %d, %v after offset %d of %d bytes", n, p.n, p.span, at, len(src))
			}
			if p.span.Start > 0 && src[p.span.Start-1] != '\n' && p.span.Start < len(src) {
				t.Fatalf("scalar %d begins in a line, at %d", n, p.span.Start)
			}
			at = p.span.End
		}
	})
}

const configMap = `apiVersion: v1
kind: ConfigMap
data:
  nginx.conf: |
    events {}
    http {
      include /etc/nginx/conf.d/*.conf;
    }
  b.conf: |
    server {
      location / { proxy_pass http://b; }
    }
  a.conf: |
    server {
      location / { proxy_pass http://a; }
    }
  settings: |
    server = 1
  start.sh: |
    nginx -c /etc/nginx.conf
`

// TestEmbedded reads configuration that stands in files of another format.
func TestEmbedded(t *testing.T) {
	const site = "  server {\n    location / { proxy_pass http://c; }\n  }\n"
	for _, tt := range []struct {
		name  string
		files map[string]string
		paths []string
		want  string
	}{
		{"a map's entries are files of one folder", map[string]string{"cm.yaml": configMap}, nil,
			"main *wcm.yaml *wcm.yaml *wcm.yaml\n"},
		{"given by name", map[string]string{"cm.yaml": configMap}, []string{"cm.yaml"},
			"main *wcm.yaml *wcm.yaml *wcm.yaml\n"},
		{"another map's entries are not", map[string]string{"cm.yaml": strings.Replace(configMap, "  b.conf:", "binaryData: x\nmore:\n  b.conf:", 1)}, nil,
			"main *wcm.yaml\ncm.yaml:7:7: not-followed: include \"/etc/nginx/conf.d/*.conf\" was not followed: it is not in this tree\nfragment *wcm.yaml\nfragment *wcm.yaml\n"},
		{"lines of a location are no site", map[string]string{"cm.yaml": "data:\n  nginx.conf: |\n    events {}\n    http {\n      include /etc/nginx/sites/*.conf;\n    }\n  proxy.conf: |\n    proxy_http_version 1.1;\n    proxy_pass_header Server;\n  c.conf: |\n" + strings.ReplaceAll("\n"+strings.TrimSuffix(site, "\n"), "\n", "\n  ")[1:] + "\n"}, nil,
			"main *wcm.yaml *wcm.yaml\n"},
		{"nothing is proxied", map[string]string{"a.yaml": "a: |\n  server { listen 80; }\n"}, nil,
			"fragment *wa.yaml\n"},
		{"extensions of Elastic Beanstalk", map[string]string{".ebextensions/a.config": "files:\n  x:\n    content: |\n    " + strings.ReplaceAll(site, "\n", "\n    "), "b/a.config": "a: |\n" + site}, nil,
			"fragment *w.ebextensions/a.config\n"},
		{"YAML by what a template holds", map[string]string{"a.tpl": "kind: x\na: |\n" + site}, nil,
			"fragment *wa.tpl\n"},
		{"templates of YAML", map[string]string{"c.yaml.j2": "a: |\n" + site, "c.yml.tpl": "a: |\n" + site}, nil,
			"fragment *wc.yaml.j2\nfragment *wc.yml.tpl\n"},
		{"Salt's states", map[string]string{"init.sls": "/etc/nginx/a.conf:\n  file.managed:\n    - contents: |\n" + "        " + strings.ReplaceAll(site, "\n", "\n        ")}, nil,
			"fragment *winit.sls\n"},
		{"what stands at the top of a main configuration", map[string]string{"a.yml": "a: |\n  pcre_jit on;\n  timer_resolution 100ms;\n  events { }\n  http {\n" + site + "  }\n"}, nil,
			"main *wa.yml\n"},
		{"it is no configuration", map[string]string{
			"b.yaml": "a: |\n  curl proxy_pass\n  if x; then y; fi\n",
			"c.yaml": "# proxy_pass\na: |\n  set -e;\n  cat > x <<E\n  server { listen 80; }\n  E\n", "d.conf": serverText}, nil,
			"fragment *wd.conf\n"},
		{"every directive of nginx's may stand in one", map[string]string{"a.yaml": "a: |\n  pcre_jit on;\n  resolver_timeout 2s;\n" + site}, nil,
			"fragment *wa.yaml\n"},
		{"a script that begins as a server would", map[string]string{"a.yaml": "a: |\n  server { proxy_pass x; }\n  echo $x\n", "d.conf": serverText}, nil,
			"fragment *wd.conf\n"},
		{"YAML given by name that holds none", map[string]string{"a.yaml": "a: b\n"}, []string{"a.yaml"},
			"passed a.yaml: YAML\n"},
		{"one that cannot be read", map[string]string{"a.yaml": "a: |\n" + site + "  }\n", "d.conf": serverText}, nil,
			"fragment *wa.yaml\na.yaml:5:3: not-followed: unexpected \"}\" (every block is closed already)\nfragment *wd.conf\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, tt.files)
			if diff := cmp.Diff(tt.want, describe(Open(tt.paths, Options{}), dir)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSiblings holds where a pattern that matches the parts of one mapping names them:
// once, and where nginx takes them.
func TestSiblings(t *testing.T) {
	const (
		site   = "  a.conf: |\n    server {\n      location / { %sproxy_pass http://a; }\n    }\n"
		conns  = "  b.conf: |\n    server { listen 53; proxy_pass a:53; }\n"
		place  = "  c.conf: |\n    location /c { proxy_pass http://c; }\n"
		events = "data:\n  nginx.conf: |\n    events {}\n"
	)
	notFollowed := func(line, column int, name string) string {
		return fmt.Sprintf("cm.yaml:%d:%d: not-followed: include %q was not followed: it is not in this tree\n", line, column, name)
	}
	for _, tt := range []struct{ name, src, want string }{
		{"not among the modules, and not twice", events + "    include /etc/nginx/modules-enabled/*.conf;\n    http {\n      include conf.d/*.conf;\n      include /etc/nginx/sites-enabled/*;\n    }\n" + fmt.Sprintf(site, ""),
			"main *wcm.yaml *wcm.yaml\n" + notFollowed(7, 7, "/etc/nginx/sites-enabled/*")},
		{"not in itself", events + "    http { include conf.d/*.conf; }\n" + fmt.Sprintf(site, "include /etc/nginx/snippets/*.conf; "),
			"main *wcm.yaml *wcm.yaml\n" + notFollowed(7, 20, "/etc/nginx/snippets/*.conf")},
		{"connections and requests", events + "    stream { include stream.d/*.conf; }\n    http { include conf.d/*.conf; }\n" + fmt.Sprintf(site, "") + conns,
			"main *wcm.yaml *wcm.yaml *wcm.yaml\n"},
		{"a location in a server", events + "    http {\n      include conf.d/*.conf;\n      server { include locations/*.conf; }\n    }\n" + fmt.Sprintf(site, "") + place,
			"main *wcm.yaml *wcm.yaml *wcm.yaml\n"},
		{"the map of another entry", events + "    http { include conf.d/*.conf; }\n  m.conf: |\n    map $http_upgrade $c {\n      default upgrade;\n    }\n  readme.conf: |\n    not nginx\n" + fmt.Sprintf(site, ""),
			"main *wcm.yaml *wcm.yaml *wcm.yaml\n"},
		{"a few directives by their name", events + "    http { include conf.d/*.conf; }\n  p.conf: |\n    proxy_http_version 1.1;\n" + fmt.Sprintf(site, "include p.conf; "),
			"main *wcm.yaml *wcm.yaml *wcm.yaml\n"},
		{"a few directives that nothing names", "data:\n  p.conf: |\n    proxy_http_version 1.1;\n" + fmt.Sprintf(site, ""),
			"fragment *wcm.yaml\n"},
		{"by its name anywhere", events + "    http { server { include locations/c.conf; } server { include c.conf; } }\n" + place,
			"main *wcm.yaml *wcm.yaml\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, map[string]string{"cm.yaml": tt.src})
			if diff := cmp.Diff(tt.want, describe(Open(nil, Options{}), dir)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestEmbeddedOffsets holds that a part's offsets are those of its file, and that
// other bytes for the file are read as the same parts.
func TestEmbeddedOffsets(t *testing.T) {
	tree(t, map[string]string{"cm.yaml": configMap})
	w := Open(nil, Options{})
	f := w.Configs[0].Files[1] // a.conf
	server := f.Directives[0]
	if got := f.Position(server.Span.Start); got.Line != 14 || got.Column != 5 || !strings.HasPrefix(f.Src[server.Span.Start:], "server {\n      location / { proxy_pass http://a;") {
		t.Errorf("server at %v of %q", got, f.Src[server.Span.Start:])
	}
	if end := f.Src[:f.End()]; !strings.HasSuffix(end, "http://a; }\n    }\n") {
		t.Errorf("the part ends after %q", end[len(end)-30:])
	}

	longer := strings.Replace(configMap, "events {}", "user nobody;\n    events {}", 1)
	w = w.With(map[string]string{"cm.yaml": longer})
	files := w.Configs[0].Files
	if got := files[0].Directives[0].Head.Value; got != "user" {
		t.Errorf("the main file begins with %q", got)
	}
	if got := files[1].Directives[0]; got.Line != 15 || got.Span.Start != server.Span.Start+len("    user nobody;\n") {
		t.Errorf("a.conf: line %d, %v", got.Line, got.Span)
	}
	if g := files[1].Reparse("data: {}\n"); len(g.Errors) != 1 || g.Errors[0].Msg != "the configuration that stood here is gone" {
		t.Errorf("bytes without the part: %v", g.Errors)
	}
}

// TestComposeDollar reads the two dollars of a Compose file as nginx's one.
func TestComposeDollar(t *testing.T) {
	const plain = "services:\n  a: {}\n"
	for _, tt := range []struct{ name, before, value, read, written string }{
		{"doubled", "", "$$host", "$host", "$$http_upgrade"},
		{"as it is", "", "$host", "$host", "$http_upgrade"},
		{"Compose's own beside nginx's", "", "$$host; set $$b ${APP_NAME}", "$host", "$$http_upgrade"},
		{"another block has it as it is", "x: $http_upgrade\n", "$$host", "$host", "$$http_upgrade"},
		{"another block of the file has it doubled", "b: |\n  server { proxy_set_header Host $$host; }\n", "a", "a", "$$http_upgrade"},
		{"a Compose file without any", plain, "a", "a", "$$http_upgrade"},
		{"a Compose file with its own alone", plain, "a${A}", "a${A}", "$$http_upgrade"},
		{"a Compose file with nginx's as it is", plain, "$host", "$host", "$http_upgrade"},
		{"a Compose file with a capture", plain, "a$$1", "a$1", "$$http_upgrade"},
		{"another file without any", "service:\n  a: {}\n", "a", "a", "$http_upgrade"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tree(t, map[string]string{"compose.yaml": tt.before + "configs:\n  n:\n    content: |\n      server {\n        proxy_set_header Host " + tt.value + ";\n        location / { proxy_pass http://a; }\n      }\n"})
			configs := Open(nil, Options{}).Configs
			f := configs[len(configs)-1].Main
			header := f.Directives[0].Children[0]
			if got := header.Arg(1); got != tt.read {
				t.Errorf("read as %q", got)
			}
			if got := f.Escape("$http_upgrade"); got != tt.written {
				t.Errorf("written as %q", got)
			}
			if got := f.Escape(tt.written); got != tt.written {
				t.Errorf("what is written so already becomes %q", got)
			}
			if !slices.Equal(f.Errors, nil) {
				t.Error(f.Errors)
			}
		})
	}
}

// TestEmbeddedGiven reads the parts of standard input and of the named main
// configuration.
func TestEmbeddedGiven(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts Options
		want string
	}{
		{"named", Options{Stdin: []byte(configMap), StdinName: "x.yaml"}, "main *x.yaml *x.yaml *x.yaml\n"},
		{"unnamed", Options{Stdin: []byte(configMap)}, "main *<stdin> *<stdin> *<stdin>\n"},
		{"named otherwise", Options{Stdin: []byte(configMap), StdinName: "x.txt"}, "passed x.txt: YAML\n"},
		{"without any", Options{Stdin: []byte("a: b\n"), StdinName: "x.yaml"}, "passed x.yaml: YAML\n"},
		{"the main configuration", Options{Stdin: []byte(serverText), StdinName: "c.conf", Root: "cm.yaml"},
			"main cm.yaml cm.yaml cm.yaml\nfragment *c.conf\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree(t, map[string]string{"cm.yaml": configMap})
			w := Open([]string{"-"}, tt.opts)
			if diff := cmp.Diff(tt.want, describe(w, dir)); diff != "" {
				t.Error(diff)
			}
			for _, c := range w.Configs {
				if w.Writable(c.Main) {
					t.Errorf("%s may be written", c.Main.Name)
				}
			}
		})
	}
}
