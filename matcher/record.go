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

	// folded is Text without its case, once somebody has asked for it; it is Text itself where that is ASCII, as comparing folds ASCII.
	folded []byte
}

// slot is what a record has of one field.
type slot struct {
	epoch      uint32
	start, end int32 // in Record.values
	present    bool
}

// Record is the fields of one record, as far as somebody has filled them in. It is for one goroutine, and is used again and again.
type Record struct {
	// Received is when the record was received, or zero.
	Received time.Time

	epoch  uint32
	slots  []slot // by FieldID
	values []Value
	open   FieldID
}

// Reset forgets the values, for the next record. n is the number of fields of the Program.
func (r *Record) Reset(n int) {
	r.values = r.values[:0]
	r.Received = time.Time{}
	if r.epoch++; r.epoch == 0 || len(r.slots) != n {
		r.slots = make([]slot, n)
		r.epoch = 1
	}
}

// Filled reports whether the field has been filled in.
func (r *Record) Filled(f FieldID) bool { return r.slots[f].epoch == r.epoch }

// Begin begins to fill in the field f; present says whether it is there. The values that Add adds until the next Begin are its values.
func (r *Record) Begin(f FieldID, present bool) {
	at := int32(len(r.values)) //nolint:gosec // a record holds fewer values than that
	r.slots[f] = slot{epoch: r.epoch, start: at, end: at, present: present}
	r.open = f
}

// SetPresent says that the field that Begin has begun is there.
func (r *Record) SetPresent() { r.slots[r.open].present = true }

// Add adds a value to the field that Begin has begun.
func (r *Record) Add(v Value) {
	r.values = append(r.values, v)
	r.slots[r.open].end++
}

// of returns the values of the field, which must have been filled in; absent otherwise.
func (r *Record) of(f FieldID) (values []Value, present bool) {
	s := &r.slots[f]
	if s.epoch != r.epoch {
		return nil, false
	}
	return r.values[s.start:s.end], s.present
}
