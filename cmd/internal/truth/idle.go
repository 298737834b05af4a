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
	idleEarly = 60 * time.Millisecond
	idleLate  = 240 * time.Millisecond
)

// compareIdle watches the open tunnels side by side and compares when they end
// with the timeouts that trace and routes predict.
func (t *trial) compareIdle(all []*seen, n *tally) []disagreement {
	var (
		wg  sync.WaitGroup
		mu  sync.Mutex
		out []disagreement
	)
	for _, s := range all {
		tunnel := s.answers[0].tunnel
		if tunnel == nil || s.trace == nil || s.trace.Route == nil || !s.trace.Route.Idle.Known {
			continue
		}
		wg.Go(func() {
			want := s.trace.Route.Idle.Duration
			why := t.watch(s.answers[0], want)
			if why != "" { // once more, alone: a busy machine is late
				mu.Lock()
				defer mu.Unlock()
				a := t.w.ask(s.probe, effective.Handshake)
				if a.tunnel == nil {
					why = "it works only once: " + a.result()
				} else {
					why = t.watch(a, want)
					a.tunnel.Close()
				}
				if why != "" {
					out = append(out, disagreement{"idle", why, &s.probe})
				}
				n.Idle++
				return
			}
			mu.Lock()
			n.Idle++
			mu.Unlock()
		})
	}
	wg.Wait()
	return out
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
