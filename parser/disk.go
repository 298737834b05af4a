package parser

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// maxFileSize bounds a file that is read into memory.
const maxFileSize = 512 << 20

// disk is what the loader has seen of the file system. It remembers answers, so
// that one run, with all its rounds, sees one state of each directory.
type disk struct {
	mu    sync.Mutex
	dirs  map[string][]string
	stats map[string]stat
	reals map[string]string
	sites map[string]bool
}

type stat struct {
	info fs.FileInfo
	err  error
}

func newDisk() *disk {
	return &disk{dirs: map[string][]string{}, stats: map[string]stat{}, reals: map[string]string{}, sites: map[string]bool{}}
}

// lstat is os.Lstat.
func (k *disk) lstat(path string) (fs.FileInfo, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s, ok := k.stats[path]
	if !ok {
		s.info, s.err = os.Lstat(path)
		k.stats[path] = s
	}
	return s.info, s.err
}

// exists reports whether there is anything at path, a dangling link included.
func (k *disk) exists(path string) bool {
	_, err := k.lstat(path)
	return err == nil
}

// names returns what is in a directory, sorted bytewise; nothing where it
// cannot be read.
func (k *disk) names(dir string) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	names, ok := k.dirs[dir]
	if !ok {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			names = append(names, e.Name())
		}
		k.dirs[dir] = names
	}
	return names
}

// irregular says what keeps a file of this mode from being read, "" where
// nothing does.
func irregular(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return ""
	case mode.IsDir():
		return "is a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "is a pipe, not a file"
	case mode&fs.ModeSocket != 0:
		return "is a socket, not a file"
	case mode&fs.ModeDevice != 0:
		return "is a device, not a file"
	}
	return "is not a regular file"
}

// reason returns the words of err without the path that os puts before them.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no such file"
	case errors.Is(err, fs.ErrPermission):
		return "no permission to read it"
	}
	return err.Error()
}

// below reports whether path is dir or lies in it. Both are clean and absolute.
func below(path, dir string) bool {
	if !strings.HasPrefix(path, dir) {
		return false
	}
	rest := path[len(dir):]
	return rest == "" || rest[0] == filepath.Separator || strings.HasSuffix(dir, string(filepath.Separator))
}

// realPath returns path without symbolic links, or path itself where they
// cannot be resolved.
func (k *disk) realPath(path string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	real, ok := k.reals[path]
	if !ok {
		var err error
		if real, err = filepath.EvalSymlinks(path); err != nil {
			real = path
		}
		k.reals[path] = real
	}
	return real
}
