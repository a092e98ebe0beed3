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
func (w *waiting) Push(x any)   { *w = append(*w, x.(pending)) } // nothing else is pushed

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

// fewWaiting are not worth looking through.
const fewWaiting = 1 << 13

// prune forgets moments of groups and events that had to go, when there are many. Nobody may judge meanwhile.
func (t *table) prune() {
	t.mu.Lock()
	if len(t.waiting) < max(fewWaiting, t.pruned*2) {
		t.mu.Unlock()
		return
	}
	all := t.waiting
	t.waiting = nil
	t.mu.Unlock()
	left := slices.DeleteFunc(all, func(w pending) bool {
		sh := t.shard(w.key)
		sh.mu.Lock()
		defer sh.mu.Unlock()
		g := sh.groups[w.key]
		return g == nil || g.first(w.at) == g.first(w.at+1)
	})
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = append(left, t.waiting...)
	heap.Init(&t.waiting)
	t.pruned = len(t.waiting)
}

// judged says what a condition that waits is at a moment, and whether it has become true there: it was not at the time of the event before, or that is not
// in the window any more.
func (g *group) judged(m *machine, at int64) (w moment, holds, rises bool) {
	g.recall()
	w = g.moment(m, at)
	if w.high == 0 || g.events[w.high-1].at != at { // forgotten
		return w, false, false
	}
	before := false
	if first := g.first(at); first > w.low {
		if earlier := g.moment(m, g.events[first-1].at); g.judgedAt == earlier.at {
			before = g.held
		} else {
			before = g.judge(m, earlier.low, earlier.high)
		}
	}
	holds = g.judge(m, w.low, w.high)
	g.judgedAt, g.held = at, holds
	return w, holds, holds && !before
}

// settleAt notes that the condition has been judged at a time.
func (g *group) settleAt(at int64) {
	for i := g.first(at); i < len(g.events) && g.events[i].at == at; i++ {
		g.events[i].unjudged = false
	}
}
