package image

import (
	"path/filepath"
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
		if build := t.get(s.Value, "build"); build != nil {
			pin = x.built(t, build, file, value, built)
		} else {
			pin = pinOf(t, t.get(s.Value, "image"), file, value)
		}
		if pin == nil {
			continue
		}
		for _, m := range t.items(t.get(s.Value, "volumes")) {
			if t.get(m, "content") != nil { // Coolify's, written where it is mounted
				x.files[file] = append(x.files[file], pin)
			} else if source, target := mount(t, m, value); strings.HasPrefix(source, ".") || strings.Contains(source, "/") {
				x.mounted(pin, file, source, target)
			}
		}
		for _, c := range t.items(t.get(s.Value, "configs")) {
			source, target := mount(t, c, value)
			if of, _ := t.text(t.get(t.get(configs, source), "file")); of != "" {
				x.mounted(pin, file, of, target)
			} else if t.get(t.get(configs, source), "content") != nil {
				x.files[file] = append(x.files[file], pin)
			}
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

// built records what the Dockerfile of a service takes, and returns the pin of
// what is built.
func (x *index) built(t tree, build ast.Node, file string, value map[string]string, built map[string]bool) *Pin {
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
		return nil
	}
	context, _ = filled(context, value)
	context = filepath.Join(filepath.Dir(file), filepath.FromSlash(context))
	if name, _ = filled(name, value); name == "" {
		name = "Dockerfile"
	}
	name = filepath.Join(context, filepath.FromSlash(name))
	stages := readDockerfile(name, x.text(name), args)
	if len(stages) == 0 {
		return nil
	}
	built[name] = true
	x.dockerfile(stages, context)
	for _, s := range stages {
		if target != "" && s.name == strings.ToLower(target) {
			return s.runs()
		}
	}
	return stages[len(stages)-1].runs()
}

// mount returns what a service gets from outside, and as what: of
// "source:target:mode", of a table, or of a name alone.
// A source that nobody can tell is none: "$DIR/a" is not "/a".
func mount(t tree, n ast.Node, value map[string]string) (source, target string) {
	if short, _ := t.text(n); short != "" {
		source, target = cutMount(short)
		target, _ = cutMount(target)
	} else {
		source, _ = t.text(t.get(n, "source"))
		target, _ = t.text(t.get(n, "target"))
	}
	source, whole := filled(source, value)
	if !whole {
		return "", ""
	}
	if strings.HasPrefix(strings.TrimLeft(source, "."), `\`) { // of Windows; the answer is the same everywhere
		source = strings.ReplaceAll(source, `\`, "/")
	}
	target, _ = filled(target, value)
	return source, target
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

// mounted records that an image gets what lies at source, as seen from the folder of
// the compose file, or from one above it: where --project-directory says so.
func (x *index) mounted(pin *Pin, file, source, target string) {
	if filepath.IsAbs(source) || strings.HasPrefix(source, "/") {
		return
	}
	for _, dir := range x.around(file) {
		if x.take(pin, filepath.Join(dir, filepath.FromSlash(source)), target, true) {
			return
		}
	}
}
