package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the golden files and the table in README.md")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"wsnginx": main})
}

// TestScript runs the command line as a person would: testdata/script/*.txtar.
//
// Besides testscript's own commands there are
//
//	status N COMMAND…   run it and want that exit status
//	refused COMMAND…    want status 2, nothing on stdout and one line on stderr
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			example, err := filepath.Abs(filepath.Join("..", "..", "testdata", "example"))
			if err != nil {
				return err
			}
			e.Setenv("EXAMPLE", example)
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, errors.New("unknown condition")
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":  scriptStatus,
			"refused": scriptRefused,
		},
	})
}

func scriptStatus(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s: exit status %d, want %d\nstdout:\n%s\nstderr:\n%s",
			strings.Join(args[1:], " "), got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

func scriptRefused(ts *testscript.TestScript, neg bool, args []string) {
	scriptStatus(ts, neg, append([]string{"2"}, args...))
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("%s: stdout is %q, want nothing", strings.Join(args, " "), out)
	}
	line, rest, ended := strings.Cut(ts.ReadFile("stderr"), "\n")
	if !strings.HasPrefix(line, "wsnginx: ") || !ended || rest != "" {
		ts.Fatalf("%s: stderr is %q, want one line that begins with \"wsnginx: \"", strings.Join(args, " "), ts.ReadFile("stderr"))
	}
}

// command runs the program in the working directory dir.
func command(t *testing.T, dir string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	t.Chdir(dir)
	var out, log bytes.Buffer
	status = run(append([]string{"wsnginx"}, args...), strings.NewReader(""), &out, &log)
	return status, out.String(), log.String()
}

// golden compares got with the file at path.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is\n%s\nwant\n%s(go test -update rewrites it)", path, got, want)
	}
}
