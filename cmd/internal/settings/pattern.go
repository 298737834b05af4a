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
