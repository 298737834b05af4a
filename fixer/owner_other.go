//go:build !unix

package fixer

import (
	"io/fs"
	"os"
)

// keepOwner returns the mode to set. A new file gets its owner and access list
// from its directory here.
func keepOwner(_ *os.File, like fs.FileInfo) fs.FileMode {
	return like.Mode().Perm()
}

// Lost says what the file in the place of another does not have of it: there is nothing
// to be seen here.
func Lost(_, _ fs.FileInfo) string { return "" }
