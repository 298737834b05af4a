package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

var duplicateDirective = &Rule{
	Name:     "duplicate-directive",
	Category: Syntax,
	Severity: Error,
	Fixable:  "safe",
	Summary:  "a directive that nginx takes once stands more than once on one level",
	Doc: `Directives of one value, such as proxy_pass, proxy_http_version and the timeouts,
may stand once on a level; nginx does not start where there are two ([emerg]
"proxy_http_version" directive is duplicate), even if they agree. What a level
includes counts: a snippet that sets the version, in a location that does so too,
is the usual case. Lists, such as proxy_set_header, may be repeated.

Two locations of the same path are refused likewise, two upstreams of one name, a
listen that its server has already, a second default_server for one address and
port, options of its socket (ipv6only, reuseport) in two servers, and
map_hash_bucket_size after a map, which sets it.

The fix removes one of two lines that agree, from a file that is used once.`,
	Before: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;
    proxy_http_version 1.1;
}
`,
	After: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;
}
`,
	Links: []string{
		"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass",
		"https://nginx.org/en/docs/http/ngx_http_core_module.html#listen",
	},
	Check: checkDuplicateDirective,
}

func checkDuplicateDirective(p *Pass) {
	p.checkListens()
	seen := map[string]int{} // of one level: how many of a name
	p.eachLevel(func(l level) {
		clear(seen)
		var order []string
		mapped := effective.Item{}
		for i, it := range l.Items {
			name := it.Head.Value
			if afterError(it.Directive) {
				continue
			}
			if name == "map" && l.Kind == effective.HTTP && mapped.Directive == nil && !p.foreign(it) {
				mapped = it
			}
			row := l.rows[i]
			switch {
			case strings.HasPrefix(name, "map_hash_") && mapped.Directive != nil && row != nil:
				p.reportAfterMap(it, mapped)
				continue
			case it.Scope != nil && (name == "location" || name == "upstream"):
				name = blockKey(it)
			case row == nil || !row.once() || row.block != it.IsBlock():
				continue
			}
			if name == "" {
				continue
			}
			if seen[name]++; seen[name] == 2 {
				order = append(order, name)
			}
		}
		if len(order) == 0 {
			return
		}
		named := l.named(order)
		var twice map[includedTwice]int // how many of their lines are repeated
		for _, name := range order {
			if key, ok := doubly(named[name]); ok {
				if twice == nil {
					twice = map[includedTwice]int{}
				}
				twice[key]++
			}
		}
		said := map[includedTwice]bool{}
		for _, name := range order {
			same := together(named[name])
			if len(same) < 2 {
				continue
			}
			key, ok := doubly(named[name])
			if ok && said[key] {
				continue
			}
			said[key] = ok
			p.reportDuplicates(l, same, twice[key]-1)
		}
	})
}

// includedTwice is a file that comes to a level by two includes: however many lines of
// it that repeats, it is one thing to mend.
type includedTwice struct {
	file   *parser.File
	before *parser.Directive // the include by which it had come in
}

// doubly returns the file that is included twice, where that alone repeats the first of
// the items.
func doubly(items []effective.Item) (key includedTwice, ok bool) {
	same := together(items)
	if len(same) != 2 {
		return key, false
	}
	m := otherInclude(same[0], same[1])
	if m == nil {
		return key, false
	}
	return includedTwice{same[1].File, m.Include}, true
}

// named returns the directives of each name, or the locations of each key, on the
// level.
func (l level) named(names []string) map[string][]effective.Item {
	same := make(map[string][]effective.Item, len(names))
	for _, name := range names {
		same[name] = nil
	}
	for _, it := range l.Items {
		key := it.Head.Value
		if it.Scope != nil && (key == "location" || key == "upstream") {
			key = blockKey(it)
		}
		if have, asked := same[key]; asked && !afterError(it.Directive) && !(l.Parent == nil && excerpts(it.File)) {
			same[key] = append(have, it)
		}
	}
	return same
}

// excerpts reports whether a file shows pieces of a configuration, with dots between
// them outside any block: each may have its own place.
func excerpts(f *parser.File) bool {
	return slices.ContainsFunc(f.Open(), func(tag parser.Span) bool {
		return strings.Trim(f.Src[tag.Start:tag.End], ".…[]") == ""
	})
}

// together returns those of the items that a template always has together: in
// plain nginx all of them.
func together(items []effective.Item) []effective.Item {
	for i, it := range items {
		same := []effective.Item{it}
		for _, other := range items[i+1:] {
			if parser.SameArm(it.Directive, other.Directive) {
				same = append(same, other)
			}
		}
		if len(same) > 1 && !it.Arm().Defines() && (it.Scope == nil || !placeholder(it.Arg(len(it.Args)-1))) {
			return same
		}
	}
	return nil
}

// any returns what nginx takes of a directive on this level, nil where that is
// not known. On the outermost level of a fragment it is what some level takes.
func (l level) any(name string) *directive {
	in := l.in
	if in == 0 {
		in = inHTTP | inServer | inLocation
	}
	row, _ := rowFor(name, in)
	return row
}

// blockKey is equal for locations, or upstreams, that nginx refuses beside one
// another; for upstreams capitals are all one (ngx_http_upstream_add).
func blockKey(it effective.Item) string {
	if it.Is("upstream") {
		return "upstream " + strings.ToLower(it.Arg(0))
	}
	return locationKey(it.Scope)
}

// locationKey is equal for locations that nginx refuses beside one another
// (ngx_http_join_exact_locations), "" for those it does not look at.
func locationKey(s *effective.Scope) string {
	switch modifier, match := s.ModifierAndMatch(); {
	case strings.HasPrefix(modifier, "~") || strings.HasPrefix(match, "@") || match == "":
		return ""
	case modifier == "=":
		return "location = " + match
	default:
		return "location " + match
	}
}

