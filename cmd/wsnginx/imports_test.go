package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/wsnginx/wsnginx"

// layers are the folders whose imports run one way: each may import those
// after it.
var layers = []string{"cmd", "fixer", "rules", "rules/effective", "parser"}

// owners are the folders that alone may import a library, so that it can be
// replaced in one place.
var owners = map[string]string{
	"github.com/tufanbarisyildirim/gonginx": "parser",
	"github.com/sergi/go-diff":              "fixer",
	"github.com/urfave/cli":                 "cmd",
}

// layerOf returns the layer that a folder of the module belongs to, -1 for none.
func layerOf(dir string) int {
	best := -1
	for i, l := range layers {
		if (dir == l || strings.HasPrefix(dir, l+"/")) && (best < 0 || len(l) > len(layers[best])) {
			best = i
		}
	}
	return best
}

// refuse returns why a file in folder dir may not import path, "" where it may.
func refuse(dir, path string) string {
	for library, owner := range owners {
		if (path == library || strings.HasPrefix(path, library+"/")) && dir != owner && !strings.HasPrefix(dir, owner+"/") {
			return "is imported in " + owner + " only"
		}
	}
	if path == module || strings.HasPrefix(path, module+"/") {
		if to := layerOf(strings.TrimPrefix(strings.TrimPrefix(path, module), "/")); to < layerOf(dir) {
			return "imports run " + strings.Join(layers, " → ")
		}
	}
	return ""
}

func TestImports(t *testing.T) {
	root := filepath.Join("..", "..")
	files := 0
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && path != root && (strings.HasPrefix(e.Name(), ".") || e.Name() == "testdata") {
			return fs.SkipDir
		}
		if e.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		files++
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if why := refuse(filepath.ToSlash(rel), name); why != "" {
				t.Errorf("%s imports %s: %s", path, name, why)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Errorf("looked at %d files; the walk missed the module", files)
	}
}

// The test above must be able to fail.
func TestRefuse(t *testing.T) {
	for _, c := range []struct {
		dir, path string
		want      bool
	}{
		{"cmd/wsnginx", module + "/parser", false},
		{"cmd/internal/report", module + "/rules", false},
		{"fixer", module + "/rules", false},
		{"rules/effective", module + "/parser", false},
		{"parser", module + "/rules/effective", true},
		{"rules/effective", module + "/rules", true},
		{"rules", module + "/fixer", true},
		{"fixer", module + "/cmd/internal/report", true},
		{"rules", "github.com/tufanbarisyildirim/gonginx/config", true},
		{"parser", "github.com/tufanbarisyildirim/gonginx/config", false},
		{"parser", "github.com/sergi/go-diff/diffmatchpatch", true},
		{"fixer", "github.com/urfave/cli/v2", true},
		{"rules", "strings", false},
	} {
		if got := refuse(c.dir, c.path) != ""; got != c.want {
			t.Errorf("refuse(%q, %q) = %v, want %v", c.dir, c.path, got, c.want)
		}
	}
}
