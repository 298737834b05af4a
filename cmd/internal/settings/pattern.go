package settings

import (
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// matches reports whether a pattern matches a path with slashes, or a folder
// that holds it. A pattern without a slash is held against each name in the
// path.
func matches(pattern, path string) bool {
	pattern = strings.TrimSuffix(strings.TrimPrefix(pattern, "./"), "/")
	if !strings.Contains(pattern, "/") {
		for name := range strings.SplitSeq(path, "/") {
			if ok, _ := doublestar.Match(pattern, name); ok {
				return true
			}
		}
		return false
	}
	for p := path; p != ""; p = parent(p) {
		if ok, _ := doublestar.Match(pattern, p); ok {
			return true
		}
	}
	return false
}

func parent(path string) string {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return ""
	}
	return path[:i]
}

// relative returns the path of a file from dir, with slashes.
func relative(dir, file string) string {
	rel, err := filepath.Rel(dir, file)
	if err != nil {
		rel = file
	}
	return filepath.ToSlash(rel)
}

// rebase returns patterns that match below base what pattern, relative to dir,
// matches there. Both are absolute.
func rebase(pattern, dir, base string) []string {
	pattern = strings.TrimSuffix(strings.TrimPrefix(pattern, "./"), "/")
	if rel, err := filepath.Rel(base, dir); err == nil && filepath.IsLocal(rel) {
		if rel == "." {
			return []string{pattern}
		}
		inner := pattern
		if !strings.Contains(inner, "/") {
			inner = "**/" + inner
		}
		return []string{escape(filepath.ToSlash(rel)) + "/" + inner}
	}
	rel, err := filepath.Rel(dir, base)
	if err != nil || !filepath.IsLocal(rel) {
		return nil
	}
	names := strings.Split(filepath.ToSlash(rel), "/")
	if !strings.Contains(pattern, "/") {
		for _, name := range names {
			if ok, _ := doublestar.Match(pattern, name); ok {
				return []string{"**"}
			}
		}
		return []string{pattern}
	}
	return residues(strings.Split(pattern, "/"), names)
}

// residues returns what is left of the elements of a pattern when they have
// matched the names, in each way in which they can.
func residues(pattern, names []string) []string {
	switch {
	case len(pattern) == 0: // a folder around the base matches
		return []string{"**"}
	case len(names) == 0:
		return []string{strings.Join(pattern, "/")}
	case pattern[0] == "**":
		return append(residues(pattern[1:], names), residues(pattern, names[1:])...)
	}
	if ok, _ := doublestar.Match(pattern[0], names[0]); ok {
		return residues(pattern[1:], names[1:])
	}
	return nil
}

// escape returns a pattern that matches text alone.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "]", `\]`, "{", `\{`, "}", `\}`).Replace(text)
}
