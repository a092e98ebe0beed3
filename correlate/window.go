package correlate

import (
	"slices"

	"sigmatrail/rules"
)

// none is the index of no event.
const none = -1

// suffix returns the latest index from which the events from low up to high, without that, satisfy a condition that more events cannot make false; ok is false
// where not even all of them do. The event at the index skip is taken for not there.
func (g *group) suffix(m *machine, low, high, skip int) (from int, ok bool) {
	switch m.kind {
	case eventCount:
		from = high - m.need
		if from <= skip && skip < high {
			from--
		}
		if from < low {
			return low - from, false
		}
		return from, true
	case ordered:
		if skip < low || skip >= high {
			skip = low + none
		}
		if from, ok = m.orderedSuffix(g.events[low:high], skip-low); ok {
			return low + from, true
		}
		return 1, false
	}
	return g.addUp(m, low, high, skip)
}

// addUp is suffix for what is added up event by event.
func (g *group) addUp(m *machine, low, high, skip int) (from int, ok bool) {
	if !g.tally.enough(m) {
		return len(g.events), false
	}
	g.tally.begin()
	total, n, mask := newSum(), 0, uint64(0)
	for i := high - 1; i >= low; i-- {
		e := &g.events[i]
		switch {
		case i == skip:
			continue
		case m.kind == temporal:
			if mask|e.mask == mask {
				continue
			}
			mask |= e.mask
			ok = m.of(mask, mask)
		case m.kind == valueCount:
			n += g.tally.fresh(e)
			ok = n >= m.need
		default:
			more := total.n == 0
			for _, v := range e.more.numbers {
				total.add(v)
				more = more || v > 0
			}
			ok = more && total.quick >= m.under && total.holds(m, g.numbers(m, i, high, skip))
		}
		if ok {
			return i, true
		}
	}
	return g.tally.lacks(m, n, total.quick), false
}

// numbers returns a function that goes through the numbers of the events from low up to high that count, but the one at skip.
func (g *group) numbers(m *machine, low, high, skip int) func(func(float64)) {
	return func(yield func(float64)) {
		for i := low; i < high; i++ {
			if i != skip && g.counts(m, i) {
				for _, v := range g.events[i].more.numbers {
					yield(v)
				}
			}
		}
	}
}

// judge evaluates any condition on the events from low up to high.
func (g *group) judge(m *machine, low, high int) bool {
	if m.needsAll && g.lost >= g.events[high-1].at-m.span {
		return false // who knows
	}
	switch m.kind {
	case valueSum, valueAvg:
		total := newSum()
		numbers := g.numbers(m, low, high, none)
		numbers(total.add)
		return (m.kind == valueSum || total.n > 0) && total.holds(m, numbers)
	case temporal:
		mask := g.mask(low, high)
		return m.of(mask, mask)
	case ordered:
		return m.orderedHolds(g.events[low:high])
	}
	v := g.value(m, low, high)
	return v == v && m.compare(v) // NaN: there are no numbers
}

func (g *group) mask(low, high int) (mask uint64) {
	for i := low; i < high; i++ {
		mask |= g.events[i].mask
	}
	return mask
}

// value returns what the condition compares, of the events from low up to high.
func (g *group) value(m *machine, low, high int) float64 {
	switch m.kind {
	case eventCount:
		if m.reach == 0 {
			return float64(high - low)
		}
		n := 0
		for i := low; i < high; i++ {
			if g.counts(m, i) {
				n++
			}
		}
		return float64(n)
	case valueCount:
		g.tally.begin()
		n := 0
		for i := low; i < high; i++ {
			n += g.tally.fresh(&g.events[i])
		}
		return float64(n)
	case valueSum, valueAvg:
		return exact(m, g.numbers(m, low, high, none))
	case valuePercentile:
		list := make([]float64, 0, high-low)
		g.numbers(m, low, high, none)(func(v float64) { list = append(list, v) })
		return percentile(list, m.rank)
	case ordered:
		return m.longest(g.events[low:high])
	}
	return count(g.mask(low, high))
}

// counts reports whether the event at an index counts: of the firings of a correlation those alone that begin a burst, that is, a run of overlapping windows.
func (g *group) counts(m *machine, i int) bool {
	e := &g.events[i]
	if m.reach == 0 || e.isRecord() {
		return true
	}
	if e.burst == unknown {
		e.burst = begins
		for j := i - 1; j >= 0 && g.events[j].at >= e.at-e.more.reach; j-- {
			if o := &g.events[j]; !o.isRecord() && o.more.inner == e.more.inner {
				e.burst = goesOn
				break
			}
		}
	}
	return e.burst == begins
}

func (m *machine) compare(v float64) bool {
	for _, b := range m.bounds {
		if !b.holds(v) {
			return false
		}
	}
	return true
}

// of reports whether the condition of a temporal correlation is true where the slots in found count as filled, and those in present are.
func (m *machine) of(found, present uint64) bool {
	switch {
	case m.expr != nil:
		return m.evaluate(m.expr, found, present)
	case len(m.bounds) > 0:
		return m.compare(count(found))
	}
	return found == m.all
}

// evaluate looks up names in found, and below a not in present.
func (m *machine) evaluate(c rules.Condition, found, present uint64) bool {
	name := func(s *rules.Search) bool { return m.named[s.Name]&found != 0 }
	term := func(c rules.Condition) bool { return m.evaluate(c, found, present) }
	switch c := c.(type) {
	case rules.Not:
		return !m.evaluate(c.Term, present, found)
	case rules.And:
		return !slices.ContainsFunc(c.Terms, func(t rules.Condition) bool { return !term(t) })
	case rules.Or:
		return slices.ContainsFunc(c.Terms, term)
	case rules.Ref:
		return name(c.Search)
	case rules.Of:
		if c.All {
			return !slices.ContainsFunc(c.Searches, func(s *rules.Search) bool { return !name(s) })
		}
		return slices.ContainsFunc(c.Searches, name)
	}
	return false
}
