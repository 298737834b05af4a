package image

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// tree is a YAML file whose anchors and merged keys are followed as compose does:
// the library's decoder refuses a key that is merged and written too.
type tree struct {
	root    ast.Node
	anchors map[string]ast.Node
}

// maxNested bounds tables and lists in brackets within each other: the library takes
// time that grows with the square of their depth, and more.
const maxNested = 50

// nested reports whether more brackets are open in src than people write.
func nested(src string) bool {
	open := 0
	for i := range len(src) {
		switch src[i] {
		case '[', '{':
			open++
		case ']', '}':
			open = max(open-1, 0)
		}
		if open > maxNested {
			return true
		}
	}
	return false
}

// parseYAML returns the first document of a file, false where it is not YAML.
func parseYAML(src string) (tree, bool) {
	t := tree{anchors: map[string]ast.Node{}}
	if nested(src) {
		return t, false
	}
	f, err := parser.ParseBytes([]byte(src), 0)
	if err != nil {
		return t, false
	}
	for _, d := range f.Docs {
		if d.Body != nil {
			t.root = d.Body
			ast.Walk(t, t.root)
			return t, true
		}
	}
	return t, false
}

// Visit notes the anchors of a file.
func (t tree) Visit(n ast.Node) ast.Visitor {
	if a, ok := n.(*ast.AnchorNode); ok {
		t.anchors[a.Name.GetToken().Value] = a.Value
	}
	return t
}

// maxAliases bounds aliases of aliases.
const maxAliases = 20

// plain returns what stands behind anchors, aliases and tags.
func (t tree) plain(n ast.Node) ast.Node {
	for range maxAliases {
		switch v := n.(type) {
		case *ast.AnchorNode:
			n = v.Value
		case *ast.TagNode:
			n = v.Value
		case *ast.AliasNode:
			if v.Value == nil {
				return nil
			}
			n = t.anchors[strings.TrimSpace(v.Value.GetToken().Value)]
		default:
			return n
		}
	}
	return nil
}

// pairs returns what a table holds itself; nil for what is none.
func (t tree) pairs(n ast.Node) []*ast.MappingValueNode {
	switch v := t.plain(n).(type) {
	case *ast.MappingNode:
		return v.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{v}
	}
	return nil
}

// get returns the value of a table's key, also where the table merges another that
// has it; nil where there is none.
func (t tree) get(n ast.Node, key string) ast.Node { return t.getUnseen(n, key, map[ast.Node]bool{}) }

// getUnseen is get where the tables in seen, which merge each other, do not have it.
func (t tree) getUnseen(n ast.Node, key string, seen map[ast.Node]bool) ast.Node {
	n = t.plain(n)
	if n == nil || seen[n] {
		return nil
	}
	seen[n] = true
	pairs := t.pairs(n)
	for _, p := range pairs {
		if !p.Key.IsMergeKey() && p.Key.GetToken().Value == key {
			return t.plain(p.Value)
		}
	}
	for _, p := range pairs {
		if !p.Key.IsMergeKey() {
			continue
		}
		merged := []ast.Node{p.Value}
		if list, ok := t.plain(p.Value).(*ast.SequenceNode); ok {
			merged = list.Values
		}
		for _, m := range merged {
			if v := t.getUnseen(m, key, seen); v != nil {
				return v
			}
		}
	}
	return nil
}

// items returns the values of a list.
func (t tree) items(n ast.Node) []ast.Node {
	if v, ok := t.plain(n).(*ast.SequenceNode); ok {
		return v.Values
	}
	return nil
}

// text returns a value that is one word or text, and its line; "" for others.
func (t tree) text(n ast.Node) (string, int) {
	switch v := t.plain(n).(type) {
	case *ast.StringNode:
		return v.Value, v.GetToken().Position.Line
	case ast.ScalarNode:
		if tok := v.GetToken(); v.Type() != ast.NullType && tok != nil {
			return strings.TrimSpace(tok.Value), tok.Position.Line
		}
	}
	return "", 0
}
