package parser

import (
	"fmt"
	"os"
	"regexp"
	"sort"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tufanbarisyildirim/gonginx/config"
	gonginx "github.com/tufanbarisyildirim/gonginx/parser"
)

// A misreading is a way in which gonginx's parser reads what nginx reads
// otherwise.
type misreading struct {
	name string
	// in reports whether the text holds what gonginx misreads.
	in func(text string) bool
	// source is a short configuration in which it does; nginx's own reading of it
	// is tree.
	source, tree string
}

var misreadings = []misreading{
	{"a byte that is not UTF-8 becomes U+FFFD",
		func(text string) bool { return !utf8.ValidString(text) },
		"server {\n    return 200 M\xf6lln;\n}\n", "server{return|200|M\xf6lln}"},
	{"a NUL byte ends the file",
		func(text string) bool { return strings.Contains(text, "\x00") },
		"a b;\n\x00c d;\ne f;\n", "a|b;\x00c|d;e|f"},
	{"braces in strings and comments of Lua count, and '#' starts a comment there",
		hasDirective(func(d *Directive) bool {
			b, ok := d.Block.(*config.Block)
			return ok && b.IsLuaBlock && (strings.Contains(b.LiteralCode, "#") || strings.Count(b.LiteralCode, "{") != strings.Count(b.LiteralCode, "}"))
		}),
		"init_by_lua_block {\n    s = \"}\" -- }\n}\n", "init_by_lua_block{}"},
	{"a Lua block whose name is in quotes is read as directives",
		hasDirective(func(d *Directive) bool {
			b, ok := d.Block.(*config.Block)
			return ok && b.IsLuaBlock && d.Name != d.Head.Value
		}),
		"\"init_by_lua_block\" {\n    return { 1 }\n}\n", "init_by_lua_block{}"},
	{"a Lua block after arguments is cut into nginx's words",
		hasDirective(func(d *Directive) bool {
			b, ok := d.Block.(*config.Block)
			return ok && b.IsLuaBlock && len(d.Args) > 0
		}),
		"set_by_lua_block $a {\n    return 1 -- '90s\n}\n", "set_by_lua_block|$a{}"},
	{"a backslash keeps no byte from ending a word",
		hasWord(regexp.MustCompile(`^[^"'].*\\[;{}\s]|^\\`).MatchString),
		"server {\n    return 200 a\\;b;\n}\n", `server{return|200|a\;b}`},
	{"an escaped backslash before the closing quote hides the quote",
		hasWord(regexp.MustCompile(`^(".*\\\\"|'.*\\\\')$`).MatchString),
		"server {\n    return 200 \"a\\\\\";\n}\n", `server{return|200|a\}`},
	{"a closing brace ends a word",
		hasWord(regexp.MustCompile(`^[^"'].*\}`).MatchString),
		"server {\n    return 200 a}b;\n}\n", "server{return|200|a}b}"},
	{"a backtick is a quote",
		hasWord(func(word string) bool { return strings.HasPrefix(word, "`") }),
		"server {\n    return 200 `a;\n}\n", "server{return|200|`a}"},
	{"parameters of a server in upstream are kept in a map",
		regexp.MustCompile(`(?s)\bserver\s.*\b(\w+)=\S*\s.*=`).MatchString,
		"upstream u {\n    server a weight=1 weight=2;\n}\n", "upstream|u{server|a|weight=1|weight=2}"},
}

// hasDirective returns a function that reports whether a text holds a directive
// such as is says.
func hasDirective(is func(*Directive) bool) func(string) bool {
	var in func(list []*Directive) bool
	in = func(list []*Directive) bool {
		for _, d := range list {
			if is(d) || in(d.Children) {
				return true
			}
		}
		return false
	}
	return func(text string) bool { return in(Parse("", []byte(text)).Directives) }
}

// hasWord returns a function that reports whether a text holds a word, in the
// user's own bytes, such as is says.
func hasWord(is func(string) bool) func(string) bool {
	return hasDirective(func(d *Directive) bool {
		if is(d.Name) {
			return true
		}
		for _, p := range d.Parameters {
			if is(p.Value) {
				return true
			}
		}
		return false
	})
}

