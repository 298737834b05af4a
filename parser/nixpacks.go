package parser

import (
	"regexp"
	"strings"
)

// nixpacksIf matches a condition of Nixpacks' templates as its own reader finds them:
// an arm ends at the first parenthesis that could end it, whatever stands inside.
var nixpacksIf = regexp.MustCompile(`(\$if\s*\(\w+\)\s*\()(?s:.*?)(\)\s*else\s*\()(?s:.*?)(\))`)

// nixpacksTags returns the tags of the conditions of Nixpacks' templates in a text that
// begins at start, by their offset. A condition inside an arm is none: its parentheses
// end the one around it.
func nixpacksTags(src string, start int) map[int]tag {
	if !strings.Contains(src[start:], "$if") {
		return nil
	}
	var tags map[int]tag
	for _, m := range nixpacksIf.FindAllStringSubmatchIndex(src[start:], -1) {
		if tags == nil {
			tags = map[int]tag{}
		}
		for i, g := range [...]tag{{class: openTag}, {class: elseTag, last: true}, {class: closeTag}} {
			g.kind, g.end = Nixpacks, start+m[2*i+3]
			tags[start+m[2*i+2]] = g
		}
	}
	return tags
}
