package settings

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Run is what settings say about a run as a whole.
type Run struct {
	Root     string   // the main configuration of the flag; "" to find it
	Roots    []string // those that settings name
	Maps     []Map
	Format   string
	Color    string
	Baseline string
	Exclude  []Exclusion // what settings leave out

	mapped     map[*Settings]bool
	excludes   map[*Settings]bool
	everywhere bool // the settings are those of --settings, wherever they lie
}

// Exclusion is a pattern of files and folders to leave out, and the folder from
// which it is read; "" is anywhere.
type Exclusion struct {
	Pattern, Dir string
}

// Map says where an absolute include path lies.
type Map struct {
	From, To string
	Under    string // the folder of the settings that say so; "" for a flag
}

// Run returns what holds for a run over the given files and folders, absolute
// paths: the flags, and the settings nearest to each of them. Of format, color and
// baseline there can be one: the first path's settings have them.
func (r *Resolver) Run(paths []string) (*Run, error) {
	run := &Run{
		Root: r.flags.Root, Baseline: r.flags.Baseline, Format: r.flags.Format, Color: r.flags.Color,
		mapped: map[*Settings]bool{}, excludes: map[*Settings]bool{}, everywhere: r.flags.File != "",
	}
	for _, m := range r.flags.Map {
		from, to, err := cutMap(m)
		if err != nil {
			return nil, err
		}
		run.Maps = append(run.Maps, Map{from, to, ""})
	}
	for i, path := range paths {
		dir := path
		if !isDir(path) {
			dir = filepath.Dir(path)
		}
		s, err := r.Above(dir)
		if err != nil {
			return nil, err
		}
		if s == nil {
			continue
		}
		if i == 0 {
			run.first(s)
		}
		run.Add(s, true, true)
	}
	return run, nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (run *Run) first(s *Settings) {
	if run.Format == "" {
		run.Format = s.Format.Value
	}
	if run.Color == "" {
		run.Color = s.Color.Value
	}
	if run.Baseline == "" && s.Baseline.Given() {
		run.Baseline = s.path(s.Baseline.Value)
	}
}

// Add takes in what the settings of another file say of the run, and reports
// whether that is new. Only the settings of a main configuration or a fragment say
// where includes lie, and only a fragment's which main configuration it belongs to.
func (run *Run) Add(s *Settings, main, fragment bool) (changed bool) {
	if s == nil {
		return false
	}
	if !run.excludes[s] {
		run.excludes[s] = true
		for _, t := range s.Exclude {
			dir := s.Dir
			if run.everywhere && !strings.Contains(t.Value, "/") {
				dir = "" // a name, wherever --settings lie
			}
			run.Exclude, changed = append(run.Exclude, Exclusion{t.Value, dir}), true
		}
	}
	if root := s.path(s.Root.Value); main && fragment && s.Root.Given() && run.Root == "" && !slices.Contains(run.Roots, root) {
		run.Roots, changed = append(run.Roots, root), true
	}
	if !main || run.mapped[s] {
		return changed
	}
	run.mapped[s] = true
	for _, e := range s.Map {
		m := Map{e.Key.Value, s.path(e.Value.Value), s.Dir}
		if run.everywhere {
			m.Under = ""
		}
		if !slices.ContainsFunc(run.Maps, func(have Map) bool { return have.From == m.From && have.Under == "" }) {
			run.Maps, changed = append(run.Maps, m), true
		}
	}
	return changed
}

// run records for people what is settled for the run as a whole.
func (a *Applied) run(s *Settings, flags *Flags) {
	path := func(key, flag string, t Text) {
		switch {
		case flag != "":
			a.say(key, flag, "--"+key)
		case t.Given():
			a.say(key, t.Value, s.at(t))
		}
	}
	path("root", flags.Root, s.Root)
	for _, m := range flags.Map {
		a.say("map", m, "--map")
	}
	for _, e := range s.Map {
		a.say("map", e.Key.Value+"="+e.Value.Value, s.at(e.Value))
	}
	for _, p := range flags.Exclude {
		a.say("exclude", p, "--exclude")
	}
	for _, t := range s.Exclude {
		a.say("exclude", t.Value, s.at(t))
	}
	a.one(s, "format", flags.Format, s.Format, "text")
	a.one(s, "color", flags.Color, s.Color, "auto")
	path("baseline", flags.Baseline, s.Baseline)
}
