package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// shared ties a finding about one location to a line of an outer level that
// other locations go back to too. Such findings have one cause, and are one
// finding.
type shared struct {
	line effective.Item // of the outer level
	says string         // what is wrong with each location, as the message says it behind the name
	// plan returns the fix that mends all of the group beside the line; nil
	// where that would reach others, or there is none to plan.
	plan func(*group) *Fix
}

// group is findings that are about to become one.
type group struct {
	rule     *Rule
	line     effective.Item
	levels   []*effective.Scope // where the line is mounted
	routes   []*effective.Route
	findings []int // in the collection
	member   map[*effective.Route]bool
	mounted  map[*effective.Scope]bool
}

func newGroup(r *Rule, line effective.Item) *group {
	return &group{rule: r, line: line, member: map[*effective.Route]bool{}, mounted: map[*effective.Scope]bool{}}
}

// sharedKey is what makes findings go back to one cause.
type sharedKey struct {
	rule *Rule
	line *parser.Directive
	says string
}

// outerLine returns the tie to a line that the finding's location got from an
// outer level, nil where it is the location's own.
func outerLine(r *effective.Route, it effective.Item, says string) *shared {
	level := levelOf(r, it)
	if level == nil || level == target(r) {
		return nil
	}
	return &shared{line: it, says: says}
}

// plannedBy has plan make the fix where the finding becomes one with others.
func (f *Finding) plannedBy(plan func(*group) *Fix) {
	if f.shared != nil {
		f.shared.plan = plan
	}
}

// levelOf returns the level around the route at which the line stands, nil where
// it is none of them.
func levelOf(r *effective.Route, line effective.Item) *effective.Scope {
	for level := target(r); level != nil; level = level.Parent {
		for _, own := range level.Own(line.Head.Value) {
			if own.Directive == line.Directive {
				return level
			}
		}
	}
	return nil
}

// inheritedList returns the tie to the first Upgrade or Connection line that the
// finding's location inherits, nil where it inherits none. The level that writes
// one is the one that lacks what belongs with it.
func inheritedList(r *effective.Route, says string) *shared {
	if !r.Pass.Is("proxy_pass") || r.Scope == nil {
		return nil
	}
	lines, _ := r.Scope.Effective("proxy_set_header")
	for _, it := range lines {
		if isUpgradeOrConnection(it.Arg(0)) && it.Arg(1) != "" {
			return outerLine(r, it, says)
		}
	}
	return nil
}

// unite makes one finding of those that go back to one line of an outer level.
// Where a fix at that line cannot be had, those that a safe fix mends stay apart
// from those that only an unsafe one does. Findings that a comment ignores have
// been dealt with.
func (c *collection) unite(may func(*parser.File) bool) {
	var groups []*group
	index := map[sharedKey]*group{}
	for i := range c.findings {
		f := c.findings[i]
		if f.shared == nil || f.Ignored != "" || may != nil && !may(f.shared.line.File) {
			continue
		}
		key := sharedKey{f.Rule, f.shared.line.Directive, f.shared.says}
		g := index[key]
		if g == nil {
			g = newGroup(f.Rule, f.shared.line)
			index[key] = g
			groups = append(groups, g)
		}
		g.take(c, i)
	}
	gone := map[int]bool{}
	for _, g := range groups {
		if len(g.findings) < 2 {
			continue
		}
		fix := g.planned(c, may)
		if fix == nil {
			for _, part := range g.bySafety(c) {
				if len(part.findings) > 1 {
					c.join(part, part.allFixes(c), gone)
				}
			}
			continue
		}
		c.join(g, fix, gone)
	}
	c.remove(gone)
}

// take adds the i-th finding to the group.
func (g *group) take(c *collection, i int) {
	f := c.findings[i]
	g.findings = append(g.findings, i)
	for _, r := range f.Routes {
		if g.member[r] {
			continue
		}
		g.member[r] = true
		g.routes = append(g.routes, r)
		if level := levelOf(r, f.shared.line); level != nil && !g.mounted[level] {
			g.mounted[level] = true
			g.levels = append(g.levels, level)
		}
	}
}

