package enrich

import (
	"bytes"
	"encoding/json"
	"slices"

	"sigmatrail/rules"

	"github.com/vmihailenco/msgpack/v5"
)

// has reports whether the rule's map has a member of that key.
func (e *entry) has(key string) bool {
	return slices.ContainsFunc(e.members, func(m member) bool { return m.key == key })
}

// elsewhere reports whether the format writes an attribute outside of the rule's map.
func (f Format) elsewhere(attribute string) bool {
	switch f {
	case ECS: // as rule.name, rule.description and so on, and in tags
		return slices.Contains([]string{"title", "description", "author", "license", "references", "tags"}, attribute)
	case Flat:
		return true
	default:
		return false
	}
}

// flatHas reports whether the format Flat writes an attribute anyway.
func flatHas(attribute string) bool {
	return slices.Contains([]string{"title", "id", "level", "description", "status", "author", "tags"}, attribute)
}

// textsOf returns an attribute as a list of texts: a tree is one, as JSON.
func textsOf(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	case rules.Tree:
		return []string{string(v)}
	default:
		return nil
	}
}

// packTree encodes a tree as msgpack, with its keys in their order.
func packTree(tree rules.Tree) []byte {
	var value any
	var b bytes.Buffer
	enc := msgpack.NewEncoder(&b)
	enc.SetSortMapKeys(true)
	if json.Unmarshal([]byte(tree), &value) != nil || enc.Encode(value) != nil {
		return pack(nil) // unreachable: a tree is JSON without numbers
	}
	return b.Bytes()
}
