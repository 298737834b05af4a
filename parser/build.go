package parser

import (
	"fmt"
	"path/filepath"
	"strings"
)

const (
	// maxChain bounds how many includes may lead from a main file to
	// another. nginx itself ends at its limit of open files.
	maxChain = 512
	// maxExpanded bounds how many directives a configuration may hold once
	// every include is replaced by what it names. A file that includes
	// another twice, which includes another twice, and so on, doubles with
	// every level.
	maxExpanded = 5_000_000
)

// building is the state of following the includes of one main file.
type building struct {
	w         *Workspace
	c         *Config
	given     *given   // the path that led to the main file
	bases     []string // where a relative include is looked for: nginx's conf_prefix, for a fragment also its parents
	asked     []string // the folders the user named, and the main file's
	tops      []string // the tree: no file outside these is opened
	root      string   // what "/" is in a tree that ends in one of prefixes
	ownPrefix string   // the prefix the main file lies under, where it is the machine's own
	links     map[string]string
	found     map[*Directive]*inclusion
	visits    map[*File]*visit
	chain     []*Directive
	instead   *standIn
	mounted   map[*source]string // by part of a file of another format: the folder of the pattern that names it
	dump      bool               // the main file stands in a dump: so does all that it includes
}

// visit is what is known of a file whose includes are being, or were, ordered.
type visit struct {
	open   bool // it is on the way to the current file
	height int  // how many includes follow one another below it
	size   int  // directives with every include replaced
}

// build follows the includes of the main file or fragment s.
func (w *Workspace) build(s *source, g *given, fragment bool) *Config {
	return w.buildWith(s, g, fragment, nil)
}

// buildWith is build with one file in the place of those that are enabled.
func (w *Workspace) buildWith(s *source, g *given, fragment bool, instead *standIn) *Config {
	c := &Config{Main: s.file, Fragment: fragment, includes: map[*Directive]*Include{}}
	b := &building{w: w, c: c, given: g, instead: instead, links: map[string]string{}, found: map[*Directive]*inclusion{}, visits: map[*File]*visit{}, mounted: map[*source]string{}}
	b.dump = w.dump != nil && w.dump[dumpKey(s.name)] == s
	b.place(s)
	s.fixed = true
	b.readWaves(s.file)
	b.dropTwice()
	b.visit(s.file)
	return c
}

// place works out where the includes of the main file may lie.
func (b *building) place(s *source) {
	w := b.w
	dir := filepath.Dir(s.abs)
	top := w.treeTop(dir)
	b.asked = []string{dir}
	for _, g := range w.given {
		if g.dir {
			b.asked = append(b.asked, g.abs)
			if below(dir, g.abs) && !below(top, g.abs) {
				top = g.abs
			}
		}
	}
	b.bases = []string{dir}
	if b.c.Fragment {
		for at := dir; at != top && below(at, top); {
			at = filepath.Dir(at)
			b.bases = append(b.bases, at)
		}
	}
	b.tops = append([]string{top}, b.asked...)
	for _, t := range b.tops {
		real := w.disk.realPath(t)
		b.links[t] = real
		if real != t {
			b.tops = append(b.tops, real)
		}
	}
	slashDir := filepath.ToSlash(dir)
	for _, prefix := range prefixes {
		if b.c.Fragment {
			break
		}
		if _, ok := cutPrefix(slashDir, prefix); ok && b.ownPrefix == "" {
			b.ownPrefix = prefix
		}
		if rest, ok := strings.CutSuffix(slashDir, prefix); ok && rest != "" && b.root == "" {
			b.root = filepath.FromSlash(rest)
		}
	}
}

