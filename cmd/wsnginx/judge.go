package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/cmd/internal/image"
	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/cmd/internal/settings"
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// judge is what flags and settings say about the files of a run.
type judge struct {
	resolver *settings.Resolver
	said     *settings.Run
	base     *settings.Applied // where no file is at hand: that of the first path
	known    bool              // a command knows which nginx runs
	exclude  []string          // the patterns of --exclude
	dir      string            // the working directory, "" where there is none
	stdin    string            // the path that stands for every file, where standard input alone is read
	typed    map[string]bool   // by File.Name: read from standard input

	mu     sync.Mutex
	byName map[string]*settings.Applied // by File.Name
	images image.Finder
}

// flagsOf returns what the command line says of what settings say.
func flagsOf(c *cli.Context) settings.Flags {
	given := func(name string) string {
		if c.IsSet(name) {
			return c.String(name)
		}
		return ""
	}
	return settings.Flags{
		File: given("settings"), None: c.Bool("no-settings"),
		Select: c.StringSlice("select"), ExtendSelect: c.StringSlice("extend-select"), Ignore: c.StringSlice("ignore"),
		FailOn: given("fail-on"), NginxVersion: given("nginx-version"),
		WebSocket: c.StringSlice("websocket"), NotWebSocket: c.StringSlice("not-websocket"),
		Root: given("root"), Format: given("format"), Color: given("color"), Baseline: given("baseline"),
		Map: c.StringSlice("map"), Exclude: c.StringSlice("exclude"), Strict: c.Bool("strict"),
	}
}

// newJudge reads the settings nearest to the given paths, and has those that
// choose the looks of the result take the place of flags that were not given.
func newJudge(c *cli.Context, paths []string) (*judge, error) {
	style := report.Style{}
	style.Dir, _ = os.Getwd()
	flags := flagsOf(c)
	if c.IsSet("settings") && c.String("settings") == "" {
		return nil, fmt.Errorf("%s: --settings: a path is empty", c.Command.Name)
	}
	if flags.FailOn != "" {
		if _, err := oneOf(c, "fail-on", "error", "warning", "info", "never"); err != nil {
			return nil, err
		}
	}
	resolver, err := settings.NewResolver(flags, style.Name)
	if err != nil {
		return nil, prefixed(c, err)
	}
	j := &judge{resolver: resolver, dir: style.Dir, exclude: flags.Exclude, byName: map[string]*settings.Applied{}}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	abs := make([]string, len(paths))
	for i, path := range paths {
		if path == "-" {
			path = cmp.Or(c.String("stdin-filename"), unnamed)
		}
		if abs[i], err = filepath.Abs(path); err != nil {
			return nil, err
		}
	}
	if len(paths) == 1 && paths[0] == "-" {
		j.stdin = abs[0]
	}
	if j.said, err = resolver.Run(abs); err != nil {
		return nil, prefixed(c, err)
	}
	first := abs[0]
	if info, err := os.Stat(first); err == nil && info.IsDir() {
		first = filepath.Join(first, settings.FileName)
	}
	if j.base, err = resolver.Of(first); err != nil {
		return nil, prefixed(c, err)
	}
	return j, j.dress(c)
}

// prefixed names the command before an error about its flags. Mistakes in a
// settings file stand alone: they begin with their place.
func prefixed(c *cli.Context, err error) error {
	var m settings.Mistakes
	if errors.As(err, &m) {
		return err
	}
	return fmt.Errorf("%s: %w", c.Command.Name, err)
}

// dress sets the flags that choose how a result looks. A format is one of lint:
// other commands print other things.
func (j *judge) dress(c *cli.Context) error {
	if !c.IsSet("color") && j.said.Color != "" {
		if err := c.Set("color", j.said.Color); err != nil {
			return err
		}
	}
	if c.Command.Name == "lint" && !c.IsSet("format") && j.said.Format != "" {
		return c.Set("format", j.said.Format)
	}
	return nil
}

// open reads what paths stand for. Settings that are found on the way may say
// where includes lie and what to leave out: then it reads again.
func (j *judge) open(paths []string, opts parser.Options) (*parser.Workspace, error) {
	opts.Elsewhere = j.elsewhere
	for {
		opts.Root, opts.Roots, opts.Exclude, opts.Mappings = j.said.Root, j.said.Roots, j.exclude, nil
		opts.Excluded = nil
		for _, e := range j.said.Exclude {
			opts.Excluded = append(opts.Excluded, parser.Exclusion{Pattern: e.Pattern, Dir: e.Dir})
		}
		for _, m := range j.said.Maps {
			opts.Mappings = append(opts.Mappings, parser.Mapping{From: m.From, To: m.To, Under: m.Under})
		}
		w := parser.Open(paths, opts)
		again, err := j.learn(w)
		if err != nil || !again {
			j.note(w)
			return w, err
		}
	}
}

// note remembers which files of w were read from standard input.
func (j *judge) note(w *parser.Workspace) {
	j.typed = map[string]bool{}
	for _, cfg := range w.Configs {
		for _, f := range cfg.Files {
			j.typed[f.Name] = j.typed[f.Name] || w.FromStdin(f)
		}
	}
}

// learn takes in the settings of every file of w.
func (j *judge) learn(w *parser.Workspace) (again bool, err error) {
	var wrong settings.Mistakes
	for _, cfg := range w.Configs {
		for _, f := range cfg.Files {
			a, err := j.of(f.Name)
			if err != nil {
				var m settings.Mistakes
				if !errors.As(err, &m) {
					return false, err
				}
				if !slices.Contains(wrong, m[0]) {
					wrong = append(wrong, m...)
				}
				continue
			}
			changed := j.said.Add(a.Settings, f == cfg.Main, cfg.Fragment)
			again = again || changed
		}
	}
	if len(wrong) > 0 {
		return false, wrong
	}
	return again, nil
}

