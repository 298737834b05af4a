package rules

import (
	"fmt"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

var shadowedLocation = &Rule{
	Name:     "shadowed-location",
	Category: HandshakeCategory,
	Severity: Warning,
	Fixable:  "unsafe",
	Summary:  "a location with a regular expression takes the requests of a WebSocket location",
	Doc: `nginx looks for the longest prefix first, and then asks every regular expression
of that level in the order of the file: the first that matches answers, however
long the prefix was. A location /ws/ is never reached where one with the
expression ^/(api|ws) matches too, and the handshake gets what that one sends.

With ^~ before the prefix, the regular expressions of its level are not asked
where it is the longest prefix. They may have been meant for some of its paths:
hence the fix needs --unsafe.`,
	Before: `server {
    location ~ ^/(api|ws)/ {
        proxy_pass http://127.0.0.1:8000;
    }
    location /ws/ {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 1h;
    }
}
`,
	After: `server {
    location ~ ^/(api|ws)/ {
        proxy_pass http://127.0.0.1:8000;
    }
    location ^~ /ws/ {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 1h;
    }
}
`,
	Links:   []string{"https://nginx.org/en/docs/http/ngx_http_core_module.html#location"},
	Options: []Option{optWebSocket},
	Check:   checkShadowedLocation,
}

func checkShadowedLocation(p *Pass) {
	for _, r := range p.intended() {
		if r.Location == nil || r.Location.Block == nil || r.Intent == effective.Inherited {
			continue
		}
		modifier, match := r.Location.ModifierAndMatch()
		// A nested ^~ keeps its own level's expressions away and no outer one's.
		if modifier != "" && modifier != "^~" || !strings.HasPrefix(match, "/") {
			continue
		}
		if winner := p.shadow(r, match); winner != nil {
			p.reportShadow(r, winner)
		}
	}
}

// shadow returns the location with a regular expression that answers in place of
// the route's, nil where there is none, it is fit for WebSocket itself, or that
// cannot be told.
func (p *Pass) shadow(r *effective.Route, match string) *effective.Scope {
	paths := []string{match}
	if strings.HasSuffix(match, "/") && !r.Polling {
		paths = append(paths, match+"q7Z")
	}
	var winner *effective.Scope
	for _, path := range paths {
		c := p.Model.Choose(r.Top(), path)
		if c.Unsure != "" {
			return nil
		}
		by := shadowing(c.Location, r.Location)
		if by != nil && by.Block.Arm() != nil && !parser.SameArm(by.Block, r.Location.Block) {
			return nil // a template has it only sometimes
		}
		if by == nil {
			if match == "/" || len(paths) == 1 || path != match {
				return nil // the usual requests of this location reach it
			}
			continue
		}
		for _, other := range p.mounts.under(c.Location) {
			if other.Location == c.Location && other.Verdict != effective.Broken && len(other.Reasons) == 0 {
				return nil
			}
		}
		winner = by
	}
	return winner
}

// shadowing returns the location with a regular expression by which the choice
// leaves the way to loc, nil where it does not.
func shadowing(chosen, loc *effective.Scope) *effective.Scope {
	around := map[*effective.Scope]bool{}
	for s := loc; s != nil; s = s.Parent {
		around[s] = true
	}
	for s := chosen; s != nil; s = s.Parent {
		if s == loc {
			return nil // a location inside it
		}
	}
	for s := chosen; s != nil && !around[s]; s = s.Parent {
		if modifier, _ := s.ModifierAndMatch(); around[s.Parent] && strings.HasPrefix(modifier, "~") {
			return s
		}
	}
	return nil
}

func (p *Pass) reportShadow(r *effective.Route, by *effective.Scope) {
	_, match := r.Location.ModifierAndMatch()
	own := by.Parent == r.Location.Parent
	remedy := fmt.Sprintf("write location ^~ %s", match)
	if !own {
		remedy = "move it out of the location around it, or keep the expression from matching"
	}
	f := atRoute(r, min(p.grade(r, nil), p.Rule.Severity), fmt.Sprintf(
		"%s never gets %q: %s matches it too, goes first as a regular expression, and passes no handshake on; %s",
		subject(r), match, locationName(by), remedy))
	f.Related = []Place{{by.Block.File, headSpan(by.Block), "this location answers"}}
	d := r.Location.Block
	if own && len(d.Args) == 1 && len(p.mounts.others(r.Location)) <= 1 {
		start := d.Args[0].Span.Start
		f.Fix = fixOf(Unsafe, "put ^~ before the path", []Edit{{File: d.File, Span: parser.Span{Start: start, End: start}, New: "^~ "}}, true)
	}
	p.Report(f)
}
