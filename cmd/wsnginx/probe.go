package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/wsnginx/wsnginx/cmd/internal/probe"
	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

func (p *program) probeCommand() *cli.Command {
	// What chooses configuration applies to --config.
	shared := slices.DeleteFunc(inputFlags(), func(f cli.Flag) bool {
		return slices.Contains([]string{"verbose", "stdin-filename", "jobs"}, f.Names()[0])
	})
	return &cli.Command{
		Name:      "probe",
		Usage:     "open a socket with a running server and explain what happens",
		ArgsUsage: "[flags] URL",
		Description: `URL is ws://, wss://, http:// or https://. Nothing but its host is connected to,
and credentials are never printed. Exits 0 where the socket works, 1 where it
does not, 2 where it could not be tried.

Example: wsnginx probe wss://app.example.com/ws --config /etc/nginx`,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "config", Usage: "hold what happens against the configuration at `PATH`"},
			&cli.DurationFlag{Name: "idle", Usage: "keep the tunnel silent for `DURATION`, and say when and by whom it is closed"},
			&cli.DurationFlag{Name: "keepalive", Usage: "with --idle: ping every `DURATION` through a second tunnel, and say whether that helps"},
			&cli.StringFlag{Name: "message", Usage: "send `TEXT` and show what comes back"},
			&cli.StringSliceFlag{Name: "header", Usage: "send the line `NAME:VALUE`, in place of one of that name; no value takes it away (repeatable)"},
			&cli.StringSliceFlag{Name: "subprotocol", Usage: "offer the subprotocol `NAME` (repeatable)"},
			&cli.StringFlag{Name: "origin", Usage: "send `ORIGIN` as Origin, none for no line (the URL's own otherwise)"},
			&cli.StringFlag{Name: "host", Usage: "send `NAME` as Host (the URL's otherwise)"},
			&cli.BoolFlag{Name: "follow", Usage: "follow redirects, which browsers do not"},
			&cli.BoolFlag{Name: "insecure", Usage: "go on where the certificate is bad"},
			&cli.StringFlag{Name: "ca", Usage: "trust the certificates in `FILE` too"},
			&cli.StringSliceFlag{Name: "resolve", Usage: "take the address from `HOST:PORT:ADDRESS` (repeatable)"},
			&cli.StringFlag{Name: "unix", Usage: "connect to the unix socket at `PATH`"},
			&cli.DurationFlag{Name: "timeout", Usage: "give each step `DURATION` (default 10s)"},
			&cli.BoolFlag{Name: "verbose", Usage: "print the bytes of both directions, credentials masked"},
			formatFlag(plainFormats...),
		}, shared),
		Action: p.probe,
	}
}

func (p *program) probe(c *cli.Context) error {
	o, err := probeOptions(c)
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	in, err := p.probeInput(c)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r, err := probe.Run(ctx, o)
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	status := map[probe.Outcome]int{probe.Works: exitClean, probe.Fails: exitFindings, probe.Untried: exitFailed}[r.Outcome]
	var joined *probe.Config
	var problems []parser.Problem
	if in.workspace != nil {
		if joined, problems, err = in.join(c, r, &o); err != nil {
			p.say("probe: --config was left out: %s", err) // what was seen is worth printing all the same
		}
	}
	print := probe.Text
	if in.machine {
		print = probe.JSON
	}
	if err := print(in.out.w, r, joined, in.style); err != nil {
		return err
	}
	in.settle(problems, status)
	return in.out.finish(p, false)
}

// probeOptions reads the flags that say what to send.
func probeOptions(c *cli.Context) (probe.Options, error) {
	o := probe.Options{
		Origin: c.String("origin"), Host: c.String("host"), Subprotocols: c.StringSlice("subprotocol"),
		Message: c.String("message"), Send: c.IsSet("message"),
		Idle: c.Duration("idle"), Keepalive: c.Duration("keepalive"), Timeout: c.Duration("timeout"),
		Insecure: c.Bool("insecure"), Follow: c.Bool("follow"), Unix: c.String("unix"), Wire: c.Bool("verbose"),
		Agent: "wsnginx/" + versionText(),
	}
	args := c.Args().Slice()
	if len(args) != 1 {
		return o, errors.New("wants one URL, as in: wsnginx probe wss://app.example.com/ws")
	}
	var err error
	if o.URL, err = probe.ParseURL(args[0]); err != nil {
		return o, err
	}
	for _, name := range []string{"timeout", "idle", "keepalive"} {
		if c.IsSet(name) && c.Duration(name) <= 0 {
			return o, fmt.Errorf("--%s %s: want a duration above 0, as in 20s", name, c.Duration(name))
		}
	}
	for _, text := range c.StringSlice("header") {
		f, err := probe.ParseHeader(text)
		if err != nil {
			return o, fmt.Errorf("--header: %w", err)
		}
		o.Headers = append(o.Headers, f)
	}
	for _, text := range c.StringSlice("resolve") {
		r, err := probe.ParseResolve(text)
		if err != nil {
			return o, fmt.Errorf("--resolve %w", err)
		}
		o.Resolve = append(o.Resolve, r)
	}
	if o.Unix != "" && len(o.Resolve) > 0 {
		return o, errors.New("--unix connects to a socket, and --resolve says an address; give one of them")
	}
	if file := c.String("ca"); file != "" {
		if o.Roots, err = rootsWith(file); err != nil {
			return o, fmt.Errorf("--ca: %w", err)
		}
	}
	return o, nil
}

// rootsWith returns the system's roots and the certificates in file.
func rootsWith(file string) (*x509.CertPool, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return roots, nil
}

// probeInput reads the flags that say how to print, and the configuration where
// one is named: what cannot be read is said before anything is connected to.
func (p *program) probeInput(c *cli.Context) (*input, error) {
	if c.IsSet("config") {
		in, err := p.open(c, []string{c.String("config")}, plainFormats...)
		if err != nil {
			return nil, err
		}
		if len(in.workspace.Configs) == 0 {
			for _, problem := range in.workspace.Problems {
				return nil, fmt.Errorf("probe: --config: %s", in.line(problem))
			}
			return nil, fmt.Errorf("probe: --config %s: no nginx configuration", c.String("config"))
		}
		return in, nil
	}
	in := &input{program: p}
	p.quiet = c.Bool("quiet")
	var err error
	if in.format, err = oneOf(c, "format", plainFormats...); err != nil {
		return nil, err
	}
	in.machine = in.format != "text"
	if in.out, err = p.output(c); err != nil {
		return nil, err
	}
	in.style = report.Style{Color: in.out.color && !in.machine, Quiet: p.quiet}
	return in, nil
}

// join holds a result against the configuration, judged for the nginx that
// answered unless --nginx-version names another.
func (in *input) join(c *cli.Context, r *probe.Result, o *probe.Options) (*probe.Config, []parser.Problem, error) {
	if v, err := effective.ParseVersion(r.ServerVersion()); err == nil && !c.IsSet("nginx-version") {
		in.options.Version = v
		in.judge.known = true
	}
	models := in.models(in.workspace)
	problems := in.problems(in.workspace, models)
	m, trace, err := in.tracedBy(models, r.TracedURL(o))
	if err != nil {
		return nil, nil, err
	}
	var findings []rules.Finding
	for _, f := range in.judge.run(models, rules.Options{Writable: in.writable(in.workspace)}) {
		if f.Ignored == "" {
			findings = append(findings, f)
		}
	}
	return probe.Join(r, m, trace, findings, in.style), problems, nil
}