// readWaves reads every file that the main file leads to, each wave in
// parallel.
func (b *building) readWaves(main *File) {
	queued := map[*File]bool{main: true}
	for wave := []*File{main}; len(wave) > 0; {
		var sources []*source
		for _, f := range wave {
			for _, d := range f.includes {
				inc := b.resolve(d)
				b.found[d] = inc
				for _, s := range inc.sources {
					b.w.readAs(s, d.wordBlock())
				}
				sources = append(sources, inc.sources...)
			}
		}
		b.w.readAll(sources, false)
		wave = wave[:0:0]
		for _, s := range sources {
			if s.file != nil && !queued[s.file] {
				queued[s.file] = true
				wave = append(wave, s.file)
			}
		}
	}
}

// wordBlock returns the name of the block of words that holds d, "" where directives
// stand beside it.
func (d *Directive) wordBlock() string {
	up := d.Up()
	switch {
	case up == nil:
		return d.File.as.words
	case wordBlocks[up.Head.Value]:
		return up.Head.Value
	}
	return ""
}

// visit puts f and what it includes into the order in which nginx reads them
// and drops the includes that nginx could not follow to an end.
func (b *building) visit(f *File) *visit {
	v := &visit{open: true, size: f.count}
	b.visits[f] = v
	b.c.Files = append(b.c.Files, f)
	for _, e := range f.Errors {
		kind := Failed
		if s := b.w.of[f]; !b.w.named(s) && (f.unreadable() || f.Embedded() || s != nil && s.hunch && f == b.c.Main) { // nginx never reads it as it is
			kind = NotFollowed
		}
		msg := e.Msg
		if e.Hint != "" {
			msg += " (" + e.Hint + ")"
		}
		b.problem(Problem{kind, e.File, e.Line, e.Column, msg})
	}
	for _, d := range f.includes {
		inc := b.found[d]
		b.c.includes[d] = &inc.Include
		for _, p := range inc.problems {
			b.problemAt(d, p.Kind, p.Message)
		}
		b.chain = append(b.chain, d)
		for _, s := range inc.sources {
			if s.file == nil {
				inc.Followed = false
				if s.err != errTooMany {
					b.problemAt(d, Failed, fmt.Sprintf("include %q: %q: %s", d.Arg(0), s.name, reason(s.err)))
				}
				continue
			}
			if why := b.tooFar(s.file, v); why != "" {
				inc.Followed = false
				b.problemAt(d, Failed, why)
				continue
			}
			below := b.visits[s.file]
			v.height = max(v.height, 1+below.height)
			v.size += below.size
			inc.Files = append(inc.Files, s.file)
			if s.file.unreadable() {
				inc.Followed = false
			}
		}
		b.chain = b.chain[:len(b.chain)-1]
	}
	v.open = false
	return v
}

// tooFar visits f, which the last directive of the chain includes, and says why
// that include cannot be followed, "" where it can. v is the including file's.
func (b *building) tooFar(f *File, v *visit) string {
	below := b.visits[f]
	switch {
	case below != nil && below.open:
		return "include cycle: " + b.cycle(f)
	case below == nil && len(b.chain) > maxChain, below != nil && len(b.chain)+below.height > maxChain:
		return fmt.Sprintf("more than %d files include one another up to here", maxChain)
	case below == nil:
		below = b.visit(f)
	}
	if v.size+below.size > maxExpanded {
		return fmt.Sprintf("the includes expand to more than %d directives", maxExpanded)
	}
	return ""
}

// cycle returns the includes that lead from f to f again.
func (b *building) cycle(f *File) string {
	var parts []string
	for _, d := range b.chain {
		if d.File == f {
			parts = parts[:0]
		}
		parts = append(parts, fmt.Sprintf("%s:%d", d.File.Name, d.Line))
	}
	return strings.Join(append(parts, f.Name), " -> ")
}

func (b *building) problemAt(d *Directive, kind ProblemKind, msg string) {
	pos := d.File.Position(d.Span.Start)
	b.problem(Problem{kind, d.File.Name, pos.Line, pos.Column, msg})
}

func (b *building) problem(p Problem) { b.c.Problems = append(b.c.Problems, p) }
