package settings

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/wsnginx/wsnginx/rules"
)

// maxSize bounds a settings file.
const maxSize = 1 << 20

// Load reads the settings file at an absolute path. name is how messages name
// it. What is wrong in it is returned as Mistakes.
func Load(path, name string) (*Settings, error) {
	fail := func(format string, args ...any) (*Settings, error) {
		return nil, Mistakes{{File: name, Message: fmt.Sprintf(format, args...)}}
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fail("settings were not read: %s", reason(err))
	case !info.Mode().IsRegular():
		return fail("settings were not read: it is not a file")
	case info.Size() > maxSize:
		return fail("settings were not read: it is larger than %d bytes", maxSize)
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return fail("settings were not read: %s", reason(err))
	}
	return Parse(path, name, string(src))
}

func reason(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// Parse reads the text of a settings file that lies at an absolute path.
func Parse(path, name, src string) (*Settings, error) {
	s := &Settings{File: path, Dir: filepath.Dir(path), Name: name}
	root, m := document(src)
	if m != nil {
		m.File = name
		return nil, Mistakes{m}
	}
	d := &decoding{settings: s}
	if root.kind != null || root.problem != "" {
		d.into(reflect.ValueOf(s).Elem(), root, "")
	}
	d.timeouts()
	if len(d.mistakes) > 0 {
		slices.SortStableFunc(d.mistakes, func(a, b *Mistake) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		return nil, d.mistakes
	}
	return s, nil
}

// decoding fills in Settings from nodes and gathers what is wrong.
type decoding struct {
	settings *Settings
	mistakes Mistakes
}

func (d *decoding) mistake(at Text, format string, args ...any) {
	d.mistakes = append(d.mistakes, &Mistake{d.settings.Name, at.Line, at.Column, fmt.Sprintf(format, args...)})
}

// into fills in a struct from a table. where is the key that holds it, "" for
// the whole file.
func (d *decoding) into(to reflect.Value, n *node, where string) {
	if !d.want(n, table, where) {
		return
	}
	fields := fieldsOf(to.Type())
	seen := map[string]bool{}
	for i, key := range n.keys {
		name := key.text.Value
		f := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		switch {
		case key.problem != "":
			d.mistake(key.text, "%s", key.problem)
		case f < 0:
			d.unknown(key.text, fields, where)
		default:
			seen[name] = true
			d.field(to.Field(fields[f].index), fields[f], n.values[i], key.text)
		}
	}
	for _, f := range fields {
		if f.need && !seen[f.name] {
			d.mistake(n.text, "%q is missing; without it this holds for nothing", f.name)
		}
	}
}

// want reports whether n is of kind k and says so where it is not.
func (d *decoding) want(n *node, k kind, where string) bool {
	switch {
	case n.problem != "":
		d.mistake(n.text, "%s", n.problem)
	case n.kind == k:
		return true
	case where == "":
		d.mistake(n.text, "settings want %s, not %s; write \"key: value\"", k, n.kind)
	case n.kind == null:
		d.mistake(n.text, "%q has no value; give it one or take the line out", where)
	default:
		d.mistake(n.text, "%q wants %s, not %s", where, k, n.kind)
	}
	return false
}

func (d *decoding) unknown(key Text, fields []field, where string) {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	of := ""
	if where != "" {
		of = fmt.Sprintf(" in %q", where)
	}
	if near := rules.Nearest(key.Value, names); near != "" {
		d.mistake(key, "unknown key %q%s; did you mean %q?", key.Value, of, near)
		return
	}
	d.mistake(key, "unknown key %q%s; known are %s", key.Value, of, strings.Join(names, ", "))
}

// field fills in one field.
func (d *decoding) field(to reflect.Value, f field, n *node, key Text) {
	if n.kind == null && n.problem == "" { // the library places what is not there at the next word
		n.text.Line, n.text.Column = key.Line, key.Column
	}
	switch v := to.Addr().Interface().(type) {
	case *Text:
		if d.want(n, scalar, f.name) {
			d.check(f.check, n, f.name)
			*v = n.text
		}
	case *[]Text:
		if n.kind == scalar { // one may stand for a list of one
			n = &node{kind: list, text: n.text, items: []*node{n}}
		}
		if !d.want(n, list, f.name) {
			return
		}
		if len(n.items) == 0 {
			d.mistake(n.text, "%q is empty; give it a value or take the line out", f.name)
		}
		for _, item := range n.items {
			if item.kind == null && item.problem == "" {
				d.mistake(item.text, "an entry of %q is empty", f.name)
			} else if d.want(item, scalar, "an entry of "+f.name) {
				d.check(f.check, item, f.name)
				*v = append(*v, item.text)
			}
		}
	case *[]Entry:
		if !d.want(n, table, f.name) {
			return
		}
		for i, k := range n.keys {
			switch value := n.values[i]; {
			case k.problem != "":
				d.mistake(k.text, "%s", k.problem)
			default:
				if value.kind == null && value.problem == "" {
					value.text.Line, value.text.Column = k.text.Line, k.text.Column
				}
				d.check(f.key, k, f.name)
				if d.want(value, scalar, k.text.Value) {
					d.check(f.check, value, k.text.Value)
					*v = append(*v, Entry{k.text, value.text})
				}
			}
		}
	case *ReadTimeout:
		d.into(to, n, f.name)
	case *[]Override:
		if !d.want(n, list, f.name) {
			return
		}
		if len(n.items) == 0 {
			d.mistake(n.text, "%q is empty; give it a value or take the line out", f.name)
		}
		for _, item := range n.items {
			var o Override
			d.into(reflect.ValueOf(&o).Elem(), item, f.name)
			*v = append(*v, o)
		}
	default:
		panic(fmt.Sprintf("settings: field %s has type %s", f.name, to.Type()))
	}
}

// field is what the tags of a struct's field say.
type field struct {
	index            int
	name, key, check string
	need             bool
}

func fieldsOf(t reflect.Type) []field {
	var out []field
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		if name := tag.Get("yaml"); name != "-" {
			out = append(out, field{i, name, tag.Get("key"), tag.Get("check"), tag.Get("need") == "true"})
		}
	}
	return out
}
