package effective

import (
	"strings"
)

// locations is what a server or location block holds of locations, arranged as
// ngx_http_init_locations does.
type locations struct {
	exact  map[string]*location // location = /x
	prefix map[string]*location // location /x and ^~ /x
	slash  map[string]*location // "/x" for a location "/x/" with a pass: the redirect nginx answers by itself
	regex  []*location
	named  map[string]*location // @x, on the server's level
	all    []*location
}

// location is one location block.
type location struct {
	scope    *Scope
	modifier string // "", "=", "^~", "~", "~*"
	match    string
	re       *pattern // compiled when asked for
}

// ModifierAndMatch returns the modifier of a location block, "" for none, and
// what it is matched with; a modifier may be glued to it
// (ngx_http_core_location).
func (s *Scope) ModifierAndMatch() (modifier, match string) {
	if s.Block == nil || len(s.Block.Args) == 0 {
		return "", ""
	}
	if len(s.Block.Args) > 1 {
		return s.Block.Args[0].Value, s.Block.Args[1].Value
	}
	name := s.Block.Args[0].Value
	for _, mod := range []string{"=", "^~", "~*", "~"} {
		if strings.HasPrefix(name, mod) {
			return mod, name[len(mod):]
		}
	}
	return "", name
}

// isExact reports whether only one path reaches the location.
func (s *Scope) isExact() bool {
	modifier, _ := s.ModifierAndMatch()
	return modifier == "="
}

// noLocations is what most blocks hold: none.
var noLocations = &locations{}

// locationsOf returns the locations directly in s.
func (m *Model) locationsOf(s *Scope) *locations {
	if s.holds&locates == 0 {
		return noLocations
	}
	if l := m.locations[s]; l != nil {
		return l
	}
	l := &locations{}
	for i := range s.Items {
		c := s.Items[i].Scope
		if c == nil || c.Kind != Location {
			continue
		}
		loc := &location{scope: c}
		loc.modifier, loc.match = c.ModifierAndMatch()
		l.all = append(l.all, loc)
		switch {
		case loc.modifier == "~" || loc.modifier == "~*":
			l.regex = append(l.regex, loc)
			continue
		case loc.modifier == "=":
			put(&l.exact, loc.match, loc, false)
		case strings.HasPrefix(loc.match, "@"):
			put(&l.named, loc.match, loc, true)
			continue
		default:
			put(&l.prefix, loc.match, loc, false)
		}
		if strings.HasSuffix(loc.match, "/") && c.ownPass().Directive != nil {
			put(&l.slash, strings.TrimSuffix(loc.match, "/"), loc, true)
		}
	}
	m.locations[s] = l
	return l
}

// put adds a location to a map that is made with its first one. One that is there
// already stays unless the new one takes its place.
func put(to *map[string]*location, key string, loc *location, replaces bool) {
	if *to == nil {
		*to = make(map[string]*location)
	}
	if replaces || (*to)[key] == nil {
		(*to)[key] = loc
	}
}

// ownPass returns the directive at this level that sets the content handler.
// Where there are several, the last does (clcf->handler).
func (s *Scope) ownPass() Item {
	if s.holds&passes == 0 {
		return Item{}
	}
	for i := len(s.Items) - 1; i >= 0; i-- {
		if holdings[s.Items[i].Head.Value] == passes {
			return s.Items[i]
		}
	}
	return Item{}
}

// ownAnswer returns the directive at this level that makes nginx answer by itself,
// a content handler that takes the place of a pass before it; the zero Item where
// none does (clcf->handler).
func (s *Scope) ownAnswer() Item {
	if s.holds&replies == 0 {
		return Item{}
	}
	for i := len(s.Items) - 1; i >= 0; i-- {
		switch holdings[s.Items[i].Head.Value] {
		case replies:
			return s.Items[i]
		case passes:
			return Item{}
		}
	}
	return Item{}
}

// found is the result of a search for a location.
type found struct {
	loc      *location // nil where none matched
	redirect bool      // nginx answers 301 to the path with a slash by itself
	groups   []string  // of the regular expression that matched
	unsure   string    // a pattern that could not be decided
}

