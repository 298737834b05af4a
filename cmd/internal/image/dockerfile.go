package image

import (
	"encoding/json"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/wsnginx/wsnginx/cmd/internal/lazy"
)

// stage is what one FROM begins.
type stage struct {
	name    string // of AS, in lower case
	base    *stage // an earlier one that FROM names
	image   string // that FROM names, "" where nobody can tell
	pin     *Pin   // of its own image
	line    int    // of FROM
	copies  []copied
	changed bool // a command of it may change or leave the main configuration
	workdir string
	values  map[string]string // its own variables
}

// runs returns the pin of the image that a stage is made of.
func (s *stage) runs() *Pin {
	for ; s != nil; s = s.base {
		if s.pin != nil {
			return s.pin
		}
	}
	return nil
}

// copied is a COPY or an ADD.
type copied struct {
	from    *stage // of --from; nil for the context
	sources []string
	dest    string // absolute; ends with a slash where it must be a folder
}

// readDockerfile returns the stages of a Dockerfile and its text. args are values that
// a build gives for those of ARG.
func readDockerfile(file, src string, args map[string]string) []*stage {
	var stages []*stage
	global, values := map[string]string{}, map[string]string{}
	named := map[string]*stage{} // the last of each name
	for _, in := range instructions(src) {
		var now *stage
		if len(stages) > 0 {
			now = stages[len(stages)-1]
		}
		words, flags := in.words()
		switch {
		case in.name == "FROM" && len(words) > 0:
			ref, whole := filled(words[0], global)
			s := &stage{base: named[strings.ToLower(ref)], workdir: "/", line: in.line}
			if s.base != nil {
				s.workdir = s.base.workdir
			} else if whole {
				s.image = ref
				if v, ok := versionOf(ref); ok {
					s.pin = &Pin{Name: "image " + ref, Version: v, File: file, Line: in.line}
				}
			}
			if len(words) > 2 && strings.EqualFold(words[1], "as") {
				s.name = strings.ToLower(words[2])
				named[s.name] = s
			}
			values = map[string]string{}
			s.values = values
			stages = append(stages, s)
		case in.name == "ARG" && now == nil:
			declare(global, words, args, global)
		case now == nil:
		case in.name == "ARG":
			declare(values, words, args, global)
		case in.name == "ENV" && len(words) == 2 && !strings.Contains(words[0], "="):
			values[words[0]], _ = filled(words[1], values)
		case in.name == "ENV":
			declare(values, words, nil, nil)
		case in.name == "WORKDIR" && len(words) > 0:
			dir, _ := filled(words[0], values)
			now.workdir = inside(now.workdir, dir)
		case in.name == "RUN" || in.name == "CMD" || in.name == "ENTRYPOINT":
			now.changed = now.changed || strings.Contains(in.rest, "nginx.conf") || strings.Contains(in.rest, "nginx/") || strings.Contains(in.rest, "-c")
		case (in.name == "COPY" || in.name == "ADD") && len(words) > 1:
			c := copied{}
			last := len(words) - 1
			for _, w := range words[:last] {
				if source, whole := filled(w, values); whole { // "$DIR/a" is not "/a"
					c.sources = append(c.sources, source)
				}
			}
			if from := flags["from"]; from != "" {
				c.from = named[strings.ToLower(from)]
				if n, err := strconv.Atoi(from); err == nil && n >= 0 && n < len(stages)-1 && c.from == nil {
					c.from = stages[n]
				}
				if c.from == nil {
					continue // an image
				}
			}
			dest, _ := filled(words[last], values)
			c.dest = inside(now.workdir, dest)
			if last > 1 && !strings.HasSuffix(c.dest, "/") {
				c.dest += "/"
			}
			now.copies = append(now.copies, c)
		}
	}
	return stages
}

// declare sets the variables of an ARG or an ENV: what a build gives comes before
// the default, and a global one fills in for a name alone.
func declare(to map[string]string, words []string, args, global map[string]string) {
	for _, w := range words {
		name, value, given := strings.Cut(w, "=")
		value, _ = filled(value, to, global)
		if a, ok := args[name]; ok {
			value = a
		} else if !given {
			value = global[name]
		}
		to[name] = value
	}
}

// inside returns a path of an image as seen from its folder dir. It keeps a slash
// at the end, and "." ends with one.
func inside(dir, to string) string {
	folder := strings.HasSuffix(to, "/") || to == "." || strings.HasSuffix(to, "/.")
	if !path.IsAbs(to) {
		to = path.Join(dir, to)
	}
	if to = path.Clean(to); folder && to != "/" {
		to += "/"
	}
	return to
}

// dockerfile records what the stages of a Dockerfile take from the first of the
// folders that has it.
func (x *index) dockerfile(stages []*stage, contexts ...string) {
	for _, s := range stages {
		pin := s.runs()
		if pin == nil {
			continue
		}
		guess := *pin
		guess.guessed = true
		near := contexts[0] + string(filepath.Separator)
		for _, c := range s.copies {
			x.copy(c, contexts, func(path string, named bool) bool {
				if path != contexts[0] && !strings.HasPrefix(path, near) {
					return x.take(&guess, path, c.dest, named)
				}
				return x.take(pin, path, c.dest, named)
			})
		}
	}
}

