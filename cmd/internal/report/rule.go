package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/wsnginx/wsnginx/rules"
)

// RuleList prints the list of rules as a table. On a terminal that leaves room for
// them, summaries are broken in their column.
func RuleList(w io.Writer, list []*rules.Rule, s Style) error {
	b := bufio.NewWriter(w)
	name, category := len("RULE"), len("CATEGORY")
	for _, r := range list {
		name, category = max(name, len(r.Name)), max(category, len(r.Category))
	}
	fmt.Fprintln(b, s.in(bold, fmt.Sprintf("%-*s  %-*s  %-8s  %-6s  %s", name, "RULE", category, "CATEGORY", "SEVERITY", "FIX", "FINDS")))
	for _, r := range list {
		fmt.Fprintf(b, "%s%*s  %-*s  %-8s  %-6s ", s.link(RuleURL(r), r.Name), name-len(r.Name), "", category, r.Category, r.Severity, orDash(r.Fixable))
		at := name + category + len("  severity  unsafe  ") + 2
		l := line{style: s, w: b, indent: at, used: at - 1}
		if s.Width < at+20 {
			l.style.Width = 0 // the terminal breaks the lines itself
		}
		l.words(summaryOf(r))
		fmt.Fprintln(b)
	}
	return b.Flush()
}

type rulesDocument struct {
	Version int        `json:"version"`
	Rules   []ruleJSON `json:"rules"`
}

type ruleJSON struct {
	Name          string       `json:"name"`
	Category      string       `json:"category"`
	Severity      string       `json:"severity"`
	Advice        bool         `json:"advice"`
	Fix           *string      `json:"fix"`
	Summary       string       `json:"summary"`
	Documentation string       `json:"documentation"`
	Before        string       `json:"before"`
	After         string       `json:"after"`
	Links         []string     `json:"links"`
	Options       []optionJSON `json:"options"`
	URL           string       `json:"url"`
}

type optionJSON struct {
	Setting string  `json:"setting"`
	Flag    *string `json:"flag"`
	Summary string  `json:"summary"`
}

// RulesJSON prints the list of rules, with all there is to say about each, as
// one JSON document.
func RulesJSON(w io.Writer, list []*rules.Rule) error {
	doc := rulesDocument{documentVersion, []ruleJSON{}}
	for _, r := range list {
		one := ruleJSON{
			Name: r.Name, Category: string(r.Category), Severity: r.Severity.String(), Advice: r.Advice, Summary: r.Summary,
			Documentation: strings.TrimSpace(r.Doc), Before: r.Before, After: r.After, Links: append([]string{}, r.Links...), Options: []optionJSON{}, URL: RuleURL(r),
		}
		for _, o := range optionsOf(r) {
			option := optionJSON{Setting: o.Setting, Summary: o.Doc}
			if o.Flag != "" {
				option.Flag = &o.Flag
			}
			one.Options = append(one.Options, option)
		}
		if r.Fixable != "" {
			one.Fix = &r.Fixable
		}
		doc.Rules = append(doc.Rules, one)
	}
	return Encode(w, doc)
}

// summaryOf returns a rule's summary and whether it runs by itself.
func summaryOf(r *rules.Rule) string {
	if r.Advice {
		return r.Summary + " (advice: runs when selected)"
	}
	return r.Summary
}

// Rule prints everything there is to say about a rule.
func Rule(w io.Writer, r *rules.Rule, s Style) error {
	b := bufio.NewWriter(w)
	s.Width = min(cmp.Or(s.Width, pageWidth), pageWidth)
	head := line{style: s, w: b}
	head.add(r.Name+":", bold, "")
	head.words(r.Summary)
	fmt.Fprintf(b, "\n%s\n", fill(fmt.Sprintf("%s, category %s, %s", r.Severity, r.Category, fixText(r)), s.Width))
	if r.Advice {
		fmt.Fprintln(b, "advice: runs only when selected")
	}
	fmt.Fprintf(b, "\n%s\n", fill(strings.TrimSpace(r.Doc), s.Width))
	if r.Before != "" {
		fmt.Fprintf(b, "\n%s\n\n%s", s.in(bold, "Before"), indent(r.Before))
	}
	if r.After != "" {
		fmt.Fprintf(b, "\n%s\n\n%s", s.in(bold, "After"), indent(r.After))
	}
	fmt.Fprintf(b, "\n%s\n\n", s.in(bold, "Options, in .wsnginx.yaml"))
	for _, o := range optionsOf(r) {
		fmt.Fprintf(b, "    %s\n%s", o.Setting, indent(indent(fill(optionText(o), s.Width-8)+"\n")))
	}
	if r.Category != rules.Comments { // a comment cannot be ignored by another
		fmt.Fprintf(b, "\n%s\n\n    # wsnginx:ignore %s the reason\n", s.in(bold, "To ignore one finding, on the line before it"), r.Name)
	}
	if len(r.Links) > 0 {
		fmt.Fprintf(b, "\n%s\n\n", s.in(bold, "What nginx's documentation says"))
		for _, link := range r.Links {
			fmt.Fprintf(b, "    %s\n", s.link(link, link))
		}
	}
	return b.Flush()
}

