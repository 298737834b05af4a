package report

import (
	"encoding/xml"
	"fmt"
	"io"

	"github.com/wsnginx/wsnginx/parser"
)

type junitDocument struct {
	XMLName  xml.Name      `xml:"testsuites"`
	Name     string        `xml:"name,attr"`
	Tests    int           `xml:"tests,attr"`
	Failures int           `xml:"failures,attr"`
	Errors   int           `xml:"errors,attr"`
	Skipped  int           `xml:"skipped,attr"`
	Suites   []*junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Line    int           `xml:"line,attr,omitempty"`
	Failure *junitOutcome `xml:"failure"`
	Error   *junitOutcome `xml:"error"`
	Skipped *junitSkipped `xml:"skipped"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitOutcome struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

// JUnit prints a run as a JUnit report: a suite for each file that was looked
// at, and in it a case for each finding. A finding fails its case where it would
// fail the run, and is said in a passing one otherwise; a file without any has
// one case that passes. What was not followed is a case that was skipped.
func JUnit(w io.Writer, run *Run, s Style) error {
	doc := junitDocument{Name: "wsnginx"}
	index := map[string]*junitSuite{}
	suite := func(name string) *junitSuite {
		if index[name] == nil {
			index[name] = &junitSuite{Name: name}
			doc.Suites = append(doc.Suites, index[name])
		}
		return index[name]
	}
	for _, name := range run.Files {
		suite(Clean(s.Name(name)))
	}
	for i := range run.Findings {
		f := &run.Findings[i]
		name := Clean(s.Name(f.File.Name))
		pos := f.File.Position(f.Span.Start)
		text := fmt.Sprintf("%s:%d:%d: %s: %s", name, pos.Line, pos.Column, f.Severity, Clean(f.Message))
		if remedy := remedyOf(f); remedy != "" {
			text += "\n" + Clean(remedy)
		}
		c := junitCase{Name: fmt.Sprintf("%s:%d:%d", f.Rule.Name, pos.Line, pos.Column), Class: name, File: name, Line: pos.Line}
		if f.Severity >= run.FailOn {
			c.Failure = &junitOutcome{f.Rule.Name, Clean(f.Message), text}
			suite(name).Failures++
		} else {
			c.Out = text
		}
		suite(name).Cases = append(suite(name).Cases, c)
	}
	for _, p := range run.unread(s) {
		name := "wsnginx"
		c := junitCase{Name: "read", Line: p.Line}
		if p.File != "" {
			name = Clean(s.Name(p.File))
			c.File = name
		}
		c.Class = name
		if p.Kind == parser.Failed {
			c.Error = &junitOutcome{string(p.Kind), Clean(p.Message), Clean(p.Message)}
			suite(name).Errors++
		} else {
			c.Name = fmt.Sprintf("%s:%d", p.Kind, p.Line)
			c.Skipped = &junitSkipped{Clean(p.Message)}
			suite(name).Skipped++
		}
		suite(name).Cases = append(suite(name).Cases, c)
	}
	for _, x := range doc.Suites {
		if len(x.Cases) == 0 {
			x.Cases = []junitCase{{Name: "wsnginx", Class: x.Name, File: x.Name}}
		}
		x.Tests = len(x.Cases)
		doc.Tests += x.Tests
		doc.Failures += x.Failures
		doc.Errors += x.Errors
		doc.Skipped += x.Skipped
	}
	return encodeXML(w, doc)
}