// planned returns the fix beside the group's line, nil where there is none or
// where single ones are safe and it is not.
func (g *group) planned(c *collection, may func(*parser.File) bool) *Fix {
	plan := c.findings[g.findings[0]].shared.plan
	if plan == nil {
		return nil
	}
	fix := plan(g)
	if fix == nil || !writable(&Finding{File: g.line.File, Fix: fix}, may) || !settled(fix) {
		return nil
	}
	if fix.Safety == Safe {
		return fix
	}
	for _, i := range g.findings {
		if own := c.findings[i].Fix; own != nil && own.Safety == Safe {
			return nil
		}
	}
	return fix
}

// bySafety parts the group by how its findings would be fixed one by one. A
// location in another one of the group may not need a fix of its own, and is left
// out where there are any.
func (g *group) bySafety(c *collection) []*group {
	var parts [3]*group
	locations := map[*effective.Scope]bool{}
	for _, r := range g.routes {
		locations[r.Location] = true
	}
	for _, i := range g.findings {
		n := 0
		if fix := c.findings[i].Fix; fix != nil && fix.Safety == Safe {
			n = 1
		} else if fix != nil {
			n = 2
		}
		if n > 0 && slices.ContainsFunc(c.findings[i].Routes, func(r *effective.Route) bool { return within(r.Location, locations) }) {
			continue
		}
		if parts[n] == nil {
			parts[n] = newGroup(g.rule, g.line)
		}
		parts[n].take(c, i)
	}
	return slices.DeleteFunc(parts[:], func(p *group) bool { return p == nil })
}

// within reports whether a level around s is one of outer.
func within(s *effective.Scope, outer map[*effective.Scope]bool) bool {
	if s == nil {
		return false
	}
	for s = s.Parent; s != nil; s = s.Parent {
		if outer[s] {
			return true
		}
	}
	return false
}

// allFixes returns the fixes of the group's findings as one; they are all safe,
// all unsafe or all nil.
func (g *group) allFixes(c *collection) *Fix {
	var all *Fix
	for _, i := range g.findings {
		fix := c.findings[i].Fix
		if fix == nil {
			return nil
		}
		if all == nil {
			all = &Fix{Safety: fix.Safety, Message: fix.Message}
		}
		for _, e := range fix.Edits {
			if !slices.Contains(all.Edits, e) {
				all.Edits = append(all.Edits, e)
			}
		}
	}
	return all
}

// join writes the group's finding in place of its first one.
func (c *collection) join(g *group, fix *Fix, gone map[int]bool) {
	first := c.findings[g.findings[0]]
	united := Finding{
		Rule: g.rule, File: g.line.File, Span: headSpan(g.line.Directive), Via: g.line.Via,
		Site:    first.Site && g.line.File == first.File,
		Message: fmt.Sprintf("each of the %d locations that this line reaches (%s) %s", len(g.findings), g.names(c), first.shared.says),
		Routes:  g.routes, Fix: fix, united: true,
	}
	for n, i := range g.findings {
		f := c.findings[i]
		united.Severity = max(united.Severity, f.Severity)
		if n < maxNamed {
			if loc := f.Routes[0].Location; loc != nil && loc.Block != nil {
				united.Related = append(united.Related, Place{loc.Block.File, headSpan(loc.Block), "a location that it reaches"})
			}
		}
		for _, place := range f.Related {
			if n < maxNamed && (place.File != united.File || place.Span != united.Span) && !slices.Contains(united.Related, place) {
				united.Related = append(united.Related, place)
			}
		}
		if n > 0 {
			gone[i] = true
		}
	}
	*first = united
}

// maxNamed is how many locations a message names.
const maxNamed = 3

// names lists the group's locations, the first few by name.
// Where that tells them not apart, the servers are named too.
func (g *group) names(c *collection) string {
	name := func(i int) string { return strings.TrimPrefix(subject(c.findings[i].Routes[0]), "location ") }
	seen, alike := map[string]bool{}, false
	for n, i := range g.findings {
		if n <= maxNamed {
			alike = alike || seen[name(i)]
			seen[name(i)] = true
		}
	}
	var names []string
	for n, i := range g.findings {
		if n == maxNamed && len(g.findings) > maxNamed+1 {
			names = append(names, fmt.Sprintf("%d more", len(g.findings)-n))
			break
		}
		words := name(i)
		if server := c.findings[i].Routes[0].Server; alike && server != nil && len(server.Names) > 0 && server.Names[0] != "" {
			words += " of " + server.Names[0]
		}
		names = append(names, words)
	}
	return listed(names)
}
