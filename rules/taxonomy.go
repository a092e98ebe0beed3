package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// sigmaTaxonomy is the taxonomy of rules that name none: here, CloudTrail's own names.
const sigmaTaxonomy = "sigma"

// taxonomy finds the field mapping of the rule's taxonomy.
func (p *parser) taxonomy() {
	name := p.rule.Taxonomy
	if name == "" || name == sigmaTaxonomy {
		return
	}
	var known bool
	if p.fields, known = p.options.Taxonomies[name]; known {
		return
	}
	hint := "use CloudTrail's names, or map the fields in the file that the setting fields names"
	if best := nearest(name, slices.Sorted(maps.Keys(p.options.Taxonomies))); best != "" {
		hint = fmt.Sprintf("did you mean %q?", best)
	}
	p.errHint(p.doc.get("taxonomy").place, BadTaxonomy, hint, "the rule uses the taxonomy %q, for which there is no field mapping", name)
}

// rename returns CloudTrail's name of a field of the rule's taxonomy.
func (p *parser) rename(at *node, field string) string {
	if p.fields == nil || field == "" {
		return field
	}
	if name, ok := p.fields[field]; ok {
		return name
	}
	for end := len(field); end > 0; {
		end = strings.LastIndexByte(field[:end-1], '.') + 1
		if head, ok := p.fields[field[:end]]; ok {
			return head + field[end:]
		}
	}
	p.errHint(at.place, TaxonomyField, p.nearestField(field), "the mapping of the taxonomy %q has no field %q", p.rule.Taxonomy, field)
	return field
}

func (p *parser) nearestField(field string) string {
	if best := nearest(field, slices.Sorted(maps.Keys(p.fields))); best != "" {
		if strings.HasSuffix(best, ".") {
			best += "*"
		}
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "add it in the file that the setting fields names"
}
