package settings

import (
	"fmt"
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

	root, baseline string // where they were said
	seen           map[*Settings]bool
}

// Map says where an absolute include path lies.
type Map struct {
	From, To string
	at       string
}

// Run returns what holds for a run over the given files and folders, absolute
// paths: the flags, and the settings nearest to each of them. Of format, color and
// baseline there can be one: the first path's settings have them.
func (r *Resolver) Run(paths []string, isDir func(string) bool) (*Run, error) {
	run := &Run{seen: map[*Settings]bool{}, Root: r.flags.Root, Baseline: r.flags.Baseline, Format: r.flags.Format, Color: r.flags.Color}
	run.Exclude = slices.Clone(r.flags.Exclude)
	for _, m := range r.flags.Map {
		from, to, err := cutMap(m)
		if err != nil {
			return nil, err
		}
		run.Maps = append(run.Maps, Map{from, to, "--map"})
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
		if _, err := run.Add(s, r.bases(paths, isDir)); err != nil {
			return nil, err
		}
	}
	return run, nil
}

// bases returns the folders from which patterns of --exclude are read.
func (r *Resolver) bases(paths []string, isDir func(string) bool) []string {
	var out []string
	if cwd, err := filepath.Abs("."); err == nil {
		out = append(out, cwd)
	}
	for _, p := range paths {
		if isDir(p) && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

func (run *Run) first(s *Settings) {
	if run.Format == "" {
		run.Format = s.Format.Value
	}
	if run.Color == "" {
		run.Color = s.Color.Value
	}
	if run.Baseline == "" && s.Baseline.Given() {
		run.Baseline, run.baseline = s.path(s.Baseline.Value), s.at(s.Baseline)
	}
}

// Add takes in the root, maps and excludes of another settings file and reports
// whether it said anything new. bases are the folders from which patterns are
// read.
func (run *Run) Add(s *Settings, bases []string) (bool, error) {
	if s == nil || run.seen[s] {
		return false, nil
	}
	run.seen[s] = true
	changed := false
	if s.Root.Given() {
		switch root := s.path(s.Root.Value); {
		case run.Root == "":
			run.Root, run.root, changed = root, s.at(s.Root), true
		case run.root != "" && run.Root != root:
			return false, fmt.Errorf("%s and %s name different main configurations; run wsnginx once for each, or give --root", run.root, s.at(s.Root))
		}
	}
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
	for _, t := range s.Exclude {
		for _, base := range bases {
			for _, p := range rebase(t.Value, s.Dir, base) {
				if !slices.Contains(run.Exclude, p) {
					run.Exclude, changed = append(run.Exclude, p), true
				}
			}
		}
	}
	return changed, nil
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
