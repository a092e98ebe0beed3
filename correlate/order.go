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
		taken := make(map[int]int) // event to place
		for place >= 0 && claim(place, tied, skip-first, taken, make(map[int]bool)) {
			place--
		}
		from = first
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
	reached := map[uint64]bool{0: true}
	if m.of(0, present) {
		return max(0, len(events)-1), true
	}
	ties(events, func(first int, tied []event) bool {
		from = first
		for _, chain := range m.extend(reached, tied, skip-first) {
			ok = ok || m.of(chain, present)
		}
		return !ok
	})
	return from, ok
}

// extend adds to the sets of places that chains have taken those that they can take with the records in tied, which come before them, and returns what it
// added.
func (m *machine) extend(reached map[uint64]bool, tied []event, skip int) (added []uint64) {
	for _, step := range m.places(tied, skip) {
		for chain := range reached {
			if chain == 0 || bits.Len64(step) <= bits.TrailingZeros64(chain) {
				added = append(added, chain|step)
			}
		}
	}
	for _, chain := range added { // now, so that no record takes two places
		reached[chain] = true
	}
	return added
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
	if m.expr == nil && len(m.bounds) > 0 { // how many rules occur in order, at most
		longest := 0.0
		reached := map[uint64]bool{0: true}
		ties(events, func(_ int, tied []event) bool {
			for _, chain := range m.extend(reached, tied, none) {
				longest = max(longest, count(chain))
			}
			return true
		})
		return m.compare(longest)
	}
	_, ok := m.subsets(events, none, present)
	return ok
}
