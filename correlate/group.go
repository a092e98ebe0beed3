package correlate

import "slices"

// group is the events of one correlation that have the same values for its group-by.
type group struct {
	key   hash
	texts []string // those values
	// events are in the order of time, and not as they came.
	events []event
	// lost is the time of the latest event that had to go before its time, or never.
	lost int64
	// from is the time up to which events have been forgotten, as no more were to be expected that they belong with.
	from int64
	// settled is the suffix that satisfied the condition when it was last looked for: while it stands in the window, the condition is still true.
	settled, upTo int64
	tally         tally // value_count and value_sum
	// judgedAt is the last time at which the condition was judged by waiting, and held what came out.
	judgedAt int64
	held     bool

	dirty        bool // not stored yet as it is now
	stored       bool // in the file, as it is now or was before
	touched      uint64
	newer, older *group
}

// never is before every time.
const never = -1 << 63

// insert puts e in its place, and returns where that is; fresh is false where the event is there already, which then gets what is new in e: news says
// whether that is anything.
func (g *group) insert(e *event) (at int, fresh, news bool) {
	g.recall()
	n := len(g.events)
	if n == 0 || g.events[n-1].at < e.at { // most come in order
		g.tally.know(e)
		g.events = append(g.events, *e)
		return n, true, true
	}
	for i := g.first(e.at); i < n && g.events[i].at == e.at; i++ {
		if g.events[i].same(e) {
			if e.isRecord() {
				return i, false, false
			}
			g.tally.forget(&g.events[i])
			news = g.events[i].merge(e)
			g.tally.know(&g.events[i])
			return i, false, news
		}
	}
	at, _ = slices.BinarySearchFunc(g.events, e, func(a event, b *event) int { return a.before(b) })
	g.tally.know(e)
	e.holds = at > 0 && g.events[at-1].at == e.at && g.events[at-1].holds // which is the last one of that time no more, or not the last one either
	g.events = slices.Insert(g.events, at, *e)
	return at, true, true
}

// recall takes the events in that were there before anything was counted: those that a file had.
func (g *group) recall() {
	if g.tally.known {
		return
	}
	g.tally.known = true
	for i := range g.events {
		g.tally.know(&g.events[i])
	}
}

