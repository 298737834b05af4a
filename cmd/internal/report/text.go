package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
)

// maxChange is how many lines of a proposed change are shown.
const maxChange = 10

// LintText prints findings for people. Every finding has one line
//
//	file:line:col: severity: message [rule-name]
//
// and every far place that explains it one "file:line:col: note: message"; all
// other lines are indented. The findings of one location stand together and
// share the frame, in which near places are, and the proposed change. The last
// line says what was checked.
func LintText(w io.Writer, run *Run, s Style) error {
	b := bufio.NewWriterSize(w, 64<<10)
	if run.Fixed != nil {
		s.fixed(b, run.Fixed)
	}
	chain := ""
	for i, group := range groups(run.Findings) {
		if i > 0 || run.Fixed != nil && len(run.Fixed.Files) > 0 {
			fmt.Fprintln(b)
		}
		chain = s.group(b, group, chain)
	}
	if !s.Quiet {
		if len(run.Findings) > 0 {
			fmt.Fprintln(b)
		}
		s.summary(b, run)
	}
	return b.Flush()
}

// One prints one finding as LintText does.
func One(w io.Writer, f *rules.Finding, s Style) error {
	b := bufio.NewWriter(w)
	s.group(b, []rules.Finding{*f}, "")
	return b.Flush()
}

// groups puts findings that concern the same location together, in the order
// of the first of each.
func groups(findings []rules.Finding) [][]rules.Finding {
	type key struct {
		file  *parser.File
		block *parser.Directive
		span  parser.Span
	}
	index := make(map[key]int, len(findings))
	of, size := make([]int, len(findings)), make([]int, 0, len(findings))
	for i := range findings {
		f := &findings[i]
		k := key{file: f.File}
		if block := homeOf(f); block != nil {
			k.block = block
		} else {
			k.span = f.Span
		}
		n, ok := index[k]
		if !ok {
			n = len(size)
			index[k], size = n, append(size, 0)
		}
		of[i] = n
		size[n]++
	}
	all, out := make([]rules.Finding, len(findings)), make([][]rules.Finding, len(size))
	for n := range out {
		out[n], all = all[:0:size[n]], all[size[n]:]
	}
	for i := range findings {
		out[of[i]] = append(out[of[i]], findings[i])
	}
	for _, group := range out {
		slices.SortStableFunc(group, func(a, b rules.Finding) int { // the worst first
			return cmp.Or(cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(b.Severity, a.Severity))
		})
	}
	return out
}

// homeOf returns the block of the location that the finding is about, nil where
// it points at something around that location.
func homeOf(f *rules.Finding) *parser.Directive {
	if len(f.Routes) == 0 || f.Routes[0].Location == nil {
		return nil
	}
	block := f.Routes[0].Location.Block
	if block != nil && block.File == f.File && !block.Span.Contains(f.Span.Start) {
		return nil
	}
	return block
}

// group prints the findings of one location: a line for each, one frame, one
// change. outer is the include chain that was printed last.
func (s Style) group(w io.Writer, group []rules.Finding, outer string) (chain string) {
	for i := range group {
		f := &group[i]
		pos := f.File.Position(f.Span.Start)
		line := line{style: s, w: w}
		text := Clean(brief(f))
		if i > 0 && s.Width > 0 && f.Span == group[i-1].Span {
			// A person reads place and location once.
			line.add(" ", "", "")
			text = strings.TrimPrefix(text, sameStart(text, Clean(group[i-1].Message)))
		} else {
			line.add(s.at(f.File, pos), bold, "")
		}
		line.add(f.Severity.String()+":", severityPaint(f.Severity), "")
		line.words(text)
		url := ""
		if s.Links {
			url = RuleURL(f.Rule)
		}
		line.add("["+f.Rule.Name+"]", dim, url)
		write(w, "\n")
	}
	home := group[0].File
	near, far := marks(group)
	safe, unsafe := changes(fixesOf(group, rules.Safe), home), changes(fixesOf(group, rules.Unsafe), home)
	g := gutter(near, safe, unsafe)
	s.frame(w, home, near, g)
	s.change(w, safe, home, "fix", g)
	s.change(w, unsafe, home, "fix --unsafe", g)
	for _, r := range far {
		pos := r.File.Position(r.Span.Start)
		line := line{style: s, w: w}
		line.add(s.at(r.File, pos), bold, "")
		line.add("note:", cyan, "")
		line.words(r.Message)
		write(w, "\n")
	}
	chain = s.chain(&group[0])
	if chain != "" && chain != outer {
		write(w, " ", blanks(g), " included from ", strings.TrimPrefix(chain, home.Name+"\x00"), "\n")
	}
	return chain
}

// at returns "file:line:column:".
func (s Style) at(f *parser.File, pos parser.Position) string {
	return Clean(s.Name(f.Name)) + ":" + strconv.Itoa(pos.Line) + ":" + strconv.Itoa(pos.Column) + ":"
}

