// Package parser turns the bytes of nginx configuration into a Config: tokens,
// a tree of directives for each file, and the files that include one another.
//
// It accepts and refuses what nginx's own reader does
// (ngx_conf_read_token and ngx_conf_parse in src/core/ngx_conf_file.c) and
// keeps the byte span of everything it reads, so that src[span.Start:span.End]
// is exactly what the user wrote. It knows syntax and nothing of what a
// directive means: contexts, values and inheritance are left to
// rules/effective.
//
// # Templates
//
// Something may fill a file in before nginx reads it: Jinja2, ERB, Go templates,
// Mustache, envsubst, a shell. Every file is read as plain nginx first, and a file
// that nginx could mean as it stands keeps that reading, tags in its quotes and
// comments included. It is read again, around its tags, where
//
//   - plain reading fails and {{ }}, {% %}, {# #}, <% %> or {NAME} stands outside
//     quotes and comments;
//   - <% %> stands there, which nginx would take for words;
//   - a statement in one of nginx's own blocks begins with what names no
//     directive: %%NAME%%, @NAME@, __NAME__, <name>, ${name}, !{…}, and then ends its
//     line or is followed by the name of a directive;
//   - its name ends in .mako: all of Mako's tags are read then, and no others;
//   - words begin with \$ and the name of one of nginx's variables, and no such
//     variable stands without the backslash: a here-document.
//
// File.Template says so then. A tag in a word is part of the word; one by itself
// is a token of kind Tag. A tag that may stand for directives leaves its block
// open (Directive.Open). What stands between if and else has its Arm, and blocks
// may be opened or closed in each arm of a condition. The words of such a file,
// and those of plain ones with ${NAME}, __NAME__ and the like, are kept as they
// are: HoldsTag and InCapitals tell which are not known; ${name} of Mako's is
// {{name}} in a value, because nginx has such variables too. Where the braces do not
// match, a template has one error and no tree.
//
// # Other formats
//
// A file that is recognisably no nginx configuration (INI, YAML, Apache, a shell
// script and so on, by what it holds) is passed over: Workspace.Passed. What
// "nginx -T" prints is parted into the files that it holds.
package parser

// Span is a half-open range of byte offsets into a file's source.
type Span struct {
	Start, End int
}

// Len returns the number of bytes in the span.
func (s Span) Len() int { return s.End - s.Start }

// Contains reports whether offset lies in the span.
func (s Span) Contains(offset int) bool { return s.Start <= offset && offset < s.End }
