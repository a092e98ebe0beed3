package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Options are what the meaning of rules depends on beside their text.
type Options struct {
	// Placeholders are the values that %name% stands for under the modifier expand. nil: none is known.
	Placeholders Placeholders
	// Choice is which of the rules run, and at what level.
	Choice Choice
	// NarrowingFilters accepts Sigma Filters without a not in their condition.
	NarrowingFilters bool
	// Taxonomies are those that rules may use beside Sigma's own.
	Taxonomies Taxonomies
	// Form is what rules are warned of that depend on what such records have lost. nil: records have CloudTrail's own form.
	Form *Form
}

// Placeholders maps names to values, in which wildcards count.
type Placeholders map[string][]string

// ParsePlaceholders reads a YAML map of names and values, one value or a list. file stands for it in the error, which names every mistake.
func ParsePlaceholders(file string, src []byte) (Placeholders, error) {
	r := newReport(file, src)
	all := make(Placeholders)
	for _, doc := range readYAML(src, r) {
		if doc.root == nil || (doc.root.kind == scalarNode && doc.root.tag == "!!null") {
			continue
		}
		if doc.root.kind != mapNode {
			r.err(doc.root.place, WrongType, "placeholders must be a map of names and values")
			continue
		}
		for _, m := range doc.root.pairs {
			all[m.key.text] = placeholderValues(r, m)
		}
	}
	return all, r.failed()
}

func placeholderValues(r *report, m pair) []string {
	list := []*node{m.value}
	if m.value.kind == listNode {
		list = m.value.items
	}
	values := make([]string, 0, len(list))
	for _, n := range list {
		if n.kind != scalarNode || n.tag == "!!null" {
			r.err(n.place, WrongType, "the values of the placeholder %q must be texts", m.key.text)
			continue
		}
		values = append(values, n.text)
	}
	if len(list) == 0 {
		r.err(m.key.place, EmptySelection, "the placeholder %q has no values", m.key.text)
	}
	return values
}

// expand replaces each placeholder in the values by each of its values. What has none stays as it is.
func (p *parser) expand(list []*node) []*node {
	var out []*node
	for _, n := range list {
		if n.kind == scalarNode {
			out = append(out, p.expandOne(n)...)
		} else {
			out = append(out, n)
		}
	}
	return out
}

var placeholder = regexp.MustCompile(`%([^%\s]+)%`)

// mostExpanded bounds how many values one value may become.
const mostExpanded = 10_000

func (p *parser) expandOne(n *node) []*node {
	at := placeholder.FindStringSubmatchIndex(n.text)
	if at == nil {
		return []*node{n}
	}
	name := n.text[at[2]:at[3]]
	values, known := p.options.Placeholders[name]
	if !known {
		p.errHint(n.place, UnresolvedPlaceholder, fmt.Sprintf("give it values in the file that the setting placeholders names: %s: [value, …]%s", name, p.nearestPlaceholder(name)),
			"no placeholder is called %q", name)
		return nil
	}
	before := *n
	before.tag, before.quoted = "!!str", true
	var out []*node
	for _, v := range values {
		for _, rest := range p.expandRest(&before, n.text[at[1]:]) {
			one := before
			one.text = n.text[:at[0]] + v + rest
			out = append(out, &one)
		}
		if len(out) > mostExpanded {
			p.err(n.place, BadValue, "the placeholders in this value make more than %d values", mostExpanded)
			return nil
		}
	}
	return out
}

// expandRest expands what stands behind a placeholder.
func (p *parser) expandRest(n *node, text string) []string {
	rest := *n
	rest.text = text
	var texts []string
	for _, one := range p.expandOne(&rest) {
		texts = append(texts, one.text)
	}
	return texts
}

func (p *parser) nearestPlaceholder(name string) string {
	known := make([]string, 0, len(p.options.Placeholders))
	for k := range p.options.Placeholders {
		known = append(known, k)
	}
	slices.Sort(known)
	if best := nearest(name, known); best != "" {
		return fmt.Sprintf("; did you mean %q?", strings.TrimSpace(best))
	}
	return ""
}
