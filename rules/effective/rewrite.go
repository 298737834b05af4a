package effective

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
)

// opcode is what one directive of the rewrite module does.
type opcode uint8

const (
	opSet opcode = iota
	opIf
	opReturn
	opRewrite
	opBreak
)

// code is one directive of the rewrite module, in the order nginx runs them. The
// directives inside an if follow it in the same list (ngx_http_rewrite_if).
type code struct {
	op     opcode
	item   Item
	end    int     // opIf: index after the block
	expr   operand // opSet: the value
	name   string  // opSet: the variable
	status int     // opReturn
	re     *pattern
	test   test // opIf
}

// test is the condition of an if.
type test struct {
	words       []string // without the parentheses
	left, right operand  // the first word and the third
	re          *pattern // of a match
	cookie      bool     // it asks for a cookie
	answers     bool     // the block does nothing but end the request
	note        string   // of one that answers: what is said where it is not judged
}

func (m *Model) newTest(it Item) test {
	t := test{words: conditionWords(it), cookie: asksForCookie(it)}
	if len(t.words) > 0 {
		t.left = m.conditionVariable(t.words[0])
	}
	if len(t.words) == 3 {
		t.right = m.operand(t.words[2])
		switch op := t.words[1]; op {
		case "~", "~*", "!~", "!~*":
			t.re = compile(t.words[2], strings.HasSuffix(op, "*"))
		}
	}
	return t
}

// conditionVariable returns the variable that a condition asks for: all that follows the
// dollar is its name (ngx_http_rewrite_variable), and no header is called "a$b".
func (m *Model) conditionVariable(word string) operand {
	name, ok := strings.CutPrefix(word, "$")
	if !ok || !strings.ContainsAny(name, "${}") || parser.HoldsTag(word) {
		return m.operand(word)
	}
	if builtin(strings.ToLower(name)) {
		return operand{value: emptyVal}
	}
	return operand{value: unknownVal} // nginx knows none of that name, and does not start
}

// codesOf returns what the rewrite module runs for the server or location s.
func (m *Model) codesOf(s *Scope) []code {
	if s.holds&rewrites == 0 {
		return nil
	}
	if c, ok := m.codes[s]; ok {
		return c
	}
	c := m.appendCodes(nil, s)
	m.codes[s] = c
	return c
}

func (m *Model) appendCodes(list []code, s *Scope) []code {
	held := s.heldArm()
	for i := range s.Items {
		it := s.Items[i]
		if it.armBut(s, held) != nil && !it.Is("set") {
			continue // a template has it sometimes; a redirect of some is not judged
		}
		switch it.Head.Value {
		case "set":
			if name, ok := variableName(it.Arg(0)); ok && len(it.Args) == 2 {
				expr := m.operand(it.Arg(1))
				if fillsItself(it) {
					expr = operand{value: unknownVal}
				}
				list = append(list, code{op: opSet, item: it, name: name, expr: expr})
			}
		case "break":
			if !it.IsBlock() {
				list = append(list, code{op: opBreak, item: it})
			}
		case "return":
			if len(it.Args) > 0 {
				status, err := strconv.Atoi(it.Arg(0))
				if err != nil {
					status = 302 // "return URL"
				}
				list = append(list, code{op: opReturn, item: it, status: status})
			}
		case "rewrite":
			if len(it.Args) >= 2 {
				list = append(list, code{op: opRewrite, item: it, re: compile(it.Arg(0), false)})
			}
		case "if":
			if it.Scope != nil && it.Scope.Kind == If {
				at := len(list)
				list = append(list, code{op: opIf, item: it, test: m.newTest(it)})
				list = m.appendCodes(list, it.Scope)
				list[at].end = len(list)
				if answers(list[at+1:]) {
					list[at].test.answers = true
					list[at].test.note = fmt.Sprintf("an if that may answer by itself is not judged (%s)", place(it))
				}
			}
		}
	}
	return list
}

