package correlate

import (
	"math/bits"
	"slices"
)

// In temporal_ordered the records of the rules stand in the order of the rules. Equal times count as in order, and each place in the order needs a record of
// its own, so that of records with one time it has to be found out which takes which place.

// orderedSuffix is suffix for temporal_ordered.
func (m *machine) orderedSuffix(events []event, skip int) (from int, ok bool) {
	present, needed := uint64(0), m.all
	for i := range events {
		if i != skip {
			present |= events[i].mask
		}
	}
	if m.expr != nil || len(m.bounds) > 0 {
		if !m.of(present, present) {
			return 0, false
		}
		return m.subsets(events, skip, present)
	}
	if present&needed != needed {
		return 0, false
	}
	return m.chain(events, skip)
}

// ties calls f with the events of each time, the latest first, until it returns false.
func ties(events []event, f func(first int, tied []event) bool) {
	for end := len(events); end > 0; {
		first := end - 1
		for first > 0 && events[first-1].at == events[end-1].at {
			first--
		}
		if !f(first, events[first:end]) {
			return
		}
		end = first
	}
}

// chain finds the latest start of a chain of all places.
func (m *machine) chain(events []event, skip int) (from int, ok bool) {
	place := m.slots - 1 // the last one that is not taken yet
	ties(events, func(first int, tied []event) bool {
		from = first
		if len(tied) == 1 {
			if skip != first && tied[0].mask&(1<<place) != 0 {
				place--
			}
			return place >= 0
		}
		taken := make(map[int]int) // event to place
		for place >= 0 && claim(place, tied, skip-first, taken, make(map[int]bool)) {
			place--
		}
		return place >= 0
	})
	return from, place < 0
}

// claim finds a record among tied for a place, and if need be other records for the places that had them.
func claim(place int, tied []event, skip int, taken map[int]int, tried map[int]bool) bool {
	for i := range tied {
		if i == skip || tied[i].mask&(1<<place) == 0 || tried[i] {
			continue
		}
		tried[i] = true
		other, busy := taken[i]
		if !busy || claim(other, tied, skip, taken, tried) {
			taken[i] = place
			return true
		}
	}
	return false
}

// subsets finds the latest start of a chain of some places that make the condition true, where present occur at all.
func (m *machine) subsets(events []event, skip int, present uint64) (from int, ok bool) {
	if m.of(0, present) {
		return max(0, len(events)-1), true
	}
	c := newChains()
	ties(events, func(first int, tied []event) bool {
		from = first
		for _, chain := range c.extend(m, tied, skip-first) {
			ok = ok || m.of(chain, present)
		}
		return !ok
	})
	return from, ok
}

// chains are sets of places that records have taken in their order, from the last one on.
type chains struct {
	list  []uint64
	known [1 << mostPlaces / 64]uint64 // a bit for each set in list
	// stale are the places that add nothing to any chain as long as there is no new one.
	stale uint64
	added []uint64
}

// mostPlaces is how many rules a temporal_ordered correlation may have.
const mostPlaces = 12

func newChains() *chains {
	c := &chains{list: []uint64{0}}
	c.known[0] = 1
	return c
}

// extend adds those that the chains become with the records in tied, which come before them, and returns what it added.
func (c *chains) extend(m *machine, tied []event, skip int) []uint64 {
	mask := uint64(0)
	for i := range tied {
		if i != skip {
			mask |= tied[i].mask
		}
	}
	c.added = c.added[:0]
	if mask&^c.stale == 0 {
		return nil
	}
	before := len(c.list)
	if len(tied) == 1 {
		for free := mask; free != 0; free &= free - 1 {
			c.take(free&-free, before)
		}
	} else {
		for _, step := range m.places(tied, skip) {
			c.take(step, before)
		}
	}
	switch {
	case len(c.added) > 0:
		c.stale = 0
	default:
		c.stale |= mask
	}
	return c.added
}

// take adds what the first n chains become with a set of places before them.
func (c *chains) take(step uint64, n int) {
	for _, chain := range c.list[:n] { // the first ones alone, so that no record takes two places
		if chain != 0 && bits.Len64(step) > bits.TrailingZeros64(chain) {
			continue
		}
		if longer := chain | step; c.known[longer/64]&(1<<(longer%64)) == 0 {
			c.known[longer/64] |= 1 << (longer % 64)
			c.list, c.added = append(c.list, longer), append(c.added, longer)
		}
	}
}

// places returns the sets of places that the records in tied can take, each record one.
func (m *machine) places(tied []event, skip int) []uint64 {
	sets, list := map[uint64]bool{0: true}, []uint64{0}
	same := make(map[uint64]int)
	for i := range tied {
		mask := tied[i].mask
		if same[mask]++; i == skip || same[mask] > m.slots { // more of the same take no more places
			continue
		}
		for _, set := range slices.Clone(list) {
			for free := mask &^ set; free != 0; free &= free - 1 {
				if more := set | free&-free; !sets[more] {
					sets[more] = true
					list = append(list, more)
				}
			}
		}
	}
	return list[1:]
}

// orderedHolds judges a condition that later events can make false.
func (m *machine) orderedHolds(events []event) bool {
	present := uint64(0)
	for i := range events {
		present |= events[i].mask
	}
	if m.expr == nil && len(m.bounds) > 0 {
		return m.compare(m.longest(events))
	}
	_, ok := m.subsets(events, none, present)
	return ok
}

// longest returns how many places records take in their order, at most.
func (m *machine) longest(events []event) float64 {
	most := 0.0
	c := newChains()
	ties(events, func(_ int, tied []event) bool {
		for _, chain := range c.extend(m, tied, none) {
			most = max(most, count(chain))
		}
		return true
	})
	return most
}