// optionsOf returns the settings that change what comes of a rule: its severity, and
// its own.
func optionsOf(r *rules.Rule) []rules.Option {
	severity := rules.Option{Setting: fmt.Sprintf("severity: {%s: %s}", r.Name, rules.Info), Doc: "error, warning, info or off"}
	if r.Severity == rules.Info {
		severity.Setting = fmt.Sprintf("severity: {%s: %s}", r.Name, rules.Warning)
	}
	if r.Advice {
		return append([]rules.Option{{Setting: fmt.Sprintf("extend-select: [%s]", r.Name), Flag: "--extend-select " + r.Name, Doc: "have it run"}, severity}, r.Options...)
	}
	severity.Flag = "--ignore " + r.Name
	return append([]rules.Option{severity}, r.Options...)
}

// optionText says in a line what an option is.
func optionText(o rules.Option) string {
	if o.Flag == "" {
		return o.Doc
	}
	return o.Doc + " (" + o.Flag + ")"
}

// pageWidth is how many columns prose is filled to.
const pageWidth = 80

// fill breaks the paragraphs of a text anew, so that no line is wider than
// width; indented lines and lists stay as they are.
func fill(text string, width int) string {
	paragraphs := strings.Split(text, "\n\n")
	for i, p := range paragraphs {
		if strings.HasPrefix(p, " ") || strings.Contains(p, "\n ") || strings.Contains("\n"+p, "\n- ") {
			continue
		}
		var b strings.Builder
		used := 0
		for n, word := range strings.Fields(p) {
			switch wide := textWidth(word); {
			case n == 0:
				used = wide
			case used+1+wide > width:
				b.WriteByte('\n')
				used = wide
			default:
				b.WriteByte(' ')
				used += 1 + wide
			}
			b.WriteString(word)
		}
		paragraphs[i] = b.String()
	}
	return strings.Join(paragraphs, "\n\n")
}

// sentenceCase begins a text with a capital, unless it begins with the name of a
// directive: nginx tells capitals apart.
func sentenceCase(s string) string {
	if word, _, _ := strings.Cut(s, " "); strings.Contains(word, "_") {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// RulePage returns the page of a rule in Markdown: what Rule prints.
func RulePage(r *rules.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s.\n\n%s, category %s, %s", r.Name, markdown(sentenceCase(r.Summary)), r.Severity, r.Category, strings.NewReplacer(`"w`, "`w", `"`, "`").Replace(fixText(r)))
	if r.Advice {
		b.WriteString("; advice: runs only when selected")
	}
	fmt.Fprintf(&b, "\n\n%s\n", markdown(strings.TrimSpace(r.Doc)))
	if r.Before != "" {
		fmt.Fprintf(&b, "\n## Before\n\n```nginx\n%s```\n", r.Before)
	}
	if r.After != "" {
		fmt.Fprintf(&b, "\n## After\n\n```nginx\n%s```\n", r.After)
	}
	b.WriteString("\n## Options\n\nIn `.wsnginx.yaml`; the flags of the command line win over it.\n\n")
	for _, o := range optionsOf(r) {
		fmt.Fprintf(&b, "- `%s`: %s", o.Setting, o.Doc)
		if o.Flag != "" {
			fmt.Fprintf(&b, " (`%s`)", o.Flag)
		}
		b.WriteByte('\n')
	}
	if r.Category != rules.Comments {
		fmt.Fprintf(&b, "\n## To ignore one finding\n\nOn the line before it, or at its end:\n\n```nginx\n# wsnginx:ignore %s the reason\n```\n", r.Name)
	}
	if len(r.Links) > 0 {
		b.WriteString("\n## What nginx's documentation says\n\n")
		for _, link := range r.Links {
			fmt.Fprintf(&b, "- <%s>\n", link)
		}
	}
	return b.String()
}

// markdown escapes what Markdown would take for marks; indented lines are code
// there as here.
func markdown(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, "    ") {
			lines[i] = strings.NewReplacer("*", `\*`, "<", `\<`, "`", "\\`").Replace(line)
		}
	}
	return strings.Join(lines, "\n")
}

func fixText(r *rules.Rule) string {
	switch r.Fixable {
	case string(rules.Safe):
		return `fixed by "wsnginx fix"`
	case string(rules.Unsafe):
		return `fixed by "wsnginx fix --unsafe"`
	default:
		return "the change is left to you"
	}
}

func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			b.WriteString("    ")
		}
		b.WriteString(strings.TrimRight(line, "\n"))
		b.WriteByte('\n')
	}
	return b.String()
}

// RuleTable returns the rules as a table in Markdown, for README.md.
func RuleTable(list []*rules.Rule) string {
	var b strings.Builder
	b.WriteString("| rule | category | severity | fix | finds |\n|---|---|---|---|---|\n")
	for _, r := range list {
		fix := r.Fixable
		if fix == "" {
			fix = "—"
		}
		fmt.Fprintf(&b, "| [`%[1]s`](docs/rules/%[1]s.md) | %[2]s | %[3]s | %[4]s | %[5]s |\n", r.Name, r.Category, r.Severity, fix, strings.ReplaceAll(summaryOf(r), "|", `\|`))
	}
	return b.String()
}
