package matcher

import "time"

// Kind is the type of a value of a record.
type Kind uint8

const (
	// Null is there and has no text.
	Null Kind = iota
	// Opaque is there, is not null and has no text.
	Opaque
	// String is a text.
	String
	// Number has its canonical decimal as text.
	Number
	// Bool has the text true or false.
	Bool
	// Object is there, is not null and has no text of its own: what is below it follows as values with Inside set, then its JSON text.
	Object
	// JSON is the compact JSON text of the Object before it.
	JSON
)

// Value is one value of a field. Arrays are not values: their elements are.
type Value struct {
	// Text is borrowed: it lives as long as the bytes that the record was read from.
	Text []byte
	Kind Kind
	// Inside is set for the scalars below an Object.
	Inside bool
	// Unread is set on an Object of which what is below it does not follow. Its Text then is bytes in which every text that stands below it, key or value,
	// stands as it is.
	Unread bool

	// state says whether Text has been looked at; arena[start:end] of the Scratch is Text without its case where that is not ASCII.
	state      foldState
	hasHash    bool // of the folded text
	start, end int32
	hash       uint64
}

type foldState uint8

const (
	unknown foldState = iota
	plain             // ASCII: comparing folds it
	folded
)

// slot is what a record has of one field.
type slot struct {
	epoch   uint32
	present bool
	// count values: the first in Record.values at the field's own place, or, where there are more, all of them from more on.
	count, more int32
	origin      Origin
	originEpoch uint32
}

// Source has what a record does not yet have: it fills fields in when rules ask for them, so that what nobody asks for costs nothing.
type Source interface {
	// Fill fills the field into rec. Objects may be left unread.
	Fill(rec *Record, f FieldID)
	// FillInside fills it in again, with what is inside its objects.
	FillInside(rec *Record, f FieldID)
}

// Record is the fields of one record, as far as somebody has filled them in. It is for one goroutine, and is used again and again.
type Record struct {
	// Source is asked for fields that are not filled in, and for what is inside unread objects. Where it is nil such fields are absent, and no object may be
	// unread. It stays from one record to the next.
	Source Source
	// Received is when the record was received, or zero.
	Received time.Time

	epoch  uint32
	slots  []slot // by FieldID
	values []Value
	open   FieldID
}

// Reset forgets the values, for the next record. n is the number of fields of the Program.
func (r *Record) Reset(n int) {
	r.Received = time.Time{}
	if r.epoch++; r.epoch == 0 || len(r.slots) != n {
		r.slots, r.values = make([]slot, n), make([]Value, n, n+64)
		r.epoch = 1
	}
	r.values = r.values[:n]
}

// Bytes is about how much memory has grown with the values of the records.
func (r *Record) Bytes() int {
	const perValue = 56
	return perValue * cap(r.values)
}

// Filled reports whether the field has been filled in.
func (r *Record) Filled(f FieldID) bool { return r.slots[f].epoch == r.epoch }

// require sees to it that the field is filled in.
func (r *Record) require(f FieldID) {
	if r.slots[f].epoch != r.epoch && r.Source != nil {
		r.Source.Fill(r, f)
	}
}

// Begin begins to fill in the field f; present says whether it is there. The values that Add adds until the next Begin are its values.
func (r *Record) Begin(f FieldID, present bool) {
	s := &r.slots[f]
	s.epoch, s.present, s.count = r.epoch, present, 0
	r.open = f
}

// SetPresent says that the field that Begin has begun is there.
func (r *Record) SetPresent() { r.slots[r.open].present = true }

// SetText fills in a field that is one text.
func (r *Record) SetText(f FieldID, text []byte) {
	s := &r.slots[f]
	s.epoch, s.present, s.count = r.epoch, true, 1
	v := &r.values[f]
	v.Text, v.Kind, v.Inside, v.Unread, v.state, v.hasHash = text, String, false, false, unknown, false
}

// Add adds a value to the field that Begin has begun.
func (r *Record) Add(v Value) {
	s := &r.slots[r.open]
	switch s.count {
	case 0:
		r.values[r.open] = v
	case 1:
		s.more = int32(len(r.values)) //nolint:gosec // a record holds fewer values than that
		r.values = append(r.values, r.values[r.open], v)
	default:
		r.values = append(r.values, v)
	}
	s.count++
}

// of returns the values of the field, which must have been filled in; absent otherwise.
func (r *Record) of(f FieldID) (values []Value, present bool) {
	s := &r.slots[f]
	switch {
	case s.epoch != r.epoch:
		return nil, false
	case s.count <= 1:
		return r.values[f : f+FieldID(s.count)], s.present
	}
	return r.values[s.more : s.more+s.count], s.present
}

// Values returns the values of the field, as far as they have been filled in, and whether it is there. They are borrowed until the next Reset.
func (r *Record) Values(f FieldID) (values []Value, present bool) { return r.of(f) }

// Present reports whether the field, which must have been filled in, is there.
func (r *Record) Present(f FieldID) bool {
	_, present := r.of(f)
	return present
}

// HasText reports whether any text of the field, which must have been filled in, is one for which is holds.
func (r *Record) HasText(f FieldID, is func(text []byte) bool) bool {
	values, _ := r.of(f)
	for i := range values {
		if values[i].Kind == String && is(values[i].Text) {
			return true
		}
	}
	return false
}
