package nginxtest

import (
	"os"
	"syscall"
)

// processAttr puts nginx into a process group of its own, and lets the kernel
// stop it when the test process is gone before it could: killed, or ended by
// a panic or by the test timeout.
func processAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// killAll ends what there is of an nginx whose master does not end or just
// did: workers outlive a master that was killed or crashed.
func killAll(master *os.Process) {
	// Mostly nobody is left.
	_ = syscall.Kill(-master.Pid, syscall.SIGKILL)
}
