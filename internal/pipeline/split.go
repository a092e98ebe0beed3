package pipeline

import (
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// mostGrowth bounds what the events that come of one may take together, in sizes of that one: what stands around a list is copied for each element, and
// a sender could make that as much as he likes.
const mostGrowth = 4

// apart is what the events of a chunk were taken apart into.
type apart struct {
	data    []byte
	splices []splice

	// matched, unmatched and foreign are the counts of what came of events, whole those of these that would have been matched as they were.
	matched, unmatched, foreign, whole uint64
}

func (a *apart) reset() { *a = apart{data: a.data[:0], splices: a.splices[:0]} }

// takeApart makes an event of its own of each element of the list in which locator has found the records of an event, and judges each as if it
// had come that way. It returns false, and nothing has happened, if the records stand in no list, or something about it is irregular. An event that
// carries our key is about all of its records, and stays whole unless nobody is trusted with the key.
func (e *Engine) takeApart(s *scratch, data []byte, ev *chunk.Event, locator *record.Locator, m *marking, counts *Tally) bool {
	list, ok := locator.List()
	if !ok {
		return false
	}
	if _, _, carries := chunk.Lookup(data, ev.BodyStart, e.ownKey); carries && !e.reserveKey {
		return false
	}
	out := &s.chunk
	a := &out.apart
	first, n := len(a.data), 0
	if a.data, n = s.splitter.Append(a.data, data, ev.Start, ev.End, list, mostGrowth*(ev.End-ev.Start)); n == 0 {
		return false
	}
	part := a.data[first:len(a.data):len(a.data)]
	outer, from, before := out.splices, len(a.splices), *counts
	out.splices = a.splices
	e.walk(s, part, m, counts, false)
	a.splices = out.splices
	out.splices = append(outer, splice{event: *ev, part: part, inner: a.splices[from:]})
	counts.Events-- // the one that it was
	counts.Split++
	counts.SplitInto += uint64(n) //nolint:gosec // a count
	a.matched += counts.Matched - before.Matched
	a.unmatched += counts.Unmatched - before.Unmatched
	a.foreign += counts.Foreign - before.Foreign
	if counts.Matched > before.Matched {
		a.whole++
	}
	return true
}

// undo counts the events of a chunk as they came, as what was made of them cannot be written.
func (a *apart) undo(counts *Tally) {
	counts.Events -= counts.SplitInto - counts.Split
	counts.Matched -= a.matched - a.whole
	counts.Unmatched += counts.Split - a.whole
	counts.Unmatched -= a.unmatched
	counts.Foreign -= a.foreign
	counts.Split, counts.SplitInto = 0, 0
}
