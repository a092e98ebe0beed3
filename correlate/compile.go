package correlate

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"

	"sigmatrail/rules"
)

// Set is the correlations of a set of rules, ready to be evaluated. It is immutable.
type Set struct {
	machines []*machine // by correlation
	order    []*machine // those first that others refer to
	byRule   [][]feed
	fed      bool
}

// kind is what a correlation looks at in a window.
type kind uint8

const (
	eventCount kind = iota
	valueCount
	valueSum
	valueAvg
	valuePercentile
	temporal
	ordered
)

// machine is one correlation.
type machine struct {
	index  int
	title  string // of the rule, with its id
	kind   kind
	span   int64 // microseconds
	group  []string
	bounds []bound
	expr   rules.Condition   // temporal ones; nil: bounds, or all rules
	named  map[string]uint64 // the slots that a name in expr stands for
	slots  int
	all    uint64 // every slot
	rank   float64
	// waits is set where later events can make the condition false again, so that it is judged when they must have come.
	waits bool
	// needsAll is set where the condition can be true of a window because events are missing.
	needsAll bool
	// behind are the correlations that wait in the chain up to this one, and itself if it does: what these have not judged yet may still come.
	behind []*machine
	// need is the count that a condition with a lower bound alone needs.
	need int
	// under is a little less than what a sum must be at least.
	under float64
	// carry are the fields of the records that complete it which correlations need that refer to it.
	carry []string
	// reach is the longest timespan of the correlations that it refers to: so far back is looked for what begins a burst.
	reach int64
	// least is how many events the condition needs at least.
	least  int
	outer  []feed // correlations that refer to this one
	digest [sha256.Size]byte
}

// feed is what the events of one rule, or the firings of one correlation, are to another.
type feed struct {
	to     *machine
	mask   uint64 // its slots
	group  []string
	values []string
}

type bound struct {
	op    string
	value float64
}

func (b bound) holds(v float64) bool {
	switch b.op {
	case "gt":
		return v > b.value
	case "gte":
		return v >= b.value
	case "lt":
		return v < b.value
	case "lte":
		return v <= b.value
	case "eq":
		return v == b.value
	default:
		return v != b.value
	}
}

// Compile prepares the correlations of s, which must not change any more.
func Compile(s *rules.Set) *Set {
	set := &Set{byRule: make([][]feed, len(s.Rules))}
	for i, c := range s.Correlations {
		set.machines = append(set.machines, newMachine(i, c))
	}
	resolved := make([][]rules.Referents, len(s.Correlations))
	for i, c := range s.Correlations {
		resolved[i] = s.Resolve(c)
	}
	for i, c := range s.Correlations {
		set.connect(s, c, set.machines[i], resolved[i])
	}
	done := make(map[int]bool)
	for i := range s.Correlations {
		set.arrange(s, i, resolved, done)
	}
	for _, m := range slices.Backward(set.order) {
		m.carries()
	}
	set.tellApart()
	return set
}

// tellApart gives correlations that mean the same digests of their own: each counts for itself.
func (set *Set) tellApart() {
	seen := make(map[[sha256.Size]byte]int)
	for _, m := range set.machines {
		n := seen[m.digest]
		seen[m.digest]++
		if n > 0 {
			m.digest = sha256.Sum256(fmt.Append(m.digest[:], n))
		}
	}
}

// carries works out carry, when it is known of those that refer to m.
func (m *machine) carries() {
	for _, f := range m.outer {
		for _, field := range slices.Concat(f.group, f.values, f.to.carry) {
			if !slices.Contains(m.group, field) && !slices.Contains(m.carry, field) {
				m.carry = append(m.carry, field)
			}
		}
	}
}

func newMachine(index int, c *rules.Correlation) *machine {
	m := &machine{
		index: index, title: titleOf(c), span: c.Timespan.Microseconds(), group: c.GroupBy, expr: c.Expression, slots: len(c.Rules), named: make(map[string]uint64), least: 1, need: 1,
		kind: map[string]kind{
			"event_count": eventCount, "value_count": valueCount, "value_sum": valueSum, "value_avg": valueAvg, "value_percentile": valuePercentile,
			"temporal": temporal, "temporal_ordered": ordered,
		}[c.Type],
		rank: number(c.Percentile), waits: c.Waits() != "",
	}
	m.setBounds(c)
	m.needsAll = m.waits && m.kind != valueAvg && m.kind != valuePercentile
	for i, t := range c.Rules {
		if m.kind != temporal || m.named[t.Name] == 0 { // a rule that is named twice needs two records only where they have an order
			m.named[t.Name] |= m.bit(i)
		}
	}
	for _, mask := range m.named {
		m.all |= mask
	}
	return m
}

