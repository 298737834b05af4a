package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

func (p *program) traceCommand() *cli.Command {
	return &cli.Command{
		Name:      "trace",
		Usage:     "follow a URL to its server, location and upstream",
		ArgsUsage: "[flags] URL [PATH]",
		Description: `URL is what a browser would open: ws://, wss://, http:// or https://. PATH is a
main configuration or a directory; the default is the working directory. Exits 0
where the socket works, 1 where it does not or nothing answers, 2 where that
cannot be told.

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
	model, trace, err := tracedBy(models, u)
	if err != nil || trace == nil {
		in.settle(problems, exitFailed)
		if err == nil && len(problems) == 0 {
			err = errors.New("no configuration was read")
		}
		if err != nil {
			return fmt.Errorf("trace: %w", err)
		}
		p.status = exitFailed
		return nil
	}
	findings, err := in.about(model, trace)
	if err != nil {
		return err
	}
	if in.machine {
		err = report.TraceJSON(in.out.w, in.options.Version, trace, in.style, findings...)
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

// about returns what the rules say of the location that answers a trace, as if
// all of the configuration were meant for WebSocket: who traces a URL means it.
// Of a socket that works only warnings and errors are worth a word.
func (in *input) about(m *effective.Model, t *effective.Trace) ([]rules.Finding, error) {
	if t.Route == nil || t.Route.Pass.Directive == nil {
		return nil, nil
	}
	list, err := rules.Select(rules.Selection{})
	if err != nil {
		return nil, err
	}
	meant := in.options
	meant.WebSocket, meant.NotWebSocket = []string{"*"}, nil
	models := []*effective.Model{effective.Build(m.Config, meant)}
	var out []rules.Finding
	for _, f := range rules.Run(models, rules.Options{Rules: list, Writable: in.writable(in.workspace)}) {
		speaks := f.Rule.Reason != "" && t.Route.Verdict == effective.Broken && t.Route.Because(f.Rule.Reason) != nil
		if f.Ignored == "" && (speaks || f.Severity > rules.Info) && slices.ContainsFunc(f.Routes, func(r *effective.Route) bool {
			return r.Pass.Directive == t.Route.Pass.Directive && blockOf(r.Location) == blockOf(t.Route.Location) &&
				(r.Server == nil || t.Server == nil || blockOf(r.Server.Scope) == blockOf(t.Server.Scope))
		}) {
			out = append(out, f)
		}
	}
	return out, nil
}

func blockOf(s *effective.Scope) *parser.Directive {
	if s == nil {
		return nil
	}
	return s.Block
}
