package parser

import (
	"fmt"
	"strings"
)

// hint says what to look at where nginx's words for the error at offset name the
// place at which it noticed, and not the one to change.
func (p *parsing) hint(offset int, text string) {
	if n := len(p.file.Errors); text != "" && n > 0 && p.file.Errors[n-1].Offset == offset {
		p.file.Errors[n-1].Hint = text
	}
}

// unended says which line lacks the semicolon of a directive that a brace ends.
func (p *parsing) unended(d *Directive) string {
	last := d.Head
	if n := len(d.Args); n > 0 {
		last = d.Args[n-1]
	}
	return fmt.Sprintf("line %d has no semicolon at its end", p.file.Position(last.Span.Start).Line)
}

// brokenLine says which line lacks a semicolon, where a directive goes on in the
// next one and takes the name of a block in as an argument. It is "" for one that
// stands on a line of its own.
func (p *parsing) brokenLine(d *Directive) string {
	line := p.file.Position(d.Head.Span.Start).Line
	for _, a := range d.Args {
		next := p.file.Position(a.Span.Start).Line
		if next != line && blockDirectives[a.Value] {
			return fmt.Sprintf("line %d has no semicolon at its end", line)
		}
		line = next
	}
	return ""
}

// unclosed names the innermost block that is open at the end of the file. The
// brace that is missing may be that of another one: an inner block that is left open
// ends with the brace of the one around it.
func (p *parsing) unclosed(d *Directive) string {
	if !blockDirectives[d.Head.Value] && d.Head.Value != "server" {
		return ""
	}
	return fmt.Sprintf("the block of %s in line %d, or one inside it, is not closed", d.Head.Value, p.file.Position(d.Head.Span.Start).Line)
}

// conflictMarks begin the lines that a merge leaves in a file where both sides changed
// it.
var conflictMarks = [...]string{"<<<<<<< ", "=======\n", "=======\r\n", ">>>>>>> "}

// conflicts gives the errors of a text, which begins at start, the hint that the marks
// of a merge conflict at or before them were left in: nginx takes these for directives
// that lack their semicolons.
func (p *parsing) conflicts(start int) {
	if len(p.file.Errors) == 0 {
		return
	}
	src := p.file.Src[start:p.file.end]
	if !strings.Contains(src, "\n>>>>>>> ") || !strings.Contains("\n"+src, "\n<<<<<<< ") {
		return
	}
	var marks []int
	at := start
	for line := range strings.Lines(src) {
		for _, mark := range conflictMarks {
			if strings.HasPrefix(line, mark) {
				marks = append(marks, at)
			}
		}
		at += len(line)
	}
	for _, e := range p.file.Errors {
		for i := len(marks) - 1; i >= 0; i-- {
			if marks[i] <= e.Offset {
				e.Hint = fmt.Sprintf("line %d was left in by a merge conflict", p.file.Position(marks[i]).Line)
				break
			}
		}
	}
}
