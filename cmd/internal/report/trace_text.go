package report

import (
	"bufio"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// story is a trace while it is told: steps of three columns.
type story struct {
	style Style
	steps []step
}

// step is one line of a story: what, the words, where they come from, and why.
type step struct {
	title, text, why string
	at               *parser.Directive
	color            paint
}

func (t *story) add(title, text string, at *parser.Directive, why string) {
	t.steps = append(t.steps, step{title: title, text: Clean(text), at: at, why: Clean(why)})
}

// storyWidth is how wide the column of words may become.
const storyWidth = 52

// TraceText tells the way of a URL: the server and the location that answer and
// why, the request as the upstream receives it, what happens to the tunnel, and
// what to change. findings are those about the locations.
func TraceText(w io.Writer, t *effective.Trace, s Style, findings ...rules.Finding) error {
	b := bufio.NewWriter(w)
	fmt.Fprintln(b, s.in(bold, Clean(t.URL)))
	told := story{style: s}
	last := t
	for x := t; x != nil; x = x.Onward {
		last = x
		title := "server"
		if x != t {
			title = "then"
		}
		if x.Server != nil {
			told.add(title, serverNames(x.Server), x.Server.Scope.Opening(), x.ServerWhy)
		}
		told.considered(x.Considered)
		if x.Location != nil {
			told.add("location", locationName(x.Location), x.Location.Opening(), chosenWhy(x.Location))
		}
		if r := x.Route; r != nil {
			told.request(r)
			told.tunnel(r)
		}
	}
	if last.Redirect != "" {
		told.add("redirect", last.Redirect, nil, "")
	}
	outcome := string(t.Outcome)
	if t.Why != "" {
		outcome += ": " + s.sentence(t.Why)
	}
	told.add("outcome", outcome, nil, "")
	told.steps[len(told.steps)-1].color = outcomePaint(t.Outcome)
	if change := advice(last, findings); change != "" {
		told.add("change", change, nil, "")
	}
	told.print(b)
	chain := ""
	for _, group := range groups(findings) {
		fmt.Fprintln(b)
		chain = s.group(b, group, chain)
	}
	return b.Flush()
}

func outcomePaint(o effective.Outcome) paint {
	switch o {
	case effective.OutcomeWorks:
		return green
	case effective.OutcomeUnknown:
		return yellow
	default:
		return red
	}
}

// advice returns what to change in one line; what findings say follows.
func advice(t *effective.Trace, findings []rules.Finding) string {
	switch {
	case len(findings) > 0:
		return "as follows"
	case t.Outcome == effective.OutcomeNoServer:
		return "add a server that listens on that port (with ssl for wss), or open the URL that one listens for"
	case t.Outcome == effective.OutcomeRedirect:
		to := t.Redirect
		if u, err := url.Parse(to); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
			to = "ws" + strings.TrimPrefix(to, "http") // wss for https
		}
		return "open " + to + ", or pass the handshake on here"
	case t.Outcome == effective.OutcomeNotProxied && t.Location != nil:
		return "pass the handshake on here with proxy_pass, or add a location for this path that does"
	case t.Outcome == effective.OutcomeNotProxied, t.Outcome == effective.OutcomeNoLocation:
		return "add a location for this path with proxy_pass"
	case t.Outcome == effective.OutcomeBroken && t.Route != nil:
		var names []string
		for _, name := range reasonNames(t.Route) {
			names = append(names, `"wsnginx explain `+name+`"`)
		}
		return "see " + strings.Join(names, ", ")
	}
	return ""
}

// request tells what an upstream receives, line by line.
func (t *story) request(r *effective.Route) {
	if p := r.Pass.Directive; p != nil {
		t.add("upstream", join(p.Head.Value, p.Arg(0)), p, "")
	}
	if r.HTTPVersion != "" {
		t.add("receives", "GET … HTTP/"+r.HTTPVersion, r.HTTPVersionItem.Directive, byDefault(r.HTTPVersionItem.Directive))
	}
	title := ""
	if r.HTTPVersion == "" && len(r.Headers) > 0 {
		title = "receives"
	}
	for i := range r.Headers {
		h := &r.Headers[i]
		v := h.Sent[effective.Handshake]
		text, from := h.Name+": "+v.Text, byDefault(h.Item.Directive)
		if h.Item.Directive == nil && strings.HasPrefix(h.Value, "$http_") {
			from = "as the client sends it"
		}
		switch {
		case !v.Known && from == "as the client sends it":
			text = h.Name
		case !v.Known && h.Value == "":
			text = h.Name + ": ?"
		case !v.Known:
			text = h.Name + ": ? (" + h.Value + ")"
		case v.Text == "":
			text = "no " + h.Name
			if h.Value != "" {
				text += " (" + h.Value + ")"
			}
		case h.Value != v.Text && h.Item.Directive != nil:
			text += " (" + h.Value + ")"
		}
		t.add(title, text, h.Item.Directive, from)
		title = ""
	}
}

