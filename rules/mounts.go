package rules

import (
	"slices"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// mounts knows where blocks and files are mounted in all models of a run, so
// that an edit can be held against every place it changes. It is built when the
// first fix is planned; blocks of files that are mounted once cost nothing.
type mounts struct {
	models   []*effective.Model
	families map[*parser.File][]*effective.Model // by main file
	built    bool
	files    map[*parser.File]int
	holders  map[*parser.File][]*effective.Model
	blocks   map[*parser.Directive][]*effective.Scope // of files mounted more than once
	plans    map[*effective.Model]*mapPlan
	added    map[*parser.File]*mapPlan        // by main file: where a map can be added
	free     map[freeName]string              // names that such a map can have, as the first place spells them; "" for none
	common   map[*parser.File]map[string]bool // of commonMaps
	users    map[*effective.Model]map[*parser.Directive][]*effective.Route
	meant    map[*effective.Model][]*effective.Route
	coming   map[*effective.Model]map[*effective.Scope]bool // listsComing
	below    map[*effective.Scope][]*effective.Route
	copied   map[*effective.Model]map[*effective.Scope]bool // of answersSubrequest
	agreed   map[agreement]bool
	places   map[*parser.Directive][]Place // of apart
	left     map[leftover]bool
	closed   map[*parser.Directive]string         // of closedBy
	alike    map[*effective.Model]map[string]bool // of lookAlikes
	tls      *tlsPorts                            // of tlsSaid
}

// mapped reports whether a configuration of the run defines a variable: what uses
// it without seeing that is meant to stand beside it, or beside one like it.
func (m *mounts) mapped(name string) bool {
	return slices.ContainsFunc(m.models, func(model *effective.Model) bool {
		defined, _ := model.DefinesVariable(name)
		return defined
	})
}

// mountKey is one mount of one file: a glob include mounts several. The models of one
// main configuration, which is read once more for each site that it does not include,
// have the same mounts but for that site.
type mountKey struct {
	main *parser.File
	via  int // 0 for the main file
	file *parser.File
}

// viaKey is one include on the way to a mount.
type viaKey struct {
	main    *parser.File
	include *parser.Directive
	outer   int
}

// vias numbers the ways that lead from main files to others.
type vias map[viaKey]int

func (v vias) of(main *parser.File, via *effective.Mount) int {
	if via == nil {
		return 0
	}
	key := viaKey{main, via.Include, v.of(main, via.Outer)}
	n, known := v[key]
	if !known {
		n = len(v) + 1
		v[key] = n
	}
	return n
}

// family returns the models of one main configuration.
func (m *mounts) family(of *effective.Model) []*effective.Model {
	if m.families == nil {
		m.families = map[*parser.File][]*effective.Model{}
		for _, model := range m.models {
			m.families[model.Config.Main] = append(m.families[model.Config.Main], model)
		}
	}
	return m.families[of.Config.Main]
}

func (m *mounts) build() {
	if m.built {
		return
	}
	m.built = true
	n := filesIn(m.models)
	m.files = make(map[*parser.File]int, n)
	seen := make(map[mountKey]bool, n)
	ways := vias{}
	for _, model := range m.models {
		main := model.Config.Main
		m.count(mountKey{main, 0, main}, seen)
		var via *effective.Mount
		var file *parser.File
		model.EachScope(func(s *effective.Scope) {
			for i := range s.Items {
				it := &s.Items[i]
				if it.Via == via && it.File == file {
					continue
				}
				via, file = it.Via, it.File
				if via != nil {
					m.count(mountKey{main, ways.of(main, via), file}, seen)
				}
			}
		})
	}
	for _, n := range m.files {
		if n > 1 {
			m.indexBlocks()
			return
		}
	}
}

func (m *mounts) count(key mountKey, seen map[mountKey]bool) {
	if !seen[key] {
		seen[key] = true
		m.files[key.file]++
	}
}

func (m *mounts) indexBlocks() {
	m.blocks = map[*parser.Directive][]*effective.Scope{}
	for _, model := range m.models {
		model.EachScope(func(s *effective.Scope) {
			if s.Block != nil && m.files[s.Block.File] > 1 {
				m.blocks[s.Block] = append(m.blocks[s.Block], s)
			}
		})
	}
}

// once reports whether the file is mounted at one place only.
func (m *mounts) once(f *parser.File) bool {
	m.build()
	return m.files[f] <= 1
}

// others returns the other mounts of the scope's block.
func (m *mounts) others(s *effective.Scope) []*effective.Scope {
	m.build()
	if s.Block == nil {
		return nil
	}
	return m.blocks[s.Block]
}

// agreement is whether all mounts of a block are alike in something.
type agreement struct {
	block *parser.Directive
	what  string
}

// agree reports whether every mount of the block of s is like s in what is
// named. Since being alike goes both ways and from one to the next, the answer is
// that of any other mount too, and is asked for once.
func (m *mounts) agree(s *effective.Scope, what string, like func(*effective.Scope) bool) bool {
	others := m.others(s)
	if len(others) == 0 {
		return true
	}
	key := agreement{s.Block, what}
	agreed, known := m.agreed[key]
	if !known {
		agreed = !slices.ContainsFunc(others, func(other *effective.Scope) bool { return !like(other) })
		if m.agreed == nil {
			m.agreed = map[agreement]bool{}
		}
		m.agreed[key] = agreed
	}
	return agreed
}

// modelsOf returns the models that hold the file.
func (m *mounts) modelsOf(f *parser.File) []*effective.Model {
	if len(m.models) == 1 {
		return m.models
	}
	m.build()
	if m.holders == nil {
		m.holders = map[*parser.File][]*effective.Model{}
		for _, model := range m.models {
			for _, g := range model.Config.Files {
				m.holders[g] = append(m.holders[g], model)
			}
		}
	}
	return m.holders[f]
}

// intended returns the routes that anything speaks for WebSocket on.
func (p *Pass) intended() []*effective.Route {
	routes, ok := p.mounts.meant[p.Model]
	if !ok {
		for _, r := range p.Model.Routes {
			if r.Intent != effective.None {
				routes = append(routes, r)
			}
		}
		if p.mounts.meant == nil {
			p.mounts.meant = map[*effective.Model][]*effective.Route{}
		}
		p.mounts.meant[p.Model] = routes
	}
	return routes
}

// under returns the routes of a level and of all levels in it.
func (m *mounts) under(level *effective.Scope) []*effective.Route {
	if m.below == nil {
		m.below = map[*effective.Scope][]*effective.Route{}
		for _, model := range m.models {
			for _, r := range model.Routes {
				for s := r.Scope; s != nil; s = s.Parent {
					m.below[s] = append(m.below[s], r)
				}
			}
		}
	}
	return m.below[level]
}

// routesOf returns the routes whose pass or header line d is.
func (p *Pass) routesOf(d *parser.Directive) []*effective.Route {
	users := p.mounts.users[p.Model]
	if users == nil {
		users = map[*parser.Directive][]*effective.Route{}
		for _, r := range p.Model.Routes {
			users[r.Pass.Directive] = append(users[r.Pass.Directive], r)
			for _, h := range r.Headers {
				if h.Item.Directive != nil {
					users[h.Item.Directive] = append(users[h.Item.Directive], r)
				}
			}
		}
		if p.mounts.users == nil {
			p.mounts.users = map[*effective.Model]map[*parser.Directive][]*effective.Route{}
		}
		p.mounts.users[p.Model] = users
	}
	return users[d]
}

// apart returns the includes of the places where the block of s is mounted and
// inherits other proxy_set_header lines than at another: a first line of its own
// would throw them away, and no one list stands for them all. It is nil where
// they agree.
func (p *Pass) apart(s *effective.Scope) []Place {
	if s == nil || len(s.Own("proxy_set_header")) > 0 {
		return nil
	}
	items, _ := s.Effective("proxy_set_header")
	if p.mounts.agree(s, "effective proxy_set_header", func(other *effective.Scope) bool {
		lines, _ := other.Effective("proxy_set_header")
		return sameText(lines, items)
	}) {
		return nil
	}
	places, known := p.mounts.places[s.Block]
	if !known {
		for _, other := range p.mounts.others(s) {
			if other.Via != nil {
				places = append(places, Place{other.Via.Include.File, headSpan(other.Via.Include), "the location is included here"})
			}
		}
		if p.mounts.places == nil {
			p.mounts.places = map[*parser.Directive][]Place{}
		}
		p.mounts.places[s.Block] = places
	}
	return places
}

// headersLeft reports whether the route lacks a header line that is left to the
// user: what else it lacks would be of no use alone.
func (p *Pass) headersLeft(r *effective.Route) bool {
	return (r.Because(effective.MissingUpgrade) != nil || r.Because(effective.MissingConnection) != nil) && len(p.apart(target(r))) > 0
}

// leave says why a header line that the route lacks cannot be written for the
// user, where that is because its location is mounted in different places.
func (p *Pass) leave(r *effective.Route, f *Finding) {
	s := target(r)
	places := p.apart(s)
	if len(places) == 0 {
		return
	}
	f.Message += "; it is left to you, for the places that include this location inherit different proxy_set_header lines, and a first one here throws them away"
	// Said once: the findings of the other mounts become one with this.
	key := leftover{p.Rule, s.Block, f.Message}
	if p.mounts.left == nil {
		p.mounts.left = map[leftover]bool{}
	}
	if !p.mounts.left[key] {
		p.mounts.left[key] = true
		f.Related = append(f.Related, places...)
	}
}

// leftover is a message about a block of which something is left to the user.
type leftover struct {
	rule    *Rule
	block   *parser.Directive
	message string
}

// through returns the directive of the scope's own block by which an item comes
// to its level: itself, or the include that led to it.
func through(s *effective.Scope, it effective.Item) *parser.Directive {
	d := it.Directive
	for m := it.Via; m != nil && m != s.Via; m = m.Outer {
		d = m.Include
	}
	return d
}

// literal reports whether the item is written in the scope's own block, not in
// a file included there.
func literal(s *effective.Scope, it effective.Item) bool { return it.Via == s.Via }

// sameText reports whether two lists of items are written alike.
func sameText(a, b []effective.Item) bool {
	return slices.EqualFunc(a, b, func(x, y effective.Item) bool {
		return x.Directive == y.Directive || x.Source() == y.Source()
	})
}
