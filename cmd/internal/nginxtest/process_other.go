//go:build !linux

package nginxtest

import (
	"os"
	"syscall"
)

// processAttr asks for nothing: only Linux can tie one process to the end of
// another, and nginx has to get the signals of the terminal then.
func processAttr() *syscall.SysProcAttr { return nil }

// killAll ends the master, where that is still there.
func killAll(master *os.Process) { _ = master.Kill() }
