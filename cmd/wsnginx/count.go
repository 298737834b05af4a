package main

import (
	"slices"

	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// counts returns how much of the named files was looked at.
func (in *input) counts(w *parser.Workspace, models []*effective.Model, files []*parser.File) report.Counts {
	n := report.Counts{}
	holding := map[string]bool{} // the files of other formats, each of which may hold several
	for _, f := range files {
		if unread := f.Template != "" && len(f.Errors) > 0; !unread && (!f.Embedded() || !holding[f.Name]) {
			n.Files++
		}
		if f.Embedded() {
			holding[f.Name] = true
		}
		n.Directives += directives(f.Directives)
	}
	for _, r := range in.routes(w, models) {
		n.Routes++
		switch r.Intent {
		case effective.None:
			if r.IntentWhy == effective.NothingSays {
				n.Unnamed++
			}
		case effective.Declared, effective.Likely:
			n.WebSocket++
		}
	}
	return n
}

// namedFiles returns the files of the models that the user named, each once.
func namedFiles(w *parser.Workspace, models []*effective.Model) []*parser.File {
	most := 0
	for _, m := range models {
		most = max(most, len(m.Config.Files))
	}
	seen, files := make(map[*parser.File]bool, most), make([]*parser.File, 0, most)
	for _, m := range models {
		for _, f := range m.Config.Files {
			if !seen[f] && w.Named(f) {
				seen[f] = true
				files = append(files, f)
			}
		}
	}
	return files
}

func directives(list []*parser.Directive) int {
	n := len(list)
	for _, d := range list {
		n += directives(d.Children)
	}
	return n
}

// routes returns the proxied locations of the named files, each once: two main
// configurations may include the same server. It is not to be changed.
func (in *input) routes(w *parser.Workspace, models []*effective.Model) []*effective.Route {
	if in.routed.of != w || !slices.Equal(in.routed.models, models) {
		in.routed.of, in.routed.models, in.routed.routes = w, models, namedRoutes(w, models)
	}
	return in.routed.routes
}

func namedRoutes(w *parser.Workspace, models []*effective.Model) []*effective.Route {
	type key struct {
		server, location, scope, pass *parser.Directive
		verdict                       effective.Verdict
		intent                        effective.Intent
	}
	total := 0
	whole := map[*parser.File]bool{} // main files that are read as they are, too
	for _, m := range models {
		total += len(m.Routes)
		whole[m.Config.Main] = whole[m.Config.Main] || m.Config.Site == nil
	}
	seen, out := make(map[key]bool, total), make([]*effective.Route, 0, total)
	for _, m := range models {
		for _, r := range m.Routes {
			if m.Config.Site != nil && whole[m.Config.Main] && !m.InSite(r.Pass.File, r.Pass.Via) {
				continue // what nginx makes of it is judged without the site
			}
			k := key{pass: r.Pass.Directive, verdict: r.Verdict, intent: r.Intent}
			named := r.Pass.Directive != nil && w.Named(r.Pass.File)
			if r.Server != nil && r.Server.Scope != nil {
				k.server = r.Server.Scope.Block
			}
			if r.Location != nil {
				k.location = r.Location.Block
				named = named || k.location != nil && w.Named(k.location.File)
			}
			if r.Scope != nil {
				k.scope = r.Scope.Block
			}
			if named && !seen[k] {
				seen[k] = true
				out = append(out, r)
			}
		}
	}
	return out
}

// undecided returns the routes meant for WebSocket that could not be judged, and
// of whose handshake none of the findings speaks.
func (in *input) undecided(w *parser.Workspace, models []*effective.Model, findings ...[]rules.Finding) []*effective.Route {
	said := map[*parser.Directive]bool{}
	for _, list := range findings {
		for i := range list {
			if r := list[i].Rule; r.Reason == "" || r.Category != rules.HandshakeCategory && r.Category != rules.Syntax {
				continue
			}
			for _, r := range list[i].Routes {
				said[r.Pass.Directive] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(in.routes(w, models)), func(r *effective.Route) bool {
		meant := r.Intent == effective.Declared || r.Intent == effective.Likely
		return !meant || r.Verdict != effective.Unknown || said[r.Pass.Directive]
	})
}

// unmatched says which patterns of flags match no proxied location: a slip in
// one would change nothing otherwise.
func (in *input) unmatched(w *parser.Workspace, models []*effective.Model) {
	routes := in.routes(w, models)
	if in.style.Quiet || in.hook || len(routes) == 0 {
		return
	}
	for _, f := range []struct {
		flag     string
		patterns []string
	}{{"websocket", in.options.WebSocket}, {"not-websocket", in.options.NotWebSocket}} {
		for _, p := range f.patterns {
			if !slices.ContainsFunc(routes, func(r *effective.Route) bool { return r.Matches(p) }) {
				in.program.say("--%s %s matches no proxied location", f.flag, p)
			}
		}
	}
}
