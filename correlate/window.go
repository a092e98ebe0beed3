package correlate

import (
	"math"
	"math/big"
	"slices"

	"sigmatrail/rules"
)

// none is the index of no event.
const none = -1

// suffix returns the latest index from which the events up to the last one satisfy a condition that more events cannot make false; ok is false where not even
// all of them do. The event at the index skip is taken for not there.
func (m *machine) suffix(events []event, skip int) (from int, ok bool) {
	if m.kind == ordered {
		return m.orderedSuffix(events, skip)
	}
	c := counter{machine: m}
	for i := len(events) - 1; i >= 0; i-- {
		if i != skip && c.add(&events[i]) && c.holds() {
			return i, true
		}
	}
	return 0, false
}

// counter adds up events in any order.
type counter struct {
	*machine

	events  int
	mask    uint64
	values  []hash
	set     map[hash]struct{} // the values, where they are many
	sum     *big.Float
	numbers []float64
}

// fewValues is how many values are found quicker by looking at all of them.
const fewValues = 24

// exactly is enough binary digits for the sum of any number of float64s, so that it does not depend on their order.
const exactly = 2304

// add adds an event, and reports whether that can have made a difference to the condition.
func (c *counter) add(e *event) bool {
	c.events++
	switch c.kind {
	case eventCount:
		return true
	case valueCount:
		before := c.distinct()
		for _, v := range e.more.values {
			c.addValue(v)
		}
		return c.distinct() > before
	case temporal, ordered:
		before := c.mask
		c.mask |= e.mask
		return c.mask != before
	}
	if c.kind == valuePercentile {
		c.numbers = append(c.numbers, e.more.numbers...)
		return true
	}
	if c.sum == nil {
		c.sum = new(big.Float).SetPrec(exactly)
	}
	for _, v := range e.more.numbers {
		c.sum.Add(c.sum, new(big.Float).SetFloat64(v))
	}
	c.numbers = append(c.numbers, e.more.numbers...)
	return true
}

func (c *counter) distinct() int { return max(len(c.values), len(c.set)) }

func (c *counter) addValue(v hash) {
	switch {
	case c.set != nil:
		c.set[v] = struct{}{}
	case slices.Contains(c.values, v):
	case len(c.values) < fewValues:
		c.values = append(c.values, v)
	default:
		c.set = make(map[hash]struct{}, 2*fewValues)
		for _, w := range c.values {
			c.set[w] = struct{}{}
		}
		c.set[v] = struct{}{}
	}
}

// value returns what the condition compares.
func (c *counter) value() float64 {
	switch c.kind {
	case eventCount:
		return float64(c.events)
	case valueCount:
		return float64(c.distinct())
	case valueSum, valueAvg:
		if c.sum == nil {
			return 0
		}
		sum := c.sum
		if c.kind == valueAvg {
			sum = new(big.Float).SetPrec(exactly).Quo(sum, new(big.Float).SetInt64(int64(len(c.numbers))))
		}
		v, _ := sum.Float64()
		return v
	case valuePercentile:
		return percentile(c.numbers, c.rank)
	default:
		return count(c.mask)
	}
}

// percentile returns the value of a rank, between the two nearest ones where it falls between them.
func percentile(numbers []float64, rank float64) float64 {
	if len(numbers) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(numbers))
	at := rank / 100 * float64(len(sorted)-1)
	low, part := math.Modf(at)
	v := sorted[int(low)]
	if part > 0 {
		v += part * (sorted[int(low)+1] - v)
	}
	return v
}

// holds reports whether the condition is true of what was added.
func (c *counter) holds() bool {
	if c.kind != temporal {
		return c.compare(c.value())
	}
	return c.of(c.mask, c.mask)
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

// judge evaluates any condition on the events of a window. counted are those that count: of the firings of a correlation only the first of each burst does.
func (m *machine) judge(events []event, counted func(i int) bool) bool {
	if m.kind == ordered {
		return m.orderedHolds(events)
	}
	c := counter{machine: m}
	for i := range events {
		if counted(i) {
			c.add(&events[i])
		}
	}
	if (m.kind == valueAvg || m.kind == valuePercentile) && len(c.numbers) == 0 {
		return false
	}
	return c.holds()
}
