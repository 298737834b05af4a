package image

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// compose records what the services of a compose file (compose-spec.io) take: by
// mounts, and by the Dockerfiles that they build, which it adds to built.
func (x *index) compose(file string, built map[string]bool) {
	src := text(file)
	if !strings.Contains(src, "nginx") && !strings.Contains(src, "openresty") && !strings.Contains(src, "build") {
		return
	}
	t, ok := parseYAML(src)
	if !ok {
		return
	}
	value := x.environment(filepath.Dir(file))
	services := t.get(t.root, "services")
	if services == nil {
		services = t.root // the first version's
	}
	configs := t.get(t.root, "configs")
	for _, s := range t.pairs(services) {
		var pin *Pin
		c := &container{file: file, line: s.Key.GetToken().Position.Line, service: s.Key.GetToken().Value}
		if build := t.get(s.Value, "build"); build != nil {
			c.stage, c.contexts = x.built(t, build, file, value, built)
			pin = c.stage.runs()
		} else {
			pin = pinOf(t, t.get(s.Value, "image"), file, value)
			name, _ := t.text(t.get(s.Value, "image"))
			c.image, _ = filled(name, value)
		}
		c.changed = t.get(s.Value, "command") != nil || t.get(s.Value, "entrypoint") != nil
		written := false // in the compose file itself
		for _, m := range t.items(t.get(s.Value, "volumes")) {
			if t.get(m, "content") != nil { // Coolify's, written where it is mounted
				written = true
			} else if b := mount(t, m, value); b.source == "" || strings.HasPrefix(b.source, ".") || strings.Contains(b.source, "/") {
				c.binds = append(c.binds, b)
			}
		}
		for _, m := range t.items(t.get(s.Value, "configs")) {
			b := mount(t, m, value)
			if of, _ := t.text(t.get(t.get(configs, b.source), "file")); of != "" {
				b.source = of
				c.binds = append(c.binds, b)
			} else if t.get(t.get(configs, b.source), "content") != nil {
				written = true
			}
		}
		if len(c.binds) > 0 || c.stage != nil {
			c.env = environmentOf(t, t.get(s.Value, "environment"), value)
			x.containers = append(x.containers, c)
		}
		if pin == nil {
			continue
		}
		if written {
			x.files[file] = append(x.files[file], pin)
		}
		for _, b := range c.binds {
			x.mounted(file, b.source, func(path string) bool { return x.take(pin, path, b.target, true) })
		}
	}
}

// environment returns the variables that compose knows in a folder: those of .env,
// and where it is.
func (x *index) environment(dir string) map[string]string {
	value := map[string]string{"PWD": "."}
	for line := range strings.Lines(x.text(filepath.Join(dir, ".env"))) {
		key, v, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		if !ok || strings.HasPrefix(key, "#") {
			continue
		}
		v, _, _ = strings.Cut(v, " #")
		value[strings.TrimSpace(key)] = strings.Trim(strings.TrimSpace(v), `"'`)
	}
	return value
}

// pinOf returns the pin of a service's image.
func pinOf(t tree, image ast.Node, file string, value map[string]string) *Pin {
	name, line := t.text(image)
	ref, whole := filled(name, value)
	v, ok := versionOf(ref)
	if !ok || !whole {
		return nil
	}
	return &Pin{Name: "image " + ref, Version: v, File: file, Line: line}
}

// built records what the Dockerfile of a service takes, and returns the stage that is
// built and where its sources lie.
func (x *index) built(t tree, build ast.Node, file string, value map[string]string, built map[string]bool) (made *stage, contexts []string) {
	context, _ := t.text(build)
	name, target := "", ""
	args := map[string]string{}
	if context == "" {
		context, _ = t.text(t.get(build, "context"))
		name, _ = t.text(t.get(build, "dockerfile"))
		target, _ = t.text(t.get(build, "target"))
		for _, p := range t.pairs(t.get(build, "args")) {
			args[p.Key.GetToken().Value], _ = t.text(p.Value)
		}
		for _, item := range t.items(t.get(build, "args")) {
			s, _ := t.text(item)
			key, arg, _ := strings.Cut(s, "=")
			args[key] = arg
		}
		for key, arg := range args {
			if args[key], _ = filled(arg, value); args[key] == "" {
				delete(args, key)
			}
		}
	}
	if inline := t.get(build, "dockerfile_inline"); inline != nil || context == "" && name == "" {
		return nil, nil
	}
	context, _ = filled(context, value)
	context = filepath.Join(filepath.Dir(file), filepath.FromSlash(context))
	if name, _ = filled(name, value); name == "" {
		name = "Dockerfile"
	}
	name = filepath.Join(context, filepath.FromSlash(name))
	stages := readDockerfile(name, x.text(name), args)
	if len(stages) == 0 {
		return nil, nil
	}
	built[name] = true
	x.dockerfile(stages, context)
	made, contexts = stages[len(stages)-1], []string{context}
	for _, s := range stages {
		if target != "" && s.name == strings.ToLower(target) {
			made = s
			break
		}
	}
	x.ends(stages, name, contexts)
	x.served[x.said(&container{file: name, line: made.line})] = true
	return made, contexts
}

// bind is what a service gets from outside: what lies at source, as target. A source
// that nobody can tell is "".
type bind struct {
	source, target string
	readOnly       bool
}

// mount returns what a service gets from outside, and as what: of
// "source:target:mode", of a table, or of a name alone.
// A source that nobody can tell is none: "$DIR/a" is not "/a".
func mount(t tree, n ast.Node, value map[string]string) bind {
	var b bind
	if short, _ := t.text(n); short != "" {
		mode := ""
		b.source, b.target = cutMount(short)
		b.target, mode = cutMount(b.target)
		b.readOnly = slices.Contains(strings.Split(mode, ","), "ro")
	} else {
		b.source, _ = t.text(t.get(n, "source"))
		b.target, _ = t.text(t.get(n, "target"))
		mode, _ := t.text(t.get(n, "read_only"))
		b.readOnly = mode == "true"
	}
	b.target, _ = filled(b.target, value)
	source, whole := filled(b.source, value)
	if !whole {
		source = ""
	}
	if strings.HasPrefix(strings.TrimLeft(source, "."), `\`) { // of Windows; the answer is the same everywhere
		source = strings.ReplaceAll(source, `\`, "/")
	}
	b.source = source
	return b
}

// cutMount cuts s at its first colon outside of "${V:-x}".
func cutMount(s string) (before, after string) {
	open := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			open++
		case '}':
			open--
		case ':':
			if open <= 0 {
				return s[:i], s[i+1:]
			}
		}
	}
	return s, ""
}

// mounted has take have a look at what source is, as seen from the folder of the compose
// file, or from one above it: where --project-directory says so.
func (x *index) mounted(file, source string, take func(path string) bool) bool {
	if source == "" || filepath.IsAbs(source) || strings.HasPrefix(source, "/") {
		return false
	}
	return slices.ContainsFunc(x.around(file), func(dir string) bool {
		return take(filepath.Join(dir, filepath.FromSlash(source)))
	})
}
