package report

import (
	"strings"
	"testing"

	"github.com/wsnginx/wsnginx/parser"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"location \"/ws\"", "location \"/ws\""},
		{"caf\u00e9 日本", "caf\u00e9 日本"},
		{"red\x1b[31m", `red\x1b[31m`},
		{"a\tb\nc\rd", `a\tb\nc\rd`},
		{"bell\a del\x7f", `bell\x07 del\x7f`},
		{"latin1 \xe9", `latin1 \xe9`},
		{"next\u0085line", `next\u0085line`},
		{"right\u202eto left", `right\u202eto left`},
		{"zero\u200bwidth", `zero\u200bwidth`},
	} {
		if got := Clean(c.in); got != c.want {
			t.Errorf("Clean(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestFrame(t *testing.T) {
	for _, c := range []struct {
		name, src, words string // words are marked where they first stand
		want             string
	}{
		{"first line", "listen 80;\nserver_name a;\n", "80", " 1 | listen 80;\n   |        ^^\n"},
		{"tabs become blanks", "\t\tproxy_pass http://a;\n", "http://a", " 1 |         proxy_pass http://a;\n   |                    ^^^^^^^^\n"},
		{"tab inside the line", "Host\t$host;", "$host", " 1 | Host    $host;\n   |         ^^^^^\n"},
		{"wide characters take two columns", "# 日本 x", "x", " 1 | # 日本 x\n   |        ^\n"},
		{"a combining mark takes none", "e\u0301 x", "x", " 1 | e\u0301 x\n   |   ^\n"},
		{"carriage return is no part of a line", "listen 80;\r\n", "80;", " 1 | listen 80;\n   |        ^^^\n"},
		{"escape sequences are shown", "a \x1b[2J b", "b", " 1 | a \\x1b[2J b\n   |           ^\n"},
		{"span over several lines is marked to the end of the first", "server {\n}", "server {\n}", " 1 | server {\n   | ^^^^^^^^\n"},
		{"empty file", "", "", " 1 | \n   | ^\n"},
		{"number with two digits", strings.Repeat("\n", 9) + "x;", "x", " 10 | x;\n    | ^\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := parser.Parse("a.conf", []byte(c.src))
			at := strings.Index(c.src, c.words)
			var b strings.Builder
			span := parser.Span{Start: at, End: at + len(c.words)}
			near := []mark{{span: span, line: f.Position(at).Line}}
			Style{}.frame(&b, f, near, gutter(near))
			if b.String() != c.want {
				t.Errorf("frame of %q in %q:\n%s\nwant:\n%s", c.words, c.src, b.String(), c.want)
			}
		})
	}
}

// A long line is cut on the sides that are far from the marks.
func TestFrameOfALongLine(t *testing.T) {
	src := "\tadd_header Policy \"" + strings.Repeat("'日本' ", 60) + "middle " + strings.Repeat("'self' ", 60) + "\"; # end"
	for _, c := range []struct {
		words, left, right string // what the shown line begins and ends with
	}{
		{"add_header", "    add_header Policy", "…"},
		{"middle", "…", "…"},
		{"end", "…", "\"; # end"},
	} {
		at := strings.Index(src, c.words)
		source, marks := window(src, at, at+len(c.words), frameWidth)
		if w := textWidth(source); w > frameWidth+2 {
			t.Errorf("window at %q is %d columns wide: %s", c.words, w, source)
		}
		if !strings.HasPrefix(source, c.left) || !strings.HasSuffix(source, c.right) {
			t.Errorf("window at %q = %q, want %q to %q", c.words, source, c.left, c.right)
		}
		before, _, _ := strings.Cut(source, c.words)
		if want := strings.Repeat(" ", textWidth(before)) + strings.Repeat("^", len(c.words)); marks != want {
			t.Errorf("window at %q marks\n%s\n%s\nwant\n%s", c.words, source, marks, want)
		}
	}
}

func TestName(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"/etc/nginx/nginx.conf", "nginx.conf"},
		{"/etc/nginx/conf.d/a.conf", "conf.d/a.conf"},
		{"/etc/nginx-extra/a.conf", "/etc/nginx-extra/a.conf"},
		{"./conf.d/a.conf", "conf.d/a.conf"},
		{"../a.conf", "../a.conf"},
		{"<stdin>", "<stdin>"},
	} {
		if got := (Style{Dir: "/etc/nginx"}).Name(c.name); got != c.want {
			t.Errorf("Name(%q) = %q, want %q", c.name, got, c.want)
		}
	}
}

func TestDiffInColour(t *testing.T) {
	diff := "--- ./a\n+++ ./a\n@@ -1 +1 @@\n-\tx\x1b[2J;\r\n+\ty;\r\n"
	if got := (Style{}).Diff(diff); got != diff {
		t.Errorf("without colour the diff changed: %q", got)
	}
	want := "\x1b[1m--- ./a\x1b[0m\n\x1b[1m+++ ./a\x1b[0m\n\x1b[1;36m@@ -1 +1 @@\x1b[0m\n\x1b[31m-\tx\\x1b[2J;\x1b[0m\n\x1b[32m+\ty;\x1b[0m\n"
	if got := (Style{Color: true}).Diff(diff); got != want {
		t.Errorf("Diff(%q) = %q, want %q", diff, got, want)
	}
}

// The lines of a change are cut at the same column, so that what differs shows.
func TestChangeOfALongLine(t *testing.T) {
	long := "server { " + strings.Repeat("# 日本 ", 30) + "proxy_pass http://a; }"
	for _, c := range []struct {
		name     string
		old, new string
		want     []string // in both lines, in order
	}{
		{"short", "a 1;", "a 2;", []string{"- a 1;", "+ a 2;"}},
		{"differs at the start", "x" + long, "y" + long, []string{"- xserver", "+ yserver"}},
		{"differs at the end", long, strings.Replace(long, "http://a;", "http://a; proxy_http_version 1.1;", 1), []string{"- …", " http://a; }\n", "+ …", " http://a; proxy_http_version 1.1; }\n"}},
		{"loses its end", long + " b 2;", long, []string{"- …", "; } b 2;\n", "+ …", "; }\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := parser.Parse("a.conf", []byte(c.old))
			for _, width := range []int{0, 80} {
				var b strings.Builder
				Style{Width: width}.change(&b, []change{{file: f, line: 1, old: []string{c.old}, new: []string{c.new}}}, f, "fix", 1)
				rest := b.String()
				for _, want := range c.want {
					_, after, ok := strings.Cut(rest, want)
					if !ok {
						t.Errorf("at width %d no %q in\n%s", width, want, b.String())
					}
					rest = after
				}
				for line := range strings.Lines(b.String()) {
					if n := textWidth(strings.TrimSuffix(line, "\n")); width > 0 && n > width {
						t.Errorf("a line of %d columns at width %d: %s", n, width, line)
					}
				}
			}
		})
	}
}
