package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// checkEnding looks at whether a directive has a block where nginx wants one, and
// none where it does not (ngx_conf_handler).
func (p *Pass) checkEnding(l level, it effective.Item, row *directive) {
	if !readable(it.Directive) || len(l.swallowed(it.Directive)) > 0 || len(it.File.Tags()) > 0 {
		return
	}
	said, remedy := "", ""
	if row.block {
		said = fmt.Sprintf("directive %q has no opening %q", it.Head.Value, "{")
		remedy = "write its block"
	} else {
		said = fmt.Sprintf("directive %q is not terminated by %q", it.Head.Value, ";")
		remedy = "end it with a semicolon"
	}
	p.Report(atItem(it, nil, p.Rule.Severity, fmt.Sprintf("nginx does not start: %s; %s", said, remedy)))
}

// checkVariableName looks at the name that set gives to a variable
// (ngx_http_rewrite_set).
func (p *Pass) checkVariableName(l level, it effective.Item, arg int) {
	if v := it.Arg(arg); !strings.HasPrefix(v, "$") || v == "$" {
		p.reportValue(l, it, it.Args[arg], nil, fmt.Sprintf(
			"%s cannot make a variable %q, and nginx does not start: invalid variable name %q; begin it with a dollar sign", it.Head.Value, v, v))
	}
}

// scripted are the arguments in which nginx looks for variables, by directive and
// the number of the argument (ngx_http_script_compile); -1 is the last one.
var scripted = map[string]int{
	"proxy_set_header": 2, "add_header": 2, "add_trailer": 2, "proxy_pass": 1, "proxy_method": 1, "set": 2, "rewrite": 2, "return": -1, "error_page": -1, "map": 1,
}

// checkScript looks at the variables in an argument.
func (p *Pass) checkScript(l level, it effective.Item, row *directive) {
	i := row.script - 1
	switch {
	case row.script == 0:
		return
	case row.script < 0:
		i = len(it.Args) - 1
	}
	if i < 0 || i >= len(it.Args) {
		return
	}
	if said := effective.ScriptError(it.Arg(i)); said != "" {
		p.reportValue(l, it, it.Args[i], nil, fmt.Sprintf(
			"%q holds no variable that nginx can read, and it does not start: %s; write $name or ${name}", it.Arg(i), said))
	}
}

// checkErrorPage looks at the statuses of error_page as ngx_http_core_error_page
// does.
func (p *Pass) checkErrorPage(l level, it effective.Item) {
	if said, arg := errorPageError(it.Args); said != "" {
		p.reportValue(l, it, it.Args[arg], nil, fmt.Sprintf(
			"error_page takes statuses from 300 to 599, perhaps = or =STATUS, and then where to go, and nginx does not start: %s; write it so", said))
	}
}

// errorPageError returns nginx's words for what is wrong with the arguments of
// error_page, and the index of the one it names; "" where nothing is.
func errorPageError(args []parser.Word) (said string, arg int) {
	n := len(args) - 1
	if n < 1 {
		return "", 0
	}
	if with, ok := strings.CutPrefix(args[n-1].Value, "="); ok {
		n--
		if n == 0 || with != "" && !isNumber(with) {
			return fmt.Sprintf("invalid value %q", "="+with), n
		}
	}
	for i, a := range args[:n] {
		v := a.Value
		if !isNumber(v) || strings.TrimLeft(v, "0") == "499" {
			return fmt.Sprintf("invalid value %q", v), i
		}
		if status, err := strconv.Atoi(v); err != nil || status < 300 || status > 599 {
			return fmt.Sprintf("value %q must be between 300 and 599", v), i
		}
	}
	return "", 0
}

// checkReturn looks at the status of return as ngx_http_rewrite_return does.
func (p *Pass) checkReturn(l level, it effective.Item) {
	v := it.Arg(0)
	if isNumber(v) {
		if status, err := strconv.Atoi(v); err == nil && status <= 999 {
			return
		}
	} else if len(it.Args) == 1 && (strings.HasPrefix(v, "http://") || strings.HasPrefix(v, "https://") || strings.HasPrefix(v, "$scheme")) {
		return
	}
	p.reportValue(l, it, it.Args[0], nil, fmt.Sprintf(
		"return cannot begin with %q, and nginx does not start: invalid return code %q; write a status, or a URL alone", v, v))
}
