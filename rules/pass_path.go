package rules

import (
	"fmt"
	"strings"
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
arguments are lost.`,
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

// unixURI returns where the URI begins in "unix:/path:/uri", or -1.
func unixURI(rest string) int {
	if i := strings.IndexByte(rest[len("unix:"):], ':'); i >= 0 {
		return i + len("unix:") + 1
	}
	return -1
}