// reportDuplicates reports the second of the same lines, with which more of their file
// are repeated by its includes.
func (p *Pass) reportDuplicates(l level, same []effective.Item, more int) {
	// A site that is not enabled is what repeats them: without it nginx starts.
	if site := p.Model.Config.Site; site != nil {
		slices.SortStableFunc(same, func(a, b effective.Item) int { return siteLast(a.File == site, b.File == site) })
	}
	first, second := same[0], same[1]
	name := second.Head.Value
	if second.Scope != nil {
		if name == "upstream" {
			f := duplicateOf(first, second, more, fmt.Sprintf(
				"there is more than one upstream %q, and nginx does not start: duplicate upstream %q; make them one, or rename one", second.Arg(0), second.Arg(0)))
			f.Related = append(f.Related, further(same)...)
			p.Report(f)
			return
		}
		if name != "location" {
			p.Report(duplicateOf(first, second, more, fmt.Sprintf(
				"there are two %s blocks here, and nginx does not start: %q directive is duplicate; make them one", name, name)))
			return
		}
		_, match := second.Scope.ModifierAndMatch()
		f := duplicateOf(first, second, more, fmt.Sprintf(
			"there is more than one block for %s here, and nginx does not start: duplicate location %q; make them one", locationName(second.Scope), match))
		f.Related = append(f.Related, further(same)...)
		p.Report(f)
		return
	}
	f := duplicateOf(first, second, more, fmt.Sprintf(
		"%s stands more than once in this block, and nginx does not start: %q directive is duplicate; keep one of them", name, name))
	f.Related = append(f.Related, further(same)...)
	f.Routes = p.routesOf(second.Directive)
	f.Fix = p.keepOne(l, same)
	p.Report(f)
}

// siteLast orders what stands in a site behind what does not.
func siteLast(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// further returns the places of the third of several and those after it.
func further(same []effective.Item) []Place {
	var places []Place
	for _, it := range same[2:] {
		places = append(places, Place{it.File, headSpan(it.Directive), "and again here"})
	}
	return places
}

// duplicateOf reports the second of two lines that nginx refuses beside one another.
// Where both are one line, of a file that is included twice, its includes are what
// there is to change.
func duplicateOf(first, second effective.Item, more int, msg string) Finding {
	f := atItem(second, nil, Error, msg)
	f.Related = []Place{{first.File, headSpan(first.Directive), "the first one is here"}}
	if m := otherInclude(first, second); m != nil {
		said, _, _ := strings.Cut(msg, "; ")
		repeated := ""
		if more == 1 {
			repeated = ", which repeats one more of its lines"
		} else if more > 1 {
			repeated = fmt.Sprintf(", which repeats %d more of its lines", more)
		}
		f.Message = said + "; its file is included twice" + repeated + ": take one of the includes out"
		f.Related = []Place{{m.Include.File, headSpan(m.Include), "the file is included here already"}}
	}
	return f
}

// otherInclude returns the include by which first came in, where second is the same
// line and came in by another one.
func otherInclude(first, second effective.Item) *effective.Mount {
	if first.Directive != second.Directive {
		return nil
	}
	a, b := first.Via, second.Via
	for a != nil && b != nil && a.Include == b.Include {
		a, b = a.Outer, b.Outer
	}
	return a
}

func (p *Pass) reportAfterMap(it, mapped effective.Item) {
	f := atItem(it, nil, p.Rule.Severity, fmt.Sprintf(
		"%s stands after a map, and nginx does not start: %q directive is duplicate; move it before the first map", it.Head.Value, it.Head.Value))
	f.Related = []Place{{mapped.File, headSpan(mapped.Directive), "the first map is here"}}
	p.Report(f)
}

// keepOne plans to remove all but one of directives that agree.
func (p *Pass) keepOne(l level, same []effective.Item) *Fix {
	for _, it := range same[1:] {
		if !slices.EqualFunc(it.Args, same[0].Args, agreeing(it.Head.Value)) {
			return nil
		}
	}
	// What is kept is best the one that other levels share, or that is read without
	// the other: nginx.conf's where a site that is not enabled repeats it.
	fewest := len(p.mounts.modelsOf(same[0].File))
	for _, it := range same[1:] {
		fewest = min(fewest, len(p.mounts.modelsOf(it.File)))
	}
	keep, shared := -1, false
	for i, it := range same {
		switch {
		case !p.mounts.once(it.File):
			if shared {
				return nil
			}
			keep, shared = i, true
		case keep < 0 && len(p.mounts.modelsOf(it.File)) > fewest:
			keep = i
		}
	}
	if keep < 0 {
		for i, it := range same {
			if !literal(l.Scope, it) {
				keep = i
				break
			}
		}
	}
	keep = max(keep, 0)
	var edits []Edit
	for i, it := range same {
		if i != keep {
			edits = append(edits, removeLine(it.Directive))
		}
	}
	return fixOf(Safe, "remove the repeated "+same[0].Head.Value, edits, true)
}

// agreeing returns whether nginx reads two arguments of a directive as one value:
// on and ON, and behind a timeout 1h and 3600s.
func agreeing(name string) func(a, b parser.Word) bool {
	timeout := strings.HasSuffix(name, "_timeout")
	return func(a, b parser.Word) bool {
		if a.Value == b.Value {
			return true
		}
		if strings.EqualFold(a.Value, b.Value) {
			return strings.EqualFold(a.Value, "on") || strings.EqualFold(a.Value, "off")
		}
		x, xTime := effective.ParseTime(a.Value)
		y, yTime := effective.ParseTime(b.Value)
		return timeout && xTime && yTime && x == y
	}
}
