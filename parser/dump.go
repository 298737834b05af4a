package parser

import (
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
func splitDump(text string) []dumpPart {
	var parts []dumpPart
	start := -1 // where the text of the last part begins
	for at := 0; at < len(text); {
		end := len(text)
		if n := strings.IndexByte(text[at:], '\n'); n >= 0 {
			end = at + n + 1
		}
		line := strings.TrimRight(text[at:end], "\r\n")
		switch name, ok := dumpName(line); {
		case ok:
			if start >= 0 {
				parts[len(parts)-1].text = dumpText(text[start:at])
			}
			parts = append(parts, dumpPart{name: name})
			start = end
		case start < 0 && line != "" && !isLogLine(line):
			return nil
		}
		at = end
	}
	if start >= 0 {
		parts[len(parts)-1].text = dumpText(text[start:])
	}
	return parts
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
// machine that printed it, and no file of this one is opened for them.
func (w *Workspace) prepareDump(g *given, parts []dumpPart) {
	w.dump = map[string]*source{}
	for _, p := range parts {
		if w.dump[p.name] != nil {
			continue
		}
		real := "dump:" + p.name // no path of this machine
		s := w.sources[real]
		if s == nil {
			s = w.fromStdin(real, p.name, p.name, p.text)
		}
		w.dump[p.name] = s
	}
	main := w.dump[parts[0].name]
	g.path, g.abs, g.real = main.name, main.real, main.real
	g.main = main
}

// resolveDump finds the files in a dump that an include directive names: nginx
// printed every file that it read.
func (b *building) resolveDump(inc *inclusion, name string) {
	full := name
	if !isAbs(name) {
		full = path.Join(path.Dir(b.c.Main.Name), name)
	}
	if !hasMeta(name) {
		s := b.w.dump[full]
		if s == nil {
			s = b.w.dump[name]
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
