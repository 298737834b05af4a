package settings

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// kind is what a YAML value is.
type kind uint8

const (
	null kind = iota
	scalar
	list
	table
)

// String names a kind in messages.
func (k kind) String() string {
	return [...]string{"nothing", "one value", "a list", "a table of keys"}[k]
}

// node is a YAML value with its place. A scalar keeps the text the user wrote:
// 1.30 is a version of nginx and not the number 1.3.
type node struct {
	kind    kind
	text    Text
	like    string  // what a scalar is where it is not text: "a number"
	items   []*node // of a list
	keys    []*node // of a table
	values  []*node // of a table
	problem string  // what is not read of YAML; the node is null then
}

// document reads YAML that holds one document. A null node is an empty file.
func document(src string) (*node, *Mistake) {
	src = strings.TrimPrefix(src, "\ufeff")
	if !utf8.ValidString(src) {
		return nil, &Mistake{Message: "is not text in UTF-8"}
	}
	f, err := parser.ParseBytes([]byte(src), 0)
	if err != nil {
		m := &Mistake{Message: "is not YAML"}
		var e yaml.Error
		if errors.As(err, &e) {
			m.Message, _, _ = strings.Cut(e.GetMessage(), "\n")
			m.Message = strings.ReplaceAll(m.Message, "\t", `\t`)
			m.Line, m.Column = place(e.GetToken())
		}
		return nil, m
	}
	r := reader{anchors: map[string]ast.Node{}}
	root := &node{}
	seen := false
	for _, d := range f.Docs {
		if d.Body == nil {
			continue
		}
		n := r.node(d.Body)
		if seen {
			return nil, &Mistake{Line: n.text.Line, Column: n.text.Column, Message: "a second document is not read; keep one"}
		}
		root, seen = n, true
	}
	return root, nil
}

func place(t *token.Token) (line, column int) {
	if t == nil || t.Position == nil {
		return 1, 1
	}
	return max(t.Position.Line, 1), max(t.Position.Column, 1)
}

// reader turns the library's tree into nodes.
type reader struct {
	anchors map[string]ast.Node
	depth   int
	nodes   int
}

// The bounds of a settings file: aliases of aliases can stand for any number of
// values.
const (
	maxDepth = 20
	maxNodes = 20000
)

func (r *reader) node(from ast.Node) *node {
	n := &node{}
	n.text.Line, n.text.Column = place(from.GetToken())
	if r.depth++; r.depth > maxDepth {
		n.problem = "is nested too deep"
	}
	if r.nodes++; r.nodes > maxNodes {
		n.problem = "holds too many values"
	}
	defer func() { r.depth-- }()
	if n.problem != "" {
		return n
	}
	switch v := from.(type) {
	case *ast.MappingNode:
		r.table(n, v.Values)
	case *ast.MappingValueNode:
		r.table(n, []*ast.MappingValueNode{v})
	case *ast.SequenceNode:
		n.kind = list
		for _, item := range v.Values {
			n.items = append(n.items, r.node(item))
		}
	case *ast.StringNode:
		n.kind, n.text.Value = scalar, v.Value
	case *ast.LiteralNode:
		n.kind, n.text.Value = scalar, strings.TrimSuffix(v.Value.Value, "\n")
	case *ast.NullNode:
	case *ast.AnchorNode:
		r.anchors[v.Name.GetToken().Value] = v.Value
		return r.node(v.Value)
	case *ast.AliasNode:
		name := ""
		if v.Value != nil {
			name = strings.TrimSpace(v.Value.GetToken().Value)
		}
		if to := r.anchors[name]; to != nil {
			return r.node(to)
		}
		n.problem = fmt.Sprintf("a value that begins with * stands for another one in YAML, and there is no &%s; write it in quotes", name)
	case *ast.TagNode:
		n.problem = "tags such as " + v.Start.Value + " are not read"
	case ast.ScalarNode:
		n.kind, n.text.Value, n.like = scalar, strings.TrimSpace(v.GetToken().Value), "a number"
		if v.Type() == ast.BoolType {
			n.like = "a boolean"
		}
	default:
		n.problem = "is not read here"
	}
	return n
}

func (r *reader) table(n *node, pairs []*ast.MappingValueNode) {
	n.kind = table
	for i, p := range pairs {
		key := &node{kind: scalar}
		key.text.Value = p.Key.GetToken().Value
		key.text.Line, key.text.Column = place(p.Key.GetToken())
		if p.Key.IsMergeKey() {
			key.problem = "<< is not read; write the keys themselves"
		}
		if i == 0 { // the library places a table at its first colon
			n.text.Line, n.text.Column = key.text.Line, key.text.Column
		}
		n.keys = append(n.keys, key)
		n.values = append(n.values, r.node(p.Value))
	}
}