// find chooses the location for uri below s as ngx_http_core_find_location and
// ngx_http_core_find_static_location do. Each location that was looked at and
// not chosen is given to saw, which may be nil.
func (m *Model) find(s *Scope, uri string, saw func(*location, string)) found {
	f, _ := m.findIn(s, uri, found{}, saw)
	return f
}

// findIn looks below s; so far is what the levels around it found. done is
// false where the levels around go on with their regular expressions.
func (m *Model) findIn(s *Scope, uri string, soFar found, saw func(*location, string)) (f found, done bool) {
	l := m.locationsOf(s)
	f = soFar
	if loc := l.exact[uri]; loc != nil {
		if saw != nil {
			l.passedPrefixes(uri, nil, "a prefix, and the exact path goes first", saw)
			l.passedPatterns(l.regex, uri, "matches too, and the exact path goes first", saw)
		}
		f.loc = loc
		return f, true
	}
	var prefix *location
	if loc := l.prefix[uri]; loc != nil {
		prefix = loc
	} else if loc := l.slash[uri]; loc != nil {
		if both := l.exact[uri+"/"]; both != nil {
			loc = both // its configuration goes before the prefix's of the same name
		}
		return found{loc: loc, redirect: true}, true
	} else {
		for n := len(uri) - 1; n >= 0; n-- {
			if loc := l.prefix[uri[:n]]; loc != nil {
				prefix = loc
				break
			}
		}
	}
	noregex := false
	if prefix != nil {
		if saw != nil {
			if f.loc != nil {
				saw(f.loc, "a location inside it is more exact")
			}
			l.passedPrefixes(uri, prefix, "a shorter prefix", saw)
		}
		f.loc = prefix
		noregex = prefix.modifier == "^~"
		if f, done = m.findIn(prefix.scope, uri, f, saw); done {
			return f, true
		}
	}
	if noregex && saw != nil {
		l.passedPatterns(l.regex, uri, "matches too, and ^~ leaves regular expressions out", saw)
	}
	if !noregex {
		for i, loc := range l.regex {
			groups, matched, ok := loc.matches(uri)
			if !ok {
				f.unsure = loc.match
				continue
			}
			if !matched {
				if saw != nil {
					saw(loc, doesNotMatch)
				}
				continue
			}
			if saw != nil {
				if f.loc != nil {
					saw(f.loc, "a regular expression that matches goes before a prefix")
				}
				l.passedPatterns(l.regex[i+1:], uri, "matches too, later in the file", saw)
			}
			f.loc, f.groups = loc, groups
			f, _ = m.findIn(loc.scope, uri, f, saw)
			return f, true
		}
	}
	return f, false
}

// doesNotMatch is why a regular expression that nginx tries is not chosen.
const doesNotMatch = "does not match"

// matches reports whether the location's regular expression matches uri; ok is
// false where that cannot be told.
func (l *location) matches(uri string) (groups []string, matched, ok bool) {
	if l.re == nil {
		l.re = compile(l.match, l.modifier == "~*")
	}
	return l.re.match(uri)
}

// passedPrefixes gives saw the prefixes of uri that are not the chosen one, the
// shortest first.
func (l *locations) passedPrefixes(uri string, chosen *location, why string, saw func(*location, string)) {
	for n := range len(uri) + 1 {
		if loc := l.prefix[uri[:n]]; loc != nil && loc != chosen {
			saw(loc, why)
		}
	}
}

// passedPatterns gives saw those of list that match uri, and are not asked.
func (*locations) passedPatterns(list []*location, uri, why string, saw func(*location, string)) {
	for _, loc := range list {
		if _, matched, ok := loc.matches(uri); ok && matched {
			saw(loc, why)
		}
	}
}

// comesAfter reports whether requests come to the location s only from another
// one, as error_page sends them on: there may have been an answer before, and
// $upstream_http_NAME speaks of that one until there is a new one
// (ngx_http_upstream_header_variable, r->upstream).
func (s *Scope) comesAfter() bool {
	if s == nil || s.Kind != Location {
		return false
	}
	_, match := s.ModifierAndMatch()
	return strings.HasPrefix(match, "@") || len(s.Own("internal")) > 0
}
