package parser

import (
	"cmp"
	"strings"
)

// Template names the language of a file that something fills in before nginx
// reads it.
type Template string

// The kinds of Template.
const (
	Jinja       Template = "jinja"       // Jinja2, Ansible, Liquid, Nunjucks: {{ }}, {% %}, {# #}
	GoTemplate  Template = "go"          // Go's text/template: Helm, consul-template, docker-gen, sigil
	Mustache    Template = "mustache"    // Mustache and Handlebars: {{#x}} {{/x}} {{{x}}}
	ERB         Template = "erb"         // ERB, EPP, EJS, etlua: <% %>, <%= %>
	Mako        Template = "mako"        // Mako: lines of their own that begin with %, <% %>, <%def>, ${ }
	FreeMarker  Template = "freemarker"  // FreeMarker: <#if x> </#if>
	Format      Template = "format"      // Python's str.format: {name}, and nginx's own braces twice
	Terraform   Template = "terraform"   // Terraform's templatefile: %{ if x } %{ endif }, ${ }
	Toolkit     Template = "tt"          // Template Toolkit: [% IF x %] [% END %]
	Nixpacks    Template = "nixpacks"    // Nixpacks: $if(NAME) ( … ) else ( … )
	Shell       Template = "shell"       // a here-document: \$host is nginx's, $host the shell's
	Placeholder Template = "placeholder" // %%NAME%%, ##NAME##, @NAME@, __NAME__, {NAME}, <name>, <a name>, [a name], %name%, %{name}, #{name}, $!{name}, ${NAME}
)

// tagClass says what a tag does to the text around it.
type tagClass uint8

const (
	noTag    tagClass = iota
	valueTag          // stands for text that something else writes
	quietTag          // a comment, an assignment: leaves nothing behind
	openTag           // begins a condition, a loop or a definition
	elseTag           // begins the next arm of a condition
	closeTag          // ends one
)

// tag is one piece of a template.
type tag struct {
	end    int
	class  tagClass
	kind   Template
	last   bool // of an elseTag: the arm for everything else
	define bool // of an openTag: what follows is used elsewhere
}

// tagging finds the tags of one text. It remembers where closing marks are, so that
// a text full of opening ones is read once.
type tagging struct {
	src     string          // up to the end of the text
	start   int             // where the text begins
	marks   map[string]Span // by closing mark: the first at or behind Start is at End, -1 where there is none
	jinja   bool            // "{{" or "{%" stands in the text: "{#" is a comment then
	doubled bool            // braces that are nginx's stand twice
	mako    bool            // of a file of Mako's: no other tags count
	ends    map[string]liquidEnd
	raw     []Span          // what Mako leaves as it is
	nix     map[int]tag     // those of Nixpacks' conditions, by offset
	sharps  bool            // ##NAME## in a statement is a placeholder and no comment
	heads   bool            // placeholders may stand for whole statements here
	plain   *File           // what nginx reads, where the dollar is its own
	defined map[string]bool // the variables in it, once somebody asked
	kind    Template        // of the first tag that was met outside quotes and comments
	quoted  Template        // of the first one in quotes
	blanks  bool            // a placeholder of several words was met
	alone   []Span          // the tags that were tokens of their own, in order
}

func newTagging(src string, span Span) *tagging {
	text := src[span.Start:span.End]
	return &tagging{
		src: src[:span.End], start: span.Start, heads: true, marks: map[string]Span{}, doubled: doubledBraces(text),
		jinja: strings.Contains(text, "{{") || strings.Contains(text, "{%"),
		nix:   nixpacksTags(src[:span.End], span.Start),
	}
}

// met records a tag that stands where nginx would read something else.
func (t *tagging) met(g tag) {
	if t.kind == "" || t.kind == Placeholder {
		t.kind = g.kind
	}
}

// all returns the bytes of every tag of the text, in order.
func (t *tagging) all() []Span {
	var spans []Span
	alone := t.alone
	for i := t.start; i < len(t.src); {
		if len(alone) > 0 && alone[0].Start <= i {
			spans = append(spans, alone[0])
			i = max(i, alone[0].End)
			alone = alone[1:]
			continue
		}
		if beginsTag(t.src[i]) {
			if g, ok := t.at(i); ok {
				spans = append(spans, Span{i, g.end})
				i = g.end
				continue
			}
		}
		i++
	}
	return spans
}

// beginsTag reports whether a delimited tag may begin with a byte.
func beginsTag(c byte) bool {
	return c == '{' || c == ')' || c == '<' || c == '%' || c == '#' || c == '[' || c == '$' || c == '\\'
}

