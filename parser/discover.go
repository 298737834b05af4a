package parser

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// given is one path that the user named.
type given struct {
	path    string // as typed
	abs     string
	real    string
	dir     bool
	left    bool // Options.Exclude leaves it out
	stdin   bool
	main    *source             // of a dump: its first file
	whole   bool                // a main configuration: all that it includes was asked for
	files   []string            // the files to look at, absolute
	linked  map[string]bool     // which of files are links
	hunches map[string]bool     // which of files are configuration by what they hold alone
	parts   map[string][]part   // by file: what of it is configuration, where it is of another format
	unread  map[string][]unread // by file: what of it is configuration that nobody looks into
	links   []string            // links that lead to no file of the tree
	large   map[string]bool     // which of extra are YAML that is too large
	extra   []string            // what may hold configuration and is not read: copies, YAML that is too large
}

// carry notes what the file of another format at path holds, and reports whether it
// holds parts.
func (g *given) carry(path string, c carried) bool {
	if g.parts == nil {
		g.parts, g.unread = map[string][]part{}, map[string][]unread{}
	}
	if len(c.unread) > 0 {
		g.unread[path] = c.unread
	}
	if len(c.parts) > 0 {
		g.parts[path] = c.parts
	}
	return len(c.parts) > 0
}

// walk finds the files in a directory that may be nginx configuration, in
// bytewise order. It never leaves the directory through a link to another one.
func (w *Workspace) walk(g *given) error {
	g.linked, g.hunches, g.large, g.parts, g.unread = map[string]bool{}, map[string]bool{}, map[string]bool{}, nil, nil
	return filepath.WalkDir(g.real, func(real string, e fs.DirEntry, err error) error {
		if real == g.real {
			return err
		}
		path := real
		if g.real != g.abs {
			path = filepath.Join(g.abs, strings.TrimPrefix(real, g.real))
		}
		name := e.Name()
		if e.IsDir() {
			if err != nil {
				w.problem(&w.Problems, Problem{Kind: Failed, File: w.display(path, g), Message: "directory was not read: " + reason(err)})
				return fs.SkipDir
			}
			if SkippedDir(name) || w.excluded(path) {
				return fs.SkipDir
			}
			return nil
		}
		if err != nil || w.excluded(path) {
			return nil
		}
		parent, copied := "", false
		for dir := filepath.Dir(path); below(dir, g.abs); dir = filepath.Dir(dir) {
			base := filepath.Base(dir)
			if parent == "" && configDir(base) {
				parent = base
			}
			if dir == g.abs {
				break
			}
			copied = copied || isCopy(strings.ToLower(base))
		}
		if !copied && carries(path) && e.Type().IsRegular() {
			if g.carry(path, w.disk.partsOf(real)) {
				g.files = append(g.files, path)
				return nil
			}
			if info, err := e.Info(); err == nil && info.Size() > maxCarrier {
				g.extra = append(g.extra, path) // nobody looked into it
				g.large[path] = true
				return nil
			}
		}
		says := candidate(name, parent)
		switch {
		case copied && says == yes:
			says = left
		case copied && says == hunch:
			says = no
		}
		switch says {
		case yes:
		case left:
			if e.Type().IsRegular() {
				g.extra = append(g.extra, path)
			}
			return nil
		case hunch:
			if !e.Type().IsRegular() || !w.disk.isSite(real) {
				return nil
			}
			g.hunches[path] = true
		default:
			return nil
		}
		if e.Type()&fs.ModeSymlink != 0 {
			info, err := os.Stat(path)
			if err == nil && !info.Mode().IsRegular() || err != nil && parent == "" && !strings.Contains(name, ".conf") && !strings.Contains(name, "nginx") {
				return nil // a folder, or what leads nowhere and never said that it is configuration
			}
			g.linked[path] = true
		} else if !e.Type().IsRegular() {
			return nil
		}
		g.files = append(g.files, path)
		return nil
	})
}

// configDir reports whether a folder's files are configuration whatever their
// names.
func configDir(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "sites-") || strings.HasPrefix(name, "conf-") ||
		strings.HasSuffix(name, "-enabled") || strings.HasSuffix(name, "-available") ||
		strings.HasPrefix(name, "nginx") || strings.HasPrefix(name, "proxy-conf") ||
		configDirs[name]
}

var configDirs = set(`conf.d http.d stream.d snippets site-confs vhost.d vhosts.d vhosts default.d global
	includes include conf confs servers streams-enabled partials common locations location-confs`)

// A choice is what a file's name says of it.
type choice uint8

const (
	no    choice = iota
	yes          // it may be configuration
	left         // it is a copy of one
	hunch        // it may be, if what it holds leaves no doubt
)

// templateExts are the endings that template languages give their files.
var templateExts = set(`.j2 .jinja .jinja2 .njk .liquid .erb .epp .ejs .tmpl .gotmpl .tpl .stpl .template .mustache .hbs
	.ctmpl .sigil .tftpl .mako`)

// jinjaExts are those of files in which {# #} is a comment, whatever else they hold.
var jinjaExts = set(`.j2 .jinja .jinja2 .njk .twig`)

// documents are endings of texts for people, configuration quoted in them perhaps.
var documents = set(`.md .markdown .mdx .html .htm .xhtml .rst .adoc`)

// ofOthers are endings that say of a file what else it is, and of a template what
// it becomes: settings.json.tpl.
var ofOthers = set(`.json .jsonc .yaml .yml .md .markdown .mdx .html .htm .xhtml .xml .toml .ini .css .scss .js .jsx .ts
	.tsx .vue .java .cpp .php .sql .service .timer .csv .svg .txt .rb .py .pl .sh .go .lua .hcl`)

