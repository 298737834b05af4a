// Package baseline keeps the findings that are known, so that a run reports only
// what is new: a JSON file beside the configuration, made once and then held
// against every run.
//
// A finding is known again by its rule, its file, the blocks around it and its
// own words; line numbers are not in it, so that lines may move. Several findings
// that agree in all of these are counted.
package baseline

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules"
)

// version is that of the document. It changes when a key goes away or changes
// its meaning.
const version = 1

// Entry is one known finding, or several that agree.
type Entry struct {
	File        string `json:"file"` // from the baseline's folder, with slashes
	Rule        string `json:"rule"`
	In          string `json:"in,omitempty"` // the blocks around it, for people
	Fingerprint string `json:"fingerprint"`
	Count       int    `json:"count"`
}

// String returns the entry in words.
func (e Entry) String() string {
	text := e.File + ": " + e.Rule
	if e.In != "" {
		text += " in " + e.In
	}
	if e.Count > 1 {
		text += fmt.Sprintf(" (%d times)", e.Count)
	}
	return text
}

// Baseline is a file of known findings.
type Baseline struct {
	path    string // absolute
	entries []Entry
	heads   map[*parser.Directive]string // of blocks that findings stand in
	names   map[string]string            // of files
}

// document is the JSON.
type document struct {
	Version  int     `json:"version"`
	Findings []Entry `json:"findings"`
}

// New returns an empty baseline that is to lie at path.
func New(path string) (*Baseline, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return &Baseline{path: abs}, nil
}

// Read reads the baseline at path. Its error says what is wrong in words that
// follow the file's name.
func Read(path string) (*Baseline, error) {
	b, err := New(path)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(b.path)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return nil, err
	}
	var doc document
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("not a baseline: %w", err)
	}
	if doc.Version != version {
		return nil, fmt.Errorf("is version %d of a baseline, and this wsnginx reads version %d; write it anew with --write-baseline", doc.Version, version)
	}
	b.entries = doc.Findings
	return b, nil
}

// Len returns how many findings the baseline knows.
func (b *Baseline) Len() int {
	n := 0
	for _, e := range b.entries {
		n += e.Count
	}
	return n
}

// JSON returns the baseline as its file holds it: sorted, one finding after the
// other, so that a change of one finding is a change of few lines.
func (b *Baseline) JSON() ([]byte, error) {
	doc := document{Version: version, Findings: slices.Clone(b.entries)}
	if doc.Findings == nil {
		doc.Findings = []Entry{}
	}
	slices.SortFunc(doc.Findings, func(x, y Entry) int {
		return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Rule, y.Rule), cmp.Compare(x.In, y.In), cmp.Compare(x.Fingerprint, y.Fingerprint))
	})
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(doc)
	return out.Bytes(), err
}

// key is what findings that agree have in common.
type key struct{ file, rule, fingerprint string }

func (e *Entry) key() key { return key{e.File, e.Rule, e.Fingerprint} }

// Filter returns the findings that the baseline does not know, in their order.
// Of several that agree the last ones are new.
func (b *Baseline) Filter(findings []rules.Finding) (fresh []rules.Finding, known int) {
	left := map[key]int{}
	for i := range b.entries {
		left[b.entries[i].key()] += b.entries[i].Count
	}
	for i := range findings {
		e := b.entry(&findings[i])
		if k := e.key(); left[k] > 0 {
			left[k]--
			known++
			continue
		}
		fresh = append(fresh, findings[i])
	}
	return fresh, known
}

// Seen says what a run looked at: an entry about anything else may still hold.
type Seen struct {
	Files map[string]bool // by absolute path
	// Ran reports whether a rule ran on a file, by its absolute path.
	Ran func(rule, file string) bool
}