// copy has take have a look at what a COPY may put into an image: it reports whether
// something lies at a path, and named says that the COPY names it.
func (x *index) copy(c copied, contexts []string, take func(path string, named bool) bool) {
	for _, source := range c.sources {
		x.copySource(c, source, contexts, take)
	}
}

// copySource is copy for one source.
func (x *index) copySource(c copied, source string, contexts []string, take func(path string, named bool) bool) {
	places := []string{source}
	if c.from != nil {
		places = x.origins(c.from, inside("/", source), map[held]bool{})
	}
	for _, place := range places {
		if strings.Contains(place, "://") {
			continue
		}
		place = path.Clean("/" + place)[1:] // a build takes "../a" for "a"
		for _, dir := range contexts {
			found := []string{place}
			named := !strings.ContainsAny(place, "*?[")
			if !named {
				found = x.glob(dir, place)
			}
			taken := false
			for _, at := range found {
				taken = take(filepath.Join(dir, filepath.FromSlash(at)), named) || taken
			}
			if taken {
				break
			}
		}
	}
}

// held is a place in what a stage makes.
type held struct {
	stage *stage
	at    string
}

// maxHeld bounds the places that copies between stages lead to.
const maxHeld = 1000

// origins returns the places of the context that may have become what a stage
// holds at an absolute path. seen are the places that were looked at.
func (x *index) origins(s *stage, at string, seen map[held]bool) []string {
	var list []string
	for ; s != nil; s = s.base {
		if seen[held{s, at}] || len(seen) == maxHeld {
			break
		}
		seen[held{s, at}] = true
		for _, c := range slices.Backward(s.copies) {
			for _, source := range c.sources {
				if !x.spend(1) {
					return list
				}
				origin, ok := c.origin(source, strings.TrimSuffix(at, "/"))
				switch {
				case !ok:
				case c.from != nil:
					list = append(list, x.origins(c.from, inside("/", origin), seen)...)
				default:
					list = append(list, origin)
				}
			}
		}
	}
	return list
}

// origin returns what of a source lies at an absolute path after the COPY.
func (c copied) origin(source, at string) (string, bool) {
	dest := strings.TrimSuffix(c.dest, "/")
	rest, below := strings.CutPrefix(at, dest+"/")
	switch {
	case at == dest:
		return source, true
	case !below:
		return "", false
	case path.Base(source) == rest: // a file into a folder
		return source, true
	case strings.ContainsAny(source, "*?["):
		return path.Join(path.Dir(source), rest), true
	}
	return path.Join(source, rest), true
}

// instruction is one of a Dockerfile.
type instruction struct {
	name string // in upper case
	rest string
	line int
}

// words returns the words of an instruction, and the values of the flags before
// them: --from=build.
func (in instruction) words() (words []string, flags map[string]string) {
	rest := in.rest
	flags = map[string]string{}
	for strings.HasPrefix(rest, "--") {
		flag, after := cutSpace(rest)
		name, value, _ := strings.Cut(flag[2:], "=")
		flags[name], rest = value, after
	}
	if strings.HasPrefix(rest, "[") && json.Unmarshal([]byte(rest), &words) == nil {
		return words, flags
	}
	for _, w := range strings.Fields(rest) {
		words = append(words, strings.Trim(w, `"'`))
	}
	return words, flags
}

// cutSpace cuts s at its first space or tab, and those beside it.
func cutSpace(s string) (before, after string) {
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i], strings.TrimSpace(s[i:])
	}
	return s, ""
}

// heredoc is the mark of text that follows on lines of its own. It is a word:
// "$((1<<2))" and "<<<EOF" are none.
var heredoc = lazy.Pattern(`(?:^|\s)\d*<<-?["']?(\w+)["']?(?:$|[\s;|&>)])`)

// instructions cuts a Dockerfile into its instructions: lines that end with the
// escape character go on, and the text of here-documents is left out.
func instructions(src string) []instruction {
	var list []instruction
	escape := `\`
	var joined []string
	first, end := 0, ""
	for i, line := range strings.Split(src, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case end != "":
			if trimmed == end {
				end = ""
			}
			continue
		case strings.HasPrefix(trimmed, "#"):
			if key, value, ok := strings.Cut(trimmed[1:], "="); ok && len(list) == 0 && strings.EqualFold(strings.TrimSpace(key), "escape") {
				escape = strings.TrimSpace(value)
			}
			continue
		case trimmed == "":
			continue
		}
		if len(joined) == 0 {
			first = i + 1
		}
		part, more := strings.CutSuffix(trimmed, escape)
		joined = append(joined, strings.TrimSpace(part))
		if more {
			continue
		}
		whole := strings.Join(joined, " ")
		joined = nil
		name, rest := cutSpace(whole)
		in := instruction{strings.ToUpper(name), rest, first}
		if m := heredoc().FindStringSubmatch(in.rest); m != nil && (in.name == "RUN" || in.name == "COPY" || in.name == "ADD") {
			end = m[1]
			if in.name != "RUN" {
				continue
			}
		}
		list = append(list, in)
	}
	return list
}