// tunnel tells what happens after the answer.
func (t *story) tunnel(r *effective.Route) {
	if r.Idle.Text != "" {
		text := "closed after " + r.Idle.Text + " without a byte"
		if r.Verdict == effective.Broken {
			text = "none; once it opens, " + text
		}
		t.add("tunnel", text, r.Idle.Item.Directive, byDefault(r.Idle.Item.Directive))
	}
	for _, n := range r.Notes {
		t.add("not judged", t.style.sentence(n), nil, "")
	}
}

// storyIndent is where the words of a step begin.
const storyIndent = 14

// print prints the steps in columns. On a terminal that is too narrow the places
// stand as near to the words as they have to, or below them.
func (t *story) print(w io.Writer) {
	s := t.style
	width, widest := 0, 0 // of the words, and of what stands behind them
	rests := make([][]string, len(t.steps))
	for i, x := range t.steps {
		if x.at != nil {
			rests[i] = append(rests[i], fmt.Sprintf("%s:%d", Clean(s.Name(x.at.File.Name)), x.at.File.Position(x.at.Span.Start).Line))
		}
		if x.why != "" {
			rests[i] = append(rests[i], x.why)
		}
		if len(rests[i]) > 0 {
			width = max(width, min(storyWidth, textWidth(x.text)))
			widest = max(widest, textWidth(rests[i][0]))
		}
	}
	if s.Width > 0 {
		width = max(0, min(width, s.Width-storyIndent-2-widest))
	}
	for i, x := range t.steps {
		l := line{style: s, w: w, indent: storyIndent}
		fmt.Fprint(w, s.in(dim, fmt.Sprintf("  %-10s ", x.title)))
		l.used = storyIndent - 1
		head, tail, _ := strings.Cut(x.text, ": ")
		switch {
		case x.color != "" && tail != "":
			l.add(head+":", x.color, "")
			l.words(tail)
		case x.color != "":
			l.add(x.text, x.color, "")
		default:
			l.words(x.text)
		}
		for n, rest := range rests[i] {
			gap := 2
			if n == 0 {
				gap += max(0, width-textWidth(x.text))
			}
			if s.Width > 0 && l.used+gap+textWidth(rest) > s.Width {
				l.indent = storyIndent + 2
				fmt.Fprint(w, "\n"+strings.Repeat(" ", l.indent-1))
				l.used = l.indent - 1
				for _, word := range strings.Fields(rest) {
					l.add(word, dim, "")
				}
				continue
			}
			fmt.Fprint(w, strings.Repeat(" ", gap)+s.in(dim, rest))
			l.used += gap + textWidth(rest)
		}
		fmt.Fprintln(w)
	}
}

// serverNames returns all names of a server.
func serverNames(v *effective.VirtualServer) string {
	var names []string
	for _, n := range v.Names {
		if n != "" {
			names = append(names, n)
		}
	}
	if len(names) == 0 {
		return "without a name"
	}
	return cut(Clean(strings.Join(names, " ")), storyWidth)
}

// chosenWhy says why nginx takes a location (ngx_http_core_find_location).
func chosenWhy(l *effective.Scope) string {
	switch modifier, match := l.ModifierAndMatch(); {
	case strings.HasPrefix(match, "@"):
		return "jumped to by its name"
	case modifier == "=":
		return "the exact path"
	case modifier == "^~":
		return "the longest prefix, and ^~ leaves regular expressions out"
	case modifier == "~", modifier == "~*":
		return "the first regular expression that matches"
	}
	return "the longest prefix"
}

// considered tells which locations were looked at and not taken. Regular
// expressions that do not match are counted where they are many.
func (t *story) considered(list []effective.Considered) {
	const few = 2
	idle := 0
	for _, c := range list {
		if !c.Matches {
			idle++
		}
	}
	title := "not"
	for _, c := range list {
		if c.Matches || idle <= few {
			t.add(title, "location "+join(c.Modifier, c.Match), c.Location.Opening(), c.Why)
			title = ""
		}
	}
	if idle > few {
		t.add(title, fmt.Sprintf("%d regular expressions that do not match", idle), nil, "")
	}
}

func byDefault(at *parser.Directive) string {
	if at == nil {
		return "nginx's default"
	}
	return ""
}

func join(words ...string) string {
	return strings.TrimSpace(strings.Join(words, " "))
}
