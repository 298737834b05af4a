//go:build unix

package fixer

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives f the owner and group of the file it stands in for, as far as
// the system lets it, and returns the mode to set. Where the group could not be
// kept, the new one may do no more than others could.
func keepOwner(f *os.File, like fs.FileInfo) fs.FileMode {
	mode := like.Mode().Perm()
	want, ok := like.Sys().(*syscall.Stat_t)
	if !ok {
		return mode
	}
	uid, gid := int(want.Uid), int(want.Gid)
	if f.Chown(uid, gid) == nil || f.Chown(-1, gid) == nil {
		return mode
	}
	return mode&^0o070 | mode&0o007<<3
}