// at returns the delimited tag that begins at i.
func (t *tagging) at(i int) (tag, bool) {
	if g, ok := t.nix[i]; ok {
		return g, true
	}
	if i+2 >= len(t.src) {
		return tag{}, false
	}
	if t.mako {
		return t.makoAt(i)
	}
	if t.doubled {
		if t.src[i] == '{' {
			return t.fieldTag(i)
		}
		return tag{}, false
	}
	switch two := t.src[i : i+2]; two {
	case "{{":
		return t.curly(i)
	case "{%":
		if end := t.find(i+2, "%}"); end > 0 {
			g := statementTag(t.src[i+2 : end-2])
			g.end, g.kind = cmp.Or(t.aside(t.src[i+2:end-2], end), end), Jinja
			if g.end > end {
				g.class = quietTag
			}
			return g, true
		}
	case "{#":
		if t.jinja {
			if end := t.find(i+2, "#}"); end > 0 {
				return tag{end: end, class: quietTag, kind: Jinja}, true
			}
		}
	case "<%":
		if end := t.find(i+2, "%>"); end > 0 {
			g := rubyTag(t.src[i+2 : end-2])
			g.end, g.kind = end, ERB
			return g, true
		}
	case "<#", "</":
		return t.freeMarker(i)
	case "[%":
		if end := t.find(i+2, "%]"); end > 0 && strings.IndexByte(t.src[i:end], '\n') < 0 {
			g := toolkitTag(strings.Trim(t.src[i+2:end-2], "-+ \t"))
			g.end, g.kind = end, Toolkit
			return g, true
		}
	case "##":
		if t.sharps {
			if end := sharpsWord(t.src, i); end > 0 {
				return tag{end: end, class: valueTag, kind: Placeholder}, true
			}
		}
	case "$!": // $!{name}
		if end := placeholderEnd(t.src, i+1); end > 0 {
			return tag{end: end, class: valueTag, kind: Placeholder}, true
		}
	case "%{", "#{", "{[":
		if g, ok := t.terraform(i); ok {
			return g, true
		}
		if end := placeholderEnd(t.src, i); end > 0 {
			return tag{end: end, class: valueTag, kind: Placeholder}, true
		}
	}
	if t.src[i] == '{' { // {NAME}; {32} is a regular expression that lacks its quotes
		if n := nameEnd(t.src, i+1, upperByte); n > i+2 && n < len(t.src) && t.src[n] == '}' && !isDigit(t.src[i+1]) {
			return tag{end: n + 1, class: valueTag, kind: Placeholder}, true
		}
	}
	return tag{}, false
}

// find returns the offset after the closing mark that follows i, 0 where there
// is none.
func (t *tagging) find(i int, mark string) int {
	m, ok := t.marks[mark]
	if !ok || i < m.Start || m.End >= 0 && i > m.End {
		m = Span{i, strings.Index(t.src[i:], mark)}
		if m.End >= 0 {
			m.End += i
		}
		t.marks[mark] = m
	}
	if m.End < 0 {
		return 0
	}
	return m.End + len(mark)
}

// curly returns the tag in double or triple braces that begins at i.
func (t *tagging) curly(i int) (tag, bool) {
	src := t.src
	first := t.find(i+2, "}}")
	if first == 0 {
		return tag{}, false
	}
	body := strings.TrimLeft(src[i+2:first-2], "-~ \t\r\n")
	switch {
	case strings.HasPrefix(src[i:], "{{!--"):
		if end := t.find(i+5, "--}}"); end > 0 {
			return tag{end: end, class: quietTag, kind: Mustache}, true
		}
	case strings.HasPrefix(body, "/*"):
		if end := t.find(i+2, "*/"); end > 0 {
			if end = t.find(end, "}}"); end > 0 {
				return tag{end: end, class: quietTag, kind: GoTemplate}, true
			}
		}
	case strings.HasPrefix(src[i:], "{{{"):
		if end := t.find(i+3, "}}}"); end > 0 && strings.IndexByte(src[i+3:end-3], '\n') < 0 {
			return tag{end: end, class: valueTag, kind: Mustache}, true
		}
	}
	end := curlyEnd(src, i+2, first)
	g := curlyTag(strings.Trim(src[i+2:end-2], "-~ \t\r\n"))
	g.end = end
	return g, true
}

// curlyEnd returns the offset after the "}}" that closes a tag whose text begins
// at i: the first one that stands in no quotes and closes no inner brace, or, where
// the tag would leave its line for that, simply the first.
func curlyEnd(src string, i, first int) int {
	depth := 0
	for j := i; j < len(src) && j < i+4096; j++ {
		switch c := src[j]; c {
		case '\n':
			if j >= first {
				return first
			}
		case '"', '\'', '`':
			n := strings.IndexByte(src[j+1:], c)
			if n < 0 || strings.IndexByte(src[j+1:j+1+n], '\n') >= 0 {
				return first
			}
			j += n + 1
		case '{':
			depth++
		case '}':
			if depth > 0 {
				depth--
			} else if j+1 < len(src) && src[j+1] == '}' {
				return j + 2
			}
		}
	}
	return first
}

