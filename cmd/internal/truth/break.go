package truth

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// breaker makes a mistake in a valid tree.
type breaker struct {
	r *rand.Rand
}

// mistake is a tree with something wrong, and what.
type mistake struct {
	what  string
	files map[string]string
}

// breakTree makes one mistake.
func (b *breaker) breakTree(t *tree) mistake {
	if b.r.IntN(2) == 0 {
		return b.inText(t)
	}
	c := t.clone()
	var lists []*[]*node
	var kinds []string
	var walk func(list *[]*node, kind string)
	walk = func(list *[]*node, kind string) {
		lists, kinds = append(lists, list), append(kinds, kind)
		for _, n := range *list {
			if n.block {
				walk(&n.kids, n.name())
			}
			for _, f := range n.files {
				walk(&f.nodes, kind)
			}
		}
	}
	walk(&c.main.nodes, "main")
	for range 50 {
		i := b.r.IntN(len(lists))
		what, nodes := b.wrong(kinds[i], *lists[i])
		if what == "" {
			continue
		}
		at := b.r.IntN(len(*lists[i]) + 1)
		*lists[i] = slices.Insert(slices.Clone(*lists[i]), at, nodes...)
		return mistake{what + " in " + kinds[i], c.write()}
	}
	return b.inText(t)
}

// badConditions are conditions of an if, and badLocations the words of a location,
// that nginx refuses, or some of which it may refuse.
var (
	badConditions = [][]string{
		{"$host"}, {"($host", "==", "a)"}, {"($host", "=", "a"}, {"(host", "=", "a)"}, {"($host", "~", "(a)"}, {"($host", "~", "a))"}, {"()"},
		{"(-f)"}, {"(-f", "/a", "/b)"}, {"(!$host)"}, {"($host", "=", "a", "b)"}, {"($host", "=)"}, {"(", "$host", ")"}, {"($)"},
	}
	badLocations = [][]string{
		{"/b/r/o"}, {"=", "/ws/b"}, {"@broken"}, {"~~", "/x"}, {"~", "(a"}, {"~*", "a)"}, {"~", "a[(]b"}, {"~", `\(`}, {"^~", "@y"}, {"=@z"},
	}
)

func some[T any](b *breaker, list ...T) T { return list[b.r.IntN(len(list))] }

// wrong returns directives that nginx refuses, or some of which it may refuse,
// at the level kind.
func (b *breaker) wrong(kind string, have []*node) (string, []*node) {
	if kind == "map" && b.r.IntN(2) == 0 {
		return "a line", []*node{some(b, dir("default", "a"), dir("''", "b"), dir("WebSocket", "b"), dir("a", "b", "c"), dir("a"), dir("hostnames"), dir("~(a", "b"))}
	}
	switch b.r.IntN(8) {
	case 0: // a second one
		for _, n := range have {
			switch n.name() {
			case "proxy_http_version", "proxy_read_timeout", "proxy_send_timeout", "proxy_connect_timeout", "proxy_buffering",
				"proxy_pass", "proxy_method", "proxy_pass_request_headers", "send_timeout", "proxy_socket_keepalive", "proxy_request_buffering":
				if b.r.IntN(3) == 0 {
					c := *n
					return "a second " + n.name(), []*node{&c}
				}
			}
		}
	case 1: // what belongs elsewhere
		d := some(b, dir("proxy_set_header", "Upgrade", "$http_upgrade"), dir("proxy_http_version", "1.1"), dir("proxy_read_timeout", "1h"),
			dir("proxy_pass", "http://127.0.0.1:1"), dir("proxy_hide_header", "X-Powered-By"), dir("proxy_pass_request_headers", "on"),
			dir("proxy_method", "GET"), dir("proxy_cache", "off"), dir("proxy_socket_keepalive", "off"), dir("send_timeout", "5s"),
			blockOf("map", "$host", "$m_x"), blockOf("upstream", "up_x").add(dir("server", "127.0.0.1:1")), blockOf("if", "($host)"),
			blockOf("location", "/b/r/o"), blockOf("limit_except", "GET").add(dir("deny", "all")), dir("proxy_ssl_server_name", "on"))
		return "a " + d.name(), []*node{d}
	case 2: // a bad time
		name := some(b, "proxy_read_timeout", "proxy_send_timeout", "proxy_connect_timeout", "send_timeout")
		return "a time", []*node{dir(name, some(b, "60sec", "1h1h", `""`, "-1", "1.5s", "s", "1s1h", "1y", "one", `"1h 30m"`, "1M", "10 0", "99999999999999999999", "1ms1s", "60s;", "$t"))}
	case 3: // another bad value
		return "a value", []*node{some(b,
			dir("proxy_http_version", some(b, "1", "HTTP/1.1", "2", "1.2", `""`, "'1.1'", "1.10")),
			dir(some(b, "proxy_buffering", "proxy_pass_request_headers", "proxy_socket_keepalive"), some(b, "yes", "1", "ON", "true", `"off"`, `""`)),
			dir("proxy_pass", some(b, "ws://127.0.0.1:1", "127.0.0.1:1", "wss://a", "http:/a", `""`, "http://", "HTTPS://127.0.0.1:1", "tcp://a")))}
	case 4: // a wrong number of arguments
		return "arguments", []*node{some(b,
			dir("proxy_set_header", "Connection", "keep-alive,", "upgrade"), dir("proxy_set_header", "Connection"), dir("proxy_set_header"),
			dir("proxy_http_version"), dir("proxy_http_version", "1.1", "1.0"), dir("proxy_read_timeout"), dir("proxy_read_timeout", "1h", "30m"),
			dir("proxy_hide_header", "a", "b"), dir("proxy_pass"), dir("proxy_pass", "http://127.0.0.1:1", "x"), blockOf("map", "$host"),
			blockOf("limit_except"), blockOf("upstream"), blockOf("location"), blockOf("location", "~", "a", "b"))}
	case 5: // a block or none
		return "braces", []*node{some(b,
			blockOf("proxy_set_header", "A", "b"), blockOf("proxy_read_timeout", "1s"), dir("location", "/x"), dir("upstream", "x"),
			dir("if", "($host)"), dir("map", "$host", "$y"), dir("server"), blockOf("proxy_pass", "http://127.0.0.1:1"), dir("http"))}
	case 6: // a condition
		if kind == "server" || kind == "location" {
			return "a condition", []*node{blockOf(append([]string{"if"}, some(b, badConditions...)...)...)}
		}
	case 7: // a location where it cannot be
		if kind == "server" || kind == "location" {
			return "a location", []*node{blockOf(append([]string{"location"}, some(b, badLocations...)...)...)}
		}
	}
	return "", nil
}

