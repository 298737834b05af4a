package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// unnamed is the name of standard input's file where a person gave none.
const unnamed = "<stdin>"

// plainFormats are the formats of the commands that have no findings.
var plainFormats = []string{"text", "json"}

// input is what a command reads, and how it judges and prints it.
type input struct {
	program   *program
	workspace *parser.Workspace
	options   effective.Options
	judge     *judge
	ledger    *ledger // of known findings; nil where there is none
	counted   bool    // it was said how many findings the baseline knows
	root      string  // --root
	stdin     string  // the name of standard input's file, "" where it is not read
	jobs      int
	verbose   bool
	hook      bool            // only the named files themselves are reported on
	noted     map[string]bool // what ruleOptions has said
	format    string
	machine   bool // the format is for programs: what went wrong stands in it
	style     report.Style
	out       *output
	routed    struct { // what routes returned last
		of     *parser.Workspace
		models []*effective.Model
		routes []*effective.Route
	}
}

// oneOf returns the value of a flag that has few.
func oneOf(c *cli.Context, flag string, values ...string) (string, error) {
	v := c.String(flag)
	if slices.Contains(values, v) {
		return v, nil
	}
	return "", fmt.Errorf("%s: --%s %q: want %s", c.Command.Name, flag, v, either(values))
}

// open reads the flags that every reading command has, then what paths stand
// for. formats are the command's, the first of them for people.
func (p *program) open(c *cli.Context, paths []string, formats ...string) (*input, error) {
	in := &input{program: p, root: c.String("root"), jobs: c.Int("jobs"), verbose: c.Bool("verbose"), hook: c.Bool("hook")}
	p.quiet = c.Bool("quiet")
	var err error
	if slices.Contains(paths, "") {
		return nil, fmt.Errorf("%s: a path is empty", c.Command.Name)
	}
	if in.judge, err = newJudge(c, paths); err != nil {
		return nil, err
	}
	if in.format, err = oneOf(c, "format", formats...); err != nil {
		return nil, err
	}
	in.machine = in.format != "text"
	if in.jobs < 0 {
		return nil, fmt.Errorf("%s: --jobs %d: want a number from 1", c.Command.Name, in.jobs)
	}
	in.options.WebSocket, in.options.NotWebSocket = c.StringSlice("websocket"), c.StringSlice("not-websocket")
	for _, pattern := range c.StringSlice("exclude") {
		if !doublestar.ValidatePattern(pattern) {
			return nil, fmt.Errorf("%s: --exclude %q is not a pattern; \"conf.d/**\" and \"*.bak\" are", c.Command.Name, pattern)
		}
	}
	if in.out, err = p.output(c); err != nil {
		return nil, err
	}
	names, open := in.files(c, paths)
	if err := in.out.spares(c, slices.Values(names), open...); err != nil {
		return nil, err
	}
	in.style.Dir, _ = os.Getwd() // without one, names stay as they are
	in.style.Quiet = p.quiet
	if !in.machine {
		in.style.Color, in.style.Links, in.style.Width = in.out.color, in.out.links, in.out.width
	}

	opts := parser.Options{
		StdinName: c.String("stdin-filename"), Jobs: in.jobs, Force: c.Bool("force"), Hook: c.Bool("hook"),
	}
	for _, path := range paths {
		if path == "-" {
			if in.stdin != "" {
				return nil, fmt.Errorf("%s: \"-\" stands among the paths twice; standard input can be read once", c.Command.Name)
			}
			if in.stdin = opts.StdinName; in.stdin == "" {
				in.stdin = unnamed
			}
			if opts.Stdin, err = io.ReadAll(p.stdin); err != nil {
				return nil, fmt.Errorf("read standard input: %w", err)
			}
			if opts.StdinName == "" && len(bytes.TrimSpace(opts.Stdin)) == 0 { // an editor names its empty buffer
				return nil, fmt.Errorf("%s: standard input is empty; nginx -T prints nothing there where it fails, and nginx -t says why", c.Command.Name)
			}
		}
	}
	if opts.StdinName != "" && in.stdin == "" {
		return nil, fmt.Errorf("%s: --stdin-filename names what \"-\" reads, and no path is \"-\"", c.Command.Name)
	}
	start := time.Now()
	if !p.quiet && !in.verbose {
		p.watch()
	}
	if p.progress != nil {
		opts.Read = &p.progress.read
	}
	if in.workspace, err = in.judge.open(paths, opts); err != nil {
		return nil, err
	}
	if err := in.out.spares(c, configured(in.workspace)); err != nil {
		return nil, err
	}
	if in.ledger, err = in.readBaseline(c); err != nil {
		return nil, err
	}
	in.options.Version = in.judge.base.Version
	if len(in.workspace.Configs) > 0 {
		in.options.Version, _ = in.judge.versionFor(in.workspace.Configs[0])
	}
	in.passed()
	in.mapped(c)
	if in.verbose {
		in.describe(time.Since(start))
	}
	return in, nil
}

