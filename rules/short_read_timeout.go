package rules

import (
	"fmt"
	"strings"
	"time"

	"github.com/wsnginx/wsnginx/rules/effective"
)

var shortReadTimeout = &Rule{
	Name:     "short-read-timeout",
	Category: Lifetime,
	Severity: Warning,
	Fixable:  "safe",
	Summary:  "an idle WebSocket is closed after a minute or less",
	Doc: `Once a connection is upgraded, nginx closes it when neither side has sent
anything for proxy_read_timeout, 60 seconds by default, without a close frame:
browsers report code 1006. Pings of either side keep it open if they come more
often than that: an info says so where the path is one of a library that pings,
or the upstream, its hosts or the server bear the name of a program that does.
One does too where the path is an API's ("api" or "rest" is a segment of it) and
another location of the server, whose path is named for WebSocket, has the lines
and a timeout that is long enough for the same upstream.
Nothing else in the configuration tells whether a backend pings, and so the
example in nginx's documentation is reported as well: its page says that such a
connection is closed after 60 seconds.

proxy_connect_timeout and proxy_send_timeout have no part in it. A timeout of 0
for reading or for connecting does not mean "never": nginx answers 504 to every
request at once.

The fix writes 86400s (read-timeout.set) into a location that serves WebSocket
only; where ordinary requests share it, or a value was written, with --unsafe.`,
	Before: `server {
    location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
    }
}
`,
	After: `server {
    location /ws {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 86400s;
    }
}
`,
	Links: []string{
		"https://nginx.org/en/docs/http/websocket.html",
		"https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout",
	},
	Options: []Option{optWebSocket, optReadTimeoutMin, optReadTimeoutSet},
	Reason:  effective.ZeroTimeout,
	Check:   checkShortReadTimeout,
}

// defaultTimeout is nginx's, and what sockets that nobody pings die of.
const defaultTimeout = 60 * time.Second

func checkShortReadTimeout(p *Pass) {
	for _, r := range p.intended() {
		module := strings.TrimSuffix(r.Pass.Head.Value, "_pass")
		if module != "proxy" && module != "uwsgi" && module != "scgi" || turnedAway(r) {
			continue
		}
		zero := false
		if reason := r.Because(effective.ZeroTimeout); reason != nil {
			for _, it := range reason.Items { // those of an if with a pass of another kind have a route of their own
				zero = zero || it.Is(module+"_read_timeout")
				if it.Is(module + "_connect_timeout") {
					p.reportZeroConnect(r, it)
				}
			}
		}
		if zero || p.shortTimeout(r) {
			p.reportTimeout(r, module, zero)
		}
	}
}

// reportZeroConnect reports a timeout of 0 for the connection to the upstream, in
// the place of which the fix writes nginx's default.
func (p *Pass) reportZeroConnect(r *effective.Route, it effective.Item) {
	const value = "60s"
	name := it.Head.Value
	f := at(r, []effective.Item{it}, zeroSeverity(r), fmt.Sprintf(
		"%s has %s 0, with which nginx answers 504 to every request at once; write %s, nginx's default", subject(r), name, value),
		"the timeout is set here")
	edits, ok := p.planScalar(r, name, value, rankTime, func(s *effective.Scope) place { return listPlace(s, r) })
	f.Fix = fixOf(Safe, "set "+name+" "+value, edits, ok)
	f.plannedBy(func(g *group) *Fix { return p.sharedValue(g, 0, value, "set "+name+" "+value, Safe, nil) })
	p.Report(f)
}

// zeroSeverity is that of a timeout of 0, which no location stands.
func zeroSeverity(r *effective.Route) Severity {
	if r.Intent != effective.Declared {
		return Warning
	}
	return Error
}

// shortTimeout reports whether the idle timeout in effect is below the minimum.
func (p *Pass) shortTimeout(r *effective.Route) bool {
	if !r.Idle.Known && p.unseenTimeout(r) == "" {
		return false
	}
	return r.Idle.Duration < p.leastTimeout() || r.Idle.Duration <= defaultTimeout && p.Options.ReadTimeoutMin == 0
}

// leastTimeout is the shortest timeout that is long enough.
func (p *Pass) leastTimeout() time.Duration {
	if p.Options.ReadTimeoutMin == 0 {
		return 5 * time.Minute
	}
	return time.Duration(p.Options.ReadTimeoutMin) * time.Millisecond
}

// seconds writes the unit behind a bare number, which nginx takes for seconds.
func seconds(text string) string {
	if text != "" && strings.Trim(text, "0123456789") == "" {
		return text + "s"
	}
	return text
}

