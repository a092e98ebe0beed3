package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// FieldMappings is what a file of field mappings says. In its maps a name that ends in a dot is for every field that begins with it, and the
// empty one for all; the file writes them as NAME.* and *, and NAME.* stands for NAME too where that has no entry of its own.
type FieldMappings struct {
	// Base is the built-in mapping that Records changes and adds to: cloudtrail, which says nothing, or ecs.
	Base string
	// Records maps CloudTrail's names to the paths of a form of records.
	Records map[string][]string
	// Taxonomies are the names that rules of other taxonomies use.
	Taxonomies Taxonomies
}

// Taxonomies maps the names of taxonomies to their fields, and those to CloudTrail's.
type Taxonomies map[string]map[string]string

// MapsRecords reports whether the file describes a form of records other than CloudTrail's own.
func (m *FieldMappings) MapsRecords() bool { return m.Base == BaseECS || len(m.Records) > 0 }

// The built-in mappings.
const (
	BaseCloudTrail = "cloudtrail"
	BaseECS        = "ecs"
)

// ParseFieldMappings reads a YAML map of base, records and taxonomies. file stands for it in the error, which names every mistake.
func ParseFieldMappings(file string, src []byte) (FieldMappings, error) {
	r := &mappingReader{report: newReport(file, src)}
	r.Base = BaseCloudTrail
	var root *node
	for _, doc := range readYAML(src, r.report) {
		switch {
		case doc.root == nil || (doc.root.kind == scalarNode && doc.root.tag == "!!null"):
		case root != nil:
			r.err(doc.root.place, WrongType, "a file of field mappings is one document")
		default:
			root = doc.root
			r.read(root)
		}
	}
	if root == nil && r.errors == 0 {
		r.err(place{1, 1}, MissingField, "the file maps nothing; it has base, records or taxonomies")
	}
	return r.FieldMappings, r.failed()
}

type mappingReader struct {
	*report
	FieldMappings
}

func (r *mappingReader) read(root *node) {
	if root.kind != mapNode {
		r.err(root.place, WrongType, "field mappings must be a map of base, records and taxonomies")
		return
	}
	members := []string{"base", "records", "taxonomies"}
	for _, m := range root.pairs {
		switch m.key.text {
		case "base":
			r.base(m.value)
		case "records":
			r.records(m.value)
		case "taxonomies":
			r.taxonomies(m.value)
		default:
			r.errHint(m.key.place, UnknownAttribute, didYouMean(m.key.text, members), "a file of field mappings has no %q", m.key.text)
		}
	}
	if r.errors == 0 && !r.MapsRecords() && len(r.Taxonomies) == 0 {
		r.err(root.place, MissingField, "the file maps nothing; it has base, records or taxonomies")
	}
	r.recognisable(root)
}

// recognisable demands the names by which a record of the form is known.
func (r *mappingReader) recognisable(root *node) {
	n := root.get("records")
	if n == nil || n.kind != mapNode || r.Base == BaseECS || len(n.pairs) == 0 {
		return
	}
	for _, name := range []string{"eventName", "eventSource"} {
		_, itself := r.Records[name]
		if _, all := r.Records[""]; !itself && !all {
			r.errHint(n.place, MissingField, "add "+name+": PATH, or base: ecs", "nothing maps %s, without which no record is found", name)
		}
	}
}

func (r *mappingReader) base(n *node) {
	bases := []string{BaseCloudTrail, BaseECS}
	if n.kind != scalarNode || !slices.Contains(bases, n.text) {
		r.errHint(n.place, BadValue, "use one of "+strings.Join(bases, ", "), "%q is no built-in mapping", n.text)
		return
	}
	r.Base = n.text
}

// records reads CloudTrail's names, each with a path or a list of them.
func (r *mappingReader) records(n *node) {
	if n.kind != mapNode {
		r.err(n.place, WrongType, "records must be a map of CloudTrail's fields and paths")
		return
	}
	r.Records = make(map[string][]string)
	for _, m := range n.pairs {
		list := []*node{m.value}
		if m.value.kind == listNode {
			list = m.value.items
		}
		if len(list) == 0 {
			r.err(m.value.place, EmptySelection, "there is no path for %q", m.key.text)
		}
		for _, path := range list {
			if from, to, ok := r.entry(m.key, path); ok && !slices.Contains(r.Records[from], to) {
				r.Records[from] = append(r.Records[from], to)
			}
		}
	}
	for from, to := range maps.Clone(r.Records) {
		if container, below := strings.CutSuffix(from, "."); below && r.Records[container] == nil {
			for _, path := range to {
				if path != "" {
					r.Records[container] = append(r.Records[container], strings.TrimSuffix(path, "."))
				}
			}
		}
	}
}

// taxonomies reads names, each with a map of its fields and CloudTrail's.
func (r *mappingReader) taxonomies(n *node) {
	if n.kind != mapNode {
		r.err(n.place, WrongType, "taxonomies must be a map of names, each a map of its fields and CloudTrail's")
		return
	}
	r.Taxonomies = make(Taxonomies)
	for _, t := range n.pairs {
		switch {
		case t.key.text == sigmaTaxonomy || t.key.text == "":
			r.err(t.key.place, BadTaxonomy, "%q cannot be mapped: rules without a taxonomy use CloudTrail's own names", t.key.text)
		case t.value.kind != mapNode || len(t.value.pairs) == 0:
			r.err(t.value.place, WrongType, "the taxonomy %q must be a map of its fields and CloudTrail's", t.key.text)
		default:
			fields := make(map[string]string)
			for _, m := range t.value.pairs {
				if from, to, ok := r.entry(m.key, m.value); ok {
					fields[from] = to
				}
			}
			for from, to := range maps.Clone(fields) {
				container, below := strings.CutSuffix(from, ".")
				if _, itself := fields[container]; below && !itself && to != "" {
					fields[container] = strings.TrimSuffix(to, ".")
				}
			}
			r.Taxonomies[t.key.text] = fields
		}
	}
}

// entry reads one name and what it becomes; both or neither end in .*, which becomes a dot.
func (r *mappingReader) entry(key, value *node) (from, to string, ok bool) {
	if value.kind != scalarNode || value.tag == "!!null" {
		r.err(value.place, WrongType, "%q must be mapped to a text, the name of a field", key.text)
		return "", "", false
	}
	from, fromAll, ok := r.name(key)
	if !ok {
		return "", "", false
	}
	to, toAll, ok := r.name(value)
	if ok && fromAll != toAll {
		r.err(value.place, BadField, "%q and %q must both end in .*, or neither", key.text, value.text)
		ok = false
	}
	return from, to, ok
}

// name reads the name of a field, NAME.* or *.
func (r *mappingReader) name(n *node) (text string, all, ok bool) {
	text = n.text
	if all = text == "*" || strings.HasSuffix(text, ".*"); all {
		text = strings.TrimSuffix(text, "*")
	}
	whole := strings.TrimSuffix(text, ".")
	if slices.Contains(strings.Split(whole, "."), "") && text != "" || strings.TrimSpace(text) != text || strings.Contains(text, "*") || (text == "" && !all) ||
		(!all && whole != text) {
		r.errHint(n.place, BadField, "write NAME, NAME.INNER, or NAME.* for every field below", "%q is no name of a field", n.text)
		return "", false, false
	}
	return text, all, true
}

// didYouMean proposes the nearest word, or all of them.
func didYouMean(name string, words []string) string {
	if best := nearest(name, words); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "it has " + strings.Join(words, ", ")
}