// passed says which files are not nginx configuration: those that the user
// named, and with --verbose the others.
func (in *input) passed() {
	for _, f := range in.workspace.Passed {
		what := "not nginx configuration"
		if f.Format != "" {
			what = "looks like " + f.Format + ", not nginx configuration"
		}
		if f.Unread != "" {
			what = f.Unread
		}
		switch {
		case f.Excluded:
			if !in.style.Quiet {
				in.program.say("%s: left out, as exclude says", in.style.Name(f.Name))
			}
		case f.Given && f.Format == parser.DumpFormat && !in.style.Quiet:
			in.program.say(`%s: holds %s, passed over; give it on standard input, with "-" as the path`, in.style.Name(f.Name), f.Format)
		case f.Given && !in.style.Quiet:
			in.program.say("%s: %s; passed over (--force reads it)", in.style.Name(f.Name), what)
		case !f.Given && in.verbose:
			in.program.say("%s: %s, passed over", in.style.Name(f.Name), what)
		}
	}
}

// describe says what was read.
func (in *input) describe(took time.Duration) {
	for _, cfg := range in.workspace.Configs {
		kind := "main configuration"
		if cfg.Fragment {
			kind = "fragment"
		}
		if cfg.Site != nil {
			kind = in.style.Name(cfg.Site.Name) + ", as if enabled, in"
		}
		files := fmt.Sprintf("%d files", len(cfg.Files))
		if len(cfg.Files) == 1 {
			files = "1 file"
		}
		if pin := in.judge.pinOf(cfg); pin != nil {
			v, _ := in.judge.versionFor(cfg)
			files += fmt.Sprintf(", judged for nginx %s (%s)", v, placeOf(pin, in.style))
		}
		in.program.say("%s %s: %s", kind, in.style.Name(cfg.Main.Name), files)
	}
	in.program.say("read in %s", took.Round(time.Millisecond))
}

// models works out what nginx makes of every configuration of w.
func (in *input) models(w *parser.Workspace) []*effective.Model {
	models := make([]*effective.Model, len(w.Configs))
	jobs := in.jobs
	if jobs == 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	judged := new(atomic.Int64)
	if g := in.program.progress; g != nil {
		g.judged.Store(0)
		g.models.Store(int64(len(models)))
		judged = &g.judged
	}
	limit := make(chan struct{}, jobs)
	var wg sync.WaitGroup
	for i, cfg := range w.Configs {
		limit <- struct{}{}
		wg.Go(func() {
			models[i] = in.judge.build(cfg, in.options)
			judged.Add(1)
			<-limit
		})
	}
	wg.Wait()
	return models
}

