package effective

import (
	"fmt"
	"strings"
)

// val is what an expression evaluates to while a request is followed.
type val struct {
	text  string
	known bool
	// opaque: not known, but not empty, and nothing that could be taken
	// for "upgrade" or "websocket": an address, a time, a number.
	opaque bool
}

var (
	unknownVal = val{}
	opaqueVal  = val{opaque: true}
	emptyVal   = val{known: true}
)

func text(s string) val { return val{text: s, known: true} }

// value returns v as the model shows it.
func (v val) value() Value { return Value{Known: v.known, Text: v.text} }

// truth is yes, no, or undecided.
type truth int8

const (
	undecided truth = iota
	no
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// not returns the opposite of t.
func (t truth) not() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	default:
		return undecided
	}
}

// hasToken says whether the list in v holds token.
func (v val) hasToken(token string) truth {
	if v.known {
		return truthOf(HasToken(v.text, token))
	}
	if v.opaque {
		return no
	}
	return undecided
}

// isTrue says whether an if of v alone is taken (ngx_http_script_if_code).
func (v val) isTrue() truth {
	if v.known {
		return truthOf(v.text != "" && v.text != "0")
	}
	if v.opaque {
		return yes
	}
	return undecided
}

// HasToken reports whether a comma-separated list, such as the value of
// Connection or Upgrade, holds token, letters in either case (RFC 9110, 5.6.1).
func HasToken(list, token string) bool {
	for item := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.Trim(item, " \t"), token) {
			return true
		}
	}
	return false
}

// part is a piece of an expression: literal text, a variable or a capture.
type part struct {
	literal  string
	variable string // lower case, without $
	capture  int    // $1 to $9; 0 for none
}

// parts splits an expression as ngx_http_script_compile does. It reports false
// for what nginx refuses: a '$' that no name follows.
func parts(s string) (list []part, ok bool) {
	said := eachPart(s, func(p part) { list = append(list, p) })
	return list, said == ""
}

// ScriptError returns nginx's words for a variable in s that it cannot read, ""
// where it reads all of them.
func ScriptError(s string) string { return eachPart(s, func(part) {}) }

// eachPart calls f for each part of an expression until nginx refuses one, and
// returns its words for that.
func eachPart(s string, f func(part)) (said string) {
	for i := 0; i < len(s); {
		if s[i] != '$' {
			n := strings.IndexByte(s[i:], '$')
			if n < 0 {
				n = len(s) - i
			}
			f(part{literal: s[i : i+n]})
			i += n
			continue
		}
		i++
		if i == len(s) {
			return "invalid variable name"
		}
		if s[i] >= '1' && s[i] <= '9' {
			f(part{capture: int(s[i] - '0')})
			i++
			continue
		}
		bracket := s[i] == '{'
		if bracket {
			i++
		}
		start := i
		for i < len(s) && isVariableByte(s[i]) {
			i++
		}
		name := s[start:i]
		if bracket {
			if start == len(s) {
				return "invalid variable name"
			}
			if i == len(s) || s[i] != '}' {
				return fmt.Sprintf("the closing bracket in %q variable is missing", name)
			}
			i++
		}
		if name == "" {
			return "invalid variable name"
		}
		f(part{variable: strings.ToLower(name)})
	}
	return ""
}

func isVariableByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

// VariablesIn returns the names, in lower case and without $, of the variables
// that the expression s uses.
func VariablesIn(s string) []string {
	if strings.IndexByte(s, '$') < 0 {
		return nil
	}
	var names []string
	eachPart(s, func(p part) {
		if p.variable != "" {
			names = append(names, p.variable)
		}
	})
	return names
}
