// Package settings reads .wsnginx.yaml and decides what applies to a file: the
// settings of the nearest file upwards, its overrides for paths, and the flags of
// the command line, which win.
//
// It owns the keys, their checks and the JSON Schema that describes them
// (settings.schema.json). What a rule is, which version of nginx there is and how
// a time is written it asks of rules and rules/effective; what to do about a
// setting is its callers' job.
package settings

import (
	"fmt"
	"strings"
)

// Settings is one .wsnginx.yaml. Its tags are the keys of the file, and how
// their values are checked.
type Settings struct {
	File string `yaml:"-"` // absolute
	Dir  string `yaml:"-"` // its folder: what paths and patterns are relative to
	Name string `yaml:"-"` // how messages name it

	Select       []Text      `yaml:"select" check:"rule"`
	ExtendSelect []Text      `yaml:"extend-select" check:"rule"`
	Ignore       []Text      `yaml:"ignore" check:"rule"`
	Severity     []Entry     `yaml:"severity" key:"graded" check:"severity"`
	FailOn       Text        `yaml:"fail-on" check:"fail-on"`
	ReadTimeout  ReadTimeout `yaml:"read-timeout"`
	WebSocket    []Text      `yaml:"websocket" check:"location"`
	NotWebSocket []Text      `yaml:"not-websocket" check:"location"`
	Root         Text        `yaml:"root" check:"path"`
	Map          []Entry     `yaml:"map" key:"absolute" check:"path"`
	NginxVersion Text        `yaml:"nginx-version" check:"version"`
	Exclude      []Text      `yaml:"exclude" check:"pattern"`
	Strict       Text        `yaml:"strict" check:"bool"`
	Format       Text        `yaml:"format" check:"format"`
	Color        Text        `yaml:"color" check:"color"`
	Baseline     Text        `yaml:"baseline" check:"path"`
	Overrides    []Override  `yaml:"overrides"`
}

// ReadTimeout is what short-read-timeout asks for and what its fix writes.
type ReadTimeout struct {
	Min Text `yaml:"min" check:"time"`
	Set Text `yaml:"set" check:"time"`
}

// Override is what holds for some paths only.
type Override struct {
	Paths        []Text      `yaml:"paths" check:"pattern" need:"true"`
	ExtendSelect []Text      `yaml:"extend-select" check:"rule"`
	Ignore       []Text      `yaml:"ignore" check:"rule"`
	Severity     []Entry     `yaml:"severity" key:"graded" check:"severity"`
	FailOn       Text        `yaml:"fail-on" check:"fail-on"`
	ReadTimeout  ReadTimeout `yaml:"read-timeout"`
	WebSocket    []Text      `yaml:"websocket" check:"location"`
	NotWebSocket []Text      `yaml:"not-websocket" check:"location"`
}

// Text is a value and its place in the file.
type Text struct {
	Value        string
	Line, Column int // from 1; 0 where the file does not have the key
}

// Given reports whether the file has the value.
func (t Text) Given() bool { return t.Line > 0 }

// Entry is a key that the user chose, and its value.
type Entry struct {
	Key, Value Text
}

// Mistake is something wrong in a settings file.
type Mistake struct {
	File         string
	Line, Column int // 0 where it is about the whole file
	Message      string
}

// Error returns "file:line:column: message".
func (m *Mistake) Error() string {
	if m.Line == 0 {
		return m.File + ": " + m.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Message)
}

// Mistakes are all that is wrong in a settings file, in the order of their
// places.
type Mistakes []*Mistake

// Error returns one line for each mistake.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i := range m {
		lines[i] = m[i].Error()
	}
	return strings.Join(lines, "\n")
}