// readGonginx reads text with gonginx's parser, its checks of names off.
func readGonginx(text string) (c *config.Config, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return gonginx.NewStringParser(text, gonginx.WithSkipComments(), gonginx.WithSkipValidDirectivesErr()).Parse()
}

// key is what both parsers must agree on in one directive: its name, its raw
// parameters as a multiset, and whether it has a block.
func key(d config.IDirective) string {
	var parts []string
	for _, p := range d.GetParameters() {
		parts = append(parts, p.GetValue())
	}
	sort.Strings(parts)
	return d.GetName() + " " + strings.Join(parts, " ") + fmt.Sprint(d.GetBlock() != nil)
}

// differ returns the text of the first directive that the two readings of a block
// do not share, or the block's own where gonginx has one more; ok is false where
// they agree.
func differ(ours []*Directive, theirs []config.IDirective, whole string) (text string, ok bool) {
	left := map[string][]config.IDirective{}
	for _, d := range theirs {
		left[key(d)] = append(left[key(d)], d)
	}
	for _, d := range ours {
		k := key(d)
		same := left[k]
		if len(same) == 0 {
			end := d.Span.End
			if d.IsBlock() && !d.Block.(*config.Block).IsLuaBlock {
				end = d.Body.Start
			}
			return d.File.Src[d.Span.Start:end], true
		}
		left[k] = same[1:]
		if d.IsBlock() {
			if text, ok := differ(d.Children, same[0].GetBlock().GetDirectives(), d.Source()); ok {
				return text, true
			}
		}
	}
	for _, more := range left {
		if len(more) > 0 {
			return whole, true
		}
	}
	return "", false
}

// TestMisreadings shows for each kind of difference that nginx reads as we do.
func TestMisreadings(t *testing.T) {
	for _, m := range misreadings {
		f := Parse(m.name, []byte(m.source))
		if got := outline(f.Directives); got != m.tree || len(f.Errors) > 0 {
			t.Errorf("%s: Parse(%q) = %s with errors %v, want %s", m.name, m.source, got, f.Errors, m.tree)
		}
		if !strings.Contains(m.source, "_by_lua_block") { // the reference knows no Lua
			if want, got := fmt.Sprint(referenceStatements(m.source)), fmt.Sprint(scannedStatements(m.source)); got != want {
				t.Errorf("%s: Scan(%q) =\n%s\nnginx reads\n%s", m.name, m.source, got, want)
			}
		}
		c, err := readGonginx(m.source)
		if err == nil {
			if _, ok := differ(f.Directives, c.GetDirectives(), m.source); !ok {
				t.Errorf("%s: gonginx reads %q as nginx does: the kind is no longer needed", m.name, m.source)
			}
		}
		if !m.in(m.source) {
			t.Errorf("%s does not see itself in %q", m.name, m.source)
		}
	}
}

// TestGonginxCorpus holds our tree against gonginx's over real files.
func TestGonginxCorpus(t *testing.T) {
	compared, kinds := 0, map[string]int{}
	for _, path := range corpusFiles(t) {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		plain := newParsing(path, string(src), Span{0, len(src)}, nil) // gonginx knows no templates
		plain.finishFile()
		f := plain.file
		if len(f.Errors) > 0 {
			continue
		}
		compared++
		text, differs := "", false
		c, err := readGonginx(f.Src)
		if err != nil {
			text, differs = f.Src, true
		} else {
			text, differs = differ(f.Directives, c.GetDirectives(), f.Src)
		}
		if !differs {
			kinds["none"]++
			continue
		}
		kind := ""
		for _, m := range misreadings {
			if m.in(text) {
				kind = m.name
				break
			}
		}
		kinds[kind]++
		if kind == "" {
			t.Errorf("%s: gonginx reads otherwise (%v), in a way that is not listed: %.200q", path, err, text)
		}
	}
	t.Logf("%d files compared, differences: %v", compared, kinds)
}
