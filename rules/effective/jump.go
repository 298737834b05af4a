package effective

import (
	"fmt"
	"strconv"
	"strings"
)

// answer ends a request as a directive of the rewrite module says. What return
// sends with a text of its own, or below 400, passes error_page by
// (ngx_http_script_return_code, ngx_http_send_response).
func (w *walk) answer(o outcome, st state) {
	text := o.item.Directive != nil && o.item.Is("return") && (len(o.item.Args) > 1 || o.status < 400)
	if o.end == answered && (text || o.status == 444) {
		w.finish(o, st)
		return
	}
	w.special(o, st)
}

// special follows an answer that nginx makes by itself: error_page may send the
// request elsewhere (ngx_http_special_response_handler).
func (w *walk) special(o outcome, st state) {
	st.err, st.errItem = o.status, Item{}
	if st.paged || st.cycles > maxCycles {
		w.finish(o, st)
		return
	}
	pages, _ := st.conf.Effective("error_page")
	if len(pages) == 0 {
		w.finish(o, st)
		return
	}
	if recursive, _ := st.conf.Effective("recursive_error_pages"); len(recursive) == 0 || !strings.EqualFold(recursive[0].Arg(0), "on") {
		st.paged = true
	}
	for _, it := range pages {
		if to, overwrite, ok := errorPage(it, o.status); ok {
			// "/" names the folder of root itself, and nginx has no 404 for a folder
			// that is there (ngx_http_index_handler).
			if o.end == static && st.q.traced && st.q.uri.known && st.q.uri.text == "/" && strings.HasPrefix(to, "@") {
				w.finish(outcome{end: lost, item: it, why: fmt.Sprintf(
					"whether the folder that / names is there: nginx serves it, and error_page (%s) leads on to %s only without it", place(it), to)}, st)
				return
			}
			w.toPage(it, to, overwrite, st)
			return
		}
	}
	w.finish(o, st)
}

// errorPage reads an error_page directive: where it sends a request that ends in
// status, and what takes the place of the status, -1 for nothing
// (ngx_http_core_error_page).
func errorPage(it Item, status int) (to string, overwrite int, ok bool) {
	n := len(it.Args) - 1
	if n < 1 {
		return "", 0, false
	}
	to, overwrite = it.Arg(n), -1
	if with, has := strings.CutPrefix(it.Arg(n-1), "="); has {
		n--
		overwrite, _ = strconv.Atoi(with) // "=" alone takes the answer of the page
	}
	for i := range n {
		if it.Arg(i) == strconv.Itoa(status) {
			return to, overwrite, true
		}
	}
	return "", 0, false
}

// toPage sends the request to an error page (ngx_http_send_error_page).
func (w *walk) toPage(it Item, to string, overwrite int, st state) {
	if overwrite >= 0 {
		st.err = overwrite
	}
	st.errItem = it
	v := w.m.eval(to, st.q)
	switch {
	case !v.known:
		w.finish(outcome{end: lost, item: it, why: "where error_page leads"}, st)
		return
	case strings.HasPrefix(v.text, "/"), strings.HasPrefix(v.text, "@"):
		w.jump(to, it, st)
		return
	}
	status := 302
	if statusEnd(overwrite) == redirected {
		status = overwrite
	}
	w.finish(outcome{end: redirected, item: it, status: status, target: v.text}, st)
}

// jump goes to a named location, or to a path as a request inside nginx
// (ngx_http_named_location, ngx_http_internal_redirect).
func (w *walk) jump(to string, by Item, st state) {
	st.by = by
	if st.cycles++; st.cycles > maxCycles {
		w.special(outcome{end: answered, status: 500, item: by, why: "jumps go round in a circle"}, st)
		return
	}
	if strings.HasPrefix(to, "@") {
		w.left(st.location, by.Head.Value+" leads on to "+to)
		w.named(to, by, st)
		return
	}
	v := w.m.eval(to, st.q)
	if v.known {
		w.left(st.location, by.Head.Value+" leads on to "+v.text)
	}
	if !v.known || w.server == nil {
		w.finish(outcome{end: lost, item: by, why: "where " + to + " leads"}, st)
		return
	}
	path, args, _ := strings.Cut(v.text, "?")
	st.q.uri, st.q.args = text(path), text(args)
	st.q.sampled = st.q.sampled && strings.Contains(to, "$")
	st.internal, st.changed, st.q.rewritten = true, false, false
	st.location, st.conf, st.handler = nil, w.server, Item{}
	st.codes, st.pc = w.m.codesOf(w.server), 0
	w.run(st)
}

// jumps are the directives of a server that may lead to a named location.
type jumps struct {
	to    map[string][]Item // by the name
	known bool              // false where there may be others
}

// decideNamed makes a named location broken that nothing but error_page leads to,
// each time with a status that takes the place of the upstream's 101.
func (m *Model) decideNamed(r *Route) {
	match := matchOf(r.Location)
	if r.Verdict == Unknown || r.Because(UnreachableProxy) != nil || !strings.HasPrefix(match, "@") || r.Server == nil || r.Server.Scope.gap(nil, true) != nil {
		return
	}
	server := r.Server.Scope
	j, ok := m.jumps[server]
	if !ok {
		j = newJumps(server)
		m.jumps[server] = j
	}
	if !j.known {
		return
	}
	var over []Item
	for _, it := range j.to[match] {
		with := it.Arg(len(it.Args) - 2)
		if !it.Is("error_page") || with == "=" || with == "=101" || with == "=0" {
			return
		}
		over = append(over, it)
	}
	if len(over) > 0 {
		r.Verdict = Broken
		r.Reasons = append(r.Reasons, Reason{Kind: UnreachableProxy, Items: over[:1]})
	}
}

