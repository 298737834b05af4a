package effective

import (
	"runtime"
	"slices"
	"sync"
)

func newCaches(servers int) caches {
	return caches{
		locations: make(map[*Scope]*locations, servers), codes: make(map[*Scope][]code),
		exprs:    make(map[string]*expression),
		requests: make(map[*VirtualServer]*[requests]request, servers), jumps: make(map[*Scope]jumps), reached: make(map[*mapping]bool), leaving: make(map[setterKey][]*Scope),
	}
}

// parallelRoutes is the number of routes from which several processors settle
// them.
const parallelRoutes = 512

// settleAll decides what every route is meant for and settles it, each processor
// a stretch of them: routes do not depend on one another but in what their intent
// tells others.
func (m *Model) settleAll(opts Options) {
	workers := runtime.GOMAXPROCS(0)
	defer m.decideChains()
	if len(m.Routes) < parallelRoutes || workers == 1 {
		m.settleSome(m.Routes, opts)
		return
	}
	m.EachScope(func(s *Scope) {
		if len(s.Items) >= indexed {
			s.buildIndex() // now, and only read from here on
		}
	})
	var wait sync.WaitGroup
	for routes := range slices.Chunk(m.Routes, (len(m.Routes)+workers-1)/workers) {
		own := *m
		own.caches = newCaches(len(m.Servers) / workers)
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

// settle works out the upstream request, idle timeout and verdict of r.
func (m *Model) settle(r *Route) {
	version, item, gap := m.httpVersion(r.Scope)
	if protocol(r.Pass) == "proxy" && gap == nil && version != filledVersion {
		if item.Directive != nil || m.Outer == Main {
			r.HTTPVersion = version
		}
		r.HTTPVersionItem = item
	}
	r.Idle = m.timeout(r.Scope, protocol(r.Pass)+"_read_timeout")
	ends := m.ends(r)
	r.Elsewhere = elsewhere(ends[:Ordinary])
	r.Headers = m.headers(r, ends)
	m.decide(r, ends[:Ordinary])
	m.decideNamed(r)
	r.Notes = append(r.Notes, m.unjudged(r)...)
}

// ends follows each kind of request to r's location and returns how it can end. The
// outcomes are good until it is asked for another route.
func (m *Model) ends(r *Route) (ends [requests][]outcome) {
	loc := r.own()
	var server *Scope
	if r.Server != nil {
		server = r.Server.Scope
	} else if m.Outer == Server {
		server = m.Main
	}
	plain := m.plain(server, loc)
	if plain && r.Scope == loc {
		carries := r.Server != nil && (len(m.settersIn(server)) > 0 || loc.comesAfter())
		one := m.plainEnds[:]
		for kind := range requests {
			q := m.plainRequest(r.Server, kind)
			if carries {
				q = m.newRequest(r.Server, kind, unknownVal) // which of them lead here differs
				q.at = loc
			}
			one[kind] = outcome{end: proxied, scope: loc, location: loc, pass: r.Pass, q: q}
			ends[kind] = one[kind : kind+1 : kind+1]
		}
		return ends
	}
	var all *followed
	if !plain {
		all = m.followed(r.Server, server, loc)
		r.Notes = all.notes
	}
	for kind := range requests {
		if plain {
			ends[kind] = []outcome{m.forced(r, kind, server, loc)}
		} else {
			ends[kind] = m.endsAmong(all, r, kind, server)
		}
	}
	return ends
}

// followed is how requests for a location on whose way something decides can end.
type followed struct {
	server *VirtualServer
	loc    *Scope
	all    [requests][]outcome
	notes  []string
	passed []*Scope // the ifs in it that were taken not to hold, though they may
}

// followed follows each kind of request to loc. What it returned last is kept: each
// if in a location may be a route of its own.
func (m *Model) followed(vs *VirtualServer, server, loc *Scope) *followed {
	f := &m.followedLast
	if f.loc == loc && f.server == vs && loc.conditionalPass() {
		return f
	}
	*f = followed{server: vs, loc: loc}
	var notes notes
	for kind := range requests {
		for _, uri := range samples(loc) {
			q := m.newRequest(vs, kind, uri)
			q.at = loc
			q.sampled = uri.known && !loc.isExact()
			f.all[kind] = append(f.all[kind], m.follow(server, loc, q, &notes, nil)...)
		}
	}
	f.notes, f.passed = slices.Clip(notes.list), notes.passed
	return f
}

// ends returns the outcomes for one kind of request, to be judged and changed.
func (f *followed) ends(kind Request) []outcome {
	if !f.loc.conditionalPass() {
		return f.all[kind] // nobody else asks for them
	}
	ends := slices.Clone(f.all[kind])
	for i := range ends {
		ends[i].q = ends[i].q.fork()
	}
	return ends
}

// conditionalPass reports whether a pass stands in an if or limit_except of s.
func (s *Scope) conditionalPass() bool {
	if s.holds&(rewrites|limits) == 0 {
		return false
	}
	return slices.ContainsFunc(s.Items, func(it Item) bool {
		c := it.Scope
		return c != nil && (c.Kind == If || c.Kind == LimitExcept) && (c.holds&passes != 0 || c.conditionalPass())
	})
}

// endsAmong returns those of the outcomes for r's location that are about r.
func (m *Model) endsAmong(f *followed, r *Route, kind Request, server *Scope) []outcome {
	all, loc := f.ends(kind), f.loc
	if r.Scope != loc && !slices.ContainsFunc(all, func(o outcome) bool { return o.end == proxied && o.scope == r.Scope }) {
		// Where the location passes all such requests on by another pass, the
		// condition of this if is not theirs.
		if r.Scope.Kind == LimitExcept || slices.Contains(f.passed, r.Scope) || slices.ContainsFunc(all, func(o outcome) bool { return o.end != proxied || o.location != loc }) {
			return []outcome{m.forced(r, kind, server, loc)}
		}
	}
	return own(r, all)
}

// own leaves out the outcomes that another route passes on, unless there are no
// others: then the handshake leaves r, and works or not elsewhere.
func own(r *Route, all []outcome) []outcome {
	isOwn := func(o outcome) bool { return o.pass.Directive == r.Pass.Directive }
	if slices.ContainsFunc(all, func(o outcome) bool { return o.end == proxied && isOwn(o) }) {
		return slices.DeleteFunc(all, func(o outcome) bool { return o.end == proxied && !isOwn(o) })
	}
	for i := range all {
		all[i].away = all[i].end == proxied
	}
	return all
}

// elsewhere reports whether every handshake is passed on by another route.
func elsewhere(ends [][]outcome) bool {
	for _, all := range ends {
		if slices.ContainsFunc(all, func(o outcome) bool { return !o.away }) {
			return false
		}
	}
	return true
}

// plain reports whether nothing on the way through server and loc decides
// anything: no rewrite directives, no limit_except, no try_files, nothing that
// answers by itself.
func (m *Model) plain(server, loc *Scope) bool {
	if server != nil && len(m.codesOf(server)) > 0 || len(m.codesOf(loc)) > 0 || loc.holds&(tries|replies) != 0 || m.runsScript(loc) {
		return false
	}
	if loc.holds&limits == 0 {
		return true
	}
	for i := range loc.Items {
		if s := loc.Items[i].Scope; s != nil && s.Kind == LimitExcept {
			return false
		}
	}
	return true
}

// forced returns the outcome of a request that reaches the if or limit_except of
// r, whatever its condition: the variables set on the way are assigned, and what
// would end the request is passed over.
func (m *Model) forced(r *Route, kind Request, server, loc *Scope) outcome {
	q := m.newRequest(r.Server, kind, unknownVal)
	q.at = loc
	q.vars = &assigned{}
	run := func(codes []code) {
		for pc := 0; pc < len(codes); pc++ {
			switch c := &codes[pc]; c.op {
			case opSet:
				q.set(c.name, m.evalOperand(&c.expr, q))
			case opIf:
				if c.item.Scope != r.Scope && m.condition(&c.test, q) != yes {
					pc = c.end - 1
				}
			case opReturn, opRewrite, opBreak:
			}
		}
	}
	if server != nil {
		run(m.codesOf(server))
	}
	run(m.codesOf(loc))
	q.scripted = m.runsScript(loc)
	return outcome{end: proxied, scope: r.Scope, location: loc, pass: r.Pass, q: q}
}
