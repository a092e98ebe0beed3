package chunk

import "sigmatrail/matcher"

// Projector finds the wanted values of one record after the other. It is for one goroutine; what it remembers from one record to the next are
// copies, and changes nothing but the time that it takes.
type Projector struct {
	p     *Projection
	data  []byte
	start int // of the record's map
	depth int // of the record's map: how many containers are around it
	epoch uint32

	tops   []span // by number of the key
	opened []uint32
	heads  []chain // by field
	notes  []note
	seen   []occurrence // by number of the key
	maps   uint64       // how many maps were opened, over all records

	known  known
	arena  []byte // texts of numbers and of objects
	member []pairAt
	table  []int32

	slots   int32  // how many slots of origins are taken
	origins uint64 // the last origin
}

// span is where the value of a key of the record stands.
type span struct {
	epoch      uint32
	start, end int
	memo       *remembered // of an equal value, or nil
}

// chain is the first note of a field, 1 + its index.
type chain struct {
	epoch uint32
	first int32
}

// note is a value of a field.
type note struct {
	field matcher.FieldID
	pos   int // -1: another member with the same key has replaced it
	depth int
	next  int32 // 1 + the index of the next one
}

// occurrence is where a key last stood in a map: the notes that it made.
type occurrence struct {
	within     uint64
	first, end int
}

// NewProjector returns a Projector for p.
func NewProjector(p *Projection) *Projector {
	return &Projector{
		p: p, tops: make([]span, p.tops), opened: make([]uint32, p.tops), heads: make([]chain, len(p.fields)), seen: make([]occurrence, len(p.keys)), known: newKnown(),
	}
}

// Record walks over the map at pos of data, which becomes the record, and notes where the keys of it stand that are wanted; depth is the number of
// containers around it. It returns the offset behind the map; ok is false where that cannot be walked or is no map, and then there is no record.
// data is borrowed until the next call.
func (r *Projector) Record(data []byte, pos, depth int) (end int, ok bool) {
	if r.epoch++; r.epoch == 0 { // after 2^32 records
		*r = *NewProjector(r.p)
		r.epoch = 1
	}
	r.data, r.start, r.depth = data, pos, depth
	r.notes, r.arena = r.notes[:0], r.arena[:0]
	h, ok := ReadHead(data, pos)
	if !ok || h.Type != Map {
		return 0, false
	}
	return r.members(h.Next, h.Len)
}

// members walks over n members of the record.
func (r *Projector) members(pos, n int) (end int, ok bool) {
	data, keys, now := r.data, r.known.keys, int32(0)
	for range n {
		if uint(pos) > uint(len(data)) { //nolint:gosec // an offset
			return 0, false
		}
		rest := data[pos:]
		next := keys[now].then[0]
		k := &keys[next]
		top := k.top
		if k.begins(rest) || r.known.other(rest, now, &next) {
			k = &keys[next]
			now, top, pos = next, k.top, pos+len(k.raw)
		} else {
			if top, now, pos, ok = r.look(pos, now); !ok {
				return 0, false
			}
			keys = r.known.keys
			k = &keys[now]
		}
		if top < 0 {
			pos = skip(data, pos)
			continue
		}
		start := pos
		var same *remembered
		if k.memo != nil {
			pos, same = r.recognise(k.memo, pos)
		} else {
			pos = skip(data, pos)
		}
		t := &r.tops[top]
		t.epoch, t.start, t.end, t.memo = r.epoch, start, pos, same
	}
	return pos, uint(pos) <= uint(len(data)) //nolint:gosec // an offset
}

// recognise walks over a value of which the last ones are remembered, and returns the offset behind it, or -1, and what is remembered of it.
func (r *Projector) recognise(m *memo, pos int) (end int, same *remembered) {
	if same = m.find(r.data[min(pos, len(r.data)):]); same != nil {
		return pos + len(same.raw), same
	}
	end, ok := Skip(r.data, pos)
	if !ok {
		return -1, nil
	}
	return end, r.remember(m, r.data[pos:end])
}

// skip is Skip, with the values that most members have first. It returns -1 where the value cannot be walked over, and may return an offset beyond data
// where it is a text.
func skip(data []byte, pos int) (end int) {
	if pos < len(data) {
		c := data[pos]
		if c-0xa0 < 0x20 { // fixstr
			return pos + 1 + int(c&0x1f)
		}
		if c == 0xd9 && pos+1 < len(data) { // str8
			return pos + 2 + int(data[pos+1])
		}
	}
	return skipOther(data, pos)
}

func skipOther(data []byte, pos int) (end int) {
	end, ok := Skip(data, pos)
	if !ok {
		return -1
	}
	return end
}

// Mark returns where the value of a mark stands, if it is there.
func (r *Projector) Mark(mark int) (start, end int, ok bool) {
	s := &r.tops[r.p.marks[mark]]
	return s.start, s.end, s.epoch == r.epoch
}

// FillAnchors fills the anchors into rec, for Candidates. Those that come from a value that is remembered, and have been filled in before, are left out:
// their origin says it all.
func (r *Projector) FillAnchors(rec *matcher.Record) {
	for _, f := range r.p.anchors {
		if top := r.p.direct[f]; top >= 0 {
			r.fillDirect(rec, f, &r.tops[top])
			continue
		}
		if !r.recalled(rec, f) {
			r.fillOne(rec, f)
		}
	}
}

