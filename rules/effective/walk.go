package effective

import (
	"fmt"
	"strconv"
	"strings"
)

// ending is what becomes of a request.
type ending uint8

const (
	proxied    ending = iota // scope passes it on with pass
	redirected               // a status of 3xx, to target
	answered                 // any other status, by item
	static                   // a location that serves files, or a module of its own
	nowhere                  // no location matches
	lost                     // it cannot be told; why says what
)

// outcome is one way a request can end.
type outcome struct {
	end      ending
	scope    *Scope // the block whose configuration is in effect
	location *Scope // the location around it; nil on the server's own level
	pass     Item   // for proxied
	item     Item   // the directive that decided; zero where nginx itself did
	status   int
	target   string
	why      string
	err      Item // the error_page whose status takes the place of the upstream's; zero for none
	by       Item // the rewrite, try_files or error_page that led to another location; zero for none
	away     bool // proxied by another route than the one that is judged
	fits     bool // the captures in its header lines are no longer when they are written than when they were measured
	q        *request
}

const (
	maxCycles = 10 // internal redirects, as in ngx_http_core_post_rewrite_phase
	maxForks  = 32 // undecided conditions followed both ways
)

// walk follows one request.
type walk struct {
	m       *Model
	server  *Scope
	out     []outcome
	pending []state
	notes   *notes
	saw     func(*location, string)
	// common is set where the walk is that of all requests of a kind to the
	// server: it ends before what asks for their path. spent are the forks that
	// the walks of each have behind them.
	common bool
	spent  int
}

// forks returns how many undecided conditions may still be followed both ways.
func (w *walk) forks() int { return maxForks - w.spent - len(w.out) - len(w.pending) }

// state is where a request stands.
type state struct {
	q        *request
	codes    []code
	pc       int
	location *Scope // nil while the server's own codes run
	conf     *Scope // r->loc_conf
	handler  Item   // r->content_handler
	changed  bool   // r->uri_changed
	cookie   Item   // an if on the way that asks for a cookie
	cycles   int
	forced   *Scope // the location to go to after the server's codes, whatever the path
	internal bool   // r->internal: a rewrite or a jump led here
	paged    bool   // r->error_page: an error_page was applied
	err      int    // r->err_status: the status that takes the place of the upstream's
	errItem  Item   // the error_page that made it
	by       Item   // the directive that led away from the first location
	opening  *opening
}

// follow runs q through server. A non-nil forced is the location to judge: the
// search for one is left out.
func (m *Model) follow(server *Scope, forced *Scope, q *request, notes *notes, saw func(*location, string)) []outcome {
	w := &walk{m: m, server: server, notes: notes, saw: saw}
	start := state{q: q, forced: forced, conf: server}
	if server != nil {
		start.codes = m.codesOf(server)
		start.q.keep(start.codes)
		if forced != nil && saw == nil && !q.traced && len(start.codes) > 0 {
			start.opening = m.openingOf(start)
		}
	}
	w.pending = append(w.pending, start)
	for len(w.pending) > 0 && len(w.out) <= maxForks {
		st := w.pending[len(w.pending)-1]
		w.pending = w.pending[:len(w.pending)-1]
		w.run(st)
	}
	return w.out
}

// run follows st to its end, leaving the other ways of undecided conditions in
// w.pending.
func (w *walk) run(st state) {
	if st.opening != nil {
		if end := w.open(&st); end != nil {
			w.answer(*end, st)
			return
		}
	}
	for {
		if end := w.rewrite(&st); end != nil {
			w.answer(*end, st)
			return
		}
		if st.location == nil || st.changed {
			if !w.search(&st) {
				return
			}
			continue
		}
		w.content(st)
		return
	}
}

// rewrite runs the codes of the current phase (ngx_http_rewrite_handler). It
// returns an outcome where they end the request.
func (w *walk) rewrite(st *state) *outcome {
	for st.pc < len(st.codes) {
		c := &st.codes[st.pc]
		if c.op == opRewrite && w.common {
			return nil
		}
		st.pc++
		switch c.op {
		case opSet:
			st.q.set(c.name, w.m.evalOperand(&c.expr, st.q))
		case opBreak:
			st.changed = false
			st.pc = len(st.codes)
		case opReturn:
			return &outcome{end: statusEnd(c.status), item: c.item, status: c.status, target: w.returnTarget(c, st.q)}
		case opIf:
			is := w.m.condition(&c.test, st.q)
			if st.cookie.Directive == nil && c.test.cookie {
				st.cookie = c.item
			}
			if is == undecided {
				if c.test.answers {
					w.notes.add(c.test.note)
					w.notes.passed = append(w.notes.passed, c.item.Scope)
					is = no
				} else if w.forks() > 0 {
					other := *st
					other.q = st.q.fork()
					other.pc = c.end
					w.pending = append(w.pending, other)
					is = yes
				}
			}
			if is != yes {
				st.pc = c.end
			} else if st.location != nil {
				st.conf = c.item.Scope
				if p := c.item.Scope.ownPass(); p.Directive != nil {
					st.handler = p
				}
			}
		case opRewrite:
			if end := w.rewriteURI(c, st); end != nil {
				return end
			}
		}
	}
	return nil
}

