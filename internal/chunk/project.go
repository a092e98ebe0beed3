package chunk

import (
	"encoding/binary"

	"sigmatrail/matcher"
)

// Projector finds the wanted values of one record after the other. It is for one goroutine; what it remembers from one record to the next are
// copies, and changes nothing but the time that it takes.
type Projector struct {
	p     *Projection
	data  []byte
	start int // of the record's map
	depth int // of the record's map: how many containers are around it
	epoch uint32

	tops       []span // by number of the key, and behind them one for all keys that are not wanted
	early, all visit
	one        visit  // to a single field
	routed     uint32 // how often that was done for this record
	maps       uint64 // how many maps were opened, over all records

	known  known
	inner  []*inner // by top
	inners int      // how many there are
	dotted bool     // whether the record has a wanted key with a dot
	arena  []byte   // texts of numbers and of objects
	member []pairAt
	table  []int32

	remembered [matcher.OriginSlots]remembered
	memos      int32  // how many of them there are
	origins    uint64 // the last origin
}

// span is where the value of a key of the record stands.
type span struct {
	start int
	epoch uint32
	same  int32 // 1 + the index of what is remembered of an equal value, or 0
}

// NewProjector returns a Projector for p.
func NewProjector(p *Projection) *Projector {
	return &Projector{p: p, tops: make([]span, p.tops+1), known: newKnown(mostKnown), inner: make([]*inner, p.tops+1), early: newVisit(p, &p.early, early), all: newVisit(p, &p.all, all), one: newOne(p)}
}

// Record walks over the map at pos of data, which becomes the record, and notes where the keys of it stand that are wanted; depth is the number of
// containers around it. It returns the offset behind the map; ok is false where that cannot be walked or is no map, and then there is no record.
// data is borrowed until the next call.
func (r *Projector) Record(data []byte, pos, depth int) (end int, ok bool) {
	if r.epoch++; r.epoch == 0 { // after 2^32 records
		origins := r.origins
		*r = *NewProjector(r.p)
		r.epoch, r.origins = 1, origins
	}
	r.data, r.start, r.depth, r.dotted, r.routed = data, pos, depth, false, 0
	r.early.notes, r.all.notes, r.arena = r.early.notes[:0], r.all.notes[:0], r.arena[:0]
	n, pos := readMap(data, pos)
	if pos < 0 {
		return 0, false
	}
	return r.members(pos, n)
}