// unseenTimeout says what could set the timeout where nginx's default would apply
// without it: the levels around a fragment, or the sites that the tree lacks. It is ""
// where nothing could, or where more was not read.
func (p *Pass) unseenTimeout(r *effective.Route) string {
	if r.Idle.Known || r.Idle.Item.Directive != nil {
		return ""
	}
	says := ""
	if p.Model.Outer != effective.Main {
		says = "the levels around this file were not seen"
	}
	for s := r.Scope; s != nil; s = s.Parent {
		switch {
		case s.Partial && !s.LacksSites():
			return ""
		case s.Partial:
			says = s.Lacking()
		}
	}
	return says
}

func (p *Pass) reportTimeout(r *effective.Route, module string, zero bool) {
	name := module + "_read_timeout"
	value := p.timeoutValue()
	written := r.Idle.Item.Directive != nil
	sev := p.grade(r, nil)
	var msg string
	switch {
	case zero:
		msg = fmt.Sprintf("%s has %s 0, with which nginx answers 504 to every request at once; write %s", subject(r), name, value)
		sev = zeroSeverity(r)
	case !written:
		msg = fmt.Sprintf("%s has no %s, and nginx closes a WebSocket that is silent for 60s%s; set %s %s, or have one side ping more often",
			subject(r), name, p.otherTimeout(r, module), name, value)
	default:
		msg = fmt.Sprintf("%s closes a WebSocket that is silent for %s%s; set %s %s, or have one side ping more often",
			subject(r), seconds(r.Idle.Text), p.otherTimeout(r, module), name, value)
	}
	var notes []string
	if !zero {
		if note := pinged(r); note != "" {
			notes = append(notes, note)
		}
		if other := r.SocketsBeside(p.leastTimeout()); other != nil {
			notes = append(notes, fmt.Sprintf("%s carries the WebSockets of this upstream, with %s", locationName(other.Location), seconds(other.Idle.Text)))
		}
		if len(notes) > 0 || r.Idle.Duration > defaultTimeout {
			sev = min(sev, Info)
		}
	}
	certain := ""
	if unseen := p.unseenTimeout(r); unseen != "" {
		sev = min(sev, Info)
		certain = noted(msg, notes)
		notes = append(notes, unseen+" and could set it")
	}
	msg = noted(msg, notes)
	var items []effective.Item
	if written {
		items = []effective.Item{r.Idle.Item}
	}
	f := at(r, items, sev, msg, "the timeout is set here")
	f.certain = certain
	edits, ok := p.planScalar(r, name, value, rankTime, func(s *effective.Scope) place { return timeoutPlace(s, r, module) })
	safe := zero || !written && r.HandshakeOnly
	f.Fix = fixOf(safety(!safe), "set "+name+" "+value, edits, ok && (zero || !p.headersLeft(r)))
	if !written {
		f.shared = inheritedList(r, strings.TrimPrefix(msg, subject(r)+" "))
	}
	f.plannedBy(func(g *group) *Fix {
		if written {
			return p.sharedValue(g, 0, value, "set "+name+" "+value, safety(!safe), nil)
		}
		return p.sharedTimeout(g, name, value)
	})
	p.Report(f)
}

// noted puts notes in brackets behind a message.
func noted(msg string, notes []string) string {
	if len(notes) == 0 {
		return msg
	}
	return msg + " (" + strings.Join(notes, ", and ") + ")"
}

// usualPing is how often libraries ping by themselves at the least: the clients of
// Phoenix and Jupyter's server every 30s, socket.io and SockJS every 25s.
const usualPing = 30 * time.Second

// pinged says what is known of pings on r, that keep a socket open for which the
// timeout in effect is short; "" where nothing is.
func pinged(r *effective.Route) string {
	switch {
	case r.Pings && r.Idle.Duration > usualPing:
		return "what answers on this path pings by itself, as a rule more often than that"
	case r.Pings:
		return "what answers on this path pings by itself, but not always as often as that"
	case r.Idle.Duration > defaultTimeout: // an info anyway
		return ""
	}
	if name, every := r.Pinger(); name != "" && every < r.Idle.Duration {
		return fmt.Sprintf("the name says %s, which pings by itself every %s", name, every)
	}
	return ""
}

// timeoutValue is the value that the fix writes.
func (p *Pass) timeoutValue() string {
	ms := p.Options.ReadTimeoutSet
	switch {
	case ms == 0:
		return "86400s"
	case ms%1000 == 0:
		return fmt.Sprintf("%ds", ms/1000)
	}
	return fmt.Sprintf("%dms", ms)
}

// otherTimeout says where another timeout was raised in place of the one that
// counts.
func (p *Pass) otherTimeout(r *effective.Route, module string) string {
	for _, name := range []string{"_send_timeout", "_connect_timeout"} {
		items, _ := r.Scope.Effective(module + name)
		if len(items) == 0 {
			continue
		}
		if d, ok := effective.ParseTime(items[0].Arg(0)); ok && d > defaultTimeout && d > r.Idle.Duration {
			return fmt.Sprintf(" (%s%s %s has no part in it)", module, name, items[0].Arg(0))
		}
	}
	return ""
}
