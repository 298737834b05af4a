package parser

import (
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// dumpMark begins the line that "nginx -T" prints before each file (main in
// nginx.c).
const dumpMark = "# configuration file "

// DumpFormat is the Format of a file that holds what "nginx -T" printed. Read as
// configuration, all its files would be one; it is told apart on standard input.
const DumpFormat = "what nginx -T prints"

// dumpPart is one file of a dump.
type dumpPart struct {
	name, text string
}

// splitDump parts what "nginx -T" prints into its files, the main one first. It
// returns nil where the text is no such dump. nginx's own messages before the
// first file are passed over: they are on stderr, which may lead to the same
// pipe.
//
// A file may hold such lines itself. nginx prints only what it could read to its
// end, and each name once (ngx_conf_add_dump), so that a line in the midst of a
// block or a string, and one that names a file again, are text.
func splitDump(text string) []dumpPart {
	var marks []dumpMarkAt
	for at := 0; at < len(text); {
		end := len(text)
		if n := strings.IndexByte(text[at:], '\n'); n >= 0 {
			end = at + n + 1
		}
		line := strings.TrimRight(text[at:end], "\r\n")
		switch name, ok := dumpName(line); {
		case ok:
			marks = append(marks, dumpMarkAt{name, at, end})
		case len(marks) == 0 && line != "" && !isLogLine(line):
			return nil
		}
		at = end
	}
	var parts []dumpPart
	seen := map[string]bool{}
	for whole := true; len(marks) > 0; {
		first := marks[0]
		seen[first.name] = true
		next := -1
		if whole {
			next = closedMark(text, first.end, marks, seen)
		}
		if next < 0 {
			next = slices.IndexFunc(marks, func(m dumpMarkAt) bool { return !seen[m.name] })
			whole = false // some file ends too early, and every line counts
		}
		end := len(text)
		if next < 0 {
			marks = nil
		} else {
			marks = marks[next:]
			end = marks[0].start
		}
		parts = append(parts, dumpPart{first.name, dumpText(text[first.end:end])})
	}
	return parts
}

// dumpMarkAt is a line that announces a file, and where it stands.
type dumpMarkAt struct {
	name       string
	start, end int
}

// closedMark returns the first of the marks with a name that was not seen that
// stands outside every block and statement of what begins at from, or -1.
func closedMark(text string, from int, marks []dumpMarkAt, seen map[string]bool) int {
	s := NewScanner(text, nil)
	s.pos = from
	depth, words, head, n := 0, 0, "", 0
	for {
		t := s.Next()
		for n < len(marks) && marks[n].start < t.Span.Start {
			n++
		}
		switch t.Kind {
		case EOF:
			return -1
		case Comment:
			if n < len(marks) && marks[n].start == t.Span.Start && !seen[marks[n].name] && depth == 0 && words == 0 {
				return n
			}
		case WordToken:
			if words == 0 {
				head = text[t.Span.Start:t.Span.End]
			}
			words++
		case Semicolon:
			words = 0
		case BlockStart:
			depth++
			if words > 0 && strings.HasSuffix(head, "_by_lua_block") {
				s.ExpectLua()
			}
			words = 0
		case BlockEnd:
			depth, words = max(depth-1, 0), 0
		}
	}
}

// isLogLine reports whether nginx writes such lines to stderr: with its name, or
// with the date in front ("2026/01/31 ").
func isLogLine(line string) bool {
	return strings.HasPrefix(line, "nginx: ") || len(line) > 10 && line[4] == '/' && line[7] == '/' && line[10] == ' '
}

// dumpName returns the name of the file that a line announces.
func dumpName(line string) (string, bool) {
	name, ok := strings.CutPrefix(line, dumpMark)
	if !ok {
		return "", false
	}
	name, ok = strings.CutSuffix(name, ":")
	return name, ok && name != "" && (isAbs(name) || !strings.ContainsAny(name, " \t"))
}

// dumpText takes off the line ending that nginx prints after each file.
func dumpText(text string) string {
	return strings.TrimSuffix(text, "\n")
}

// fromStdin adds a source that standard input holds.
func (w *Workspace) fromStdin(real, abs, name, text string) *source {
	s := w.source(real, abs, name)
	s.text, s.stdin = &text, true
	return s
}

// prepareDump makes a source of every file of a dump. Their names are of the
// machine that printed it, and no file of this one is opened for them. nginx prints
// a name as the includes made it ("conf.d/../map.conf"): a file that it read under
// two of them is one.
func (w *Workspace) prepareDump(g *given, parts []dumpPart) {
	w.dump = map[string]*source{}
	for _, p := range parts {
		if w.dump[dumpKey(p.name)] != nil {
			continue
		}
		real := "dump:" + p.name // no path of this machine
		s := w.sources[real]
		if s == nil {
			s = w.fromStdin(real, p.name, p.name, p.text)
		}
		w.dump[dumpKey(p.name)] = s
	}
	main := w.dump[dumpKey(parts[0].name)]
	g.path, g.abs, g.real = main.name, main.real, main.real
	g.main = main
}

// dumpKey is what the file of that name is found by in a dump.
func dumpKey(name string) string { return path.Clean(filepath.ToSlash(name)) }

// unreached says which files of a dump none of its includes names: nginx would not
// have printed them, so something is amiss with the text.
func (w *Workspace) unreached() {
	for _, key := range slices.Sorted(maps.Keys(w.dump)) {
		if s := w.dump[key]; !s.done && len(parseText("", *s.text).Directives) > 0 {
			w.problem(&w.Problems, Problem{Kind: NotFollowed, File: s.name, Message: "stands in the dump, and no include of the dump names it; it was not read"})
		}
	}
}

// resolveDump finds the files in a dump that an include directive names: nginx
// printed every file that it read.
func (b *building) resolveDump(inc *inclusion, name string) {
	full := dumpKey(name)
	if !isAbs(name) {
		full = path.Join(path.Dir(b.c.Main.Name), name)
	}
	if !HasMeta(name) {
		s := b.w.dump[full]
		if s == nil {
			s = b.w.dump[dumpKey(name)]
		}
		if s == nil {
			inc.fail(NotFollowed, "include %q was not followed: the dump does not hold it", name)
			return
		}
		inc.sources = append(inc.sources, s)
		return
	}
	names := map[string][]string{} // by folder
	for n := range b.w.dump {
		for dir := n; path.Dir(dir) != dir; {
			base := path.Base(dir)
			dir = path.Dir(dir)
			names[dir] = append(names[dir], base)
		}
	}
	list := func(dir string) []string {
		sorted := slices.Clone(names[filepath.ToSlash(dir)])
		slices.Sort(sorted)
		return slices.Compact(sorted)
	}
	exists := func(p string) bool {
		p = filepath.ToSlash(p)
		return b.w.dump[p] != nil || names[p] != nil
	}
	for _, match := range glob(filepath.FromSlash(full), list, exists) {
		if s := b.w.dump[filepath.ToSlash(match)]; s != nil {
			inc.sources = append(inc.sources, s)
		}
	}
}