// fillsItself reports whether a set's value is its own variable in capitals: set $app
// ${APP}. nginx does not tell these apart, and would give it nothing; envsubst does, and
// fills in the value.
func fillsItself(it Item) bool {
	name, _ := variableName(it.Arg(0))
	return !parser.OnlyCapitals(it.Arg(0)) && parser.OnlyCapitals(it.Arg(1)) && slices.Contains(VariablesIn(it.Arg(1)), name)
}

// condition says whether an if block is taken (ngx_http_rewrite_if_condition).
// Files are taken not to exist: a WebSocket path names none.
func (m *Model) condition(t *test, q *request) truth {
	words := t.words
	switch len(words) {
	case 1:
		return m.evalOperand(&t.left, q).isTrue()
	case 2:
		switch words[0] {
		case "-f", "-d", "-e", "-x":
			return no
		case "!-f", "!-d", "!-e", "!-x":
			return yes
		}
		return undecided
	case 3:
	default:
		return undecided
	}
	left := m.evalOperand(&t.left, q)
	switch op := words[1]; op {
	case "=", "!=":
		right := m.evalOperand(&t.right, q)
		is := undecided
		switch {
		case left.known && right.known:
			is = truthOf(left.text == right.text)
		case left.opaque && right.known && right.text == "", right.opaque && left.known && left.text == "":
			is = no
		case right.known && isKeyVariable(words[0]) && left.opaque && len(right.text) != len(sampleKeys[0]):
			is = no
		}
		if op == "!=" {
			is = is.not()
		}
		return is
	case "~", "~*", "!~", "!~*":
		groups, matched, ok := []string(nil), false, false
		if left.known {
			groups, matched, ok = t.re.match(left.text)
		} else if left.opaque && isKeyVariable(words[0]) {
			groups, matched, ok = matchKeys(t.re)
		}
		if !ok {
			q.forget(t.re)
			return undecided
		}
		if matched {
			q.capture(groups, t.re)
		} else {
			q.groups = []string{} // r->ncaptures = 0 in ngx_http_script_regex_start_code
		}
		is := truthOf(matched)
		if strings.HasPrefix(op, "!") {
			is = is.not()
		}
		return is
	}
	return undecided
}

// conditionWords returns the words of an if's condition without its parentheses.
func conditionWords(it Item) []string {
	var words []string
	for _, a := range it.Args {
		words = append(words, a.Value)
	}
	if len(words) == 0 || !strings.HasPrefix(words[0], "(") {
		return nil
	}
	if words[0] = words[0][1:]; words[0] == "" {
		words = words[1:]
	}
	last := len(words) - 1
	if last < 0 || !strings.HasSuffix(words[last], ")") {
		return nil
	}
	if words[last] = words[last][:len(words[last])-1]; words[last] == "" {
		words = words[:last]
	}
	return words
}

// answers reports whether the codes of an if do nothing but end the request:
// redirect it or refuse it. Where it cannot be told whether such an if is
// taken, a handshake is assumed not to meet it. A redirect of some paths leaves the
// others to what else the if does.
func answers(codes []code) bool {
	redirects, more := false, false
	for i := range codes {
		c := &codes[i]
		switch c.op {
		case opReturn:
			return true
		case opRewrite:
			if status, _ := c.redirect(); status == 0 {
				more = true
			} else if c.re.matchesAll() {
				return true
			} else {
				redirects = true
			}
		case opSet, opBreak, opIf:
			more = true
		}
	}
	return redirects && !more
}

// redirect returns the status with which a rewrite redirects the client, 0 for
// one that goes on inside nginx, and its replacement.
func (c *code) redirect() (status int, target string) {
	target = c.item.Arg(1)
	switch c.item.Arg(2) {
	case "permanent":
		return 301, target
	case "redirect":
		return 302, target
	}
	for _, p := range []string{"http://", "https://", "$scheme"} {
		if strings.HasPrefix(target, p) {
			return 302, target
		}
	}
	return 0, target
}

// asksForCookie reports whether the condition of an if is about a cookie.
func asksForCookie(it Item) bool {
	for _, a := range it.Args {
		for _, v := range VariablesIn(a.Value) {
			if v == "http_cookie" || strings.HasPrefix(v, "cookie_") {
				return true
			}
		}
	}
	return false
}
