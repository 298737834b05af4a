package effective

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

// filledVersion is what httpVersion returns where a template decides it.
const filledVersion = "?"

// armIn returns the arm of a template's condition in which it stands where s
// itself is there; nil where it is always in s. A location is judged for what it
// passes on: what stands with its pass is there, and with its lines for WebSocket.
func (it Item) armIn(s *Scope) *parser.Arm {
	if it.arm(s) == nil {
		return nil
	}
	return it.armBut(s, s.heldArm())
}

// armBut is armIn, where s is judged with the arm held.
func (it Item) armBut(s *Scope, held *parser.Arm) *parser.Arm {
	arm := it.arm(s)
	if arm != nil && within(held, arm) {
		return nil
	}
	return arm
}

// heldArm returns the arm that s is judged with: the one in which every line for
// WebSocket stands, where no pass needs another, else that of its pass.
func (s *Scope) heldArm() *parser.Arm {
	pass := s.passArm()
	lines := s.linesArm()
	if lines == nil {
		return pass
	}
	for i := range s.Items {
		if holdings[s.Items[i].Head.Value] == passes && !within(lines, s.Items[i].arm(s)) {
			return pass
		}
	}
	return lines
}

// within reports whether inner stands in the arm outer, or is it; nil is around all.
func within(inner, outer *parser.Arm) bool {
	for inner != outer {
		if inner == nil {
			return false
		}
		inner = inner.Outer()
	}
	return true
}

// linesArm returns the arm in which all lines of s stand that make it a location for
// WebSocket, nil where there is none: such a location carries WebSocket where the
// condition holds, and is an ordinary one otherwise.
func (s *Scope) linesArm() *parser.Arm {
	if s.holds&passes == 0 {
		return nil
	}
	var with *parser.Arm
	one, upgrade := true, false
	s.each("proxy_set_header", func(it *Item) bool {
		switch name, value := it.Arg(0), it.Arg(1); {
		case strings.EqualFold(name, "Upgrade") && value != "":
			upgrade = true
		case strings.EqualFold(name, "Connection") && strings.Contains(strings.ToLower(value), "upgrade"):
		default:
			return true
		}
		arm := it.arm(s)
		one = arm != nil && !arm.Defines() && (with == nil || arm == with)
		with = arm
		return one
	})
	if !one || !upgrade {
		return nil
	}
	return with
}

// heldLine returns the first of the lines for WebSocket that s is judged with though a
// template has them only under a condition, the zero Item where it has none such.
func (s *Scope) heldLine() Item {
	lines := s.linesArm()
	if lines == nil || lines == s.passArm() || lines != s.heldArm() {
		return Item{}
	}
	var first Item
	s.each("proxy_set_header", func(it *Item) bool {
		if it.arm(s) == lines {
			first = *it
		}
		return first.Directive == nil
	})
	return first
}

// against reports whether it stands in an arm that is not there where s is judged with
// the arm held: the else beside the lines for WebSocket.
func (it Item) against(s *Scope, held *parser.Arm) bool {
	for arm := it.arm(s); arm != nil; arm = arm.Outer() {
		for with := held; with != nil; with = with.Outer() {
			if with != arm && with.Alternative(arm) {
				return true
			}
		}
	}
	return false
}

// passArm returns the arm in which every pass of s stands, nil where there is none.
func (s *Scope) passArm() *parser.Arm {
	if s.holds&passes == 0 {
		return nil
	}
	var with *parser.Arm
	first := true
	for i := range s.Items {
		if holdings[s.Items[i].Head.Value] != passes {
			continue
		}
		arm := s.Items[i].arm(s)
		if arm == nil || !first && arm != with {
			return nil
		}
		with, first = arm, false
	}
	return with
}

// arm is armIn without regard to what s passes on.
func (it Item) arm(s *Scope) *parser.Arm {
	if it.Directive == nil || s == nil {
		return nil
	}
	for d, via := it.Directive, it.Via; ; via = via.Outer {
		arm := d.Arm()
		if s.Block != nil && d.File == s.Block.File {
			if arm == s.Block.Arm() {
				return nil
			}
			return arm
		}
		if arm != nil || via == nil {
			return arm
		}
		d = via.Include
	}
}

// Sometimes reports whether a template has the directive in s only under a
// condition.
func (s *Scope) Sometimes(it Item) bool { return it.armIn(s) != nil }

// SameArm reports whether a template has two directives of s together or not at
// all: in plain nginx, always.
func (s *Scope) SameArm(a, b Item) bool { return a.armIn(s) == b.armIn(s) }

