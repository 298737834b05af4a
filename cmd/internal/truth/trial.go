package truth

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/wsnginx/wsnginx/rules"
)

// stack is where a panic came from, without the end that is always the same.
func stack() string {
	lines := strings.SplitAfter(string(debug.Stack()), "\n")
	return strings.Join(lines[min(len(lines), 7):min(len(lines), 17)], "")
}

// compareAll is the kind of disagreement that asks for every comparison.
const compareAll = ""

// trial runs one configuration and makes the comparisons; where only is the kind
// of a disagreement, no more than it takes to see that one again.
func (w *world) trial(dir string, s *sample, only string) (n tally, out []disagreement, err error) {
	n.Cases = 1
	defer func() {
		if r := recover(); r != nil {
			out = append(out, disagreement{kind: "panic", text: fmt.Sprintf("%v\n%s", r, stack())})
		}
	}()
	t, err := w.prepare(dir, s)
	var d disagreement
	if errors.As(err, &d) {
		return n, []disagreement{d}, nil
	}
	if err != nil {
		return n, nil, err
	}
	findings, _ := t.lint(nil)
	r := &repair{}
	if wants(only, "fix") {
		var ds []disagreement
		if r, ds = t.fix(); len(ds) > 0 {
			out = append(out, ds...)
			r = &repair{}
		}
	}
	switch only {
	case "fix", "fix twice", "fix taken back":
		return n, t.runnable(out), nil
	case "fix needless":
		return n, t.runnable(append(out, t.needed(r, &n, true)...)), nil
	}
	all, posts, ds, err := t.before(&n, findings, len(r.overlay) > 0, only)
	out = append(out, ds...)
	if err != nil {
		return n, out, err
	}
	if len(r.overlay) > 0 {
		out = append(out, t.needed(r, &n, false)...)
		var more tally
		ds, err := t.fixed(all, posts, r, &more)
		n.Fixes += more.Fixes
		n.Headers += more.Headers
		return n, append(out, ds...), err
	}
	return n, out, nil
}

// runnable is out, or nothing where nginx does not start: such a configuration,
// which only shrinking makes, shows nothing about fixes.
func (t *trial) runnable(out []disagreement) []disagreement {
	if len(out) == 0 {
		return nil
	}
	if _, err := t.w.nginx.Test(t.main()); err != nil {
		return nil
	}
	return out
}

// wants reports whether comparisons whose kind begins so are asked for.
func wants(only, kind string) bool {
	return only == compareAll || strings.HasPrefix(only, kind)
}

// before runs the configuration as it is.
func (t *trial) before(n *tally, findings []rules.Finding, fixed bool, only string) (all []*seen, posts []answer, out []disagreement, err error) {
	server, err := t.launch()
	if err != nil {
		return nil, nil, nil, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	for _, p := range t.s.probes {
		s := t.w.probe(p)
		defer s.close()
		all = append(all, s)
		out = append(out, t.compareProbe(s, n)...)
		if fixed {
			posts = append(posts, t.w.ordinary(p))
		}
	}
	out = append(out, t.compareRoutes(all, n)...)
	if wants(only, "finding") {
		out = append(out, t.compareFindings(all, findings, n)...)
	}
	if only == "idle" || only == compareAll && t.s.number%idleEvery == 0 {
		out = append(out, t.compareIdle(all, n)...)
	}
	if log := server.Log(); strings.Contains(log, "exited on signal") {
		err = fmt.Errorf("nginx: %s", log)
	}
	return all, posts, out, err
}
