package effective

import (
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

// expression is a word of the configuration that holds variables, read once for
// all the requests that it is evaluated for.
type expression struct {
	parts  []piece
	ok     bool // nginx takes it
	filled bool // a template fills it in
	// pure is true where nothing but the kind of request decides the value, so
	// that it is the same for every server and location; values are then kept.
	pure   bool
	kept   [requests]bool
	values [requests]val
}

// piece is a part of an expression, with what defines its variable.
type piece struct {
	part
	definition
}

// definition is what in the configuration gives a variable its value.
type definition struct {
	set   bool     // a set assigns it somewhere
	given bool     // another module does besides
	other bool     // something that is not worked out here
	mp    *mapping // a map
}

func (m *Model) definition(name string) definition {
	return definition{m.vars.set[name], m.vars.given[name], m.vars.other[name], m.vars.maps[name]}
}

// expression returns what is known of s.
func (m *Model) expression(s string) *expression {
	x := m.exprs[s]
	if x != nil {
		return x
	}
	x = &expression{filled: parser.HoldsTag(s)}
	m.exprs[s] = x // not pure so far: for a map that uses itself
	var ps []part
	ps, x.ok = parts(s)
	x.parts = make([]piece, len(ps))
	pure := true
	for i, p := range ps {
		x.parts[i].part = p
		if p.literal == "" {
			x.parts[i].definition = m.definition(p.variable)
			pure = pure && m.isPureVariable(p.variable)
		}
	}
	x.pure = pure
	return x
}

// operand is a word that is evaluated again and again.
type operand struct {
	x     *expression // nil where no variable stands in it
	value val
}

func (m *Model) operand(s string) operand {
	if strings.IndexByte(s, '$') < 0 {
		return operand{value: literal(s)}
	}
	return operand{x: m.expression(s)}
}

func (m *Model) evalOperand(o *operand, q *request) val {
	if o.x == nil {
		return o.value
	}
	return m.evalExpression(o.x, q)
}

// eval returns what the expression s evaluates to for q.
func (m *Model) eval(s string, q *request) val {
	if strings.IndexByte(s, '$') < 0 {
		return literal(s)
	}
	return m.evalExpression(m.expression(s), q)
}

func (m *Model) evalExpression(x *expression, q *request) val {
	if q.vars != nil || q.lines != nil || !x.pure {
		return m.evaluate(x, q, 0)
	}
	if !x.kept[q.kind] {
		x.values[q.kind], x.kept[q.kind] = m.evaluate(x, q, 0), true
	}
	return x.values[q.kind]
}

// literal returns the value of a word without variables.
func literal(s string) val {
	if parser.HoldsTag(s) { // a template fills it in
		return unknownVal
	}
	return text(s)
}

// evalDepth is eval for the source or a value of a map.
func (m *Model) evalDepth(s string, q *request, depth int) val {
	if strings.IndexByte(s, '$') < 0 {
		return literal(s)
	}
	return m.evaluate(m.expression(s), q, depth)
}

// maxText bounds the length of a value: variables of variables may double it.
const maxText = 1 << 16

func (m *Model) evaluate(x *expression, q *request, depth int) val {
	if x.filled || !x.ok {
		return unknownVal
	}
	if len(x.parts) == 1 && x.parts[0].variable != "" {
		return m.defined(x.parts[0].variable, &x.parts[0].definition, q, depth)
	}
	var b strings.Builder
	known, opaque := true, false
	for i := range x.parts {
		p := &x.parts[i]
		v := text(p.literal)
		switch {
		case p.variable != "":
			v = m.defined(p.variable, &p.definition, q, depth)
		case p.capture > 0:
			v = q.group(p.capture)
		}
		switch {
		case v.known:
			if b.WriteString(v.text); b.Len() > maxText {
				return unknownVal
			}
		case v.opaque:
			known, opaque = false, true
		default:
			return unknownVal
		}
	}
	if known {
		return text(b.String())
	}
	// An opaque piece between literals could only make a token of a list
	// where the literals hold one themselves.
	if opaque && !strings.Contains(b.String(), ",") {
		return opaqueVal
	}
	return unknownVal
}
