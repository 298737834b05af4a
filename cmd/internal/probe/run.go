package probe

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// probe is one run.
type probe struct {
	o      Options
	now    time.Time
	first  string // the host of the URL that was given; --unix is for it alone
	result *Result
}

// Run opens a WebSocket as o says and tells what happened. The error is for
// options that make no sense; whatever happens on the way is in the Result.
func Run(ctx context.Context, o Options) (*Result, error) {
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Agent == "" {
		o.Agent = "wsnginx"
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	p := &probe{o: o, now: time.Now(), first: o.URL.Host}
	p.result = &Result{
		URL: maskURL(o.URL), Evidence: []string{}, Explanation: []string{}, Advice: []string{},
		secrets: secretsOf(&o),
	}
	for at := o.URL; at != nil; {
		at = p.hop(ctx, at)
	}
	if ctx.Err() != nil && p.result.Outcome != Works {
		p.result.untried(p.result.Failed, "interrupted")
	}
	p.finish()
	return p.result, nil
}

// finish gives the result its last words.
func (p *probe) finish() {
	r := p.result
	if r.Outcome == "" {
		r.Outcome = Works
		r.Summary = r.story()
	}
	all := []*[]string{&r.Evidence, &r.Explanation, &r.Advice}
	for _, h := range r.Hops {
		for _, s := range h.Steps {
			s.Text = r.secrets.in(s.Text)
			all = append(all, &s.Notes)
		}
		for _, c := range h.Checks {
			c.Answer.clean(r.secrets)
			c.Changed = r.secrets.in(c.Changed)
		}
		if h.Answer != nil {
			h.Answer.clean(r.secrets)
		}
	}
	for _, list := range all {
		for i := range *list {
			(*list)[i] = r.secrets.in((*list)[i])
		}
	}
	r.Summary = r.secrets.in(r.Summary)
}

// story sums up a probe that went well.
func (r *Result) story() string {
	h := r.last()
	done := []string{"the socket opens", "answers a ping"}
	if s := h.step("message"); s != nil && s.Outcome == StepOK {
		done[1] = "answers a ping and the message"
	}
	if i := h.Idle; i != nil {
		if i.Silent.Closed {
			done = append(done, fmt.Sprintf("lives through %s with a ping every %s, while a silent one is closed after %s", i.Asked, i.Keepalive.Every, i.Silent.After))
		} else {
			done = append(done, fmt.Sprintf("lives through %s of silence", i.Asked))
		}
	}
	if s := h.step("close"); s != nil && s.Outcome == StepOK {
		done = append(done, "closes cleanly")
	}
	return strings.Join(done[:len(done)-1], ", ") + " and " + done[len(done)-1]
}

// hop tries one URL. It returns the next, where a redirect is followed.
func (p *probe) hop(ctx context.Context, u *url.URL) *url.URL {
	h := &Hop{URL: maskURL(u), Steps: []*Step{}, Addresses: []string{}, Checks: []*Check{}, Wire: []WireRecord{}, url: u}
	p.result.Hops = append(p.result.Hops, h)
	c, ok := p.reach(ctx, h, u)
	if !ok {
		return nil
	}
	// An interrupt ends whatever waits on the connection.
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	defer c.Close()
	q := newRequest(&p.o, u)
	a, rest := p.ask(c, q)
	a.judge(q, p.o.Subprotocols)
	h.Answer = a
	if p.o.Wire {
		defer func() { h.Wire = slices.Concat(p.wire("handshake", c), h.Wire) }()
	}
	step := h.step1(StepFail, "handshake", time.Duration(a.Elapsed), a.String())
	if !a.opens() {
		if ctx.Err() != nil {
			p.result.fail("handshake", "interrupted")
			return nil
		}
		if next := p.redirect(h, u, a, step); next != nil {
			return next
		}
		c.Close()
		p.explainAnswer(ctx, h, u, q)
		return nil
	}
	step.Outcome = StepOK
	step.Text += ", with the right Sec-WebSocket-Accept"
	if chosen := a.get("Sec-WebSocket-Protocol"); chosen != "" {
		step.Text += ", subprotocol " + chosen
	}
	p.tunnel(ctx, h, u, c, a, rest)
	return nil
}

// reach goes the way to the handshake: name, connection, TLS.
func (p *probe) reach(ctx context.Context, h *Hop, u *url.URL) (*wire, bool) {
	addresses, ok := p.resolve(ctx, h, u)
	if !ok {
		return nil, false
	}
	c, ok := p.connect(ctx, h, addresses)
	if !ok {
		return nil, false
	}
	if secure(u) {
		plain := c
		if c, ok = p.startTLS(ctx, h, u, plain); !ok {
			plain.Close()
			return nil, false
		}
	}
	return newWire(c), true
}

// ask sends a request and reads the answer.
func (p *probe) ask(c *wire, q *request) (*Answer, []byte) {
	data := q.bytes()
	_ = c.SetWriteDeadline(time.Now().Add(p.o.Timeout)) // the read tells what is wrong
	_, _ = c.Write(data)
	a, rest := readAnswer(c, p.o.Timeout)
	_ = c.SetWriteDeadline(time.Time{})
	a.Size = len(data)
	return a, rest
}

// again opens another connection to where the handshake of h went.
func (p *probe) again(ctx context.Context, h *Hop, u *url.URL) (*wire, error) {
	limited, cancel := context.WithTimeout(ctx, p.o.Timeout)
	defer cancel()
	c, err := dial(limited, h.Address)
	if err != nil {
		return nil, err
	}
	if !secure(u) {
		return newWire(c), nil
	}
	host, _ := endpoint(u)
	t, err := p.shake(ctx, c, host, "http/1.1")
	if err != nil {
		c.Close()
		return nil, err
	}
	return newWire(t), nil
}

// check sends a handshake that change alters, to tell causes apart; nil where
// no connection could be had.
func (p *probe) check(ctx context.Context, h *Hop, u *url.URL, name, changed string, change func(*request)) *Check {
	if ctx.Err() != nil {
		return nil
	}
	start := time.Now()
	c, err := p.again(ctx, h, u)
	if err != nil {
		return nil
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	q := newRequest(&p.o, u)
	change(q)
	a, _ := p.ask(c, q)
	a.judge(q, p.o.Subprotocols)
	k := &Check{Name: name, Changed: changed, Answer: a, path: q.target}
	h.Checks = append(h.Checks, k)
	h.step1(StepOK, "check", time.Since(start), changed+": "+a.String())
	if p.o.Wire {
		h.Wire = append(h.Wire, p.wire(name, c)...)
	}
	return k
}

// step1 adds a step.
func (h *Hop) step1(outcome Outcome, name string, took time.Duration, text string) *Step {
	s := &Step{Name: name, Outcome: outcome, Took: Duration(took), Text: text, Notes: []string{}}
	h.Steps = append(h.Steps, s)
	return s
}

// fail notes what went wrong; the first word counts.
func (r *Result) fail(step, format string, args ...any) {
	if r.Outcome == "" {
		r.Outcome, r.Failed, r.Summary = Fails, step, fmt.Sprintf(format, args...)
	}
}

// untried notes that nothing was learned.
func (r *Result) untried(step, format string, args ...any) {
	r.Outcome, r.Failed, r.Summary = Untried, step, fmt.Sprintf(format, args...)
}

func (r *Result) saw(format string, args ...any) {
	r.Evidence = append(r.Evidence, fmt.Sprintf(format, args...))
}

func (r *Result) explain(format string, args ...any) {
	r.Explanation = append(r.Explanation, fmt.Sprintf(format, args...))
}

func (r *Result) advise(format string, args ...any) {
	r.Advice = append(r.Advice, fmt.Sprintf(format, args...))
}

var _ net.Conn = (*wire)(nil)
