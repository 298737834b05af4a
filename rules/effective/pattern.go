package effective

import (
	"regexp"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
)

// pattern is a regular expression of the configuration. nginx uses PCRE; Go's
// own package runs what it can, regexp2 the rest, and what neither reads cannot
// be decided.
type pattern struct {
	source string
	re     *regexp.Regexp
	back   *regexp2.Regexp
	names  []string     // by group number, lower case; "" for unnamed ones
	stuck  atomic.Int32 // how many matches took too long
	begins string       // what every match begins with, at the start of the text
}

// matchTimeout bounds the backtracking of one match, maxStuck how many of one pattern
// may come to it, and maxAllStuck how many of all: what is not decided then is unknown.
const (
	matchTimeout = 50 * time.Millisecond
	maxStuck     = 2
	maxAllStuck  = 20
)

// allStuck counts the matches that took too long.
var allStuck atomic.Int32

func compile(expr string, caseless bool) *pattern {
	p := &pattern{source: expr}
	if !caseless {
		p.begins, _ = p.anchored()
	}
	src := expr
	if caseless {
		src = "(?i)" + expr
	}
	if re, err := regexp.Compile(src); err == nil {
		p.re = re
		p.names = make([]string, re.NumSubexp()+1)
		copy(p.names, re.SubexpNames())
		return p
	}
	options := regexp2.None
	if caseless {
		options |= regexp2.IgnoreCase
	}
	if re, err := regexp2.Compile(expr, options); err == nil {
		re.MatchTimeout = matchTimeout
		p.back = re
		for _, n := range re.GetGroupNumbers() {
			name := re.GroupNameFromNumber(n)
			if name != "" && name[0] >= '0' && name[0] <= '9' {
				name = ""
			}
			p.names = append(p.names, name)
		}
	}
	return p
}

// match applies the pattern to s and returns its groups, the whole match first.
// ok is false where that cannot be told.
func (p *pattern) match(s string) (groups []string, matched, ok bool) {
	switch {
	case p.re == nil && p.back == nil:
		return nil, false, false
	case !strings.HasPrefix(s, p.begins):
		return nil, false, true
	case p.re != nil:
		groups = p.re.FindStringSubmatch(s)
		return groups, groups != nil, true
	}
	if p.stuck.Load() >= maxStuck || allStuck.Load() >= maxAllStuck {
		return nil, false, false
	}
	m, err := p.back.FindStringMatch(s)
	if err != nil {
		p.stuck.Add(1)
		allStuck.Add(1)
		return nil, false, false
	}
	if m == nil {
		return nil, false, true
	}
	for _, g := range m.Groups() {
		groups = append(groups, g.String())
	}
	return groups, true, true
}

// anchored returns the letters behind the "^" that a pattern begins with, and
// whether it does.
func (p *pattern) anchored() (letters string, ok bool) {
	letters, ok = strings.CutPrefix(p.source, "^")
	if !ok || strings.Contains(letters, "|") {
		return "", false
	}
	if i := strings.IndexAny(letters, `\.+*?()[]{}^$`); i >= 0 {
		optional := strings.IndexByte("*?{", letters[i]) >= 0
		letters = letters[:i]
		if optional { // the letter before may be missing
			_, size := utf8.DecodeLastRuneInString(letters)
			letters = letters[:i-size]
		}
	}
	return letters, true
}

// sampleKeys are Sec-WebSocket-Key values as clients send them: sixteen random
// bytes in base64 (RFC 6455, 4.1).
var sampleKeys = [...]string{
	"dGhlIHNhbXBsZSBub25jZQ==", "x3JJHMbDL1EzLkh9GBhXDw==", "9/ZhL+0kGq7xUaVbT2nWRg==", "AQIDBAUGBwgJCgsMDQ4PEA==", "+Fa1sZkM8tYw6vHqLr/OjQ==",
}

// matchKeys matches a pattern with keys; ok is false where they tell different
// things.
func matchKeys(re *pattern) (groups []string, matched, ok bool) {
	for i, k := range sampleKeys {
		g, is, known := re.match(k)
		if !known || i > 0 && is != matched {
			return nil, false, false
		}
		groups, matched = g, is
	}
	return groups, matched, !matched || len(groups) <= 1
}
