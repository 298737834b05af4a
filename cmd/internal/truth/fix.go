package truth

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
	"github.com/wsnginx/wsnginx/fixer"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// repair is what fix makes of a trial.
type repair struct {
	result  *fixer.Result
	overlay map[string]string // the changed files' new bytes by name
}

// fix makes every safe fix, without writing any.
func (t *trial) fix() (*repair, []disagreement) {
	bad := func(kind, format string, args ...any) []disagreement {
		return []disagreement{{kind: kind, text: fmt.Sprintf(format, args...)}}
	}
	result, err := fixer.Run(t.lint, fixer.Options{})
	if err != nil {
		return nil, bad("fix", "%v", err)
	}
	r := &repair{result, map[string]string{}}
	for _, c := range result.Changes {
		r.overlay[c.Name] = c.New
	}
	if len(result.Withdrawn) > 0 {
		return r, bad("fix taken back", "%v", result.Withdrawn[0])
	}
	again, err := fixer.Run(func(o map[string]string) ([]rules.Finding, error) {
		all := maps.Clone(r.overlay)
		maps.Copy(all, o)
		return t.lint(all)
	}, fixer.Options{})
	if err != nil {
		return r, bad("fix twice", "%v", err)
	}
	if len(again.Changes) > 0 {
		return r, bad("fix twice", "a second fix changes something:\n%s", again.Changes[0].Diff())
	}
	return r, nil
}

// ordinary sends a POST with a body and what ordinary requests have.
func (w *world) ordinary(p probe) answer {
	r, err := nginxtest.Get(nginxtest.Loopback(p.port), nginxtest.GetOptions{
		Method: "POST", Path: p.path, Host: p.host, Body: "a=1&b=2", Timeout: 4 * time.Second,
		Headers: nginxtest.Headers{{Name: "Cookie", Value: "session=1"}, {Name: "X-A", Value: "v"}, {Name: "Accept", Value: "*/*"}, {Name: "TE", Value: "trailers"}},
	})
	if r == nil {
		return answer{err: err}
	}
	return w.read(r)
}

// fixed writes the repaired tree, runs it, and compares it with what was before.
func (t *trial) fixed(all []*seen, posts []answer, r *repair, n *tally) (out []disagreement, err error) {
	for name, text := range r.overlay {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	after, err := t.w.open(t.dir, t.s)
	var d disagreement
	if errors.As(err, &d) {
		return []disagreement{{kind: "fix refused", text: "after the fix: " + d.text + r.diff()}}, nil
	}
	if err != nil {
		return nil, err
	}
	server, err := after.launch()
	var refused errRefused
	if errors.As(err, &refused) {
		return []disagreement{{kind: "fix refused", text: "nginx refuses the fixed tree: " + refused.output + r.diff()}}, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	for i, before := range all {
		s := t.w.probe(before.probe)
		for _, d := range after.compareProbe(s, n) {
			d.kind = "fixed " + d.kind
			d.text += r.diff()
			out = append(out, d)
		}
		s.close()
		bad := func(kind, format string, args ...any) {
			out = append(out, disagreement{kind: kind, text: fmt.Sprintf(format, args...) + r.diff(), probe: &before.probe})
		}
		n.Fixes++
		if before.answers[2].status == 504 || posts[i].status == 504 || before.timesOut() {
			continue // a timeout of 0, which lets an answer through by chance at best
		}
		// A backend may take longer than the timeouts tried here on a busy machine:
		// a 504 has to come twice.
		get, post := s.answers[2], t.w.ordinary(before.probe)
		if get.status == 504 {
			get = t.w.ask(before.probe, effective.Ordinary)
		}
		if post.status == 504 {
			post = t.w.ordinary(before.probe)
		}
		if why := sameRequest(&before.answers[2], &get); why != "" {
			bad("fix and GET", "after the fix a GET differs: %s", why)
		}
		if why := sameRequest(&posts[i], &post); why != "" {
			bad("fix and POST", "after the fix a POST differs: %s", why)
		}
		if before.answers[0].ok && before.answers[1].ok && (!s.answers[0].ok || !s.answers[1].ok) {
			bad("fix breaks", "the fix broke what worked: %s; %s", s.answers[0].result(), s.answers[1].result())
		}
		if before.trace == nil || before.trace.Route == nil || s.answers[0].ok && s.answers[1].ok {
			continue
		}
		for _, route := range t.model.Routes {
			if before.through(route) && fixable(route, r.result.First) && s.trace != nil && after.decided(s.trace.Route) {
				bad("fix fails", "all findings of %s were fixed, and it answers %s; %s; findings were:%s", locOf(route.Scope),
					s.answers[0].result(), s.answers[1].result(), show(r.result.First))
			}
		}
	}
	return out, nil
}

// decided reports whether the verdict of the traced route is known for all that
// it passes on.
func (t *trial) decided(traced *effective.Route) bool {
	for _, r := range t.model.Routes {
		if same(traced, r) {
			return r.Verdict != effective.Unknown
		}
	}
	return false
}

func (r *repair) diff() string {
	var b strings.Builder
	for _, c := range r.result.Changes {
		b.WriteString("\n" + c.Diff())
	}
	return b.String()
}

// sameRequest says what differs between two ordinary requests as the backend saw
// them, and between their answers, but for Connection, Upgrade and the version.
func sameRequest(a, b *answer) string {
	if a.err != nil || b.err != nil {
		if (a.err == nil) != (b.err == nil) {
			return fmt.Sprintf("%v; %v", a.err, b.err)
		}
		return ""
	}
	// What a backend answers may hang on Upgrade; that it is asked may not.
	if a.backend == "" && a.status != b.status || a.loc != b.loc || a.backend != b.backend {
		return fmt.Sprintf("%d from %q by %q; %d from %q by %q", a.status, a.loc, a.backend, b.status, b.loc, b.backend)
	}
	if a.request.Method != b.request.Method || a.request.Target != b.request.Target || a.request.Body != b.request.Body {
		return fmt.Sprintf("%s %s %q; %s %s %q", a.request.Method, a.request.Target, a.request.Body, b.request.Method, b.request.Target, b.request.Body)
	}
	if x, y := others(a.request), others(b.request); !slices.Equal(x, y) {
		return fmt.Sprintf("headers %q; %q", x, y)
	}
	return ""
}

// others are the header lines that a fix must not change. Their order is no
// matter where their names differ.
func others(r nginxtest.Request) []string {
	lines := r.Headers
	if r.Params != nil {
		lines = r.Params
	}
	var out []string
	for _, f := range lines {
		switch name := strings.ToLower(f.Name); name {
		case "connection", "upgrade", "http_connection", "http_upgrade", "remote_port":
		default:
			out = append(out, name+": "+f.Value)
		}
	}
	slices.SortStableFunc(out, func(a, b string) int {
		x, _, _ := strings.Cut(a, ":")
		y, _, _ := strings.Cut(b, ":")
		return strings.Compare(x, y)
	})
	var once []string // of the same line twice, a fix leaves the first
	for _, line := range out {
		if !slices.Contains(once, line) {
			once = append(once, line)
		}
	}
	return once
}
