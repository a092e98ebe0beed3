package matcher

// pairIndex finds rules by whole values of the first field of the pair, or of both: the first is looked up, and decides alone or together with the
// second.
type pairIndex struct {
	first, second FieldID
	// lengths are those of the texts of either field, as lengthBit has them.
	firstLengths, secondLengths uint64
	table                       hashes // of the folded first value
	entries                     []pairEntry
	starts                      []uint32 // of key i: entries[starts[i]:starts[i+1]]
	all                         []uint32
}

// pairEntry is a rule, and the hash that the folded second value must have unless any will do.
type pairEntry struct {
	rule   uint32
	any    bool
	second uint64
}

// add adds the rules whose keys rec has.
func (x *pairIndex) add(rec *Record, s *Scratch) {
	if !rec.Filled(x.first) || !rec.Filled(x.second) {
		s.add(x.all) // nothing may be missed, whatever the caller has left out
		return
	}
	values, _ := rec.of(x.first)
	for i := range values {
		h, found := values[i].hashed(x.firstLengths, s)
		switch found {
		case isText:
			if key, ok := x.table.get(h); ok {
				x.addEntries(x.entries[x.starts[key]:x.starts[key+1]], rec, s)
			}
		case isOther:
			s.add(x.all)
		}
	}
}

func (x *pairIndex) addEntries(entries []pairEntry, rec *Record, s *Scratch) {
	seconds, _ := rec.of(x.second)
	for i := range entries {
		e := &entries[i]
		if s.marks[e.rule] != s.epoch && (e.any || x.hasSecond(seconds, e.second, s)) {
			s.marks[e.rule] = s.epoch
			s.candidates = append(s.candidates, e.rule)
		}
	}
}

// hasSecond reports whether one of the values may have the hash.
func (x *pairIndex) hasSecond(values []Value, hash uint64, s *Scratch) bool {
	for i := range values {
		h, found := values[i].hashed(x.secondLengths, s)
		if found == isOther || (found == isText && h == hash) {
			return true
		}
	}
	return false
}

func (x *pairIndex) bytes() int {
	return x.table.bytes() + 16*len(x.entries) + 4*(len(x.starts)+len(x.all))
}
