package mutate

import (
	"slices"

	"sigmatrail/rules"
)

// conditions returns what one change makes of a condition: and for or, one term less, or the opposite of a term.
func conditions(c rules.Condition) []rules.Condition {
	switch c := c.(type) {
	case rules.And:
		return append(terms(c.Terms, func(t []rules.Condition) rules.Condition { return rules.And{Terms: t} }, isNot), rules.Or(c))
	case rules.Or:
		return append(terms(c.Terms, func(t []rules.Condition) rules.Condition { return rules.Or{Terms: t} }, isAny), rules.And(c))
	case rules.Not:
		all := []rules.Condition{c.Term}
		for _, t := range conditions(c.Term) {
			all = append(all, rules.Not{Term: t})
		}
		return all
	case rules.Of:
		return append(of(c), rules.Not{Term: c})
	default:
		return []rules.Condition{rules.Not{Term: c}}
	}
}

// isNot is for the terms of an and. To leave another one out is to delete all of its items, each of which is a mutant of its own.
func isNot(c rules.Condition) bool { _, ok := c.(rules.Not); return ok }

func isAny(rules.Condition) bool { return true }

// terms changes each term of an operator in turn, and leaves out each that may be left out.
func terms(list []rules.Condition, build func([]rules.Condition) rules.Condition, droppable func(rules.Condition) bool) (all []rules.Condition) {
	for i, t := range list {
		if droppable(t) {
			all = append(all, build(slices.Delete(slices.Clone(list), i, i+1)))
		}
		for _, changed := range conditions(t) {
			replaced := slices.Clone(list)
			replaced[i] = changed
			all = append(all, build(replaced))
		}
	}
	return all
}

// of turns 1 of into all of and back, and leaves out each search of 1 of.
func of(c rules.Of) []rules.Condition {
	other := c
	other.All = !c.All
	all := []rules.Condition{other}
	if c.All {
		return all
	}
	for i := range c.Searches {
		rest := make([]rules.Condition, 0, len(c.Searches)-1)
		for _, s := range slices.Delete(slices.Clone(c.Searches), i, i+1) {
			rest = append(rest, rules.Ref{Search: s})
		}
		all = append(all, rules.Or{Terms: rest})
	}
	return all
}

// exchange returns c with other searches.
func exchange(c rules.Condition, swap func(*rules.Search) *rules.Search) rules.Condition {
	each := func(list []rules.Condition) []rules.Condition {
		list = slices.Clone(list)
		for i := range list {
			list[i] = exchange(list[i], swap)
		}
		return list
	}
	switch c := c.(type) {
	case rules.And:
		return rules.And{Terms: each(c.Terms)}
	case rules.Or:
		return rules.Or{Terms: each(c.Terms)}
	case rules.Not:
		return rules.Not{Term: exchange(c.Term, swap)}
	case rules.Ref:
		return rules.Ref{Search: swap(c.Search)}
	case rules.Of:
		c.Searches = slices.Clone(c.Searches)
		for i := range c.Searches {
			c.Searches[i] = swap(c.Searches[i])
		}
		return c
	}
	return c
}
