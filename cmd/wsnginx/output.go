package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

// output takes a command's result: stdout, or the file of --output.
type output struct {
	w     io.Writer
	file  string // "" for stdout
	held  bytes.Buffer
	color bool
	links bool // a terminal that knows links
	width int  // of the terminal; 0 where the result goes elsewhere
}

func (p *program) output(c *cli.Context) (*output, error) {
	when, err := oneOf(c, "color", "auto", "always", "never")
	if err != nil {
		return nil, err
	}
	o := &output{file: c.String("output")}
	if o.file == "-" {
		o.file = ""
	}
	o.w = calmWriter{p, p.stdout}
	if f, ok := p.stdout.(*os.File); ok && o.file == "" && term.IsTerminal(int(f.Fd())) {
		if o.width, _, err = term.GetSize(int(f.Fd())); err != nil || o.width < 20 {
			o.width = 80
		}
		o.links = when != "never" && os.Getenv("TERM") != "dumb" && os.Getenv("NO_COLOR") == "" && os.Getenv("FORCE_COLOR") != "0"
	}
	if o.file != "" {
		o.w = &o.held
	}
	switch when {
	case "always":
		o.color = true
	case "auto":
		o.color = o.file == "" && colorful(p.stdout)
	}
	return o, nil
}

// colorful decides --color auto: NO_COLOR and FORCE_COLOR first, then whether
// w is a terminal that knows colours.
func colorful(w io.Writer) bool {
	if os.Getenv("NO_COLOR") != "" {
		return false
	}
	if force := os.Getenv("FORCE_COLOR"); force != "" {
		return force != "0"
	}
	f, ok := w.(*os.File)
	return ok && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// spares refuses an --output that is one of files, under whatever name, or what is
// open: the result would take its place.
func (o *output) spares(c *cli.Context, files iter.Seq[string], open ...*os.File) error {
	if o.file == "" {
		return nil
	}
	mine, err := os.Stat(o.file)
	if err != nil || !mine.Mode().IsRegular() {
		return nil // what is not there is no file of the run
	}
	read := false
	for file := range files {
		info, err := os.Stat(file)
		read = read || err == nil && os.SameFile(info, mine)
	}
	for _, f := range open {
		info, err := f.Stat()
		read = read || err == nil && os.SameFile(info, mine)
	}
	if !read {
		return nil
	}
	remedy := ""
	if c.Command.Name == "fix" && !c.Bool("write") {
		remedy = "; to change it, give --write instead"
	}
	return fmt.Errorf("%s: --output %s is a file that this run reads, and the result would take its place: name another one%s",
		c.Command.Name, o.file, remedy)
}

// finish writes the file of --output, unless the run failed: then it stays as
// it was.
func (o *output) finish(p *program, failed bool) error {
	if o.file == "" {
		return nil
	}
	if failed {
		p.say("%s was not written: the run failed", o.file)
		return nil
	}
	if err := replace(o.file, o.held.Bytes()); err != nil {
		var path *fs.PathError
		if errors.As(err, &path) { // it names the temporary file
			err = path.Err
		}
		return fmt.Errorf("write %s: %w", o.file, err)
	}
	return nil
}

// replace writes a file through a temporary one beside it, so that a reader
// sees the old bytes or the new ones. What is no regular file (/dev/stdout, a
// pipe) is written as it is.
func replace(name string, data []byte) (err error) {
	mode := os.FileMode(0o666)
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	if info, err := os.Stat(name); err == nil {
		if !info.Mode().IsRegular() {
			return os.WriteFile(name, data, mode)
		}
		mode = info.Mode().Perm()
	}
	temp := filepath.Join(filepath.Dir(name), fmt.Sprintf(".%s.wsnginx-%d", filepath.Base(name), os.Getpid()))
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temp) // what went wrong before is what matters
		}
	}()
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temp, name)
	}
	return err
}
