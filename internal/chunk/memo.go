package chunk

import (
	"encoding/binary"

	"sigmatrail/matcher"
)

// memo remembers the last values of one key of the record, an anchor or one that anchors are below: records of one principal have the same identity,
// byte for byte. Equal bytes have equal ends and hold the same, so that they need not be walked over again. What is kept are copies.
type memo struct {
	first  int32 // of its values in Projector.remembered
	luck   int   // below 0 where values do not come again
	oldest int32 // where the next one goes, unless that has been of use of late
}

// remembered is one value and the notes that it makes. Its index is the slot of its origin.
type remembered struct {
	id     uint64
	raw    []byte
	first  uint64 // its first eight bytes, and its last
	last   uint64
	filled uint32 // the epoch in which its anchors were filled in for the first time; 0: not yet
	used   bool   // since it was last passed over
	opened [visits]bool
	notes  [visits][]relative
}

// memoLuck is how many values that are not found again one that is makes good for.
const memoLuck = 2

// perMemo is how many values of one key are remembered.
const perMemo = 4

// newMemo returns a memo, or nil where there are enough of them.
func (r *Projector) newMemo() *memo {
	first := r.memos * perMemo
	if int(first)+perMemo > len(r.remembered) {
		return nil
	}
	r.memos++
	return &memo{first: first}
}

// relative is a note, its place and depth counted from the value's own.
type relative struct {
	field      matcher.FieldID
	pos, depth int
}

// longestRemembered bounds the values that are remembered.
const longestRemembered = 2048

// recognise walks over a value of which the last ones are remembered. It returns the offset behind it, or -1, and 1 + the index of what is remembered
// of it, or 0.
func (r *Projector) recognise(m *memo, top int32, pos int) (end int, same int32) {
	if m.luck < 0 { // now and then it is tried again
		m.luck++
		return r.skip(top, pos), 0
	}
	rest := r.data[min(pos, len(r.data)):]
	for i := m.first; i < m.first+perMemo; i++ {
		if v := &r.remembered[i]; v.begins(rest) {
			v.used = true
			m.luck = min(m.luck+memoLuck, mostLuck)
			return pos + len(v.raw), i + 1
		}
	}
	end = r.skip(top, pos)
	if end < 0 || end > len(r.data) {
		return -1, 0
	}
	if m.luck--; m.luck < 0 {
		m.luck = -mostLuck
	}
	return end, r.remember(m, r.data[pos:end])
}

// begins reports whether rest begins with the value. Most others differ in the first or last eight bytes.
func (v *remembered) begins(rest []byte) bool {
	n := len(v.raw)
	return n >= 8 && n <= len(rest) && binary.LittleEndian.Uint64(rest[n-8:]) == v.last && binary.LittleEndian.Uint64(rest) == v.first && string(v.raw) == string(rest[:n])
}

// remember remembers a value in the place of the oldest of no use, unless it is too long or too short.
func (r *Projector) remember(m *memo, raw []byte) (same int32) {
	if len(raw) > longestRemembered || len(raw) < 8 {
		return 0
	}
	v := &r.remembered[m.first+m.oldest]
	for v.used {
		v.used = false
		m.oldest = (m.oldest + 1) % perMemo
		v = &r.remembered[m.first+m.oldest]
	}
	same = 1 + m.first + m.oldest
	m.oldest = (m.oldest + 1) % perMemo
	r.origins++
	v.id, v.raw, v.filled, v.opened = r.origins, append(v.raw[:0], raw...), 0, [visits]bool{}
	v.first, v.last = binary.LittleEndian.Uint64(raw), binary.LittleEndian.Uint64(raw[len(raw)-8:])
	return same
}

// keep remembers the notes of a visit from first on, which the value at pos has made.
func (v *remembered) keep(from *visit, first, pos int) {
	kept := v.notes[from.which][:0]
	for i := first; i < len(from.notes); i++ {
		if n := from.notes[i]; n.pos >= 0 {
			kept = append(kept, relative{field: n.field, pos: n.pos - pos, depth: n.depth})
		}
	}
	v.notes[from.which], v.opened[from.which] = kept, true
}
