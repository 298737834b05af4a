package nginxtest

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
)

// An nginx binary writes to paths that were chosen when it was built: a pid
// file in /run, an access log in /var/log, temp paths in /var/lib that it
// chowns to the worker's user when it is root. -p does not move them, because
// they are absolute. -g could move the pid file only where the configuration
// does not, since the directive may not be repeated, and cannot name a
// temp path at all, since that belongs into http{}. Editing the configuration
// would mean that another one is judged than the user's.
//
// So tests run a copy of the binary in which the slashes of just these strings
// are underscores: "/run/nginx.pid" becomes "_run_nginx.pid", of the same
// length and relative, and nginx resolves it against the prefix. What the
// configuration itself says is not affected.

// copyRelocated copies the nginx at from to the new file to, with paths made
// relative.
func copyRelocated(from, to string, paths []string) error {
	image, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("copy nginx: %w", err)
	}
	// Longest first, for a path that ends in another one.
	paths = slices.Clone(paths)
	slices.SortFunc(paths, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	found := 0
	for _, path := range paths {
		found += relocate(image, path)
	}
	if found == 0 {
		return fmt.Errorf("copy nginx: none of %q in %s", paths, from)
	}
	// A process forked elsewhere while the file is open for writing would
	// keep it busy, and running it would fail with ETXTBSY (go.dev/issue/22315).
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(to, image, 0o755); err != nil {
		return fmt.Errorf("copy nginx: %w", err)
	}
	return nil
}

// relocate makes the C string path relative wherever image has it, and returns
// how often. What precedes it does not matter: a linker may let one string be
// the tail of another.
func relocate(image []byte, path string) int {
	old := append([]byte(path), 0)
	relative := strings.ReplaceAll(path, "/", "_")
	count := 0
	for at := 0; ; count++ {
		i := bytes.Index(image[at:], old)
		if i < 0 {
			return count
		}
		copy(image[at+i:], relative)
		at += i + len(old)
	}
}
