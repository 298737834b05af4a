package effective

import (
	"fmt"
	"strconv"
	"strings"
)

// content runs the phases after rewrite: access in limit_except, try_files, and
// the content handler.
func (w *walk) content(st state) {
	if st.conf.Kind == LimitExcept {
		if deny := denies(st.conf); deny.Directive != nil {
			w.special(outcome{end: answered, status: 403, item: deny}, st)
			return
		}
	}
	// try_files is not inherited into an if or limit_except
	// (ngx_http_try_files_module has no merge function).
	if tf := st.conf.Last("try_files"); tf.Directive != nil && len(tf.Args) > 0 && st.conf == st.location && tf.armIn(st.conf) == nil {
		w.tryFiles(tf, st)
		return
	}
	if own := st.location.ownAnswer(); own.Directive != nil && (st.handler.Directive == nil || st.handler == st.location.ownPass()) {
		w.finish(outcome{end: static, item: own}, st)
		return
	}
	if st.handler.Directive == nil {
		w.special(outcome{end: static, status: 404}, st)
		return
	}
	pass := st.handler
	if st.conf != st.location {
		// The configuration of an if or limit_except: its own pass, or
		// the location's (clcf->noname in ngx_http_proxy_merge_loc_conf).
		name := st.handler.Head.Value
		if pass = st.conf.Last(name); pass.Directive == nil {
			pass = st.location.Last(name)
		}
		if pass.Directive == nil {
			w.special(outcome{end: answered, status: 500, item: Item{Directive: st.conf.Block, Via: st.conf.Via, Scope: st.conf},
				why: "no upstream configuration"}, st)
			return
		}
	}
	st.q.scripted = st.q.scripted || w.m.runsScript(st.conf)
	if status, kind := w.m.refusesTarget(st.conf, pass, st.q); status != 0 && !(kind == MissingResolver && w.m.mayResolve(st.conf)) {
		w.special(outcome{end: proxied, pass: pass, status: status}, st)
		return
	}
	w.finish(outcome{end: proxied, pass: pass}, st)
}

// tryFiles follows the fallback of try_files; a WebSocket path names no file
// (ngx_http_try_files_handler).
func (w *walk) tryFiles(tf Item, st state) {
	if st.q.traced {
		w.leftUnjudged(st.conf)
	}
	last := tf.Args[len(tf.Args)-1].Value
	for _, a := range tf.Args[:len(tf.Args)-1] {
		// "$uri/" of the path "/" names the folder of root or alias itself.
		if !st.q.traced || !strings.HasSuffix(a.Value, "/") {
			continue
		}
		if v := w.m.eval(a.Value, st.q); v.known && strings.Trim(v.text, "/") == "" {
			w.finish(outcome{end: lost, item: tf, why: fmt.Sprintf("whether the folder that %s of try_files names (%s) is there: nginx serves it, and goes on to %s only without it", a.Value, place(tf), last)}, st)
			return
		}
	}
	if strings.HasPrefix(last, "=") {
		status, _ := strconv.Atoi(last[1:])
		w.special(outcome{end: answered, status: status, item: tf}, st)
		return
	}
	w.jump(last, tf, st)
}

// runsScript reports whether Lua runs for requests in s before they are passed
// on: it may give any variable that set defines another value (ngx.var.NAME,
// ngx_http_lua_var_set).
func (m *Model) runsScript(s *Scope) bool {
	for _, name := range m.scriptsUsed {
		if _, level := s.effectiveOne(name); level != nil {
			return true
		}
	}
	return false
}

// scripts are the directives whose Lua runs before the content phase.
var scripts = [...]string{
	"server_rewrite_by_lua_block", "server_rewrite_by_lua_file", "rewrite_by_lua", "rewrite_by_lua_block", "rewrite_by_lua_file",
	"access_by_lua", "access_by_lua_block", "access_by_lua_file", "precontent_by_lua_block", "precontent_by_lua_file",
}
