package effective

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

// Kind is the kind of block a Scope is: nginx's context.
type Kind uint8

// The kinds of Scope.
const (
	Main        Kind = iota // outside any block
	HTTP                    // http
	Server                  // server in http
	Location                // location
	If                      // if, in a server or a location
	LimitExcept             // limit_except
	Upstream                // upstream
	Map                     // map, geo, split_clients and other blocks of words
	Stream                  // stream and everything below it
	Other                   // any other block
)

// Scope is a block where it is mounted. A file that is included twice gives two
// scopes for each of its blocks.
type Scope struct {
	Kind   Kind
	Block  *parser.Directive // nil for Main
	Parent *Scope            // nil for Main
	Via    *Mount            // the includes that led to Block; nil where Block is in the main file
	Items  []Item            // the directives of this level in nginx's order, includes expanded

	// Partial is true where this level was not wholly read: an include
	// that could change a verdict was not followed, or nginx refuses the file. For the outermost scope
	// of a fragment see Model.Outer.
	Partial bool
	// Unread are the include directives of this level that were not followed.
	Unread []Item

	errorAt string // where nginx stops reading before the end of this level: "file:line"
	tag     string // where a tag of a template stands that may stand for directives: "file:line"

	index map[string][]int32 // by name, built when Items are many
	holds holding            // what stands at this level
}

// Opening returns the directive whose block s is, nil for none.
func (s *Scope) Opening() *parser.Directive {
	if s == nil {
		return nil
	}
	return s.Block
}

// holding says which kinds of directive stand at a level, so that the search for
// one ends before it begins on the levels that have none: nearly all.
type holding uint8

const (
	rewrites holding = 1 << iota // set, if, return, rewrite or break
	tries                        // try_files
	limits                       // limit_except
	passes                       // proxy_pass and its kin
	locates                      // location
	replies                      // what makes nginx, or a script in it, answer every request that a location gets
)

// holdings are the directives that a Scope keeps account of.
var holdings = map[string]holding{
	"set": rewrites, "if": rewrites, "return": rewrites, "rewrite": rewrites, "break": rewrites,
	"try_files": tries, "limit_except": limits, "location": locates,
	"proxy_pass": passes, "uwsgi_pass": passes, "scgi_pass": passes, "fastcgi_pass": passes, "grpc_pass": passes, "memcached_pass": passes,
	"stub_status": replies, "empty_gif": replies, "content_by_lua_block": replies, "content_by_lua_file": replies,
	"content_by_lua": replies, "js_content": replies, "perl": replies, "api": replies, "echo": replies,
	"echo_duplicate": replies, "echo_sleep": replies, "mp4": replies, "flv": replies, "hls": replies, "report_uploads": replies, "nchan_stub_status": replies,
}

// Item is a directive where it is mounted.
type Item struct {
	*parser.Directive
	Via   *Mount // the includes that led to it; nil in the main file
	Scope *Scope // the scope it opens, nil for a simple directive
}

// Mount is one include on the way from the main file to a directive.
type Mount struct {
	Include *parser.Directive // the include directive
	Outer   *Mount            // the include that led to Include's file, nil in the main file
}

// indexed is the number of items from which a scope keeps an index of names.
const indexed = 24

