package ruletest

import (
	"encoding/json"
	"strconv"

	"sigmatrail/internal/record"

	"gopkg.in/yaml.v3"
)

// json appends a YAML value as JSON, members in their order, also those that stand twice.
func (p *parser) json(dst []byte, n *yaml.Node) []byte {
	switch n.Kind {
	case yaml.MappingNode:
		dst = append(dst, '{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(record.AppendJSON(dst, n.Content[i].Value), ':')
			dst = p.json(dst, n.Content[i+1])
		}
		return append(dst, '}')
	case yaml.SequenceNode:
		dst = append(dst, '[')
		for i, item := range n.Content {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = p.json(dst, item)
		}
		return append(dst, ']')
	case yaml.ScalarNode:
		return appendScalar(dst, n)
	default:
		p.fail(n, "write like: NAME of a case before, and set: what is different", "aliases are not allowed in tests")
		return append(dst, "null"...)
	}
}

// appendScalar appends a YAML scalar. What JSON has no number for, such as 0x10, .inf and dates, is its text.
func appendScalar(dst []byte, n *yaml.Node) []byte {
	switch n.Tag {
	case "!!null":
		return append(dst, "null"...)
	case "!!bool":
		var v bool
		if n.Decode(&v) == nil {
			return strconv.AppendBool(dst, v)
		}
	case "!!int", "!!float":
		if json.Valid([]byte(n.Value)) {
			return append(dst, n.Value...)
		}
	}
	return record.AppendJSON(dst, n.Value)
}

// setJSON sets a JSON text at a path of v. It is read anew for each event, so that these share nothing.
func setJSON(v *node, path string, to []byte) error {
	made, err := parseJSON(to)
	if err != nil {
		return err
	}
	return v.set(path, made, "")
}