// inText makes a mistake in the bytes of one file.
func (b *breaker) inText(t *tree) mistake {
	files := t.write()
	names := make([]string, 0, len(files))
	for _, f := range t.files() {
		if !slices.Contains(t.extra, f) && files[f.name] != "" {
			names = append(names, f.name)
		}
	}
	if len(names) == 0 {
		return mistake{"nothing", files}
	}
	name := some(b, names...)
	text := files[name]
	find := func(c string) int {
		var at []int
		for i := range len(text) {
			if strings.HasPrefix(text[i:], c) {
				at = append(at, i)
			}
		}
		if len(at) == 0 {
			return -1
		}
		return at[b.r.IntN(len(at))]
	}
	drop := some(b, ";", ";", ";", "}", "{", `"`, "'", " ", "\n", "(", ")", "$")
	if b.r.IntN(4) == 0 {
		add := some(b, ";", "}", "{", `"`, "'", `"x"`, "\\", "#", "${", ";;", " } ", " { ")
		at := b.r.IntN(len(text) + 1)
		files[name] = text[:at] + add + text[at:]
		return mistake{fmt.Sprintf("%q added to %s at %d", add, name, at), files}
	}
	if at := find(drop); at >= 0 {
		files[name] = text[:at] + text[at+len(drop):]
		return mistake{fmt.Sprintf("%q dropped from %s at %d", drop, name, at), files}
	}
	return mistake{"nothing", files}
}

var (
	emergLine = regexp.MustCompile(`(?s)\[emerg\] (.*?) in (/.*?):(\d+)\n`)
	emergName = regexp.MustCompile(`"([a-z_]+)" directive|in "([a-z_]+)"|directive "([a-z_]+)"`)
)

// ours are the directives of which every refusal has to be ours too.
var ours = []string{
	"proxy_pass", "proxy_set_header", "proxy_http_version", "proxy_read_timeout", "proxy_send_timeout", "proxy_connect_timeout",
	"proxy_hide_header", "proxy_pass_header", "proxy_pass_request_headers", "proxy_method", "proxy_cache", "proxy_buffering",
	"proxy_socket_keepalive", "proxy_ssl_server_name", "send_timeout", "map", "upstream", "if", "location", "limit_except",
}

// oursToo is in what nginx says without the name of a directive: the lexer, and
// what a directive of ours has of its own.
var oursToo = []string{
	"unexpected ", "too long parameter", "invalid URL prefix", "invalid condition", "cannot have URI part", "closing parenthesis", "missing terminating ]",
	"is outside location", "cannot be inside the ", "can be on the server level only", "invalid location modifier", "duplicate location",
	"invalid number of the map parameters", "duplicate default map parameter", "conflicting parameter",
}

