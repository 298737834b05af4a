package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/cmd/internal/verify"
	"github.com/wsnginx/wsnginx/fixer"
	"github.com/wsnginx/wsnginx/parser"
)

// verifyFlags have nginx judge what fix writes.
func verifyFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "verify", Usage: "run nginx -t on what was written, and restore everything where it refuses"},
		&cli.StringFlag{Name: "nginx", Usage: "the nginx that --verify runs, `BIN` (default the one in PATH or sbin)"},
		&cli.BoolFlag{Name: "reload", Usage: "after a passing --verify, have the running nginx load it"},
	}
}

// verification is the part of one run of fix that nginx has in it.
type verification struct {
	*fixing
	nginx  *verify.Nginx
	reload bool
	mains  []*tested
}

// tested is one main configuration with changed files.
type tested struct {
	config        *parser.Config
	before, after *verify.Answer
}

// verification returns what --verify asks for, nil where it is not set.
func (p *program) verification(c *cli.Context, write bool) (*verification, error) {
	if !c.Bool("verify") {
		for _, flag := range []string{"nginx", "reload"} {
			if c.IsSet(flag) {
				return nil, fmt.Errorf("fix: --%s is for --verify, which is not given", flag)
			}
		}
		return nil, nil
	}
	if !write {
		return nil, errors.New("fix: --verify has nginx test what was written; it goes with --write")
	}
	if c.IsSet("nginx") && c.String("nginx") == "" {
		return nil, errors.New("fix: --nginx: a path is empty")
	}
	nginx, err := verify.Find(context.Background(), c.String("nginx"))
	if err != nil {
		return nil, fmt.Errorf("fix: --verify: %w", err)
	}
	return &verification{nginx: nginx, reload: c.Bool("reload")}, nil
}

// untilSignal returns a context that ends when the process is told to end, which
// does not end by itself meanwhile.
func untilSignal() (context.Context, context.CancelFunc) {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		signals = append(signals, syscall.SIGHUP)
	}
	return signal.NotifyContext(context.Background(), signals...)
}

// write writes the changes, unless something is against it.
func (f *fixing) write(ctx context.Context, changes []fixer.Change, v *verification) error {
	before := make([]fs.FileInfo, len(changes))
	for i, c := range changes {
		before[i], _ = os.Stat(c.Name) // Write says what keeps it from that
	}
	var err error
	if v == nil {
		err = fixer.Write(ctx, changes, f.names())
	} else {
		v.fixing = f
		err = v.write(ctx, changes)
	}
	// What restoring could not do is said besides.
	if err != nil && ctx.Err() != nil && err.Error() == ctx.Err().Error() {
		return errors.New("fix: interrupted; every file is as it was")
	}
	if err != nil {
		return fmt.Errorf("fix: %w", err)
	}
	f.sayLost(changes, before)
	return nil
}

// sayLost says what the owner, the group and the mode of the files became that the
// system did not let be kept.
func (f *fixing) sayLost(changes []fixer.Change, before []fs.FileInfo) {
	names := map[string][]string{} // by what was lost
	var order []string
	for i, c := range changes {
		after, err := os.Stat(c.Name)
		if err != nil || before[i] == nil {
			continue
		}
		if text := fixer.Lost(before[i], after); text != "" {
			if names[text] == nil {
				order = append(order, text)
			}
			names[text] = append(names[text], f.style.Name(c.Name))
		}
	}
	for _, text := range order {
		if !f.style.Quiet {
			f.program.say("%s: %s", few(names[text]), text)
		}
	}
}

// write is fixer.Write with nginx asked before and after.
func (v *verification) write(ctx context.Context, changes []fixer.Change) error {
	if len(changes) == 0 {
		return nil
	}
	if err := v.prepare(ctx, changes); err != nil {
		return errors.Join(err, errors.New("nothing was written"))
	}
	w, err := fixer.Begin(ctx, changes, v.names())
	if err != nil {
		return err
	}
	if err := v.judge(ctx, changes); err != nil {
		return errors.Join(err, w.Restore())
	}
	return w.Keep()
}

