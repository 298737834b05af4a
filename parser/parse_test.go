package parser

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/tufanbarisyildirim/gonginx/config"
	"github.com/tufanbarisyildirim/gonginx/dumper"
)

// outline writes a tree in one line: words with '|' between them.
func outline(list []*Directive) string {
	var parts []string
	for _, d := range list {
		words := []string{d.Head.Value}
		for i := range d.Args {
			words = append(words, d.Arg(i))
		}
		text := strings.Join(words, "|")
		if d.IsBlock() {
			text += "{" + outline(d.Children) + "}"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ";")
}

func messages(f *File) string {
	var list []string
	for _, e := range f.Errors {
		list = append(list, e.Error())
	}
	return strings.Join(list, "\n")
}

// TestHints holds what is said beside nginx's words, of the line to change.
func TestHints(t *testing.T) {
	for src, want := range map[string]string{
		"server {\n  listen 80\n}\n":            "line 2 has no semicolon at its end",
		"server {\n  listen 80 # x\n  # y\n}\n": "line 2 has no semicolon at its end",
		"server {\n<<<<<<< HEAD\n  listen 80;\n=======\n  listen 81;\n>>>>>>> 12bd998\n}\n":                                        "line 6 was left in by a merge conflict",
		"server {\r\n<<<<<<< HEAD\r\n  location / {\r\n=======\r\n  location /a {\r\n>>>>>>> b\r\n    return 204;\r\n  }\r\n}\r\n": "line 6 was left in by a merge conflict",
		"server {\n  listen 80\n}\n<<<<<<< HEAD\n=======\n;\n>>>>>>> b;\n":                                                         "line 2 has no semicolon at its end",
		"# =======\nserver {\n  listen 80\n}\n":                                                                                    "line 3 has no semicolon at its end",
		"listen 80\nlocation / { }":                                                                                                "line 1 has no semicolon at its end",
		"listen 80 { }":                                                                                                            "",
		"a b;\n}\n":                                                                                                                "every block is closed already",
		"http {\n server {\n  location / {\n  }\n }\n":                                                                             "the block of http in line 1, or one inside it, is not closed",
		"map $a $b {\n ~x {\n":                                                                                                     "",
		"server { listen 80; }\nserver_name \"a\"b;\n":                                                                             "",
	} {
		f := Parse("f", []byte(src))
		if len(f.Errors) == 0 {
			t.Errorf("Parse(%q) finds nothing", src)
			continue
		}
		if last := f.Errors[len(f.Errors)-1]; last.Hint != want {
			t.Errorf("Parse(%q): hint %q, want %q", src, last.Hint, want)
		}
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, src, tree, errors string
	}{
		{"blocks", "http {\n  server { listen 80; }\n}\n", "http{server{listen|80}}", ""},
		{"words of a map", "map $a $b { default x; ~^y 'z w'; }", "map|$a|$b{default|x;~^y|z w}", ""},
		{"types", "types{text/html html htm;}", "types{text/html|html|htm}", ""},

		{"unclosed block", "http {\n server {\n  listen 80;\n", "http{server{listen|80}}",
			`f:4:1: unexpected end of file, expecting "}"`},
		{"missing semicolon", "server {\n  listen 80\n}\nserver { listen 81; }", "server{listen|80};server{listen|81}",
			`f:3:1: unexpected "}"`},
		{"missing semicolon before a block", "listen 80\nlocation / { }", "listen|80|location|/{}",
			`f:2:12: directive "listen" is not terminated by ";"`},
		{"missing semicolon at the end", "a b", "a|b", `f:1:4: unexpected end of file, expecting ";" or "}"`},
		{"stray brace", "a b;\n}\nc;", "a|b;c", `f:2:1: unexpected "}"`},
		{"several errors", "a;;\n}\nb \"c\"d;\n", "a;b|c|d",
			"f:1:3: unexpected \";\"\nf:2:1: unexpected \"}\"\nf:3:6: unexpected \"d\""},
		{"block without a name", "a { {b;} }", "a{{b}}", `f:1:5: unexpected "{"`},
		{"block among words", "map $a $b { c { d; } }", "map|$a|$b{c{d}}", `f:1:15: unexpected "{"`},
		{"location without a block", "location /;", "location|/", `f:1:11: directive "location" has no opening "{"`},
		{"the same word in a map", "map $a $b { location 1; listen 2; }", "map|$a|$b{location|1;listen|2}", ""},
		{"too long word ends the file", "a " + strings.Repeat("x", 5000) + ";\nb;\n", "a|" + strings.Repeat("x", 5000) + ";\nb;\n",
			`f:1:3: too long parameter "xxxxxxxxxx..." started`},
		{"column counts characters", "# é\nä é \"b\"c;", "ä|é|b|c", `f:2:8: unexpected "c"`},

		{"lua", "content_by_lua_block {\n local s = \"}\" -- it's }\n --[[ } ]] x = [=[ } ]] ]=] t = {}\n}\na;", "content_by_lua_block{};a", ""},
		{"lua over CRLF lines", "content_by_lua_block {\r\n -- }\r\n s = '\\'}'\r\n}\r\na;", "content_by_lua_block{};a", ""},
		{"lua quote in a comment", "content_by_lua_block {\n -- don't\n}\na;", "content_by_lua_block{};a", ""},
		{"lua unclosed quote", "content_by_lua_block { s = 'x\n}\na;", "content_by_lua_block{};a", ""},
		{"lua string over two lines", "content_by_lua_block { s = \"x\\\n}\na;", "content_by_lua_block{};a", ""},
		{"lua length operator", "content_by_lua_block { n = #t }\na;", "content_by_lua_block{};a", ""},
		{"lua without end", "content_by_lua_block { if {\n}\na;", "content_by_lua_block{}",
			"f:1:23: unexpected end of file, expecting terminating characters for lua code block"},
		{"lua without end of a long bracket", "content_by_lua_block { --[==[ ]] }\n}", "content_by_lua_block{}",
			`f:1:23: Lua code block missing the closing long bracket "]==]"`},
		{"lua in a string", "content_by_lua 'ngx.say(\"}\")';", `content_by_lua|ngx.say("}")`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Parse("f", []byte(tt.src))
			if got := outline(f.Directives); got != tt.tree {
				t.Errorf("Parse(%.80q) = %.200s, want %.200s", tt.src, got, tt.tree)
			}
			if got := messages(f); got != tt.errors {
				t.Errorf("Parse(%.80q) refuses\n%s\nwant\n%s", tt.src, got, tt.errors)
			}
			checkTree(t, f)
		})
	}
}

