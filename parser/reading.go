package parser

// Reparse reads other bytes in the place of f's, as f was read.
func (f *File) Reparse(src string) *File { return parseAs(f.Name, src, f.as, nil) }

// End returns the offset at which the configuration in f ends: that of the end of
// the file, or, where it stands in a file of another format, the end of its part.
func (f *File) End() int { return f.end }

// text returns the configuration in f.
func (f *File) text() string { return f.Src[f.as.span(f.Src).Start:f.end] }

// Embedded reports whether f is a part of a file of another format, which nginx does
// not read as it is.
func (f *File) Embedded() bool { return f.as.part != nil }

// reading says how a file is read.
type reading struct {
	words string // the block of words, such as map, that includes it; "" for a file of directives
	part  *part  // what it is of a file of another format; nil for a file of its own
}

// span returns where the configuration stands in the bytes of its file.
func (as reading) span(src string) Span {
	switch {
	case as.part == nil:
		return Span{0, len(src)}
	case src == as.part.in.text:
		return as.part.span
	}
	spans, _ := as.part.in.of(src)
	if as.part.n > len(spans) {
		return Span{}
	}
	return spans[as.part.n-1]
}

// readAs records in f how it is read.
func (f *File) readAs(as reading) {
	f.as = as
	if as.part != nil {
		_, f.lines = as.part.in.of(f.Src)
	}
}