// has reports whether the event is there.
func (g *group) has(e *event) bool {
	for i := g.first(e.at); i < len(g.events) && g.events[i].at == e.at; i++ {
		if g.events[i].same(e) {
			return true
		}
	}
	return false
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

// tied reports whether the event at an index is not the only one of its time.
func (g *group) tied(i int) bool {
	at := g.events[i].at
	return (i > 0 && g.events[i-1].at == at) || (i+1 < len(g.events) && g.events[i+1].at == at)
}

// window returns where the events of the time span that ends at a time begin and end.
func (g *group) window(at, span int64) (low, high int) { return g.first(at - span), g.first(at + 1) }

// expire forgets the events before a time, and returns how many.
func (g *group) expire(before int64) int {
	if len(g.events) == 0 || g.events[0].at >= before {
		return 0
	}
	n := g.first(before)
	g.drop(n)
	g.from = max(g.from, before)
	return n
}

// drop forgets the first n events.
func (g *group) drop(n int) {
	for i := range g.events[:n] {
		g.tally.forget(&g.events[i])
	}
	clear(g.events[:n]) // what they point to
	if g.events = g.events[n:]; len(g.events) == 0 {
		g.tally = tally{}
	}
}

// crowd forgets events where there are more than most, and returns how many had to go: the oldest, but where the order of different rules counts the oldest of
// those that there are most of, so that a flood of one rule does not wash away the step before it.
func (g *group) crowd(m *machine, most int) int {
	n := len(g.events) - most
	if n <= 0 {
		return 0
	}
	if (m.kind == temporal || m.kind == ordered) && !m.waits {
		for range n {
			g.thin()
		}
		return n
	}
	g.lost = max(g.lost, g.events[n-1].at)
	g.drop(n)
	return n
}

// thin forgets the oldest of the events that fill the same places as most do.
func (g *group) thin() {
	type kind struct {
		mask          uint64
		count, oldest int
	}
	var room [8]kind
	kinds := room[:0]
	for i := range g.events {
		mask := g.events[i].mask
		k := slices.IndexFunc(kinds, func(k kind) bool { return k.mask == mask })
		if k < 0 {
			k = len(kinds)
			kinds = append(kinds, kind{mask: mask, oldest: i})
		}
		kinds[k].count++
	}
	i := slices.MaxFunc(kinds, func(a, b kind) int { return a.count - b.count }).oldest
	g.lost = max(g.lost, g.events[i].at)
	g.tally.forget(&g.events[i])
	g.events = slices.Delete(g.events, i, i+1)
}

// moment is a time at which the condition is true of the window that ends then.
type moment struct {
	at        int64
	low, high int // of its events
	// only is the index of the event alone that the moment is new to, or none.
	only int
}

// completed returns the moments whose windows have the event at index i and satisfy the condition because of it, and that of the event itself; and whether any
// such window did so before. Only conditions that more events cannot make false are asked so. Where all is not set, nothing counts once one was satisfied
// before. again is set where the event has been there already.
func (g *group) completed(m *machine, i int, all, again bool) (now []moment, before bool) {
	e := &g.events[i]
	w, ok, before := g.ownMoment(m, i)
	if ok && again {
		w.only = none
	}
	if ok && (all || !before) {
		now = append(now, w)
	}
	if (before && !all) || (again && !e.led) || g.events[len(g.events)-1].at == e.at {
		return now, before
	}
	return g.later(m, i, now, before, all, again)
}

// ownMoment returns the moment of the event at index i itself, whether the condition is true then, and whether it was so before. Only is set where the moment is
// known already.
func (g *group) ownMoment(m *machine, i int) (w moment, ok, before bool) {
	at := g.events[i].at
	w = g.moment(m, at)
	last := &g.events[w.high-1]
	switch {
	case last.holds:
		w.only = i
		return w, true, true
	case g.settled > never && g.upTo <= at && g.settled >= at-m.span:
		last.holds = true
		return w, true, true
	}
	from, ok := g.suffix(m, w.low, w.high, none)
	if !ok {
		return w, false, false
	}
	last.holds = true
	g.settle(g.events[from].at, at)
	return w, true, from > i || g.heldBefore(m, w, i)
}

// heldBefore reports whether the condition was true of the window w without the event at index i, or of that of the time before, which is in w.
func (g *group) heldBefore(m *machine, w moment, i int) bool {
	if g.tied(i) {
		if _, ok := g.suffix(m, w.low, w.high, i); ok {
			return true
		}
	}
	earlier := g.first(w.at) - 1
	if earlier < w.low {
		return false
	}
	if g.events[earlier].holds {
		return true
	}
	low, high := g.window(g.events[earlier].at, m.span)
	_, ok := g.suffix(m, low, high, none)
	return ok
}

// later adds the moments after that of the event at index i.
func (g *group) later(m *machine, i int, now []moment, before, all, again bool) ([]moment, bool) {
	at := g.events[i].at
	end := g.first(at + m.span + 1)
	j := g.first(at + 1)
	for j < end && (all || !before) {
		for j+1 < end && g.events[j+1].at == g.events[j].at {
			j++
		}
		last := &g.events[j]
		j++
		if last.holds && !again {
			before = true
			continue
		}
		w := g.moment(m, last.at)
		from, ok := g.suffix(m, w.low, w.high, none)
		if ok {
			last.holds = true
			g.settle(g.events[from].at, w.at)
			if !again {
				if _, old := g.suffix(m, w.low, w.high, i); old {
					before = true
					continue
				}
			}
			g.events[i].led = true
			now = append(now, w)
			continue
		}
		for step := from; j < end; step *= 2 { // windows of which not even all events together satisfy it
			far := min(j+step, end)
			if _, ok := g.suffix(m, w.low, far, none); ok {
				break
			}
			j = far
		}
		if j < end && j > w.high {
			j = g.first(g.events[j].at) // not in the middle of a time
		}
	}
	return now, before
}

func (g *group) moment(m *machine, at int64) moment {
	low, high := g.window(at, m.span)
	return moment{at: at, low: low, high: high, only: none}
}

// again returns the first moment whose window has the event at index i and is satisfied.
func (g *group) again(m *machine, i int) (w moment, ok bool) {
	end := g.first(g.events[i].at + m.span + 1)
	for j := i; j < end; j = w.high {
		w = g.moment(m, g.events[j].at)
		if _, ok := g.suffix(m, w.low, w.high, none); ok {
			return w, true
		}
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
	for i, text := range g.texts {
		f.Group = append(f.Group, Field{Name: m.group[i], Value: text})
	}
	if m.kind != eventCount || m.reach > 0 {
		f.Value, f.HasValue = g.value(m, w.low, w.high), true
	}
	for i := len(events) - 1; i >= 0 && len(f.EventIDs) < MostIDs; i-- {
		if id := events[i].eventID(); id != "" {
			f.EventIDs = append(f.EventIDs, id)
		}
	}
	slices.Reverse(f.EventIDs)
	return f
}
