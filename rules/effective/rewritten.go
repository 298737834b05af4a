package effective

import (
	"regexp"
	"strings"
)

// rewritten returns how the path begins that the location's own rewrite gives every
// request it has before it is passed on: "/socket.io/" for
//
//	location /chat/ { rewrite ^/chat/(.*)$ /socket.io/$1 break; }
//
// It is "" where there is no such rewrite, more than one, or one that only some of
// the location's requests meet. What proxy_pass says of the path is passed over then
// (ngx_http_proxy_create_request, r->valid_unparsed_uri and u.uri).
func rewritten(loc *Scope) string {
	if loc == nil {
		return ""
	}
	own := loc.Own("rewrite")
	if len(own) != 1 || own[0].Arg(2) != "break" || own[0].armIn(loc) != nil {
		return ""
	}
	modifier, match := loc.ModifierAndMatch()
	pattern := own[0].Arg(0)
	if strings.HasPrefix(modifier, "~") || strings.HasPrefix(match, "@") || !takesAll(pattern, match) {
		return ""
	}
	path, _, cut := strings.Cut(own[0].Arg(1), "$")
	if !strings.HasPrefix(path, "/") {
		return ""
	}
	if cut && !strings.Contains(pattern, "(/") { // the last word goes on in what is captured
		path = path[:strings.LastIndexByte(path, '/')+1]
	}
	return path
}

// rest is what a pattern that takes everything below a path has behind it.
var rest = regexp.MustCompile(`^(/|/\?|\(/\|\$\))?(\(?/?\.[*+]\)?)?\$?$`)

// takesAll reports whether the pattern of a rewrite takes every path that the prefix
// location match has.
func takesAll(pattern, match string) bool {
	behind, anchored := strings.CutPrefix(pattern, "^")
	switch {
	case !anchored:
		return rest.MatchString(pattern) && !strings.HasPrefix(pattern, "$")
	case behind == "" || rest.MatchString(behind):
		return true
	}
	path := strings.TrimSuffix(match, "/")
	behind, below := strings.CutPrefix(behind, path)
	if !below {
		behind, below = strings.CutPrefix(behind, regexp.QuoteMeta(path))
	}
	return below && rest.MatchString(behind) && behind != "$"
}
