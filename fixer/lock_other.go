//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package fixer

import "os"

// lock would mark f as in use by this process. Here two runs at once are not
// kept apart.
func lock(*os.File) error { return nil }
