package image

import (
	"math"
	"strconv"
	"strings"

	"github.com/wsnginx/wsnginx/cmd/internal/lazy"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// numbered are the images whose tags begin with nginx's own number; OpenResty's
// have one more, for itself.
var numbered = map[string]bool{
	"nginx": true, "library/nginx": true, "nginx/nginx": true, "bitnami/nginx": true, "bitnamilegacy/nginx": true, "ubuntu/nginx": true,
	"nginxinc/nginx-unprivileged": true, "nginx/nginx-unprivileged": true, "openresty/openresty": true,
}

// reference takes a registry off an image and cuts the rest into name and tag.
var reference = lazy.Pattern(`^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?/|localhost(?::\d+)?/)?([a-z0-9._/-]+)(?::([\w.-]+))?(?:@|$)`)

// numbers are those that a tag begins with.
var numbers = lazy.Pattern(`^v?(\d+)\.(\d+)(?:\.(\d+))?(?:[._-]|$)`)

// floating are the words that the tags of the newest releases are made of.
var floating = map[string]bool{
	"latest": true, "stable": true, "mainline": true, "1": true, "slim": true, "perl": true, "otel": true, "fat": true,
	"alpine": true, "debian": true, "bullseye": true, "bookworm": true, "trixie": true,
}

// floats reports whether a tag is that of a newest release.
func floats(tag string) bool {
	for word := range strings.SplitSeq(tag, "-") {
		if !floating[word] && !strings.HasPrefix(word, "alpine3.") {
			return false
		}
	}
	return true
}

// versionOf returns the nginx of an image, zero where its tag has no number, and
// false where it is no image of nginx or its name does not tell: 1.0.3 of a registry of
// one's own is a number of one's own. A tag of two numbers is
// the newest release of that branch: "1.27" is 1.27.5.
func versionOf(image string) (effective.Version, bool) {
	m := reference().FindStringSubmatch(strings.ToLower(image))
	if m == nil || !numbered[strings.TrimPrefix(m[1], "docker/")] {
		return effective.Version{}, false
	}
	if !numbers().MatchString(m[2]) {
		return effective.Version{}, m[2] == "" && !strings.Contains(image, "@") || floats(m[2])
	}
	return numberOf(m[2])
}

// numberOf returns the nginx whose number s begins with, false for none that there are
// images of.
func numberOf(s string) (effective.Version, bool) {
	n := numbers().FindStringSubmatch(s)
	if n == nil {
		return effective.Version{}, false
	}
	v := effective.Version{Patch: effective.NewestPatch}
	for i, to := range []*int{&v.Major, &v.Minor, &v.Patch} {
		if n[1+i] == "" {
			continue
		}
		x, err := strconv.Atoi(n[1+i])
		if err != nil || x > math.MaxInt16 {
			return effective.Version{}, false
		}
		*to = x
	}
	return v, v.Major == 1 && !v.Before(1, 7, 0)
}

// variable is a use of one, with what stands for it where it has no value; "?" says
// that it must have one.
var variable = lazy.Pattern(`\$(?:\{(\w+)(?::?[-=]([^}]*)|:?\?[^}]*)?\}|(\w+))`)

// maxValue bounds what variables make of a word: variables of variables may double, and
// each of the words of a file may be one.
const maxValue = 512

// filled returns s with its variables filled in, from the first table that has them.
// whole reports whether each had a value; the others leave nothing behind, as in a
// shell.
func filled(s string, tables ...map[string]string) (out string, whole bool) {
	if !strings.Contains(s, "$") {
		return s, true
	}
	whole = true
	size := 0
	out = variable().ReplaceAllStringFunc(s, func(use string) string {
		m := variable().FindStringSubmatch(use)
		value := ""
		for _, t := range tables {
			if v, ok := t[m[1]+m[3]]; ok {
				value = v
				break
			}
		}
		if value == "" {
			value = m[2]
		}
		if size += len(value); value == "" || size > maxValue {
			whole = false
			return ""
		}
		return value
	})
	return out, whole
}
