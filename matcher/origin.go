package matcher

import "slices"

// Origin says that the values of a field are those of an earlier record: equal origins mean equal values. The zero Origin says nothing.
type Origin struct {
	// ID is another one whenever the values are; it is never 0.
	ID uint64
	// Slot is a small number, below OriginSlots, under which the ID may be remembered.
	Slot int32
	// Whole is set where the same is true of all fields that have the field's root (Options.Root).
	Whole bool
}

// OriginSlots is how many origins of one field may be remembered.
const OriginSlots = 16

// SetOrigin says where the values of the field come from. If they are the same as those of an earlier record with that origin, they need not be filled
// in for Candidates, unless the field is Paired.
func (r *Record) SetOrigin(f FieldID, o Origin) {
	s := &r.slots[f]
	s.origin, s.originEpoch = o, r.epoch
}

// recalled is what an index found for an origin.
type recalled struct {
	id    uint64
	rules []uint32
	// settled is set where it is known which of the rules hold, as the origin decides all that they ask: those in sure do; those in open ask for more; the
	// others do not hold. That is so where the origin is Whole.
	settled    bool
	sure, open []uint32
}

// mostRecalled bounds the rules that are remembered for one origin.
const mostRecalled = 4096

// unsettled is what is to be settled for fields of a root.
type unsettled struct {
	*recalled

	root int32
}

// known adds the rules that an index, whose memory begins at memo, found for the origin of its field, and reports whether they are known.
func (s *Scratch) known(rec *Record, f FieldID, root int32, memo int) bool {
	slot := &rec.slots[f]
	if slot.originEpoch != rec.epoch {
		return false
	}
	m := &s.origins[memo+int(slot.origin.Slot)]
	if m.id != slot.origin.ID {
		return false
	}
	rules := m.rules
	if len(rules) == 0 {
		return true
	}
	if slot.origin.Whole && root > 0 {
		if m.settled {
			s.addSure(m.sure)
			rules = m.open
		} else {
			s.unsettled = append(s.unsettled, unsettled{m, root})
		}
	}
	s.add(rules)
	return true
}

// addSure notes rules that hold.
func (s *Scratch) addSure(rules []uint32) {
	for _, r := range rules {
		if s.marks[r] != s.epoch {
			s.marks[r] = s.epoch
			s.sure = append(s.sure, r)
		}
	}
}

// recall is for origins that are not known. Where the values are not there either, it adds every rule of the index and returns true. Otherwise it sees to
// it that what is added until keep is noted.
func (s *Scratch) recall(rec *Record, f FieldID, memo int, all []uint32) bool {
	slot := &rec.slots[f]
	if slot.originEpoch != rec.epoch {
		return false
	}
	if !rec.Filled(f) {
		s.add(all)
		return true
	}
	s.noting, s.noted = true, &s.origins[memo+int(slot.origin.Slot)]
	s.noted.id, s.noted.rules, s.noted.settled = 0, s.noted.rules[:0], false
	return false
}

// keep remembers what was added since recall.
func (s *Scratch) keep(rec *Record, f FieldID) {
	if !s.noting {
		return
	}
	if len(s.noted.rules) <= mostRecalled {
		s.noted.id = rec.slots[f].origin.ID
	}
	s.noting = false
}

// settle remembers which rules hold for the origins of this record, whose hits are ascending. roots are by rule: rules of another root than the origin's
// stay open.
func (s *Scratch) settle(roots []int32, hits []int) {
	for _, u := range s.unsettled {
		u.sure, u.open, u.settled = u.sure[:0], u.open[:0], true
		for _, r := range u.rules {
			if roots[r] != u.root {
				u.open = append(u.open, r)
			} else if _, holds := slices.BinarySearch(hits, int(r)); holds {
				u.sure = append(u.sure, r)
			}
		}
	}
}
