package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var duplicateHeader = &Rule{
	Name:     "duplicate-header",
	Category: HTTP,
	Severity: Warning,
	Fixable:  "safe",
	Summary:  "the same request header is set twice at one level",
	Doc: `Two proxy_set_header lines for one name do not replace one another: nginx sends
both. Backends read the first, the last or a list of both. Two Host lines are
answered 400 by most (RFC 9112, 3.2): an error in a location for WebSocket.

From 1.31.4 on nginx sends the last Host line alone, and such lines are not
reported.

A name written with a colon ("Host:") is another name: nginx sends "Host:: …",
and its own Host line beside it.

A line with an empty value is not sent, and two such lines do no harm.`,
	Before: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_set_header Host $host;
    proxy_set_header host $host;
    proxy_read_timeout 1h;
}
`,
	After: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_set_header Host $host;
    proxy_read_timeout 1h;
}
`,
	Links:  []string{"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header"},
	Reason: effective.DuplicateHost,
	Check:  checkDuplicateHeader,
}

func checkDuplicateHeader(p *Pass) {
	sent := map[string][]effective.Item{} // the lines of a level that send something, by name
	var names []string
	p.eachScope(func(s *effective.Scope) {
		if s.Kind != effective.Location && s.Kind != effective.Server && s.Kind != effective.HTTP {
			return
		}
		if len(sent) > manyNames { // clearing it would take as long as filling it, for every level
			sent = map[string][]effective.Item{}
		}
		clear(sent)
		names = names[:0]
		for _, it := range s.Items {
			if !it.Is("proxy_set_header") || len(it.Args) != 2 || it.Arg(1) == "" {
				continue
			}
			p.checkColon(it)
			name := strings.ToLower(it.Arg(0))
			if name == "host" && !p.Model.Version.Before(1, 31, 4) {
				continue // the last one is sent, and no other
			}
			if len(sent[name]) == 1 {
				names = append(names, name)
			}
			sent[name] = append(sent[name], it)
		}
		for _, name := range names {
			p.checkSame(s, sent[name])
		}
	})
}

// manyNames is from how many names of headers on the map of a level is not kept.
const manyNames = 64

// checkSame reports every line of one header that stands with another one before
// it.
func (p *Pass) checkSame(s *effective.Scope, lines []effective.Item) {
	one := alike(lines)
	var arms [][]effective.Item // those that a template has together
	for _, it := range lines {
		i := slices.IndexFunc(arms, func(arm []effective.Item) bool { return s.SameArm(arm[0], it) })
		if i < 0 {
			arms = append(arms, []effective.Item{it})
			continue
		}
		p.reportDuplicate(s, arms[i], it, one)
		arms[i] = append(arms[i], it)
	}
}

// alike reports whether all lines of a header that are sent have one value.
func alike(lines []effective.Item) bool {
	return !slices.ContainsFunc(lines, func(it effective.Item) bool { return it.Arg(1) != lines[0].Arg(1) })
}

// duplicateSeverity returns the severity of two lines for one header: two Host
// lines break a handshake.
func (p *Pass) duplicateSeverity(routes []*effective.Route, header string) Severity {
	for _, r := range routes {
		if r.Because(effective.DuplicateHost) != nil && r.Intent == effective.Declared && strings.EqualFold(header, "Host") {
			return Error
		}
	}
	return p.Rule.Severity
}

func (p *Pass) reportDuplicate(s *effective.Scope, before []effective.Item, second effective.Item, alike bool) {
	first := before[0]
	sev := p.duplicateSeverity(p.routesOf(second.Directive), second.Arg(0))
	same := first.Arg(1) == second.Arg(1)
	remedy := "keep one of them"
	if same {
		remedy = "remove one"
	}
	so := ""
	if strings.EqualFold(second.Arg(0), "Host") {
		so = ", which most answer with 400"
	}
	f := atItem(second, nil, sev, fmt.Sprintf(
		"%q is set twice in this block, and the upstream gets both lines%s; %s", second.Arg(0), so, remedy))
	f.Routes = p.routesOf(second.Directive)
	f.Related = []Place{{first.File, headSpan(first.Directive), "the other line"}}
	// Where a third line of that name says something else, one less does not
	// settle which of them counts.
	if same && p.sameOwn(s, "proxy_set_header") && alike {
		f.Fix = fixOf(Safe, "remove one of the two lines", p.leaveOne(s, before, second), true)
	}
	p.Report(f)
}

// leaveOne plans the edits that leave one of several identical lines: the second one
// goes, or, where that is other blocks' too or has a comment behind it that the first
// has not, all before it.
func (p *Pass) leaveOne(s *effective.Scope, before []effective.Item, second effective.Item) []Edit {
	own := func(it effective.Item) bool { return literal(s, it) || p.mounts.once(it.File) }
	if own(second) && (len(before) > 1 || !own(before[0]) || !remarked(second) || remarked(before[0])) {
		return []Edit{removeLine(second.Directive)}
	}
	var edits []Edit
	for _, it := range before {
		if !own(it) {
			return nil
		}
		edits = append(edits, removeLine(it.Directive))
	}
	return edits
}

// remarked reports whether a comment stands behind a directive on its line.
func remarked(it effective.Item) bool {
	rest := it.File.Src[it.Span.End:it.File.LineEnd(it.Span.End)]
	return strings.HasPrefix(strings.TrimLeft(rest, " \t"), "#")
}
