package oracle

import (
	"math/big"
	"slices"
	"time"

	"sigmatrail/rules"
)

// holds reports whether the condition is true of a window.
func (c *correlated) holds(window []*happening, g *correlatedGroup) bool {
	switch c.Type {
	case "temporal":
		return c.occur(window)
	case "temporal_ordered":
		return c.inOrder(window)
	case "value_count":
		tuples := make(map[string]bool)
		for _, e := range window {
			for t := range e.tuples {
				tuples[t] = true
			}
		}
		return c.within(count(len(tuples)))
	}
	events := int64(0)
	sum := new(big.Rat)
	var numbers []*big.Rat
	for _, e := range window {
		if e.inner != "" && !g.begins(e) {
			continue
		}
		events++
		for _, n := range e.numbers {
			sum.Add(sum, n)
			numbers = append(numbers, n)
		}
	}
	switch {
	case c.Type == "event_count":
		return c.within(count(int(events)))
	case c.Type == "value_sum":
		return c.within(sum)
	case len(numbers) == 0:
		return false
	case c.Type == "value_avg":
		return c.within(sum.Quo(sum, count(len(numbers))))
	}
	rank, _ := number(c.Percentile)
	return c.within(percentile(numbers, rank))
}

func count(n int) *big.Rat { return big.NewRat(int64(n), 1) }

// percentile returns the value of a rank, on the line between the two nearest where it falls between them.
func percentile(numbers []*big.Rat, rank *big.Rat) *big.Rat {
	slices.SortFunc(numbers, (*big.Rat).Cmp)
	at := new(big.Rat).Mul(rank, big.NewRat(int64(len(numbers)-1), 100))
	low := new(big.Int).Quo(at.Num(), at.Denom())
	v := numbers[low.Int64()]
	part := at.Sub(at, new(big.Rat).SetInt(low))
	if part.Sign() == 0 {
		return v
	}
	step := new(big.Rat).Sub(numbers[low.Int64()+1], v)
	return step.Add(v, step.Mul(step, part))
}

// begins reports whether no other window of the same group of the same correlation overlaps e and is before it.
func (g *correlatedGroup) begins(e *happening) bool {
	return !slices.ContainsFunc(g.events, func(o *happening) bool {
		return o.inner == e.inner && o.at.Before(e.at) && e.at.Sub(o.at) <= e.reach
	})
}

func (c *correlated) within(v *big.Rat) bool {
	for _, b := range c.Bounds {
		limit, _ := number(b.Number)
		order := v.Cmp(limit)
		if !map[string]bool{"gt": order > 0, "gte": order >= 0, "lt": order < 0, "lte": order <= 0, "eq": order == 0, "neq": order != 0}[b.Op] {
			return false
		}
	}
	return true
}

// occur reports whether the rules occur that the condition of a temporal correlation wants.
func (c *correlated) occur(window []*happening) bool {
	found := make(map[string]bool)
	for _, e := range window {
		for place := range e.places {
			found[c.Rules[place].Name] = true
		}
	}
	return c.wants(found, found, len(found), len(c.names()))
}

// names are those of the references, each once.
func (c *correlated) names() map[string]bool {
	names := make(map[string]bool)
	for _, t := range c.Rules {
		names[t.Name] = true
	}
	return names
}

// wants reports whether the condition is true where the names in found occur as it wants them, many of all in number, and those in present occur at all.
func (c *correlated) wants(found, present map[string]bool, many, all int) bool {
	switch {
	case c.Expression != nil:
		return says(c.Expression, found, present)
	case len(c.Bounds) > 0:
		return c.within(count(many))
	}
	return many == all
}

// says evaluates an expression: what is not wanted must not occur at all.
func says(e rules.Condition, found, present map[string]bool) bool {
	switch e := e.(type) {
	case rules.Not:
		return !says(e.Term, present, found)
	case rules.Ref:
		return found[e.Search.Name]
	case rules.Of:
		return ofNames(e, found)
	case rules.And:
		for _, t := range e.Terms {
			if !says(t, found, present) {
				return false
			}
		}
		return true
	case rules.Or:
		for _, t := range e.Terms {
			if says(t, found, present) {
				return true
			}
		}
	}
	return false
}

func ofNames(e rules.Of, found map[string]bool) bool {
	for _, s := range e.Searches {
		if found[s.Name] != e.All {
			return !e.All
		}
	}
	return e.All
}

// inOrder tries every set of the references: whether events of a window, each another one, stand for them in their order, and whether that is what the
// condition wants. Bounds are about the longest.
func (c *correlated) inOrder(window []*happening) bool {
	present := make(map[string]bool)
	for _, e := range window {
		for place := range e.places {
			present[c.Rules[place].Name] = true
		}
	}
	longest := 0
	for set := range 1 << len(c.Rules) {
		found := make(map[string]bool)
		var places []int
		for place, t := range c.Rules {
			if set&(1<<place) != 0 {
				places = append(places, place)
				found[t.Name] = true
			}
		}
		if !stand(window, places, time.Time{}, make(map[*happening]bool)) {
			continue
		}
		longest = max(longest, len(places))
		if c.Expression != nil && says(c.Expression, found, present) {
			return true
		}
	}
	return c.Expression == nil && c.wants(nil, nil, longest, len(c.Rules))
}

// stand reports whether unused events from a time on can stand for the places, one after the other.
func stand(window []*happening, places []int, from time.Time, used map[*happening]bool) bool {
	if len(places) == 0 {
		return true
	}
	for _, e := range window {
		if used[e] || !e.places[places[0]] || e.at.Before(from) {
			continue
		}
		used[e] = true
		if stand(window, places[1:], e.at, used) {
			return true
		}
		delete(used, e)
	}
	return false
}