// setBounds notes what the condition compares with, and what that is for at least.
func (m *machine) setBounds(c *rules.Correlation) {
	m.under = math.Inf(-1)
	for _, b := range c.Bounds {
		v := number(b.Number)
		m.bounds = append(m.bounds, bound{op: b.Op, value: v})
		m.under = max(m.under, v-math.Abs(v)*1e-6)
		n := int(min(max(0, math.Floor(v)), math.MaxInt32))
		if m.kind == eventCount || m.kind == valueCount {
			m.least = max(m.least, n+2) // enough to see that it is more
		}
		if b.Op == "gt" || float64(n) < v {
			n++
		}
		m.need = max(m.need, n)
	}
}

// bit is the slot of a reference; those that count have but one.
func (m *machine) bit(i int) uint64 {
	if m.kind != temporal && m.kind != ordered {
		return 1
	}
	return 1 << i
}

func number(d rules.Decimal) float64 {
	text, ok := d.Canonical()
	if !ok {
		return 0
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0 // unreachable: digits
	}
	return v
}

// connect notes whose events go to m.
func (set *Set) connect(s *rules.Set, c *rules.Correlation, m *machine, resolved []rules.Referents) {
	add := func(list []feed, r *rules.Rule, mask uint64) []feed {
		set.fed = true
		if i := slices.IndexFunc(list, func(f feed) bool { return f.to == m }); i >= 0 {
			list[i].mask |= mask
			return list
		}
		return append(list, feed{to: m, mask: mask, group: c.FieldsOf(r, c.GroupBy), values: c.FieldsOf(r, c.Fields)})
	}
	for i, t := range c.Rules {
		mask := m.named[t.Name] & m.slot(i)
		for _, rule := range resolved[i].Rules {
			set.byRule[rule] = add(set.byRule[rule], s.Rules[rule], mask)
		}
		for _, inner := range resolved[i].Correlations {
			from := set.machines[inner]
			from.outer = add(from.outer, s.Correlations[inner].Rule, mask)
			m.waits = m.waits || c.CountsRuns()
		}
	}
}

// slot is the bits that the i-th reference may set.
func (m *machine) slot(i int) uint64 {
	if m.kind == temporal {
		return math.MaxUint64
	}
	return m.bit(i)
}

// arrange puts the correlations in an order in which each comes behind those that it refers to, and works out what follows from these.
func (set *Set) arrange(s *rules.Set, i int, resolved [][]rules.Referents, done map[int]bool) {
	if done[i] {
		return
	}
	done[i] = true
	m := set.machines[i]
	for _, r := range resolved[i] {
		for _, inner := range r.Correlations {
			set.arrange(s, inner, resolved, done)
			from := set.machines[inner]
			m.reach = max(m.reach, from.span)
			for _, b := range from.behind {
				if !slices.Contains(m.behind, b) {
					m.behind = append(m.behind, b)
				}
			}
		}
	}
	if m.waits {
		m.behind = append(m.behind, m)
	}
	m.digest = set.digest(s, s.Correlations[i], resolved[i])
	set.order = append(set.order, m)
}

// Empty reports whether there is nothing to correlate.
func (set *Set) Empty() bool { return !set.fed }

// Fields returns the fields that events are asked for, sorted.
func (set *Set) Fields() []string {
	var list []string
	add := func(feeds []feed) {
		for _, f := range feeds {
			list = append(append(list, f.group...), f.values...)
		}
	}
	for _, feeds := range set.byRule {
		add(feeds)
	}
	for _, m := range set.machines {
		add(m.outer)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Feeds reports whether some correlation names the rule of that index.
func (set *Set) Feeds(rule int) bool { return len(set.byRule[rule]) > 0 }

// count returns how many bits are set, as a condition compares it.
func count(mask uint64) float64 { return float64(bits.OnesCount64(mask)) }
