package rules

import (
	"cmp"
	"slices"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// Run runs the rules of opts over the models and returns what they find,
// sorted by file name, offset and rule. What is found in a file that is mounted
// several times is found once, with all its routes.
func Run(models []*effective.Model, opts Options) []Finding {
	var c collection
	m := &mounts{models: models}
	for _, model := range models {
		passes := runRules(model, &opts, m)
		c.expect(passes)
		for _, p := range passes {
			for _, f := range p.found {
				c.add(f)
			}
		}
	}
	c.dropSpoilt()
	c.dropMistaken()
	c.onlyFirst()
	for i := range c.findings {
		f := c.findings[i]
		f.Severity = opts.severity(f.Rule, f.Severity)
		if f.Fix != nil && !(writable(f, opts.Writable) && settled(f.Fix)) {
			f.Fix = nil
		}
	}
	comments := readComments(models, &opts, &c)
	c.ignore(comments)
	c.unite(opts.Writable)
	c.uniteNamed()
	c.ignore(comments)
	c.judgeComments(models, &opts, comments)
	slices.SortStableFunc(c.findings, func(a, b *Finding) int {
		return cmp.Or(
			cmp.Compare(a.File.Name, b.File.Name),
			cmp.Compare(a.Span.Start, b.Span.Start),
			cmp.Compare(a.Rule.Name, b.Rule.Name),
			cmp.Compare(a.Span.End, b.Span.End),
			cmp.Compare(a.Message, b.Message))
	})
	all := make([]Finding, len(c.findings))
	for i, f := range c.findings {
		all[i] = *f
	}
	return all
}

// runRules runs the rules over one model.
func runRules(model *effective.Model, opts *Options, m *mounts) []*Pass {
	w := &walk{model: model}
	var passes []*Pass
	for _, r := range opts.Rules {
		if r.Check == nil {
			continue
		}
		p := &Pass{Model: model, Rule: r, Options: opts, mounts: m, walk: w}
		passes = append(passes, p)
		r.Check(p)
	}
	w.run()
	return passes
}

// severity returns what a finding of the rule graded at is reported as: the
// user's severity takes the place of the default, and what was graded below
// that stays below.
func (o *Options) severity(r *Rule, at Severity) Severity {
	s, ok := o.Severities[r.Name]
	switch {
	case !ok:
		return at
	case at < r.Severity:
		return min(at, s)
	}
	return s
}

// writable reports whether the finding's file and every file of its fix may be
// changed.
func writable(f *Finding, may func(*parser.File) bool) bool {
	if may == nil {
		return true
	}
	return may(f.File) && !slices.ContainsFunc(f.Fix.Edits, func(e Edit) bool { return !may(e.File) })
}

// settled reports whether a fix changes nothing that a template fills in or has
// only sometimes and no file that nginx cannot read, and writes its text as the
// files want it.
func settled(fix *Fix) bool {
	for i, e := range fix.Edits {
		if len(e.File.Errors) > 0 || !e.File.Settled(e.Span) {
			return false
		}
		fix.Edits[i].New = e.File.Escape(e.New)
	}
	return true
}

// collection gathers findings, each once.
type collection struct {
	findings []*Finding
	index    map[findingKey]int
	related  map[relation]bool // of findings with many related places
	counted  map[int]int       // how many of a finding's are in related
}

// relation is a place that a finding, by its index, relates.
type relation struct {
	finding int
	place   Place
}

// fewPlaces is the number of related places up to which all are compared.
const fewPlaces = 16

// relates reports whether the finding of that index relates the place already.
func (c *collection) relates(i int, place Place) bool {
	have := c.findings[i].Related
	if len(have) <= fewPlaces {
		return slices.Contains(have, place)
	}
	if c.related == nil {
		c.related, c.counted = map[relation]bool{}, map[int]int{}
	}
	for ; c.counted[i] < len(have); c.counted[i]++ {
		c.related[relation{i, have[c.counted[i]]}] = true
	}
	return c.related[relation{i, place}]
}

// findingKey is what makes a finding the same one.
type findingKey struct {
	rule    *Rule
	file    *parser.File
	span    parser.Span
	message string
}

// expect makes room for what the passes found.
func (c *collection) expect(passes []*Pass) {
	n := 0
	for _, p := range passes {
		n += len(p.found)
	}
	if c.index == nil {
		c.index = make(map[findingKey]int, n)
	}
	c.findings = slices.Grow(c.findings, n)
}

func (c *collection) add(f *Finding) {
	key := findingKey{f.Rule, f.File, f.Span, cmp.Or(f.certain, f.Message)}
	i, ok := c.index[key]
	if !ok {
		c.index[key] = len(c.findings)
		c.findings = append(c.findings, f)
		return
	}
	have := c.findings[i]
	if have.certain != "" || f.certain != "" { // one file, two images or main configurations
		if have.shared != nil && f.shared != nil && have.certain == "" {
			f.shared.says = have.shared.says
		} else if have.shared != nil && f.shared != nil {
			have.shared.says = f.shared.says
		}
		if f.certain == "" {
			have.Message, have.certain = f.Message, ""
		}
	}
	have.Severity = max(have.Severity, f.Severity)
	have.Site = have.Site && f.Site
	for _, r := range f.Routes {
		if n := len(have.Routes); (n == 0 || have.Routes[n-1] != r) && !again(have.Routes, r) {
			have.Routes = append(have.Routes, r)
		}
	}
	for _, place := range f.Related {
		if !c.relates(i, place) {
			have.Related = append(have.Related, place)
		}
	}
	if f.shared == nil || have.shared == nil || f.shared.line.Directive != have.shared.line.Directive || f.shared.says != have.shared.says {
		have.shared = nil // not what the other mount goes back to
	}
	// What mends one mount of a file may break another: where the fixes
	// differ, a person has to choose.
	if !sameFix(have.Fix, f.Fix) {
		have.Fix = nil
	}
}

// again reports whether r is one of the routes, of a main configuration that is read
// once more for each site that it does not include.
func again(routes []*effective.Route, r *effective.Route) bool {
	if r.Model.Config.Site == nil {
		return false
	}
	server := func(r *effective.Route) *parser.Directive {
		if r.Server == nil {
			return nil
		}
		return r.Server.Scope.Opening()
	}
	return slices.ContainsFunc(routes, func(have *effective.Route) bool {
		return have.Model != r.Model && have.Pass.Directive == r.Pass.Directive && have.Scope.Opening() == r.Scope.Opening() && server(have) == server(r)
	})
}

// remove takes out the findings at the given indexes.
func (c *collection) remove(gone map[int]bool) {
	if len(gone) == 0 {
		return
	}
	kept := c.findings[:0]
	for i := range c.findings {
		if !gone[i] {
			kept = append(kept, c.findings[i])
		}
	}
	c.findings = kept
}

// dropSpoilt takes out the findings that only follow from another one: the
// header lines behind a missing semicolon are not missing. So does what stands
// behind the error at which nginx stops reading a file: it was read by guess.
func (c *collection) dropSpoilt() {
	c.findings = slices.DeleteFunc(c.findings, func(f *Finding) bool {
		errs := f.File.Errors
		return len(errs) > 0 && f.Span.End > errs[0].Offset && f.Rule.Category != Syntax
	})
	spoilt := map[*parser.Directive]bool{}
	for i := range c.findings {
		if b := c.findings[i].spoils; b != nil {
			spoilt[b] = true
		}
	}
	if len(spoilt) == 0 {
		return
	}
	in := func(s *effective.Scope) bool { return s != nil && spoilt[s.Block] }
	c.findings = slices.DeleteFunc(c.findings, func(f *Finding) bool {
		return f.Rule.Category != Syntax && len(f.Routes) > 0 && !slices.ContainsFunc(f.Routes, func(r *effective.Route) bool {
			return !in(r.Location) && (r.Server == nil || !in(r.Server.Scope)) && !in(upstreamOf(r))
		})
	})
}

func sameFix(a, b *Fix) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Safety == b.Safety && slices.Equal(a.Edits, b.Edits)
}
