package awslint

import (
	"slices"

	"sigmatrail/rules"
)

// part is one map of a search identifier.
type part struct {
	search *rules.Search
	group  *rules.Group
}

// clause is one way in which a rule can hold: all of with hold, and none of without.
type clause struct{ with, without []part }

// maxClauses bounds the ways that are looked at: of a rule with more of them only its maps are, each by itself.
const maxClauses = 512

// reading is a rule taken apart.
type reading struct {
	rule *rules.Rule
	// parts are the maps that the conditions name, and clauses the ways in which the rule can hold.
	parts   []part
	clauses []clause
	// partial is set where clauses are not the ways in which the whole rule can hold.
	partial bool
}

func read(r *rules.Rule) *reading {
	c := &reading{rule: r}
	for _, s := range r.Searches {
		for i := range s.Groups {
			c.parts = append(c.parts, part{s, &s.Groups[i]})
		}
	}
	for _, condition := range r.Conditions {
		c.clauses = append(c.clauses, expand(condition, false)...)
		if len(c.clauses) > maxClauses {
			c.partial = true
			break
		}
	}
	if c.partial {
		c.clauses = nil
		for _, p := range c.parts {
			c.clauses = append(c.clauses, clause{with: []part{p}})
		}
	}
	return c
}

// expand returns the ways in which a condition holds, or does not; more than maxClauses where there are more than that.
func expand(c rules.Condition, not bool) []clause {
	switch c := c.(type) {
	case rules.Not:
		return expand(c.Term, !not)
	case rules.And:
		return combine(c.Terms, not, not)
	case rules.Or:
		return combine(c.Terms, not, !not)
	case rules.Ref:
		return ofSearch(c.Search, not)
	case rules.Of:
		terms := make([]rules.Condition, 0, len(c.Searches))
		for _, s := range c.Searches {
			terms = append(terms, rules.Ref{Search: s})
		}
		return combine(terms, not, c.All == not)
	}
	return nil // unreachable: there are no other conditions
}

// combine expands terms of which one is enough (either), or all are needed.
func combine(terms []rules.Condition, not, either bool) []clause {
	if either {
		var all []clause
		for _, t := range terms {
			all = append(all, expand(t, not)...)
		}
		return all
	}
	ways := []clause{{}}
	for _, t := range terms {
		next := expand(t, not)
		product := make([]clause, 0, len(ways)*len(next))
		for _, a := range ways {
			for _, b := range next {
				product = append(product, clause{slices.Concat(a.with, b.with), slices.Concat(a.without, b.without)})
				if len(product) > maxClauses {
					return product
				}
			}
		}
		ways = product
	}
	return ways
}

func ofSearch(s *rules.Search, not bool) []clause {
	var ways []clause
	var none clause
	for i := range s.Groups {
		p := part{s, &s.Groups[i]}
		ways, none.without = append(ways, clause{with: []part{p}}), append(none.without, p)
	}
	if not {
		return []clause{none}
	}
	return ways
}

// around returns, for each clause that p stands in, the items that hold where p is looked at: its own first, then those of the other maps.
func (c *reading) around(p part) [][]*rules.Item {
	var all [][]*rules.Item
	for _, way := range c.clauses {
		if !slices.Contains(way.with, p) && !slices.Contains(way.without, p) {
			continue
		}
		items := slices.Clone(p.group.Items)
		for _, other := range way.with {
			if other != p {
				items = append(items, other.group.Items...)
			}
		}
		all = append(all, items)
	}
	if len(all) == 0 {
		all = append(all, p.group.Items)
	}
	return all
}

// items returns those of a clause that must hold.
func (way clause) items() []*rules.Item {
	var all []*rules.Item
	for _, p := range way.with {
		all = append(all, p.group.Items...)
	}
	return all
}
