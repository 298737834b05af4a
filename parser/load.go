package parser

import "sync/atomic"

// Config is a main configuration, or a fragment of one, with every file it
// includes. Files are shared between Configs; which files an include directive
// stands for is not, because nginx resolves it against the main file's
// directory.
type Config struct {
	Main *File
	// Fragment is true where Main is not a whole configuration but a part
	// that something unseen includes: the levels around it are unknown.
	Fragment bool
	// Site is the file of an -available folder that Main is read with as if
	// it were linked into the -enabled one; nil where Main is read as it is.
	Site *File
	// Beside are blocks that define variables, in files that are included with a
	// fragment though they are not part of it, or that are enabled beside Site. Of
	// those of a fragment, nginx reads Behind after it: the last definition counts.
	Beside   []*Directive
	Behind   []*Directive
	Files    []*File // Main first, then in the order nginx first reads them
	Problems []Problem

	includes map[*Directive]*Include
	enabled  []string // the -enabled folders that it includes
}

// Include is what an include directive stands for in one Config.
type Include struct {
	Files    []*File // in the order nginx reads them
	Followed bool    // false where files it names were not read; a Problem says why
}

// Include returns what the include directive d stands for in c.
func (c *Config) Include(d *Directive) *Include {
	if inc := c.includes[d]; inc != nil {
		return inc
	}
	return &Include{}
}

// ProblemKind says how much a Problem matters.
type ProblemKind string

// The kinds of Problem.
const (
	// Failed: a path the user named, or a file of the tree, cannot be read
	// or parsed.
	Failed ProblemKind = "failed"
	// NotFollowed: an include leads outside the tree.
	NotFollowed ProblemKind = "not-followed"
)

// Problem is something that was not read, with the place that asked for it.
type Problem struct {
	Kind         ProblemKind
	File         string // "" where it is about the run as a whole
	Line, Column int    // 0 where it is about the whole file
	Message      string
}

// Options say how paths become Configs.
type Options struct {
	Root      string            // the main configuration that the paths belong to; "" to find it
	Roots     []string          // further ones: a path that none of them holds is looked for above itself
	Mappings  []Mapping         // where absolute include paths lie
	Exclude   []string          // doublestar patterns of files and folders to leave out
	Excluded  []Exclusion       // further ones, each below a folder of its own
	Overlay   map[string]string // by File.Name: bytes that stand in for those on disk
	Stdin     []byte            // what the path "-" holds
	StdinName string            // how findings name it; "" is "<stdin>"
	Jobs      int               // files parsed at once; 0 is one for each core
	Force     bool              // read the files that the user named whatever they look like
	Hook      bool              // the paths are files of a commit: nothing else was asked about, and what is no configuration is passed over
	Read      *atomic.Int64     // where not nil, counts the files while they are read

	// Elsewhere, where not nil, knows what nginx reads for an include in another place
	// than this tree has it: in an image that takes the file at the absolute path main,
	// a main configuration or a fragment of one. include is as written. It returns the
	// absolute paths of files, in the order in which nginx reads them, or why nobody can
	// tell which. What lies beside the main file, and Mappings, come first.
	Elsewhere func(main string, fragment bool, include string) ([]string, error)
}

// Passed is a file that was not read, because it is not nginx configuration.
type Passed struct {
	Name     string
	Format   string // what it is, "" where that is not known
	Given    bool   // the user named it; the others lie in a folder that was named
	Excluded bool   // the user's patterns leave it out
	Unread   string // what it is that nobody looked into it: "a copy by its name"; "" where somebody did
}

// Exclusion is a pattern, as those of Options.Exclude, for the paths below a folder,
// or, where that is "" and the pattern has no slash, for names anywhere.
type Exclusion struct {
	Pattern, Dir string
}

// Mapping says that the absolute path From is To on this machine, for the includes
// of main configurations and fragments at or below Under; "" is all.
type Mapping struct {
	From, To, Under string
}

// Workspace is everything the user's paths stand for.
type Workspace struct {
	Configs  []*Config // whole configurations first, then fragments, each in a fixed order
	Problems []Problem // about the paths, besides those of each Config
	Passed   []Passed  // files that are not nginx configuration

	opts    Options
	cwd     string
	disk    *disk
	given   []*given
	sources map[string]*source   // by path without symbolic links
	names   map[string]*source   // by File.Name
	parts   map[string][]*source // those of a file of another format, by its path without symbolic links
	of      map[*File]*source
	seen    map[Problem]bool
	reached map[string]bool     // the paths, links not resolved, that includes name
	asked   map[*File]bool      // the files of the whole configurations that were given
	dump    map[string]*source  // the files in the dump on standard input, by the names it gives them
	mainsOf map[string][]string // by the top of a repository: what may be main configurations in it
	read    int                 // files read
	full    bool                // the bound on files read was reached and reported
}
