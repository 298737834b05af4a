package rules

import (
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// A level without a line of a list directive inherits the outer list, and the
// first line written into it throws that list away
// (ngx_conf_merge_ptr_value(headers_source) in ngx_http_proxy_merge_loc_conf).
// Whichever fix writes the first one repeats the inherited ones.

// inheritance is what the first line written into a level would throw away.
type inheritance struct {
	items []effective.Item
	level *effective.Scope // nil where nothing is inherited
	// unsafe is true where a level that was not seen could set more, lacks where an
	// include for all sites could.
	unsafe, lacks bool
}

// inherited returns the lines of the list directive name that a first own line
// in s would throw away. It reports false where they cannot be told, or differ
// between the places where the scope's block is mounted.
func (p *Pass) inherited(s *effective.Scope, name string) (inheritance, bool) {
	var in inheritance
	in.items, in.level = s.Effective(name)
	if in.level == s {
		return inheritance{}, p.sameOwn(s, name)
	}
	for at := s; at != nil && at != in.level; at = at.Parent {
		if at.Partial && !at.LacksSites() {
			return in, false
		}
		in.lacks = in.lacks || at.Partial
	}
	// Where only the http level was not seen the risk is small: hardly
	// anybody sets these there.
	if in.level == nil {
		in.unsafe = p.Model.Outer == effective.Server || p.Model.Outer == effective.Location
	}
	return in, p.mounts.agree(s, name, func(other *effective.Scope) bool {
		items, level := other.Effective(name)
		return level != other && sameText(items, in.items)
	})
}

// sameOwn reports whether s has the same own directives of that name wherever
// its block is mounted.
func (p *Pass) sameOwn(s *effective.Scope, name string) bool {
	if len(p.mounts.others(s)) == 0 {
		return true
	}
	own := s.Own(name)
	return p.mounts.agree(s, "own "+name, func(other *effective.Scope) bool { return sameText(other.Own(name), own) })
}

// repeat returns the edits that write the inherited lines again at to, except
// those of the headers that drop names. A file of such lines that was included
// is included again.
func (p *Pass) repeat(in inheritance, name string, to place, drop func(header string) bool) []Edit {
	var edits []Edit
	var last *parser.Directive
	for i, it := range in.items {
		if len(it.Args) == 0 || drop(it.Arg(0)) || p.replacedHost(in.items, i) { // nginx refuses one without words
			continue
		}
		text := moved(it.Directive, to.at)
		if inc := through(in.level, it); inc != it.Directive && p.holdsOnly(inc, name, drop) {
			if inc == last {
				continue
			}
			last, text = inc, moved(inc, to.at)
		}
		edits = append(edits, to.insert(text, rankRepeat+i))
	}
	return edits
}

// replacedHost reports whether a Host line of a list is one that nginx does not send
// for the sake of a later one, as from 1.31.4 on.
func (p *Pass) replacedHost(items []effective.Item, i int) bool {
	isHost := func(it effective.Item) bool { return strings.EqualFold(it.Arg(0), "Host") }
	return !p.Model.Version.Before(1, 31, 4) && items[i].Is("proxy_set_header") && isHost(items[i]) && slices.ContainsFunc(items[i+1:], isHost)
}

// holdsOnly reports whether the files that inc includes hold nothing but lines
// of the list directive name, none of them about a header that a fix writes.
func (p *Pass) holdsOnly(inc *parser.Directive, name string, drop func(string) bool) bool {
	found := p.Model.Config.Include(inc)
	if !found.Followed {
		return false
	}
	for _, f := range found.Files {
		for _, d := range f.Directives {
			if !d.Is(name) || drop(d.Arg(0)) || isUpgradeOrConnection(d.Arg(0)) {
				return false
			}
		}
	}
	return true
}

func isUpgradeOrConnection(header string) bool {
	return strings.EqualFold(header, "Upgrade") || strings.EqualFold(header, "Connection")
}
