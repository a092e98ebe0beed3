package hostconf

import (
	"errors"
	"io"
	"regexp"
	"strconv"

	"sigmatrail/rules"

	"gopkg.in/yaml.v3"
)

// This is the one file that knows the YAML library: the rest of the package sees nodes.

// node is one YAML value with its place.
type node struct {
	rules.Position

	kind  nodeKind
	text  string // of a scalar, as it is written: the host gives values no types
	items []*node
	pairs []pair
}

type pair struct{ key, value *node }

type nodeKind uint8

const (
	scalarNode nodeKind = iota
	listNode
	mapNode
)

// parseYAML returns the first document of a file, or nil where there is none. What the host cannot read is reported.
func (c *config) parseYAML(file string, src []byte) (root *node) {
	at := rules.Position{File: file, Line: 1, Column: 1}
	defer func() {
		if fault := recover(); fault != nil { // yaml.v3 has panicked on hostile input
			c.err(at, Syntax, "", "not YAML: %v", fault)
			root = nil
		}
	}()
	var document yaml.Node
	switch err := yaml.Unmarshal(src, &document); {
	case err == nil && document.Kind == yaml.DocumentNode:
		return c.convert(file, document.Content[0], 0)
	case err == nil, errors.Is(err, io.EOF): // an empty file is one
	default:
		message := err.Error()
		if m := regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`).FindStringSubmatch(message); m != nil {
			message = m[2]
			if n, err := strconv.Atoi(m[1]); err == nil {
				at.Line = n
			}
		}
		c.err(at, Syntax, "look at the line before, too", "not YAML: %s", message)
	}
	return nil
}

// convert returns a node as the host reads it: no aliases, and values without types.
func (c *config) convert(file string, n *yaml.Node, depth int) *node {
	const deepest = 100
	out := &node{Position: rules.Position{File: file, Line: n.Line, Column: n.Column}}
	if depth > deepest {
		c.err(out.Position, Syntax, "", "nested more than %d deep", deepest)
		return out
	}
	if n.Kind == yaml.AliasNode {
		c.err(out.Position, Syntax, "write the value out", "Fluent Bit takes no aliases")
		if n.Alias != nil && n.Alias.Kind == yaml.ScalarNode { // so that there are no errors of what is missing then
			out.text = n.Alias.Value
		}
		return out
	}
	switch n.Kind {
	case yaml.MappingNode:
		out.kind = mapNode
		for i := 0; i+1 < len(n.Content); i += 2 {
			out.pairs = append(out.pairs, pair{c.convert(file, n.Content[i], depth+1), c.convert(file, n.Content[i+1], depth+1)})
		}
	case yaml.SequenceNode:
		out.kind = listNode
		for _, item := range n.Content {
			out.items = append(out.items, c.convert(file, item, depth+1))
		}
	default:
		out.text = n.Value
	}
	return out
}
