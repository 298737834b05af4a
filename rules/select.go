package rules

import (
	"fmt"
	"strings"
)

// Selection names the rules to run. Each entry is a rule's name, a category,
// "default", "all" or "*", or a comma list of these.
type Selection struct {
	Select       []string // in place of "default"
	ExtendSelect []string // besides Select
	Ignore       []string // taken away at the end
}

// Select returns the selected rules in catalogue order. Without any Select the
// default is every rule that is not advice.
func Select(s Selection) ([]*Rule, error) {
	all := All()
	on := make([]bool, len(all))
	if len(s.Select) == 0 {
		s.Select = []string{"default"}
	}
	for _, step := range []struct {
		names []string
		to    bool
	}{{s.Select, true}, {s.ExtendSelect, true}, {s.Ignore, false}} {
		for _, list := range step.names {
			for name := range strings.SplitSeq(list, ",") {
				name = strings.TrimSpace(name)
				if name == "" {
					continue
				}
				found := false
				for i, r := range all {
					if r.matches(name) {
						on[i], found = step.to, true
					}
				}
				if !found && !knownGroup(name) {
					words := []string{"default", "all"}
					for _, c := range categories {
						words = append(words, string(c))
					}
					return nil, unknownRule(name, words, all)
				}
			}
		}
	}
	var selected []*Rule
	for i, r := range all {
		if on[i] {
			selected = append(selected, r)
		}
	}
	return selected, nil
}

// matches reports whether a word of a selection means the rule.
func (r *Rule) matches(word string) bool {
	switch word {
	case "all", "*":
		return true
	case "default":
		return !r.Advice
	}
	return word == r.Name || word == string(r.Category)
}

// categories are those of the catalogue, with rules or without.
var categories = []Category{Syntax, HandshakeCategory, Lifetime, HTTP, Security, TLS, Capacity, Comments}

func knownGroup(word string) bool {
	for _, c := range categories {
		if word == string(c) {
			return true
		}
	}
	return false
}

// Lookup returns the rule of that name, or an error that suggests one.
func Lookup(name string) (*Rule, error) {
	all := All()
	for _, r := range all {
		if r.Name == name {
			return r, nil
		}
	}
	if knownGroup(name) || name == "all" || name == "default" || name == "*" {
		return nil, fmt.Errorf("%q stands for several rules; \"wsnginx rules\" lists them", name)
	}
	return nil, unknownRule(name, nil, all)
}

// unknownRule returns the error for a name that no rule has. What was meant is one of
// words or a rule.
func unknownRule(name string, words []string, all []*Rule) error {
	for _, r := range all {
		words = append(words, r.Name)
	}
	if near := Nearest(name, words); near != "" {
		return fmt.Errorf("unknown rule %q; did you mean %q?", name, near)
	}
	return fmt.Errorf("unknown rule %q; \"wsnginx rules\" lists them", name)
}

// Nearest returns the word that name was probably meant to be: the shortest that
// holds it, else the one fewest edits away; "" where none is near enough.
func Nearest(name string, words []string) string {
	name = strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	best := ""
	for _, w := range words {
		if len(name) > 2 && strings.Contains(w, name) && (best == "" || len(w) < len(best)) {
			best = w
		}
	}
	if best != "" {
		return best
	}
	least := max(2, len(name)/2) + 1
	for _, w := range words {
		if d := distance(name, w); d < least {
			best, least = w, d
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost = 1 + min(before, row[j], row[j+1])
			}
			before, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
