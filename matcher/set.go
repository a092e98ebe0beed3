package matcher

import "slices"

// hashes maps hashes to numbers: open addressing, filled once and then only read. Equal hashes of different texts are for its user to tell apart, or
// to bear.
type hashes struct {
	keys   []uint64 // 0: free
	values []uint32
	mask   uint64
}

func newHashes(n int) hashes {
	size := 4
	for size < 2*n {
		size *= 2
	}
	return hashes{keys: make([]uint64, size), values: make([]uint32, size), mask: uint64(size - 1)} //nolint:gosec // positive
}

// put sets the number of h, unless it has one already; it returns the number that h has then.
func (t *hashes) put(h uint64, value uint32) uint32 {
	h |= 1
	i := h >> 1 & t.mask
	for ; t.keys[i] != 0; i = (i + 1) & t.mask {
		if t.keys[i] == h {
			return t.values[i]
		}
	}
	t.keys[i], t.values[i] = h, value
	return value
}

// get returns the number of h.
func (t *hashes) get(h uint64) (value uint32, ok bool) {
	h |= 1
	for i := h >> 1 & t.mask; t.keys[i] != 0; i = (i + 1) & t.mask {
		if t.keys[i] == h {
			return t.values[i], true
		}
	}
	return 0, false
}

func (t *hashes) bytes() int { return 12 * len(t.keys) }

// exactSet is a set of whole texts: folded ones, or as they are.
type exactSet struct {
	list  []string
	next  []uint32 // 1 + the next one of the same hash
	table hashes
}

// searchedByHash is the number of texts from which a hash is faster than comparing with each.
const searchedByHash = 6

func newExactSet(list []string) exactSet {
	s := exactSet{list: list}
	if len(list) < searchedByHash {
		return s
	}
	s.table, s.next = newHashes(len(list)), make([]uint32, len(list))
	for i, text := range list {
		h, _ := hashUpper([]byte(text))
		n := uint32(i)
		if first := s.table.put(h, n); first != n {
			s.next[i], s.next[first] = s.next[first], n+1
		}
	}
	return s
}

// has reports whether the text, which is ASCII or folded, is in the set of folded texts.
func (s *exactSet) has(folded []byte) bool {
	if s.next == nil {
		for _, text := range s.list {
			if equalUpper(folded, text) {
				return true
			}
		}
		return false
	}
	h, _ := hashUpper(folded)
	i, ok := s.table.get(h)
	for ok {
		if equalUpper(folded, s.list[i]) {
			return true
		}
		i, ok = s.next[i]-1, s.next[i] > 0
	}
	return false
}

// hasCased reports whether the text is in the set of texts as they are. Those that differ by ASCII case alone have one hash.
func (s *exactSet) hasCased(text []byte) bool {
	if s.next == nil {
		return slices.ContainsFunc(s.list, func(one string) bool { return one == string(text) }) // without a copy of the text
	}
	h, _ := hashUpper(text)
	i, ok := s.table.get(h)
	for ok {
		if string(text) == s.list[i] {
			return true
		}
		i, ok = s.next[i]-1, s.next[i] > 0
	}
	return false
}