// open records that tags in s may stand for directives that nobody sees.
func (s *Scope) open(f *parser.File, tags []parser.Span) {
	if len(tags) == 0 {
		return
	}
	s.Partial = true
	if s.tag == "" {
		s.tag = fmt.Sprintf("%s:%d", f.Name, f.Position(tags[0].Start).Line)
	}
}

// cutOff records that s ends at end and nginx stops reading f before that: what
// stands behind the error was read by guess.
func (s *Scope) cutOff(f *parser.File, end int) {
	if len(f.Errors) == 0 || end <= f.Errors[0].Offset {
		return
	}
	s.Partial = true
	if s.errorAt == "" {
		s.errorAt = fmt.Sprintf("%s:%d", f.Name, f.Errors[0].Line)
	}
}

// foldArms makes one line of those that stand in arms of conditions and name the
// same header: only some of them are ever there.
func (m *Model) foldArms(lines []line, s *Scope) []line {
	if !slices.ContainsFunc(lines, func(l line) bool { return l.item.arm(s) != nil }) {
		return lines
	}
	held := s.heldArm()
	lines = slices.DeleteFunc(slices.Clone(lines), func(l line) bool { return l.item.against(s, held) })
	var out []line
	at := map[string]int{} // by name: where the line that is always there, or the first, stands in out
	arms := map[string][]*parser.Arm{}
	for _, l := range lines {
		name := strings.ToLower(l.name)
		arm := l.item.armBut(s, held)
		n, seen := at[name]
		switch {
		case !seen:
			at[name] = len(out)
			out = append(out, l)
		case arm == nil && len(arms[name]) == 0: // twice on every condition
			out = append(out, l)
		default:
			out[n].others = append(out[n].others, l)
		}
		if arm != nil {
			arms[name] = append(arms[name], arm)
		}
	}
	for name, list := range arms {
		l := &out[at[name]]
		if l.item.armBut(s, held) != nil && !parser.Covered(list) && !alwaysThere(l.others, s, held) {
			l.others = append(l.others, m.defaultLine(l.name))
		}
	}
	return out
}

func alwaysThere(lines []line, s *Scope, held *parser.Arm) bool {
	return slices.ContainsFunc(lines, func(l line) bool { return l.item.armBut(s, held) == nil })
}

// defaultLine returns what nginx sends where no proxy_set_header names the
// header.
func (m *Model) defaultLine(name string) line {
	switch strings.ToLower(name) {
	case "host":
		return line{name: name, expr: "$proxy_host"}
	case "connection":
		if m.Version.Before(1, 29, 7) {
			return line{name: name, expr: "close"}
		}
		return line{name: name, never: true}
	case "upgrade":
		return line{name: name, never: true}
	}
	return line{name: name, expr: clientExpr(name), client: true}
}

// token says whether what a line says holds token, whichever arm of a template's
// conditions is there.
func (m *Model) token(l *line, o *outcome, token string) truth {
	alone := *l
	alone.others = nil
	is := m.sent(&alone, o.pass, o.q).hasToken(token)
	if is == undecided {
		is = m.everyValue(l.expr, o.q, token)
	}
	for i := range l.others {
		if m.sent(&l.others[i], o.pass, o.q).hasToken(token) != is {
			return undecided
		}
	}
	return is
}

// listSometimes reports whether a template has the whole list at level only
// under conditions, so that an outer one takes its place otherwise.
func (s *Scope) listSometimes(name string) bool {
	if s == nil || s.Parent == nil {
		return false
	}
	own, always := false, false
	held := s.heldArm()
	s.each(name, func(it *Item) bool {
		own, always = true, it.armBut(s, held) == nil
		return !always
	})
	if !own || always {
		return false
	}
	_, outer := s.Parent.nearest(name)
	return outer != nil
}

// agree returns the value that a directive of one value has whichever arm of a
// template's conditions is there, and reports whether there is one. outer is the
// value that takes its place where none is there.
func (s *Scope) agree(name, outer string) (string, bool) {
	var arms []*parser.Arm
	value, found := "", false
	held := s.heldArm()
	always, same := false, true
	s.each(name, func(it *Item) bool {
		arm := it.armBut(s, held)
		switch {
		case arm == nil:
			always = true
		case it.against(s, held):
			return true
		default:
			arms = append(arms, arm)
		}
		if !found {
			value, found = it.Arg(0), true
		}
		same = same && it.Arg(0) == value
		return true
	})
	if len(arms) == 0 {
		return value, found
	}
	if !same {
		return "", false
	}
	if !always && !parser.Covered(arms) && outer != value {
		return "", false
	}
	return value, true
}
