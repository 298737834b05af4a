package parser

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// maxFileSize bounds a file that is read into memory.
const maxFileSize = 512 << 20

// disk is what the loader has seen of the file system. It remembers answers, so
// that one run, with all its rounds, sees one state of each directory.
type disk struct {
	mu    sync.Mutex
	dirs  map[string]listing
	stats map[string]stat
	reals map[string]string
	sites map[string]bool
	parts map[string]carried
}

type stat struct {
	mode fs.FileMode
	err  error
}

// listing is what is in a directory, sorted bytewise by name.
type listing struct {
	names []string
	types []fs.FileMode
	err   error // why there may be more
}

func newDisk() *disk {
	return &disk{dirs: map[string]listing{}, stats: map[string]stat{}, reals: map[string]string{}, sites: map[string]bool{}, parts: map[string]carried{}}
}

// mode returns the type bits of what lies at path, a symbolic link's where it is
// one. A directory that was listed has said it.
func (k *disk) mode(path string) (fs.FileMode, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if in, ok := k.dirs[filepath.Dir(path)]; ok {
		if i, found := slices.BinarySearch(in.names, filepath.Base(path)); found {
			return in.types[i], nil
		}
	}
	s, ok := k.stats[path]
	if !ok {
		info, err := os.Lstat(path)
		if err == nil {
			s.mode = info.Mode().Type()
		}
		s.err = err
		k.stats[path] = s
	}
	return s.mode, s.err
}

// exists reports whether there is anything at path, a dangling link included.
func (k *disk) exists(path string) bool {
	_, err := k.mode(path)
	return err == nil
}

// names returns what is in a directory, sorted bytewise; nothing where it
// cannot be read.
func (k *disk) names(dir string) []string {
	in, _ := k.list(dir)
	return in
}

// list returns what is in a directory, sorted bytewise, and why there may be more.
func (k *disk) list(dir string) ([]string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	in, ok := k.dirs[dir]
	if !ok {
		entries, err := os.ReadDir(dir)
		in = listing{make([]string, len(entries)), make([]fs.FileMode, len(entries)), err}
		for i, e := range entries {
			in.names[i], in.types[i] = e.Name(), e.Type()
		}
		k.dirs[dir] = in
	}
	return in.names, in.err
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
	return remembered(k, k.reals, path, func(path string) string {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return real
		}
		return path
	})
}

// remembered returns what known has of a path, or what look finds there, once.
func remembered[T any](k *disk, known map[string]T, path string, look func(string) T) T {
	k.mu.Lock()
	defer k.mu.Unlock()
	found, ok := known[path]
	if !ok {
		found = look(path)
		known[path] = found
	}
	return found
}
