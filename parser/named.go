package parser

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// maxNamed bounds the size of a file that ReadNamed reads.
const maxNamed = 1 << 20

// ReadNamed reads a file that c names otherwise than by include, such as a
// certificate. name is found as the path of an include is: relative to the main
// file's directory, an absolute one in the tree. Nothing outside the tree is
// opened, unless the tree is the machine's own. The error is fs.ErrNotExist
// where there is no such file.
func (w *Workspace) ReadNamed(c *Config, name string) ([]byte, error) {
	s := w.of[c.Main]
	if s == nil || name == "" || filledIn(name) {
		return nil, fs.ErrNotExist
	}
	b := w.placed(c, s)
	places, mapped := b.places(name)
	if b.ownPrefix != "" && isAbs(name) {
		places = append(places, filepath.Clean(filepath.FromSlash(name)))
	}
	for _, place := range places {
		real, err := b.follow(place)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !mapped && !b.inside(real) {
			continue
		}
		if err != nil {
			return nil, err
		}
		info, err := os.Lstat(real)
		switch {
		case err != nil:
			return nil, err
		case irregular(info.Mode()) != "" || info.IsDir():
			return nil, errors.New("it is no regular file")
		case info.Size() > maxNamed:
			return nil, fmt.Errorf("it is larger than %d bytes", maxNamed)
		}
		return os.ReadFile(real)
	}
	return nil, fs.ErrNotExist
}

// Installed reports whether c is the machine's own configuration: its main file
// lies where nginx looks for one.
func (w *Workspace) Installed(c *Config) bool {
	s := w.of[c.Main]
	return s != nil && w.placed(c, s).ownPrefix != ""
}

// placed returns where the paths of c, whose main file is s, are looked up.
func (w *Workspace) placed(c *Config, s *source) *building {
	b := &building{w: w, c: c, links: map[string]string{}}
	b.place(s)
	return b
}
