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
		{"items", "- |\n  x;\n- a: |\n    y;\n", []string{` 1 "  x;\n"`, `a 1 "    y;\n"`}},
		{"quoted keys", "\"a b\": |\n  x;\n", []string{`a b 1 "  x;\n"`}},
		{"two folders", "d:\n  a: |\n    x;\n  b: |\n    y;\ne:\n  a: |\n    z;\n",
			[]string{`a 2 "    x;\n"`, `b 2 "    y;\n"`, `a 4 "    z;\n"`}},
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
// order and begin lines, and each is found by its number.
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
			if got := scalarOf(src, n); n < 100 && got != p.span {
				t.Fatalf("scalar %d: %v, by its number %v", n, p.span, got)
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
		{"templates of YAML", map[string]string{"c.yaml.j2": "a: |\n" + site, "c.yml.tpl": "a: |\n" + site}, nil,
			"fragment *wc.yaml.j2\nfragment *wc.yml.tpl\n"},
		{"Salt's states", map[string]string{"init.sls": "/etc/nginx/a.conf:\n  file.managed:\n    - contents: |\n" + "        " + strings.ReplaceAll(site, "\n", "\n        ")}, nil,
			"fragment *winit.sls\n"},
		{"what stands at the top of a main configuration", map[string]string{"a.yml": "a: |\n  pcre_jit on;\n  timer_resolution 100ms;\n  events { }\n  http {\n" + site + "  }\n"}, nil,
			"main *wa.yml\n"},
		{"nothing is proxied, or it is no configuration", map[string]string{
			"a.yaml": "a: |\n  server { listen 80; }\n", "b.yaml": "a: |\n  curl proxy_pass\n  if x; then y; fi\n",
			"c.yaml": "# proxy_pass\na: |\n  set -e;\n  cat > x <<E\n  server { listen 80; }\n  E\n", "d.conf": serverText}, nil,
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
	for _, tt := range []struct{ name, value, read, written string }{
		{"doubled", "$$host", "$host", "$$http_upgrade"},
		{"as it is", "$host", "$host", "$http_upgrade"},
		{"Compose's own beside nginx's", "$$host; set $$b ${APP_NAME}", "$host", "$$http_upgrade"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tree(t, map[string]string{"compose.yaml": "configs:\n  n:\n    content: |\n      server {\n        proxy_set_header Host " + tt.value + ";\n        location / { proxy_pass http://a; }\n      }\n"})
			f := Open(nil, Options{}).Configs[0].Main
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
