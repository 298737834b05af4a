package parser

import (
	"fmt"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/tufanbarisyildirim/gonginx/config"
)

// File is one file of configuration and the tree read from it. It is not
// changed after Parse returns and may be shared.
type File struct {
	Name       string         // as given to Parse: how the file is opened and named
	Src        string         // its bytes
	Directives []*Directive   // the directives outside any block, in source order
	Comments   []Span         // every comment, from '#' to the end of its line
	Errors     []*SyntaxError // what nginx would refuse, in source order
	Template   Template       // what fills the file in before nginx reads it; "" for plain nginx
	Dollar     string         // how nginx's dollar sign is written: \$ in a here-document, $$ in a Compose file, ${DOLLAR} for envsubst; "" as it is

	template *templateInfo // nil for plain nginx
	as       reading       // how it was read
	end      int           // where its configuration ends: behind its bytes, or before those of another format
	includes []*Directive  // the include directives at any depth, in source order
	count    int           // how many directives there are at any depth

	lineOnce sync.Once
	lines    []int // offset of the first byte of each line

	stepOnce sync.Once
	steps    []step // of long lines
}

// Word is one argument of a directive, or its name.
type Word struct {
	Span  Span   // with its quotes
	Value string // as nginx stores it: unquoted, escapes replaced
}

// Directive is one nginx directive. It is a gonginx directive, so gonginx's
// dumper and FindDirectives work on the tree, and it knows the bytes it was
// read from. Name, the gonginx field, is the raw text; Head.Value is what nginx
// compares.
type Directive struct {
	*config.Directive
	File     *File
	Span     Span         // from the name to the ';' or '}'
	Head     Word         // the name
	Args     []Word       // the arguments
	Body     Span         // between the braces; empty where there is no block
	Children []*Directive // in source order
}

// IsBlock reports whether the directive has a body in braces.
func (d *Directive) IsBlock() bool { return d.Block != nil }

// Is reports whether the directive has the given name.
func (d *Directive) Is(name string) bool { return d.Head.Value == name }

// Arg returns the value of argument i, counted from 0, or "" where there is none.
func (d *Directive) Arg(i int) string {
	if i < 0 || i >= len(d.Args) {
		return ""
	}
	return d.Args[i].Value
}

// Up returns the directive whose block holds d in the same file, or nil.
func (d *Directive) Up() *Directive {
	up, _ := d.Parent.(*Directive)
	return up
}

// Source returns the bytes of d as the user wrote them.
func (d *Directive) Source() string { return d.File.Src[d.Span.Start:d.Span.End] }

// Position is a place in a file as people count it.
type Position struct {
	Line, Column int // from 1; columns count characters
	Offset       int // in bytes, from 0
}

// Position returns the place of a byte offset. As in nginx, only a line feed
// ends a line. A byte that is not UTF-8 counts as one character.
func (f *File) Position(offset int) Position {
	lines := f.lineStarts()
	n := sort.SearchInts(lines, offset+1) - 1
	return Position{n + 1, f.characters(lines[n], offset) + 1, offset}
}

// longLine is the distance from a line's start from which on the characters before
// an offset are not counted one by one.
const longLine = 4096

// step is an offset in a file, and how many characters stand before it.
type step struct {
	offset, characters int
}

// characters returns how many characters stand from the start of a line up to an
// offset.
func (f *File) characters(start, offset int) int {
	if offset-start < longLine {
		return utf8.RuneCountInString(f.Src[start:offset])
	}
	f.stepOnce.Do(f.findSteps)
	return f.before(offset) - f.before(start)
}

// before returns how many characters stand before an offset.
func (f *File) before(offset int) int {
	i := sort.Search(len(f.steps), func(i int) bool { return f.steps[i].offset > offset }) - 1
	return f.steps[i].characters + utf8.RuneCountInString(f.Src[f.steps[i].offset:offset])
}

// findSteps counts the characters before an offset in every few thousand: one at
// which a byte of ASCII stands, which no character goes over.
func (f *File) findSteps() {
	at := step{}
	f.steps = append(f.steps, at)
	for next := longLine; next < len(f.Src); {
		if f.Src[next] >= utf8.RuneSelf {
			next++
			continue
		}
		at = step{next, at.characters + utf8.RuneCountInString(f.Src[at.offset:next])}
		f.steps = append(f.steps, at)
		next += longLine
	}
}

// LineStart returns the offset at which the line that holds offset begins.
func (f *File) LineStart(offset int) int {
	lines := f.lineStarts()
	return lines[sort.SearchInts(lines, offset+1)-1]
}

// LineEnd returns the offset behind the line feed that ends the line which holds
// offset; the end of the file where there is none.
func (f *File) LineEnd(offset int) int {
	lines := f.lineStarts()
	if n := sort.SearchInts(lines, offset+1); n < len(lines) {
		return lines[n]
	}
	return len(f.Src)
}

// Line returns the text of line n, counted from 1, without its line ending, and
// the offset at which it starts.
func (f *File) Line(n int) (text string, start int) {
	lines := f.lineStarts()
	start = lines[n-1]
	text = strings.TrimSuffix(f.Src[start:f.LineEnd(start)], "\n")
	return strings.TrimSuffix(text, "\r"), start
}

// LineCount returns the number of lines.
func (f *File) LineCount() int { return len(f.lineStarts()) }

func (f *File) lineStarts() []int {
	f.lineOnce.Do(func() {
		f.lines = make([]int, 1, strings.Count(f.Src, "\n")+1)
		for i := 0; i < len(f.Src); {
			n := strings.IndexByte(f.Src[i:], '\n')
			if n < 0 {
				break
			}
			i += n + 1
			f.lines = append(f.lines, i)
		}
	})
	return f.lines
}

// Config returns gonginx's configuration over the same nodes.
func (f *File) Config() *config.Config {
	return &config.Config{FilePath: f.Name, Block: newBlock(f.Directives)}
}

func newBlock(directives []*Directive) *config.Block {
	b := &config.Block{}
	if len(directives) > 0 {
		b.Directives = make([]config.IDirective, len(directives))
		for i, d := range directives {
			b.Directives[i] = d
		}
	}
	return b
}

// SyntaxError is something nginx refuses to read.
type SyntaxError struct {
	File         string
	Line, Column int // from 1; columns count characters
	Offset       int // in bytes, from 0
	Msg          string
	Hint         string // what to look at, where nginx's words alone lead astray; "" elsewhere
}

// Error returns "file:line:column: " and nginx's own words.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
}
