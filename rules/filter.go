package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Filter is a Sigma Filter (sigma-filters-specification.md): conditions that are added, by and, to rules that it names.
type Filter struct {
	Position
	Title, ID string
	LogSource LogSource
	// Targets are the ids or names of rules, with their places; Any means every rule of the log source.
	Targets []Target
	Any     bool
	// Searches and Conditions are those of a rule's detection.
	Searches   []*Search
	Conditions []Condition
}

// Target is a rule that a filter names.
type Target struct {
	Position
	Name string
}

// filter reads a document with a filter in it.
func (p *parser) filter() *Filter {
	p.missing("filter", "title", "logsource")
	p.attributes()
	p.status()
	p.logSource()
	p.taxonomy()
	p.id()
	f := &Filter{Position: p.rule.Position, Title: p.rule.Title, ID: p.rule.ID, LogSource: p.rule.LogSource}
	n := p.doc.get("filter")
	if n.kind != mapNode {
		p.err(n.place, WrongType, "filter must be a map of rules, search identifiers and a condition")
		return f
	}
	p.targets(f, n)
	p.searches(n.without("rules"))
	f.Searches, f.Conditions = p.rule.Searches, p.rule.Conditions
	if !p.options.NarrowingFilters && len(f.Conditions) > 0 && !slices.ContainsFunc(f.Conditions, negates) {
		p.errHint(n.get("condition").place, FilterNarrows, fmt.Sprintf("write condition: not (%s), or set allow_narrowing_filters if it is meant", f.Conditions[0]),
			"this filter has no not: it would keep only the hits that it is meant to leave out")
	}
	return f
}

// targets reads the rules that a filter names.
func (p *parser) targets(f *Filter, n *node) {
	list := n.get("rules")
	switch {
	case list == nil:
		p.err(n.place, MissingField, "the filter names no rules; name ids, or any")
		return
	case list.kind == scalarNode:
		list = &node{place: list.place, kind: listNode, items: []*node{list}}
	case list.kind == mapNode:
		p.err(list.place, WrongType, "rules must be a list of ids or names")
		return
	}
	for _, item := range list.items {
		switch {
		case item.kind != scalarNode || item.text == "":
			p.err(item.place, WrongType, "rules must be a list of ids or names")
		case strings.EqualFold(item.text, "any"):
			f.Any = true
		default:
			f.Targets = append(f.Targets, Target{Position: p.position(item.place), Name: item.text})
		}
	}
}

// negates reports whether a condition has a not in it.
func negates(c Condition) bool {
	switch c := c.(type) {
	case Not:
		return true
	case And:
		return slices.ContainsFunc(c.Terms, negates)
	case Or:
		return slices.ContainsFunc(c.Terms, negates)
	}
	return false
}

// covers reports whether a filter's log source is that of a rule, as far as it says.
func (s LogSource) covers(other LogSource) bool {
	same := func(a, b string) bool { return a == "" || strings.EqualFold(a, b) }
	return same(s.Category, other.Category) && same(s.Product, other.Product) && same(s.Service, other.Service)
}

// apply adds the filter to the rules that it names, and returns the targets that are none of them.
func (f *Filter) apply(list []*Rule) (unknown []Target) {
	found := make(map[string]bool)
	for _, r := range list {
		if !f.LogSource.covers(r.LogSource) {
			continue
		}
		named := f.Any
		for _, t := range f.Targets {
			if strings.EqualFold(t.Name, r.ID) || t.Name == r.Name {
				named, found[t.Name] = true, true
			}
		}
		if named {
			f.restrict(r)
		}
	}
	for _, t := range f.Targets {
		if !found[t.Name] {
			unknown = append(unknown, t)
		}
	}
	return unknown
}

// restrict makes r hold only where one of the filter's conditions does too.
func (f *Filter) restrict(r *Rule) {
	var extra Condition = Or{Terms: f.Conditions}
	if len(f.Conditions) == 1 {
		extra = f.Conditions[0]
	}
	conditions := make([]Condition, 0, len(r.Conditions))
	for _, c := range r.Conditions {
		conditions = append(conditions, And{Terms: []Condition{c, extra}})
	}
	r.Conditions, r.Searches = conditions, append(slices.Clip(r.Searches), f.Searches...)
}