// compareMistake asks nginx and wsnginx what they think of a tree with a mistake.
func (w *world) compareMistake(dir string, m mistake, n *tally) (d *disagreement) {
	defer func() {
		if r := recover(); r != nil {
			d = &disagreement{kind: "panic", text: fmt.Sprintf("%s: %v\n%s", m.what, r, stack())}
		}
	}()
	if err := writeTree(dir, m.files); err != nil {
		return &disagreement{kind: "mistake", text: err.Error()}
	}
	conf := filepath.Join(dir, "nginx.conf")
	output, refused := w.nginx.Test(conf)
	n.Breaks++
	found := w.refusals(conf)
	if refused == nil {
		for _, f := range found {
			if !f.swallowed {
				return &disagreement{kind: "mistake", text: fmt.Sprintf("%s: nginx accepts it, and we say: %s", m.what, f)}
			}
		}
		return nil
	}
	place := emergLine.FindStringSubmatch(output)
	if place == nil {
		return nil // without a place: an unknown variable, for instance
	}
	if strings.Contains(m.what, " added to ") && place[1] == "invalid URL prefix" {
		return nil // with a brace in it the URL is a template's
	}
	text, file := place[1], strings.TrimPrefix(strings.TrimPrefix(place[2], dir+"/"), "./")
	line, _ := strconv.Atoi(place[3])
	if strings.HasPrefix(text, "unknown directive") || !ourMatter(text) {
		return nil
	}
	n.Refusals++
	for _, f := range found {
		// nginx stops at the first thing that is wrong: a brace that is missing
		// is one by the end of the file, and may be another before.
		if f.file == file && (f.from <= line && line <= f.to || f.lexer && f.from >= line) {
			return nil
		}
		// Of a pattern in a file that a map includes nginx names the map's file (ctx->cf
		// in ngx_http_map).
		if strings.Contains(text, "_compile() failed: ") && slices.Contains(f.outer, fmt.Sprintf("%s:%d", file, line)) {
			return nil
		}
		// The values of proxy_set_header are compiled when levels are merged
		// (ngx_http_proxy_init_headers): nginx names the end of http then.
		if strings.HasPrefix(text, "the closing bracket in ") && strings.Contains(f.text, text) {
			return nil
		}
	}
	return &disagreement{kind: "mistake", text: fmt.Sprintf("%s: nginx says %s in %s:%d, we say %v", m.what, text, file, line, found)}
}

// ourMatter reports whether a refusal is the lexer's or about one of ours.
func ourMatter(text string) bool {
	m := emergName.FindStringSubmatch(text)
	if m == nil {
		return slices.ContainsFunc(oursToo, func(s string) bool { return strings.Contains(text, s) })
	}
	return slices.ContainsFunc(m[1:], func(s string) bool { return s != "" && slices.Contains(ours, s) })
}

// refusal is what we refuse, and the lines that it may be said of.
type refusal struct {
	file      string
	from, to  int
	text      string
	lexer     bool     // the parser says so
	swallowed bool     // nginx may start all the same
	outer     []string // the files and lines of the includes that led there
}

func (r refusal) String() string { return fmt.Sprintf("%s:%d: %s", r.file, r.from, r.text) }

// refusals are the parser's errors and the findings of the syntax rules.
func (w *world) refusals(conf string) []refusal {
	ws := parser.Open([]string{conf}, parser.Options{Jobs: 1})
	dir := filepath.Dir(conf) + "/"
	var out []refusal
	var models []*effective.Model
	for _, c := range ws.Configs {
		for _, f := range c.Files {
			for _, e := range f.Errors {
				out = append(out, refusal{file: strings.TrimPrefix(e.File, dir), from: e.Line, to: e.Line, text: e.Msg, lexer: true})
			}
		}
		models = append(models, effective.Build(c, effective.Options{Version: w.version, WebSocket: []string{"*"}}))
	}
	for _, f := range rules.Run(models, rules.Options{Rules: w.rules}) {
		if f.Category() != rules.Syntax || f.Severity != rules.Error {
			continue
		}
		from := f.File.Position(f.Span.Start).Line
		var outer []string
		for m := f.Via; m != nil; m = m.Outer {
			d := m.Include
			outer = append(outer, fmt.Sprintf("%s:%d", strings.TrimPrefix(d.File.Name, dir), d.File.Position(d.Span.End).Line))
		}
		out = append(out, refusal{
			file: strings.TrimPrefix(f.File.Name, dir), from: from, to: max(from, lastLine(f)),
			text: fmt.Sprintf("%s: %s", f.Rule.Name, f.Message), swallowed: f.Rule.Name == "swallowed-directive", outer: outer,
		})
	}
	return out
}

// lastLine is the line on which the directive that a finding points at ends, and
// nginx says of it what it says.
func lastLine(f rules.Finding) int {
	line := 0
	var walk func([]*parser.Directive)
	walk = func(list []*parser.Directive) {
		for _, d := range list {
			if !d.Span.Contains(f.Span.Start) {
				continue
			}
			end := d.Span.End - 1
			if d.IsBlock() {
				end = d.Body.Start - 1
			}
			if f.Span.Start <= end {
				line = f.File.Position(max(end, 0)).Line
			}
			walk(d.Children)
		}
	}
	walk(f.File.Directives)
	return line
}