// readMap returns the number of pairs of the map at pos and where they begin, or a negative offset where there is no map.
func readMap(data []byte, pos int) (n, next int) {
	if pos < len(data) && data[pos]>>4 == 0x8 {
		return int(data[pos] & 0x0f), pos + 1
	}
	if pos+5 <= len(data) && data[pos] == 0xdf { // as the host writes every one
		return int(binary.BigEndian.Uint32(data[pos+1:])), pos + 5
	}
	h, ok := ReadHead(data, pos)
	if !ok || h.Type != Map {
		return 0, -1
	}
	return h.Len, h.Next
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

// Data is what the record stands in, as Record was given it.
func (r *Projector) Data() []byte { return r.data }

// Bytes is about how much memory has grown with the records that the Projector has seen.
func (r *Projector) Bytes() int {
	const perNote, perMember, perSlot = 40, 24, 4
	return cap(r.arena) + perNote*(cap(r.early.notes)+cap(r.all.notes)+cap(r.one.notes)) + perMember*cap(r.member) + perSlot*cap(r.table)
}

// Mark returns where the value of a mark stands, if it is there.
func (r *Projector) Mark(mark int) (start int, ok bool) {
	s := &r.tops[r.p.marks[mark]]
	return s.start, s.epoch == r.epoch
}

// FillAnchors fills the anchors into rec, for Candidates. Those that come from a value that is remembered, and have been filled in before, are left out:
// their origin says it all.
func (r *Projector) FillAnchors(rec *matcher.Record) {
	for i := range r.p.anchors {
		a := &r.p.anchors[i]
		switch {
		case !a.always && r.recalled(rec, a):
		case a.direct < 0:
			r.fillOne(rec, a.field, true, false)
		default:
			r.fillDirect(rec, a.field, a.direct, false)
		}
	}
}

// recalled says where the values of the field come from, if they come from one value that is remembered, and reports whether they have been filled in
// before.
func (r *Projector) recalled(rec *matcher.Record, a *anchor) bool {
	only := a.main
	if r.dotted || only < 0 {
		only = r.only(a.field)
	}
	if only < 0 || r.depth > 0 || r.tops[only].epoch != r.epoch {
		return false
	}
	index := r.tops[only].same - 1
	if index < 0 {
		return false
	}
	same := &r.remembered[index]
	rec.SetOrigin(a.field, matcher.Origin{ID: same.id, Slot: index, Whole: a.main >= 0 && !r.dotted})
	if same.filled == 0 {
		same.filled = r.epoch
	}
	return same.filled != r.epoch
}

// only returns the one key of the record that leads to the field, or -1 where there are none or several.
func (r *Projector) only(f matcher.FieldID) int32 {
	only := int32(-1)
	for _, top := range r.p.topsOf[f] {
		if r.tops[top].epoch == r.epoch {
			if only >= 0 {
				return -1
			}
			only = top
		}
	}
	return only
}

// Fill fills the field into rec. Objects are left unread.
func (r *Projector) Fill(rec *matcher.Record, f matcher.FieldID) { r.fillOne(rec, f, false, false) }

// FillInside fills the field into rec again, with what is inside its objects.
func (r *Projector) FillInside(rec *matcher.Record, f matcher.FieldID) {
	r.fillOne(rec, f, false, true)
}

// fillOne fills in one field; early is set for anchors before Candidates.
func (r *Projector) fillOne(rec *matcher.Record, f matcher.FieldID, early, inside bool) {
	if len(r.p.fields[f].Paths) == 0 {
		rec.Begin(f, true)
		r.addObject(rec, r.start, r.depth, inside, r.p.ownKey)
		return
	}
	if top := r.p.direct[f]; top >= 0 {
		r.fillDirect(rec, f, top, inside)
		return
	}
	if r.fillNear(rec, f, inside) {
		return
	}
	v := &r.all
	switch {
	case early:
		v = &r.early
	case r.isRouted(f):
		r.route(f)
		r.one.fill(r, rec, f, inside)
		return
	}
	for _, top := range r.p.topsOf[f] {
		v.open(r, top)
	}
	v.fill(r, rec, f, inside)
}

// fillNear fills in a field that is a key inside a map under a key of the record, if that has been noted.
func (r *Projector) fillNear(rec *matcher.Record, f matcher.FieldID, inside bool) bool {
	near := &r.p.near[f]
	if near.top < 0 || r.dotted || r.tops[near.top].epoch != r.epoch {
		return false
	}
	i := r.inner[near.top]
	if i == nil || i.epoch != r.epoch || i.start != r.tops[near.top].start {
		return false
	}
	i.use()
	r.fillSpan(rec, f, &i.spans[near.inner], i.walk, inside, r.depth+2)
	return true
}

// fillSpan fills in a field that is what stands at s, if that is of the epoch.
func (r *Projector) fillSpan(rec *matcher.Record, f matcher.FieldID, s *span, epoch uint32, inside bool, depth int) {
	if s.epoch != epoch {
		rec.Begin(f, false)
		return
	}
	if start, end := shortText(r.data, s.start); end > 0 {
		rec.SetText(f, r.data[start:end])
		return
	}
	rec.Begin(f, true)
	r.addValue(rec, s.start, depth, inside)
}

// mostRouted is for how many fields of one record their own ways are gone, before the one to all fields is shorter.
const mostRouted = 2

// isRouted reports whether to go the way to the field alone: unless the one to all fields has been gone already, or is worth while, as what is found on
// it can be remembered.
func (r *Projector) isRouted(f matcher.FieldID) bool {
	if r.routed >= mostRouted {
		return false
	}
	for _, top := range r.p.topsOf[f] {
		t := &r.tops[top]
		if t.epoch == r.epoch && (r.all.opened[top] == r.epoch || (t.same > 0 && r.remembered[t.same-1].filled != r.epoch)) {
			return false
		}
	}
	r.routed++
	return true
}

// route notes the values of one field.
func (r *Projector) route(f matcher.FieldID) {
	way := &r.p.single[f]
	r.one.tree, r.one.notes, r.one.heads[f] = &way.tree, r.one.notes[:0], chain{}
	for i, top := range r.p.topsOf[f] {
		if t := &r.tops[top]; t.epoch == r.epoch {
			r.one.top(r, top, way.nodes[i], t.start)
		}
	}
}

// fillDirect fills in a field that is one key of the record.
func (r *Projector) fillDirect(rec *matcher.Record, f matcher.FieldID, top int32, inside bool) {
	s := &r.tops[top]
	if i := r.inner[top]; !inside && i != nil && s.epoch == r.epoch && i.epoch == r.epoch && i.start == s.start { // it is known where it ends
		rec.Begin(f, true)
		rec.Add(matcher.Value{Kind: matcher.Object, Unread: true, Text: r.data[i.start:i.end]})
		return
	}
	r.fillSpan(rec, f, s, r.epoch, inside, r.depth+1)
}
