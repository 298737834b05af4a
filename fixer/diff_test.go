package fixer

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// diffCases are pairs of texts whose difference is hard to print.
var diffCases = []struct{ name, old, new, want string }{
	{"equal", "a\n", "a\n", ""},
	{"one line added", "a\nb\nc\nd\ne\n", "a\nb\nc\nd\nX\ne\n", "@@ -2,4 +2,5 @@\n b\n c\n d\n+X\n e\n"},
	{"first line added", "a\n", "X\na\n", "@@ -1 +1,2 @@\n+X\n a\n"},
	{"no newline at the end, kept", "a\nb", "X\na\nb", "@@ -1,2 +1,3 @@\n+X\n a\n b\n\\ No newline at end of file\n"},
	{"no newline at the end, added", "a\nb", "a\nb\n", "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n"},
	{"no newline at the end, lost", "a\nb\n", "a\nb", "@@ -1,2 +1,2 @@\n a\n-b\n+b\n\\ No newline at end of file\n"},
	{"a line after one without newline", "a", "a\nb", "@@ -1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n\\ No newline at end of file\n"},
	{"line endings only", "a\r\nb\r\n", "a\nb\r\n", "@@ -1,2 +1,2 @@\n-a\r\n+a\n b\r\n"},
	{"CRLF kept", "a\r\nb\r\n", "a\r\nX\r\nb\r\n", "@@ -1,2 +1,3 @@\n a\r\n+X\r\n b\r\n"},
	{"not UTF-8", "\xe9\n\xff\n", "\xe9\n\xfe\xff\n", "@@ -1,2 +1,2 @@\n \xe9\n-\xff\n+\xfe\xff\n"},
	{"a lone CR is no line end", "a\rb\nc\n", "a\rX\nc\n", "@@ -1,2 +1,2 @@\n-a\rb\n+a\rX\n c\n"},
	{"lines that look like a diff", "--- a\n+++ b\n@@ -1 +1 @@\n", "--- a\n-- x\n+++ b\n@@ -1 +1 @@\n", "@@ -1,3 +1,4 @@\n --- a\n+-- x\n +++ b\n @@ -1 +1 @@\n"},
	{
		"six lines apart share a hunk", "a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
		"@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n",
	},
	{
		"seven do not", "a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
		"@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n",
	},
	{
		"lines without a unique one among them", "{\n}\n{\n}\n{\n}\n", "{\n}\n{\nx\n}\n{\nx\n}\n",
		"@@ -1,6 +1,8 @@\n {\n }\n {\n+x\n }\n {\n+x\n }\n",
	},
}

func TestDiff(t *testing.T) {
	for _, test := range diffCases {
		t.Run(test.name, func(t *testing.T) {
			want := test.want
			if want != "" {
				want = "--- ./n.conf\n+++ ./n.conf\n" + want
			}
			if got := Diff("n.conf", test.old, test.new); got != want {
				t.Errorf("Diff(%q, %q) =\n%q, want\n%q", test.old, test.new, got, want)
			}
		})
	}
}

// TestDiffTools applies every printed diff with the real programs, from the
// folder that the names are relative to.
func TestDiffTools(t *testing.T) {
	tools := [][]string{
		{"patch", "-p0", "-F0"},
		{"patch", "-p1", "-F0"},
		{"git", "apply", "--whitespace=nowarn"},
	}
	names := []string{
		"nginx.conf", "conf.d/app.conf", "conf.d/my site.conf", "conf.d/\ttab.conf", "größe/ü.conf",
		`we"ird\.conf`, "latin\xe9.conf", " lead and trail ", "a/b/nginx.conf", "-p.conf", "new\nline.conf",
	}
	for _, tool := range tools {
		t.Run(strings.Join(tool[:2], " "), func(t *testing.T) {
			if _, err := exec.LookPath(tool[0]); err != nil {
				t.Skipf("%s is not installed: its reading of our diffs is not tested", tool[0])
			}
			version, _ := exec.Command(tool[0], "--version").Output()
			quotes := tool[0] == "git" || strings.HasPrefix(string(version), "GNU patch")
			old, new := "a\nb\n", "a\nX\nb\n"
			for _, name := range names {
				if quotes || !strings.HasPrefix(quoteName(name), `"`) { // BSD's patch does not read quotes
					applyWith(t, tool, name, old, new)
				}
			}
			for _, test := range diffCases {
				applyWith(t, tool, "conf.d/app.conf", test.old, test.new)
			}
		})
	}
}

