package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
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

With proxy_buffering off nginx stores no response, unless it carries
X-Accel-Buffering: yes, which is taken for unlikely: such a location is left
alone. What is still kept is its own 502 and 504 (proxy_cache_valid any) and what
proxy_intercept_errors takes from the upstream.

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
		lock, _ := r.Scope.Effective("proxy_cache_lock")
		locked := len(lock) > 0 && strings.EqualFold(lock[0].Arg(0), "on")
		stored := storesResponses(r) || storesErrors(r)
		if !stored && !locked {
			continue
		}
		sev, does := p.Rule.Severity, "answers from a cache, and what is stored there for a plain request is given to handshakes too"
		if valid, _ := r.Scope.Effective("proxy_cache_valid"); len(valid) > 0 {
			sev = Warning
		}
		if level.Sometimes(cache[0]) {
			sev = Info // a template has it for those who ask for it
		}
		switch {
		case !stored:
			sev, does = Info, "stores nothing in its cache, and proxy_cache_lock makes handshakes wait for one another all the same"
		case locked:
			does += ", and proxy_cache_lock makes them wait for one another"
		}
		f := at(r, cache[:1], sev, fmt.Sprintf(
			"%s %s; add proxy_cache_bypass $http_upgrade and proxy_no_cache $http_upgrade", subject(r), does),
			"the cache is set here")
		f.Fix = p.bypassCache(r)
		p.Report(f)
	}
}

// storesResponses reports whether nginx stores what the upstream of r answers: it does
// not without buffering (ngx_http_upstream_send_response frees the cache then), which
// X-Accel-Buffering of a response could turn on (ngx_http_upstream_process_buffering).
func storesResponses(r *effective.Route) bool {
	off, level := r.Scope.Effective("proxy_buffering")
	return level == nil || !strings.EqualFold(off[0].Arg(0), "off") || level.Sometimes(off[0])
}

// storesErrors reports whether nginx keeps errors of r in the cache's zone, buffering
// or not: 502 and 504 for as long as proxy_cache_valid says of them
// (ngx_http_upstream_finalize_request), and answers that an error_page stands in for
// (ngx_http_upstream_intercept_errors).
func storesErrors(r *effective.Route) bool {
	if on, _ := r.Scope.Effective("proxy_intercept_errors"); len(on) > 0 && strings.EqualFold(on[0].Arg(0), "on") {
		return true
	}
	valid, _ := r.Scope.Effective("proxy_cache_valid")
	return slices.ContainsFunc(valid, func(it effective.Item) bool {
		return slices.ContainsFunc(it.Args, func(a parser.Word) bool {
			return a.Value == "any" || a.Value == "502" || a.Value == "504"
		})
	})
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