// checkTree fails unless every span of f lies in order within its parent and
// every error has a place inside the file.
func checkTree(t *testing.T, f *File) {
	t.Helper()
	count := 0
	var walk func(list []*Directive, up *Directive, within Span)
	walk = func(list []*Directive, up *Directive, within Span) {
		at := within.Start
		for _, d := range list {
			if d.Up() != nil && d.Up() != up && f.Template != "" && slices.Contains(d.Up().Children, d) {
				continue // of the body that another arm's block has as well
			}
			count++
			if d.Span.Start < at || d.Span.End > within.End || d.Span.End < d.Span.Start {
				t.Fatalf("Parse(%q): %q spans %v, want it after %d within %v", f.Src, d.Head.Value, d.Span, at, within)
			}
			at = d.Span.End
			word := d.Span.Start
			for _, w := range append([]Word{d.Head}, d.Args...) {
				if w.Span.Start < word || w.Span.End < w.Span.Start || w.Span.End > d.Span.End {
					t.Fatalf("Parse(%q): word %q spans %v in %v", f.Src, w.Value, w.Span, d.Span)
				}
				word = w.Span.End
				if got := unquote(f.Src[w.Span.Start:w.Span.End]); got != w.Value && f.Dollar == "" && f.Template != Format && makoValue(got) != w.Value {
					t.Fatalf("Parse(%q): word %v is %q, want %q", f.Src, w.Span, w.Value, got)
				}
			}
			if d.File != f || d.Up() != up || len(d.Parameters) != len(d.Args) || d.Line != f.Position(d.Head.Span.Start).Line {
				t.Fatalf("Parse(%q): %q: file, parent, parameters or line %d is wrong", f.Src, d.Head.Value, d.Line)
			}
			if d.IsBlock() {
				if d.Body.Start < word || d.Body.End > d.Span.End || d.Body.End < d.Body.Start {
					t.Fatalf("Parse(%q): body of %q spans %v in %v", f.Src, d.Head.Value, d.Body, d.Span)
				}
				walk(d.Children, d, d.Body)
			}
		}
	}
	walk(f.Directives, nil, Span{0, len(f.Src)})
	if count != f.count {
		t.Fatalf("Parse(%q) counts %d directives, its tree has %d", f.Src, f.count, count)
	}
	for _, e := range f.Errors {
		if e.Offset < 0 || e.Offset > len(f.Src) || e.Msg == "" || e.Line < 1 || e.Column < 1 || f.Position(e.Offset) != (Position{e.Line, e.Column, e.Offset}) {
			t.Fatalf("Parse(%q): error %v at %d", f.Src, e, e.Offset)
		}
	}
	for _, c := range f.Comments {
		if text := f.Src[c.Start:c.End]; !strings.HasPrefix(text, "#") || f.Template == "" && len(text) < confBuffer && strings.Contains(text, "\n") {
			t.Fatalf("Parse(%q): comment %q", f.Src, text)
		}
	}
}

