package parser

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

// maxFiles bounds how many files one Workspace reads.
const maxFiles = 100_000

// source is one file on disk, however many names lead to it.
type source struct {
	real    string // its path without symbolic links
	abs     string // the path under which it was first found
	name    string // File.Name: abs as the user would write it
	text    *string
	file    *File
	err     error   // why there is no file
	like    bool    // it reads like nginx configuration
	format  string  // the format that it is recognisably in instead
	done    bool    // it was read
	regular bool    // a listing of its folder said that it is a regular file
	queued  bool    // it is in the batch being read
	as      reading // how it is read
	fixed   bool    // a configuration holds it: how it is read stays
	hunch   bool    // its name says nothing, only what it holds
	stdin   bool    // it is, or stands in, standard input
}

// source returns the source for the file at real, found as abs and, where it is
// new, named name.
func (w *Workspace) source(real, abs, name string) *source {
	if s := w.sources[real]; s != nil {
		return s
	}
	if w.names[name] != nil { // another file has it: possible where links are mapped
		name = real
	}
	s := &source{real: real, abs: abs, name: name}
	w.sources[real] = s
	w.names[name] = s
	return s
}

// sourcesOf returns the sources of the file at real, found as path: one, or, where it
// is of another format, one for each of its parts.
func (w *Workspace) sourcesOf(real, path string, g *given) []*source {
	parts := g.parts[path]
	if len(parts) == 0 {
		return []*source{w.source(real, path, w.display(path, g))}
	}
	all := make([]*source, len(parts))
	read := 0 // the others are read where something includes them
	if w.parts == nil {
		w.parts = map[string][]*source{}
	}
	w.parts[real] = all
	for i := range parts {
		key := fmt.Sprintf("%s\x00%d", real, parts[i].n)
		if w.sources[key] == nil {
			w.sources[key] = &source{real: real, abs: path, name: w.display(path, g), text: &parts[i].in.text, as: reading{part: &parts[i]}, stdin: g.stdin}
		}
		all[i] = w.sources[key]
		if !parts[i].aside { // they come first
			read++
		}
	}
	return all[:read]
}

// readAll reads and parses those of the sources that were not yet, on as many
// goroutines as the options allow. With sniff, one that does not read like
// nginx configuration is not parsed.
func (w *Workspace) readAll(sources []*source, sniff bool) {
	var fresh []*source
	for _, s := range sources {
		if s.queued || s.done && (s.file != nil || s.err != nil || sniff) {
			continue
		}
		if !s.done {
			if w.read >= maxFiles {
				s.done, s.err = true, errTooMany
				if !w.full {
					w.full = true
					w.problem(&w.Problems, Problem{Kind: Failed, Message: fmt.Sprintf("more than %d files; name a smaller folder", maxFiles)})
				}
				continue
			}
			w.read++
		}
		s.done, s.queued = true, true
		fresh = append(fresh, s)
	}
	jobs := w.opts.Jobs
	if jobs <= 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	jobs = min(jobs, len(fresh))
	if jobs <= 1 {
		st := &store{size: storeSize}
		if len(fresh) == 1 {
			st = nil
		}
		for _, s := range fresh {
			s.read(w.opts.Overlay, sniff, st)
			w.opts.count()
		}
	} else {
		var next atomic.Int64
		var wg sync.WaitGroup
		for range jobs {
			wg.Go(func() {
				st := &store{size: storeSize}
				for {
					i := int(next.Add(1)) - 1
					if i >= len(fresh) {
						return
					}
					fresh[i].read(w.opts.Overlay, sniff, st)
					w.opts.count()
				}
			})
		}
		wg.Wait()
	}
	for _, s := range fresh {
		s.queued = false
		if s.file != nil {
			w.of[s.file] = s
		}
	}
}

func (o *Options) count() {
	if o.Read != nil {
		o.Read.Add(1)
	}
}

var errTooMany = errors.New("too many files")

// read fills in what s holds. It touches nothing but s and st, which may be nil.
func (s *source) read(overlay map[string]string, sniff bool, st *store) {
	text := ""
	if t, ok := overlay[s.name]; ok {
		text = t
	} else if s.text != nil {
		text = *s.text
	} else if text, s.err = readRegular(s.real, s.regular); s.err != nil {
		return
	}
	if s.as.part != nil {
		s.like = true
	} else if sniff {
		s.like = looksLikeNginx(text) && opening(text) == ""
		if !s.like {
			s.format = otherFormat(text)
			return
		}
	}
	if len(text) > maxBinary && strings.IndexByte(text[:8<<10], 0) >= 0 {
		s.err = errors.New("is a binary file, not nginx configuration")
		return
	}
	s.file = parseAs(s.name, text, s.as, st)
}

// readAs says in which block of words the source is included, "" for none. nginx
// reads a file anew at each place; here the first one decides.
func (w *Workspace) readAs(s *source, in string) {
	if !s.fixed && s.as.words != in {
		s.as.words = in
		if s.file != nil {
			delete(w.of, s.file)
			s.file = parseAs(s.name, s.file.Src, s.as, nil)
			w.of[s.file] = s
		}
	}
	s.fixed = true
}

// maxBinary is the size from which on a file with a NUL byte near its start is
// not even parsed. nginx takes NUL for a byte like any other, and so does
// Parse, but a disk image is not worth the time.
const maxBinary = 1 << 20

// isWhole reports whether a file is a main configuration: only there may these
// blocks stand.
func isWhole(f *File) bool {
	for _, d := range f.Directives {
		if !d.IsBlock() {
			continue
		}
		switch d.Head.Value {
		case "http", "events", "stream", "mail":
			return true
		}
	}
	return false
}

// notText says why a text that the user named cannot be configuration, "" where
// it can.
func notText(text string, force bool) string {
	switch {
	case strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff"):
		return "is UTF-16 text; save it as UTF-8 without a byte order mark"
	case strings.IndexByte(text, 0) >= 0:
		return "is a binary file, not nginx configuration"
	case !force && !looksLikeNginx(text) && !holdsDirectives(text):
		return "is not nginx configuration: no directive that nginx knows stands in it"
	}
	return ""
}

// holdsDirectives reports whether a text that the user named may pass as
// configuration though sniffing found nothing that is nginx's alone: it is empty,
// some statement begins with a name of nginx's, if only for want of its ';', or
// it reads without an error and uses words that nginx uses too.
func holdsDirectives(text string) bool {
	f := parseText("", text)
	strong, weak := false, false
	var walk func([]*Directive)
	walk = func(list []*Directive) {
		for _, d := range list {
			strong = strong || strongName(d.Head.Value) && (d.Head.Value != "server" || d.IsBlock() || d.File.Src[d.Span.End-1] == ';') // NTP has servers too
			weak = weak || weakNames[d.Head.Value]
			walk(d.Children)
		}
	}
	walk(f.Directives)
	return len(f.Directives) == 0 || strong || weak && len(f.Errors) == 0
}
