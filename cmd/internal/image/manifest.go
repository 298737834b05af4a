package image

import (
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/wsnginx/wsnginx/cmd/internal/lazy"
)

// manifests are the ConfigMaps of Kubernetes in a folder, and the workloads that mount
// them. They are read line by line: most are templates of Helm's, which no YAML library
// reads. A ConfigMap's name is what is written: a template writes it the same way
// everywhere in its folder.
type manifests struct {
	holds map[string][]configMap // the ConfigMaps of a name
	uses  []use
}

// configMap is a ConfigMap's file, and its namespace, "" where it says none.
type configMap struct{ file, namespace string }

// use is an image of nginx in a workload that mounts a ConfigMap of its namespace.
type use struct {
	of, namespace string
	pin           *Pin
}

// mayManifest reports whether a YAML text may be a manifest that read takes.
func mayManifest(text string) bool {
	return strings.Contains(text, "kind:") && (strings.Contains(text, "ConfigMap") || strings.Contains(text, "configMap:"))
}

// read notes what the manifests of a file say. values are those of its chart.
func (m *manifests) read(path, text string, values func() tree) {
	var images []*Pin
	var mounted, named []string // ConfigMaps
	kind, namespace := "", ""
	under, outer, inner := "", 0, 0 // the table that the line stands in, if a name in it tells something
	done := func() {
		for _, name := range mounted {
			for _, pin := range images {
				m.uses = append(m.uses, use{name, namespace, pin})
			}
		}
		for _, name := range named {
			m.holds[name] = append(m.holds[name], configMap{path, namespace})
		}
		images, mounted, named, kind, namespace, under = nil, nil, nil, "", "", ""
	}
	n := 0
	for line := range strings.Lines(text) {
		n++
		body := strings.TrimLeft(line, " ")
		indent := len(line) - len(body)
		switch {
		case strings.HasPrefix(line, "---"):
			done()
			continue
		case strings.TrimSpace(body) == "", body[0] == '#', strings.HasPrefix(body, "{{"):
			continue
		case under != "" && indent <= outer:
			under = ""
		case under != "" && inner == 0:
			inner = indent
		}
		key, value, ok := strings.Cut(strings.TrimPrefix(body, "- "), ":")
		if !ok {
			continue
		}
		value = plainValue(value)
		switch {
		case key == "kind" && indent == 0:
			kind = value
		case key == "image":
			ref := valued(value, values)
			if v, ok := versionOf(ref); ok {
				images = append(images, &Pin{Name: "image " + ref, Version: v, File: path, Line: n})
			}
		case key == "name" && under == "metadata" && indent == inner && kind == "ConfigMap":
			named = append(named, value)
		case key == "namespace" && under == "metadata" && indent == inner:
			namespace = value
		case key == "name" && under == "configMap" && indent == inner:
			mounted = append(mounted, value)
		case value == "" && (key == "configMap" || key == "metadata" && indent == 0):
			under, outer, inner = key, indent, 0
		}
	}
	done()
}

// plainValue returns a value without quotes and comment, and without what a template
// does to quote it.
func plainValue(s string) string {
	s, _, _ = strings.Cut(s, " #")
	s = strings.TrimSpace(s)
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		s = s[1 : len(s)-1]
	}
	s = strings.ReplaceAll(s, "| quote }}", "}}")
	return strings.Join(strings.Fields(strings.NewReplacer("{{-", "{{", "-}}", "}}").Replace(s)), " ")
}

// chartValue is a use of a value of a chart, with what stands for it where it is empty.
var chartValue = lazy.Pattern(`\{\{ ?\.Values\.([\w.]+)(?: \| default "([^"]*)")? ?\}\}`)

// valued returns an image with the values of a chart filled in.
func valued(image string, values func() tree) string {
	if !strings.Contains(image, "{{") {
		return image
	}
	return chartValue().ReplaceAllStringFunc(image, func(use string) string {
		m := chartValue().FindStringSubmatch(use)
		t := values()
		n := t.root
		for key := range strings.SplitSeq(m[1], ".") {
			n = t.get(n, key)
		}
		if value, _ := t.text(n); value != "" {
			return value
		}
		return m[2]
	})
}

// valuesOf returns a function for the values of the chart whose templates lie in dir,
// nothing where there is no chart.
func (x *index) valuesOf(dir string) func() tree {
	return sync.OnceValue(func() tree {
		for ; x.holds(dir) && dir != x.top; dir = filepath.Dir(dir) {
			if filepath.Base(dir) == "templates" {
				t, _ := parseYAML(x.text(filepath.Join(filepath.Dir(dir), "values.yaml")))
				return t
			}
		}
		return tree{}
	})
}

// mapped records what the manifests in a folder take, when it is first asked for.
func (x *index) mapped(dir string) {
	if x.looked[dir] {
		return
	}
	x.looked[dir] = true
	list, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	m := &manifests{holds: map[string][]configMap{}}
	values := x.valuesOf(dir)
	for _, e := range list {
		if path := filepath.Join(dir, e.Name()); isYAML(path) && e.Type().IsRegular() {
			if src := text(path); mayManifest(src) {
				m.read(path, src, values)
			}
		}
	}
	for _, u := range m.uses {
		for _, c := range m.holds[u.of] {
			if c.namespace == "" || u.namespace == "" || c.namespace == u.namespace {
				x.files[c.file] = append(x.files[c.file], u.pin)
			}
		}
	}
}

// isYAML reports whether a file is one of YAML by its name.
func isYAML(path string) bool {
	ext := filepath.Ext(path)
	return ext == ".yaml" || ext == ".yml"
}