// problems returns what could not be read, each once.
func (in *input) problems(w *parser.Workspace, models []*effective.Model) []parser.Problem {
	all := slices.Clone(w.Problems)
	for _, m := range models {
		all = append(all, m.Config.Problems...)
		all = append(all, m.Problems...)
	}
	seen := map[parser.Problem]bool{}
	return slices.DeleteFunc(all, func(p parser.Problem) bool {
		again := seen[p]
		seen[p] = true
		return again
	})
}

// fewErrors is how many problems of one file are said without --verbose: the
// first slip makes many of those that follow.
const fewErrors = 3

// settle says what could not be read and sets the exit status: 2 where
// something failed, whatever the findings are. It reports whether the run
// failed.
func (in *input) settle(problems []parser.Problem, status int) (failed bool) {
	said := map[string]int{}
	var files []string
	for _, problem := range problems {
		fatal := in.fatal(problem)
		failed = failed || fatal
		if !fatal && (in.machine || in.style.Quiet) {
			continue
		}
		if problem.Kind == parser.Failed && problem.File != "" {
			if said[problem.File]++; said[problem.File] == 1 {
				files = append(files, problem.File)
			}
		}
		if in.verbose || said[problem.File] <= fewErrors || problem.Kind != parser.Failed {
			in.program.say("%s", in.line(problem))
		}
	}
	for _, name := range files {
		if n := said[name] - fewErrors; n > 0 && !in.verbose {
			in.program.say("%s: errors after these: %d; --verbose lists them", in.style.Name(name), n)
		}
	}
	in.program.status = status
	if failed {
		in.program.status = exitFailed
	}
	return failed
}

// fatal reports whether a problem makes the run fail.
func (in *input) fatal(problem parser.Problem) bool {
	return problem.Kind == parser.Failed || in.judge.on(problem.File).Strict
}

// line returns a problem as one line.
func (in *input) line(problem parser.Problem) string {
	message := report.Clean(problem.Message) // it may quote the source
	if problem.File == "" {
		return message
	}
	name := report.Clean(in.style.Name(problem.File))
	switch {
	case problem.Line == 0:
		return name + ": " + message
	case problem.Column == 0:
		return fmt.Sprintf("%s:%d: %s", name, problem.Line, message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", name, problem.Line, problem.Column, message)
}

// writable reports whether a fix may change a file; standard input's may: its
// change is printed.
func (in *input) writable(w *parser.Workspace) func(*parser.File) bool {
	return func(f *parser.File) bool { return w.Writable(f) || w.FromStdin(f) }
}

// concerns reports whether a finding is about the files that the user named: it
// stands in one, or in what one includes, and is not excluded.
func concerns(w *parser.Workspace, f *rules.Finding) bool {
	if w.Excluded(f.File) {
		return false
	}
	through := func(file *parser.File, via *effective.Mount) bool {
		for ; !w.Named(file); via = via.Outer {
			if via == nil {
				return false
			}
			file = via.Include.File
		}
		return true
	}
	return through(f.File, f.Via) || slices.ContainsFunc(f.Routes, func(r *effective.Route) bool {
		return through(r.Pass.File, r.Pass.Via) || r.Location != nil && r.Location.Block != nil && through(r.Location.Block.File, r.Location.Via)
	})
}

// lint runs the rules over w and returns the findings in the named files, and
// those more that a comment ignores.
func (in *input) lint(w *parser.Workspace, models []*effective.Model) (findings, ignored []rules.Finding) {
	all := in.judge.run(models, in.ruleOptions(w, nil))
	findings = all[:0]
	for i := range all {
		f := &all[i]
		switch {
		case in.hook && !w.Named(f.File), !concerns(w, f):
		case f.Ignored != "":
			ignored = append(ignored, *f)
			if in.verbose {
				pos := f.File.Position(f.Span.Start)
				in.program.say("%s:%d:%d: ignored: %s [%s]", in.style.Name(f.File.Name), pos.Line, pos.Column, f.Ignored, f.Rule.Name)
			}
		default:
			findings = append(findings, *f)
		}
	}
	return findings, ignored
}
