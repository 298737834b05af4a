package rules

import (
	"fmt"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

var droppedWebSocketHeaders = &Rule{
	Name:     "dropped-websocket-headers",
	Category: HandshakeCategory,
	Severity: Error,
	Fixable:  "safe",
	Summary:  "a location's own proxy_set_header throws away the Upgrade and Connection lines it would inherit",
	Doc: `proxy_set_header lines are inherited as a list, and only by a level that has
none of its own: one line in a location, even an unrelated X-Real-IP, throws the
whole list of the server or http block away, Upgrade and Connection with it.

The fix writes the lost Upgrade and Connection lines into the location. Other
lost lines (Host, X-Forwarded-For) are named and left alone: to bring them back
would change what ordinary requests send.`,
	Before: `server {
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;

    location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_set_header Host $host;
    }
}
`,
	After: `server {
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;

    location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_set_header Host $host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
    }
}
`,
	Links:   []string{"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header"},
	Options: []Option{optWebSocket},
	Reason:  effective.DroppedHeaders,
	Check:   checkDroppedWebSocketHeaders,
}

func checkDroppedWebSocketHeaders(p *Pass) {
	p.eachReason(func(r *effective.Route, reason *effective.Reason, sev Severity) {
		own, level := r.Scope.Effective("proxy_set_header")
		reason = lostEverywhere(r, reason)
		if level == nil || len(own) == 0 || len(reason.Items) == 0 {
			return
		}
		var outer *effective.Scope
		var all []effective.Item
		if level.Parent != nil {
			all, outer = level.Parent.Effective("proxy_set_header")
		}
		if outer == nil {
			return
		}
		names := make([]string, len(reason.Items))
		for i, it := range reason.Items {
			names[i] = it.Arg(0)
		}
		where := "here"
		says := fmt.Sprintf("loses %s: its own proxy_set_header throws away every line of %s", listed(names), levelName(outer))
		if level != target(r) {
			says = fmt.Sprintf("loses %s: proxy_set_header in %s throws away every line of %s",
				listed(names), levelName(level), levelName(outer))
			where = "there"
		}
		if others := lostHeaders(all, own); len(others) > 0 {
			says += " (" + listed(others) + " too)"
		}
		says = unless(says+"; repeat "+listed(names)+" "+where, reason)
		msg := subject(r) + " " + says
		f := atItem(own[0], r, sev, msg)
		if inc := through(level, own[0]); inc != own[0].Directive {
			// The file may be included elsewhere and do no harm there.
			f = atItem(effective.Item{Directive: inc, Via: level.Via}, r, sev, msg)
			f.Related = append(f.Related, Place{own[0].File, headSpan(own[0].Directive), "the line that is included here"})
		}
		for _, it := range reason.Items {
			f.Related = append(f.Related, Place{it.File, headSpan(it.Directive), "the line that is lost"})
		}
		f.Fix = p.restoreHeaders(r, level, reason)
		f.shared = outerLine(r, own[0], says)
		p.Report(f)
	})
}

// lostEverywhere returns the reason with the lost lines that would do wherever the
// route is reached. Where one says what a handshake needs under one condition and not
// under another, as the value of a variable that an if sets, the rule for a header that
// is missing writes a line that says it always, and two lines of a name would be sent.
func lostEverywhere(r *effective.Route, reason *effective.Reason) *effective.Reason {
	lost := *reason
	lost.Items = nil
	for _, it := range reason.Items {
		if !wrongHeader(r, it.Arg(0)) {
			lost.Items = append(lost.Items, it)
		}
	}
	return &lost
}

// restoreHeaders plans the lost lines, in their own words, at the level that
// lost them.
func (p *Pass) restoreHeaders(r *effective.Route, level *effective.Scope, reason *effective.Reason) *Fix {
	if level != target(r) && (r.Because(effective.MissingUpgrade) != nil || r.Because(effective.MissingConnection) != nil) {
		return p.restoreInLocation(r, reason)
	}
	if !p.sameOwn(level, "proxy_set_header") {
		return nil
	}
	var edits []Edit
	unsafe := false
	for _, it := range reason.Items {
		if !p.sameLoss(level, it) {
			return nil
		}
		to := headerPlace(level, r, it.Arg(0))
		value, more, polled := p.lostValue(r, it)
		unsafe = unsafe || polled
		edits = append(append(edits, more...), to.insert(besides(literals(level, "proxy_set_header"), it, value, to), rankOf(it.Arg(0))))
	}
	return handshakeFix(r, unsafe, "repeat the lost lines", edits, true)
}

// lostValue returns the source text of a lost line's value: its own words, but
// for a constant Connection where polling shares the location, which
// constant-connection-upgrade warns of. There it is a variable, or unsafe. A variable
// that nothing defines is not repeated: where all levels have lines of their own, nginx
// has never looked for it (ngx_http_proxy_init_headers).
func (p *Pass) lostValue(r *effective.Route, lost effective.Item) (value string, more []Edit, unsafe bool) {
	span := lost.Args[1].Span
	value = lost.File.Src[span.Start:span.End]
	if name := p.undefinedIn(lost, changedFor(r)); name != "" && strings.EqualFold(lost.Arg(0), "Connection") {
		if e, ok := p.addMap(name); ok && p.inFamily(changedFor(r)) {
			return value, []Edit{e}, false
		}
		value, more = p.connectionValue(r)
		return value, more, false
	}
	if !r.Polling || r.HandshakeOnly || p.Model.Outer != effective.Main ||
		!strings.EqualFold(lost.Arg(0), "Connection") || strings.Contains(lost.Arg(1), "$") {
		return value, nil, false
	}
	variable, more := p.connectionValue(r)
	if variable == literalUpgrade {
		return value, nil, true
	}
	return variable, more, false
}

// undefinedIn returns the first variable of a header line that nothing defines in a
// configuration which holds the file that the line is to be written into.
func (p *Pass) undefinedIn(line effective.Item, file *parser.File) string {
	for _, name := range effective.VariablesIn(line.Arg(1)) {
		for _, m := range p.mounts.modelsOf(file) {
			if defined, complete := p.mounts.defines(m, name); complete && !defined {
				return name
			}
		}
	}
	return ""
}

// restoreInLocation plans the lost lines in the location itself, which gets a list
// of its own all the same: the other header line is missing there.
func (p *Pass) restoreInLocation(r *effective.Route, reason *effective.Reason) *Fix {
	var edits []Edit
	unsafe := false
	for _, it := range reason.Items {
		value, more, polled := p.lostValue(r, it)
		plan, ok := p.planHeader(r, it.Arg(0), value, rankOf(it.Arg(0)))
		if !ok {
			return nil
		}
		unsafe = unsafe || plan.unsafe || polled
		edits = append(append(edits, more...), plan.edits...)
	}
	return handshakeFix(r, unsafe, "repeat the lost lines", edits, true)
}

// sameLoss reports whether the line is lost wherever the level's block is mounted.
func (p *Pass) sameLoss(level *effective.Scope, lost effective.Item) bool {
	for _, other := range p.mounts.others(level) {
		if other.Parent == nil {
			return false
		}
		items, _ := other.Parent.Effective("proxy_set_header")
		found := false
		for _, it := range items {
			found = found || it.Source() == lost.Source()
		}
		if !found {
			return false
		}
	}
	return true
}

// lostHeaders returns the names of the outer lines that own does not set,
// without Upgrade and Connection.
func lostHeaders(outer, own []effective.Item) []string {
	have := map[string]bool{}
	for _, it := range own {
		have[strings.ToLower(it.Arg(0))] = true
	}
	var lost []string
	for _, it := range outer {
		if key := strings.ToLower(it.Arg(0)); !have[key] && !isUpgradeOrConnection(key) {
			have[key] = true
			lost = append(lost, it.Arg(0))
		}
	}
	return lost
}
