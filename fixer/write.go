package fixer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Write gives every changed file its new bytes, or none of them: where one
// cannot be written, those before it are restored. Only files for which
// writable returns true are touched, and only while they hold the old bytes.
// When ctx is done before the last file is in place, everything is restored
// too. Swapping Old and New undoes a Write.
//
// A file is never half written: the bytes go to a temporary file beside it,
// with the same mode and owner, which then takes its name. The temporary name
// starts with a dot, so that a server that reloads meanwhile does not load it
// through `include dir/*`. A symbolic link stays and its target is written. Of
// several hard links only the one named gets the new bytes: the others are
// usually a backup, and keeping them together would mean writing in place.
//
// github.com/google/renameio does the same for one file; it has no Windows
// build, and it can neither compare nor restore.
func Write(ctx context.Context, changes []Change, writable func(name string) bool) error {
	return (&writer{rename: os.Rename}).write(ctx, changes, writable)
}

// writer is one call of Write.
type writer struct {
	rename  func(from, to string) error
	targets []*target
}

// target is one file to be replaced.
type target struct {
	Change
	path string      // with symbolic links resolved
	info fs.FileInfo // before the change
	temp string      // the file that will take its place; "" once it has
	done bool
}

func (w *writer) write(ctx context.Context, changes []Change, writable func(name string) bool) error {
	defer func() {
		for _, t := range w.targets {
			if t.temp != "" {
				_ = os.Remove(t.temp) // the error that led here says more
			}
		}
	}()
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
	for _, t := range w.targets {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := t.stage(t.New); err != nil {
			return fmt.Errorf("write %s: %w", t.Name, err)
		}
	}
	for _, t := range w.targets {
		err := ctx.Err()
		if err == nil {
			if err = w.replace(t, t.Old); err != nil {
				err = fmt.Errorf("write %s: %w", t.Name, err)
			}
		}
		if err != nil {
			return errors.Join(err, w.restore())
		}
		t.done = true
	}
	w.syncDirs()
	return nil
}

// add checks that a file can be replaced and puts it on the list.
func (w *writer) add(c Change) error {
	path, err := filepath.EvalSymlinks(c.Name)
	if err != nil {
		return bare(err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	if i := slices.IndexFunc(w.targets, func(t *target) bool { return t.path == path }); i >= 0 {
		if t := w.targets[i]; t.Old != c.Old || t.New != c.New {
			return fmt.Errorf("it is the same file as %s, and their fixes differ; give one of the two", t.Name)
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
	if err := holds(path, c.Old); err != nil {
		return err
	}
	w.targets = append(w.targets, &target{Change: c, path: path, info: info})
	return nil
}

// stage writes text to a temporary file beside the target.
func (t *target) stage(text string) error {
	dir := filepath.Dir(t.path)
	f, err := os.CreateTemp(dir, ".wsnginx-*")
	if err != nil {
		return fmt.Errorf("cannot create the new file in %s: %w", dir, bare(err))
	}
	t.temp = f.Name()
	_, err = f.WriteString(text)
	if err == nil {
		// The mode comes after the owner: changing that may clear bits.
		// Setuid, setgid and sticky are not for configuration.
		err = f.Chmod(keepOwner(f, t.info))
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// replace puts the staged file in place of the target while that holds expect.
func (w *writer) replace(t *target, expect string) error {
	if err := holds(t.path, expect); err != nil {
		return err
	}
	if err := w.rename(t.temp, t.path); err != nil {
		return err
	}
	t.temp = ""
	return nil
}

// restore gives the files that were replaced their old bytes back.
func (w *writer) restore() error {
	var errs []error
	for _, t := range w.targets {
		if !t.done {
			continue
		}
		err := t.stage(t.Old)
		if err == nil {
			err = w.replace(t, t.New)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("restore %s: %w; it holds its new bytes", t.Name, err))
		}
	}
	w.syncDirs()
	return errors.Join(errs...)
}

// syncDirs makes the renames last. Not every system can, and the files are
// complete either way, so that errors are not looked at.
func (w *writer) syncDirs() {
	synced := map[string]bool{}
	for _, t := range w.targets {
		dir := filepath.Dir(t.path)
		if !t.done || synced[dir] {
			continue
		}
		synced[dir] = true
		if f, err := os.Open(dir); err == nil {
			_ = f.Sync()
			_ = f.Close()
		}
	}
}

// holds returns an error where the file at path does not hold text.
func holds(path, text string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return bare(err)
	}
	if string(b) != text {
		return errors.New("it has changed since it was read; run wsnginx again")
	}
	return nil
}

// bare takes the operation and path off an error that is about to be wrapped
// with the name the user knows.
func bare(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
