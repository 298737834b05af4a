package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var unrestrictedUpgrade = &Rule{
	Name:     "unrestricted-upgrade",
	Category: Security,
	Severity: Info,
	Advice:   true,
	Fixable:  "unsafe",
	Summary:  "a client may ask for any protocol, not only for a WebSocket",
	Doc: `$http_upgrade is what the client wrote. Passed on as it is, "Upgrade: h2c"
reaches the upstream too, and one that answers 101 to it speaks HTTP/2 through a
tunnel that nginx does not look into: access rules of other locations are passed
by.

A map that knows websocket only sends no Upgrade line for anything else.`,
	Before: `events {}
http {
    server {
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }
    }
}
`,
	After: `events {}
http {
    map $http_upgrade $websocket_upgrade {
        ~*^websocket$ $http_upgrade;
        default       '';
    }

    server {
        location /ws {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $websocket_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_read_timeout 1h;
        }
    }
}
`,
	Links: []string{
		"https://nginx.org/en/docs/http/websocket.html",
		"https://nginx.org/en/docs/http/ngx_http_map_module.html#map",
	},
	Options: []Option{optWebSocket},
	Check:   checkUnrestrictedUpgrade,
}

func checkUnrestrictedUpgrade(p *Pass) {
	for _, r := range p.intended() {
		if r.Intent == effective.Inherited {
			continue
		}
		var upgrade *effective.Header
		passes := true
		for i, h := range r.Headers {
			switch {
			case strings.EqualFold(h.Name, "Upgrade"):
				upgrade = &r.Headers[i]
				passes = passes && strings.EqualFold(h.Value, "$http_upgrade") && h.Item.Directive != nil
			case strings.EqualFold(h.Name, "Connection"):
				passes = passes && p.passesH2C(h.Value)
			}
		}
		if upgrade == nil || !passes {
			continue
		}
		f := atItem(upgrade.Item, r, 0,
			"$http_upgrade passes whatever protocol a client asks for on to the upstream, h2c too; let a map give it for websocket only")
		f.Fix = p.restrictUpgrade(upgrade.Item)
		p.Report(f)
	}
}

// passesH2C reports whether a Connection value says upgrade for a client that
// asks for h2c. A map is asked for that word; what cannot be decided passes.
func (p *Pass) passesH2C(value string) bool {
	names := effective.VariablesIn(value)
	if len(names) == 0 {
		return effective.HasToken(value, "upgrade")
	}
	for _, mv := range p.Model.MapVariables() {
		if mv.Name != names[0] || !strings.EqualFold(mv.Source, "$http_upgrade") || mv.Item.Scope == nil {
			continue
		}
		given, byDefault := "", ""
		for _, it := range mv.Item.Scope.Items {
			key := it.Head.Value
			switch {
			case key == "default":
				byDefault = it.Arg(0)
			case strings.EqualFold(key, "h2c"):
				return strings.Contains(it.Arg(0), "$") || effective.HasToken(it.Arg(0), "upgrade")
			case strings.HasPrefix(key, "~") && given == "":
				expr := strings.TrimPrefix(key, "~")
				if rest, ok := strings.CutPrefix(expr, "*"); ok {
					expr = "(?i)" + rest
				}
				if re, err := regexp.Compile(expr); err != nil || re.MatchString("h2c") {
					given = it.Arg(0)
				}
			}
		}
		if given == "" {
			given = byDefault
		}
		return strings.Contains(given, "$") || effective.HasToken(given, "upgrade")
	}
	return true
}

// restrictUpgrade plans the map and its use in the line.
func (p *Pass) restrictUpgrade(it effective.Item) *Fix {
	const name = "websocket_upgrade"
	plan := p.mapPlan(p.Model)
	e, ok := p.addMap(name)
	if !ok || len(it.Args) != 2 || !p.inFamily(it.File) {
		return nil
	}
	e.New = strings.Replace(e.New, "default upgrade;", "~*^websocket$ $http_upgrade;", 1)
	e.New = strings.Replace(e.New, fmt.Sprintf("''      %s;", plan.body), "default       '';", 1)
	e.New = strings.Replace(e.New, fmt.Sprintf("'' %s;", plan.body), "default '';", 1)
	return fixOf(Unsafe, "let a map give Upgrade for websocket only", []Edit{e, replaceWord(it.File, it.Args[1], "$"+name)}, true)
}
