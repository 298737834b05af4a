// Package lazy puts off what a start of the program should not wait for.
package lazy

import (
	"regexp"
	"sync"
)

// Pattern returns a function that compiles expr, a regular expression of Go, when it
// is first called: most runs of the program ask for none of these, and a dozen of
// them take longer to compile than a small configuration to read. It panics then
// where expr is none.
func Pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
