package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The files that make a release stamp variables that exist, build with the Go of
// go.mod, without C, and run as nobody.
func TestReleaseFiles(t *testing.T) {
	read := func(name string) string {
		t.Helper()
		data, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	source, err := os.ReadFile("version.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".goreleaser.yaml", "Dockerfile", "Makefile"} {
		text := read(name)
		if !strings.Contains(text, "CGO_ENABLED=0") || !strings.Contains(text, "-trimpath") {
			t.Errorf("%s does not build a static program without local paths", name)
		}
		if !strings.Contains(text, "urfave_cli_no_docs") {
			t.Errorf("%s builds in urfave/cli's own pages, which take time at every start", name)
		}
		stamps := regexp.MustCompile(`-X main\.(\w+)=`).FindAllStringSubmatch(text, -1)
		if len(stamps) != 3 {
			t.Errorf("%s stamps %q, want version, commit and date", name, stamps)
		}
		for _, s := range stamps {
			if !regexp.MustCompile(`(?m)^var (\w+, )*` + s[1] + `(, \w+)* string$`).Match(source) {
				t.Errorf("%s stamps main.%s, which version.go does not have", name, s[1])
			}
		}
	}
	want := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read("go.mod"))[1]
	docker := read("Dockerfile")
	if !strings.Contains(docker, "FROM golang:"+want+"-alpine") {
		t.Errorf("the Dockerfile does not build with Go %s of go.mod", want)
	}
	if last := docker[strings.LastIndex(docker, "\nFROM "):]; !strings.HasPrefix(last, "\nFROM scratch\n") || !regexp.MustCompile(`(?m)^USER [1-9]\d*:[1-9]\d*$`).MatchString(last) {
		t.Errorf("the image is not the program alone, run by a user without rights:\n%s", last)
	}
}
