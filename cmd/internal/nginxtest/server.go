package nginxtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	startTimeout = 10 * time.Second
	stopTimeout  = 5 * time.Second
)

// readyLine is the last line that ngx_posix_status logs: nginx listens on all
// its sockets by then, with and without a master process, and what connects
// before the workers are there waits in the kernel's queue.
const readyLine = "getrlimit(RLIMIT_NOFILE)"

// Server is a running nginx.
type Server struct {
	// Pid is the process id of the master.
	Pid int
	// Prefix is its -p, the directory of its relative logs and roots.
	Prefix string

	cmd    *exec.Cmd
	stderr string
	exited chan struct{} // closed when err is set
	err    error
	stop   sync.Once
	stops  error
}

// Start runs nginx on the main configuration conf until the test ends, and
// returns when it listens. The configuration decides everything except where
// relative paths lie; it needs no daemon, pid, user or error_log directive, and
// may have them.
func (n *Nginx) Start(tb testing.TB, conf string) *Server {
	tb.Helper()
	s, err := n.Launch(conf)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Stop(); err != nil {
			tb.Error(err)
		}
		if tb.Failed() {
			tb.Logf("log of nginx -c %s:\n%s", conf, tail(s.Log(), 4000))
		}
	})
	return s
}

// Launch is Start for callers that run many at once: the caller stops it.
func (n *Nginx) Launch(conf string) (*Server, error) {
	prefix, err := n.newPrefix()
	if err != nil {
		return nil, err
	}
	s := &Server{Prefix: prefix, stderr: filepath.Join(prefix, "stderr"), exited: make(chan struct{})}
	// Appending, since master and workers write to it at the same time.
	stderr, err := os.OpenFile(s.stderr, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("start nginx: %w", err)
	}
	defer stderr.Close()
	// error_log may be repeated, so this one is in addition to those of conf.
	s.cmd = exec.Command(n.binary, "-p", prefix+"/", "-e", "stderr", "-c", conf, "-g", "error_log stderr info;")
	// An nginx that inherits sockets, and be it none, stays in the foreground
	// whatever the daemon directive says (ngx_add_inherited_sockets, main).
	s.cmd.Env = append(os.Environ(), "NGINX=")
	s.cmd.Stderr = stderr
	s.cmd.SysProcAttr = processAttr()
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start nginx: %w", err)
	}
	s.Pid = s.cmd.Process.Pid
	go func() {
		s.err = s.cmd.Wait()
		killAll(s.cmd.Process)
		close(s.exited)
	}()
	if err := s.waitReady(); err != nil {
		_ = s.Stop()
		return nil, fmt.Errorf("start nginx -c %s: %w:\n%s", conf, err, tail(s.Log(), 4000))
	}
	return s, nil
}

// waitReady returns when nginx listens.
func (s *Server) waitReady() error {
	deadline := time.After(startTimeout)
	for {
		if strings.Contains(s.Log(), readyLine) {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("it ended: %s", s.cmd.ProcessState)
		case <-deadline:
			return fmt.Errorf("not ready after %v", startTimeout)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// Stop ends nginx and its connections at once and waits until it is gone. The
// error says that it had ended by itself or did not end properly.
func (s *Server) Stop() error {
	s.stop.Do(func() { s.stops = s.end() })
	return s.stops
}

func (s *Server) end() error {
	select {
	case <-s.exited:
		return fmt.Errorf("nginx %d ended by itself: %s", s.Pid, s.cmd.ProcessState)
	default:
	}
	// The master ends its workers, killing those that are still there after a
	// second (ngx_master_process_cycle).
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop nginx %d: %w", s.Pid, err)
	}
	select {
	case <-s.exited:
	case <-time.After(stopTimeout):
		killAll(s.cmd.Process)
		<-s.exited
		return fmt.Errorf("nginx %d did not stop within %v", s.Pid, stopTimeout)
	}
	if s.err != nil {
		return fmt.Errorf("stop nginx %d: %w", s.Pid, s.err)
	}
	return nil
}

// Log returns what nginx has logged so far at level info and above, unless
// http{} or an inner block has an error_log of its own: that one takes the
// messages of its requests elsewhere.
func (s *Server) Log() string {
	text, err := os.ReadFile(s.stderr)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// tail returns the last lines of text, of about size bytes.
func tail(text string, size int) string {
	if len(text) <= size {
		return text
	}
	text = text[len(text)-size:]
	_, text, _ = strings.Cut(text, "\n")
	return "…\n" + text
}
