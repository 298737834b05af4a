package report

import (
	"encoding/xml"
	"io"

	"github.com/wsnginx/wsnginx/parser"
)

type checkstyleDocument struct {
	XMLName xml.Name         `xml:"checkstyle"`
	Version string           `xml:"version,attr"`
	Files   []checkstyleFile `xml:"file"`
}

type checkstyleFile struct {
	Name   string            `xml:"name,attr"`
	Errors []checkstyleError `xml:"error"`
}

type checkstyleError struct {
	Line     int    `xml:"line,attr,omitempty"`
	Column   int    `xml:"column,attr,omitempty"`
	Severity string `xml:"severity,attr"`
	Message  string `xml:"message,attr"`
	Source   string `xml:"source,attr"`
}

// Checkstyle prints findings as Checkstyle does, which most CI servers and
// editors read. What could not be read stands among them where it has a file.
func Checkstyle(w io.Writer, run *Run, s Style) error {
	doc := checkstyleDocument{Version: "4.3"} // the version whose form this is
	index := map[string]int{}
	add := func(file string, e checkstyleError) {
		name := s.Name(file)
		i, ok := index[name]
		if !ok {
			i = len(doc.Files)
			index[name] = i
			doc.Files = append(doc.Files, checkstyleFile{Name: Clean(name)})
		}
		doc.Files[i].Errors = append(doc.Files[i].Errors, e)
	}
	for i := range run.Findings {
		f := &run.Findings[i]
		pos := f.File.Position(f.Span.Start)
		add(f.File.Name, checkstyleError{pos.Line, pos.Column, f.Severity.String(), Clean(f.Message), "wsnginx." + f.Rule.Name})
	}
	for _, p := range run.unread(s) {
		if p.File == "" {
			continue
		}
		severity := "info"
		if p.Kind == parser.Failed {
			severity = "error"
		}
		add(p.File, checkstyleError{p.Line, p.Column, severity, Clean(p.Message), "wsnginx." + string(p.Kind)})
	}
	return encodeXML(w, doc)
}

// encodeXML prints a document with its declaration and a final newline.
func encodeXML(w io.Writer, doc any) error {
	data, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(append([]byte(xml.Header), data...), '\n'))
	return err
}
