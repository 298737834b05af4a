package main

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// testApp is the command line without anything to print to.
func testApp() *program {
	return &program{stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}}
}

// Every command has one example, which is a command line that there is.
func TestExamples(t *testing.T) {
	app := testApp().app()
	for _, c := range app.Commands {
		_, example := exampleOf(c)
		_, line, ok := strings.Cut(example, "wsnginx ")
		if !ok || strings.Contains(example, "\n") {
			t.Errorf("%s: example %q is not one line that runs wsnginx", c.Name, example)
			continue
		}
		line, _, _ = strings.Cut(strings.TrimSuffix(line, ")"), " | ")
		words := append([]string{"wsnginx"}, strings.Fields(line)...)
		if words[1] != c.Name {
			t.Errorf("%s: example %q is of another command", c.Name, example)
		}
		if _, err := arrange(app, words); err != nil {
			t.Errorf("%s: example %q: %v", c.Name, example, err)
		}
	}
}

// Help fits beside other windows: flags and what they do in 124 columns, the
// rest in 80.
func TestHelpWidth(t *testing.T) {
	app := testApp().app()
	for _, c := range app.Commands {
		for line := range strings.Lines(commandHelp(app, c)) {
			line = strings.TrimSuffix(line, "\n")
			if n := len(line); n > 124 || n > 80 && !strings.HasPrefix(line, "  -") && !strings.HasPrefix(line, "wsnginx ") {
				t.Errorf("%s --help has a line of %d columns: %s", c.Name, n, line)
			}
		}
	}
}

// The manual page has every command and flag, and the tools that format such
// pages find nothing wrong with it.
func TestMan(t *testing.T) {
	defer func(d string) { date = d }(date)
	date = "2026-01-31"
	status, page, stderr := command(t, ".", "man")
	if status != 0 || stderr != "" {
		t.Errorf("man: exit status %d, stderr %q", status, stderr)
	}
	plain := strings.ReplaceAll(page, `\-`, "-")
	app := testApp().app()
	for _, c := range app.Commands {
		if !strings.Contains(plain, "\n.SS \""+c.Name+"\"\n") {
			t.Errorf("the manual has no command %s", c.Name)
		}
		for _, f := range helpFlags(c) {
			if !strings.Contains(plain, "\n.B "+f[0]+"\n") {
				t.Errorf("the manual has no flag %s of %s", f[0], c.Name)
			}
		}
	}
	for i, line := range strings.Split(page, "\n") {
		if strings.HasPrefix(line, ".") && !regexp.MustCompile(`^\.(TH|SH|SS|TP|B|BR|br|PP|RS|RE|EX|EE)( |$)`).MatchString(line) {
			t.Errorf("line %d of the manual is a request that is not meant: %s", i+1, line)
		}
	}
	for _, tool := range [][]string{{"mandoc", "-T", "lint", "-W", "warning"}, {"groff", "-man", "-Tutf8", "-ww", "-z"}, {"man", "-l", "-"}} {
		if _, err := exec.LookPath(tool[0]); err != nil {
			t.Logf("%s is not installed", tool[0])
			continue
		}
		cmd := exec.Command(tool[0], tool[1:]...)
		cmd.Stdin = strings.NewReader(page)
		var out, log bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &log
		if err := cmd.Run(); err != nil || log.Len() > 0 || tool[0] == "mandoc" && out.Len() > 0 {
			t.Errorf("%s: %v\n%s%s", tool[0], err, log.String(), out.String())
		}
	}
}

func TestVersion(t *testing.T) {
	defer func(v, c string) { version, commit = v, c }(version, commit)
	version, commit = "1.2.3", "0123abc"
	_, stdout, _ := command(t, ".", "--version")
	for _, want := range []string{"wsnginx 1.2.3\n", "commit  0123abc\n", "built   go1.", "judges for 1.28 "} {
		if !strings.Contains(stdout, want) {
			t.Errorf("--version prints\n%s\nwithout %q", stdout, want)
		}
	}
	version, commit = "", ""
	if _, stdout, _ = command(t, ".", "--version"); !strings.HasPrefix(stdout, "wsnginx ") || strings.HasPrefix(stdout, "wsnginx \n") {
		t.Errorf("--version of a build without stamps prints\n%s", stdout)
	}
}