// prepare finds the configurations to test, and what nginx says of them as they
// are.
func (v *verification) prepare(ctx context.Context, changes []fixer.Change) error {
	read := map[string]bool{} // by name: nginx reads it, or may
	for _, config := range v.workspace.Configs {
		files := within(config, changes)
		if config.Fragment || config.Site != nil || len(files) == 0 {
			continue
		}
		for _, f := range append(files, config.Main) {
			if f.Embedded() {
				return fmt.Errorf("--verify: %s is a file of another format, which nginx does not read as it is", v.style.Name(f.Name))
			}
			if f.Template != "" {
				return fmt.Errorf("--verify: %s is a template, which nginx does not read as it is", v.style.Name(f.Name))
			}
		}
		answer, err := v.nginx.Files(ctx, config.Main.Name)
		if err != nil {
			return unlessDone(ctx, err)
		}
		v.mains = append(v.mains, &tested{config: config, before: answer})
		known, reads := answer.Files != nil, map[string]bool{}
		for _, path := range answer.Files {
			reads[path] = true
		}
		for _, f := range files {
			read[f.Name] = read[f.Name] || !known || reads[realPath(f.Name)]
		}
	}
	for _, c := range changes {
		switch may, found := read[c.Name]; {
		case !found:
			return fmt.Errorf("--verify: %s belongs to no main configuration that was found; --root FILE names it", v.style.Name(c.Name))
		case !may:
			return fmt.Errorf("--verify: nginx does not read %s: an include leads it elsewhere, and its test would say nothing of the file", v.style.Name(c.Name))
		}
	}
	for _, m := range v.mains {
		if !m.before.Accepted {
			v.program.say("nginx refuses %s as it is: %s; only what it says besides counts against the fix",
				v.name(m), m.before.Words())
		}
	}
	return nil
}

// judge asks nginx about the written files. An error says why they cannot stay.
func (v *verification) judge(ctx context.Context, changes []fixer.Change) error {
	byPath := map[string]fixer.Change{}
	for _, c := range changes {
		byPath[realPath(c.Name)] = c
	}
	moved := func(file string, line int) int {
		if c, ok := byPath[realPath(file)]; ok {
			return c.Line(line)
		}
		return line
	}
	for _, m := range v.mains {
		var err error
		if m.after, err = v.nginx.Test(ctx, m.config.Main.Name); err != nil {
			return unlessDone(ctx, err)
		}
		if words := m.after.New(m.before, moved); words != "" {
			return fmt.Errorf("nginx refuses %s with the fix: %s; everything was restored", v.name(m), words)
		}
	}
	for _, m := range v.mains {
		switch {
		case v.style.Quiet:
		case m.after.Accepted:
			v.program.say("nginx -t accepts %s", v.name(m))
		default:
			v.program.say("nginx refuses %s as before, and says nothing new", v.name(m))
		}
	}
	return nil
}

// load tells the running nginx of what was written.
func (v *verification) load(ctx context.Context) error {
	if v == nil || !v.reload {
		return nil
	}
	if len(v.mains) == 0 && !v.style.Quiet {
		v.program.say("nothing was written; nginx was not told to reload")
	}
	for _, m := range v.mains {
		if !m.after.Accepted {
			return fmt.Errorf("fix: the files are written; nginx was not told to reload %s, which it refuses", v.name(m))
		}
		if err := v.nginx.Reload(ctx, m.config.Main.Name); err != nil {
			return fmt.Errorf("fix: the files are written; nginx did not reload %s: %w", v.name(m), err)
		}
		if !v.style.Quiet {
			v.program.say("nginx was told to reload %s", v.name(m))
		}
	}
	return nil
}

// name returns the main file's name as it is shown.
func (v *verification) name(m *tested) string { return v.style.Name(m.config.Main.Name) }

// within returns the files of a configuration that are changed.
func within(config *parser.Config, changes []fixer.Change) []*parser.File {
	changed := make(map[string]bool, len(changes))
	for _, c := range changes {
		changed[c.Name] = true
	}
	var files []*parser.File
	for _, f := range config.Files {
		if changed[f.Name] {
			files = append(files, f)
		}
	}
	return files
}

// unlessDone returns err, or that of ctx where it has ended: what was killed
// then is not at fault.
func unlessDone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// realPath returns a file's absolute path without symbolic links.
func realPath(name string) string {
	if path, err := filepath.EvalSymlinks(name); err == nil {
		name = path
	}
	if path, err := filepath.Abs(name); err == nil {
		name = path
	}
	return name
}
