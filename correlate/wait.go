package correlate

import (
	"container/heap"
	"slices"
)

// waiting is the moments at which conditions are to be judged when the events up to then must have come, the earliest first.
type waiting []pending

type pending struct {
	at  int64
	key hash
}

// Len, Less, Swap, Push and Pop make it a heap.
func (w waiting) Len() int { return len(w) }
func (w waiting) Less(i, j int) bool {
	return w[i].at < w[j].at || w[i].at == w[j].at && slices.Compare(w[i].key[:], w[j].key[:]) < 0
}
func (w waiting) Swap(i, j int) { w[i], w[j] = w[j], w[i] }
func (w *waiting) Push(x any)   { *w = append(*w, x.(pending)) } //nolint:errcheck,forcetypeassert // nothing else is pushed

// Pop takes the last one.
func (w *waiting) Pop() any {
	old := *w
	last := old[len(old)-1]
	*w = old[:len(old)-1]
	return last
}

// due takes the next moment before a time.
func (w *waiting) due(before int64) (p pending, ok bool) {
	if len(*w) == 0 || (*w)[0].at >= before {
		return p, false
	}
	p, _ = heap.Pop(w).(pending)
	for len(*w) > 0 && (*w)[0] == p { // events of one time
		heap.Pop(w)
	}
	return p, true
}

// judged says what a condition that waits is at a moment, and whether it has become true there: it was not at the time of the event before, or that is not
// in the window any more.
func (g *group) judged(m *machine, at int64) (w moment, holds, rises bool) {
	low, high := g.window(at, m.span)
	if high == 0 || g.events[high-1].at != at { // forgotten
		return w, false, false
	}
	if !m.judge(g.events[low:high], g.counts(m, low)) {
		return w, false, false
	}
	w = moment{at, low, high}
	first := g.first(at)
	if first == low {
		return w, true, true
	}
	earlier, end := g.window(g.events[first-1].at, m.span)
	return w, true, !m.judge(g.events[earlier:end], g.counts(m, earlier))
}

// settleAt notes that the condition has been judged at a time.
func (g *group) settleAt(at int64) {
	for i := g.first(at); i < len(g.events) && g.events[i].at == at; i++ {
		g.events[i].unjudged = false
	}
}

// counts says which events behind an index count: of the firings of a correlation those alone that begin a burst, that is, a run of overlapping windows.
func (g *group) counts(m *machine, low int) func(i int) bool {
	return func(i int) bool {
		e := &g.events[low+i]
		if e.more == nil || e.more.reach == 0 || m.kind == valueCount || m.kind == temporal {
			return true
		}
		for j := low + i - 1; j >= 0 && g.events[j].at >= e.at-e.more.reach; j-- {
			if o := g.events[j].more; o != nil && o.inner == e.more.inner {
				return false
			}
		}
		return true
	}
}
