package chunk

import "sigmatrail/matcher"

// The two visits of a record: to its anchors, and to everything that candidates ask for.
const (
	early = iota
	all
	visits
)

// visit is the notes that are made of one record on the way through one tree.
type visit struct {
	tree   *tree
	which  int
	opened []uint32 // by top: the epoch in which it was
	heads  []chain  // by field
	notes  []note
	seen   []occurrence // by number of the key
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

func newVisit(p *Projection, t *tree, which int) visit {
	return visit{tree: t, which: which, opened: make([]uint32, p.tops), heads: make([]chain, len(p.fields)), seen: make([]occurrence, len(t.keys))}
}

// newOne returns a visit to single fields, whose tree changes.
func newOne(p *Projection) visit {
	keys := 0
	for i := range p.single {
		keys = max(keys, len(p.single[i].tree.keys))
	}
	return visit{heads: make([]chain, len(p.fields)), seen: make([]occurrence, keys)}
}

// fill fills in a field whose notes have been made.
func (v *visit) fill(r *Projector, rec *matcher.Record, f matcher.FieldID, inside bool) {
	rec.Begin(f, false)
	if v.heads[f].epoch != r.epoch {
		return
	}
	for i := v.heads[f].first; i > 0; i = v.notes[i-1].next {
		if n := v.notes[i-1]; n.pos >= 0 {
			rec.SetPresent()
			r.addValue(rec, n.pos, n.depth, inside)
		}
	}
}

// open notes all wanted values at and below a key of the record, if it is there and that has not been done.
func (v *visit) open(r *Projector, top int32) {
	s := &r.tops[top]
	if s.epoch != r.epoch || v.opened[top] == r.epoch {
		return
	}
	v.opened[top] = r.epoch
	at := r.p.all.keys[top].node
	if v.which == early {
		at = r.p.earlyNodes[top]
	}
	if s.same == 0 || r.depth > 0 { // how deep something stands may decide what it is, so that only what stands at the top is remembered
		v.top(r, top, at, s.start)
		return
	}
	same := &r.remembered[s.same-1]
	if same.opened[v.which] {
		for _, n := range same.notes[v.which] {
			v.note(r, n.field, s.start+n.pos, n.depth)
		}
		return
	}
	first := len(v.notes)
	v.top(r, top, at, s.start)
	same.keep(v, first, s.start)
}

// top notes what is wanted of the value at pos of a key of the record, for the node that the key leads to.
func (v *visit) top(r *Projector, top, to int32, pos int) {
	n := &v.tree.nodes[to]
	if n.keys.empty() || n.end-n.first > mostInnerWanted {
		v.at(r, to, pos, r.depth+1)
		return
	}
	i := r.warm(top, pos)
	if i == nil {
		v.at(r, to, pos, r.depth+1)
		return
	}
	for _, f := range n.fields {
		v.note(r, f, pos, r.depth+1)
	}
	r.maps++
	within := r.maps
	for k := n.first; k < n.end; k++ {
		if s := &i.spans[v.tree.keys[k].inner]; s.epoch == i.walk {
			v.enter(r, k, within, s.start, r.depth+2)
		}
	}
}

// at notes the value at pos for the fields that end at a node, and what is wanted below it. It returns the offset behind the value where it has
// walked over it, and else -1. The record has been walked over once, so that nothing can be wrong with it.
func (v *visit) at(r *Projector, to int32, pos, depth int) (end int) {
	n := &v.tree.nodes[to]
	for _, f := range n.fields {
		v.note(r, f, pos, depth)
	}
	if n.keys.empty() {
		return -1
	}
	return v.descend(r, n, pos, depth)
}

// descend looks for the node's keys in the value at pos: in a map, or in the maps of an array of any depth.
func (v *visit) descend(r *Projector, n *node, pos, depth int) (end int) {
	h, _ := ReadHead(r.data, pos)
	if (h.Type != Map && h.Type != Array) || depth >= MaxDepth {
		return -1
	}
	pos = h.Next
	if h.Type == Array {
		for range h.Len {
			pos = r.behind(pos, v.descend(r, n, pos, depth+1))
		}
		return pos
	}
	r.maps++
	within := r.maps
	for range h.Len {
		k, valueAt := v.wanted(r, n, pos)
		end := -1
		if k >= 0 {
			end = v.enter(r, k, within, valueAt, depth+1)
		}
		pos = r.behind(valueAt, end)
	}
	return pos
}

// wanted returns the number of the key at pos, or -1 where the node does not want it, and where its value stands.
func (v *visit) wanted(r *Projector, n *node, pos int) (k int32, valueAt int) {
	if start, end := shortText(r.data, pos); end > 0 {
		return n.keys.find(v.tree.keys, r.data[start:end]), end
	}
	key, _ := ReadHead(r.data, pos)
	if key.Type == Str || key.Type == Bin {
		return n.keys.find(v.tree.keys, key.Content(r.data)), key.Next + key.Len
	}
	return -1, r.behind(pos, -1)
}

// enter visits what the key k leads to. If it stood in the same map before, what was noted then is void: the last one counts.
func (v *visit) enter(r *Projector, k int32, within uint64, pos, depth int) (end int) {
	first := len(v.notes)
	if before := &v.seen[k]; before.within == within {
		for i := before.first; i < before.end; i++ {
			v.notes[i].pos = -1
		}
	}
	end = v.at(r, v.tree.keys[k].node, pos, depth)
	v.seen[k] = occurrence{within: within, first: first, end: len(v.notes)}
	return end
}

func (v *visit) note(r *Projector, f matcher.FieldID, pos, depth int) {
	c := &v.heads[f]
	if c.epoch != r.epoch {
		*c = chain{epoch: r.epoch}
	}
	v.notes = append(v.notes, note{field: f, pos: pos, depth: depth, next: c.first})
	c.first = int32(len(v.notes)) //nolint:gosec // fewer than that
}

// behind returns end, or where that is not known the offset behind the value at pos.
func (r *Projector) behind(pos, end int) int {
	if end >= 0 {
		return end
	}
	return skip(r.data, pos)
}
