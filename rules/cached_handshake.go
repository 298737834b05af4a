package rules

import (
	"fmt"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var cachedHandshake = &Rule{
	Name:     "cached-handshake",
	Category: Lifetime,
	Severity: Info,
	Fixable:  "unsafe",
	Summary:  "a handshake may be answered from the cache",
	Doc: `To the cache a handshake is a GET like any other. A 101 is not stored, but what
else the upstream says at that path is: the 400 or 426 it once gave a plain GET,
or an error page with proxy_cache_valid any. Later handshakes get that answer
from the cache and never reach the upstream, until it expires. With
proxy_cache_lock, handshakes also wait for one another.

proxy_cache_bypass $http_upgrade lets every handshake through, and
proxy_no_cache $http_upgrade keeps its answer out. Both are lists that a level
with a line of its own does not inherit: the fix repeats what was there.`,
	Before: `location /ws {
    proxy_cache app;
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;
}
`,
	After: `location /ws {
    proxy_cache app;
    proxy_cache_bypass $http_upgrade;
    proxy_no_cache $http_upgrade;
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;
}
`,
	Links: []string{
		"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_bypass",
		"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_no_cache",
	},
	Options: []Option{optWebSocket},
	Check:   checkCachedHandshake,
}

func checkCachedHandshake(p *Pass) {
	for _, r := range p.intended() {
		if r.Intent == effective.Inherited || !r.Pass.Is("proxy_pass") || r.Scope == nil {
			continue
		}
		cache, level := r.Scope.Effective("proxy_cache")
		if level == nil || cache[0].Arg(0) == "off" || p.sparesHandshake(r, "proxy_cache_bypass") {
			continue
		}
		sev, so := p.Rule.Severity, "what is stored there for a plain request is given to handshakes too"
		if valid, _ := r.Scope.Effective("proxy_cache_valid"); len(valid) > 0 {
			sev = Warning
		}
		if level.Sometimes(cache[0]) {
			sev = Info // a template has it for those who ask for it
		}
		if lock, _ := r.Scope.Effective("proxy_cache_lock"); len(lock) > 0 && strings.EqualFold(lock[0].Arg(0), "on") {
			so += ", and proxy_cache_lock makes them wait for one another"
		}
		f := at(r, cache[:1], sev, fmt.Sprintf(
			"%s answers from a cache, and %s; add proxy_cache_bypass $http_upgrade and proxy_no_cache $http_upgrade", subject(r), so),
			"the cache is set here")
		f.Fix = p.bypassCache(r)
		p.Report(f)
	}
}

// sparesHandshake reports whether a condition list of the route is met by every
// handshake.
func (p *Pass) sparesHandshake(r *effective.Route, directive string) bool {
	items, _ := r.Scope.Effective(directive)
	for _, it := range items {
		for _, a := range it.Args {
			for _, name := range effective.VariablesIn(a.Value) {
				if name == "http_upgrade" || name == "http_connection" || strings.HasPrefix(name, "http_sec_websocket") {
					return true
				}
				for _, mv := range p.Model.MapVariables() {
					if mv.Name == name {
						return true
					}
				}
			}
		}
	}
	return false
}

func (p *Pass) bypassCache(r *effective.Route) *Fix {
	s := target(r)
	if s == nil {
		return nil
	}
	var edits []Edit
	for i, name := range []string{"proxy_cache_bypass", "proxy_no_cache"} {
		if p.sparesHandshake(r, name) {
			continue
		}
		in, ok := p.inherited(s, name)
		if !ok {
			return nil
		}
		to := passPlace(s, r)
		if d := lastLiteral(s, "proxy_cache"); d != nil {
			to = place{at: d}
		}
		if d := lastLiteral(s, name); d != nil {
			to = place{at: d}
		}
		rank := rankPass + 10*i
		for _, e := range p.repeat(in, name, to, func(string) bool { return false }) {
			e.Rank = rank
			edits = append(edits, e)
			rank++
		}
		edits = append(edits, to.insert(name+" $http_upgrade;", rank))
	}
	return fixOf(Unsafe, "let handshakes pass the cache by", edits, true)
}