// looked reports whether the run would have found what e says. An entry about a
// file that is no more cannot be found by any run.
func (b *Baseline) looked(e *Entry, seen Seen) bool {
	path := filepath.Join(filepath.Dir(b.path), filepath.FromSlash(e.File))
	if seen.Files[path] {
		return seen.Ran(e.Rule, path)
	}
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// Stale returns the entries that no finding of a run matches. The count of each
// is how many there are too many.
func (b *Baseline) Stale(findings []rules.Finding, seen Seen) []Entry {
	have := map[key]int{}
	for i := range findings {
		e := b.entry(&findings[i])
		have[e.key()]++
	}
	var out []Entry
	for _, e := range b.entries {
		k := e.key()
		found := min(have[k], e.Count)
		have[k] -= found
		if e.Count -= found; e.Count > 0 && b.looked(&e, seen) {
			out = append(out, e)
		}
	}
	return out
}

// Update makes the baseline know exactly the findings of a run, and what it knew
// of files and rules that the run did not look at.
func (b *Baseline) Update(findings []rules.Finding, seen Seen) {
	kept := slices.DeleteFunc(slices.Clone(b.entries), func(e Entry) bool { return b.looked(&e, seen) })
	index := map[key]int{}
	for i := range kept {
		index[kept[i].key()] = i
	}
	for i := range findings {
		e := b.entry(&findings[i])
		n, ok := index[e.key()]
		if !ok {
			n = len(kept)
			index[e.key()] = n
			kept = append(kept, e)
		}
		kept[n].Count++
	}
	b.entries = kept
}

// entry returns what the baseline would say of a finding, with a count of 0.
func (b *Baseline) entry(f *rules.Finding) Entry {
	in := b.around(f.File, f.Span.Start)
	e := Entry{File: b.name(f.File.Name), Rule: f.Rule.Name}
	e.In = strings.Join(in, ", ")
	sum := sha256.Sum256([]byte(strings.Join(append(in, own(f)), "\x00")))
	e.Fingerprint = hex.EncodeToString(sum[:8])
	return e
}

// name returns a file's path from the baseline's folder. Standard input without
// a name stays as it is.
func (b *Baseline) name(file string) string {
	name, known := b.names[file]
	if !known {
		if b.names == nil {
			b.names = map[string]string{}
		}
		name = b.nameOf(file)
		b.names[file] = name
	}
	return name
}

func (b *Baseline) nameOf(file string) string {
	abs, err := filepath.Abs(file)
	if err != nil {
		return filepath.ToSlash(file)
	}
	rel, err := filepath.Rel(filepath.Dir(b.path), abs)
	if err != nil {
		return filepath.ToSlash(abs)
	}
	return filepath.ToSlash(rel)
}

// around returns the heads of the blocks that hold or are at offset, outermost
// first, and none for blocks whose name is all there is, such as http.
func (b *Baseline) around(f *parser.File, offset int) []string {
	var heads []string
	for list := f.Directives; ; {
		at, _ := slices.BinarySearchFunc(list, offset, func(d *parser.Directive, offset int) int { return cmp.Compare(d.Span.End, offset+1) })
		if at == len(list) || !list[at].IsBlock() || !list[at].Span.Contains(offset) {
			return heads
		}
		d := list[at]
		text, known := b.heads[d]
		if !known {
			if b.heads == nil {
				b.heads = map[*parser.Directive]string{}
			}
			text = headOfBlock(d)
			b.heads[d] = text
		}
		if text != d.Head.Value {
			heads = append(heads, text)
		}
		list = d.Children
	}
}

// headOfBlock is head, with the names of a server: many have the same locations.
func headOfBlock(d *parser.Directive) string {
	text := head(d)
	if d.Is("server") {
		for _, c := range d.Children {
			if c.Is("server_name") {
				text += strings.TrimPrefix(head(c), "server_name")
			}
		}
	}
	return text
}

// head returns the name and arguments of a directive.
func head(d *parser.Directive) string {
	words := []string{d.Head.Value}
	for _, a := range d.Args {
		words = append(words, a.Value)
	}
	return strings.Join(words, " ")
}

// own returns the words of a finding's span, or of its first line where there
// are several.
func own(f *rules.Finding) string {
	text := f.File.Src[f.Span.Start:f.Span.End]
	text, _, _ = strings.Cut(text, "\n")
	if strings.TrimSpace(text) == "" {
		text, _ = f.File.Line(f.File.Position(f.Span.Start).Line)
	}
	return strings.Join(strings.Fields(text), " ")
}
