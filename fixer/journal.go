package fixer

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// JournalName is the file that lies beside the first of the files being written
// until all of them are. It holds their old bytes. Like the temporary files it
// starts with a dot: no include pattern of nginx takes it in.
const JournalName = ".wsnginx-journal"

// tempPrefix begins the names of temporary files.
const tempPrefix = ".wsnginx-"

// journalVersion is that of the format.
const journalVersion = 1

// record is what a journal holds.
type record struct {
	Version int          `json:"version"`
	Judged  bool         `json:"judged"` // only the end of the run makes the new bytes good
	Files   []fileRecord `json:"files"`
}

// fileRecord is one file of a record.
type fileRecord struct {
	Path   string `json:"path"` // from the journal's folder, with slashes
	Temp   string `json:"temp"` // the temporary file beside it
	OldSum string `json:"old_sha256"`
	NewSum string `json:"new_sha256"`
	Old    []byte `json:"old"`
}

// journal is one that this process has made or taken over. Whoever writes
// holds a lock on it, which ends with the process at the latest.
type journal struct {
	path string
	file *os.File
}

// newJournal writes down, to last, what is about to be done.
func newJournal(targets []*target, judged bool) (*journal, error) {
	dir := filepath.Dir(targets[0].path)
	r := record{Version: journalVersion, Judged: judged}
	for _, t := range targets {
		path, err := filepath.Rel(dir, t.path)
		if err != nil { // another drive
			path = t.path
		}
		r.Files = append(r.Files, fileRecord{
			Path: filepath.ToSlash(path), Temp: filepath.Base(t.temp),
			OldSum: hex.EncodeToString(t.oldSum[:]), NewSum: hex.EncodeToString(t.newSum[:]), Old: []byte(t.old),
		})
	}
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	j := &journal{path: filepath.Join(dir, JournalName)}
	j.file, err = os.OpenFile(j.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600) // old bytes may hold secrets
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("another wsnginx is writing, or was interrupted: there is %s; run wsnginx again", j.path)
	}
	if err != nil {
		return nil, noRoom(dir, err)
	}
	reached()
	if err := lock(j.file); err != nil {
		j.close() // who has the lock removes the file
		return nil, err
	}
	reached()
	_, err = j.file.Write(append(text, '\n'))
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", JournalName, bare(err)), j.remove())
	}
	if !j.inPlace() { // a run between creating and locking took it for a stale one
		j.close()
		return nil, ErrBusy
	}
	syncDir(dir)
	reached()
	return j, nil
}

// ErrBusy is the error of a journal whose process is still at work.
var ErrBusy = errors.New("another wsnginx is writing here; run wsnginx again when it is done")

// inPlace reports whether the journal's path leads to the file that is open.
func (j *journal) inPlace() bool {
	a, err := j.file.Stat()
	if err != nil {
		return false
	}
	b, err := os.Stat(j.path)
	return err == nil && os.SameFile(a, b)
}

// remove ends the journal. The file is closed first where the system does not
// remove an open one.
func (j *journal) remove() error {
	reached()
	err := os.Remove(j.path)
	if err != nil {
		j.close()
		if err = os.Remove(j.path); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	j.close()
	reached()
	return err
}

func (j *journal) close() { _ = j.file.Close() }

// setAside renames the journal, so that the bytes in it are kept and it is in
// nobody's way, and returns its new name.
func (j *journal) setAside() (string, error) {
	j.close()
	for i := 1; ; i++ {
		name := fmt.Sprintf("%s-%d", j.path, i)
		if _, err := os.Lstat(name); err == nil {
			continue
		}
		return name, os.Rename(j.path, name)
	}
}

// errCutOff is the error of a journal that was never completed. Nothing had
// been replaced then.
var errCutOff = errors.New("it is incomplete")

// read returns what the journal holds.
func (j *journal) read() (*record, error) {
	var r record
	err := json.NewDecoder(j.file).Decode(&r)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errCutOff
	case err != nil:
		return nil, err
	case r.Version != journalVersion:
		return nil, fmt.Errorf("version %d is unknown", r.Version)
	}
	return &r, nil
}
