package nginxtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// checkTimeout is for a configuration that makes nginx wait, on a name server
// for instance.
const checkTimeout = 30 * time.Second

var (
	// nginx prints the first after it has read the configuration and before it
	// touches files and sockets (ngx_init_cycle), the second at the end.
	syntaxOK       = regexp.MustCompile(`(?m)^nginx: the configuration file .* syntax is ok\n`)
	testSuccessful = regexp.MustCompile(`(?m)^nginx: configuration file .* test is successful\n`)
	// With "error_log stderr" in the configuration, time and process stand
	// where "nginx:" stands otherwise.
	severeLine = regexp.MustCompile(`(?m)^(?:nginx:|[0-9/]+ [0-9:]+) \[(?:emerg|alert|crit)\] .*$`)
	socketLine = regexp.MustCompile(`\] (?:[0-9#]+: )?(?:bind\(\) to|socket\(\)) `)
)

// Test runs nginx -t on the main configuration conf, with an empty prefix of
// its own. The output is what nginx -t -q prints, warnings included: lines such
// as `nginx: [emerg] unknown directive "x" in …:3`. The error is nil where nginx
// accepts the configuration. An address that this machine or user cannot listen
// on, such as port 80 without being root, is no reason to refuse it; the output
// tells it.
//
// Paths that conf names are used: nginx -t creates the logs and the pid file
// that it is told of.
func (n *Nginx) Test(conf string) (output string, err error) {
	prefix, err := n.newPrefix()
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(prefix) }()
	ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
	defer cancel()
	// With a file as its log nginx prints "nginx: [emerg] …" besides; with
	// stderr as its log it would print the time instead.
	log := filepath.Join(prefix, "error.log")
	cmd := exec.CommandContext(ctx, n.binary, "-t", "-p", prefix+"/", "-e", log, "-c", conf)
	out, err := cmd.CombinedOutput()
	text := string(out)
	read := syntaxOK.MatchString(text)
	text = syntaxOK.ReplaceAllString(text, "")
	text = testSuccessful.ReplaceAllString(text, "")
	if err == nil || read && onlySockets(text) {
		return text, nil
	}
	return text, fmt.Errorf("nginx -t -c %s: %w: %s", conf, err, strings.TrimSpace(text))
}

// onlySockets reports whether all that nginx complains of is sockets.
func onlySockets(output string) bool {
	lines := severeLine.FindAllString(output, -1)
	for _, line := range lines {
		if !socketLine.MatchString(line) {
			return false
		}
	}
	return len(lines) > 0
}
