package rules

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/wsnginx/wsnginx/rules/effective"
)

// contexts are the blocks a directive may stand in, or one that it stands in:
// nginx's NGX_HTTP_*_CONF bits.
type contexts uint16

const (
	inMain contexts = 1 << iota
	inHTTP
	inServer
	inLocation
	inServerIf   // NGX_HTTP_SIF_CONF
	inLocationIf // NGX_HTTP_LIF_CONF
	inLimitExcept
	inUpstream
	inEvents
)

// contextLetters spells contexts in directives.txt, in the order of their bits.
const contextLetters = "mhslSLxue"

// directive is what nginx takes of one directive in some contexts: a row of
// directives.txt. A name may have several, as server has.
type directive struct {
	name   string
	in     contexts
	args   string // "12", "1+"
	block  bool
	kind   string   // "flag", "msec", "once", … as directives.txt says
	words  []string // the values of an enum or mask
	script int      // as scripted says
}

//go:embed directives.txt
var directivesText string

// directiveTable returns the rows of directives.txt by name.
var directiveTable = sync.OnceValue(func() map[string][]directive {
	table := map[string][]directive{}
	for line := range strings.Lines(directivesText) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		if len(f) != 4 {
			panic("rules: directives.txt: " + line)
		}
		d := directive{name: f[0]}
		for _, c := range f[1] {
			d.in |= 1 << strings.IndexRune(contextLetters, c)
		}
		d.args, d.block = strings.CutSuffix(f[2], "{")
		var words string
		if d.kind, words, _ = strings.Cut(f[3], ":"); words != "" {
			d.words = strings.Split(words, ",")
		}
		d.script = scripted[d.name]
		table[d.name] = append(table[d.name], d)
	}
	return table
})

// contextOf returns the contexts that s can be, 0 where nothing is known of what
// may stand in it: the outermost level of a fragment may be several.
func contextOf(s *effective.Scope, outer effective.Kind) contexts {
	if s.Parent == nil && outer != effective.Main {
		switch outer {
		case effective.HTTP:
			return inHTTP
		case effective.Server:
			return inServer | inLocation
		default:
			return 0
		}
	}
	switch s.Kind {
	case effective.Main:
		return inMain
	case effective.HTTP:
		return inHTTP
	case effective.Server:
		return inServer
	case effective.Location:
		return inLocation
	case effective.If:
		switch {
		case s.Parent.Parent == nil && outer != effective.Main:
			return inServerIf | inLocationIf
		case s.Parent.Kind == effective.Server:
			return inServerIf
		}
		return inLocationIf
	case effective.LimitExcept:
		return inLimitExcept
	case effective.Upstream:
		return inUpstream
	case effective.Other:
		if s.Block.Is("events") && s.Parent.Kind == effective.Main {
			return inEvents
		}
	}
	return 0
}

// rowFor returns the row for a directive in a context. known is false where the
// table has none of that name; in that case, and where none is allowed there,
// the row is nil.
func rowFor(name string, in contexts) (row *directive, known bool) {
	rows := directiveTable()[name]
	for i := range rows {
		if rows[i].in&in != 0 {
			return &rows[i], true
		}
	}
	return nil, len(rows) > 0
}

// takes reports whether nginx takes n arguments (ngx_conf_handler).
func (d *directive) takes(n int) bool {
	if least, more := strings.CutSuffix(d.args, "+"); more {
		return n >= int(least[0]-'0')
	}
	return n < 8 && strings.IndexByte(d.args, '0'+byte(n)) >= 0
}

// wantsMore reports whether n arguments are fewer than nginx takes.
func (d *directive) wantsMore(n int) bool {
	for more := n + 1; more < 8; more++ {
		if d.takes(more) {
			return true
		}
	}
	return false
}

// once reports whether nginx refuses the directive twice on a level.
func (d *directive) once() bool { return d.kind != "-" && d.kind != "mask" }
