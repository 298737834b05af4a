package verify

import (
	"regexp"
	"sync"
)

// pattern returns a function that compiles expr when it is first called: most runs
// of the program ask for none of these, and a dozen of them take longer to compile
// than a small configuration to read.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
