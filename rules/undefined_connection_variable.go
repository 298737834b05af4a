package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

var undefinedConnectionVariable = &Rule{
	Name:     "undefined-connection-variable",
	Category: Syntax,
	Severity: Error,
	Fixable:  "safe",
	Summary:  "Connection or Upgrade uses a variable that nothing defines",
	Doc: `$connection_upgrade is no variable of nginx's: every guide that uses it has a map
that makes it, in the http block, and nginx does not start without one ([emerg]
unknown "connection_upgrade" variable, without a file or line).

The fix adds the map once, where the http block is in the given tree. Where it is
not, or an include was not followed, the map may be in what was not read; then
this is an info.`,
	Before: `events {}
http {
    server {
        location / {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 1h;
        }
    }
}
`,
	After: `events {}
http {
    map $http_upgrade $connection_upgrade {
        default upgrade;
        ''      close;
    }

    server {
        location / {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 1h;
        }
    }
}
`,
	Links: []string{
		"https://nginx.org/en/docs/http/websocket.html",
		"https://nginx.org/en/docs/http/ngx_http_map_module.html#map",
	},
	Options: []Option{optVersion},
	Reason:  effective.UndefinedVariable,
	Check:   checkUndefinedConnectionVariable,
}

func checkUndefinedConnectionVariable(p *Pass) {
	type use struct {
		place any // the directive, or the file where the variable may be defined elsewhere
		name  string
	}
	said := map[use]bool{}
	var misplaced map[string]bool // asked for where something is not defined
	p.eachScope(func(s *effective.Scope) {
		if s.Kind != effective.Location && s.Kind != effective.Server && s.Kind != effective.HTTP {
			return
		}
		for _, it := range s.Items {
			if !it.Is("proxy_set_header") || len(it.Args) != 2 || !isUpgradeOrConnection(it.Arg(0)) {
				continue
			}
			for _, name := range effective.VariablesIn(it.Arg(1)) {
				defined, complete := p.defines(name)
				if !defined && complete {
					if misplaced == nil {
						misplaced = p.misplacedMaps()
					}
					if misplaced[name] {
						continue // misplaced-directive says so
					}
				}
				key := use{it.Directive, name}
				if !complete {
					key.place = it.File
				}
				if defined || said[key] || !complete && p.mounts.mapped(name) || p.otherSites(it, name) {
					continue
				}
				said[key] = true
				p.reportUndefined(it, name, complete)
			}
		}
	})
}

// otherSites reports whether an item stands in a site that is read as if it were enabled
// and whose variable another main configuration defines: nothing says that this one is
// to read it.
func (p *Pass) otherSites(it effective.Item, name string) bool {
	return p.Model.Config.Site != nil && p.Model.InSite(it.File, it.Via) &&
		slices.ContainsFunc(p.mounts.modelsOf(it.File), func(m *effective.Model) bool {
			defined, _ := p.mounts.defines(m, name)
			return defined
		})
}

func (p *Pass) reportUndefined(it effective.Item, name string, complete bool) {
	written := spelling(it.Arg(1), name)
	nothing := fmt.Sprintf("nothing defines $%s%s, and nginx does not start", written, p.whereUndefined(it.File, name))
	f := atItem(it, nil, p.Rule.Severity, fmt.Sprintf(
		"%s: unknown %q variable; add a map of $http_upgrade to the http block", nothing, strings.ToLower(written)))
	if !complete {
		f.Severity = min(f.Severity, Info)
		f.Message = fmt.Sprintf("nothing that is read with this file defines $%s, so that this cannot be decided; "+
			"see that the http block has a map for it", written)
	}
	f.Span, f.Routes = it.Args[1].Span, p.routesOf(it.Directive)
	if near := p.nearVariable(it.File, name); complete && near != "" {
		f.Message = fmt.Sprintf("%s without it; did you mean %s?", nothing, near)
		f.Fix = fixOf(Safe, "write "+near, p.respell(it, written, near), true)
		p.Report(f)
		return
	}
	if complete {
		f.Related = p.emptyIncludes()
		e, ok := p.addMap(written)
		f.Fix = fixOf(Safe, "add a map for $"+written, []Edit{e}, ok)
	}
	p.Report(f)
}

// emptyIncludes returns the includes by pattern of the http block that match nothing:
// nginx starts without a word of them, and what is missing may lie in such a file
// elsewhere.
func (p *Pass) emptyIncludes() []Place {
	var places []Place
	for _, s := range p.Model.HTTP {
		if s.Block == nil {
			continue
		}
		for _, d := range s.Block.Children {
			if !d.Is("include") || d.IsBlock() || !strings.ContainsAny(d.Arg(0), "*?[") {
				continue
			}
			if inc := p.Model.Config.Include(d); inc.Followed && len(inc.Files) == 0 {
				places = append(places, Place{d.File, headSpan(d), "this matches nothing here"})
			}
		}
	}
	return places
}

// whereUndefined names the main configurations that include the file and in which
// nothing defines the variable, where others that include it do.
func (p *Pass) whereUndefined(f *parser.File, name string) string {
	var without []string
	elsewhere, verb := false, " includes this file"
	for _, m := range p.mounts.modelsOf(f) {
		defined, complete := p.mounts.defines(m, name)
		switch main := m.Config.Main; {
		case defined:
			elsewhere = true
		case !complete:
		case main == nil || main == f:
			return ""
		case !slices.Contains(without, main.Name):
			without = append(without, main.Name)
		}
	}
	if !elsewhere || len(without) == 0 {
		return ""
	}
	slices.Sort(without)
	if n := len(without); n > 1 {
		verb = " include this file"
		if n > maxNamed+1 {
			without = append(without[:maxNamed], fmt.Sprintf("%d others", n-maxNamed))
		}
	}
	return " where " + listed(without) + verb
}

// spelling returns the variable name as value writes it: names compare without
// case.
func spelling(value, name string) string {
	if i := strings.Index(strings.ToLower(value), name); i >= 0 {
		return value[i : i+len(name)]
	}
	return name
}

// nearVariable returns the map's variable that says upgrade and differs from name
// by a letter or two, "" for none: $connection_upgrad. All models of f have it.
func (p *Pass) nearVariable(f *parser.File, name string) string {
	for _, have := range p.mapPlan(p.Model).existing {
		if _, common := p.commonMaps(f)[have]; !common {
			continue
		}
		if distance(strings.ToLower(have[1:]), name) <= 2 && len(name) > 5 {
			return have
		}
	}
	return ""
}

// respell returns the edit that writes the variable near in the place of the one
// that is spelt so in the item's value.
func (p *Pass) respell(it effective.Item, written, near string) []Edit {
	span := it.Args[1].Span
	i := strings.Index(it.File.Src[span.Start:span.End], written)
	if i < 0 {
		return nil
	}
	at := span.Start + i
	return []Edit{{File: it.File, Span: parser.Span{Start: at, End: at + len(written)}, New: near[1:]}}
}

// misplacedMaps returns the names, in lower case, that maps were to define which
// stand where nginx takes none.
func (p *Pass) misplacedMaps() map[string]bool {
	names := map[string]bool{}
	p.Model.EachScope(func(s *effective.Scope) {
		for i := range s.Items {
			if it := &s.Items[i]; it.Is("map") && it.IsBlock() && s.Kind != effective.HTTP {
				if name, ok := strings.CutPrefix(it.Arg(1), "$"); ok {
					names[strings.ToLower(name)] = true
				}
			}
		}
	})
	return names
}
