package pipeline

import (
	"bytes"

	"sigmatrail/conf"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// flattener is what the settings say of flattening. It is immutable.
type flattener struct {
	fields    []string
	separator string
}

// newFlattener returns nil where nothing is flattened.
func newFlattener(s conf.Settings) *flattener {
	fields := s.FlattenFields()
	if len(fields) == 0 {
		return nil
	}
	return &flattener{fields: fields, separator: s.FlattenSeparator}
}

const (
	// mostLeaves is how many members flattening adds to a record at most.
	mostLeaves = 512
	// longestLeaf is how many bytes the name of one has at most: names repeat the keys above them.
	longestLeaf = 1024
)

// flatten returns the leaves of a record's flattened fields as members of the event, but those under names that it has or that e gives it. Records
// of another form are left as they are.
func (w *writer) flatten(v *Verdict, e *chunk.Edit, counts *Tally) []chunk.Pair {
	f := w.engine.flattener
	if f == nil || v.form != nil {
		return nil
	}
	l := flatLeaves{writer: w, place: v.place, taken: w.taken(e), index: make(map[string]int)}
	for _, field := range f.fields {
		if start, end, found := chunk.Lookup(v.place.Data, v.place.Pos, field); found {
			l.spell(start, end)
			l.value(start, end, field, v.place.Depth+1)
		}
	}
	counts.Unflattened += l.left
	pairs := make([]chunk.Pair, 0, len(l.list))
	for _, leaf := range l.list {
		value := leaf.values[0]
		if len(leaf.values) > 1 {
			value = w.enc.list(nil, leaf.values)
		}
		pairs = append(pairs, chunk.Pair{Key: leaf.name, Value: value})
	}
	return pairs
}

// taken returns the keys that the event has, or that e gives it.
func (w *writer) taken(e *chunk.Edit) map[string]bool {
	taken := map[string]bool{w.engine.ownKey: true}
	eachMember(w.body.Data, w.body.Pos, func(key []byte, _, _ int) { taken[string(key)] = true })
	for _, r := range e.Rename {
		taken[r.To] = true
	}
	for _, p := range e.Append {
		taken[p.Key] = true
	}
	return taken
}

// flatLeaves gathers the leaves of a record by their names.
type flatLeaves struct {
	*writer

	place    record.Place
	taken    map[string]bool
	spelling map[int]string // of the field that is gone through; nil in msgpack

	list  []leaf
	index map[string]int // in list, by name
	left  uint64         // values that were left out
}

// leaf is what stands under one name, encoded.
type leaf struct {
	name   string
	values [][]byte
}

// spell looks up how the values from start to end are written in the event's JSON, where the record stands in that itself.
func (l *flatLeaves) spell(start, end int) {
	if l.text != nil && &l.place.Data[0] == &l.body.Data[0] {
		l.spelling = record.Spelling(l.text, l.body.Data, start, end)
	}
}

// value adds the leaves of the value from pos to end.
func (l *flatLeaves) value(pos, end int, name string, depth int) {
	data := l.place.Data
	h, _ := chunk.ReadHead(data, pos)
	switch {
	case h.Type == chunk.Nil:
	case len(name) > longestLeaf:
		l.left++
	case h.Type != chunk.Map && h.Type != chunk.Array:
		l.add(name, pos, end)
	case depth >= record.MaxDepth:
		l.left++
	case h.Type == chunk.Map:
		last := make(map[string]int, min(h.Len, mostLeaves))
		eachMember(data, pos, func(key []byte, value, _ int) { last[string(key)] = value })
		eachMember(data, pos, func(key []byte, value, end int) {
			if last[string(key)] == value { // of duplicates the last one counts
				l.value(value, end, name+l.engine.flattener.separator+string(key), depth+1)
			}
		})
	default:
		for at := h.Next; at < end; {
			next, ok := chunk.Skip(data, at)
			if !ok {
				return // unreachable: the whole has been walked over
			}
			l.value(at, next, name, depth+1)
			at = next
		}
	}
}

// add adds a scalar.
func (l *flatLeaves) add(name string, pos, end int) {
	if l.taken[name] {
		return
	}
	i, known := l.index[name]
	if !known {
		if len(l.list) == mostLeaves {
			l.left++
			return
		}
		i = len(l.list)
		l.index[name] = i
		l.list = append(l.list, leaf{name: name})
	}
	l.list[i].values = append(l.list[i].values, l.encoded(pos, end))
}

// encoded returns a scalar as it is written in the event: a copy, as what JSON text becomes lives until the next event.
func (l *flatLeaves) encoded(pos, end int) []byte {
	if l.text == nil {
		return bytes.Clone(l.place.Data[pos:end])
	}
	if text, found := l.spelling[pos]; found {
		return []byte(text)
	}
	v, _ := record.Decode(l.place.Data, pos)
	return record.AppendJSON(nil, v)
}

// eachMember calls f with the members of the map at pos whose keys are texts, and where their values stand.
func eachMember(data []byte, pos int, f func(key []byte, value, end int)) {
	h, _ := chunk.ReadHead(data, pos)
	at := h.Next
	for range h.Len {
		key, ok := chunk.ReadHead(data, at)
		value, sound := chunk.Skip(data, at)
		end, closed := chunk.Skip(data, value)
		if !ok || !sound || !closed {
			return
		}
		if key.Type == chunk.Str || key.Type == chunk.Bin {
			f(key.Content(data), value, end)
		}
		at = end
	}
}
