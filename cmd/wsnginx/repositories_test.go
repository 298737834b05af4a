package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bmatcuk/doublestar/v4"
)

// cloned is what a first run over a repository came to.
type cloned struct {
	Findings []struct {
		Rule, Severity, File string
		Start                struct{ Line int }
	}
	Problems []struct{ Kind, File string }
	Summary  struct{ Files, Errors, Warnings, Infos int }
}

// judged is a row of docs/repositories.md about findings or unparsed files.
type judged struct {
	what, place string
	used        bool
}

// docs/repositories.md says what a first run on every repository of the corpus
// comes to, and judges every error, warning and file that is not parsed.
func TestRepositoriesPage(t *testing.T) {
	corpus := os.Getenv("WSNGINX_CORPUS")
	if corpus == "" {
		t.Skip("WSNGINX_CORPUS names no folder of repositories")
	}
	page, err := filepath.Abs(filepath.Join("..", "..", "docs", "repositories.md"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	const start, end = "<!-- repositories: written by go test ./cmd/wsnginx -update -->\n", "<!-- /repositories -->"
	before, rest, ok := strings.Cut(string(text), start)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for its table", page)
	}
	rows := judgements(t, after)

	folders, err := os.ReadDir(corpus)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("\n| repository | exit status | errors | warnings | infos | files | not parsed |\n|---|---|---|---|---|---|---|\n")
	statuses, n := map[int]int{}, 0
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		name := folder.Name()
		status, run := clone(t, filepath.Join(corpus, name))
		statuses[status]++
		n++
		unparsed := map[string]bool{}
		for _, p := range run.Problems {
			if p.Kind == "failed" {
				unparsed[p.File] = true
			}
		}
		s := run.Summary
		fmt.Fprintf(&table, "| %s | %d | %d | %d | %d | %d | %d |\n", name, status, s.Errors, s.Warnings, s.Infos, s.Files, len(unparsed))
		for _, f := range run.Findings {
			if f.Severity != "info" {
				judge1(t, rows, f.Rule, fmt.Sprintf("%s/%s:%d", name, f.File, f.Start.Line))
			}
		}
		for file := range unparsed {
			judge1(t, rows, "not parsed", name+"/"+file)
		}
	}
	fmt.Fprintf(&table, "\n%d repositories: %d exit 0, %d exit 1, %d exit 2.\n\n", n, statuses[0], statuses[1], statuses[2])
	for _, row := range rows {
		if !row.used {
			t.Errorf("docs/repositories.md judges %s at %s, and there is none any more", row.what, row.place)
		}
	}
	golden(t, page, before+start+table.String()+end+after)
}

// clone runs wsnginx with no settings on a copy of a folder that is the top of a
// repository.
func clone(t *testing.T, folder string) (status int, run cloned) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := command(t, dir, "lint", "--format", "json", ".")
	d := json.NewDecoder(bytes.NewReader([]byte(stdout)))
	if err := d.Decode(&run); err != nil {
		t.Fatalf("%s: exit status %d: %v\n%s", folder, status, err, stderr)
	}
	return status, run
}

// judgements returns the rows of the page's tables whose third column is a
// judgement.
func judgements(t *testing.T, page string) []*judged {
	t.Helper()
	var rows []*judged
	for line := range strings.Lines(page) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), " | ")
		if len(cells) != 4 || !strings.HasPrefix(line, "| ") {
			continue
		}
		if slices.Contains([]string{"true", "false", "arguable"}, cells[2]) {
			rows = append(rows, &judged{what: strings.TrimPrefix(cells[0], "| "), place: cells[1]})
		}
	}
	return rows
}

func judge1(t *testing.T, rows []*judged, what, place string) {
	t.Helper()
	for _, row := range rows {
		pattern := row.place
		if strings.ContainsAny(place, `\[`) { // of a folder's name, no pattern
			pattern = strings.ReplaceAll(strings.ReplaceAll(pattern, `\`, `\\`), "[", `\[`)
		}
		if ok, err := doublestar.Match(pattern, place); row.what == what && ok && err == nil {
			row.used = true
			return
		}
	}
	t.Errorf("docs/repositories.md does not judge %s at %s", what, place)
}
