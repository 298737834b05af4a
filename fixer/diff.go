package fixer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// around is the number of unchanged lines shown on either side of a change.
const around = 3

// Diff returns the unified diff of the change, under the name that patch and
// git apply find the file by. It is empty where nothing changed.
func (c Change) Diff() string {
	name, _ := patchName(c.Name)
	return Diff(name, c.Old, c.New)
}

// Patch returns the unified diff of several changes, for one run of patch or git
// apply: its names are relative to the working directory where all files lie
// below that, and all from the root otherwise, which fromRoot says.
func Patch(changes []Change) (text string, fromRoot bool) {
	names, roots := make([]string, len(changes)), make([]bool, len(changes))
	for i, c := range changes {
		names[i], roots[i] = patchName(c.Name)
		fromRoot = fromRoot || roots[i] && c.Old != c.New
	}
	var b strings.Builder
	for i, c := range changes {
		name := names[i]
		if fromRoot && !roots[i] {
			if abs, err := filepath.Abs(name); err == nil {
				name, _ = rooted(abs)
			}
		}
		b.WriteString(Diff(name, c.Old, c.New))
	}
	return b.String(), fromRoot
}

// Line returns where line n of the old text stands in the new one, both counted
// from 1, and 0 where it was changed or taken out.
func (c Change) Line(n int) int {
	moved := n
	for _, d := range compare(newText(c.Old), newText(c.New)) {
		switch {
		case n <= d.a0:
			return moved
		case n <= d.a1:
			return 0
		}
		moved = n + d.b1 - d.a1
	}
	return moved
}

// Diff returns the unified diff that turns old into new, "" where they are
// equal. Both header lines name the file ./name: `patch -p0` finds that as it
// is, and `patch -p1` and `git apply`, which take the first component off, find
// it too. The usual a/ and b/ would lose the first of the three.
func Diff(name, old, new string) string {
	if old == new {
		return ""
	}
	a, b := newText(old), newText(new)
	changes := compare(a, b)
	var out strings.Builder
	name = quoteName(name)
	out.WriteString("--- " + name + "\n+++ " + name + "\n")
	for len(changes) > 0 {
		n := 1
		for n < len(changes) && changes[n].a0-changes[n-1].a1 <= 2*around {
			n++
		}
		writeHunk(&out, a, b, changes[:n])
		changes = changes[n:]
	}
	return out.String()
}

// writeHunk prints changes that lie near one another.
func writeHunk(out *strings.Builder, a, b *text, changes []change) {
	first, last := changes[0], changes[len(changes)-1]
	before := min(around, first.a0)
	after := min(around, a.lines()-last.a1)
	from := first.a0 - before
	fmt.Fprintf(out, "@@ -%s +%s @@\n",
		hunkRange(from, last.a1+after), hunkRange(first.b0-before, last.b1+after))
	for _, c := range changes {
		writeLines(out, ' ', a, from, c.a0)
		writeLines(out, '-', a, c.a0, c.a1)
		writeLines(out, '+', b, c.b0, c.b1)
		from = c.a1
	}
	writeLines(out, ' ', a, from, last.a1+after)
}

// hunkRange prints lines from to end, counted from 0, as diff does: a count of
// one is left out, and no lines at all are counted from the line before.
func hunkRange(from, end int) string {
	switch end - from {
	case 0:
		return fmt.Sprintf("%d,0", from)
	case 1:
		return fmt.Sprint(from + 1)
	default:
		return fmt.Sprintf("%d,%d", from+1, end-from)
	}
}

func writeLines(out *strings.Builder, sign byte, t *text, from, end int) {
	for i := from; i < end; i++ {
		line := t.line(i)
		out.WriteByte(sign)
		out.WriteString(line)
		if !strings.HasSuffix(line, "\n") {
			out.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

// quoteName writes ./name as git does in a header line: in quotes with escapes
// where it holds a byte that could be misread, with a tab after it where it
// holds a blank (quote_c_style and needs_trailing_tab in git).
func quoteName(name string) string {
	name = "./" + name
	misread := func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }
	if !strings.ContainsFunc(name, misread) && !strings.HasSuffix(name, " ") { // patch trims a last blank
		if strings.Contains(name, " ") {
			return name + "\t"
		}
		return name
	}
	const special = "\a\b\t\n\v\f\r\"\\"
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(name) {
		c := name[i]
		if n := strings.IndexByte(special, c); n >= 0 {
			b.WriteByte('\\')
			b.WriteByte(`abtnvfr"\`[n])
		} else if c < ' ' || c > '~' {
			fmt.Fprintf(&b, `\%03o`, c)
		} else {
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// patchName returns the path under which a diff names a file: relative to the
// working directory where it lies below that, else from the root, and says
// which. Symbolic links are resolved, because patch and git refuse to write
// through them. A name that no file has, such as that of standard input or of a
// file in a dump, stays, from the root where it is absolute.
func patchName(name string) (path string, root bool) {
	if _, err := os.Lstat(name); err != nil {
		return strings.TrimLeft(filepath.ToSlash(name), "/"), false
	}
	clean := filepath.Clean(name)
	real, err := filepath.EvalSymlinks(clean)
	if err == nil && real == clean && filepath.IsLocal(clean) {
		return filepath.ToSlash(clean), false
	}
	if err != nil {
		real = clean
	}
	if dir, err := os.Getwd(); err == nil {
		if resolved, err := filepath.EvalSymlinks(dir); err == nil {
			dir = resolved
		}
		if !filepath.IsAbs(real) {
			real = filepath.Join(dir, real)
		}
		if rel, err := filepath.Rel(dir, real); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel), false
		}
	}
	return rooted(real)
}

// rooted returns an absolute path as it is named from the root.
func rooted(path string) (string, bool) {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved
	}
	return strings.TrimLeft(filepath.ToSlash(path), "/"), true
}