// Own returns the directives of the given name at this level, in nginx's order.
func (s *Scope) Own(name string) []Item {
	if len(s.Items) >= indexed {
		at := s.indexOf(name)
		if len(at) == 0 {
			return nil
		}
		own := make([]Item, len(at))
		for i, n := range at {
			own[i] = s.Items[n]
		}
		return own
	}
	n := 0
	for i := range s.Items {
		if s.Items[i].Head.Value == name {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	own := make([]Item, 0, n)
	for i := range s.Items {
		if s.Items[i].Head.Value == name {
			own = append(own, s.Items[i])
		}
	}
	return own
}

// each calls f for the directives of the given name at this level, in nginx's
// order, until it returns false.
func (s *Scope) each(name string, f func(*Item) bool) {
	if len(s.Items) >= indexed {
		for _, n := range s.indexOf(name) {
			if !f(&s.Items[n]) {
				return
			}
		}
		return
	}
	for i := range s.Items {
		if s.Items[i].Head.Value == name && !f(&s.Items[i]) {
			return
		}
	}
}

// Effective returns the directives of the given name that nginx applies in s,
// and the level they stand at; none and nil where nginx's default applies. It
// follows the merge functions of nginx's modules: a value or a list is taken
// from the nearest level that has any (ngx_conf_merge_value,
// ngx_conf_merge_ptr_value). An if or limit_except block cannot hold a
// directive that nginx does not allow there; such lines are passed over.
func (s *Scope) Effective(name string) (items []Item, level *Scope) {
	if _, level = s.nearest(name); level != nil {
		items = level.Own(name)
	}
	return items, level
}

// effectiveOne is Effective for a directive that stands at most once on a level.
func (s *Scope) effectiveOne(name string) (item Item, level *Scope) {
	if it, level := s.nearest(name); level != nil {
		return *it, level
	}
	return Item{}, nil
}

// nearest returns the level of Effective and the first directive of the given
// name there.
func (s *Scope) nearest(name string) (*Item, *Scope) {
	for at := s; at != nil; at = at.Parent {
		if (at.Kind == If || at.Kind == LimitExcept) && !allowedInIf[name] {
			continue
		}
		if it := at.first(name); it != nil {
			return it, at
		}
	}
	return nil, nil
}

// first returns the first directive of the given name at this level, or nil.
func (s *Scope) first(name string) *Item {
	if len(s.Items) >= indexed {
		if at := s.indexOf(name); len(at) > 0 {
			return &s.Items[at[0]]
		}
		return nil
	}
	for i := range s.Items {
		if s.Items[i].Head.Value == name {
			return &s.Items[i]
		}
	}
	return nil
}

// indexOf returns where directives of the given name stand in s.Items.
func (s *Scope) indexOf(name string) []int32 {
	s.buildIndex()
	return s.index[name]
}

// buildIndex makes the index where there is none yet: several goroutines may read
// it, and one may make it.
func (s *Scope) buildIndex() {
	if s.index != nil {
		return
	}
	s.index = make(map[string][]int32)
	for i := range s.Items {
		n := s.Items[i].Head.Value
		s.index[n] = append(s.index[n], int32(i))
	}
}

// gap returns the innermost level, from s outwards and no farther than level,
// at which an include that could hold more was not followed; nil where every
// level was read.
func (s *Scope) gap(level *Scope, inclusive bool) *Scope {
	for at := s; at != nil; at = at.Parent {
		if at == level && !inclusive {
			return nil
		}
		if at.Partial {
			return at
		}
		if at == level {
			return nil
		}
	}
	return nil
}

// LacksSites reports whether all that was not read of an http level are includes by
// pattern, as conf.d/*.conf is: they are for servers, and hardly anybody sets a
// header or a version for all servers in one.
func (s *Scope) LacksSites() bool {
	return s.Kind == HTTP && len(s.Unread) > 0 && s.errorAt == "" && s.tag == "" &&
		!slices.ContainsFunc(s.Unread, func(it Item) bool { return !strings.ContainsAny(it.Arg(0), "*?[") })
}

// Lacking says so of a level that LacksSites, in words that stand in brackets.
func (s *Scope) Lacking() string {
	it := s.Unread[0]
	return fmt.Sprintf("include %s, %s, was not followed", it.Arg(0), place(it))
}

// Up returns the nearest scope of the given kind, s itself included, or nil.
func (s *Scope) Up(kind Kind) *Scope {
	for at := s; at != nil; at = at.Parent {
		if at.Kind == kind {
			return at
		}
	}
	return nil
}

// Last returns the last of the directives of the given name at this level; the
// zero Item where there is none.
func (s *Scope) Last(name string) Item {
	if len(s.Items) >= indexed {
		if at := s.indexOf(name); len(at) > 0 {
			return s.Items[at[len(at)-1]]
		}
		return Item{}
	}
	for i := len(s.Items) - 1; i >= 0; i-- {
		if s.Items[i].Head.Value == name {
			return s.Items[i]
		}
	}
	return Item{}
}

// allowedInIf are the directives asked for here that nginx allows in an if of a
// location (NGX_HTTP_LIF_CONF).
var allowedInIf = map[string]bool{
	"add_header": true, "error_page": true, "root": true, "proxy_pass": true,
	"fastcgi_pass": true, "uwsgi_pass": true, "scgi_pass": true, "grpc_pass": true,
	"memcached_pass": true, "auth_basic": true,
}
