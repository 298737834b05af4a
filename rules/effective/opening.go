package effective

// opening is where requests of a kind to a server stand before they come to a
// location: at the beginning of the server's rewrite directives, or behind a
// condition that was followed both ways. What becomes of them there is the same for
// all, whatever location they are judged for, until something asks for their path:
// it is worked out once.
type opening struct {
	st   state
	runs map[int]*opened // by the forks that were left
}

// opened is how far requests come from an opening.
type opened struct {
	st    state // where they stand: at the end of the directives, or before a rewrite
	end   *outcome
	forks []*opening // the other ways of undecided conditions
	notes []string
	apart bool // their paths were asked for on the way
}

// openings are those of the server that was asked for last.
type openings struct {
	server *VirtualServer
	level  *Scope
	of     [requests]*opening
}

// openingOf returns the opening of requests like that of st, the beginning of a
// walk.
func (m *Model) openingOf(st state) *opening {
	if o := &m.openings; o.level != st.conf || o.server != st.q.server {
		*o = openings{server: st.q.server, level: st.conf}
	}
	o := &m.openings.of[st.q.kind]
	if *o == nil {
		st.forced = nil
		st.q = st.q.fork()
		*o = &opening{st: st}
	}
	return *o
}

// open brings st as far as all requests come from its opening. It returns an
// outcome where that ends them.
func (w *walk) open(st *state) *outcome {
	from := st.opening
	run := from.run(w)
	mine := *st
	*st = run.st
	if run.apart {
		*st = from.st
	}
	st.forced, st.q = mine.forced, st.q.fork()
	st.q.uri, st.q.target, st.q.sampled, st.q.at = mine.q.uri, mine.q.target, mine.q.sampled, mine.q.at
	if run.apart {
		return nil
	}
	for _, f := range run.forks {
		w.pending = append(w.pending, state{q: mine.q, forced: mine.forced, opening: f})
	}
	w.notes.addAll(run.notes)
	return run.end
}

// run returns how far requests come from o with the forks that w has left.
func (o *opening) run(w *walk) *opened {
	left := w.forks()
	if run := o.runs[left]; run != nil {
		return run
	}
	said := &notes{}
	all := &walk{m: w.m, server: w.server, notes: said, common: true, spent: maxForks - left}
	run := &opened{st: o.st}
	run.st.q = o.st.q.fork()
	run.end = all.rewrite(&run.st)
	run.notes, run.apart = said.list, run.st.q.apart
	for _, st := range all.pending {
		run.forks = append(run.forks, &opening{st: st})
	}
	if o.runs == nil {
		o.runs = map[int]*opened{}
	}
	o.runs[left] = run
	return run
}
