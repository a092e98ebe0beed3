package correlate

// slot is a value that events of a group have, so that different ones can be counted without looking them up.
type slot struct {
	key    hash
	events int
	// counted is the number of the count that it was last met in.
	counted uint64
}

// values are the slots of a group.
type values struct {
	slots map[hash]*slot
	count uint64 // the number of the last count
	most  int    // how many values an event has had at most
}

// know gives an event the slots of its values.
func (v *values) know(e *event) {
	if e.more == nil {
		return
	}
	if v.slots == nil {
		v.slots = make(map[hash]*slot)
	}
	if len(e.more.slots) == 0 {
		e.more.slots = e.more.slot[:0]
	}
	for _, key := range e.more.values[len(e.more.slots):] {
		s := v.slots[key]
		if s == nil {
			s = &slot{key: key}
			v.slots[key] = s
		}
		s.events++
		e.more.slots = append(e.more.slots, s)
	}
	v.most = max(v.most, len(e.more.slots))
}

// know gives the events of a group that came out of a file the slots of their values.
func (g *group) know() {
	for i := range g.events {
		g.values.know(&g.events[i])
	}
}

// forget takes them away from an event that goes.
func (v *values) forget(e *event) {
	if e.more == nil {
		return
	}
	for _, s := range e.more.slots {
		if s.events--; s.events == 0 {
			delete(v.slots, s.key)
		}
	}
	e.more.slots = nil
}

// begin begins to count.
func (v *values) begin() { v.count++ }

// add returns how many values of an event have not been counted since begin.
func (v *values) add(e *event) (n int) {
	for _, s := range e.more.slots {
		if s.counted != v.count {
			s.counted = v.count
			n++
		}
	}
	return n
}
