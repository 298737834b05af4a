package rules

import (
	"slices"

	"github.com/wsnginx/wsnginx/rules/effective"
)

// listComes reports whether the location of r, or one around it below level, is
// about to get a list of header lines of its own, for the Connection that it lacks.
// That list repeats the lines of level, and what is wrong with them is mended where
// they are repeated: the lines of level are no matter of this location's any more.
func (p *Pass) listComes(r *effective.Route, level *effective.Scope) bool {
	coming := p.listsComing()
	for s := target(r); s != nil && s != level; s = s.Parent {
		if coming[s] {
			return true
		}
	}
	return false
}

// listsComing returns the locations that have no header line and that the fix of
// missing-connection-header gives one.
func (p *Pass) listsComing() map[*effective.Scope]bool {
	if coming, ok := p.mounts.coming[p.Model]; ok {
		return coming
	}
	coming := map[*effective.Scope]bool{}
	for _, r := range p.intended() {
		s := target(r)
		if s == nil || coming[s] || len(s.Own("proxy_set_header")) > 0 || r.Because(effective.MissingConnection) == nil ||
			r.Intent == effective.Inherited || r.Polling || !slices.Contains(p.Options.Rules, missingConnectionHeader) {
			continue
		}
		if plan, ok := p.planHeader(r, "Connection", literalUpgrade, rankConnection); ok && !plan.unsafe {
			coming[s] = true
		}
	}
	if p.mounts.coming == nil {
		p.mounts.coming = map[*effective.Model]map[*effective.Scope]bool{}
	}
	p.mounts.coming[p.Model] = coming
	return coming
}
