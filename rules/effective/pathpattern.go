package effective

import "strings"

// maxVariants bounds how many paths a pattern's alternatives are spelled out to.
const maxVariants = 64

// signsOfPattern reads a regular expression as the paths that its alternatives
// make: ^/(ws|health)$ is /ws and /health. What any of them says of WebSocket
// counts; it is a plain path where all of them are.
func signsOfPattern(expr string) pathSigns {
	if strings.Contains(expr, "(?!") || strings.Contains(expr, "(?<!") {
		return pathSigns{}
	}
	var all pathSigns
	only, plain := true, true
	for _, v := range variantsOf(expr) {
		s := signsOfSegments(patternSegments(v))
		only = only && s.only
		plain = plain && s.plain != ""
		if all.likely == "" {
			all.likely = s.likely
		}
		if all.plain == "" {
			all.plain = s.plain
		}
		all.polling = all.polling || s.polling
		all.pings = all.pings || s.pings
	}
	all.only = only && all.likely != ""
	if all.likely != "" || !plain {
		all.plain = ""
	}
	return all
}

// variantsOf spells out the alternatives of a pattern, in lower case.
func variantsOf(expr string) []string {
	variants, rest := alternatives(strings.ToLower(expr))
	if rest != "" || len(variants) > maxVariants { // a parenthesis too many, or too much to spell out
		return []string{strings.ToLower(expr)}
	}
	return variants
}

// likelyPaths returns the segments of those of a pattern's alternatives that say
// WebSocket.
func likelyPaths(expr string) [][]string {
	var paths [][]string
	for _, v := range variantsOf(expr) {
		if segments := patternSegments(v); signsOfSegments(segments).likely != "" {
			paths = append(paths, segments)
		}
	}
	return paths
}

// patternSegments returns the words of a pattern without alternatives.
func patternSegments(expr string) []string {
	words := strings.FieldsFunc(strings.ReplaceAll(expr, `\.`, "."), func(c rune) bool {
		return !(c == '.' || c == '-' || c == '_' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9')
	})
	segments := words[:0]
	for i, w := range words {
		if i < len(words)-1 || !isFile(w) && !strings.Contains(expr, `\`+w+"$") { // "\.js$" is a file's
			w = strings.Trim(w, ".")
		}
		if w != "" {
			segments = append(segments, w)
		}
	}
	return segments
}

// alternatives spells out the alternatives of expr up to the parenthesis that
// closes it, and returns what follows it. No variant is longer than expr.
func alternatives(expr string) (variants []string, rest string) {
	branch := []string{""}
	start := 0 // of what is in no variant yet
	flush := func(end int, more string) {
		for i := range branch {
			branch[i] += expr[start:end] + more
		}
	}
	for i := 0; i < len(expr); i++ {
		switch expr[i] {
		case '\\':
			i++
		case '[': // a class says no word
			flush(i, " ")
			if end := strings.IndexByte(expr[i:], ']'); end > 0 {
				i += end
			}
			start = i + 1
		case '|':
			flush(i, "")
			start = i + 1
			variants = append(variants, branch...)
			branch = []string{""}
		case ')':
			flush(i, "")
			return append(variants, branch...), expr[i:]
		case '(':
			flush(i, "")
			body := groupBody(expr[i+1:])
			inner, after := alternatives(body)
			i = len(expr) - len(after)
			start = min(i+1, len(expr))
			if start < len(expr) && (expr[start] == '?' || expr[start] == '*') {
				inner = append(inner, "")
			}
			if len(branch)*len(inner) > maxVariants {
				inner = []string{" " + body[:len(body)-len(after)] + " "}
			}
			var both []string
			for _, b := range branch {
				for _, v := range inner {
					both = append(both, b+v)
				}
			}
			branch = both
		}
	}
	flush(len(expr), "")
	return append(variants, branch...), ""
}

// groupBody is what follows an opening parenthesis without the mark of its kind:
// ?:, ?<name>, ?P<name>, ?i:.
func groupBody(s string) string {
	if !strings.HasPrefix(s, "?") {
		return s
	}
	if i := strings.IndexAny(s, ":>=)"); i >= 0 && s[i] != ')' {
		return s[i+1:]
	}
	return strings.TrimLeft(s, "?abcdefghijklmnopqrstuvwxyz")
}
