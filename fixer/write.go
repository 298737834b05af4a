package fixer

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Write gives every changed file its new bytes, or none of them: where one
// cannot be written, those before it are restored. Only files for which
// writable returns true are touched, and only while they hold the old bytes.
// When ctx is done before the last file is in place, everything is restored
// too. Swapping Old and New undoes a Write.
//
// A file is never half written: the bytes go to a temporary file beside it,
// with the same mode and owner as far as the system allows it (Lost says what it did
// not), which then takes its name. The temporary name
// starts with a dot, so that a server that reloads meanwhile does not load it
// through `include dir/*`. A symbolic link stays and its target is written. Of
// several hard links only the one named gets the new bytes: the others are
// usually a backup, and keeping them together would mean writing in place.
//
// github.com/google/renameio does the same for one file; it has no Windows
// build, and it can neither compare nor restore.
func Write(ctx context.Context, changes []Change, writable func(name string) bool) error {
	return (&Writing{rename: os.Rename}).write(ctx, changes, writable)
}

// Begin is Write for a caller that judges the result: the files hold their new
// bytes when it returns, and Keep or Restore has to follow. A process that ends
// in between leaves a journal (JournalName) that says so: what was never kept
// is to be restored.
func Begin(ctx context.Context, changes []Change, writable func(name string) bool) (*Writing, error) {
	w := &Writing{rename: os.Rename, judged: true}
	if err := w.begin(ctx, changes, writable); err != nil {
		return nil, err
	}
	return w, nil
}

// Writing is a set of files that have their new bytes and may still get the old
// ones back.
type Writing struct {
	rename  func(from, to string) error
	judged  bool // nothing counts as done before Keep
	targets []*target
	byPath  map[string]*target
	journal *journal
}

// target is one file to be replaced.
type target struct {
	path     string // with symbolic links resolved
	name     string // as messages have it
	old, new string // new is "" where a journal is all that is left
	oldSum   sum
	newSum   sum
	info     fs.FileInfo // before the change
	temp     string      // the file that takes its place
	done     bool
}

// sum tells the bytes of a file from others.
type sum [sha256.Size]byte

func sumOf(text string) sum { return sha256.Sum256([]byte(text)) }

// reached is called after each step that another process could notice. Only
// tests replace it.
var reached = func() {}

func (w *Writing) write(ctx context.Context, changes []Change, writable func(name string) bool) error {
	if err := w.begin(ctx, changes, writable); err != nil {
		return err
	}
	return w.Keep()
}

func (w *Writing) begin(ctx context.Context, changes []Change, writable func(name string) bool) error {
	for _, c := range changes {
		if c.Old == c.New {
			continue
		}
		if !writable(c.Name) {
			return fmt.Errorf("write %s: it is not below the given paths", c.Name)
		}
		if err := w.add(c); err != nil {
			return fmt.Errorf("write %s: %w", c.Name, err)
		}
	}
	if err := ctx.Err(); err != nil || len(w.targets) == 0 {
		return err
	}
	var err error
	if w.journal, err = newJournal(w.targets, w.judged); err != nil {
		return fmt.Errorf("write %s: %w", w.targets[0].name, err)
	}
	if err := w.replaceAll(ctx); err != nil {
		return errors.Join(err, w.Restore())
	}
	return nil
}

// replaceAll writes every new file before the first one takes its place.
func (w *Writing) replaceAll(ctx context.Context) error {
	for _, t := range w.targets {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := t.stage(t.new); err != nil {
			return fmt.Errorf("write %s: %w", t.name, err)
		}
	}
	for _, t := range w.targets {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.replace(t, t.oldSum); err != nil {
			return fmt.Errorf("write %s: %w", t.name, err)
		}
		t.done = true
	}
	w.syncDirs()
	return nil
}

// Keep makes the new bytes last: nothing will restore the files any more.
func (w *Writing) Keep() error {
	if w.journal == nil {
		return nil
	}
	defer w.syncDirs()
	if err := w.journal.remove(); err != nil {
		return fmt.Errorf("the files are written, and %s cannot be removed: %w", w.journal.path, bare(err))
	}
	w.journal = nil
	return nil
}

