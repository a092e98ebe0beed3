package rules

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// Attribute is an attribute of a rule that Sigma does not have.
type Attribute struct {
	Name string
	// Value is as Rule.Attribute returns it, never nil.
	Value any
}

// Tree is what is neither a text nor a list of texts, as canonical JSON: compact, with the keys of maps sorted. All its scalars are texts or null.
type Tree string

// Relation is a rule that a rule is related to.
type Relation struct {
	// ID is that of the other rule, Type one of derived, obsolete, merged, renamed and similar, as written.
	ID   string `json:"id"`
	Type string `json:"type"`
}

// Attribute returns what the rule has under the name of an attribute, Sigma's or one of its own: a string, a []string or a Tree, or nil where it has
// none. Scalars are texts as they were written: an account that begins with 0 stays one. The detection is no attribute.
func (r *Rule) Attribute(name string) any {
	switch name {
	case "title":
		return orNil(r.Title)
	case "id":
		return orNil(r.ID)
	case "name":
		return orNil(r.Name)
	case "status":
		return orNil(r.Status)
	case "description":
		return orNil(r.Description)
	case "author":
		return orNil(r.Author)
	case "license":
		return orNil(r.License)
	case "date":
		return orNil(r.Date)
	case "modified":
		return orNil(r.Modified)
	case "taxonomy":
		return orNil(r.Taxonomy)
	case "level":
		return r.Level.String()
	}
	return r.list(name)
}

// list returns the attributes that are no single text.
func (r *Rule) list(name string) any {
	switch name {
	case "tags":
		return orNone(r.Tags)
	case "references":
		return orNone(r.References)
	case "falsepositives":
		return orNone(r.FalsePositives)
	case "fields":
		return orNone(r.Fields)
	case "scope":
		return orNone(r.Scope)
	case "related":
		if len(r.Related) == 0 {
			return nil
		}
		return treeOf(r.Related)
	case "logsource":
		return treeOf(r.LogSource)
	}
	if i := slices.IndexFunc(r.Custom, func(a Attribute) bool { return a.Name == name }); i >= 0 {
		return r.Custom[i].Value
	}
	return nil
}

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func orNone(list []string) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

// treeOf encodes what encodes with its keys in order.
func treeOf(v any) Tree {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "null" // unreachable: texts, lists and maps of them always encode
	}
	return Tree(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// attribute returns the value of a node as Rule.Attribute has it.
func (n *node) attribute() any {
	switch {
	case n.kind == scalarNode && n.tag == "!!null":
		return nil
	case n.kind == scalarNode:
		return orNil(strings.TrimSpace(n.text))
	case n.kind == listNode && !slices.ContainsFunc(n.items, func(item *node) bool { return item.kind != scalarNode || item.tag == "!!null" }):
		list := make([]string, 0, len(n.items))
		for _, item := range n.items {
			list = append(list, strings.TrimSpace(item.text))
		}
		return orNone(list)
	}
	return treeOf(n.plain())
}

// plain returns a node as encoding/json takes it.
func (n *node) plain() any {
	switch {
	case n.kind == listNode:
		list := make([]any, 0, len(n.items))
		for _, item := range n.items {
			list = append(list, item.plain())
		}
		return list
	case n.kind == mapNode:
		members := make(map[string]any, len(n.pairs))
		for _, m := range n.pairs {
			members[m.key.text] = m.value.plain()
		}
		return members
	case n.tag == "!!null":
		return nil
	}
	return n.text
}
