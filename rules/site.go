package rules

import (
	"slices"

	"github.com/wsnginx/wsnginx/rules/effective"
)

// saidWithout reports whether a finding is about what the main configuration holds
// without the site that it is read with as if that were enabled: the model without
// the site judges it, and is what nginx runs.
func (p *Pass) saidWithout(f *Finding) bool {
	site := p.Model.Config.Site
	if site == nil || !slices.ContainsFunc(p.mounts.family(p.Model), func(m *effective.Model) bool { return m.Config.Site == nil }) {
		return false
	}
	return !p.Model.InSite(f.File, f.Via) &&
		!slices.ContainsFunc(f.Routes, func(r *effective.Route) bool { return p.Model.InSite(r.Pass.File, r.Pass.Via) }) &&
		!slices.ContainsFunc(f.Related, func(place Place) bool { return place.File == site })
}
