package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/term"
)

// progressAfter is how long a run may take before it says how far it is.
var progressAfter = time.Second

// progress is a line on stderr that counts what was done, on a terminal only,
// and only where a run takes long. What prints anything else ends it first.
type progress struct {
	w                    io.Writer
	read, judged, models atomic.Int64
	quit                 chan struct{}
	once                 sync.Once
	over                 sync.WaitGroup
}

// watch starts the progress line of a run.
func (p *program) watch() {
	f, ok := p.stderr.(*os.File)
	if p.progress != nil || !ok || os.Getenv("TERM") == "dumb" || !term.IsTerminal(int(f.Fd())) {
		return
	}
	g := &progress{w: f, quit: make(chan struct{})}
	p.progress = g
	g.over.Go(g.tick)
}

func (g *progress) tick() {
	next := time.NewTimer(progressAfter)
	defer next.Stop()
	shown := false
	for {
		select {
		case <-g.quit:
			if shown {
				fmt.Fprint(g.w, "\r\x1b[K")
			}
			return
		case <-next.C:
		}
		shown = true
		text := fmt.Sprintf("%d files read", g.read.Load())
		if n := g.models.Load(); n > 0 {
			text += fmt.Sprintf(", %d of %d configurations judged", g.judged.Load(), n)
		}
		fmt.Fprint(g.w, "\r\x1b[Kwsnginx: "+text)
		next.Reset(100 * time.Millisecond)
	}
}

// calm ends the progress line and takes it away.
func (p *program) calm() {
	if g := p.progress; g != nil {
		g.once.Do(func() { close(g.quit) })
		g.over.Wait()
	}
}

// calmWriter ends the progress line before it writes.
type calmWriter struct {
	program *program
	w       io.Writer
}

func (c calmWriter) Write(b []byte) (int, error) {
	c.program.calm()
	return c.w.Write(b)
}
