package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

// checkCondition looks at the condition of an if as
// ngx_http_rewrite_if_condition does.
func (p *Pass) checkCondition(l level, it effective.Item) {
	said, arg := conditionError(it)
	if name := conditionName(it); said == "" && strings.ContainsAny(name, "${}") && !meantFor(name) {
		if defined, complete := p.Model.DefinesVariable(name); !defined && complete {
			p.reportValue(l, it, it.Args[0], nil, fmt.Sprintf(
				"an if compares one variable, and nginx does not start: unknown %q variable; put the parts together with set first", name))
			return
		}
	}
	if i, expr := conditionPattern(it); said == "" && i > 0 {
		p.checkPattern(l, it, it.Args[i], expr)
	}
	if said != "" {
		p.reportValue(l, it, it.Args[arg], nil, fmt.Sprintf(
			"this is no condition of nginx's, which does not start: %s; write ($variable), ($variable = value), ($variable ~ pattern) or (-f file)", said))
	}
}

// conditionName returns the name of the variable that the condition of an if asks for: all
// that follows the dollar (ngx_http_rewrite_variable). It is "" where there is none.
func conditionName(it effective.Item) string {
	words := it.Args
	if len(words) > 0 && words[0].Value == "(" {
		words = words[1:]
	}
	if len(words) == 0 {
		return ""
	}
	name, ok := strings.CutPrefix(strings.TrimPrefix(words[0].Value, "("), "$")
	if !ok {
		return ""
	}
	if len(words) == 1 {
		name = strings.TrimSuffix(name, ")")
	}
	return strings.ToLower(name)
}

// conditionPattern returns the pattern that a condition matches with and the index
// of the argument it stands in, 0 where there is none.
func conditionPattern(it effective.Item) (int, string) {
	i := len(it.Args) - 1
	if i > 0 && it.Arg(i) == ")" {
		i--
	}
	switch it.Arg(i - 1) {
	case "~", "~*", "!~", "!~*":
		if i < len(it.Args)-1 {
			return i, it.Arg(i)
		}
		return i, strings.TrimSuffix(it.Arg(i), ")")
	}
	return 0, ""
}

// conditionError returns nginx's words for what is wrong with the condition of an
// if, and the index of the argument it names; "" where nothing is.
func conditionError(it effective.Item) (said string, arg int) {
	words := make([]string, len(it.Args))
	for i, a := range it.Args {
		words[i] = a.Value
	}
	invalid := func(i int) (string, int) { return fmt.Sprintf("invalid condition %q", words[i]), i }
	if len(words) == 0 {
		return "", 0
	}
	cur, last := 0, len(words)-1
	if words[0] == "" || words[0][0] != '(' {
		return invalid(0)
	}
	if words[0] == "(" {
		cur = 1
	} else {
		words[0] = words[0][1:]
	}
	if w := words[last]; w == "" || w[len(w)-1] != ')' {
		return invalid(last)
	} else if w == ")" {
		last--
	} else {
		words[last] = w[:len(w)-1]
	}
	if cur >= len(words) {
		return invalid(0)
	}
	w := words[cur]
	switch {
	case len(w) > 1 && w[0] == '$':
		if cur == last {
			return "", 0
		}
		if cur+2 != last {
			return invalid(cur)
		}
		if op := words[cur+1]; !slices.Contains([]string{"=", "!=", "~", "~*", "!~", "!~*"}, op) {
			return fmt.Sprintf("unexpected %q in condition", op), cur + 1
		}
	case slices.Contains([]string{"-f", "-d", "-e", "-x", "!-f", "!-d", "!-e", "!-x"}, w):
		if cur+1 != last {
			return invalid(cur)
		}
	default:
		return invalid(cur)
	}
	return "", 0
}
