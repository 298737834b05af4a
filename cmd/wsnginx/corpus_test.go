package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
)

// Real configurations, in the folder that WSNGINX_CORPUS names: no command
// panics, and every document is valid.
func TestCorpus(t *testing.T) {
	corpus := os.Getenv("WSNGINX_CORPUS")
	if corpus == "" {
		t.Skip("WSNGINX_CORPUS names no folder of real configurations")
	}
	entries, err := os.ReadDir(corpus)
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		read++
		dir := filepath.Join(corpus, e.Name())
		for _, c := range []struct {
			schema string
			args   []string
		}{
			{report.LintSchema, []string{"lint", "--format", "json", dir}},
			{report.LintSchema, []string{"fix", "--unsafe", "--format", "json", dir}},
			{report.RoutesSchema, []string{"routes", "--format", "json", "--websocket", "*", dir}},
			{"", []string{"lint", "--websocket", "*", "--extend-select", "all", dir}},
			{"", []string{"routes", dir}},
		} {
			var out, log bytes.Buffer
			run(append([]string{"wsnginx"}, c.args...), strings.NewReader(""), &out, &log)
			if c.schema != "" {
				validate(t, c.schema, out.String())
			}
			if strings.Contains(log.String(), "internal error") || strings.Contains(log.String(), "did not settle") {
				t.Errorf("wsnginx %s:\n%s", strings.Join(c.args, " "), log.String())
			}
		}
	}
	if read == 0 {
		t.Errorf("%s holds no folder", corpus)
	}
}
