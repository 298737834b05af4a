package image

import (
	"path/filepath"
	"strings"
)

// roleVersion is the variable of Ansible's roles that says which nginx they install.
const roleVersion = "nginx_version"

// mayPin reports whether a file may hold the variables of a role of Ansible: they
// stand in main.yml of its folders vars and defaults.
func mayPin(path string) bool {
	if stem, _, _ := strings.Cut(filepath.Base(path), "."); stem != "main" {
		return false
	}
	kind := filepath.Base(filepath.Dir(path))
	return kind == "vars" || kind == "defaults"
}

// role records which nginx a role of Ansible installs: what its templates and files
// become is read by that one. files are the role's that hold its variables; vars
// win over defaults (docs.ansible.com, "Understanding variable precedence").
func (x *index) role(dir string, files []string) {
	var pin *Pin
	for _, file := range files {
		src := text(file)
		if !strings.Contains(src, roleVersion) {
			continue
		}
		t, ok := parseYAML(src)
		if !ok {
			continue
		}
		value, line := t.text(t.get(t.root, roleVersion))
		v, ok := numberOf(value)
		if ok && (pin == nil || filepath.Base(filepath.Dir(file)) == "vars") {
			pin = &Pin{Name: roleVersion + " " + value, Version: v, File: file, Line: line}
		}
	}
	if pin == nil {
		return
	}
	for _, name := range []string{"templates", "files"} {
		x.take(pin, filepath.Join(dir, name), folders[0], false)
	}
}
