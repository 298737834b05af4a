package effective

import "strings"

// rewriteURI runs one rewrite directive (ngx_http_script_regex_start_code).
func (w *walk) rewriteURI(c *code, st *state) *outcome {
	groups, matched, ok := []string(nil), false, false
	if st.q.uri.known {
		groups, matched, ok = c.re.match(st.q.uri.text)
	} else if all := c.re.matchesAll(); all {
		matched, ok = true, true
	}
	if !ok || !matched {
		if c.item.Arg(2) == "break" && !st.q.traced && (st.q.sampled || !st.q.uri.known) && w.forks() > 0 && c.re.couldMatch(st.location) {
			other := *st // another path of the location would match, and stay
			other.q = st.q.fork()
			other.q.uri, other.q.groups, other.q.rewritten = unknownVal, nil, true
			other.changed, other.internal, other.pc = false, true, len(st.codes)
			w.pending = append(w.pending, other)
		}
		if ok {
			st.q.groups = []string{}
		}
		return nil
	}
	if groups != nil {
		st.q.capture(groups, c.re)
	} else {
		st.q.groups = nil
	}
	status, target := c.redirect()
	if status != 0 {
		written := strings.Contains(target, "?") // regex->args: a captured one does not count
		if v := w.replacement(strings.TrimSuffix(target, "?"), st.q, true); v.known {
			target = v.text
			if !strings.HasSuffix(c.item.Arg(1), "?") && st.q.args.known && st.q.args.text != "" {
				sep := "?"
				if written {
					sep = "&"
				}
				target += sep + st.q.args.text
			}
		}
		return &outcome{end: redirected, item: c.item, status: status, target: target}
	}
	// Only a '?' that is written parts the arguments off, none of a capture's.
	before, after, has := strings.Cut(strings.TrimSuffix(target, "?"), "?")
	uri := w.replacement(before, st.q, false)
	if uri == emptyVal {
		return &outcome{end: answered, item: c.item, status: 500, why: "the rewritten path is empty"}
	}
	switch keeps := !strings.HasSuffix(target, "?"); {
	case has:
		args := w.replacement("?"+after, st.q, false)
		args.text = strings.TrimPrefix(args.text, "?")
		if keeps && !st.q.args.known {
			args = unknownVal
		} else if keeps && args.known && st.q.args.text != "" {
			args.text += "&" + st.q.args.text
		}
		st.q.args = args
	case !keeps:
		st.q.args = emptyVal
	}
	if !uri.known {
		uri = unknownVal
	}
	st.q.uri = uri
	st.q.sampled = st.q.sampled && strings.Contains(target, "$")
	st.internal, st.by = true, c.item
	switch c.item.Arg(2) {
	case "break":
		st.changed, st.q.rewritten = false, true
		st.pc = len(st.codes)
	case "last":
		st.changed = true
		st.pc = len(st.codes)
	default:
		st.changed = true
	}
	return nil
}

// replacement evaluates what a rewrite puts in the place of the path. Captures
// are escaped in its arguments, and everywhere in a redirect, if the request's
// path was (ngx_http_script_copy_capture_code); of these escapes a redirect
// keeps those that it cannot do without (ngx_http_script_regex_end_code).
func (w *walk) replacement(expr string, q *request, redirect bool) val {
	if !q.escaped || !strings.Contains(expr, "$") {
		return w.m.eval(expr, q)
	}
	ps, ok := parts(expr)
	if !ok {
		return unknownVal
	}
	var b strings.Builder
	args := false
	for _, p := range ps {
		v := text(p.literal)
		switch {
		case p.variable != "":
			v = w.m.variable(p.variable, q, 0)
		case p.capture > 0:
			v = q.group(p.capture)
		default:
			args = args || strings.Contains(p.literal, "?")
		}
		switch {
		case !v.known:
			return unknownVal
		case p.capture > 0 && args:
			b.WriteString(escape(v.text, " \"#%&+;<>?\\^`{|}"))
		case p.capture > 0 && redirect:
			b.WriteString(escape(v.text, " \"#%"))
		default:
			b.WriteString(v.text)
		}
	}
	return text(b.String())
}

// couldMatch reports whether the pattern may match a path of the location: false
// where it begins with "^" and letters that no such path begins with.
func (p *pattern) couldMatch(loc *Scope) bool {
	literal, anchored := p.anchored()
	if !anchored || loc == nil {
		return true
	}
	modifier, match := loc.ModifierAndMatch()
	if strings.HasPrefix(modifier, "~") || strings.HasPrefix(match, "@") {
		return true
	}
	return strings.HasPrefix(literal, match) || strings.HasPrefix(match, literal)
}
