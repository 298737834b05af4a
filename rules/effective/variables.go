package effective

import (
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

// variables are everything in a Model that defines a variable.
type variables struct {
	maps    map[string]*mapping // map, by variable name; the one parsed last wins
	order   []*mapping          // every map, in nginx's order
	set     map[string]bool     // assigned by set somewhere
	given   map[string]bool     // assigned by a module besides, while a request runs: set_by_lua, auth_request_set
	other   map[string]bool     // geo, split_clients, auth_request_set, named captures, modules
	made    map[string]bool     // those of other that are more than the name of a capture
	partial bool                // something that could define one was not read
}

// definers are directives whose argument at the given index names a variable
// that they define.
var definers = map[string]int{
	"set": 0, "auth_request_set": 0, "js_set": 0, "perl_set": 0, "js_var": 0,
	"set_by_lua": 0, "set_by_lua_block": 0, "set_by_lua_file": 0, "set_real_ip_header": -1,
	"set_if_empty": 0, "set_escape_uri": 0, "set_unescape_uri": 0, "set_hashed_upstream": 0,
	"set_quote_sql_str": 0, "set_base32": 0, "set_md5": 0, "set_sha1": 0, "set_random": 0,
	"set_secure_random_alphanum": 0, "set_rotate": 0, "set_local_today": 0, "set_hmac_sha1": 0,
	"set_misc_base32_padding": -1, "set_decode_base64": 0, "set_encode_base64": 0, "set_formatted_gmt_time": 0,
	"array_split": 1, "array_join": 1, "array_map": 1, "rds_json_ret": -1, "eval": 0,
	"redis2_query": -1, "auth_jwt_claim_set": 0, "auth_jwt_header_set": 0, "keyval": 1,
	"limit_req_set": 0, "opentracing_propagate_context": -1, "userid": -1, "memc_key": -1,
	"lua_set": 0, "geoip2_var": 0, "secure_token": -1, "ndk_upstream_list": -1, "var": 0,
	"postgres_set": 0, "srcache_store_statuses": -1, "encrypted_session_key": -1, "set_encrypt_session": 0,
	"set_decrypt_session": 0, "uploadprogress": -1, "session_log_zone": -1, "otel_span_attr": -1,
}

// findVariables collects every definition in the model.
func (m *Model) findVariables() {
	v := &variables{maps: map[string]*mapping{}, set: map[string]bool{}, given: map[string]bool{}, other: map[string]bool{}, made: map[string]bool{}}
	m.vars = v
	v.partial = m.Outer != Main
	m.EachScope(func(s *Scope) {
		if s.Partial {
			v.partial = true
		}
		if s.Kind == Stream || s.Parent != nil && s.Parent.Kind == Stream {
			return
		}
		if s.Kind == Map {
			v.block(s)
			return
		}
		for i := range s.Items {
			v.directive(s.Items[i].Directive)
		}
		if s.Block != nil {
			v.directive(s.Block)
		}
		if s.Block != nil && s.Kind == Other && strings.Contains(s.Block.Head.Value, "geoip2") {
			for _, it := range s.Items {
				if name, ok := variableName(it.Head.Value); ok {
					v.other[name], v.made[name] = true, true
				}
			}
		}
	})
}

// block takes in a map, geo or split_clients block.
func (v *variables) block(s *Scope) {
	args := s.Block.Args
	if len(args) == 0 {
		return
	}
	name, ok := variableName(args[len(args)-1].Value)
	if !ok {
		return
	}
	if !s.Block.Is("map") {
		v.other[name], v.made[name] = true, true
		delete(v.maps, name) // the last definition counts
		return
	}
	mp := newMapping(s, name)
	v.maps[name] = mp
	v.order = append(v.order, mp)
	for _, n := range mp.captures {
		v.other[n] = true
	}
}

func (v *variables) directive(d *parser.Directive) {
	name := d.Head.Value
	if at, ok := definers[name]; ok && at >= 0 {
		if n, ok := variableName(d.Arg(at)); ok {
			if name == "set" {
				v.set[n] = true
			} else {
				v.given[n], v.other[n], v.made[n] = true, true, true
			}
		}
		return
	}
	switch name {
	case "server_name", "location", "rewrite", "if":
		for _, a := range d.Args {
			if strings.Contains(a.Value, "(?") {
				for _, n := range captureNames(a.Value) {
					v.other[n] = true
				}
			}
		}
	}
}

// variableName returns the name in "$name" or "${name}", in lower case.
func variableName(s string) (string, bool) {
	if len(s) < 2 || s[0] != '$' {
		return "", false
	}
	return strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(s[1:], "{"), "}")), true
}

// captureNames returns the names of the named groups of a pattern, which nginx
// makes variables (ngx_http_regex_compile).
func captureNames(pattern string) []string {
	var names []string
	for rest := pattern; ; {
		i := strings.Index(rest, "(?")
		if i < 0 {
			return names
		}
		rest = rest[i+2:]
		body := strings.TrimPrefix(rest, "P")
		if body == "" || body[0] != '<' && body[0] != '\'' {
			continue
		}
		if end := strings.IndexAny(body[1:], ">'"); end > 0 && isVariableByte(body[1]) {
			names = append(names, strings.ToLower(body[1:1+end]))
		}
	}
}

// DefinesVariable reports whether anything in the configuration defines the
// variable, named without $, and whether all that could define it was read.
// nginx's own variables count as defined. Of files that cannot be read to their end
// nobody knows which blocks they hold.
func (m *Model) DefinesVariable(name string) (defined, complete bool) {
	name = strings.ToLower(name)
	v := m.vars
	return v.maps[name] != nil || v.set[name] || v.other[name] || builtin(name), !v.partial && !m.garbled
}

// FilledIn reports whether a word has variables, all of them written in capitals, as
// envsubst's are, and defined by nothing: nginx would not start with such a word, so
// something fills it in before.
func (m *Model) FilledIn(word string) bool {
	if !parser.OnlyCapitals(word) {
		return false
	}
	for _, name := range VariablesIn(word) {
		if defined, _ := m.DefinesVariable(name); defined {
			return false
		}
	}
	return true
}

// MapVariable is a variable that a map gives, as a handshake sees it.
type MapVariable struct {
	Name   string // without $
	Item   Item   // the map block
	Source string // the expression mapped
	// What it gives for each kind of request.
	Handshake, HandshakeKeepAlive, Ordinary Value
}

// MapVariables returns the variables that maps make of $http_upgrade or
// $http_connection, in nginx's order; of two maps for one variable only the
// last, which is the one in effect.
func (m *Model) MapVariables() []MapVariable {
	if m.mapVariables == nil {
		m.mapVariables = m.upgradeMaps()
	}
	return m.mapVariables
}

func (m *Model) upgradeMaps() []MapVariable {
	out := []MapVariable{}
	for _, mp := range m.vars.order {
		if m.vars.maps[mp.name] != mp || m.vars.set[mp.name] {
			continue
		}
		source := strings.ToLower(mp.source)
		if !strings.Contains(source, "http_upgrade") && !strings.Contains(source, "http_connection") {
			continue
		}
		mv := MapVariable{Name: mp.name, Item: mp.item, Source: mp.source}
		for kind, to := range []*Value{&mv.Handshake, &mv.HandshakeKeepAlive, &mv.Ordinary} {
			*to = m.variable(mp.name, &request{kind: Request(kind)}, 0).value()
		}
		out = append(out, mv)
	}
	return out
}
