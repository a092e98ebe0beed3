package correlate

import "slices"

// group is the events of one correlation that have the same values for its group-by.
type group struct {
	key    hash
	values []string
	// events are in the order of time, and not as they came.
	events []event
	// lost is the time of the latest event that had to go before its time, or never.
	lost int64
	// settled is the suffix that satisfied the condition when it was last looked for: while it stands in the window, the condition is still true.
	settled, upTo int64

	dirty        bool // not stored yet as it is now
	stored       bool // in the file, as it is now or was before
	touched      uint64
	newer, older *group
}

// never is before every time.
const never = -1 << 63

// insert puts e in its place, and returns where that is; fresh is false where the record is there already.
func (g *group) insert(e *event) (at int, fresh bool) {
	n := len(g.events)
	if n == 0 || g.events[n-1].at < e.at { // most come in order
		g.events = append(g.events, *e)
		return n, true
	}
	for i := g.first(e.at); i < n && g.events[i].at == e.at; i++ {
		if g.events[i].same(e) {
			return i, false
		}
	}
	at, _ = slices.BinarySearchFunc(g.events, e, func(a event, b *event) int { return a.before(b) })
	g.events = slices.Insert(g.events, at, *e)
	return at, true
}

// first returns the index of the first event at or after a time.
func (g *group) first(at int64) int {
	i, _ := slices.BinarySearchFunc(g.events, at, func(e event, at int64) int {
		if e.at < at {
			return -1
		}
		return 1
	})
	return i
}

// window returns where the events of the time span that ends at a time begin and end.
func (g *group) window(at, span int64) (low, high int) { return g.first(at - span), g.first(at + 1) }

// expire forgets the events before a time.
func (g *group) expire(before int64) (gone bool) {
	n := g.first(before)
	g.drop(n)
	return n > 0
}

// drop forgets the first n events.
func (g *group) drop(n int) {
	clear(g.events[:n]) // what they point to
	g.events = g.events[n:]
}

// crowd forgets the oldest events where there are more than most, and returns how many had to go.
func (g *group) crowd(most int) int {
	n := len(g.events) - most
	if n <= 0 {
		return 0
	}
	g.lost = max(g.lost, g.events[n-1].at)
	g.drop(n)
	return n
}

// moment is a time at which the condition is true of the window that ends then.
type moment struct {
	at        int64
	low, high int // of its events
}

// completed returns the moments whose windows have the event at index i and satisfy the condition because of it, and whether any such window did so before.
// Only conditions that more events cannot make false are asked so. Where all is not set, nothing counts once one was satisfied before.
func (g *group) completed(m *machine, i int, all bool) (now []moment, before bool) {
	e := &g.events[i]
	if g.settled > never && g.upTo <= e.at && g.settled >= e.at-m.span && !all {
		return nil, true
	}
	low, _ := g.window(e.at, m.span)
	end := g.first(e.at + m.span + 1)
	if _, ok := m.suffix(g.events[low:end], none); !ok { // nor is it of less
		return nil, false
	}
	for j := i; j < end; {
		at := g.events[j].at
		low, high := g.window(at, m.span)
		from, ok := m.suffix(g.events[low:high], none)
		if ok {
			g.settle(g.events[low+from].at, at)
		}
		old := ok && from > i-low
		if ok && !old {
			_, old = m.suffix(g.events[low:high], i-low)
		}
		switch {
		case old:
			before = true
		case ok:
			now = append(now, moment{at, low, high})
		}
		if before && !all {
			break
		}
		j = high
	}
	return now, before
}

// again returns the first moment whose window has the event at index i and is satisfied.
func (g *group) again(m *machine, i int) (w moment, ok bool) {
	end := g.first(g.events[i].at + m.span + 1)
	for j := i; j < end; {
		at := g.events[j].at
		low, high := g.window(at, m.span)
		if _, ok := m.suffix(g.events[low:high], none); ok {
			return moment{at, low, high}, true
		}
		j = high
	}
	return w, false
}

// settle remembers that the events from one time to another satisfy the condition.
func (g *group) settle(from, to int64) {
	if g.settled == never || to >= g.upTo {
		g.settled, g.upTo = from, to
	}
}

// firing tells of the window of a moment.
func (g *group) firing(m *machine, w moment) Firing {
	events := g.events[w.low:w.high]
	last := &events[len(events)-1]
	f := Firing{Correlation: m.index, Events: len(events), First: timeOf(events[0].at), Last: timeOf(last.at), Serial: last.serial}
	for i, value := range g.values {
		f.Group = append(f.Group, Field{Name: m.group[i], Value: value})
	}
	if m.kind != eventCount {
		c := counter{machine: m}
		for i := range events {
			c.add(&events[i])
		}
		f.Value, f.HasValue = c.value(), true
	}
	for i := len(events) - 1; i >= 0 && len(f.EventIDs) < MostIDs; i-- {
		if id := events[i].eventID(); id != "" {
			f.EventIDs = append(f.EventIDs, id)
		}
	}
	slices.Reverse(f.EventIDs)
	return f
}
