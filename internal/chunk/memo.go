package chunk

import "sigmatrail/matcher"

// memo remembers the last values of one key of the record that are looked into on every record: records of one principal have the same identity, byte
// for byte. Equal bytes have equal ends and hold the same, so that they need not be walked over again. What is kept are copies.
type memo struct {
	values [4]remembered
	oldest int
}

// remembered is one value and the notes that it makes.
type remembered struct {
	origin matcher.Origin
	raw    []byte
	opened bool
	notes  []relative
}

// newMemo returns a memo with slots of its own for the origins of its values, or nil where there are none left.
func (r *Projector) newMemo() *memo {
	m := &memo{}
	if int(r.slots)+len(m.values) > matcher.OriginSlots {
		return nil
	}
	for i := range m.values {
		m.values[i].origin.Slot = r.slots
		r.slots++
	}
	return m
}

// relative is a note, its place and depth counted from the value's own.
type relative struct {
	field      matcher.FieldID
	pos, depth int
}

// longestRemembered bounds the values that are remembered.
const longestRemembered = 2048

// find returns the remembered value with which rest begins, or nil.
func (m *memo) find(rest []byte) *remembered {
	for i := range m.values {
		v := &m.values[i]
		if n := len(v.raw); n > 0 && n <= len(rest) && string(v.raw) == string(rest[:n]) {
			return v
		}
	}
	return nil
}

// remember remembers a value in the place of the oldest, or returns nil where it is too long.
func (r *Projector) remember(m *memo, raw []byte) *remembered {
	if len(raw) > longestRemembered {
		return nil
	}
	v := &m.values[m.oldest]
	m.oldest = (m.oldest + 1) % len(m.values)
	v.raw, v.opened, v.notes = append(v.raw[:0], raw...), false, v.notes[:0]
	r.origins++
	v.origin.ID = r.origins
	return v
}

// recall makes the notes of a value again.
func (r *Projector) recall(v *remembered, pos int) {
	for _, n := range v.notes {
		r.note(n.field, pos+n.pos, n.depth)
	}
}

// keep remembers the notes from first on, which the value at pos has made. Depths beyond which nothing is looked into make it depend on where it stands:
// such a value is not remembered.
func (v *remembered) keep(r *Projector, first, pos int) {
	if r.depth > 0 {
		return
	}
	for i := first; i < len(r.notes); i++ {
		if n := r.notes[i]; n.pos >= 0 {
			v.notes = append(v.notes, relative{field: n.field, pos: n.pos - pos, depth: n.depth})
		}
	}
	v.opened = true
}
