package rules

import (
	"fmt"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

var wrongConnectionMap = &Rule{
	Name:     "wrong-connection-map",
	Category: HandshakeCategory,
	Severity: Error,
	Fixable:  "unsafe",
	Summary:  "the map that makes Connection does not say upgrade for a handshake",
	Doc: `A map is asked for both forms of the header that browsers send, "Connection:
Upgrade" and "Connection: keep-alive, Upgrade", with "Upgrade: websocket". Keys
compare whole and without case, so that a map of $http_connection with the key
upgrade misses the second form.

Of two maps for one variable the one that nginx reads last is in effect.`,
	Before: `events {}
http {
    map $http_upgrade $connection_upgrade {
        default keep-alive;
        ''      close;
    }
    server {
        location / {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 1h;
        }
    }
}
`,
	After: `events {}
http {
    map $http_upgrade $connection_upgrade {
        default upgrade;
        ''      close;
    }
    server {
        location / {
            proxy_pass http://127.0.0.1:3000;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
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
	Reason:  effective.WrongMap,
	Check:   checkWrongConnectionMap,
}

func checkWrongConnectionMap(p *Pass) {
	p.eachReason(func(r *effective.Route, reason *effective.Reason, sev Severity) {
		if len(reason.Items) < 2 {
			return
		}
		line, block := reason.Items[0], reason.Items[1]
		f := atItem(block, r, sev, fmt.Sprintf(
			"this map gives Connection %s, where the word upgrade is needed; %s", wrongValues(r, line), remedyFor(block)))
		f.Related = []Place{{line.File, headSpan(line.Directive), "the line that uses it"}}
		if edits, ok := p.mendMap(block); ok {
			f.Fix = fixOf(Unsafe, "make the map say upgrade", edits, true)
		}
		p.Report(f)
	})
}

// wrongValues says what the line sends in place of upgrade, and for which form of
// the handshake where it is not both.
func wrongValues(r *effective.Route, line effective.Item) string {
	for i := range r.Headers {
		h := &r.Headers[i]
		if h.Item.Directive != line.Directive {
			continue
		}
		plain, list := h.Sent[effective.Handshake], h.Sent[effective.HandshakeKeepAlive]
		wrong := func(v effective.Value) bool { return v.Known && !effective.HasToken(v.Text, "upgrade") }
		switch {
		case wrong(plain) && wrong(list) && plain != list:
			return fmt.Sprintf("%q and %q for the two forms of a WebSocket handshake", plain.Text, list.Text)
		case wrong(plain) && wrong(list):
			return fmt.Sprintf("%q for a WebSocket handshake", plain.Text)
		case wrong(list):
			return fmt.Sprintf("%q for a handshake with \"Connection: keep-alive, Upgrade\", as Firefox sends it", list.Text)
		case wrong(plain):
			return fmt.Sprintf("%q for a handshake with \"Connection: Upgrade\"", plain.Text)
		}
	}
	return "something else for any WebSocket handshake"
}

// remedyFor says how to mend the map.
func remedyFor(block effective.Item) string {
	if strings.EqualFold(block.Arg(0), "$http_connection") {
		return "map $http_upgrade instead, or use a key such as ~*upgrade"
	}
	return "make it say upgrade unless $http_upgrade is empty"
}

// mendMap plans the edits that make a map of $http_upgrade say upgrade for
// websocket: in the line that a handshake picks. What other requests got stays,
// unless the map has its values the wrong way round: then they change places.
func (p *Pass) mendMap(block effective.Item) ([]Edit, bool) {
	if block.Scope == nil || len(block.Scope.Items) == 0 || !p.mounts.once(block.File) {
		return nil, false
	}
	switch {
	case strings.EqualFold(block.Arg(0), "$http_connection"):
		return mendConnectionMap(block)
	case !strings.EqualFold(block.Arg(0), "$http_upgrade"):
		return nil, false
	}
	var picked, empty *parser.Directive
	for _, it := range block.Scope.Items {
		key := it.Head.Value
		switch {
		case len(it.Args) != 1 || strings.HasPrefix(key, "~") || !literal(block.Scope, it):
			return nil, false
		case strings.EqualFold(key, "websocket"):
			picked = it.Directive
		case key == "default" && picked == nil:
			picked = it.Directive
		case key == "":
			empty = it.Directive
		}
	}
	if picked == nil {
		last := block.Scope.Items[len(block.Scope.Items)-1].Directive
		edits := []Edit{place{at: last}.insert(beneath(last, "default", "upgrade"), rankMap)}
		if empty == nil {
			edits = append(edits, place{at: last}.insert(beneath(last, "''", "''"), rankMap+1))
		}
		return edits, true
	}
	edits := []Edit{replaceWord(picked.File, picked.Args[0], "upgrade")}
	old := picked.File.Src[picked.Args[0].Span.Start:picked.Args[0].Span.End]
	switch {
	case empty != nil && effective.HasToken(empty.Arg(0), "upgrade"):
		edits = append(edits, replaceWord(empty.File, empty.Args[0], old))
	case empty == nil && picked.Is("default"):
		edits = append(edits, place{at: picked}.insert(beneath(picked, "''", old), rankMap))
	}
	return edits, true
}

// mendConnectionMap plans the edit that makes a map of $http_connection find the
// word in a list too, as in "keep-alive, Upgrade": its key for upgrade becomes an
// expression.
func mendConnectionMap(block effective.Item) ([]Edit, bool) {
	for _, it := range block.Scope.Items {
		key := strings.TrimPrefix(it.Head.Value, "~")
		if strings.EqualFold(key, "upgrade") && len(it.Args) == 1 && effective.HasToken(it.Arg(0), "upgrade") && literal(block.Scope, it) {
			return []Edit{replaceWord(it.File, it.Head, "~*upgrade")}, true
		}
	}
	return nil, false
}
