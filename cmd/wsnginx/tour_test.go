package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// scene is a situation of docs/tour.md: what is typed in a copy of a tree.
type scene struct {
	title, story string
	tree         string   // a folder of testdata
	lines        []string // each "wsnginx …", or "cat FILE"
}

// tour are the situations of docs/tour.md, in its order.
var tour = []scene{
	{
		"The socket answers 400",
		"A dashboard's socket worked until someone added one header line to its location. The\nline is marked, with the two it throws away.",
		"example", []string{"wsnginx lint sites-enabled/app.example.com"},
	},
	{
		"Mend it",
		"The change as a diff that `patch` and `git apply` take. Nothing is written before\n`--write` says so.",
		"example", []string{"wsnginx fix sites-enabled/app.example.com", "wsnginx fix --write sites-enabled/app.example.com", "wsnginx fix sites-enabled/app.example.com"},
	},
	{
		"Which locations carry WebSocket at all?",
		"Every proxied location, the broken ones in front, with the reason in a word.",
		"example", []string{"wsnginx routes", "wsnginx routes --broken --quiet"},
	},
	{
		"Why does this URL fail?",
		"Which server and location answer and why, the request as the upstream gets it with\nthe line that wrote each part, and what to change.",
		"example", []string{"wsnginx trace ws://chat.example.com/ws"},
	},
	{
		"It drops every sixty seconds",
		"The timeout that was raised is not the one that closes the socket.",
		"tour/timeout", []string{"wsnginx lint --select short-read-timeout", "wsnginx fix --unsafe --select short-read-timeout"},
	},
	{
		"What does that mean?",
		"",
		"example", []string{"wsnginx explain dropped-websocket-headers"},
	},
	{
		"A semicolon is missing",
		"nginx reads the next line as arguments of this one, and says something else.",
		"tour/semicolon", []string{"wsnginx lint", "wsnginx fix --write"},
	},
	{
		"Only a fragment, without its nginx.conf",
		"What the levels around it could say is not held against it.",
		"tour/fragment", []string{"cat app.conf", "wsnginx lint app.conf"},
	},
	{
		"The handshake is redirected, and a file lies elsewhere",
		"Clients do not follow redirects. What was not read is said.",
		"tour/redirect", []string{"wsnginx trace ws://live.example.com/ws/", "wsnginx lint"},
	},
	{
		"A gate for a repository",
		"A finding that is meant is ignored with its reason. The rest is counted, told to\nGitHub, or made a document for other programs.",
		"tour/ignored", []string{"wsnginx lint --statistics", "wsnginx lint --quiet --format github --fail-on error", "wsnginx lint --quiet --format checkstyle --select missing-http-version"},
	},
}

// play runs a line as a person would see it.
func play(t *testing.T, line string) string {
	t.Helper()
	words := strings.Fields(line)
	var out bytes.Buffer
	fmt.Fprintf(&out, "$ %s\n", line)
	if words[0] == "cat" {
		data, err := os.ReadFile(words[1])
		if err != nil {
			t.Fatal(err)
		}
		out.Write(data)
		return out.String()
	}
	if status := run(words, strings.NewReader(""), &out, &out); status != 0 {
		fmt.Fprintf(&out, "(exit status %d)\n", status)
	}
	return out.String()
}

// docs/tour.md shows what the program prints: go test -update rewrites it, and
// it is never old.
func TestTour(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# A tour\n\nWhat wsnginx says in ten situations. This page is written by\n`go test ./cmd/wsnginx -update`; the trees are in [testdata](../testdata).\n")
	for i, s := range tour {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "testdata", filepath.FromSlash(s.tree)))); err != nil {
			t.Fatal(err)
		}
		t.Chdir(dir)
		fmt.Fprintf(&b, "\n## %d. %s\n", i+1, s.title)
		if s.story != "" {
			fmt.Fprintf(&b, "\n%s\n", s.story)
		}
		for _, line := range s.lines {
			fmt.Fprintf(&b, "\n```console\n%s```\n", play(t, line))
		}
	}
	text := b.String()
	if i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }); i >= 0 {
		t.Errorf("the tour holds the control character %q", text[i])
	}
	golden(t, filepath.Join(root, "docs", "tour.md"), text)
}

// beside are the runs that docs/side-by-side.md shows, by the name of the block.
var beside = map[string]scene{
	"misspelt": {tree: "tour/misspelt", lines: []string{"wsnginx lint --quiet"}},
	"lost":     {tree: "example", lines: []string{"wsnginx lint --quiet sites-enabled/app.example.com"}},
}

// What docs/side-by-side.md shows of wsnginx is what it prints; the outputs of
// other programs beside it are quoted.
func TestSideBySide(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(root, "docs", "side-by-side.md")
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for name, s := range beside {
		before, rest, ok := strings.Cut(text, "<!-- wsnginx: "+name+" -->\n```console\n")
		_, after, closed := strings.Cut(rest, "\n```\n")
		if !ok || !closed {
			t.Fatalf("%s has no block named %q", page, name)
		}
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "testdata", filepath.FromSlash(s.tree)))); err != nil {
			t.Fatal(err)
		}
		t.Chdir(dir)
		text = before + "<!-- wsnginx: " + name + " -->\n```console\n" + strings.TrimSuffix(play(t, s.lines[0]), "\n") + "\n```\n" + after
	}
	golden(t, page, text)
}
