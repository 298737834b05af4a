package effective

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Version is an nginx version.
type Version struct {
	Major, Minor, Patch int
}

// NewestPatch is the Patch of a branch's newest release, whatever its number.
const NewestPatch = math.MaxInt

// DefaultVersion is judged for where the user names none: the newest stable
// branch before 1.29.7 changed proxy_http_version's default.
var DefaultVersion = Version{1, 28, 0}

// ParseVersion reads "1.28" or "1.22.1", with or without "nginx/" before it.
func ParseVersion(s string) (Version, error) {
	var v Version
	parts := strings.Split(strings.TrimPrefix(s, "nginx/"), ".")
	if len(parts) < 2 || len(parts) > 3 {
		return v, fmt.Errorf("nginx version %q: want two or three numbers, as in 1.28 or 1.22.1", s)
	}
	for i, to := range []*int{&v.Major, &v.Minor, &v.Patch}[:len(parts)] {
		n, err := strconv.Atoi(parts[i])
		if err != nil || n < 0 {
			return v, fmt.Errorf("nginx version %q: want two or three numbers, as in 1.28 or 1.22.1", s)
		}
		*to = n
	}
	return v, nil
}

// Before reports whether v is older than major.minor.patch.
func (v Version) Before(major, minor, patch int) bool {
	if v.Major != major {
		return v.Major < major
	}
	if v.Minor != minor {
		return v.Minor < minor
	}
	return v.Patch < patch
}

// String returns "1.28" for 1.28.0 and for the newest of 1.28, and "1.22.1" for 1.22.1.
func (v Version) String() string {
	if v.Patch == 0 || v.Patch == NewestPatch {
		return fmt.Sprintf("%d.%d", v.Major, v.Minor)
	}
	return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
}
