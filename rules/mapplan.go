package rules

import (
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// literalUpgrade is the Connection value where no variable can be had.
const literalUpgrade = `"upgrade"`

// mapName is the variable an added map defines.
const mapName = "connection_upgrade"

// mapPlan is what one model offers for a Connection value that depends on the
// request.
type mapPlan struct {
	existing []string        // "$name" of suitable map variables, best first
	foreign  map[string]bool // those of them that other sites define
	place    place           // where a map can be added
	can      bool            // whether one can be added at all
	inner    string          // indentation of its lines, beyond the map's own
	body     string          // what '' yields: "close" or "''"
}

// connectionValue returns the Connection value to write for the route, and the
// edits it needs elsewhere. It is a variable where ordinary requests share the
// location and one can be had in every model that holds the file.
func (p *Pass) connectionValue(r *effective.Route) (string, []Edit) {
	if r.HandshakeOnly {
		return literalUpgrade, nil
	}
	return p.connectionVariable(r)
}

// connectionVariable is connectionValue for a location that ordinary requests
// share.
func (p *Pass) connectionVariable(r *effective.Route) (string, []Edit) {
	file := changedFor(r)
	holders := p.mounts.modelsOf(file)
	plan := p.mapPlan(p.Model)
	beside := "" // what all sites have, but for those that are not enabled
	for _, name := range plan.existing {
		own, common := p.commonMaps(file)[name]
		switch {
		case p.Model.TriesPatterns(strings.TrimPrefix(name, "$")) && r.SendsCapture(): // they would take the capture's place
		case len(holders) == 1 && !plan.foreign[name], len(holders) > 1 && common && own:
			return name, nil
		case len(holders) > 1 && common && beside == "":
			beside = name
		}
	}
	if beside != "" {
		return beside, nil
	}
	if p.inFamily(file) {
		if e, ok := p.addMap(mapName); ok {
			return "$" + mapName, []Edit{e}
		}
	}
	return literalUpgrade, nil
}

// inFamily reports whether no other main configuration than the pass's holds the file.
func (p *Pass) inFamily(f *parser.File) bool {
	return !slices.ContainsFunc(p.mounts.modelsOf(f), func(m *effective.Model) bool { return m.Config.Main != p.Model.Config.Main })
}

// changedFor returns the file that an edit for r would change.
func changedFor(r *effective.Route) *parser.File {
	if s := target(r); s != nil && s.Block != nil {
		return s.Block.File
	}
	return r.Pass.File
}

// commonMaps returns the suitable map variables that every model has which holds
// the file: true for one that is none's from the sites beside its own.
func (p *Pass) commonMaps(f *parser.File) map[string]bool {
	common, known := p.mounts.common[f]
	if known {
		return common
	}
	for i, m := range p.mounts.modelsOf(f) {
		plan, before := p.mapPlan(m), common
		common = map[string]bool{}
		for _, name := range plan.existing {
			if own, ok := before[name]; i == 0 || ok {
				common[name] = (i == 0 || own) && !plan.foreign[name]
			}
		}
	}
	if p.mounts.common == nil {
		p.mounts.common = map[*parser.File]map[string]bool{}
	}
	p.mounts.common[f] = common
	return common
}

// addMap returns the edit that defines the variable name from $http_upgrade in
// the http block. It reports false where that is not in reach, or something
// else could define the name: a second definition silently wins over the first.
func (p *Pass) addMap(name string) (Edit, bool) {
	plan := p.mapPlan(p.Model)
	if !plan.can {
		return Edit{}, false
	}
	key := freeName{p.Model.Config.Main, strings.ToLower(name)}
	spelt, known := p.mounts.free[key]
	if !known {
		if !slices.ContainsFunc(p.mounts.family(p.Model), func(m *effective.Model) bool {
			defined, complete := p.mounts.defines(m, name)
			return defined || !complete
		}) {
			spelt = name
		}
		if p.mounts.free == nil {
			p.mounts.free = map[freeName]string{}
		}
		p.mounts.free[key] = spelt
	}
	return plan.edit(spelt), spelt != ""
}

// freeName is a name for a map in a main configuration, in lower case: nginx takes
// $Name and $name for one variable.
type freeName struct {
	main *parser.File
	name string
}

// defines is Model.DefinesVariable, with care for what only looks like another
// block: in a template that was not filled in, a placeholder before a map takes
// its name.
func (p *Pass) defines(name string) (defined, complete bool) { return p.mounts.defines(p.Model, name) }

func (m *mounts) defines(model *effective.Model, name string) (defined, complete bool) {
	defined, complete = model.DefinesVariable(name)
	if defined || !complete {
		return defined, complete
	}
	return false, !m.lookAlikes(model)[strings.ToLower(name)]
}

// lookAlikes returns the variables that stand, in lower case and without $, as words
// of blocks in http that nginx itself does not know.
func (m *mounts) lookAlikes(model *effective.Model) map[string]bool {
	if names, ok := m.alike[model]; ok {
		return names
	}
	names := map[string]bool{}
	for _, http := range model.HTTP {
		for _, it := range http.Items {
			if it.Scope == nil || it.Scope.Kind != effective.Other {
				continue
			}
			for _, w := range it.Args {
				if strings.HasPrefix(w.Value, "$") {
					names[strings.ToLower(strings.Trim(w.Value, "${}"))] = true
				}
			}
		}
	}
	if m.alike == nil {
		m.alike = map[*effective.Model]map[string]bool{}
	}
	m.alike[model] = names
	return names
}

// edit returns the edit that adds the map of that name.
func (m *mapPlan) edit(name string) Edit {
	head := "map $http_upgrade $" + name + " {"
	if !m.place.ownLine() {
		return m.place.insert(head+" default upgrade; '' "+m.body+"; }", rankMap)
	}
	f, indent := m.place.at.File, indentOf(m.place.at)
	inner := "\n" + indent + m.inner
	e := m.place.insert(head+inner+"default upgrade;"+inner+"''      "+m.body+";\n"+indent+"}", rankMap)
	if m.place.before {
		for aboveIsComment(f, e.Span.Start, "") { // it is about what follows
			e.Span.Start = f.LineStart(e.Span.Start - 1)
			e.Span.End = e.Span.Start
		}
		e.New += lineEnding(f, m.place.at.Span.Start)
	}
	return e
}

// mapPlan returns the plan for a model, made once.
func (p *Pass) mapPlan(m *effective.Model) *mapPlan {
	if plan := p.mounts.plans[m]; plan != nil {
		return plan
	}
	if p.mounts.plans == nil {
		p.mounts.plans = map[*effective.Model]*mapPlan{}
	}
	added := p.mounts.added[m.Config.Main]
	if added == nil {
		if p.mounts.added == nil {
			p.mounts.added = map[*parser.File]*mapPlan{}
		}
		added = p.planMap(p.mounts.family(m))
		p.mounts.added[m.Config.Main] = added
	}
	plan := *added
	plan.existing, plan.foreign = suitableMaps(m)
	p.mounts.plans[m] = &plan
	return &plan
}

// planMap works out where a map can be added for all models of a main configuration:
// after what any of them has that must stand before a map.
func (p *Pass) planMap(family []*effective.Model) *mapPlan {
	plan := &mapPlan{body: "close"}
	var server, hash *parser.Directive
	for _, m := range family {
		if m.Outer != effective.Main || len(m.HTTP) != 1 {
			return &mapPlan{}
		}
		http := m.HTTP[0]
		if http.Block == nil || http.Partial || p.Options.Writable != nil && !p.Options.Writable(http.Block.File) || !p.mounts.once(http.Block.File) {
			return &mapPlan{}
		}
		if !m.Version.Before(1, 29, 7) || slices.ContainsFunc(m.Routes, func(r *effective.Route) bool { return keepsAlive(r) }) {
			plan.body = "''"
		}
		first, last := mapBounds(http)
		if first != nil && (server == nil || first.Span.Start < server.Span.Start) {
			server = first
		}
		if last != nil && (hash == nil || last.Span.Start > hash.Span.Start) {
			hash = last
		}
	}
	switch {
	case server == nil && hash == nil:
		return &mapPlan{}
	case server == nil || hash != nil && server.Span.Start <= hash.Span.Start:
		plan.place = place{at: hash}
	default:
		plan.place = place{server, true}
	}
	plan.can, plan.inner = true, innerIndent(family[0].HTTP[0], plan.place.at)
	return plan
}

// suitableMaps returns the variables made of $http_upgrade or $http_connection
// that say upgrade for a handshake and nothing of it for other requests. The
// common name comes first. Those are foreign that sites beside the model's own define: it
// is not to need them.
func suitableMaps(m *effective.Model) (names []string, foreign map[string]bool) {
	for _, v := range m.MapVariables() {
		if !v.Handshake.Known || !v.HandshakeKeepAlive.Known || !v.Ordinary.Known ||
			!effective.HasToken(v.Handshake.Text, "upgrade") ||
			!effective.HasToken(v.HandshakeKeepAlive.Text, "upgrade") ||
			effective.HasToken(v.Ordinary.Text, "upgrade") {
			continue
		}
		name := "$" + v.Name
		if n := len(v.Item.Args); n > 0 && strings.EqualFold(v.Item.Args[n-1].Value, name) {
			name = v.Item.Args[n-1].Value // as it is spelt
		}
		if v.Name == mapName {
			names = slices.Insert(names, 0, name)
		} else {
			names = append(names, name)
		}
		if foreignTo(m, v.Item) {
			if foreign == nil {
				foreign = map[string]bool{}
			}
			foreign[name] = true
		}
	}
	return names, foreign
}

// foreignTo reports whether an item stands in a site that is enabled beside the one that
// the model's main configuration is read with.
func foreignTo(m *effective.Model, it effective.Item) bool {
	return m.Config.Site != nil && slices.Contains(m.Config.Beside, it.Directive)
}

func (p *Pass) foreign(it effective.Item) bool { return foreignTo(p.Model, it) }

// keepsAlive reports whether the route's requests go to an upstream with
// keepalive connections written, which a Connection: close would defeat.
func keepsAlive(r *effective.Route) bool {
	if r.Intent == effective.None || !r.Pass.Is("proxy_pass") {
		return false
	}
	up := upstreamOf(r)
	if up == nil {
		return false
	}
	for _, it := range up.Own("keepalive") {
		if it.Arg(0) != "0" {
			return true
		}
	}
	return false
}

// upstreamOf returns the upstream block that the route's proxy_pass names, or nil.
func upstreamOf(r *effective.Route) *effective.Scope {
	_, host, _ := r.Target()
	if host == "" {
		return nil
	}
	return r.Model.Upstream(host)
}

// mapBounds returns what a map goes before in the http block, the first server or the
// include that leads to one, and the last map_hash directive, after which it has to
// stand: nginx refuses that after a map ("directive is duplicate").
func mapBounds(http *effective.Scope) (server, hash *parser.Directive) {
	for _, it := range http.Items {
		switch it.Head.Value {
		case "server":
			if server == nil && it.IsBlock() {
				server = through(http, it)
			}
		case "map_hash_bucket_size", "map_hash_max_size":
			hash = through(http, it)
		}
	}
	return server, hash
}

// innerIndent returns what the lines of a block in http are indented by beyond
// the block itself: what the lines of http are beyond http.
func innerIndent(http *effective.Scope, at *parser.Directive) string {
	outer, own := indentOf(http.Block), indentOf(at)
	if unit, ok := strings.CutPrefix(own, outer); ok && unit != "" {
		return unit
	}
	for _, d := range at.Children {
		if unit, ok := strings.CutPrefix(indentOf(d), own); ok && unit != "" {
			return unit
		}
	}
	return "    "
}
