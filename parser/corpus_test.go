package parser

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// corpusRoot returns the folder of real configurations that WSNGINX_CORPUS
// names, and skips the test where there is none.
func corpusRoot(t *testing.T) string {
	t.Helper()
	root := os.Getenv("WSNGINX_CORPUS")
	if root == "" {
		t.Skip("WSNGINX_CORPUS names no folder of configurations")
	}
	return root
}

// corpusFiles returns every file of the corpus, sorted.
func corpusFiles(t *testing.T) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(corpusRoot(t), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && e.Name() != "INDEX.tsv" {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// TestCorpus parses every file: none may panic or take long, every refusal has
// a place and a reason, and every whole configuration parses that
// nginx's reader takes.
func TestCorpus(t *testing.T) {
	root := corpusRoot(t)
	parsed, refused := 0, 0
	for _, path := range corpusFiles(t) {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		f := Parse(path, src)
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s took %v", path, took)
		}
		checkTree(t, f)
		checkTiles(t, f.Src)
		checkTagTiles(t, f.Src)
		if !strings.Contains(f.Src, "_by_lua_block") {
			if want, got := fmt.Sprint(referenceStatements(f.Src)), fmt.Sprint(scannedStatements(f.Src)); got != want {
				t.Errorf("%s: scanned otherwise than nginx does", path)
			}
		}
		if len(f.Errors) == 0 {
			parsed++
		} else {
			refused++
		}
	}
	t.Logf("%d files parse, %d are refused", parsed, refused)

	index, err := os.ReadFile(filepath.Join(root, "INDEX.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	whole, templates, read := 0, 0, 0
	for _, line := range strings.Split(string(index), "\n") {
		columns := strings.Split(line, "\t")
		if len(columns) > 6 && columns[5] == "1" {
			src, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(columns[0])))
			if err != nil {
				t.Fatal(err)
			}
			templates++
			f := Parse(columns[0], src)
			if len(f.Errors) == 0 {
				read++
			} else if len(f.Errors) > 1 && f.Template != "" {
				t.Errorf("%s: a template has %d errors", columns[0], len(f.Errors))
			}
		}
		if len(columns) < 6 || columns[4] != "standalone main config with http{}" || columns[5] != "0" {
			continue
		}
		src, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(columns[0])))
		if err != nil {
			t.Fatal(err)
		}
		if f := Parse(columns[0], src); len(f.Errors) == 0 {
			whole++
		} else if strings.HasPrefix(f.Errors[0].Msg, "unknown directive ") {
			continue // the reference reads words and knows no names
		} else if want := referenceError(f.Src); want != f.Errors[0].Msg && !strings.Contains(f.Src, "_by_lua_block") {
			t.Errorf("%v; nginx says %q", f.Errors[0], want)
		}
	}
	t.Logf("%d whole configurations parse, %d of %d templates", whole, read, templates)
	if templates > 0 && read < templates*99/100 {
		t.Errorf("%d of %d templates are read", read, templates)
	}
}
