package effective

import (
	"slices"
	"strings"
)

// mapping is a map block, read as ngx_http_map_block does.
type mapping struct {
	name     string // the variable, in lower case
	item     Item
	source   string
	exact    map[string]mapEntry // by key in lower case
	wild     []mapEntry          // hostnames with a wildcard
	regex    []mapEntry
	fallback *mapEntry // default
	hosts    bool
	volatile bool
	partial  bool // an include in it was not read
	captures []string
	same     bool // every line gives the same literal as default does
}

// mapEntry is one line of a map.
type mapEntry struct {
	key   string
	value string
	item  Item
	re    *pattern
}

func newMapping(s *Scope, name string) *mapping {
	mp := &mapping{name: name, item: Item{Directive: s.Block, Via: s.Via, Scope: s}, source: s.Block.Args[0].Value, partial: s.Partial}
	mp.exact = make(map[string]mapEntry, len(s.Items))
	for _, it := range s.Items {
		key := it.Head.Value
		if len(it.Args) == 0 {
			switch key {
			case "hostnames":
				mp.hosts = true
			case "volatile":
				mp.volatile = true
			}
			continue
		}
		e := mapEntry{key: key, value: it.Args[0].Value, item: it}
		switch {
		case key == "default":
			if mp.fallback == nil {
				mp.fallback = &e
			}
		case strings.HasPrefix(key, "~"):
			expr, caseless := key[1:], false
			if strings.HasPrefix(expr, "*") {
				expr, caseless = expr[1:], true
			}
			e.re = compile(expr, caseless)
			mp.captures = append(mp.captures, captureNames(expr)...)
			mp.regex = append(mp.regex, e)
		default:
			if strings.HasPrefix(key, `\`) { // an escaped first character: "\default", "\~x"
				e.key = key[1:]
			}
			if mp.hosts && (strings.HasPrefix(e.key, ".") || strings.HasPrefix(e.key, "*.") || strings.HasSuffix(e.key, ".*")) {
				mp.wild = append(mp.wild, e)
				continue
			}
			lower := strings.ToLower(e.key)
			if _, dup := mp.exact[lower]; !dup {
				mp.exact[lower] = e
			}
		}
	}
	mp.same = mp.constant()
	return mp
}

// lookup returns the line that the source value v picks: exact keys first, then
// host names with a wildcard, then regular expressions, then default
// (ngx_http_map_find). It reports false where that cannot be told; a nil entry
// means the empty string.
func (mp *mapping) lookup(v val) (entry *mapEntry, groups []string, ok bool) {
	if mp.partial {
		return nil, nil, false
	}
	if !v.known {
		if !v.opaque && mp.same {
			return mp.fallback, nil, true
		}
		if len(mp.exact) == 0 && len(mp.wild) == 0 && len(mp.regex) == 0 {
			return mp.fallback, nil, true
		}
		return nil, nil, false
	}
	key := strings.ToLower(v.text)
	if mp.hosts {
		key = strings.TrimSuffix(key, ".")
	}
	if e, found := mp.exact[key]; found {
		return &e, nil, true
	}
	if e := bestHost(mp.wild, key); e != nil {
		return e, nil, true
	}
	if v.text == "" {
		return mp.fallback, nil, true // no pattern is tried on an empty value
	}
	for i := range mp.regex {
		e := &mp.regex[i]
		groups, matched, ok := e.re.match(v.text)
		if !ok {
			return nil, nil, false
		}
		if matched {
			return e, groups, true
		}
	}
	return mp.fallback, nil, true
}

// constant reports whether every line gives the same literal as default does.
func (mp *mapping) constant() bool {
	if mp.fallback == nil || strings.Contains(mp.fallback.value, "$") {
		return false
	}
	same := func(e mapEntry) bool { return e.value == mp.fallback.value }
	for _, e := range mp.exact {
		if !same(e) {
			return false
		}
	}
	for _, list := range [][]mapEntry{mp.wild, mp.regex} {
		for _, e := range list {
			if !same(e) {
				return false
			}
		}
	}
	return true
}

// says says whether the value of expr holds token, whichever of its lines a map in
// it gives.
func (m *Model) says(expr string, q *request, token string) truth {
	if is := m.eval(expr, q).hasToken(token); is != undecided {
		return is
	}
	return m.everyValue(expr, q, token)
}

// maxValues bounds how many values of maps are looked at to know what all of them say,
// those of maps in them included.
const maxValues = 2000

// everyValue says whether all values hold token that a map can give, or none does,
// where expr is the variable of a map and it cannot be told which of its lines the
// request picks.
func (m *Model) everyValue(expr string, q *request, token string) truth {
	left := maxValues
	return m.everyValueOf(expr, q, token, &left)
}

// everyValueOf is everyValue as long as it looks at no more than left values.
func (m *Model) everyValueOf(expr string, q *request, token string, left *int) truth {
	list, ok := parts(expr)
	if !ok || len(list) != 1 || list[0].variable == "" {
		return undecided
	}
	d := m.definition(list[0].variable)
	if d.mp == nil || d.mp.partial || d.set {
		return undecided
	}
	q = q.fork() // none of the values is evaluated for the request itself
	q.shared = false
	is := no // what the empty value of a map without a default says
	if f := d.mp.fallback; f != nil {
		if is = m.holdsToken(f.value, q, token, left); is == undecided {
			return undecided
		}
	}
	for _, e := range d.mp.exact {
		if m.holdsToken(e.value, q, token, left) != is {
			return undecided
		}
	}
	for _, lines := range [...][]mapEntry{d.mp.wild, d.mp.regex} {
		for _, e := range lines {
			if m.holdsToken(e.value, q, token, left) != is {
				return undecided
			}
		}
	}
	return is
}

// holdsToken is everyValue for one of the values. A capture is of a pattern that
// was not matched against anything.
func (m *Model) holdsToken(value string, q *request, token string, left *int) truth {
	if *left--; *left < 0 {
		return undecided
	}
	for _, name := range VariablesIn(value) {
		if m.definition(name).other {
			return undecided
		}
	}
	if list, ok := parts(value); !ok || slices.ContainsFunc(list, func(p part) bool { return p.capture > 0 }) {
		return undecided
	}
	if is := m.eval(value, q).hasToken(token); is != undecided {
		return is
	}
	return m.everyValueOf(value, q, token, left)
}

// bestHost returns the entry whose wildcard matches host best: the longest with
// the wildcard in front, then the longest with it behind (ngx_hash_find_combined).
func bestHost(entries []mapEntry, host string) *mapEntry {
	var best *mapEntry
	longest := -1
	for i := range entries {
		k := strings.ToLower(entries[i].key)
		suffix, bare := "", false
		switch {
		case strings.HasPrefix(k, "*."):
			suffix = k[1:]
		case strings.HasPrefix(k, "."):
			suffix, bare = k, true
		default:
			continue
		}
		if (strings.HasSuffix(host, suffix) && len(host) > len(suffix) || bare && host == suffix[1:]) && len(suffix) > longest {
			best, longest = &entries[i], len(suffix)
		}
	}
	if best != nil {
		return best
	}
	for i := range entries {
		k := strings.ToLower(entries[i].key)
		if strings.HasSuffix(k, ".*") && strings.HasPrefix(host, k[:len(k)-1]) && len(host) > len(k)-1 && len(k) > longest {
			best, longest = &entries[i], len(k)
		}
	}
	return best
}