// Restore gives the files that were replaced their old bytes back. Where that
// fails the journal stays, and with it the old bytes.
func (w *Writing) Restore() error {
	if w.journal == nil {
		return nil
	}
	if err := w.putBack(); err != nil {
		w.journal.close()
		return err
	}
	if err := w.journal.remove(); err != nil {
		return fmt.Errorf("the files are as they were, and %s cannot be removed: %w", w.journal.path, bare(err))
	}
	w.journal = nil
	return nil
}

// putBack gives the files that were replaced their old bytes.
func (w *Writing) putBack() error {
	var errs []error
	for _, t := range w.targets {
		_ = os.Remove(t.temp) // mostly there is none
		if !t.done {
			continue
		}
		err := t.stage(t.old)
		if err == nil {
			err = w.replace(t, t.newSum)
		}
		if err != nil {
			_ = os.Remove(t.temp)
			errs = append(errs, fmt.Errorf("restore %s: %w; its old bytes are kept in %s", t.name, err, w.journal.path))
			continue
		}
		t.done = false
	}
	w.syncDirs()
	return errors.Join(errs...)
}

// add checks that a file can be replaced and puts it on the list.
func (w *Writing) add(c Change) error {
	path, err := filepath.EvalSymlinks(c.Name)
	if err != nil {
		return bare(err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	if t := w.byPath[path]; t != nil {
		if t.old != c.Old || t.new != c.New {
			return fmt.Errorf("it is the same file as %s, and their fixes differ; give one of the two", t.name)
		}
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return bare(err)
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	// Renaming over a file asks nothing of the file itself: whoever made it
	// read-only would not expect it to change.
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("%w; make it writable first", bare(err))
		}
		return bare(err)
	}
	_ = f.Close() // nothing was written
	t := &target{
		path: path, name: c.Name, old: c.Old, new: c.New, oldSum: sumOf(c.Old), newSum: sumOf(c.New),
		info: info, temp: filepath.Join(filepath.Dir(path), tempPrefix+rand.Text()[:12]),
	}
	if err := holds(path, t.oldSum); err != nil {
		return err
	}
	if w.byPath == nil {
		w.byPath = map[string]*target{}
	}
	w.targets, w.byPath[path] = append(w.targets, t), t
	return nil
}

// stage writes text to the temporary file beside the target.
func (t *target) stage(text string) error {
	f, err := os.OpenFile(t.temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return noRoom(filepath.Dir(t.path), err)
	}
	reached()
	_, err = f.WriteString(text)
	if err == nil {
		// The mode comes after the owner: changing that may clear bits.
		err = f.Chmod(keepOwner(f, t.info))
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// replace puts the staged file in place of the target while that holds expect.
func (w *Writing) replace(t *target, expect sum) error {
	if err := holds(t.path, expect); err != nil {
		return err
	}
	reached()
	err := w.rename(t.temp, t.path)
	reached()
	return err
}

// syncDirs makes the renames last. Not every system can, and the files are
// complete either way, so that errors are not looked at.
func (w *Writing) syncDirs() {
	synced := map[string]bool{}
	for _, t := range w.targets {
		dir := filepath.Dir(t.path)
		if !synced[dir] {
			synced[dir] = true
			syncDir(dir)
		}
	}
}

func syncDir(dir string) {
	if f, err := os.Open(dir); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}

// holds returns an error where the file at path does not hold what sum is of.
func holds(path string, want sum) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return bare(err)
	}
	if sha256.Sum256(b) != want {
		return errors.New("it has changed since it was read; run wsnginx again")
	}
	return nil
}

// noRoom is the error of a folder in which no file can be made.
func noRoom(dir string, err error) error {
	return fmt.Errorf("cannot create the new file in %s: %w", dir, bare(err))
}

// bare takes the operation and path off an error that is about to be wrapped
// with the name the user knows.
func bare(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