func newJumps(server *Scope) jumps {
	list, known := callersBelow(server)
	if server.Parent != nil && server.first("error_page") == nil { // a level's own ones are all that it has
		list = append(list, server.Parent.Own("error_page")...)
	}
	j := jumps{map[string][]Item{}, known}
	for _, it := range list {
		to := it.Arg(len(it.Args) - 1)
		if !strings.HasPrefix(to, "@") {
			continue
		}
		if strings.Contains(to, "$") {
			j.known = false
		}
		j.to[to] = append(j.to[to], it)
	}
	return j
}

// callersBelow returns the directives below s that may lead to a named location;
// known is false where there may be others.
func callersBelow(s *Scope) (list []Item, known bool) {
	known = !s.Partial
	for i := range s.Items {
		it := s.Items[i]
		switch it.Head.Value {
		case "error_page", "try_files", "echo_exec":
			list = append(list, it)
		default:
			if strings.Contains(it.Head.Value, "_by_lua") || it.Is("js_content") || it.Is("perl") {
				known = false
			}
		}
		if it.Scope != nil {
			in, all := callersBelow(it.Scope)
			list, known = append(list, in...), known && all
		}
	}
	return list, known
}

// carried reports whether a request that is judged for a location in general may
// bring the variable along: another location assigns it and leads there.
func (m *Model) carried(q *request, name string) bool {
	if q.traced || q.server == nil {
		return false
	}
	for _, loc := range m.leavingSetters(q.server.Scope, name) {
		q.apart = true
		if loc != q.at && m.leads(q.server.Scope, loc, q.at, map[*Scope]bool{}) {
			return true
		}
	}
	return false
}

// settersIn returns the locations of a server that assign variables, by name.
func (m *Model) settersIn(server *Scope) map[string][]*Scope {
	if len(m.vars.set) == 0 {
		return nil
	}
	by := m.setters[server]
	if by == nil {
		by = make(map[string][]*Scope)
		m.collectSetters(server, by)
		if m.setters == nil {
			m.setters = make(map[*Scope]map[string][]*Scope)
		}
		m.setters[server] = by
	}
	return by
}

// leavingSetters returns the locations of a server that assign the variable and
// lead to any other.
func (m *Model) leavingSetters(server *Scope, name string) []*Scope {
	setters := m.settersIn(server)[name]
	if len(setters) == 0 {
		return nil
	}
	key := setterKey{server, name}
	leaving, known := m.leaving[key]
	if !known {
		for _, loc := range setters {
			if m.leads(server, loc, nil, map[*Scope]bool{}) {
				leaving = append(leaving, loc)
			}
		}
		m.leaving[key] = leaving
	}
	return leaving
}

// setterKey is a variable in a server.
type setterKey struct {
	server *Scope
	name   string
}

// leads reports whether a request that is in from may come to the location to,
// any location where to is nil, without a client's doing: by a rewrite, try_files
// or an error_page.
func (m *Model) leads(server, from, to *Scope, been map[*Scope]bool) bool {
	been[from] = true
	var targets []string
	for _, c := range m.codesOf(from) {
		if c.op != opRewrite || c.item.Arg(2) == "break" {
			continue
		}
		if status, _ := c.redirect(); status == 0 {
			targets = append(targets, "/")
		}
	}
	if tf := from.Last("try_files"); tf.Directive != nil {
		targets = append(targets, tf.Arg(len(tf.Args)-1))
	}
	pages, _ := from.Effective("error_page")
	for i := range from.Items {
		if s := from.Items[i].Scope; s != nil && s.Kind == If {
			pages = append(pages[:len(pages):len(pages)], s.Own("error_page")...)
		}
	}
	for _, it := range pages {
		targets = append(targets, it.Arg(len(it.Args)-1))
	}
	for _, t := range targets {
		if !strings.HasPrefix(t, "@") {
			if !strings.HasPrefix(t, "=") {
				return true // a path: any location, and those it leads to
			}
			continue
		}
		loc := m.locationsOf(server).named[t]
		if loc == nil {
			continue
		}
		if to == nil || loc.scope == to || !been[loc.scope] && m.leads(server, loc.scope, to, been) {
			return true
		}
	}
	return false
}

// collectSetters notes which locations below s assign which variables.
func (m *Model) collectSetters(s *Scope, by map[string][]*Scope) {
	for i := range s.Items {
		loc := s.Items[i].Scope
		if loc == nil || loc.Kind != Location {
			continue
		}
		for _, c := range m.codesOf(loc) {
			if c.op == opSet {
				by[c.name] = append(by[c.name], loc)
			}
		}
		m.collectSetters(loc, by)
	}
}

// named goes to a location of the server by its name.
func (w *walk) named(to string, by Item, st state) {
	if w.server != nil {
		if loc := w.m.locationsOf(w.server).named[to]; loc != nil {
			st.internal = true
			w.enter(&st, loc.scope)
			w.run(st)
			return
		}
	}
	if w.server == nil || w.server.Partial {
		w.finish(outcome{end: lost, why: "where " + to + " leads"}, st)
		return
	}
	w.special(outcome{end: answered, status: 500, item: by, why: "no location " + to}, st)
}
