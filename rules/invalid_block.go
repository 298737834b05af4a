package rules

import (
	"fmt"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// checkLocation looks at where a location stands, as ngx_http_core_location does.
func (p *Pass) checkLocation(l level, it effective.Item) {
	if it.Scope == nil || placeholder(it.Arg(0)) || placeholder(it.Arg(1)) {
		return
	}
	modifier, match := it.Scope.ModifierAndMatch()
	named := len(it.Args) == 1 && strings.HasPrefix(match, "@")
	said, remedy := "", ""
	switch modifier {
	case "", "=", "^~":
	case "~", "~*":
		p.checkPattern(l, it, it.Args[len(it.Args)-1], match)
	default:
		said, remedy = fmt.Sprintf("invalid location modifier %q", modifier), `write =, ^~, ~ or ~*, or quotes around a path with a blank`
	}
	if l.Kind == effective.Location && l.Block != nil && said == "" {
		around, outer := l.ModifierAndMatch()
		switch {
		case around == "=":
			said = fmt.Sprintf("location %q cannot be inside the exact location %q", match, outer)
		case around == "" && strings.HasPrefix(outer, "@"):
			said = fmt.Sprintf("location %q cannot be inside the named location %q", match, outer)
		case named:
			said = fmt.Sprintf("named location %q can be on the server level only", match)
		case !strings.HasPrefix(modifier, "~") && !strings.HasPrefix(match, outer):
			said = fmt.Sprintf("location %q is outside location %q", match, outer)
		}
		remedy = "move it out of the other one"
	}
	if said != "" {
		p.reportValue(l, it, it.Args[0], nil, fmt.Sprintf("%s cannot stand here, and nginx does not start: %s; %s", locationName(it.Scope), said, remedy))
	}
}

// checkMap looks at the lines of a map as ngx_http_map does. What a module of its
// own reads, geo and split_clients, is left alone.
func (p *Pass) checkMap(l level, it effective.Item) {
	if it.Scope == nil || it.Scope.Kind != effective.Map || len(it.Args) != 2 || !readable(it.Directive) {
		return
	}
	p.checkMade(l, it, 1)
	seen := map[string]bool{}
	hasDefault := false
	for _, line := range it.Scope.Items {
		if line.IsBlock() || !readable(line.Directive) {
			continue
		}
		key := line.Head.Value
		bad := func(said, remedy string) {
			f := atItem(line, nil, p.Rule.Severity, fmt.Sprintf("nginx does not start with this line of a map: %s; %s", said, remedy))
			p.Report(f)
		}
		switch raw := line.Directive.File.Src[line.Head.Span.Start:line.Head.Span.End]; {
		case len(line.Args) == 0 && (key == "hostnames" || key == "volatile"):
			continue
		case len(line.Args) != 1:
			bad("invalid number of the map parameters", "write a key and a value, and end the line with a semicolon")
			continue
		case effective.ScriptError(line.Arg(0)) != "" && !placeholder(line.Arg(0)):
			bad(effective.ScriptError(line.Arg(0)), "write $name or ${name}")
			continue
		case strings.HasPrefix(key, "~"):
			if why := patternError(strings.TrimPrefix(key[1:], "*")); why != "" {
				bad(why, "mend the pattern")
			}
			continue
		case line.Arm() != nil: // a template's conditions may leave one of two
			continue
		case key == "default":
			if hasDefault {
				bad("duplicate default map parameter", "take one of the two out")
			}
			hasDefault = true
			continue
		case strings.HasPrefix(key, `\`):
			key = key[1:]
		case placeholder(raw):
			continue
		}
		if key = strings.ToLower(key); seen[key] { // ngx_hash_add_key lowers them
			bad(fmt.Sprintf("conflicting parameter %q", strings.TrimPrefix(line.Head.Value, `\`)), "take one of the two out")
		}
		seen[key] = true
	}
}

// checkPattern looks at a regular expression.
func (p *Pass) checkPattern(l level, it effective.Item, w parser.Word, expr string) {
	if why := patternError(expr); why != "" {
		p.reportValue(l, it, w, nil, fmt.Sprintf("this pattern cannot be read, and nginx does not start: %s in %q; mend it", why, expr))
	}
}

// patternError returns what PCRE says of a pattern with a bracket too few or too
// many, which is what people forget; "" for all others.
func patternError(expr string) string {
	if strings.Contains(expr, `\Q`) || strings.Contains(expr, "(?#") || strings.Contains(expr, "(*") || strings.Contains(expr, "x)") || strings.Contains(expr, "x:") {
		return "" // in quotes, comments and extended patterns other rules hold
	}
	open, class := 0, -1
	if quantifies(expr) {
		return "quantifier does not follow a repeatable item"
	}
	for i := 0; i < len(expr); i++ {
		switch c := expr[i]; {
		case c == '\\':
			i++
		case class >= 0:
			if c == ']' && i > class { // one that comes first stands for itself
				class = -1
			} else if c == '[' && strings.HasPrefix(expr[i:], "[:") { // a name such as [:alpha:]
				name := expr[i+2:]
				if n := strings.IndexByte(name, ']'); n > 0 && name[n-1] == ':' {
					i += 2 + n
				}
			}
		case c == '[':
			class = i + 1
			if strings.HasPrefix(expr[class:], "^") {
				class++
			}
		case c == '(' || c == '|':
			if c == '(' {
				open++
			}
			if rest := expr[i+1:]; quantifies(rest) && !(c == '(' && rest[0] == '?') {
				return "quantifier does not follow a repeatable item"
			}
		case c == ')':
			if open--; open < 0 {
				return "unmatched closing parenthesis"
			}
		}
	}
	switch {
	case class >= 0:
		return "missing terminating ] for character class"
	case open > 0:
		return "missing closing parenthesis"
	}
	return ""
}

// quantifies reports whether a pattern, or what follows a bracket or a bar, begins
// with a quantifier.
func quantifies(expr string) bool {
	return expr != "" && (expr[0] == '*' || expr[0] == '+' || expr[0] == '?')
}