// recalled says where the values of the field come from, if they come from one value that is remembered, and reports whether they have been filled in
// before.
func (r *Projector) recalled(rec *matcher.Record, f matcher.FieldID) bool {
	only := int32(-1)
	for _, top := range r.p.topsOf[f] {
		if r.tops[top].epoch == r.epoch {
			if only >= 0 {
				return false
			}
			only = top
		}
	}
	if only < 0 || r.depth > 0 {
		return false
	}
	same := r.tops[only].memo
	if same == nil {
		return false
	}
	rec.SetOrigin(f, same.origin)
	return same.opened && r.opened[only] != r.epoch
}

// Fill fills the fields into rec, as far as they are not there yet.
func (r *Projector) Fill(rec *matcher.Record, fields []matcher.FieldID) {
	for _, f := range fields {
		if !rec.Filled(f) {
			r.fillOne(rec, f)
		}
	}
}

func (r *Projector) fillOne(rec *matcher.Record, f matcher.FieldID) {
	if len(r.p.fields[f].Paths) == 0 {
		rec.Begin(f, true)
		r.addObject(rec, r.start, r.depth, true, r.p.ownKey)
		return
	}
	if top := r.p.direct[f]; top >= 0 {
		r.fillDirect(rec, f, &r.tops[top])
		return
	}
	for _, top := range r.p.topsOf[f] {
		r.open(top)
	}
	r.fill(rec, f)
}

// fillDirect fills in a field that is one key of the record.
func (r *Projector) fillDirect(rec *matcher.Record, f matcher.FieldID, s *span) {
	if s.epoch != r.epoch {
		rec.Begin(f, false)
		return
	}
	if start, end := shortText(r.data, s.start); end > 0 {
		rec.SetText(f, r.data[start:end])
		return
	}
	rec.Begin(f, true)
	r.addValue(rec, s.start, r.depth+1, r.p.fields[f].Inside)
}

// fill fills in a field whose notes have been made.
func (r *Projector) fill(rec *matcher.Record, f matcher.FieldID) {
	rec.Begin(f, false)
	if r.heads[f].epoch != r.epoch {
		return
	}
	inside := r.p.fields[f].Inside
	for i := r.heads[f].first; i > 0; i = r.notes[i-1].next {
		if n := r.notes[i-1]; n.pos >= 0 {
			rec.SetPresent()
			r.addValue(rec, n.pos, n.depth, inside)
		}
	}
}

// open notes all wanted values at and below a key of the record, if it is there and that has not been done.
func (r *Projector) open(top int32) {
	s := &r.tops[top]
	if s.epoch != r.epoch || r.opened[top] == r.epoch {
		return
	}
	r.opened[top] = r.epoch
	if s.memo != nil && s.memo.opened && r.depth == 0 {
		r.recall(s.memo, s.start)
		return
	}
	first := len(r.notes)
	r.visit(r.p.keys[top].node, s.start, r.depth+1)
	if s.memo != nil {
		s.memo.keep(r, first, s.start)
	}
}

// visit notes the value at pos for the fields that end at the node, and what is wanted below it. It returns the offset behind the value where it has
// walked over it, and else -1. The record has been walked over once, so that nothing can be wrong with it.
func (r *Projector) visit(at int32, pos, depth int) (end int) {
	n := &r.p.nodes[at]
	for _, f := range n.fields {
		r.note(f, pos, depth)
	}
	if n.keys.slots == nil {
		return -1
	}
	return r.descend(n, pos, depth)
}

// descend looks for the node's keys in the value at pos: in a map, or in the maps of an array of any depth.
func (r *Projector) descend(n *node, pos, depth int) (end int) {
	h, _ := ReadHead(r.data, pos)
	if (h.Type != Map && h.Type != Array) || depth >= MaxDepth {
		return -1
	}
	pos = h.Next
	if h.Type == Array {
		for range h.Len {
			pos = r.behind(pos, r.descend(n, pos, depth+1))
		}
		return pos
	}
	r.maps++
	within := r.maps
	for range h.Len {
		k, valueAt := r.wanted(n, pos)
		end := -1
		if k >= 0 {
			end = r.enter(k, within, valueAt, depth+1)
		}
		pos = r.behind(valueAt, end)
	}
	return pos
}

// wanted returns the number of the key at pos, or -1 where the node does not want it, and where its value stands.
func (r *Projector) wanted(n *node, pos int) (k int32, valueAt int) {
	if start, end := shortText(r.data, pos); end > 0 {
		return n.keys.find(r.p.keys, r.data[start:end]), end
	}
	key, _ := ReadHead(r.data, pos)
	if key.Type == Str || key.Type == Bin {
		return n.keys.find(r.p.keys, key.Content(r.data)), key.Next + key.Len
	}
	return -1, r.behind(pos, -1)
}

// behind returns end, or where that is not known the offset behind the value at pos.
func (r *Projector) behind(pos, end int) int {
	if end >= 0 {
		return end
	}
	return skip(r.data, pos)
}

// enter visits what the key k leads to. If it stood in the same map before, what was noted then is void: the last one counts.
func (r *Projector) enter(k int32, within uint64, pos, depth int) (end int) {
	first := len(r.notes)
	if before := &r.seen[k]; before.within == within {
		for i := before.first; i < before.end; i++ {
			r.notes[i].pos = -1
		}
	}
	end = r.visit(r.p.keys[k].node, pos, depth)
	r.seen[k] = occurrence{within: within, first: first, end: len(r.notes)}
	return end
}

func (r *Projector) note(f matcher.FieldID, pos, depth int) {
	c := &r.heads[f]
	if c.epoch != r.epoch {
		*c = chain{epoch: r.epoch}
	}
	r.notes = append(r.notes, note{field: f, pos: pos, depth: depth, next: c.first})
	c.first = int32(len(r.notes)) //nolint:gosec // fewer than that
}
