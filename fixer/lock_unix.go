//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package fixer

import (
	"errors"
	"os"
	"syscall"
)

// lock marks f as in use by this process, without waiting. Not every file
// system can: there two runs at once are not kept apart.
func lock(f *os.File) error {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrBusy
	}
	return nil
}