// candidate decides by its name whether a file may be configuration. parent is
// the folder of configuration around it, "" where there is none.
func candidate(name, parent string) choice {
	lower := strings.ToLower(name)
	if strings.HasPrefix(name, ".") {
		// No pattern of an include matches it, but a container may be given it.
		if ext := filepath.Ext(lower); (ext == ".conf" || ext == ".nginx") && (parent == "" || strings.HasPrefix(strings.ToLower(parent), "nginx")) {
			return hunch
		}
		return no
	}
	if isCopy(lower) {
		if strings.Contains(lower, ".conf") || strings.Contains(lower, "nginx") {
			return left
		}
		return no
	}
	switch ext := filepath.Ext(lower); {
	case templateExts[ext]: // what it holds decides
		if ofOthers[filepath.Ext(strings.TrimSuffix(lower, ext))] {
			return hunch
		}
		return yes
	case documents[ext] && (strings.HasPrefix(lower, "nginx.conf") || strings.Contains(lower, ".conf.")): // nginx.conf.md tells of one
		return hunch
	case ext == ".conf", ext == ".vhost", ext == ".nginx", ext == ".nginxconf",
		strings.HasPrefix(lower, "nginx.conf"), strings.Contains(lower, ".conf."):
		return yes
	case parent == "": // what is below is said of such folders
	case ext == "", ext == ".inc", ext == ".include", ext == ".params", ext == ".ngx", ext == ".disabled":
		return yes
	case strings.HasPrefix(strings.ToLower(parent), "sites-"): // named after a host: app.example.com
		if ofOthers[ext] { // of Moldova, app.example.md, or a page about the sites
			return hunch
		}
		return yes
	}
	if mayBeSite(lower) {
		return hunch
	}
	return no
}

// isCopy reports whether a name in lower case, of a file or a folder, is that of
// a copy that nothing reads: what stands behind the name of the original says so,
// be it with a date or a number of its own (site.conf.bak-2, conf.d.backup.20240131).
func isCopy(lower string) bool {
	if strings.Contains(lower, ".dpkg-") || strings.HasSuffix(lower, "~") {
		return true
	}
	bare := strings.TrimRight(lower, "0123456789-_.")
	for end := range copyEnds {
		if strings.HasSuffix(bare, "."+end) || strings.HasSuffix(bare, ".conf-"+end) || strings.HasSuffix(bare, ".conf_"+end) {
			return true
		}
	}
	date, ok := strings.CutPrefix(lower, bare)
	return ok && strings.HasSuffix(bare, ".conf") && len(strings.Trim(date, "-_.")) >= len("20240131")
}

// copyEnds are what stands behind the name of the original in that of a copy.
var copyEnds = set(`bak backup bkp bkup old orig save swp swo rej tmp rpmnew rpmsave`)

// excluded reports whether the user's settings leave out the file or folder at
// an absolute path. A pattern is held against its path from the working
// directory and from each given folder; one without a slash against its name.
func (w *Workspace) excluded(abs string) bool {
	for _, e := range w.opts.Excluded {
		if e.Dir == "" || abs == e.Dir {
			if !strings.Contains(e.Pattern, "/") && matchesPath(e.Pattern, filepath.Base(abs)) {
				return true
			}
			continue
		}
		if !below(abs, e.Dir) {
			continue
		}
		if rel, err := filepath.Rel(e.Dir, abs); err == nil && matchesPath(e.Pattern, filepath.ToSlash(rel)) {
			return true
		}
	}
	if len(w.opts.Exclude) == 0 {
		return false
	}
	paths := []string{}
	add := func(dir string) {
		if abs != dir && below(abs, dir) {
			if rel, err := filepath.Rel(dir, abs); err == nil {
				paths = append(paths, filepath.ToSlash(rel))
			}
		}
	}
	add(w.cwd)
	for _, g := range w.given {
		if g.dir {
			add(g.abs)
		}
	}
	if len(paths) == 0 {
		paths = append(paths, filepath.ToSlash(abs))
	}
	for _, pattern := range w.opts.Exclude {
		for _, path := range paths {
			if matchesPath(pattern, path) {
				return true
			}
		}
	}
	return false
}

// matchesPath reports whether a pattern matches a path with slashes or a folder
// around it; one without a slash is held against each name in it.
func matchesPath(pattern, path string) bool {
	pattern = strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(pattern), "./"), "/")
	if !strings.Contains(pattern, "/") {
		for element := range strings.SplitSeq(path, "/") {
			if ok, _ := doublestar.Match(pattern, element); ok {
				return true
			}
		}
		return false
	}
	for p := path; p != "."; p = pathDir(p) {
		if ok, _ := doublestar.Match(pattern, p); ok {
			return true
		}
	}
	return false
}

func pathDir(p string) string {
	i := strings.LastIndexByte(p, '/')
	if i <= 0 {
		return "."
	}
	return p[:i]
}

// upwards is how many levels above a path its main configuration is looked for.
const upwards = 5

// treeTop returns the directory that holds the tree around dir: the nearest one
// above with .git, else the working directory where it lies above, else dir.
func (w *Workspace) treeTop(dir string) string {
	for at := dir; filepath.Dir(at) != at; at = filepath.Dir(at) {
		if w.disk.exists(filepath.Join(at, ".git")) {
			return at
		}
	}
	if filepath.Dir(w.cwd) != w.cwd && below(dir, w.cwd) {
		return w.cwd
	}
	return dir
}

// display returns the name of the file at abs as the user would type it who
// typed the path of g: absolute, or from the working directory.
func (w *Workspace) display(abs string, g *given) string {
	if filepath.IsAbs(g.path) {
		return abs
	}
	rel, err := filepath.Rel(w.cwd, abs)
	if err != nil || strings.Count(rel, "..") > upwards {
		return abs
	}
	return rel
}
