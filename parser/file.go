package parser

import (
	"fmt"
	"sort"
	"strings"

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

	lines *lineTable // of its bytes
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
	lines := f.lines.starts()
	n := sort.SearchInts(lines, offset+1) - 1
	return Position{n + 1, f.lines.characters(lines[n], offset) + 1, offset}
}

// LineStart returns the offset at which the line that holds offset begins.
func (f *File) LineStart(offset int) int {
	lines := f.lines.starts()
	return lines[sort.SearchInts(lines, offset+1)-1]
}

// LineEnd returns the offset behind the line feed that ends the line which holds
// offset; the end of the file where there is none.
func (f *File) LineEnd(offset int) int {
	lines := f.lines.starts()
	if n := sort.SearchInts(lines, offset+1); n < len(lines) {
		return lines[n]
	}
	return len(f.Src)
}

// Line returns the text of line n, counted from 1, without its line ending, and
// the offset at which it starts.
func (f *File) Line(n int) (text string, start int) {
	lines := f.lines.starts()
	start = lines[n-1]
	text = strings.TrimSuffix(f.Src[start:f.LineEnd(start)], "\n")
	return strings.TrimSuffix(text, "\r"), start
}

// LineCount returns the number of lines.
func (f *File) LineCount() int { return len(f.lines.starts()) }

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