// of returns what applies to the file of that name.
func (j *judge) of(name string) (*settings.Applied, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if a := j.byName[name]; a != nil {
		return a, nil
	}
	path := j.stdin
	if path == "" {
		var err error
		if path, err = filepath.Abs(name); err != nil {
			return nil, err
		}
	}
	a, err := j.resolver.Of(path)
	if err == nil {
		j.byName[name] = a
	}
	return a, err
}

// on returns what applies to a file of a run whose settings were all read.
func (j *judge) on(name string) *settings.Applied {
	if j == nil { // nothing was opened, as by a probe without a configuration
		return &settings.Applied{}
	}
	if name == "" {
		return j.base
	}
	a, err := j.of(name)
	if err != nil { // a folder that holds no file of the run
		return j.base
	}
	return a
}

// build works out what nginx makes of a configuration. opts has the patterns of
// flags; those of settings hold for the locations in their files, where neither a
// comment nor a flag says otherwise.
func (j *judge) build(cfg *parser.Config, opts effective.Options) *effective.Model {
	if !j.known {
		opts.Version, opts.Floating = j.versionFor(cfg)
	}
	model := effective.Build(cfg, opts)
	var speaking []*settings.Applied
	for _, f := range cfg.Files {
		if a := j.on(f.Name); len(a.WebSocket)+len(a.NotWebSocket) > 0 && !slices.Contains(speaking, a) {
			speaking = append(speaking, a)
		}
	}
	if len(speaking) == 0 {
		return model
	}
	flagged := make([]string, len(model.Routes))
	for i, r := range model.Routes {
		flagged[i] = r.IntentWhy
	}
	plain := effective.Build(cfg, effective.Options{Version: opts.Version})
	for _, a := range speaking {
		o := effective.Options{Version: opts.Version, WebSocket: texts(a.WebSocket), NotWebSocket: texts(a.NotWebSocket)}
		other := effective.Build(cfg, o)
		for i, r := range model.Routes {
			none, says := plain.Routes[i].IntentWhy, other.Routes[i]
			if flagged[i] != none || says.IntentWhy == none || j.on(homeOf(r)) != a {
				continue
			}
			r.Intent, r.IntentWhy = says.Intent, whySaid(says.IntentWhy, a)
		}
	}
	return model
}

func texts(patterns []settings.Pattern) []string {
	out := make([]string, len(patterns))
	for i, p := range patterns {
		out[i] = p.Text
	}
	return out
}

// homeOf returns the name of the file that holds a route's location.
func homeOf(r *effective.Route) string {
	switch {
	case r.Location != nil && r.Location.Block != nil:
		return r.Location.Block.File.Name
	case r.Pass.Directive != nil:
		return r.Pass.File.Name
	}
	return r.Model.Config.Main.Name
}

// whySaid names the settings file where a sentence names the flag.
func whySaid(why string, a *settings.Applied) string {
	for flag, list := range map[string][]settings.Pattern{"websocket": a.WebSocket, "not-websocket": a.NotWebSocket} {
		for _, p := range list {
			if why == fmt.Sprintf("it matches --%s %s", flag, p.Text) {
				return fmt.Sprintf("it matches %s %s (%s)", flag, p.Text, p.From)
			}
		}
	}
	return why
}

// run runs the rules: on each file those that apply to it.
func (j *judge) run(models []*effective.Model, opts rules.Options) []rules.Finding {
	type verdict struct {
		options rules.Options
		of      map[string]bool // by File.Name
	}
	var order []string
	verdicts, keys := map[string]*verdict{}, map[*settings.Applied]string{}
	for _, m := range models {
		for _, f := range m.Config.Files {
			a := j.on(f.Name)
			key, ok := keys[a]
			if !ok {
				key = fmt.Sprint(ruleNames(a.Rules), a.Severities, a.ReadTimeoutMin, a.ReadTimeoutSet)
				keys[a] = key
			}
			v := verdicts[key]
			if v == nil {
				o := opts
				o.Rules, o.Severities, o.ReadTimeoutMin, o.ReadTimeoutSet = a.Rules, a.Severities, a.ReadTimeoutMin, a.ReadTimeoutSet
				v = &verdict{o, map[string]bool{}}
				verdicts[key], order = v, append(order, key)
			}
			v.of[f.Name] = true
		}
	}
	var all []rules.Finding
	for _, key := range order {
		v := verdicts[key]
		found := rules.Run(models, v.options)
		if len(order) == 1 {
			return found
		}
		all = append(all, slices.DeleteFunc(found, func(f rules.Finding) bool { return !v.of[f.File.Name] })...)
	}
	slices.SortStableFunc(all, func(a, b rules.Finding) int { return cmp.Compare(a.File.Name, b.File.Name) })
	return all
}

func ruleNames(list []*rules.Rule) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.Name
	}
	return out
}

// rules returns the rules that run on any file of w.
func (j *judge) rules(w *parser.Workspace) []*rules.Rule {
	ran := map[*rules.Rule]bool{}
	for _, cfg := range w.Configs {
		for _, f := range cfg.Files {
			for _, r := range j.on(f.Name).Rules {
				ran[r] = true
			}
		}
	}
	if len(w.Configs) == 0 {
		return j.base.Rules
	}
	return slices.DeleteFunc(slices.Clone(rules.All()), func(r *rules.Rule) bool { return !ran[r] })
}

// status returns 1 where a finding is at or above what its file fails on.
func (j *judge) status(findings []rules.Finding) int {
	if slices.ContainsFunc(findings, func(f rules.Finding) bool { return f.Severity >= j.on(f.File.Name).FailOn }) {
		return exitFindings
	}
	return exitClean
}
