package truth

import (
	"fmt"
	"sync"
	"time"

	"github.com/wsnginx/wsnginx/cmd/internal/nginxtest"
	"github.com/wsnginx/wsnginx/rules/effective"
)

const (
	idleEvery = 4                       // of the configurations one in so many is watched
	idleWait  = 1750 * time.Millisecond // how long tunnels are watched
	idleEarly = 120 * time.Millisecond
	idleLate  = 150 * time.Millisecond
)

// compareIdle opens a tunnel for every URL, watches them side by side and compares
// when they end with the timeouts that trace and routes predict.
func (t *trial) compareIdle(all []*seen, n *tally) []disagreement {
	var (
		wg  sync.WaitGroup
		mu  sync.Mutex
		out []disagreement
	)
	for _, s := range all {
		if !s.answers[0].ok || s.trace == nil || s.trace.Route == nil || !s.trace.Route.Idle.Known {
			continue
		}
		wg.Go(func() {
			why := t.idle(s)
			mu.Lock()
			defer mu.Unlock()
			for range 3 { // once more, alone: a busy machine is late
				if why == "" {
					break
				}
				why = t.idle(s)
			}
			if why != "" {
				out = append(out, disagreement{kind: "idle", text: why, probe: &s.probe})
			}
			n.Idle++
		})
	}
	wg.Wait()
	return out
}

// idle opens a tunnel, watches it, and says what differs.
func (t *trial) idle(s *seen) string {
	a := t.w.ask(s.probe, effective.Handshake)
	if a.tunnel == nil {
		return "it works only once: " + a.result()
	}
	defer a.tunnel.Close()
	return t.watch(a, s.trace.Route.Idle.Duration)
}

// watch waits for the end of a tunnel that should come after want.
func (t *trial) watch(a answer, want time.Duration) string {
	idle, ending := a.tunnel.WaitClosed(idleWait)
	if ending == nginxtest.EndedOpen && want < idle-idleLate {
		return fmt.Sprintf("idle timeout is predicted as %v, after %v the tunnel is open", want, idle)
	}
	if ending != nginxtest.EndedOpen && (idle < want-idleEarly || idle > want+idleLate) {
		return fmt.Sprintf("idle timeout is predicted as %v, the tunnel ended (%s) after %v", want, ending, idle)
	}
	return ""
}
