package settings

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/rules"
)

// Flags are what the command line says; "" and nil stand for flags that were not
// given.
type Flags struct {
	File string // --settings
	None bool   // --no-settings

	Select, ExtendSelect, Ignore []string
	FailOn, NginxVersion         string
	WebSocket, NotWebSocket      []string
	Root, Format, Color          string
	Baseline                     string
	Map, Exclude                 []string
	Strict                       bool
}

// Resolver decides what applies to files.
type Resolver struct {
	flags   Flags
	find    *finder
	fixed   *Settings // of --settings
	applied map[string]*Applied
}

// NewResolver returns what decides for a run with the given flags. name is how
// messages name a file. The error is that of the file of --settings, or of a flag.
func NewResolver(flags Flags, name func(path string) string) (*Resolver, error) {
	r := &Resolver{flags: flags, applied: map[string]*Applied{}, find: &finder{
		name: name, dirs: map[string]*Settings{}, loaded: map[string]*Settings{}, wrong: map[string]error{},
	}}
	if _, err := rules.Select(rules.Selection{Select: flags.Select, ExtendSelect: flags.ExtendSelect, Ignore: flags.Ignore}); err != nil {
		return nil, err
	}
	for _, m := range flags.Map {
		if _, _, err := cutMap(m); err != nil {
			return nil, err
		}
	}
	if flags.File != "" && !flags.None {
		path, err := filepath.Abs(flags.File)
		if err != nil {
			return nil, fmt.Errorf("--settings: %w", err)
		}
		if r.fixed, err = r.find.load(path); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// cutMap reads the FROM=TO of --map.
func cutMap(text string) (from, to string, err error) {
	from, to, ok := strings.Cut(text, "=")
	if !ok || to == "" || isAbsolute(from) != nil {
		return "", "", fmt.Errorf("--map %q: want FROM=TO, as in /etc/nginx=./nginx", text)
	}
	return from, to, nil
}

// Above returns the settings that hold in a folder, an absolute path; nil where
// there are none.
func (r *Resolver) Above(dir string) (*Settings, error) {
	switch {
	case r.flags.None:
		return nil, nil
	case r.fixed != nil:
		return r.fixed, nil
	}
	return r.find.above(filepath.Clean(dir))
}

// Of returns what applies to the file at an absolute path. Files to which the
// same applies get the same Applied.
func (r *Resolver) Of(path string) (*Applied, error) {
	s, err := r.Above(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	var held []int
	key := ""
	if s != nil {
		held = s.overriding(relative(s.Dir, path))
		key = fmt.Sprint(s.File, held)
	}
	a := r.applied[key]
	if a == nil {
		if a, err = r.apply(s, held); err != nil {
			return nil, err
		}
		r.applied[key] = a
	}
	return a, nil
}

// overriding returns which overrides hold for a path from the settings' folder.
func (s *Settings) overriding(path string) []int {
	var held []int
	for i, o := range s.Overrides {
		if slices.ContainsFunc(o.Paths, func(p Text) bool { return matches(p.Value, path) }) {
			held = append(held, i)
		}
	}
	return held
}

// at returns the place of a value as messages name it.
func (s *Settings) at(t Text) string { return fmt.Sprintf("%s:%d", s.Name, t.Line) }
