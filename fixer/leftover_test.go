package fixer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// readJournal reads the journal in dir.
func readJournal(t *testing.T, dir string) *Leftover {
	t.Helper()
	left, err := ReadJournal(filepath.Join(dir, JournalName))
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// childEnv tells a child process of these tests at which step to die, in which
// folder, and which operation it is in.
const childEnv = "WSNGINX_TEST_KILLED"

func childChanges(dir string) []Change {
	name := func(n string) string { return filepath.Join(dir, n) }
	return []Change{
		{name("a"), "old a", "new a"}, {name(filepath.Join("sub", "b")), "old b", "new b"}, {name("c"), "old c", "new c"},
	}
}

func before() map[string]string {
	return map[string]string{"a": "old a", "sub/b": "old b", "c": "old c"}
}

func after() map[string]string {
	return map[string]string{"a": "new a", "sub/b": "new b", "c": "new c"}
}

// TestMain runs the tests, or in the process that TestKilled kills the operation.
func TestMain(m *testing.M) {
	if state := os.Getenv(childEnv); state != "" {
		if err := child(state); err != nil {
			fmt.Println("FAIL", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child runs an operation and dies at one of its steps, as state says.
func child(state string) error {
	step, rest, _ := strings.Cut(state, ",")
	operation, dir, _ := strings.Cut(rest, ",")
	left, err := strconv.Atoi(step)
	if err != nil {
		return err
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	reached = func() {
		if left--; left == 0 {
			if err := self.Kill(); err != nil {
				panic(err)
			}
			select {}
		}
	}
	ctx := context.Background()
	switch operation {
	case "write":
		return Write(ctx, childChanges(dir), all)
	case "judge", "refuse":
		w, err := Begin(ctx, childChanges(dir), all)
		if err != nil {
			return err
		}
		reached() // while nginx looks at it
		if operation == "refuse" {
			return w.Restore()
		}
		return w.Keep()
	case "settle":
		left, err := ReadJournal(filepath.Join(dir, JournalName))
		if err != nil {
			return err
		}
		return left.Settle(ctx, all)
	}
	return fmt.Errorf("no operation %q", operation)
}

// killed runs an operation and kills it at a step. It returns false where the
// operation ended before.
func killed(t *testing.T, operation string, step int, dir string) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d,%s,%s", childEnv, step, operation, dir))
	out, err := cmd.CombinedOutput()
	if err == nil {
		return false
	}
	if strings.Contains(string(out), "FAIL") {
		t.Fatalf("%s to step %d: %v\n%s", operation, step, err, out)
	}
	return true
}

// wantWhole checks that each file is as before or complete, and returns how
// many are complete.
func wantWhole(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	for _, c := range childChanges(dir) {
		b, err := os.ReadFile(c.Name)
		switch {
		case err == nil && string(b) == c.New:
			n++
		case err != nil || string(b) != c.Old:
			t.Errorf("%s holds %q, %v", c.Name, b, err)
		}
	}
	return n
}

// TestKilled kills a process at each step of writing and of restoring. Whatever
// it was at, the next one finds every file whole and brings all of them to the
// same side, nothing else left.
func TestKilled(t *testing.T) {
	for _, operation := range []string{"write", "judge", "refuse", "settle"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			mixed := false
			step := 1
			for ; ; step++ {
				dir := files(t, before())
				if operation == "settle" && !killed(t, "judge", halfway, dir) {
					t.Fatal("there is no such step")
				}
				if !killed(t, operation, step, dir) {
					break
				}
				done := wantWhole(t, dir)
				mixed = mixed || done == 1 || done == 2
				left, err := ReadJournal(filepath.Join(dir, JournalName))
				if errors.Is(err, fs.ErrNotExist) {
					if done != 0 && (done != 3 || operation == "refuse") {
						t.Errorf("step %d: no journal, and %d files are new", step, done)
					}
					wantFiles(t, dir, [2]map[string]string{before(), after()}[done/3])
					continue
				}
				if err != nil {
					t.Fatalf("step %d: %v", step, err)
				}
				want := before()
				if left.Finished() {
					want = after()
					if operation != "write" || done != 3 {
						t.Errorf("step %d: finished, with %d new files", step, done)
					}
				}
				if left.CutOff && done > 0 {
					t.Errorf("step %d: the journal is cut off, and %d files are new", step, done)
				}
				if !left.CutOff {
					n := 0
					for i, f := range left.Files {
						if filepath.Base(f.Path) != filepath.Base(childChanges(dir)[i].Name) || f.State == Other {
							t.Errorf("step %d: %+v", step, f)
						}
						if f.State == After {
							n++
						}
					}
					if n != done || len(left.Files) != 3 {
						t.Errorf("step %d: the journal says %+v, %d are new", step, left.Files, done)
					}
				}
				if err := left.Settle(t.Context(), all); err != nil {
					t.Fatalf("step %d: %v", step, err)
				}
				wantFiles(t, dir, want)
			}
			if step < 6 || !mixed {
				t.Errorf("it was killed at %d steps, between two files: %v", step-1, mixed)
			}
		})
	}
}

// halfway is a step of "judge" at which two of the three files are new.
const halfway = 10

func TestLeftoverOfAnotherHand(t *testing.T) {
	dir := files(t, before())
	if !killed(t, "judge", halfway, dir) {
		t.Fatal("there is no such step")
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("theirs"), 0o644); err != nil {
		t.Fatal(err)
	}
	left := readJournal(t, dir)
	if left.Files[0].State != Other {
		t.Errorf("files %+v", left.Files)
	}
	if err := left.Settle(t.Context(), all); err != nil || left.Aside != filepath.Join(dir, JournalName+"-1") {
		t.Errorf("Settle = %v, journal in %q", err, left.Aside)
	}
	b, err := os.ReadFile(left.Aside)
	var r record
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	if err != nil || string(r.Files[0].Old) != "old a" {
		t.Errorf("the old bytes are not kept: %+v, %v", r, err)
	}
	if err := os.Remove(left.Aside); err != nil {
		t.Fatal(err)
	}
	want := before()
	want["a"] = "theirs"
	wantFiles(t, dir, want)
}

// A journal may come with a tree: what it names is not touched unless the user
// named it too.
func TestLeftoverElsewhere(t *testing.T) {
	dir := files(t, before())
	if !killed(t, "judge", halfway, dir) {
		t.Fatal("there is no such step")
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	err = readJournal(t, dir).Settle(t.Context(), func(path string) bool { return path != filepath.Join(real, "a") })
	if err == nil || !strings.Contains(err.Error(), "is not below the given paths") {
		t.Errorf("Settle = %v", err)
	}
	if n := wantWhole(t, dir); n == 0 {
		t.Error("something was restored")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := readJournal(t, dir).Settle(ctx, all); !errors.Is(err, context.Canceled) {
		t.Errorf("Settle = %v, want %v", err, context.Canceled)
	}
	if err := readJournal(t, dir).Settle(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, before())
}

func TestReadJournalRefuses(t *testing.T) {
	good := `{"version":1,"files":[{"path":"a","temp":".wsnginx-1","old_sha256":"` + hexOf("x") + `","new_sha256":"` + hexOf("y") + `","old":"eA=="}]}`
	for _, c := range []struct{ name, text, want string }{
		{"other text", "shopping list", "invalid character"},
		{"a later version", strings.Replace(good, `"version":1`, `"version":2`, 1), "version 2 is unknown"},
		{"damaged bytes", strings.Replace(good, "eA==", "eQ==", 1), "is damaged"},
		{"damaged hash", strings.Replace(good, hexOf("y"), "12", 1), "is damaged"},
		{"a temporary file elsewhere", strings.Replace(good, ".wsnginx-1", ".wsnginx-/../../a", 1), "names"},
		{"another's file", strings.Replace(good, ".wsnginx-1", "a", 1), "names"},
		{"empty", "", ""},
		{"cut off", good[:40], ""},
		{"good", good, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := files(t, map[string]string{"a": "x", JournalName: c.text})
			left := readJournal(t, dir)
			if c.want != "" {
				if left.Damaged == nil || !strings.Contains(left.Damaged.Error(), c.want) || len(left.Files) > 0 {
					t.Errorf("ReadJournal(%s) = %+v, want %q", c.text, left, c.want)
				}
				if err := left.Settle(t.Context(), all); err != nil {
					t.Error(err)
				}
				wantFiles(t, dir, map[string]string{"a": "x", JournalName + "-1": c.text})
				return
			}
			if left.Damaged != nil {
				t.Errorf("ReadJournal(%s): %v", c.text, left.Damaged)
			}
			if want := c.name != "good"; left.CutOff != want {
				t.Errorf("CutOff = %v, want %v", left.CutOff, want)
			}
			if err := left.Settle(t.Context(), all); err != nil {
				t.Error(err)
			}
			wantFiles(t, dir, map[string]string{"a": "x"})
		})
	}
}

func hexOf(text string) string { return fmt.Sprintf("%x", sumOf(text)) }

// While one process is between Begin and Keep no other settles or writes.
func TestTwoAtOnce(t *testing.T) {
	dir := files(t, before())
	w, err := Begin(t.Context(), childChanges(dir), all)
	if err != nil {
		t.Fatal(err)
	}
	wantWhole(t, dir)
	if _, err := ReadJournal(filepath.Join(dir, JournalName)); !errors.Is(err, ErrBusy) {
		t.Errorf("ReadJournal = %v, want %v", err, ErrBusy)
	}
	err = Write(t.Context(), []Change{{filepath.Join(dir, "a"), "new a", "a"}}, all)
	if err == nil || !strings.Contains(err.Error(), "another wsnginx is writing") {
		t.Errorf("Write = %v", err)
	}
	if err := w.Restore(); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, before())
}
