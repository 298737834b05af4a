package fixer

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lock marks f as in use by this process, without waiting. The byte that is
// locked lies beyond the end, since others could not read a locked one.
func lock(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	at := &windows.Overlapped{OffsetHigh: 1 << 30}
	if err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, at); errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrBusy
	}
	return nil
}