// applyWith writes old to name, beside a file that must not be mistaken for it,
// and checks that the tool makes it new.
func applyWith(t *testing.T, tool []string, name, old, new string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(old), 0o644); err != nil {
		t.Logf("this file system does not take the name %q: %v", name, err)
		return
	}
	decoy := filepath.Join(dir, filepath.Base(name))
	if decoy != path {
		if err := os.WriteFile(decoy, []byte(old), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	diff := Diff(name, old, new)
	if diff == "" {
		return
	}
	cmd := exec.Command(tool[0], tool[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	cmd.Stdin = strings.NewReader(diff)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v refuses\n%s%v\n%s", tool, diff, err, out)
		return
	}
	if got, _ := os.ReadFile(path); string(got) != new {
		t.Errorf("%v made %q of %q, want %q", tool, got, old, new)
	}
	if got, _ := os.ReadFile(decoy); decoy != path && string(got) != old {
		t.Errorf("%v changed %s instead of %s", tool, decoy, path)
	}
}

func TestPatchName(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	for _, d := range []*string{&outside, &dir} {
		real, err := filepath.EvalSymlinks(*d)
		if err != nil {
			t.Fatal(err)
		}
		*d = real
	}
	for _, name := range []string{filepath.Join(dir, "available", "app"), filepath.Join(outside, "x.conf")} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("available", filepath.Join(dir, "enabled")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, "x.conf"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	fromRoot := strings.TrimLeft(filepath.ToSlash(filepath.Join(outside, "x.conf")), "/")
	up, err := filepath.Rel(dir, filepath.Join(outside, "x.conf"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"available/app":                        "available/app",
		"./available/../available/app":         "available/app",
		"enabled/app":                          "available/app",
		filepath.Join(dir, "available", "app"): "available/app",
		filepath.Join(outside, "x.conf"):       fromRoot,
		up:                                     fromRoot,
		"link":                                 fromRoot,
		"<stdin>":                              "<stdin>",
	} {
		if got, _ := patchName(name); got != want {
			t.Errorf("patchName(%q) = %q, want %q", name, got, want)
		}
	}
}

var hunkHeader = regexp.MustCompile(`^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@$`)

// patched applies the printed diff of one file, refusing every inexactness.
func patched(old, diff string) (string, error) {
	lines := strings.SplitAfter(diff, "\n")
	if len(lines) < 3 || !strings.HasPrefix(lines[0], "--- ") || !strings.HasPrefix(lines[1], "+++ ") {
		return "", fmt.Errorf("no header")
	}
	lines = lines[2 : len(lines)-1]
	source := strings.SplitAfter(old, "\n")
	var out strings.Builder
	at, written := 0, 0
	for i := 0; i < len(lines); {
		m := hunkHeader.FindStringSubmatch(strings.TrimSuffix(lines[i], "\n"))
		if m == nil {
			return "", fmt.Errorf("not a hunk header: %q", lines[i])
		}
		number := func(s string) int {
			n, err := strconv.Atoi(s)
			if err != nil {
				return 1
			}
			return n
		}
		start, count, newStart, newCount := number(m[1]), number(m[2]), number(m[3]), number(m[4])
		if count > 0 {
			start--
		}
		if newCount > 0 {
			newStart--
		}
		for ; at < start; at++ {
			out.WriteString(source[at])
			written++
		}
		if written != newStart {
			return "", fmt.Errorf("%q begins at new line %d", lines[i], written)
		}
		for i++; count > 0 || newCount > 0; i++ {
			sign, line := lines[i][0], lines[i][1:]
			if i+1 < len(lines) && strings.HasPrefix(lines[i+1], "\\") {
				line = strings.TrimSuffix(line, "\n")
			}
			if sign == '\\' {
				continue
			}
			if sign != '+' {
				if source[at] != line {
					return "", fmt.Errorf("line %d is %q, diff has %q", at, source[at], line)
				}
				at++
				count--
			}
			if sign != '-' {
				out.WriteString(line)
				written++
				newCount--
			}
		}
		if count != 0 || newCount != 0 {
			return "", fmt.Errorf("a hunk counts %d and %d lines too many", count, newCount)
		}
		if i < len(lines) && strings.HasPrefix(lines[i], "\\") {
			i++
		}
	}
	for ; at < len(source); at++ {
		out.WriteString(source[at])
	}
	return out.String(), nil
}

func checkDiff(t *testing.T, old, new string) string {
	t.Helper()
	diff := Diff("f", old, new)
	if old == new {
		if diff != "" {
			t.Fatalf("Diff(%q, same) = %q", old, diff)
		}
		return ""
	}
	got, err := patched(old, diff)
	if err != nil {
		t.Fatalf("Diff(%.200q, %.200q) =\n%.2000s\n%v", old, new, diff, err)
	}
	if got != new {
		t.Fatalf("Diff(%.200q, %.200q) =\n%.2000s\nmakes %.200q", old, new, diff, got)
	}
	return diff
}

func FuzzDiff(f *testing.F) {
	for _, test := range diffCases {
		f.Add(test.old, test.new)
	}
	f.Add("", "a\n")
	f.Add("a", "")
	f.Add("a\nb\na\nb\na\nc\n", "b\na\nc\na\nb\nb\n")
	f.Fuzz(func(t *testing.T, old, new string) {
		checkDiff(t, old, new)
		// Few different bytes make many equal lines.
		few := func(s string) string {
			return strings.Map(func(r rune) rune { return rune("abc\n\n"[int(r)%5]) }, s)
		}
		checkDiff(t, few(old), few(new))
	})
}

// bigConfig is a file of n lines, and the same with an edit in every one of
// spots places.
func bigConfig(n, spots int, line func(int) string) (old, new string) {
	var a, b strings.Builder
	for i := range n {
		a.WriteString(line(i))
		b.WriteString(line(i))
		if i%(n/spots) == 2 {
			b.WriteString("        proxy_set_header Upgrade $http_upgrade;\n        proxy_set_header Connection \"upgrade\";\n")
		}
	}
	return a.String(), b.String()
}

// realistic has lines as a generated file of many servers has: ten lines a
// server, few of them unique.
func realistic(i int) string {
	switch i % 10 {
	case 0:
		return "server {\n"
	case 1:
		return fmt.Sprintf("    server_name app%d.example.com;\n", i/10)
	case 4:
		return "    location /ws {\n"
	case 5:
		return "        proxy_pass http://app;\n"
	case 8:
		return "    }\n"
	case 9:
		return "}\n"
	default:
		return fmt.Sprintf("    # line %d\n", i%10)
	}
}

// TestDiffBig holds the cases that go-diff alone is too slow for, or runs out of
// runes for, to being right.
func TestDiffBig(t *testing.T) {
	distinct := func(i int) string { return fmt.Sprintf("set $v%d \xff;\n", i) }
	old, new := bigConfig(120_000, 5000, distinct)
	if got := strings.Count(checkDiff(t, old, new), "\n+ "); got != 10_000 {
		t.Errorf("%d lines added, want 10000", got)
	}
	old, new = bigConfig(100_000, 5000, realistic)
	if got := strings.Count(checkDiff(t, old, new), "\n+ "); got != 10_000 {
		t.Errorf("%d lines added, want 10000", got)
	}
	other := func(i int) string { return fmt.Sprintf("map $o%d;\n", i) }
	all, _ := bigConfig(120_000, 1, other)
	checkDiff(t, old, all)
	same, _ := bigConfig(100_000, 1, func(i int) string { return []string{"a\n", "b\n", "c\n"}[i*i%7%3] })
	checkDiff(t, same, "b\nb\n"+same[:100_000]+"c\nb\n"+same[100_000:150_000])
}

func BenchmarkDiff(b *testing.B) {
	old, new := bigConfig(100_000, 5000, realistic)
	b.Run("5000 spots in 100000 lines", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Diff("f", old, new)
		}
	})
	one, two := bigConfig(100_000, 1, realistic)
	b.Run("1 spot in 100000 lines", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Diff("f", one, two)
		}
	})
	rows, more := bigConfig(8000, 1000, func(i int) string { return []string{"a\n", "b\n", "c\n"}[i*i%7%3] })
	b.Run("no unique line", func(b *testing.B) {
		for b.Loop() {
			Diff("f", rows, more)
		}
	})
}

func TestLine(t *testing.T) {
	c := Change{Old: "a\nb\nc\nd\ne\n", New: "a\nnew\nb\nC\nd\n"}
	for i, want := range []int{1, 3, 0, 5, 0, 6} {
		if got := c.Line(i + 1); got != want {
			t.Errorf("Line(%d) = %d, want %d", i+1, got, want)
		}
	}
}
