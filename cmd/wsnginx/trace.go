package main

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
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
	trace, err := follow(models, u)
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
	if in.machine {
		err = report.TraceJSON(in.out.w, in.options.Version, trace, in.style)
	} else {
		err = report.TraceText(in.out.w, trace, in.style)
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

// follow traces u through the first configuration that has a server for it;
// where none has, through the first.
func follow(models []*effective.Model, u *url.URL) (*effective.Trace, error) {
	var first *effective.Trace
	for _, m := range models {
		t, err := m.Trace(u)
		if err != nil {
			return nil, err
		}
		if t.Outcome != effective.OutcomeNoServer {
			return t, nil
		}
		if first == nil {
			first = t
		}
	}
	return first, nil
}
