package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/wsnginx/wsnginx/cmd/internal/image"
	"github.com/wsnginx/wsnginx/cmd/internal/report"
	"github.com/wsnginx/wsnginx/parser"
	"github.com/wsnginx/wsnginx/rules/effective"
)

// versionFor returns the version of nginx that a configuration is judged for: that
// of the flag, or of settings, or of the image that the repository puts one of its
// files into, or the default. floating names an image whose tag has no number.
func (j *judge) versionFor(cfg *parser.Config) (v effective.Version, floating string) {
	pin := j.pinOf(cfg)
	switch {
	case pin == nil:
		return j.on(cfg.Main.Name).Version, ""
	case pin.Floats():
		return j.on(cfg.Main.Name).Version, placeOf(pin, report.Style{Dir: j.dir})
	}
	return pin.Version, ""
}

// pinOf returns the image that says which nginx reads a configuration, nil where
// none does or a flag or settings say more.
func (j *judge) pinOf(cfg *parser.Config) *image.Pin {
	if j == nil || j.on(cfg.Main.Name).VersionSaid {
		return nil
	}
	names := make([]string, len(cfg.Files))
	for i, f := range cfg.Files {
		names[i] = f.Name
	}
	return j.pinned(names...)
}

// pathOf returns where the file of that name lies on disk.
func (j *judge) pathOf(name string) string {
	switch {
	case j.stdin != "" && (j.typed == nil || j.typed[name]): // not what is included
		return j.stdin
	case !filepath.IsAbs(name) && j.dir != "":
		return filepath.Join(j.dir, name)
	}
	return name
}

// pinned returns the image that takes one of the files of those names, nil for none.
func (j *judge) pinned(names ...string) *image.Pin {
	paths := make([]string, 0, len(names))
	for _, name := range names {
		if name != unnamed {
			paths = append(paths, j.pathOf(name))
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.images.Of(paths...)
}

// placedAsMain says where an image of the repository has the file of that name in the
// place of nginx's main configuration, see rules.Options.
func (in *input) placedAsMain(name string) string {
	j := in.judge
	if j == nil || name == unnamed {
		return ""
	}
	path := j.pathOf(name)
	j.mu.Lock()
	defer j.mu.Unlock()
	place, ok := j.images.Main(path)
	if !ok {
		return ""
	}
	return report.Clean(fmt.Sprintf("%s:%d", realStyle(report.Style{Dir: j.dir}).Name(place.File), place.Line))
}

// elsewhere returns the files that nginx reads for an include where an image of the
// repository takes the main file, see parser.Options.
func (j *judge) elsewhere(main string, fragment bool, include string) ([]string, error) {
	if filepath.Base(main) == unnamed {
		return nil, nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	places, err := j.images.Where(main, fragment, include)
	var differ *image.DifferError
	if errors.As(err, &differ) {
		err = errors.New(differ.Said(realStyle(report.Style{Dir: j.dir}).Name))
	}
	return places, err
}

// placeOf says what a pin is, and where it stands.
func placeOf(pin *image.Pin, style report.Style) string {
	return report.Clean(fmt.Sprintf("%s, %s:%d", pin.Name, realStyle(style).Name(pin.File), pin.Line))
}

// realStyle returns a style for the files that say what images are: they are named
// without symbolic links, and the working directory may be one.
func realStyle(style report.Style) report.Style {
	if dir, err := filepath.EvalSymlinks(style.Dir); err == nil && style.Dir != "" {
		style.Dir = dir
	}
	return style
}
