package probe

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
)

// idle keeps the tunnel silent. With Keepalive a second tunnel, opened beside
// it, pings: only the two together say whether the pings help.
func (p *probe) idle(ctx context.Context, h *Hop, u *url.URL, s *socket) bool {
	i := &Idle{Asked: Duration(p.o.Idle)}
	h.Idle = i
	start := time.Now()
	var other *socket
	if p.o.Keepalive > 0 {
		i.Keepalive = &Keepalive{Every: Duration(p.o.Keepalive), Helps: "unknown"}
		other = p.second(ctx, h, u)
		if other != nil {
			i.Keepalive.Opened = true
			defer other.drop()
		}
	}
	over, cancel := context.WithTimeout(ctx, p.o.Idle)
	defer cancel()
	pinged := make(chan Tunnel, 1)
	if other != nil {
		go func() { pinged <- p.keepAlive(ctx, over, other, i.Keepalive) }()
	}
	i.Silent = wait(over, s)
	if other != nil {
		i.Keepalive.Tunnel = <-pinged
	}
	if ctx.Err() != nil {
		return false
	}
	p.tellIdle(h, i, time.Since(start))
	// Where the silent tunnel is gone there is none left to close.
	if other != nil && !i.Keepalive.Tunnel.Closed {
		_ = other.close(p.o.Timeout) // its end is of no matter any more
	}
	return !i.Silent.Closed
}

// second opens another tunnel to the same place.
func (p *probe) second(ctx context.Context, h *Hop, u *url.URL) *socket {
	c, err := p.again(ctx, h, u)
	if err != nil {
		return nil
	}
	q := newRequest(&p.o, u)
	a, rest := p.ask(c, q)
	if a.judge(q, p.o.Subprotocols); !a.opens() {
		c.Close()
		return nil
	}
	s, err := takeOver(c, a, rest)
	if err != nil {
		c.Close()
		return nil
	}
	return s
}

// wait waits until the tunnel ends or the time is over.
func wait(over context.Context, s *socket) Tunnel {
	start := time.Now()
	select {
	case <-s.done:
		t := s.ended()
		end := s.at
		if at, _ := s.wire.end(); !at.IsZero() {
			end = at
		}
		last := s.wire.lastByte()
		if t.By == EndedClose {
			last = start // the close frame itself is the last byte
			end = s.at
		}
		t.After, t.Lived = Duration(end.Sub(last)), Duration(end.Sub(start))
		return t
	case <-over.Done():
		lived := Duration(time.Since(start))
		return Tunnel{After: lived, Lived: lived, Pings: int(s.pings.Load())}
	}
}

// keepAlive pings until the tunnel ends or the time is over.
func (p *probe) keepAlive(ctx, over context.Context, s *socket, k *Keepalive) Tunnel {
	ticker := time.NewTicker(p.o.Keepalive)
	defer ticker.Stop()
	ended := make(chan Tunnel, 1)
	go func() { ended <- wait(over, s) }()
	for {
		select {
		case t := <-ended:
			k.Pongs = int(s.pongs.Load())
			return t
		case <-ticker.C:
			go func() { _ = s.conn.Ping(ctx) }() // ending over would end the tunnel; pongs are counted; an end is seen by wait
		}
	}
}

// tellIdle says what became of the tunnels.
func (p *probe) tellIdle(h *Hop, i *Idle, took time.Duration) {
	r, t := p.result, &i.Silent
	step := h.step1(StepOK, "idle", took, "")
	if t.Closed {
		step.Outcome = StepFail
		step.Text = fmt.Sprintf("closed after %s of silence, by %s", t.After, t.describeEnd())
	} else {
		step.Text = fmt.Sprintf("still open after %s of silence", i.Asked)
	}
	if t.Pings > 0 {
		step.Notes = append(step.Notes, fmt.Sprintf("%s came from the server and %s answered, so it was not quite silent",
			report.Plural(t.Pings, "ping", "pings"), map[bool]string{true: "was", false: "were"}[t.Pings == 1]))
	}
	k := i.Keepalive
	if k != nil {
		step.Notes = append(step.Notes, k.judge(t))
		if k.Helps == "yes" {
			step.Outcome = StepWarn // the client that pings is well
		}
	}
	if !t.Closed {
		return
	}
	if step.Outcome == StepFail {
		r.fail("idle", "the socket opens, and after %s of silence it is closed by %s", t.After, t.describeEnd())
	}
	switch t.By {
	case EndedFIN:
		if near(time.Duration(t.After), time.Minute) {
			r.explain("60 seconds is proxy_read_timeout's default: nginx closes a tunnel in which nothing passes for so long, in either direction")
		} else {
			r.explain("nginx closes so, without a close frame, a tunnel in which nothing passes for proxy_read_timeout; an application or a proxy between that just ends the connection looks the same")
		}
		r.advise("in the location: proxy_read_timeout 86400s; or let the client or the application ping more often than every %s", t.After)
	case EndedClose:
		r.explain("nginx never sends close frames: the application closes silent sockets itself")
		r.advise("raise the application's own idle limit, or let the client ping more often than every %s", t.After)
	case EndedReset:
		r.explain("a reset is not how nginx ends a silent tunnel: a firewall or load balancer between forgot the connection, or the application died")
		r.advise("ping more often than every %s", t.After)
	}
	if k == nil {
		r.advise("--keepalive %s tries whether pings help", (time.Duration(t.After) / 3).Round(100*time.Millisecond))
	}
}

// judge fills in whether the pings help, and says it.
func (k *Keepalive) judge(silent *Tunnel) string {
	pinging := &k.Tunnel
	switch {
	case !k.Opened:
		return "the second tunnel, for the pings, could not be opened"
	case !silent.Closed && !pinging.Closed:
		k.Helps = "not-needed"
		return fmt.Sprintf("with a ping every %s it stays open as well, so pings are not needed for that long", k.Every)
	case silent.Closed && !pinging.Closed:
		k.Helps = "yes"
		return fmt.Sprintf("a second tunnel with a ping every %s (%s) stayed open: pinging helps", k.Every, report.Plural(k.Pongs, "pong", "pongs"))
	case silent.Closed && k.Every >= silent.After:
		k.Helps = "no"
		return fmt.Sprintf("a ping every %s comes too late: the second tunnel was closed after %s", k.Every, pinging.Lived)
	case silent.Closed && k.Pongs == 0:
		k.Helps = "no"
		return fmt.Sprintf("a second tunnel with a ping every %s was closed after %s, without one pong", k.Every, pinging.Lived)
	case silent.Closed:
		k.Helps = "no"
		return fmt.Sprintf("a second tunnel with a ping every %s was closed too, after %s: pinging does not help", k.Every, pinging.Lived)
	default:
		k.Helps = "no"
		return fmt.Sprintf("a second tunnel with a ping every %s was closed after %s, the silent one was not", k.Every, pinging.Lived)
	}
}
