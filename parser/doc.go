// Package parser turns the bytes of nginx configuration into a Config: tokens,
// a tree of directives for each file, and the files that include one another.
//
// It accepts and refuses what nginx's own reader does
// (ngx_conf_read_token and ngx_conf_parse in src/core/ngx_conf_file.c) and
// keeps the byte span of everything it reads, so that src[span.Start:span.End]
// is exactly what the user wrote. It knows syntax and nothing of what a
// directive means: contexts, values and inheritance are left to
// rules/effective.
package parser

// Span is a half-open range of byte offsets into a file's source.
type Span struct {
	Start, End int
}

// Len returns the number of bytes in the span.
func (s Span) Len() int { return s.End - s.Start }

// Contains reports whether offset lies in the span.
func (s Span) Contains(offset int) bool { return s.Start <= offset && offset < s.End }