// chain returns the file of a finding and the includes that lead to it, ""
// where there are none.
func (s Style) chain(f *rules.Finding) string {
	if f.Via == nil {
		return ""
	}
	var chain []string
	for via := f.Via; via != nil; via = via.Outer {
		d := via.Include
		chain = append(chain, Clean(s.Name(d.File.Name))+":"+strconv.Itoa(d.File.Position(d.Span.Start).Line))
	}
	if f.Site {
		chain[0] += " as if it were enabled"
	}
	return f.File.Name + "\x00" + strings.Join(chain, ", from ")
}

// sameStart returns "location NAME " where two messages both begin with it.
func sameStart(a, b string) string {
	rest, ok := strings.CutPrefix(a, "location \"")
	end := strings.Index(rest, "\" ")
	if !ok || end < 0 {
		return ""
	}
	if start := a[:len(a)-len(rest)+end+2]; strings.HasPrefix(b, start) {
		return start
	}
	return ""
}

// brief returns the message of a finding, without its last clause where that
// names the change that the frame shows.
func brief(f *rules.Finding) string {
	i := strings.LastIndex(f.Message, "; ")
	if f.Fix == nil || i < 0 {
		return f.Message
	}
	verb, _, _ := strings.Cut(f.Message[i+2:], " ")
	switch verb {
	case "add", "clear", "let", "make", "move", "put", "remove", "repeat", "set", "use", "write":
	default:
		return f.Message
	}
	if n := strings.LastIndex(f.Message, " ("); n > i && strings.HasSuffix(f.Message, ")") {
		return f.Message[:i] + f.Message[n:] // what was not seen
	}
	return f.Message[:i]
}

func severityPaint(v rules.Severity) paint {
	switch v {
	case rules.Error:
		return red
	case rules.Warning:
		return yellow
	default:
		return cyan
	}
}

// fixesOf returns the fixes of the given safety.
func fixesOf(group []rules.Finding, safety rules.Safety) []*rules.Fix {
	var fixes []*rules.Fix
	for i := range group {
		if fix := group[i].Fix; fix != nil && fix.Safety == safety {
			fixes = append(fixes, fix)
		}
	}
	return fixes
}

// change prints lines that a fix replaces and writes, under the frame.
func (s Style) change(w io.Writer, changes []change, home *parser.File, title string, gutter int) {
	shown := 0
	print := func(p paint, mark string, n int, line string, from int) {
		if shown++; shown > maxChange {
			return
		}
		at := blanks(gutter)
		if n > 0 {
			at = s.in(dim, number(n, gutter))
		}
		write(w, " ", at, " ", s.in(p, mark+" "+s.part(line, from, gutter)), "\n")
	}
	at := home
	for i, c := range changes {
		if shown < maxChange && (i == 0 || c.file != at) {
			place := ""
			if c.file != home {
				place = " in " + Clean(s.Name(c.file.Name))
			}
			write(w, " ", blanks(gutter), " ", s.in(bold, title), place, ":\n")
		}
		at = c.file
		from := s.differ(c, gutter)
		for n, line := range c.old {
			print(minus, "-", c.line+n, line, from)
		}
		for n, line := range c.new {
			if n > 0 || len(c.old) > 0 {
				print(green, "+", 0, line, from)
			} else {
				print(green, "+", c.line, line, from)
			}
		}
	}
	if shown > maxChange {
		fmt.Fprintf(w, " %*s … %s; \"wsnginx fix\" prints all\n", gutter, "", Plural(shown-maxChange, "more line", "more lines"))
	}
}

// fixed lists the files that a fix changes, and under each what it does there.
func (s Style) fixed(w io.Writer, x *Fixed) {
	done := "would fix"
	if x.Written {
		done = "fixed"
	}
	count := map[string]int{}
	type edit struct {
		file       string
		line       int
		what, rule string
	}
	said, edits := map[edit]bool{}, map[string][]edit{}
	for i := range x.Applied {
		f := &x.Applied[i]
		count[f.File.Name]++
		if f.Fix == nil {
			continue
		}
		for _, list := range perFile(f.Fix) {
			file := list[0].File
			e := edit{file.Name, file.Position(list[0].Span.Start).Line, f.Fix.Message, f.Rule.Name}
			if !said[e] {
				said[e] = true
				edits[file.Name] = append(edits[file.Name], e)
			}
		}
	}
	for _, name := range x.Files {
		text := ""
		if n := count[name]; n > 0 {
			text = ": " + Plural(n, "finding", "findings")
		}
		fmt.Fprintf(w, "%s %s%s\n", done, Clean(s.Name(name)), text)
		for _, e := range edits[name] {
			fmt.Fprintf(w, "  line %d: %s %s\n", e.line, Clean(e.what), s.in(dim, "["+e.rule+"]"))
		}
	}
}
