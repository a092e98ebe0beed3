package correlate

import "math"

// slot is a value that events of a group have, so that different ones can be counted without looking them up.
type slot struct {
	key    hash
	events int
	// counted is the number of the count that it was last met in.
	counted uint64
}

// tally is what can be said of all events of a group without looking at them.
type tally struct {
	known bool // of those that are there
	slots map[hash]*slot
	count uint64 // the number of the last count
	// most is how many values an event has at most.
	most int
	// sum is what all numbers come to, off how far that may be from what it should be, and largest the most that those of an event come to.
	sum, off, largest float64
}

// know takes an event in, and gives it the slots of its values.
func (t *tally) know(e *event) {
	if e.more == nil {
		return
	}
	t.add(e.more.numbers, 1)
	if len(e.more.values) == 0 {
		return
	}
	if t.slots == nil {
		t.slots = make(map[hash]*slot)
	}
	if len(e.more.slots) == 0 {
		e.more.slots = e.more.slot[:0]
	}
	for _, key := range e.more.values[len(e.more.slots):] {
		s := t.slots[key]
		if s == nil {
			s = &slot{key: key}
			t.slots[key] = s
		}
		s.events++
		e.more.slots = append(e.more.slots, s)
	}
	t.most = max(t.most, len(e.more.slots))
}

// forget takes an event out that goes.
func (t *tally) forget(e *event) {
	if e.more == nil || !t.known {
		return
	}
	t.add(e.more.numbers, -1)
	for _, s := range e.more.slots {
		if s.events--; s.events == 0 {
			delete(t.slots, s.key)
		}
	}
	e.more.slots = nil
}

func (t *tally) add(numbers []float64, sign float64) {
	const ulp = 1.0 / (1 << 52)
	own := 0.0
	for _, v := range numbers {
		t.off += (math.Abs(t.sum) + v) * ulp
		t.sum += sign * v
		own += v
	}
	t.largest = max(t.largest, own)
}

// begin begins to count values.
func (t *tally) begin() { t.count++ }

// fresh returns how many values of an event have not been counted since begin.
func (t *tally) fresh(e *event) (n int) {
	for _, s := range e.more.slots {
		if s.counted != t.count {
			s.counted = t.count
			n++
		}
	}
	return n
}

// enough reports whether all events of the group together may satisfy the condition.
func (t *tally) enough(m *machine) bool {
	switch m.kind {
	case valueCount:
		return len(t.slots) >= m.need
	case valueSum:
		return t.sum+t.off >= m.under
	}
	return true
}

// lacks returns how many more events it takes at least where there are n values, or where numbers come to a sum.
func (t *tally) lacks(m *machine, n int, sum float64) int {
	switch {
	case m.kind == valueCount && t.most > 0:
		return (m.need - n + t.most - 1) / t.most
	case m.kind == valueSum && t.largest > 0:
		return 1 + int(min(math.MaxInt32, max(0, (m.under-sum)/t.largest-1)))
	}
	return 1
}
