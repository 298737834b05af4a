package parser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUnreadIn(t *testing.T) {
	const site = `server { listen 80; location /ws { proxy_pass http://a; } }`
	for _, tt := range []struct {
		name, src string
		want      []string
	}{
		{"double quotes", "data:\n  a.conf: \"server {\\n  listen 80;\\n}\\n\"\n", []string{"2:11 quoted"}},
		{"a template in them", "data:\n  a.conf: \"server {\\n  listen {{ port }};\\n  location / { proxy_pass \\\"http://a\\\"; }\\n}\\n\"\n", []string{"2:11 quoted"}},
		{"lines that go on", "a: \"server {\\n\\\n  \\  listen 80;\\n\\\n  }\\n\"\n", []string{"1:4 quoted"}},
		{"single quotes over lines", "- a\n- 'server {\n\n  listen 80;\n\n  server_name ''b'';\n\n}'\n", []string{"2:3 quoted"}},
		{"folded", "a:\n  b: >- # c\n    server {\n      listen 80;\n    }\n", []string{"2:6 folded"}},
		{"several", "a: \"" + site + "\\n\"\nb: >\n  " + site + "\nc: \"" + site + "\\n\"\n", []string{"1:4 quoted", "4:4 quoted", "2:4 folded"}},
		{"a literal block is read", "a: |\n  " + site + "\n", nil},
		{"other text", "a: \"see the server {\\n listen 80; } block\\n\"\nb: >\n  location of the file\n", nil},
		{"one line is an example", "a: \"" + site + "\"\n", nil},
		{"a quote within a line", "a: it's \"" + site + "\\n\"\n", nil},
		{"no end", "a: \"" + site + "\\n", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, u := range carriedIn(tt.src).unread {
				got = append(got, fmt.Sprintf("%d:%d %s", u.line, u.column, u.style))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func BenchmarkUnreadIn(b *testing.B) {
	for name, src := range map[string]string{
		"apostrophes": strings.Repeat("a: 'b\n", 1<<17),
		"doubled":     strings.Repeat(`: ''`, 1<<18),
		"items":       strings.Repeat(`- - '' `, 1<<17),
		"values":      strings.Repeat("a: \"b: c\"\n", 1<<16),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				unreadIn(src, nil)
			}
		})
	}
}
