//go:build unix

package fixer

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
)

// keepOwner gives f the owner and group of the file it stands in for, as far as
// the system lets it, and returns the mode to set. Where the group could not be
// kept, the new one may do no more than others could; the setuid and setgid bits
// stay with the owner and the group they are of.
func keepOwner(f *os.File, like fs.FileInfo) fs.FileMode {
	mode := like.Mode().Perm()
	want, ok := like.Sys().(*syscall.Stat_t)
	if !ok {
		return mode
	}
	uid, gid := int(want.Uid), int(want.Gid)
	switch {
	case f.Chown(uid, gid) == nil:
		return like.Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky)
	case f.Chown(-1, gid) == nil:
		return like.Mode() & (fs.ModePerm | fs.ModeSetgid | fs.ModeSticky)
	}
	return mode&^0o070 | mode&0o007<<3
}

// Lost says what of the owner, the group and the mode of a file the one in its place
// does not have, "" where it has all.
func Lost(before, after fs.FileInfo) string {
	old, ok := before.Sys().(*syscall.Stat_t)
	now, also := after.Sys().(*syscall.Stat_t)
	if !ok || !also {
		return ""
	}
	var parts []string
	say := func(what, old, now string) {
		if old != now {
			parts = append(parts, fmt.Sprintf("its %s is %s now and was %s", what, now, old))
		}
	}
	say("owner", userName(old.Uid), userName(now.Uid))
	say("group", groupName(old.Gid), groupName(now.Gid))
	say("mode", octal(before.Mode()), octal(after.Mode()))
	return strings.Join(parts, ", ")
}

func userName(id uint32) string {
	number := strconv.FormatUint(uint64(id), 10)
	if u, err := user.LookupId(number); err == nil {
		return u.Username
	}
	return number
}

func groupName(id uint32) string {
	number := strconv.FormatUint(uint64(id), 10)
	if g, err := user.LookupGroupId(number); err == nil {
		return g.Name
	}
	return number
}

// octal returns a mode as chmod takes it.
func octal(mode fs.FileMode) string {
	bits := uint32(mode.Perm())
	for bit, value := range map[fs.FileMode]uint32{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if mode&bit != 0 {
			bits |= value
		}
	}
	return fmt.Sprintf("%04o", bits)
}