// curlyTag says what the text in double braces does. Jinja, Go templates and
// Mustache share the braces; their control words differ enough.
func curlyTag(text string) tag {
	if text == "" {
		return tag{class: valueTag, kind: Jinja}
	}
	switch text[0] {
	case '!':
		return tag{class: quietTag, kind: Mustache}
	case '#':
		return tag{class: openTag, kind: Mustache}
	case '^':
		if text == "^" {
			return tag{class: elseTag, kind: Mustache, last: true}
		}
		return tag{class: openTag, kind: Mustache}
	case '/':
		return tag{class: closeTag, kind: Mustache}
	case '>', '&':
		return tag{class: valueTag, kind: Mustache}
	case '.':
		return tag{class: valueTag, kind: GoTemplate}
	case '$':
		return tag{class: assignment(text), kind: GoTemplate}
	}
	word, rest := firstWord(text)
	switch word {
	case "if", "range", "with", "block":
		if rest != "" {
			return tag{class: openTag, kind: GoTemplate}
		}
	case "define":
		if rest != "" {
			return tag{class: openTag, kind: GoTemplate, define: true}
		}
	case "else":
		return tag{class: elseTag, kind: GoTemplate, last: rest == ""}
	case "end":
		if rest == "" {
			return tag{class: closeTag, kind: GoTemplate}
		}
	case "break", "continue":
		if rest == "" {
			return tag{class: quietTag, kind: GoTemplate}
		}
	}
	if word != "" && rest != "" && strings.IndexByte("\"$.`", rest[0]) >= 0 { // a function and its argument
		return tag{class: valueTag, kind: GoTemplate}
	}
	return tag{class: valueTag, kind: Jinja}
}

// assignment tells $x := y, which leaves nothing behind, from $x.
func assignment(text string) tagClass {
	i := strings.IndexByte(text, '=')
	if i <= 0 {
		return valueTag
	}
	for _, name := range strings.Split(strings.TrimSuffix(text[:i], ":"), ",") {
		name = strings.TrimSpace(name)
		if len(name) < 2 || name[0] != '$' || nameEnd(name, 1, wordByte) != len(name) {
			return valueTag
		}
	}
	return quietTag
}

// statementTag says what the text between {% and %} does.
func statementTag(text string) tag {
	word, rest := firstWord(strings.Trim(text, "-+~ \t\r\n"))
	switch word {
	case "if", "for", "unless", "macro", "block", "filter", "call", "raw", "verbatim", "with", "autoescape",
		"case", "capture", "tablerow", "comment", "while", "switch", "ifequal", "ifnotequal":
		return tag{class: openTag, define: word == "macro"}
	case "set":
		if !strings.Contains(rest, "=") {
			return tag{class: openTag}
		}
	case "else", "elif", "elsif", "elseif", "when":
		return tag{class: elseTag, last: word == "else"}
	case "include", "render":
		return tag{class: valueTag}
	}
	if strings.HasPrefix(word, "end") {
		return tag{class: closeTag}
	}
	return tag{class: quietTag}
}

// rubyTag says what the text between <% and %> does, in Ruby, Puppet or
// JavaScript.
func rubyTag(text string) tag {
	if text != "" && (text[0] == '=' || strings.HasPrefix(text, "-=")) && !strings.HasPrefix(text, "=begin") {
		return tag{class: valueTag}
	}
	raw := strings.HasPrefix(text, "-") && !strings.HasSuffix(text, "-") // <%- x %> of EJS, not <%- x -%>
	text = strings.Trim(text, "-_ \t\r\n;")
	if text == "" || text[0] == '#' {
		return tag{class: quietTag}
	}
	opens := strings.HasSuffix(text, "{") || strings.HasSuffix(text, " do") || strings.HasSuffix(text, "|") && strings.Contains(text, "|") && text[0] != '|'
	if text[0] == '}' {
		if opens {
			word, _ := firstWord(strings.TrimLeft(text, "} \t"))
			return tag{class: elseTag, last: word == "else" && !strings.Contains(text, "if")}
		}
		return tag{class: closeTag}
	}
	switch word, _ := firstWord(text); word {
	case "if", "unless", "for", "while", "until", "case", "begin":
		return tag{class: openTag}
	case "else", "elsif", "elseif", "when", "rescue", "ensure":
		return tag{class: elseTag, last: word == "else"}
	case "end":
		return tag{class: closeTag}
	}
	switch {
	case opens:
		return tag{class: openTag}
	case raw && !assigns(text):
		return tag{class: valueTag}
	}
	return tag{class: quietTag}
}
