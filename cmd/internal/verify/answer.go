package verify

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/wsnginx/wsnginx/cmd/internal/lazy"
)

// Answer is what nginx says of a configuration.
type Answer struct {
	Accepted bool
	Files    []string // which nginx reads, links resolved; nil where it did not say
	lines    []complaint
}

// complaint is one line that nginx prints about a configuration.
type complaint struct {
	level, text string // the text without the place
	file        string // "" where it is about none
	line        int
}

// Test has nginx test the main configuration (nginx -t). An error is one of
// running it.
func (n *Nginx) Test(ctx context.Context, main string) (*Answer, error) {
	return n.test(ctx, "-t", main)
}

// Files is Test, and asks which files belong to the configuration (nginx -T),
// which nginx tells where it accepts it.
func (n *Nginx) Files(ctx context.Context, main string) (*Answer, error) {
	a, err := n.test(ctx, "-T", main)
	if err == nil && !a.Accepted && slices.ContainsFunc(a.lines, func(c complaint) bool {
		return strings.HasPrefix(c.text, "invalid option") // before 1.9.2
	}) {
		return n.test(ctx, "-t", main)
	}
	return a, err
}

func (n *Nginx) test(ctx context.Context, flag, main string) (*Answer, error) {
	args, err := n.arguments(main)
	if err != nil {
		return nil, err
	}
	out, err := output(ctx, n.Path, append([]string{flag}, args...)...)
	a := &Answer{Accepted: err == nil, lines: complaints(out)}
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		return nil, fmt.Errorf("run %s %s: %w", n.Path, flag, err)
	case err != nil && len(a.errors()) == 0: // killed, or no nginx
		return nil, fmt.Errorf("run %s %s: %w", n.Path, flag, err)
	case err == nil && flag == "-T":
		for _, m := range dumped().FindAllStringSubmatch(out, -1) {
			a.Files = append(a.Files, real(m[1]))
		}
	}
	return a, nil
}

var (
	// With "error_log stderr" in force, time and process stand where "nginx:"
	// stands otherwise (ngx_log_error_core).
	logLine = lazy.Pattern(`(?m)^(?:nginx: |[0-9/]+ [0-9:]+ )\[([a-z]+)\] (?:[0-9]+#[0-9]+: )?(?:\*[0-9]+ )?(.*?)\r?$`)
	placed  = lazy.Pattern(`^(.*) in (.+):([0-9]+)$`)
	// An option that is not known comes without a level (ngx_get_options).
	option = lazy.Pattern(`(?m)^nginx: (invalid option.*?)\r?$`)
	dumped = lazy.Pattern(`(?m)^# configuration file (.+):\r?$`)
)

// complaints reads what nginx prints.
func complaints(out string) []complaint {
	var list []complaint
	for _, m := range logLine().FindAllStringSubmatch(out, -1) {
		c := complaint{level: m[1], text: m[2]}
		if at := placed().FindStringSubmatch(m[2]); at != nil {
			c.text, c.file = at[1], at[2]
			c.line, _ = strconv.Atoi(at[3]) // digits
		}
		list = append(list, c)
	}
	if m := option().FindStringSubmatch(out); m != nil {
		list = append(list, complaint{level: "emerg", text: m[1]})
	}
	return list
}

// String returns the complaint as nginx words it.
func (c complaint) String() string {
	if c.file == "" {
		return fmt.Sprintf("[%s] %s", c.level, c.text)
	}
	return fmt.Sprintf("[%s] %s in %s:%d", c.level, c.text, c.file, c.line)
}

// errors returns the complaints that keep nginx from starting, besides alerts:
// those it may start with.
func (a *Answer) errors() []complaint {
	return slices.DeleteFunc(slices.Clone(a.lines), func(c complaint) bool {
		return !slices.Contains([]string{"emerg", "alert", "crit", "error"}, c.level)
	})
}

// Words returns why nginx refuses the configuration, in its own words.
func (a *Answer) Words() string { return join(a.errors()) }

func join(list []complaint) string {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = c.String()
	}
	return strings.Join(words, "; ")
}

// New returns what nginx says against a configuration that it did not say
// before it was changed, in its own words; "" where there is nothing. moved returns
// where a line of a file is after the change, 0 where it is gone: the same
// words about another line are new.
func (a *Answer) New(before *Answer, moved func(file string, line int) int) string {
	if a.Accepted {
		return ""
	}
	known := map[complaint]bool{}
	for _, c := range before.errors() {
		if c.file != "" {
			c.line = moved(c.file, c.line)
		}
		known[c] = true
	}
	return join(slices.DeleteFunc(a.errors(), func(c complaint) bool { return known[c] }))
}
