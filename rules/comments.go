package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// ignoreComment is one "# wsnginx:ignore" or "# wsnginx:ignore-file".
type ignoreComment struct {
	file   *parser.File
	span   parser.Span
	whole  bool     // ignore-file
	line   int      // the line it speaks for; 0 where whole
	names  []string // of rules
	reason string
	used   []bool // by name
}

// parseComment reads a comment that wsnginx is meant by. word is what follows
// "wsnginx:", rest what follows that, without blanks around it.
func parseComment(text string) (word, rest string, ok bool) {
	text = strings.TrimLeft(text, "# \t")
	text, ok = strings.CutPrefix(text, "wsnginx:")
	if !ok {
		return "", "", false
	}
	text = strings.TrimSpace(text)
	i := strings.IndexAny(text, " \t")
	if i < 0 {
		return text, "", true
	}
	return text[:i], strings.TrimSpace(text[i:]), true
}

// parseIgnore reads "RULE[,RULE] reason". Blanks may follow a comma.
func parseIgnore(rest string) (names []string, reason string) {
	for {
		i := strings.IndexAny(rest, ", \t")
		if i < 0 {
			return appendName(names, rest), ""
		}
		names = appendName(names, rest[:i])
		after := strings.TrimLeft(rest[i:], " \t")
		if !strings.HasPrefix(after, ",") {
			return names, after
		}
		rest = strings.TrimLeft(after, ", \t")
	}
}

func appendName(names []string, name string) []string {
	if name == "" {
		return names
	}
	return append(names, name)
}

// fileComments returns the ignore comments of a file, and those addressed to
// wsnginx whose word it does not know.
func fileComments(f *parser.File) (ignores []ignoreComment, unknown []parser.Span) {
	if !strings.Contains(f.Src, "wsnginx:") {
		return nil, nil
	}
	next := 0 // the line that the lines of comments before it speak for
	for _, span := range f.Comments {
		word, rest, ok := parseComment(f.Src[span.Start:span.End])
		if !ok {
			continue
		}
		switch word {
		case "ignore", "ignore-file":
			c := ignoreComment{file: f, span: trimRight(f, span), whole: word == "ignore-file"}
			c.names, c.reason = parseIgnore(rest)
			c.used = make([]bool, len(c.names))
			if !c.whole {
				c.line = spokenFor(f, span, next)
				next = c.line
			}
			ignores = append(ignores, c)
		case "websocket", "not-websocket": // read by effective
		default:
			unknown = append(unknown, trimRight(f, span))
		}
	}
	return ignores, unknown
}

// firstComment returns the index of the first comment of a file at or behind an
// offset.
func firstComment(f *parser.File, offset int) int {
	i, _ := slices.BinarySearchFunc(f.Comments, offset, func(c parser.Span, offset int) int { return c.Start - offset })
	return i
}

func trimRight(f *parser.File, s parser.Span) parser.Span {
	s.End = s.Start + len(strings.TrimRight(f.Src[s.Start:s.End], " \t\r"))
	return s
}

// spokenFor returns the line a comment speaks for: its own where something
// stands before it, else the next one that is not a comment. next is the line that
// the comment before it speaks for.
func spokenFor(f *parser.File, span parser.Span, next int) int {
	n := f.Position(span.Start).Line
	text, start := f.Line(n)
	if strings.TrimLeft(text[:span.Start-start], " \t") != "" {
		return n
	}
	if n < next { // what lies between is comments
		return next
	}
	for n++; n <= f.LineCount(); n++ {
		text, _ := f.Line(n)
		if !strings.HasPrefix(strings.TrimLeft(text, " \t"), "#") {
			break
		}
	}
	return n
}

// filesIn returns the number of files of the largest model.
func filesIn(models []*effective.Model) int {
	n := 0
	for _, m := range models {
		n = max(n, len(m.Config.Files))
	}
	return n
}

// readComments returns the ignore comments of all files, and reports those that
// are addressed to wsnginx and mean nothing.
func readComments(models []*effective.Model, opts *Options, c *collection) map[*parser.File]*fileIgnores {
	seen := make(map[*parser.File]bool, filesIn(models))
	byFile := map[*parser.File]*fileIgnores{}
	for _, m := range models {
		for _, f := range m.Config.Files {
			if seen[f] {
				continue
			}
			seen[f] = true
			ignores, unknown := fileComments(f)
			for _, span := range unknown {
				word, _, _ := parseComment(f.Src[span.Start:span.End])
				c.reportComment(opts, unusedIgnore, f, span, fmt.Sprintf(
					"comment \"wsnginx:%s\" means nothing; write ignore, ignore-file, websocket or not-websocket", word))
			}
			if len(ignores) > 0 {
				byFile[f] = indexIgnores(ignores)
			}
		}
	}
	return byFile
}

