package rules

import (
	"fmt"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var subrequestUpgrade = &Rule{
	Name:     "subrequest-upgrade",
	Category: HandshakeCategory,
	Severity: Warning,
	Fixable:  "safe",
	Summary:  "the request to an auth_request or mirror location carries Upgrade, and a 101 to it ends the connection",
	Doc: `auth_request and mirror send a request of their own, with the headers of the
client. Where Upgrade and Connection are set for the whole server, that request
asks for a WebSocket too. If its upstream answers 101, nginx can do nothing with
it: it logs "connection upgrade in subrequest" and closes the client's connection
without an answer. Others answer 400 or 426, which auth_request takes for an
error.

The fix clears both headers in that location, and repeats the other lines that it
would inherit. Lines of its own get an empty value.`,
	Before: `server {
    proxy_http_version 1.1;
    proxy_set_header Host $host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;

    location / {
        auth_request /auth;
        proxy_pass http://127.0.0.1:3000;
    }
    location = /auth {
        internal;
        proxy_pass http://127.0.0.1:3000;
    }
}
`,
	After: `server {
    proxy_http_version 1.1;
    proxy_set_header Host $host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;

    location / {
        auth_request /auth;
        proxy_pass http://127.0.0.1:3000;
    }
    location = /auth {
        internal;
        proxy_pass http://127.0.0.1:3000;
        proxy_set_header Upgrade "";
        proxy_set_header Connection "";
        proxy_set_header Host $host;
    }
}
`,
	Links: []string{
		"https://nginx.org/en/docs/http/ngx_http_auth_request_module.html#auth_request",
		"https://nginx.org/en/docs/http/ngx_http_mirror_module.html#mirror",
	},
	Options: []Option{optWebSocket},
	Check:   checkSubrequestUpgrade,
}

func checkSubrequestUpgrade(p *Pass) {
	p.eachSubrequest(p.checkSubrequest)
}

// eachSubrequest calls f with the locations that a handshake's own subrequests reach.
func (p *Pass) eachSubrequest(f func(r *effective.Route, by effective.Item, loc *effective.Scope)) {
	for _, r := range p.intended() {
		if r.Intent == effective.Inherited || r.Scope == nil {
			continue
		}
		for _, name := range []string{"auth_request", "mirror"} {
			items, _ := r.Scope.Effective(name)
			for _, it := range items {
				uri := it.Arg(0)
				if uri == "off" || !strings.HasPrefix(uri, "/") || strings.Contains(uri, "$") {
					continue
				}
				uri, _, _ = strings.Cut(uri, "?")
				if c := p.Model.Choose(r.Top(), uri); c.Location != nil && c.Unsure == "" && !c.Redirect && c.Location != r.Location {
					f(r, it, c.Location)
				}
			}
		}
	}
}

// answersSubrequest reports whether the location of r gets subrequests of another
// location's handshakes: what completes it would end those.
func (p *Pass) answersSubrequest(r *effective.Route) bool {
	locs, ok := p.mounts.copied[p.Model]
	if !ok {
		locs = map[*effective.Scope]bool{}
		p.eachSubrequest(func(_ *effective.Route, _ effective.Item, loc *effective.Scope) { locs[loc] = true })
		if p.mounts.copied == nil {
			p.mounts.copied = map[*effective.Model]map[*effective.Scope]bool{}
		}
		p.mounts.copied[p.Model] = locs
	}
	return locs[r.Location]
}

// checkSubrequest looks at the location that answers a subrequest of r.
func (p *Pass) checkSubrequest(r *effective.Route, by effective.Item, loc *effective.Scope) {
	for _, sub := range p.mounts.under(loc) {
		if sub.Scope != loc || !sub.Pass.Is("proxy_pass") {
			continue
		}
		lines, level := loc.Effective("proxy_set_header")
		if level == nil || !asksForUpgrade(sub) {
			return
		}
		whose, which := "the Upgrade and Connection lines of "+levelName(level), "the line that it inherits"
		if level == loc {
			whose, which = "Upgrade and Connection lines of its own", "the line"
		}
		sev := p.Rule.Severity
		if by.Is("auth_request") && !p.servesWebSocket(sub) {
			sev = Info
		}
		f := atRoute(sub, sev, fmt.Sprintf(
			"%s gets a copy of each handshake by %s and sends it on with %s; a 101 to that ends the client's connection; clear both lines here",
			subject(sub), by.Head.Value, whose))
		f.Related = []Place{{by.File, headSpan(by.Directive), "the request is made here"}}
		for _, it := range lines {
			if isUpgradeOrConnection(it.Arg(0)) {
				f.Related = append(f.Related, Place{it.File, headSpan(it.Directive), which})
			}
		}
		if dedicated(sub, by) {
			f.Fix = p.clearUpgrade(sub)
		}
		p.Report(f)
		return
	}
}

// dedicated reports whether the location that answers a subrequest is there for
// nothing else: named as the request is, and not meant for WebSocket itself.
// Another one needs its lines.
func dedicated(sub *effective.Route, by effective.Item) bool {
	_, match := sub.Location.ModifierAndMatch()
	uri, _, _ := strings.Cut(by.Arg(0), "?")
	return match == uri && sub.Intent != effective.Declared && sub.Intent != effective.Likely
}

// asksForUpgrade reports whether a handshake's subrequest to the route asks for
// a WebSocket.
func asksForUpgrade(r *effective.Route) bool {
	upgrade, connection := false, false
	for _, h := range r.Headers {
		v := h.Sent[effective.Handshake]
		upgrade = upgrade || strings.EqualFold(h.Name, "Upgrade") && v.Known && strings.EqualFold(v.Text, "websocket")
		connection = connection || strings.EqualFold(h.Name, "Connection") && v.Known && effective.HasToken(v.Text, "upgrade")
	}
	return upgrade && connection
}

// servesWebSocket reports whether the route's upstream is also that of a location
// meant for WebSocket.
func (p *Pass) servesWebSocket(sub *effective.Route) bool {
	_, host, port := sub.Target()
	for _, r := range p.intended() {
		if _, h, n := r.Target(); r.Intent != effective.Inherited && r.Location != sub.Location && host != "" && h == host && n == port {
			return true
		}
	}
	return false
}

// clearUpgrade plans empty Upgrade and Connection lines in the route's location.
func (p *Pass) clearUpgrade(r *effective.Route) *Fix {
	const directive = "proxy_set_header"
	s := target(r)
	if s == nil || !p.sameOwn(s, directive) {
		return nil
	}
	if own := append(headersOf(s, "Upgrade"), headersOf(s, "Connection")...); len(own) > 0 {
		return p.emptyLines(own)
	}
	in, ok := p.inherited(s, directive)
	if !ok {
		return nil
	}
	to := listPlace(s, r)
	edits := []Edit{
		to.insert(directive+` Upgrade "";`, rankUpgrade),
		to.insert(directive+` Connection "";`, rankConnection),
	}
	edits = append(edits, p.repeat(in, directive, to, isUpgradeOrConnection)...)
	return fixOf(safety(in.unsafe || in.lacks), "clear Upgrade and Connection here", edits, true)
}

// emptyLines plans an empty value for each of the location's own lines.
func (p *Pass) emptyLines(lines []effective.Item) *Fix {
	var edits []Edit
	for _, it := range lines {
		if !p.mounts.once(it.File) {
			return nil
		}
		edits = append(edits, replaceWord(it.File, it.Args[1], `""`))
	}
	return fixOf(Safe, "clear Upgrade and Connection here", edits, true)
}
