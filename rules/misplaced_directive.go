package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

var misplacedDirective = &Rule{
	Name:     "misplaced-directive",
	Category: Syntax,
	Severity: Error,
	Fixable:  "safe",
	Summary:  "a directive stands in a block that nginx does not allow it in",
	Doc: `Every directive says in which blocks it may stand, and nginx does not start where
it stands in another ([emerg] "proxy_set_header" directive is not allowed here).
The usual case is an if that tests $http_upgrade with the WebSocket lines inside:
an if takes proxy_pass, and neither header lines, nor proxy_http_version, nor
timeouts.

Such an if is not needed. A header whose value is empty is not sent, so that
Upgrade $http_upgrade and a Connection value from a map do what it was meant to
do. The fix writes these lines into the location, and takes the if out where
nothing else is in it.

A server that stands in no block is a piece of a configuration, and no mistake.
It is one where a compose file or a Dockerfile puts the file in the place of
nginx.conf.`,
	Before: `events {}
http {
    server {
        location / {
            proxy_pass http://127.0.0.1:3000;
            proxy_read_timeout 1h;
            if ($http_upgrade) {
                proxy_http_version 1.1;
                proxy_set_header Upgrade $http_upgrade;
                proxy_set_header Connection "upgrade";
            }
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
		"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header",
		"https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#if",
	},
	Check: checkMisplacedDirective,
}

func checkMisplacedDirective(p *Pass) {
	p.checkMain()
	p.eachLevel(func(l level) {
		if l.in == 0 {
			return
		}
		var wrong []effective.Item
		for i, it := range l.Items {
			if l.rows[i] != nil {
				continue
			}
			if _, known := rowFor(it.Head.Value, l.in); !known || afterError(it.Directive) || placeholder(it.Head.Value) {
				continue
			}
			// What a template defines, or holds outside any block, is put
			// somewhere else.
			if !it.Arm().Defines() && (l.Parent != nil || len(it.File.Tags()) == 0) {
				wrong = append(wrong, it)
			}
		}
		if len(wrong) > 0 {
			p.reportMisplaced(l, wrong)
		}
	})
}

// checkMain looks at a piece that an image has in the place of the main configuration:
// nginx reads it as that, and what belongs into http may not stand there.
func (p *Pass) checkMain() {
	c := p.Model.Config
	if p.Options.Main == nil || p.Model.Outer == effective.Main || c.Main == nil || c.Main.Embedded() || len(c.Main.Tags()) > 0 {
		return
	}
	var wrong []*parser.Directive
	for _, d := range c.Main.Directives {
		row, known := rowFor(d.Head.Value, inMain)
		switch {
		case row != nil: // a main configuration after all, or something of any block
			continue
		case !known || afterError(d) || placeholder(d.Head.Value):
			return
		}
		wrong = append(wrong, d)
	}
	if len(wrong) == 0 {
		return
	}
	where := p.Options.Main(c.Main.Name)
	if where == "" {
		return
	}
	d := wrong[0]
	f := atItem(effective.Item{Directive: d}, nil, p.Rule.Severity, fmt.Sprintf(
		"%s puts this file in the place of nginx.conf, and nginx does not start: %q directive is not allowed here; put it into conf.d, or events { } and http { } around its lines", where, d.Head.Value))
	for _, w := range wrong[1:] {
		f.Related = append(f.Related, Place{w.File, headSpan(w), "not allowed here either"})
	}
	p.Report(f)
}

// reportMisplaced reports the directives of one block that may not stand there,
// at the first of them, which nginx stops at.
func (p *Pass) reportMisplaced(l level, wrong []effective.Item) {
	it := wrong[0]
	names := []string{it.Head.Value}
	for _, w := range wrong[1:] {
		if n := w.Head.Value; !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	if n := len(names); n > maxNamed+1 {
		names = append(names[:maxNamed], fmt.Sprintf("%d others", n-maxNamed))
	}
	verb, sev := "stands", p.Rule.Severity
	if l.Parent == nil && p.Model.Outer != effective.Main {
		sev = Info // pieces for several places, which nothing here includes
	}
	if len(names) > 1 {
		verb = "stand"
	}
	f := atItem(it, nil, sev, fmt.Sprintf(
		"%s %s in %s, and nginx does not start: %q directive is not allowed here; %s",
		listed(names), verb, blockName(l), it.Head.Value, remedy(l, wrong)))
	for _, w := range wrong[1:] {
		f.Related = append(f.Related, Place{w.File, headSpan(w.Directive), "not allowed here either"})
	}
	if l.Kind == effective.Upstream {
		f.spoils = l.Block
	}
	if l.Kind == effective.If {
		f.spoils = l.Parent.Block
		f.Fix = p.liftLines(l, wrong, &f)
	}
	p.Report(f)
}

// blockName names a level for a message about what may stand in it.
func blockName(l level) string {
	switch l.Kind {
	case effective.Main:
		return "no block"
	case effective.HTTP:
		return "the http block, outside any server"
	case effective.Server:
		return "a server block, outside any location"
	case effective.Location:
		if l.Block == nil {
			return "no location"
		}
		return locationName(l.Scope)
	case effective.If:
		return "an if block"
	case effective.LimitExcept:
		return "a limit_except block"
	case effective.Upstream:
		return "an upstream block"
	default:
		return "the events block"
	}
}

// remedy says what to do with the directives of one block that may not stand there.
func remedy(l level, wrong []effective.Item) string {
	if it := wrong[0]; l.Kind == effective.Server && listens(it) {
		words := make([]string, len(it.Args))
		for i, a := range it.Args {
			words[i] = a.Value
		}
		return fmt.Sprintf("did you mean %q?", "listen "+strings.Join(words, " "))
	}
	return whereTo(wrong[0].Head.Value, len(wrong) > 1)
}

// listens reports whether a server without a block has the words of a listen: a port
// or an address, and nothing that only a server of an upstream has.
func listens(it effective.Item) bool {
	if !it.Is("server") || it.IsBlock() || len(it.Args) == 0 {
		return false
	}
	for _, a := range it.Args[1:] {
		switch name, _, _ := strings.Cut(a.Value, "="); name {
		case "weight", "max_conns", "max_fails", "fail_timeout", "backup", "down", "resolve", "route", "service", "slow_start", "drain":
			return false
		}
	}
	address := it.Arg(0)
	if strings.HasPrefix(address, "unix:") {
		return true
	}
	if i := strings.LastIndexByte(address, ':'); i > strings.LastIndexByte(address, ']') {
		if !isPort(address[i+1:]) {
			return false
		}
		address = address[:i]
	} else if isPort(address) {
		return true
	}
	_, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(address, "["), "]"))
	return err == nil || address == "*"
}

// whereTo says where a directive belongs.
func whereTo(name string, several bool) string {
	it := "it"
	if several {
		it = "them"
	}
	var in contexts
	for _, row := range directiveTable()[name] {
		in |= row.in
	}
	switch {
	case in&inLocation != 0 && in&inServer != 0:
		return "move " + it + " to a location or server block"
	case in&inLocation != 0:
		return "move " + it + " into a location"
	case in&inServer != 0 && in&inHTTP != 0:
		return "move " + it + " to a server block or the http block"
	case in&inServer != 0:
		return "move " + it + " to a server block"
	case in&inHTTP != 0:
		return "move " + it + " to the http block"
	case in&inUpstream != 0:
		return "move " + it + " into an upstream block"
	case in&inEvents != 0:
		return "move " + it + " into the events block"
	}
	return "move " + it + " out of every block, to the top of nginx.conf"
}

// holdsComment reports whether a comment stands in the block, which would go
// with it.
func holdsComment(d *parser.Directive) bool {
	i := firstComment(d.File, d.Span.Start)
	return i < len(d.File.Comments) && d.Span.Contains(d.File.Comments[i].Start)
}

// liftLines plans to move the WebSocket lines of an if that tests for WebSocket
// only into the location around it, and to take the if out where nothing else is in
// it. It is nil where the if tests anything else.
func (p *Pass) liftLines(l level, wrong []effective.Item, f *Finding) *Fix {
	loc := l.Parent
	if loc.Kind != effective.Location || loc.Block == nil || len(l.Unread) > 0 || !testsUpgrade(l.Block) ||
		l.Via != loc.Via || len(p.mounts.others(loc)) > 1 || holdsComment(l.Block) {
		return nil
	}
	var r *effective.Route
	for _, other := range p.mounts.under(loc) {
		if other.Scope == loc {
			r = other
		}
	}
	if r == nil {
		return nil
	}
	f.Routes = []*effective.Route{r}
	var gone []Edit
	message := "move the lines to the location and remove the if"
	if len(wrong) == len(l.Items) {
		gone = []Edit{removeLine(l.Block)}
	} else {
		message = "move the lines to the location"
		for _, it := range wrong {
			gone = append(gone, removeLine(it.Directive))
		}
	}
	around := removeLine(l.Block) // where the if stands
	edits := gone
	for _, it := range wrong {
		switch {
		case !literal(l.Scope, it):
			return nil
		case it.Is("proxy_http_version") && it.Arg(0) == "1.1":
			if len(loc.Own("proxy_http_version")) > 0 {
				continue
			}
			edits = append(edits, versionPlace(loc, r).insert(aligned(neighbours(loc, "proxy_http_version"), "proxy_http_version", "1.1"), rankVersion))
		case it.Is("proxy_set_header") && len(it.Args) == 2 && isUpgradeOrConnection(it.Arg(0)):
			value, rank := "$http_upgrade", rankUpgrade
			if strings.EqualFold(it.Arg(0), "Connection") {
				var more []Edit
				value, more = p.connectionValue(r)
				edits, rank = append(edits, more...), rankConnection
			}
			plan, ok := p.planHeader(r, it.Arg(0), value, rank)
			if !ok || plan.unsafe {
				return nil
			}
			edits = append(edits, plan.edits...)
		default:
			return nil
		}
	}
	for i, e := range edits[len(gone):] {
		// A line that would go beside one inside the if, or behind it on the
		// same line.
		if e.File == around.File && e.Span.Start > around.Span.Start && e.Span.Start <= around.Span.End {
			edits[len(gone)+i].Span = parser.Span{Start: around.Span.Start, End: around.Span.Start}
		}
	}
	return fixOf(Safe, message, edits, true)
}

// testsUpgrade reports whether an if tests $http_upgrade or $http_connection and
// nothing else.
func testsUpgrade(d *parser.Directive) bool {
	tested := false
	for _, a := range d.Args {
		for _, v := range effective.VariablesIn(a.Value) {
			if v != "http_upgrade" && v != "http_connection" {
				return false
			}
			tested = true
		}
	}
	return tested && !strings.HasPrefix(d.Arg(0), "(!") && d.Arg(1) != "!=" && d.Arg(1) != "!~" && d.Arg(1) != "!~*"
}