func FuzzParse(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, src string) {
		checkTree(t, Parse("f", []byte(src)))
	})
}

func TestPosition(t *testing.T) {
	f := Parse("f", []byte("a;\r\n\té;\xff b;\n\nlast"))
	for _, tt := range []struct {
		offset int
		want   Position
	}{
		{0, Position{1, 1, 0}},
		{3, Position{1, 4, 3}},
		{4, Position{2, 1, 4}},
		{7, Position{2, 3, 7}},
		{9, Position{2, 5, 9}},
		{13, Position{3, 1, 13}},
		{18, Position{4, 5, 18}},
	} {
		if got := f.Position(tt.offset); got != tt.want {
			t.Errorf("Position(%d) = %v, want %v", tt.offset, got, tt.want)
		}
	}
	for n, want := range []string{"a;", "\té;\xff b;", "", "last"} {
		if got, _ := f.Line(n + 1); got != want {
			t.Errorf("Line(%d) = %q, want %q", n+1, got, want)
		}
	}
	if got := f.LineCount(); got != 4 {
		t.Errorf("LineCount() = %d, want 4", got)
	}
}

const gonginxSource = `# first
# second
worker_processes 1; # how many

http { # inside
    log_format main '$remote_addr'
        "$request" # the request
        $status;
    server {
        listen 80;
        # about the location
        location ~ "^/a{2}" { return 204; }
    }
}
`

