package settings

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/wsnginx/wsnginx/rules"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// choices are the checks that a value passes by being one of few words.
var choices = map[string][]string{
	"severity": {"error", "warning", "info", "off"},
	"fail-on":  {"error", "warning", "info", "never"},
	"format":   {"text", "json", "sarif", "github", "gitlab", "checkstyle", "junit"},
	"color":    {"auto", "always", "never"},
	"bool":     {"true", "false"},
}

// checks are the others. Each returns why a value is none.
var checks = map[string]func(text string) error{
	"rule":     isRule,
	"graded":   isGraded,
	"location": isAnything,
	"pattern":  isPattern,
	"version":  isVersion,
	"time":     isTime,
	"absolute": isAbsolute,
	"path":     isAnything,
}

// check says what is wrong with a scalar that is the value of key, or the key
// itself.
func (d *decoding) check(name string, n *node, key string) {
	text := n.text.Value
	if text == "" {
		d.mistake(n.text, "%q is empty; give it a value or take the line out", key)
		return
	}
	if words, ok := choices[name]; ok {
		if !slices.Contains(words, text) || (name == "bool") != (n.like == "a boolean") {
			d.mistake(n.text, "%q is %q; want %s", key, text, oneOf(words))
		}
		return
	}
	check, ok := checks[name]
	if !ok {
		panic(fmt.Sprintf("settings: no check %q for %s", name, key))
	}
	if n.like != "" && (n.like != "a number" || name != "version" && name != "time") {
		d.mistake(n.text, "%q is %s, not text; if %s is meant, put it in quotes", key, n.like, text)
		return
	}
	if err := check(text); err != nil {
		d.mistake(n.text, "%s", err)
		return
	}
	if key == "root" {
		if _, err := os.Stat(d.settings.path(text)); errors.Is(err, os.ErrNotExist) {
			d.mistake(n.text, "root %q does not exist; it is the path of a main configuration, from the folder of this file", text)
		}
	}
}

// path returns a path of the settings as an absolute one.
func (s *Settings) path(text string) string {
	text = filepath.FromSlash(text)
	if filepath.IsAbs(text) {
		return filepath.Clean(text)
	}
	return filepath.Join(s.Dir, text)
}

// oneOf lists words for a message.
func oneOf(words []string) string {
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

func isAnything(string) error { return nil }

func isVersion(text string) error {
	_, err := effective.ParseVersion(text)
	return err
}

func isTime(text string) error {
	if d, ok := effective.ParseTime(text); !ok || d == 0 {
		return fmt.Errorf("%q is no time; write 5m, 90s or 24h", text)
	}
	return nil
}

func isAbsolute(text string) error {
	if !strings.HasPrefix(text, "/") && (len(text) < 3 || text[1] != ':') {
		return fmt.Errorf("%q is not an absolute path; a map says where absolute includes, such as those of /etc/nginx, lie", text)
	}
	return nil
}

// isRule says why a word selects no rules.
func isRule(word string) error {
	if strings.Contains(word, ",") {
		return fmt.Errorf("%q: write each rule as an entry of a list", word)
	}
	_, err := rules.Select(rules.Selection{Select: []string{word}})
	return err
}

// isGraded says why a word names no rule or category of which a severity can be
// said.
func isGraded(word string) error {
	if word == "all" || word == "*" || word == "default" {
		return fmt.Errorf("severities are those of one rule or category, not of %q", word)
	}
	return isRule(word)
}

func isPattern(text string) error {
	if !doublestar.ValidatePattern(text) {
		return fmt.Errorf("%q is not a pattern; \"conf.d/**\" and \"*.bak\" are", text)
	}
	if strings.HasPrefix(text, "/") || strings.HasPrefix(text, "../") {
		return fmt.Errorf("%q leads out of the folder of this file; patterns are relative to it", text)
	}
	return nil
}

// The bounds of a read timeout where nothing is said.
const (
	defaultMin = 5 * time.Minute
	defaultSet = 24 * time.Hour
)

// timeouts says where a fix would write a timeout that is found too short again.
func (d *decoding) timeouts() {
	one := func(t, outer ReadTimeout) {
		at := t.Set
		if !at.Given() {
			at = t.Min
		}
		if !at.Given() {
			return
		}
		t = t.within(outer)
		if duration(t.Set, defaultSet) < duration(t.Min, defaultMin) {
			d.mistake(at, "read-timeout.set (%s) is below read-timeout.min (%s): what the fix writes would be found too short",
				t.Set.or("24h"), t.Min.or("5m"))
		}
	}
	one(d.settings.ReadTimeout, ReadTimeout{})
	for _, o := range d.settings.Overrides {
		one(o.ReadTimeout, d.settings.ReadTimeout)
	}
}

// within returns t, and what it does not say as outer says it.
func (t ReadTimeout) within(outer ReadTimeout) ReadTimeout {
	if !t.Min.Given() {
		t.Min = outer.Min
	}
	if !t.Set.Given() {
		t.Set = outer.Set
	}
	return t
}

// or returns the value, or otherwise where the file does not have it.
func (t Text) or(otherwise string) string {
	if t.Given() {
		return t.Value
	}
	return otherwise
}

// duration returns the time of a value that was checked, or otherwise.
func duration(t Text, otherwise time.Duration) time.Duration {
	if v, ok := effective.ParseTime(t.Value); ok && t.Given() {
		return v
	}
	return otherwise
}
