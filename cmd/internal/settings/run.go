package settings

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Run is what settings say about a run as a whole.
type Run struct {
	Root     string // the main configuration; "" to find it
	Maps     []Map
	Format   string
	Color    string
	Baseline string
	Exclude  []string // patterns as parser.Options has them

	root     string // where it was said
	mapped   map[*Settings]bool
	excludes map[*Settings]bool
}

// Map says where an absolute include path lies.
type Map struct {
	From, To string
	at       string
}

// Run returns what holds for a run over the given files and folders, absolute
// paths: the flags, and the settings nearest to each of them. Of format, color and
// baseline there can be one: the first path's settings have them.
func (r *Resolver) Run(paths []string) (*Run, error) {
	run := &Run{
		Root: r.flags.Root, Baseline: r.flags.Baseline, Format: r.flags.Format, Color: r.flags.Color, Exclude: slices.Clone(r.flags.Exclude),
		mapped: map[*Settings]bool{}, excludes: map[*Settings]bool{},
	}
	for _, m := range r.flags.Map {
		from, to, err := cutMap(m)
		if err != nil {
			return nil, err
		}
		run.Maps = append(run.Maps, Map{from, to, "--map"})
	}
	bases := Bases(paths)
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
		if _, err := run.Add(s, bases, true, true); err != nil {
			return nil, err
		}
	}
	return run, nil
}

// Bases returns the folders from which patterns of --exclude are read: the
// working directory, and the folders among the paths.
func Bases(paths []string) []string {
	var out []string
	if cwd, err := os.Getwd(); err == nil {
		out = append(out, cwd)
	}
	for _, p := range paths {
		if isDir(p) && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
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
// whether that is new. bases are the folders from which patterns are read. Only
// the settings of a main configuration or a fragment say where includes lie, and
// only a fragment's which main configuration it belongs to.
func (run *Run) Add(s *Settings, bases []string, main, fragment bool) (bool, error) {
	if s == nil {
		return false, nil
	}
	changed := false
	if !run.excludes[s] {
		run.excludes[s] = true
		changed = run.exclude(s, bases)
	}
	if main && fragment && s.Root.Given() {
		switch root := s.path(s.Root.Value); {
		case run.Root == "":
			run.Root, run.root, changed = root, s.at(s.Root), true
		case run.root != "" && run.Root != root:
			return false, fmt.Errorf("%s and %s name different main configurations; run wsnginx once for each, or give --root", run.root, s.at(s.Root))
		}
	}
	if !main || run.mapped[s] {
		return changed, nil
	}
	run.mapped[s] = true
	for _, e := range s.Map {
		m := Map{e.Key.Value, s.path(e.Value.Value), s.at(e.Value)}
		i := slices.IndexFunc(run.Maps, func(have Map) bool { return have.From == m.From })
		switch {
		case i < 0:
			run.Maps, changed = append(run.Maps, m), true
		case run.Maps[i].at != "--map" && run.Maps[i].To != m.To:
			return false, fmt.Errorf("%s and %s map %s to different folders; run wsnginx once for each, or give --map", run.Maps[i].at, m.at, m.From)
		}
	}
	return changed, nil
}

func (run *Run) exclude(s *Settings, bases []string) (changed bool) {
	for _, t := range s.Exclude {
		for _, base := range bases {
			for _, p := range rebase(t.Value, s.Dir, base) {
				if !slices.Contains(run.Exclude, p) {
					run.Exclude, changed = append(run.Exclude, p), true
				}
			}
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
