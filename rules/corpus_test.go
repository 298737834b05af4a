package rules

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// TestCorpus runs the default rules over the configurations in the folder that
// WSNGINX_CORPUS names: nothing panics, what works is no error, and safe fixes
// leave ordinary requests as they were and the files readable.
func TestCorpus(t *testing.T) {
	root := os.Getenv("WSNGINX_CORPUS")
	if root == "" {
		t.Skip("WSNGINX_CORPUS is not set")
	}
	folders, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	list, err := Select(Selection{})
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		t.Run(folder.Name(), func(t *testing.T) {
			c := &fixture{dir: filepath.Join(root, folder.Name()), rules: list}
			w := parser.Open([]string{c.dir}, parser.Options{})
			findings := c.lint(w)
			kept := findings[:0]
			for _, f := range findings {
				for _, r := range f.Routes {
					if r.Verdict == effective.Works && f.Severity == Error && f.Rule.Category == HandshakeCategory {
						t.Errorf("%s works, and yet: %s", subject(r), describe(&f))
					}
				}
				if f.Fix != nil && f.Rule != websocketScheme && f.Rule != duplicateHeader && sound(f.Fix) {
					kept = append(kept, f)
				}
			}
			c.checkSafe(t, w, kept)
			fixed := w.With(applyFixes(t, kept, true))
			for _, cfg := range fixed.Configs {
				for _, f := range cfg.Files {
					if before := errorsIn(w, f.Name); len(f.Errors) > before {
						t.Errorf("%s after its fixes: %v", f.Name, f.Errors[0])
					}
				}
			}
		})
	}
}

// sound reports whether every file of a fix could be read without an error.
func sound(fix *Fix) bool {
	for _, e := range fix.Edits {
		if len(e.File.Errors) > 0 {
			return false
		}
	}
	return true
}

func errorsIn(w *parser.Workspace, name string) int {
	for _, cfg := range w.Configs {
		for _, f := range cfg.Files {
			if f.Name == name {
				return len(f.Errors)
			}
		}
	}
	return 0
}
