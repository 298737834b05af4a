package effective

import "github.com/wsnginx/wsnginx/parser"

// Kind is the kind of block a Scope is: nginx's context.
type Kind uint8

// The kinds of Scope.
const (
	Main        Kind = iota // outside any block
	HTTP                    // http
	Server                  // server in http
	Location                // location
	If                      // if, in a server or a location
	LimitExcept             // limit_except
	Upstream                // upstream
	Map                     // map, geo, split_clients and other blocks of words
	Stream                  // stream and everything below it
	Other                   // any other block
)

// Scope is a block where it is mounted. A file that is included twice gives two
// scopes for each of its blocks.
type Scope struct {
	Kind   Kind
	Block  *parser.Directive // nil for Main
	Parent *Scope            // nil for Main
	Via    *Mount            // the includes that led to Block; nil where Block is in the main file
	Items  []Item            // the directives of this level in nginx's order, includes expanded

	// Partial is true where this level was not wholly read: an include
	// that could change a verdict was not followed. For the outermost scope
	// of a fragment see Model.Outer.
	Partial bool

	index map[string][]int32 // by name, built when Items are many
}

// Item is a directive where it is mounted.
type Item struct {
	*parser.Directive
	Via   *Mount // the includes that led to it; nil in the main file
	Scope *Scope // the scope it opens, nil for a simple directive
}

// Mount is one include on the way from the main file to a directive.
type Mount struct {
	Include *parser.Directive // the include directive
	Outer   *Mount            // the include that led to Include's file, nil in the main file
}
