package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

var swallowedDirective = &Rule{
	Name:     "swallowed-directive",
	Category: Syntax,
	Severity: Error,
	Fixable:  "safe",
	Summary:  "a missing semicolon makes the next line an argument",
	Doc: `Only a semicolon ends a directive, not the end of its line. Without one the next
line becomes more arguments. Often nginx refuses their number; a directive that
takes any number, such as server_name or proxy_cache_bypass, swallows the line
without a word, and what it was meant to set is not set.

The fix adds the semicolon, with --unsafe where nginx starts as it is: then the
line takes effect for the first time.`,
	Before: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;
}
`,
	After: `location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_read_timeout 1h;
}
`,
	Links: []string{"https://nginx.org/en/docs/beginners_guide.html#conf_structure"},
	Check: checkSwallowedDirective,
}

func checkSwallowedDirective(p *Pass) {
	p.eachLevel(func(l level) {
		for _, it := range l.Items {
			if starts := l.swallowed(it.Directive); len(starts) > 0 && readable(it.Directive) {
				for _, i := range starts {
					p.reportSwallowed(l, it, i)
				}
			}
		}
	})
}

func (p *Pass) reportSwallowed(l level, it effective.Item, i int) {
	word, before := it.Args[i], it.Head
	if i > 0 {
		before = it.Args[i-1]
	}
	refused := l.refuses(it.Directive)
	so := "nginx starts all the same and never sees it"
	if word.Value == "ssl_certificate" || word.Value == "ssl_certificate_key" {
		so = "nginx never sees it" // and may not start for want of it
	}
	if refused {
		so = "nginx does not start" + l.refusal(it.Directive)
	}
	at := semicolonPlace(it.File.Src, before.Span)
	takesIt := at.Start > it.Head.Span.End || at.Start == before.Span.End
	remedy := "end it with one"
	if takesIt {
		remedy = fmt.Sprintf("write %q there", tail(it.File.Src[:at.Start], before.Span.Start)+";")
	}
	f := atItem(it, nil, p.Rule.Severity, fmt.Sprintf(
		"%s is read as an argument of %s, since line %d has no semicolon at its end, and %s; %s",
		word.Value, it.Head.Value, it.File.Position(before.Span.Start).Line, so, remedy))
	f.Span = word.Span
	f.Related = []Place{{it.File, before.Span, "the semicolon is missing here"}}
	if l.Kind == effective.Location || strings.HasPrefix(word.Value, "proxy_") {
		f.spoils = l.Block
	}
	if takesIt {
		f.Fix = fixOf(safety(!refused), "add the missing semicolon", []Edit{{File: it.File, Span: at, New: ";"}}, true)
	}
	p.Report(f)
}

// semicolonPlace returns what the semicolon after a word takes the place of: nothing, a
// colon that was typed for it, or the backslash at the end of the word, by which its line
// was to go on with the next. To ngx_conf_read_token that is a word with the line break
// in it.
func semicolonPlace(src string, word parser.Span) parser.Span {
	text := src[word.Start:word.End]
	if len(text) > 1 && strings.HasSuffix(text, ":") {
		return parser.Span{Start: word.End - 1, End: word.End}
	}
	if !strings.HasSuffix(text, "\\\n") && !strings.HasSuffix(text, "\\\r") {
		return parser.Span{Start: word.End, End: word.End}
	}
	backslash := word.End - len("\\\n")
	return parser.Span{Start: len(strings.TrimRight(src[:backslash], " \t")), End: backslash + 1}
}

// tail is the word with which src ends, and which begins at start or before that,
// shortened.
func tail(src string, start int) string {
	if start >= len(src) {
		start = strings.LastIndexAny(src, " \t\n") + 1
	}
	text := src[start:]
	if len(text) > 40 || strings.Contains(text, "\n") {
		return "…" + text[len(text)-1:]
	}
	return text
}

// refusal returns nginx's words for the arguments of a directive that swallowed
// others, where it counts them or knows which may stand there.
func (l level) refusal(d *parser.Directive) string {
	switch row := l.any(d.Head.Value); {
	case row == nil:
		return ""
	case !row.takes(len(d.Args)):
		return fmt.Sprintf(": invalid number of arguments in %q directive", d.Head.Value)
	case d.Is("error_page"):
		if said, _ := errorPageError(d.Args); said != "" {
			return ": " + said
		}
	case row.kind == "mask":
		return fmt.Sprintf(": invalid value %q", d.Arg(l.swallowed(d)[0]))
	case d.Is("listen") || d.Is("server"):
		return fmt.Sprintf(": invalid parameter %q", d.Arg(l.swallowed(d)[0]))
	}
	return ""
}

// refuses reports whether nginx refuses the directive as it stands: the words
// of another one among its arguments are too many, or none that it knows.
func (l level) refuses(d *parser.Directive) bool {
	row := l.any(d.Head.Value)
	if row == nil {
		return false
	}
	if d.Is("error_page") {
		said, _ := errorPageError(d.Args)
		return said != ""
	}
	return !row.takes(len(d.Args)) || row.kind == "mask" || slices.Contains(checksWords, d.Head.Value)
}

// checksWords are directives of any number of arguments that refuse those they
// do not know.
var checksWords = []string{"listen", "server", "access_log", "error_log", "resolver"}
