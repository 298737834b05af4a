package parser

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestScan says what nginx makes of each text; reference says so too.
func TestScan(t *testing.T) {
	const (
		eof     = `unexpected end of file, expecting ";" or "}"`
		tooLong = `too long parameter "xxxxxxxxxx..." started`
	)
	x := func(n int) string { return strings.Repeat("x", n) }
	one := func(words ...string) []statement { return []statement{{words: words, end: ';'}, {}} }
	fails := func(msg string) []statement { return []statement{{err: msg}} }
	for _, tt := range []struct {
		name, src string
		want      []statement
	}{
		{"empty", "", []statement{{}}},
		{"one word", "a;", one("a")},
		{"white space is four bytes", " \t\r\na\vb\fc\u00a0d\x00e;", one("a\vb\fc\u00a0d\x00e")},
		{"CRLF", "a\r\nb;\r\n", one("a", "b")},
		{"CR ends no comment", "a; # x\rb;", one("a")},
		{"block", "a b { c; }", []statement{{words: []string{"a", "b"}, end: '{'}, {words: []string{"c"}, end: ';'}, {end: '}'}, {}}},
		{"glued brace", "location /a{", []statement{{words: []string{"location", "/a"}, end: '{'}, {}}},
		{"empty statement", "a;;", []statement{{words: []string{"a"}, end: ';'}, {err: `unexpected ";"`}}},
		{"bare brace", "{", fails(`unexpected "{"`)},
		{"missing semicolon", "a b }", fails(`unexpected "}"`)},
		{"missing semicolon at the end", "a b", fails(eof)},
		{"stray brace", "}", []statement{{end: '}'}, {}}},

		{"comment at a token's start", "a #b;\n c;", one("a", "c")},
		{"no comment in a word", "a b#c;", one("a", "b#c")},
		{"no comment in quotes", `a "#b";`, one("a", "#b")},
		{"comment without line feed", "a; # b", one("a")},
		{"comment with quote", "# don't\na;", one("a")},
		{"longest comment", "#" + x(4094) + "\na;", one("a")},
		{"too long comment", "#" + x(4095) + "\na;", fails(`too long parameter "#xxxxxxxxx..." started`)},
		{"long comment at the end of the file", "#" + x(4095), []statement{{}}},

		{"quotes inside a word", `a"b"c d'e;`, one(`a"b"c`, `d'e`)},
		{"quote inside a word ends nothing", `a"b c";`, one(`a"b`, `c"`)},
		{"closing brace inside a word", "a}b c};", one("a}b", "c}")},
		{"variable in braces", "a ${b}c $d{e;", []statement{{words: []string{"a", "${b}c", "$d"}, end: '{'}, {words: []string{"e"}, end: ';'}, {}}},
		{"two braces after a dollar", "a ${{b;", one("a", "${{b")},
		{"dollar and brace apart", "a $ {", []statement{{words: []string{"a", "$"}, end: '{'}, {}}},
		{"regex with a brace", "location ~ ^/a{2}$ {", []statement{{words: []string{"location", "~", "^/a"}, end: '{'},
			{words: []string{"2}$"}, end: '{'}, {}}},
		{"regex in quotes", `location ~ "^/a{2}$" {`, []statement{{words: []string{"location", "~", "^/a{2}$"}, end: '{'}, {}}},

		{"quoted", "a 'b; {}\n#' \"c'\";", one("a", "b; {}\n#", "c'")},
		{"empty quotes", `a "" '';`, one("a", "", "")},
		{"text after a closing quote", `a "b"c;`, fails(`unexpected "c"`)},
		{"two quoted words glued", `a "b""c";`, fails(`unexpected """`)},
		{"comment after a closing quote", `a "b"#`, fails(`unexpected "#"`)},
		{"brace after a closing quote", `a "b"}`, fails(`unexpected "}"`)},
		{"parenthesis after a closing quote", `if ($a = "b") {`, []statement{{words: []string{"if", "($a", "=", "b", ")"}, end: '{'}, {}}},
		{"block after a closing quote", `a "b"{`, []statement{{words: []string{"a", "b"}, end: '{'}, {}}},
		{"unclosed quote", `a "b; }`, fails(eof)},
		{"quoted first word", `"a" b;`, one("a", "b")},

		{"escapes", `a \" \' \\ \t\r\n;`, one("a", `"`, `'`, `\`, "\t\r\n")},
		{"other escapes stay", `a \d\.\;\{\ b;`, one("a", `\d\.\;\{\ b`)},
		{"escaped quote in quotes", `a "b\"c" 'd\'e';`, one("a", `b"c`, `d'e`)},
		{"escaped backslash", `a "\\d";`, one("a", `\d`)},
		{"no escape for a dollar", `a \$b;`, one("a", `\$b`)},
		{"backslash at the end", `a \`, fails(eof)},
		{"escaped start of a comment", `a \#b;`, one("a", `\#b`)},

		{"byte order mark", "\ufeffa;", one("\ufeffa")},
		{"byte order mark before a comment", "\ufeff# a\nb;", one("\ufeff#", "a", "b")},
		{"not UTF-8", "a \xe4\xff;", one("a", "\xe4\xff")},
		{"control Z", "a;\x1a", []statement{{words: []string{"a"}, end: ';'}, {err: eof}}},

		{"longest word", "a " + x(4095) + ";", one("a", x(4095))},
		{"too long word", "a " + x(4096) + ";", fails(tooLong)},
		{"too long word at the end of the file", "a " + x(4096), fails(eof)},
		{"longest quoted word", `a "` + x(4094) + `";`, one("a", x(4094))},
		{"too long quoted word", `a "` + x(4095) + `";`, fails(`too long parameter "xxxxxxxxxx..." started`)},
		{"quoted word of a buffer", `a "` + x(4096) + `";`, fails(`too long parameter, probably missing terminating """ character`)},
		{"longest word before white space", "a " + x(4094) + strings.Repeat(" ", 9000) + ";", one("a", x(4094))},
		{"too long word before white space", "a " + x(4095) + " ;", fails(tooLong)},
		{"escapes count with their backslash", "a " + strings.Repeat(`\n`, 2048) + ";", fails(`too long parameter "\n\n\n\n\n..." started`)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			show := func(list []statement) string { return strings.Trim(fmt.Sprint(list), "[]") }
			if diff := cmp.Diff(show(tt.want), show(referenceStatements(tt.src))); diff != "" {
				t.Errorf("ngx_conf_read_token(%.60q):\n-want +got\n%s", tt.src, diff)
			}
			if diff := cmp.Diff(show(tt.want), show(scannedStatements(tt.src))); diff != "" {
				t.Errorf("Scan(%.60q):\n-want +got\n%s", tt.src, diff)
			}
			checkTiles(t, tt.src)
		})
	}
}

// TestScanPieces holds the Scanner against ngx_conf_read_token over texts put
// together from pieces, some of which reach the limits of nginx's buffer.
func TestScanPieces(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	pieces := []string{" ", "\n", "\t", "\r", "a", "b", ";", ";", "{", "}", "#", "\"", "'", "\"", "'", "\\", "$", ")", "(", "n", "t", "${",
		x(1365), x(2730), x(4094), strings.Repeat(" ", 4095)}
	random := rand.New(rand.NewSource(1))
	for range 30_000 {
		var src strings.Builder
		for range 1 + random.Intn(14) {
			src.WriteString(pieces[random.Intn(len(pieces))])
		}
		want, got := fmt.Sprint(referenceStatements(src.String())), fmt.Sprint(scannedStatements(src.String()))
		if got != want {
			t.Fatalf("Scan(%q) =\n%s\nnginx reads\n%s", src.String(), got, want)
		}
		checkTiles(t, src.String())
	}
}

// checkTiles fails unless the tokens of src, concatenated, are src.
func checkTiles(t *testing.T, src string) {
	t.Helper()
	at := 0
	s := NewScanner(src, func(offset int, msg string) {
		if offset < 0 || offset > len(src) || msg == "" {
			t.Fatalf("Scan(%q): error %q at %d of %d bytes", src, msg, offset, len(src))
		}
	})
	for {
		token := s.Next()
		if token.Span.Start != at || token.Span.End < at {
			t.Fatalf("Scan(%q): token %v after offset %d", src, token, at)
		}
		at = token.Span.End
		if token.Kind == EOF {
			break
		}
		if token.Span.Len() == 0 {
			t.Fatalf("Scan(%q): empty token %v", src, token)
		}
		if token.Kind == BlockStart && strings.HasSuffix(src[:at], "lua_block{") {
			s.ExpectLua()
		}
	}
	if at != len(src) {
		t.Fatalf("Scan(%q) ends at %d of %d bytes", src, at, len(src))
	}
}

// addSeeds gives a fuzz target the files of testdata and some texts that mix
// every rule of the scanner.
func addSeeds(f *testing.F) {
	filepath.WalkDir(filepath.Join("..", "testdata"), func(path string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if src, err := os.ReadFile(path); err == nil {
				f.Add(string(src))
			}
		}
		return nil
	})
	for _, src := range []string{
		"a ${b}c \\; \"d\\\"e\" 'f';# g\n}",
		"content_by_lua_block{ local s = \"}\" -- }\n --[[ } ]] } a;",
		"if ($a = \"b\"){\r\n return 1;\r\n}",
		"map $a $b { default \"\"; ~^x{2} y; } \ufeff",
	} {
		f.Add(src)
	}
}

func FuzzScan(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, src string) {
		checkTiles(t, src)
		want, got := referenceStatements(src), scannedStatements(src)
		if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(got)); diff != "" {
			t.Errorf("Scan(%q):\n-nginx +ours\n%s", src, diff)
		}
	})
}
