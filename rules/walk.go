package rules

import "github.com/wsnginx/wsnginx/rules/effective"

// walk goes over all levels of a model once, for all the rules that look at each:
// what a level holds is then still at hand for the next of them.
type walk struct {
	model  *effective.Model
	scopes []func(*effective.Scope)
	levels []func(level)
	rows   []*directive // of the level that is looked at
}

// level is a scope as the syntax rules look at it: what may stand in it is known.
type level struct {
	*effective.Scope
	in   contexts
	rows []*directive // of Items, by index: what nginx takes on this level, nil where that is not known
}

// eachScope calls f for every scope, when the checks of all rules have returned.
func (p *Pass) eachScope(f func(*effective.Scope)) { p.walk.scopes = append(p.walk.scopes, f) }

// eachLevel calls f, when the checks of all rules have returned, for every block
// whose directives nginx's own modules read, and for the outermost level.
func (p *Pass) eachLevel(f func(level)) { p.walk.levels = append(p.walk.levels, f) }

func (w *walk) run() {
	if len(w.scopes)+len(w.levels) == 0 {
		return
	}
	w.model.EachScope(func(s *effective.Scope) {
		for _, f := range w.scopes {
			f(s)
		}
		l, ok := w.level(s)
		if !ok {
			return
		}
		for _, f := range w.levels {
			f(l)
		}
	})
}

// level returns s as a level, and reports whether it is one.
func (w *walk) level(s *effective.Scope) (level, bool) {
	if len(w.levels) == 0 || s.Kind == effective.Map || s.Kind == effective.Stream {
		return level{}, false
	}
	l := level{Scope: s, in: contextOf(s, w.model.Outer)}
	if l.in == 0 && (s.Parent != nil || w.model.Outer != effective.Location) {
		return level{}, false
	}
	w.rows = w.rows[:0]
	for i := range s.Items {
		w.rows = append(w.rows, l.any(s.Items[i].Head.Value))
	}
	l.rows = w.rows
	return l, true
}
