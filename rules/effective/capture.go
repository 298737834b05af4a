package effective

import (
	"slices"
	"strings"
)

// lengths evaluates the lines where one uses a capture: nginx works out the lengths of
// all before it writes the first (ngx_http_proxy_create_request), and the pattern of a
// map then was the last that matched.
func (m *Model) lengths(r *Route, lines []line, ends [requests][]outcome) {
	if !anyCapture(lines) {
		return
	}
	for _, all := range ends {
		for i := range all {
			if o := &all[i]; o.end == proxied && o.pass.Directive == r.Pass.Directive && !o.q.shared {
				o.q.pass = o.pass
				measured, written := 0, 0
				for _, sum := range []*int{&measured, &written} {
					for _, l := range lines {
						*sum += len(m.evaluate(m.expression(l.expr), o.q, 0).text) // not eval, which knows what a pattern gives and does not try it
					}
				}
				o.fits = measured >= written
			}
		}
	}
}

// usesCapture reports whether a capture of a pattern, $1, stands in an expression
// (ngx_http_script_compile).
func usesCapture(expr string) bool {
	for {
		_, rest, ok := strings.Cut(expr, "$")
		if !ok {
			return false
		}
		if rest != "" && '1' <= rest[0] && rest[0] <= '9' {
			return true
		}
		expr = rest
	}
}

func anyCapture(lines []line) bool {
	for i := range lines {
		if usesCapture(lines[i].expr) {
			return true
		}
	}
	return false
}

// SendsCapture reports whether a header line of the route uses a capture of a pattern,
// which the patterns of a map in another line take the place of: see TriesPatterns.
func (r *Route) SendsCapture() bool {
	items, _ := r.Scope.Effective("proxy_set_header")
	return slices.ContainsFunc(items, func(it Item) bool { return usesCapture(it.Arg(1)) })
}

// TriesPatterns reports whether the variable, named without $, is that of a map with
// regular expressions.
func (m *Model) TriesPatterns(name string) bool {
	mp := m.vars.maps[strings.ToLower(name)]
	return mp != nil && len(mp.regex) > 0
}

// crowded returns the map in whose patterns stand groups that take the place of those that
// another header line uses: nginx has measured that line before, and answers 500 where it
// is too long then ("no buffer space in script copy"). It is "" for none.
func (m *Model) crowded(lines []line) string {
	if !anyCapture(lines) {
		return ""
	}
	for _, l := range lines {
		for _, name := range VariablesIn(l.expr) {
			mp := m.vars.maps[strings.ToLower(name)]
			if mp != nil && slices.ContainsFunc(mp.regex, func(e mapEntry) bool { return len(e.re.names) > 1 }) {
				return name
			}
		}
	}
	return ""
}
