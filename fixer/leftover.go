package fixer

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// State is what a file holds after a Write that was interrupted.
type State uint8

// The states of a file.
const (
	Before State = iota // the bytes from before
	After               // the new bytes
	Other               // neither: somebody has changed it since, or it is gone
)

// Leftover is what an interrupted Write has left, as its journal says.
type Leftover struct {
	Journal string // its path
	CutOff  bool   // the journal was never completed: no file had been changed
	Damaged error  // why the journal cannot be understood
	Aside   string // where Settle moved the journal, "" where that is gone
	Files   []LeftFile

	judged  bool
	journal *journal
	dir     string
	targets []*target
}

// LeftFile is one file of a Leftover.
type LeftFile struct {
	Path  string // absolute
	State State
}

// ReadJournal returns what the journal at path says; fs.ErrNotExist where there
// is none, ErrBusy where its process is still at work. Nothing is changed; Close
// or Settle has to follow.
func ReadJournal(path string) (*Leftover, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file; remove it", path)
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err == nil {
		dir, err = filepath.Abs(dir)
	}
	if err != nil {
		return nil, err
	}
	l := &Leftover{Journal: path, journal: &journal{path: path}, dir: dir}
	if l.journal.file, err = os.Open(path); err != nil {
		return nil, err
	}
	if err := lock(l.journal.file); err != nil {
		l.Close()
		return nil, err
	}
	if !l.journal.inPlace() { // its process has just ended it
		l.Close()
		return nil, fs.ErrNotExist
	}
	r, err := l.journal.read()
	if err == nil {
		err = l.take(r)
	}
	switch {
	case errors.Is(err, errCutOff):
		l.CutOff = true
	case err != nil:
		l.Damaged, l.Files, l.targets = err, nil, nil
	}
	return l, nil
}

// take works out how the files of a record are now.
func (l *Leftover) take(r *record) error {
	l.judged = r.Judged
	for _, f := range r.Files {
		path := filepath.FromSlash(f.Path)
		if !filepath.IsAbs(path) {
			path = filepath.Join(l.dir, path)
		}
		t := &target{path: path, name: path, old: string(f.Old), oldSum: sumOf(string(f.Old))}
		newSum, err := hex.DecodeString(f.NewSum)
		switch {
		case err != nil || len(newSum) != len(t.newSum) || hex.EncodeToString(t.oldSum[:]) != f.OldSum:
			return fmt.Errorf("its entry of %s is damaged", f.Path)
		case !strings.HasPrefix(f.Temp, tempPrefix) || f.Temp == JournalName || filepath.Base(f.Temp) != f.Temp:
			return fmt.Errorf("its entry of %s names %q", f.Path, f.Temp)
		}
		copy(t.newSum[:], newSum)
		t.temp = filepath.Join(filepath.Dir(path), f.Temp)
		l.targets = append(l.targets, t)
		l.Files = append(l.Files, LeftFile{path, t.state()})
	}
	return nil
}

// state compares what the target's file holds with what it held. A path that
// leads through links is not one that Write had written.
func (t *target) state() State {
	if real, err := filepath.EvalSymlinks(t.path); err != nil || real != t.path {
		return Other
	}
	info, err := os.Lstat(t.path)
	if err != nil || !info.Mode().IsRegular() {
		return Other
	}
	b, err := os.ReadFile(t.path)
	if err != nil {
		return Other
	}
	t.info = info
	if at := sumOf(string(b)); at == t.oldSum {
		return Before
	} else if at == t.newSum {
		return After
	}
	return Other
}

// Finished reports whether all was done and only the journal was left.
func (l *Leftover) Finished() bool {
	for _, f := range l.Files {
		if f.State != After {
			return false
		}
	}
	return !l.judged && len(l.Files) > 0
}

// Close leaves everything as it is.
func (l *Leftover) Close() { l.journal.close() }

// Settle ends what was left: unless it was Finished, the files with new bytes
// get the old ones back, those with bytes of another hand stay. Temporary files
// and the journal go; where a file stays, or the journal is damaged, that is
// moved to Aside with the old bytes in it.
//
// A journal is a file like others in a tree that somebody else may have made:
// only paths for which writable returns true are touched, and where one of them
// would have to be, nothing is done.
func (l *Leftover) Settle(ctx context.Context, writable func(path string) bool) error {
	w := &Writing{rename: os.Rename, journal: l.journal}
	keep, undo := l.Damaged != nil, !l.Finished()
	for i, t := range l.targets {
		if !writable(t.path) {
			if undo && l.Files[i].State == After {
				l.Close()
				return fmt.Errorf("%s is not below the given paths", t.path)
			}
			continue
		}
		t.done = undo && l.Files[i].State == After
		keep = keep || l.Files[i].State == Other
		w.targets = append(w.targets, t)
	}
	if err := ctx.Err(); err != nil {
		l.Close()
		return err
	}
	if !keep {
		return w.Restore()
	}
	if err := w.putBack(); err != nil {
		l.Close()
		return err
	}
	var err error
	l.Aside, err = l.journal.setAside()
	return err
}
