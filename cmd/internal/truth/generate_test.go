package truth

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wsnginx/wsnginx/fixer"
	"github.com/wsnginx/wsnginx/parser"
)

// fakeEnv is an env in which nothing runs.
var fakeEnv = env{
	ports: []int{11001, 11002, 11003}, a: "127.0.0.1:1", b: "127.0.0.1:2", t: "127.0.0.1:3",
	unix: "/run/a.socket", uwsgi: "127.0.0.1:4", scgi: "127.0.0.1:5", dead: "127.0.0.1:6",
}

// TestGenerate holds that a configuration is decided by its numbers, and reads.
func TestGenerate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "conf")
	for number := range 200 {
		s := generate(5, number, &fakeEnv)
		files := s.tree.write()
		if again := generate(5, number, &fakeEnv).tree.write(); !maps.Equal(files, again) {
			t.Fatalf("configuration %d of seed 5 comes out in two ways", number)
		}
		if clone := s.tree.clone().write(); !maps.Equal(files, clone) {
			t.Fatalf("the clone of configuration %d of seed 5 is another", number)
		}
		if err := writeTree(dir, files); err != nil {
			t.Fatal(err)
		}
		ws := parser.Open([]string{filepath.Join(dir, "nginx.conf")}, parser.Options{})
		for _, p := range ws.Configs[0].Problems {
			t.Errorf("configuration %d of seed 5: %v in\n%s", number, p, s.tree.text())
		}
		if len(s.probes) == 0 {
			t.Errorf("configuration %d of seed 5 asks for nothing", number)
		}
	}
}

// TestShrink holds that only what shows something is left.
func TestShrink(t *testing.T) {
	shows := func(s *sample) bool {
		all := ""
		for _, text := range s.tree.write() {
			all += text
		}
		return strings.Contains(all, "location") && strings.Contains(all, "proxy_pass")
	}
	tried := 0
	for number := range 20 {
		s := generate(5, number, &fakeEnv)
		if !shows(s) {
			continue
		}
		tried++
		small := shrink(s, shows)
		if !shows(small) || small.tree.size() > 5 {
			t.Errorf("configuration %d of seed 5 is shrunk to\n%s", number, small.tree.text())
		}
	}
	if tried == 0 {
		t.Error("no configuration to shrink")
	}
}

// TestWithoutPiece holds what is taken back of a diff.
func TestWithoutPiece(t *testing.T) {
	c := fixer.Change{
		Name: "a.conf",
		Old:  "http {\n    server {\n        x 1;\n        y 1;\n        z;\n    }\n}\n",
		New:  "http {\n    map $a $b {\n        default c;\n    }\n\n    server {\n        x 2;\n        y 1;\n        new 1;\n        new 2;\n        z;\n    }\n}\n",
	}
	var got []string
	for _, v := range withoutPiece(c) {
		got = append(got, v.piece)
		if v.text == c.New {
			t.Errorf("without %q nothing is different", v.piece)
		}
	}
	want := []string{"+    map $a $b {\n+        default c;\n+    }\n", "-        x 1;\n+        x 2;\n", "+        new 1;\n", "+        new 2;\n"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("pieces are %q, want %q", got, want)
	}
	if first := withoutPiece(c)[3].text; first != strings.Replace(c.New, "        new 2;\n", "", 1) {
		t.Errorf("without the last piece it is\n%s", first)
	}
}
