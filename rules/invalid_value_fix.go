package rules

import (
	"fmt"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// timeUnits are what people write for nginx's units of time (ngx_parse_time).
var timeUnits = map[string]string{
	"msec": "ms", "msecs": "ms", "millisecond": "ms", "milliseconds": "ms",
	"sec": "s", "secs": "s", "second": "s", "seconds": "s",
	"min": "m", "mins": "m", "minute": "m", "minutes": "m",
	"h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h",
	"d": "d", "day": "d", "days": "d", "w": "w", "week": "w", "weeks": "w",
	"s": "s", "ms": "ms",
}

// meant returns the value that nginx takes and that was plainly meant by one that
// it refuses: 60s for "60sec", 1.1 for "HTTP/1.1".
func meant(name, kind, value string) (string, bool) {
	switch {
	case name == "proxy_http_version":
		if rest, ok := strings.CutPrefix(strings.ToUpper(value), "HTTP/"); ok && (rest == "1.0" || rest == "1.1") {
			return rest, true
		}
	case kind == "msec":
		lower := strings.ToLower(value) // longer or shorter than value where that is no UTF-8
		number := strings.TrimRight(lower, "abcdefghijklmnopqrstuvwxyz")
		// In a capital M nginx's own months and minutes would be mixed up.
		if unit := timeUnits[lower[len(number):]]; unit != "" && isNumber(number) {
			return number + unit, true
		}
	case kind == "flag":
		switch strings.ToLower(value) {
		case "true", "yes", "1", "enabled", "enable":
			return "on", true
		case "false", "no", "0", "disabled", "disable":
			return "off", true
		}
	}
	return "", false
}

// quoteFix returns the fix that makes one value of the words of a Connection
// line, a list such as keep-alive, upgrade; nil where they are something else.
func quoteFix(it effective.Item) *Fix {
	n := len(it.Args)
	if !it.Is("proxy_set_header") || n < 3 || !strings.EqualFold(it.Arg(0), "Connection") {
		return nil
	}
	first, last := it.Args[1].Span, it.Args[n-1].Span
	text := it.File.Src[first.Start:last.End]
	if strings.Trim(strings.ToLower(text), "abcdefghijklmnopqrstuvwxyz-, ") != "" || strings.HasSuffix(text, ",") {
		return nil
	}
	return fixOf(Safe, "put the value in quotes", []Edit{
		{File: it.File, Span: first, New: `"` + it.File.Src[first.Start:first.End]},
		{File: it.File, Span: last, New: it.File.Src[last.Start:last.End] + `"`},
	}, true)
}

// equalsFix returns the fix of a header line whose name and value are parted by
// '=' or ':' as in other languages; nil for others.
func equalsFix(it effective.Item) *Fix {
	if !it.Is("proxy_set_header") {
		return nil
	}
	const message = "put a blank between name and value"
	switch w := it.Args; {
	case len(w) == 3 && (w[1].Value == "=" || w[1].Value == ":"):
		return fixOf(Safe, message, []Edit{{File: it.File, Span: parser.Span{Start: w[1].Span.Start, End: w[2].Span.Start}}}, true)
	case len(w) == 1:
		src := it.File.Src[w[0].Span.Start:w[0].Span.End]
		if i := strings.IndexAny(src, "=:"); i > 0 && i < len(src)-1 && strings.Trim(strings.ToLower(src[:i]), "abcdefghijklmnopqrstuvwxyz-") == "" {
			at := w[0].Span.Start + i
			return fixOf(Safe, message, []Edit{{File: it.File, Span: parser.Span{Start: at, End: at + 1}, New: " "}}, true)
		}
	}
	return nil
}

// checkSpelling looks at a directive that nginx knows only in lower case: names
// are compared as they are (ngx_conf_handler).
func (p *Pass) checkSpelling(l level, it effective.Item) {
	name := it.Head.Value
	lower := strings.ToLower(name)
	if lower == name {
		return
	}
	row := l.any(lower)
	if row == nil || row.block != it.IsBlock() || !row.takes(len(it.Args)) || !readable(it.Directive) {
		return
	}
	f := atItem(it, nil, p.Rule.Severity, fmt.Sprintf(
		"nginx has no directive %s (upper and lower case differ) and does not start: unknown directive %q; write %s",
		name, name, lower))
	f.Span = it.Head.Span
	switch {
	case it.IsBlock():
		f.spoils = it.Directive
	case strings.HasPrefix(lower, "proxy_"):
		f.spoils = l.Block
	}
	f.Fix = fixOf(Safe, "write "+lower, []Edit{replaceWord(it.File, it.Head, lower)}, true)
	p.Report(f)
}