// TestGonginxFields says what users of gonginx find in the tree.
func TestGonginxFields(t *testing.T) {
	f := Parse("nginx.conf", []byte(gonginxSource))
	c := f.Config()
	if c.FilePath != "nginx.conf" || len(c.Directives) != 2 {
		t.Fatalf("Config() = %v with %d directives, want nginx.conf with 2", c.FilePath, len(c.Directives))
	}
	workers, http := c.Directives[0], c.Directives[1]
	if diff := cmp.Diff([]string{"# first", "# second"}, workers.GetComment()); diff != "" {
		t.Errorf("comments before worker_processes:\n%s", diff)
	}
	if diff := cmp.Diff([]config.InlineComment{{Value: "# how many"}}, workers.GetInlineComment()); diff != "" {
		t.Errorf("comment after worker_processes:\n%s", diff)
	}
	if workers.GetBlock() != nil {
		t.Errorf("Block of a simple directive = %v, want an untyped nil", workers.GetBlock())
	}
	if workers.GetParent() != nil || http.GetLine() != 5 {
		t.Errorf("worker_processes has parent %v, http is on line %d; want none and 5", workers.GetParent(), http.GetLine())
	}
	format := c.FindDirectives("log_format")[0]
	want := []config.Parameter{{Value: "main"}, {Value: "'$remote_addr'"}, {Value: `"$request"`, RelativeLineIndex: 1}, {Value: "$status", RelativeLineIndex: 2}}
	if diff := cmp.Diff(want, format.GetParameters()); diff != "" {
		t.Errorf("parameters keep their quotes:\n%s", diff)
	}
	if diff := cmp.Diff([]config.InlineComment{{Value: "# the request", RelativeLineIndex: 1}}, format.GetInlineComment()); diff != "" {
		t.Errorf("comment between parameters:\n%s", diff)
	}
	location := c.FindDirectives("location")[0]
	if d := location.(*Directive); d.Arg(1) != "^/a{2}" || d.Source() != `location ~ "^/a{2}" { return 204; }` {
		t.Errorf("location has argument %q and source %q", d.Arg(1), d.Source())
	}
	if parent := location.GetParent().GetName(); parent != "server" {
		t.Errorf("parent of location = %q, want server", parent)
	}
	if got := location.GetBlock().GetParent(); got != location {
		t.Errorf("parent of the block of location = %v, want location", got)
	}
}

// TestDumper says that gonginx's dumper prints the tree and that the print
// reads as the same tree.
func TestDumper(t *testing.T) {
	for _, src := range []string{
		gonginxSource,
		"a \"b\\\"c\" 'd;' e\\ f;\nmap $x $y { default \"\"; '' z; }\n",
		"location / {\n  content_by_lua_block {\n    local s = \"}\" -- }\n    ngx.say(s)\n  }\n}\n",
		"include a*.conf;\nupstream u { server b:1 weight=2 backup; server c; keepalive 8; }\n",
	} {
		f := Parse("f", []byte(src))
		style := dumper.NewStyle().WithLuaFormatting(false)
		printed := dumper.DumpConfig(f.Config(), style)
		again := Parse("f", []byte(printed))
		if len(again.Errors) > 0 {
			t.Errorf("the print of %q does not parse: %v\n%s", src, again.Errors[0], printed)
		}
		if diff := cmp.Diff(outline(f.Directives), outline(again.Directives)); diff != "" {
			t.Errorf("the print of %q reads otherwise:\n%s", src, diff)
		}
	}
}

func TestParseDeep(t *testing.T) {
	src := strings.Repeat("a {", 100_000)
	f := Parse("f", []byte(src))
	if want := fmt.Sprintf("f:1:%d: blocks nest too deep", 3*(maxDepth+1)); messages(f) != want {
		t.Errorf("Parse of deep blocks refuses %q, want %q", messages(f), want)
	}
	if many := Parse("f", []byte(strings.Repeat(";", 1000))); len(many.Errors) != maxErrors {
		t.Errorf("Parse keeps %d errors, want %d", len(many.Errors), maxErrors)
	}
}

func TestPositionInLongLine(t *testing.T) {
	for _, text := range []string{"a", "é", "日本", "a\xff", "\xe6\x97", "ab\tc"} {
		src := "x\n" + strings.Repeat(text, 9000) + "\n" + text
		f := Parse("long.conf", []byte(src))
		for offset := 0; offset <= len(src); offset += 997 {
			start := strings.LastIndexByte(src[:offset], '\n') + 1
			want := Position{strings.Count(src[:offset], "\n") + 1, utf8.RuneCountInString(src[start:offset]) + 1, offset}
			if got := f.Position(offset); got != want {
				t.Fatalf("%q over and over: Position(%d) = %v, want %v", text, offset, got, want)
			}
		}
	}
}
