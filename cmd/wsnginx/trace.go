package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

func (p *program) traceCommand() *cli.Command {
	return &cli.Command{
		Name:      "trace",
		Usage:     "follow a URL to its server, location and upstream",
		ArgsUsage: "[flags] URL [PATH]",
		Description: `URL is what a browser would open: ws://, wss://, http:// or https://. PATH is a
main configuration or a directory, of which nginx.conf is meant where several
could answer; the default is the working directory. Exits 0 where the socket
works, 1 where it does not or nothing answers, 2 where that cannot be told.

Example: wsnginx trace wss://app.example.com/ws /etc/nginx`,
		Flags:  append([]cli.Flag{formatFlag(plainFormats...)}, inputFlags()...),
		Action: p.trace,
	}
}

func (p *program) trace(c *cli.Context) error {
	args := c.Args().Slice()
	if len(args) == 0 || len(args) > 2 {
		return errors.New("trace: wants a URL and at most one path, as in: wsnginx trace wss://app.example.com/ws /etc/nginx")
	}
	u, err := socketURL(args[0])
	if err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	in, err := p.open(c, args[1:], plainFormats...)
	if err != nil {
		return err
	}
	models := in.models(in.workspace)
	problems := in.problems(in.workspace, models)
	model, trace, err := in.tracedBy(models, u)
	if err != nil || trace == nil {
		in.settle(problems, exitFailed)
		if err == nil && in.machine {
			none := &effective.Trace{URL: u.String(), Outcome: effective.OutcomeUnknown, Why: "no configuration was read"}
			if err := report.TraceJSON(in.out.w, in.options.Version, none, problems, in.style); err != nil {
				return err
			}
		}
		if err == nil && len(problems) == 0 {
			err = errors.New("no configuration was read")
		}
		if err != nil {
			return fmt.Errorf("trace: %w", err)
		}
		p.status = exitFailed
		return nil
	}
	findings := in.about(model, trace)
	if in.machine {
		err = report.TraceJSON(in.out.w, in.options.Version, trace, problems, in.style, findings...)
	} else {
		err = report.TraceText(in.out.w, trace, in.style, findings...)
	}
	if err != nil {
		return err
	}
	status := exitFindings
	switch trace.Outcome {
	case effective.OutcomeWorks:
		status = exitClean
	case effective.OutcomeUnknown:
		status = exitFailed
	}
	return in.out.finish(p, in.settle(problems, status))
}

// socketURL reads a URL that a browser would open a WebSocket with.
func socketURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a URL: %w", text, errors.Unwrap(err))
	}
	switch u.Scheme {
	case "ws", "wss", "http", "https":
	default:
		return nil, fmt.Errorf("%q is not a URL that nginx answers; write ws://host/path or wss://host/path", text)
	}
	if u.Host == "" {
		return nil, fmt.Errorf("%q names no host; write %s://host/path", text, u.Scheme)
	}
	return u, nil
}

// about returns what the rules say of the locations that answer a trace, as if
// all of the configuration were meant for WebSocket: who traces a URL means it.
// Of a socket that works only warnings and errors are worth a word.
func (in *input) about(m *effective.Model, trace *effective.Trace) []rules.Finding {
	if trace.Route == nil || trace.Route.Pass.Directive == nil {
		return nil
	}
	meant := in.options
	meant.WebSocket, meant.NotWebSocket = []string{"*"}, nil
	models := []*effective.Model{in.judge.build(m.Config, meant)}
	found := in.judge.run(models, rules.Options{Writable: in.writable(in.workspace)})
	var out []rules.Finding
	for _, f := range found {
		for t := trace; t != nil; t = t.Onward {
			if f.Ignored == "" && speaksOf(&f, t) {
				out = append(out, f)
				break
			}
		}
	}
	return out
}

// speaksOf reports whether a finding is worth a word about the location of t.
func speaksOf(f *rules.Finding, t *effective.Trace) bool {
	if t.Route == nil || t.Route.Pass.Directive == nil {
		return false
	}
	reason := f.Rule.Reason != "" && t.Route.Verdict == effective.Broken && t.Route.Because(f.Rule.Reason) != nil
	return (reason || f.Severity > rules.Info) && slices.ContainsFunc(f.Routes, func(r *effective.Route) bool {
		return r.Pass.Directive == t.Route.Pass.Directive && r.Location.Opening() == t.Route.Location.Opening() &&
			(r.Server == nil || t.Server == nil || r.Server.Scope.Opening() == t.Server.Scope.Opening())
	})
}

// tracedBy traces u through the configuration that it means: a main one goes
// before a fragment, one that names the host before one whose default server
// takes it, nginx.conf before others, and --root before all. Those that could be
// meant as well are said.
func (in *input) tracedBy(models []*effective.Model, u *url.URL) (*effective.Model, *effective.Trace, error) {
	type traced struct {
		m     *effective.Model
		t     *effective.Trace
		order int // how far it is from what is meant
	}
	root := in.root
	if root != "" {
		root, _ = filepath.Abs(root)
	}
	var all []traced
	for _, m := range models {
		t, err := m.Trace(u)
		if err != nil {
			return nil, nil, err
		}
		one := traced{m: m, t: t}
		main, _ := filepath.Abs(m.Config.Main.Name)
		for i, against := range []bool{
			filepath.Base(m.Config.Main.Name) != "nginx.conf", t.ServerName == "",
			m.Config.Fragment || m.Config.Site != nil, t.Server == nil, t.Outcome == effective.OutcomeNoServer,
			root != "" && main != root,
		} {
			if against {
				one.order |= 1 << i
			}
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, nil, nil
	}
	slices.SortStableFunc(all, func(x, y traced) int { return cmp.Compare(x.order, y.order) })
	var others []string
	for _, x := range all[1:] {
		if x.t.ServerName != "" || x.order|1 == all[0].order|1 && x.t.Server != nil {
			others = append(others, in.style.Name(x.m.Config.Main.Name))
		}
	}
	if len(others) > 0 && !in.style.Quiet && root == "" {
		in.program.say("followed through %s; %s could answer this URL too: give the one that is meant as PATH",
			in.style.Name(all[0].m.Config.Main.Name), few(others))
	}
	return all[0].m, all[0].t, nil
}

// few returns the first of names, and how many more there are.
func few(names []string) string {
	const most = 3
	if n := len(names) - most; n > 0 {
		names = append(names[:most:most], fmt.Sprintf("%d more", n))
	}
	return strings.Join(names, ", ")
}
