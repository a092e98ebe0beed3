// Package mutate changes rules in small ways, as mistakes would, and finds out whether the tests that stand beside a rule notice. A mutant on which
// every case of the rule has the verdict that it must have has survived: a test is missing.
package mutate

import (
	"slices"

	"sigmatrail/rules"
)

// Mutant is a rule with one change.
type Mutant struct {
	// Position is that of the item or value that was changed; for conditions, which have none, that of the rule.
	rules.Position
	// What says what was changed, in one line.
	What string
	Rule *rules.Rule
}

// Mutants returns the rules that one change makes of r, none twice. Left out are those that mean the same as r, and those that hold always or
// never: any test kills these. They share with r what was not changed.
func Mutants(r *rules.Rule) []Mutant {
	var all []Mutant
	for _, s := range r.Searches {
		all = append(all, ofSearch(r, s)...)
	}
	for i, c := range r.Conditions {
		for _, changed := range conditions(c) {
			m := *r
			m.Conditions = slices.Clone(r.Conditions)
			m.Conditions[i] = changed
			all = append(all, Mutant{r.Position, "the condition becomes " + changed.String(), &m})
		}
	}
	seen := map[string]bool{canonical(r.Lower()): true, always: true, never: true}
	return slices.DeleteFunc(all, func(m Mutant) bool {
		meaning := canonical(m.Rule.Lower())
		twin := seen[meaning]
		seen[meaning] = true
		return twin
	})
}

// ofSearch returns the mutants with one change in a search identifier.
func ofSearch(r *rules.Rule, s *rules.Search) (all []Mutant) {
	for i, g := range s.Groups {
		if len(s.Groups) > 1 {
			at := s.Position
			if len(g.Items) > 0 {
				at = g.Items[0].Position
			}
			all = append(all, Mutant{at, "deletes this alternative of " + s.Name, with(r, s, slices.Delete(slices.Clone(s.Groups), i, i+1))})
		}
		for j, item := range g.Items {
			change := func(at rules.Position, what string, items ...*rules.Item) {
				groups := slices.Clone(s.Groups)
				groups[i] = rules.Group{Items: slices.Replace(slices.Clone(g.Items), j, j+1, items...)}
				all = append(all, Mutant{at, what, with(r, s, groups)})
			}
			change(item.Position, "deletes "+name(item))
			for _, c := range items(item) {
				change(c.at, c.what, c.item)
			}
		}
	}
	return all
}

// with returns r with other groups in one of its search identifiers.
func with(r *rules.Rule, s *rules.Search, groups []rules.Group) *rules.Rule {
	changed := *s
	changed.Groups = groups
	swap := func(of *rules.Search) *rules.Search {
		if of == s {
			return &changed
		}
		return of
	}
	m := *r
	m.Searches, m.Conditions = slices.Clone(r.Searches), slices.Clone(r.Conditions)
	for i := range m.Searches {
		m.Searches[i] = swap(m.Searches[i])
	}
	for i := range m.Conditions {
		m.Conditions[i] = exchange(m.Conditions[i], swap)
	}
	return &m
}
