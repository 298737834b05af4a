package nginxtest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

// Free ports lie below the range from which systems take the local ports of
// outgoing connections (32768 on Linux, 49152 elsewhere): one of those could be
// taken by a client between the choice and the bind of nginx.
const (
	firstPort = 10000
	lastPort  = 32000
)

var (
	portsMu  sync.Mutex
	nextPort = firstPort + rand.IntN(lastPort-firstPort)
)

// FreePorts returns n ports on which nothing listens on loopback. No port is
// handed out twice to one process until all others have been.
func FreePorts(tb testing.TB, n int) []int {
	tb.Helper()
	portsMu.Lock()
	defer portsMu.Unlock()
	var ports []int
	for tries := 0; len(ports) < n; tries++ {
		if tries > lastPort-firstPort {
			tb.Fatalf("free ports: found %d of %d", len(ports), n)
		}
		port := nextPort
		if nextPort++; nextPort >= lastPort {
			nextPort = firstPort
		}
		l, err := net.Listen("tcp", Loopback(port))
		if err != nil {
			continue
		}
		l.Close()
		ports = append(ports, port)
	}
	return ports
}

// Loopback returns the address of port on loopback.
func Loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
