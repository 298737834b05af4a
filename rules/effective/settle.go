package effective

import (
	"runtime"
	"slices"
	"sync"
)

func newCaches() caches {
	return caches{
		locations: make(map[*Scope]*locations), codes: make(map[*Scope][]code),
		exprs:    make(map[string]*expression),
		requests: make(map[*VirtualServer]*[requests]*request), jumps: make(map[*Scope]jumps), reached: make(map[*mapping]bool),
	}
}

// parallelRoutes is the number of routes from which several processors settle
// them.
const parallelRoutes = 512

// settleAll decides what every route is meant for and settles it, each processor
// a stretch of them: routes do not depend on one another.
func (m *Model) settleAll(opts Options) {
	workers := runtime.GOMAXPROCS(0)
	if len(m.Routes) < parallelRoutes || workers == 1 {
		m.settleSome(m.Routes, opts)
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
		wait.Go(func() { own.settleSome(routes, opts) })
	}
	wait.Wait()
}

func (m *Model) settleSome(routes []*Route, opts Options) {
	in := newIntentions(m, opts)
	for _, r := range routes {
		in.decide(r)
		m.settle(r)
	}
}
