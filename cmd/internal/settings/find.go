package settings

import (
	"os"
	"path/filepath"
)

// FileName is the name of a settings file.
const FileName = ".wsnginx.yaml"

// finder finds and reads settings files, each once.
type finder struct {
	name   func(path string) string // how messages name a file
	dirs   map[string]*Settings     // by folder: what applies there
	loaded map[string]*Settings     // by path
	wrong  map[string]error         // by path
}

// above returns the settings nearest to dir upwards, nil where there are none.
// The search ends at the top of a repository, which is the folder that holds
// .git, and at the root of the file system.
func (f *finder) above(dir string) (*Settings, error) {
	if s, ok := f.dirs[dir]; ok {
		return s, nil
	}
	s, err := f.in(dir)
	if err != nil {
		return nil, err
	}
	if up := filepath.Dir(dir); s == nil && up != dir && !exists(filepath.Join(dir, ".git")) {
		if s, err = f.above(up); err != nil {
			return nil, err
		}
	}
	f.dirs[dir] = s
	return s, nil
}

// in returns the settings that lie in dir itself.
func (f *finder) in(dir string) (*Settings, error) {
	path := filepath.Join(dir, FileName)
	if exists(path) {
		return f.load(path)
	}
	// Who writes the other usual ending must not think that it is read.
	if other := filepath.Join(dir, ".wsnginx.yml"); exists(other) {
		return nil, Mistakes{{File: f.name(other), Message: "is not read; its name must be " + FileName}}
	}
	return nil, nil
}

// load reads the settings file at path.
func (f *finder) load(path string) (*Settings, error) {
	if s, ok := f.loaded[path]; ok {
		return s, f.wrong[path]
	}
	s, err := Load(path, f.name(path))
	f.loaded[path], f.wrong[path] = s, err
	return s, err
}

// exists reports whether something lies at path, even a link that leads nowhere:
// who made it wants it read.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