// search finds the location of the request (ngx_http_core_find_config_phase).
// It returns false where the request ended.
func (w *walk) search(st *state) bool {
	first := st.location == nil && st.forced != nil
	if st.location != nil {
		if st.cycles++; st.cycles > maxCycles {
			w.special(outcome{end: answered, status: 500, why: "rewrites go round in a circle"}, *st)
			return false
		}
		if st.q.uri.known {
			w.left(st.location, "rewrite leads on to "+st.q.uri.text)
		}
	}
	if first {
		w.enter(st, st.forced)
		st.forced = nil
		return true
	}
	if !st.q.uri.known {
		w.finish(outcome{end: lost, why: "the path after a rewrite"}, *st)
		return false
	}
	f := w.m.find(w.server, st.q.uri.text, w.saw)
	switch {
	case f.unsure != "":
		w.finish(outcome{end: lost, why: fmt.Sprintf("whether the pattern %q matches", f.unsure)}, *st)
		return false
	case f.loc == nil:
		st.location, st.conf = nil, w.server
		if tf := w.server.Last("try_files"); tf.Directive != nil && len(tf.Args) > 0 && tf.armIn(w.server) == nil {
			w.tryFiles(tf, *st) // the server's own is for requests without a location
			return false
		}
		w.special(outcome{end: nowhere, status: 404}, *st)
		return false
	}
	internal, _ := f.loc.scope.Effective("internal")
	if hidden := len(internal) > 0 && !st.internal; hidden || f.redirect {
		st.location, st.conf = f.loc.scope, f.loc.scope
		if hidden {
			w.special(outcome{end: answered, status: 404, item: internal[0]}, *st)
		} else {
			w.special(outcome{end: redirected, status: 301, target: st.q.uri.text + "/"}, *st)
		}
		return false
	}
	if f.groups != nil && f.loc.re != nil { // nginx refuses a prefix inside a pattern
		st.q.capture(f.groups, f.loc.re)
	}
	w.enter(st, f.loc.scope)
	return true
}

// enter makes s the location of the request (ngx_http_update_location_config).
// While limit_except applies, its block is the configuration, and the rewrite
// directives of the location do not run: they are not inherited.
func (w *walk) enter(st *state, s *Scope) {
	st.location, st.conf, st.changed, st.pc = s, s, false, 0
	st.handler = s.ownPass()
	st.codes = w.m.codesOf(s)
	st.q.keep(st.codes)
	for i := range s.Items {
		le := s.Items[i].Scope
		if le == nil || le.Kind != LimitExcept || !limitsGet(le) {
			continue
		}
		st.conf, st.codes = le, nil
		if p := le.ownPass(); p.Directive != nil {
			st.handler = p
		} else if st.handler.Directive != nil && st.handler.Is("memcached_pass") {
			st.handler = Item{} // its module alone does not hand itself down
		}
	}
}

// limitsGet reports whether a limit_except block applies to GET.
func limitsGet(le *Scope) bool {
	for _, a := range le.Block.Args {
		if strings.EqualFold(a.Value, "GET") {
			return false
		}
	}
	return true
}

// denies returns the deny directive of s that refuses everyone, the zero Item
// where the first rule lets someone in.
func denies(s *Scope) Item {
	for i := range s.Items {
		switch s.Items[i].Head.Value {
		case "allow":
			return Item{}
		case "deny":
			if s.Items[i].Arg(0) == "all" {
				return s.Items[i]
			}
		}
	}
	return Item{}
}

// refuses reports whether a status keeps out who is not logged in.
func refuses(o *outcome) bool {
	return o.end == redirected || o.end == answered && (o.status == 401 || o.status == 403)
}

func (w *walk) finish(o outcome, st state) {
	if st.cookie.Directive != nil && refuses(&o) && o.item.Directive != nil {
		// A handshake without cookies is turned away; authentication is
		// not judged.
		o = outcome{end: lost, item: o.item, why: fmt.Sprintf("an if asks for a cookie (%s)", place(st.cookie))}
	}
	o.q, o.by = st.q, st.by
	if o.scope == nil {
		o.scope = st.conf
	}
	if o.location == nil {
		o.location = st.location
	}
	if o.end == proxied && st.err != 0 && st.err != 101 { // r->err_status takes the place of the upstream's
		o.err = st.errItem
	}
	w.out = append(w.out, o)
}

// left tells saw that the request came to a location and goes on elsewhere.
func (w *walk) left(s *Scope, why string) {
	if w.saw != nil && s != nil && s.Kind == Location {
		modifier, match := s.ModifierAndMatch()
		w.saw(&location{scope: s, modifier: modifier, match: match}, why)
	}
}

func statusEnd(status int) ending {
	switch status {
	case 301, 302, 303, 307, 308:
		return redirected
	}
	return answered
}

func (w *walk) returnTarget(c *code, q *request) string {
	target := c.item.Arg(len(c.item.Args) - 1)
	if v := w.m.eval(target, q); v.known {
		return v.text
	}
	return target
}

// place names where an item stands: "file:line".
func place(it Item) string {
	return it.File.Name + ":" + strconv.Itoa(it.File.Position(it.Span.Start).Line)
}

// matchesAll reports whether the pattern matches every path, as far as two
// unlike ones tell.
func (p *pattern) matchesAll() bool {
	for _, s := range []string{"/", "/q7Z/x-y.z_1"} {
		if _, matched, ok := p.match(s); !ok || !matched {
			return false
		}
	}
	return true
}
