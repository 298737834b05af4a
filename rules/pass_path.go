package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var passPath = &Rule{
	Name:     "pass-path",
	Category: HTTP,
	Severity: Info,
	Summary:  "the URI in proxy_pass changes the path in a way that is seldom meant",
	Doc: `With a URI in proxy_pass, be it a single slash, nginx puts it in the place of the
part of the path that the location matched: /ws with http://b/ makes //chat of
/ws/chat, and /ws/ with http://b/socket makes /socketchat. Both should end in a
slash, or neither.

With a variable in it the URI is sent as it is: the request's own path and its
arguments are lost. A location that takes one path, but for segments that it
makes variables of, loses its arguments only, and nothing is said where it looks
at them itself.`,
	Before: `location /ws {
    proxy_pass http://127.0.0.1:3000/;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;
}
`,
	Links:   []string{"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass"},
	Options: []Option{optWebSocket},
	Check:   checkPassPath,
}

func checkPassPath(p *Pass) {
	for _, r := range p.intended() {
		if !r.Pass.Is("proxy_pass") || r.Location == nil || r.Location.Block == nil {
			continue
		}
		url := r.Pass.Arg(0)
		_, rest, ok := strings.Cut(url, "://")
		slash := strings.IndexByte(rest, '/')
		if strings.HasPrefix(strings.ToLower(rest), "unix:") {
			slash = unixURI(rest)
		}
		if !ok || slash < 0 || slash >= len(rest) || len(r.Location.Own("rewrite")) > 0 {
			continue
		}
		host, uri := rest[:slash], rest[slash:]
		if p.Model.FilledIn(host) { // by a template: what nginx reads holds no variable there
			host, url = "", uri
		}
		modifier, match := r.Location.ModifierAndMatch()
		var msg string
		switch {
		case strings.Contains(host, "$") && !strings.Contains(uri, "$") && onePath(r, uri):
			if looksAtArguments(r) {
				continue
			}
			msg = fmt.Sprintf("%s sends %q without the arguments of the request: with a variable in proxy_pass its URI is sent as it is; "+
				"write %q where the upstream wants them", subject(r), uri, uri+"$is_args$args")
		case strings.Contains(host, "$") && !strings.Contains(uri, "$"):
			msg = fmt.Sprintf("%s sends %q for every path, without arguments: with a variable in proxy_pass its URI is sent as it is; "+
				"remove the URI, or write it with $request_uri", subject(r), uri)
		case strings.Contains(url, "$") || modifier != "" && modifier != "^~" || strings.HasPrefix(match, "@"):
			continue
		case strings.HasSuffix(uri, "/") && !strings.HasSuffix(match, "/"):
			msg = fmt.Sprintf("%s asks the upstream for %q where the client asks for %q; end both the location and the URI of proxy_pass in a slash, or neither",
				subject(r), uri+"/chat", match+"/chat")
		case !strings.HasSuffix(uri, "/") && strings.HasSuffix(match, "/") && !strings.Contains(uri, "?"):
			msg = fmt.Sprintf("%s asks the upstream for %q where the client asks for %q; end both the location and the URI of proxy_pass in a slash, or neither",
				subject(r), uri+"chat", match+"chat")
		default:
			continue
		}
		p.Report(atItem(r.Pass, r, p.Rule.Severity, msg))
	}
}

// onePath reports whether the paths that a location takes differ in nothing but what it
// makes variables of, so that a URI without any was written for them: an exact path, or a
// pattern of words and captured segments that ends where the URI does.
func onePath(r *effective.Route, uri string) bool {
	modifier, match := r.Location.ModifierAndMatch()
	switch modifier {
	case "=":
		return true
	case "~", "~*":
	default:
		return false
	}
	words := oneSegment.ReplaceAllString(match, "")
	if words == match || !literalPattern.MatchString(words) {
		return false
	}
	if !strings.HasSuffix(match, "$") && !strings.HasSuffix(match, uri) {
		return false
	}
	return slices.ContainsFunc(valuesOf(r), func(value string) bool {
		return capture.MatchString(value) || slices.ContainsFunc(effective.VariablesIn(value), func(name string) bool {
			return strings.Contains(strings.ToLower(match), "<"+name+">")
		})
	})
}

// looksAtArguments reports whether a location has a use of its own for the arguments of
// its requests.
func looksAtArguments(r *effective.Route) bool {
	return slices.ContainsFunc(valuesOf(r), func(value string) bool {
		return slices.ContainsFunc(effective.VariablesIn(value), func(name string) bool {
			return name == "args" || name == "query_string" || strings.HasPrefix(name, "arg_")
		})
	})
}

// valuesOf returns what a location passes to and what its set directives give.
func valuesOf(r *effective.Route) []string {
	values := []string{r.Pass.Arg(0)}
	for _, it := range r.Location.Own("set") {
		values = append(values, it.Arg(1))
	}
	return values
}

// capture matches the number of a group in a value.
var capture = regexp.MustCompile(`\$\{?[1-9]`)

// oneSegment matches a group that captures no more than a segment of the path.
var oneSegment = regexp.MustCompile(`\((\?P?<\w+>)?(\[\^/\]|\[[\w-]+\]|\\[wd])[+*]\)`)

// literalPattern matches a pattern that takes one path.
var literalPattern = regexp.MustCompile(`^\^?(\w|[/~-]|\\?\.)*\$?$`)

// unixURI returns where the URI begins in "unix:/path:/uri", or -1.
func unixURI(rest string) int {
	if i := strings.IndexByte(rest[len("unix:"):], ':'); i >= 0 {
		return i + len("unix:") + 1
	}
	return -1
}
