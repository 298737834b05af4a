package effective

import (
	"runtime"
	"slices"
	"sync"
)

func newCaches() caches {
	return caches{
		locations: make(map[*Scope]*locations), codes: make(map[*Scope][]code),
		pure: make(map[string]bool), pureValues: make(map[pureKey]val),
		requests: make(map[*VirtualServer]*[requests]*request), jumps: make(map[*Scope]jumps),
	}
}

// parallelRoutes is the number of routes from which several processors settle
// them.
const parallelRoutes = 512

// settleAll settles every route, each processor a stretch of them: routes do not
// depend on one another.
func (m *Model) settleAll() {
	workers := runtime.GOMAXPROCS(0)
	if len(m.Routes) < parallelRoutes || workers == 1 {
		for _, r := range m.Routes {
			m.settle(r)
		}
		return
	}
	m.EachScope(func(s *Scope) {
		if len(s.Items) >= indexed {
			s.indexOf("") // built now, and only read from here on
		}
	})
	var wait sync.WaitGroup
	for routes := range slices.Chunk(m.Routes, (len(m.Routes)+workers-1)/workers) {
		own := *m
		own.caches = newCaches()
		wait.Go(func() {
			for _, r := range routes {
				own.settle(r)
			}
		})
	}
	wait.Wait()
}
