package effective

import "strings"

// sameAnswer reports whether two ways of one request end alike for the client.
func (o *outcome) sameAnswer(other *outcome) bool {
	return o.end == other.end && o.location == other.location && o.status == other.status && o.target == other.target
}

// tornLine makes t broken where proxy_pass with variables holds a blank or a
// control character: nginx writes the evaluated URI into the request line as it
// is, and the decoded $uri of /a%20b tears it (ngx_http_proxy_create_request).
func (m *Model) tornLine(t *Trace, o *outcome) {
	if t.Outcome != OutcomeWorks || protocol(o.pass) != "proxy" || !strings.Contains(o.pass.Arg(0), "$") {
		return
	}
	v := m.eval(o.pass.Arg(0), o.q)
	if !v.known || !strings.ContainsFunc(v.text, func(r rune) bool { return r <= ' ' }) {
		return
	}
	t.Outcome, t.Route.Verdict = OutcomeBroken, Broken
	t.Why = "nginx writes the decoded path of this URL into the upstream's request line (" + place(o.pass) + "), and with a blank in it that is answered 400; $request_uri is sent as the client wrote it"
}

// leftUnjudged notes what may refuse a request in the location that try_files
// leads away from: nginx asks it first (NGX_HTTP_ACCESS_PHASE).
func (w *walk) leftUnjudged(s *Scope) {
	for _, name := range w.m.unjudgedUsed {
		if name == "internal" || strings.HasPrefix(name, "header_filter") {
			continue
		}
		if items, _ := s.Effective(name); len(items) > 0 && items[0].Arg(0) != "off" {
			w.notes.add(name + " is not judged (" + place(items[0]) + ")")
		}
	}
}