// ignore marks the findings that comments ignore.
func (c *collection) ignore(byFile map[*parser.File]*fileIgnores) {
	if len(byFile) == 0 {
		return
	}
	for i := range c.findings {
		f := c.findings[i]
		if ignores := byFile[f.File]; ignores != nil && f.Rule.Category != Comments {
			ignoreFinding(f, ignores)
		}
	}
}

// judgeComments reports the ignore comments that are of no use.
func (c *collection) judgeComments(models []*effective.Model, opts *Options, byFile map[*parser.File]*fileIgnores) {
	if len(byFile) == 0 {
		return
	}
	for _, m := range models {
		for _, f := range m.Config.Files {
			if ignores := byFile[f]; ignores != nil {
				for i := range ignores.all {
					c.judgeIgnore(opts, &ignores.all[i])
				}
				delete(byFile, f)
			}
		}
	}
}

// fileIgnores are the ignore comments of one file, in its order.
type fileIgnores struct {
	all    []ignoreComment
	whole  []int         // indexes in all of those for the whole file
	byLine map[int][]int // and of the others, by the line they speak for
}

func indexIgnores(all []ignoreComment) *fileIgnores {
	fi := &fileIgnores{all: all, byLine: map[int][]int{}}
	for i := range all {
		if all[i].whole {
			fi.whole = append(fi.whole, i)
		} else {
			fi.byLine[all[i].line] = append(fi.byLine[all[i].line], i)
		}
	}
	return fi
}

// of returns the indexes of the comments that may speak of the finding.
func (fi *fileIgnores) of(f *Finding) []int {
	at := append(slices.Clone(fi.whole), fi.byLine[f.File.Position(f.Span.Start).Line]...)
	for _, line := range passLines(f) {
		at = append(at, fi.byLine[line]...)
	}
	slices.Sort(at)
	return slices.Compact(at)
}

func ignoreFinding(f *Finding, ignores *fileIgnores) {
	for _, i := range ignores.of(f) {
		ig := &ignores.all[i]
		n := slices.Index(ig.names, f.Rule.Name)
		if n < 0 {
			continue
		}
		ig.used[n] = true
		if ig.reason != "" && f.Ignored == "" {
			f.Ignored, f.Fix = ig.reason, nil
		}
	}
}

// passLines returns the lines on which the passes of the routes stand that the
// finding concerns: what is missing in a location is reported at its head, and
// ignored there or where its traffic goes. One that speaks for several locations is
// not: those that are ignored have been left out of it.
func passLines(f *Finding) []int {
	if f.united {
		return nil
	}
	var lines []int
	for _, r := range f.Routes {
		if r.Pass.File == f.File {
			lines = append(lines, f.File.Position(r.Pass.Span.Start).Line)
		}
	}
	return lines
}

// judgeIgnore reports an ignore comment that has no reason, names no rule, or
// ignores nothing. Whether it does cannot be said of a rule that did not run.
func (c *collection) judgeIgnore(opts *Options, ig *ignoreComment) {
	if len(ig.names) == 0 {
		c.reportComment(opts, unusedIgnore, ig.file, ig.span,
			"this comment names no rule to ignore; write the rule's name and a reason after it")
		return
	}
	if ig.reason == "" {
		c.reportComment(opts, ignoreWithoutReason, ig.file, ig.span, fmt.Sprintf(
			"%s is not ignored without a reason; write one after the name", strings.Join(ig.names, ", ")))
	}
	for n, name := range ig.names {
		r, err := Lookup(name)
		switch {
		case err != nil && (knownGroup(name) || slices.Contains([]string{"all", "default", "*"}, name)):
			c.reportComment(opts, unusedIgnore, ig.file, ig.span, fmt.Sprintf(
				"this comment ignores nothing: %q stands for several rules; name the one that is meant", name))
		case err != nil:
			c.reportComment(opts, unusedIgnore, ig.file, ig.span, "this comment ignores nothing: "+err.Error())
		case ig.reason != "" && !ig.used[n] && slices.Contains(opts.Rules, r):
			c.reportComment(opts, unusedIgnore, ig.file, ig.span, fmt.Sprintf(
				"this comment ignores nothing: %s finds nothing here; remove it", name))
		}
	}
}

func (c *collection) reportComment(opts *Options, r *Rule, f *parser.File, span parser.Span, msg string) {
	if !slices.Contains(opts.Rules, r) {
		return
	}
	c.add(&Finding{Rule: r, Severity: opts.severity(r, r.Severity), Message: msg, File: f, Span: span})
}
