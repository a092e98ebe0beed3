package main

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"sigmatrail/correlate"
	"sigmatrail/internal/pipeline"
	"sigmatrail/internal/record"
)

// Correlations look at the records of all files in the order of their times. So an event that they want to know of is held: when everything has been read, its records
// are correlated, and it is judged again and printed, behind all others, in the order of the input. A table has its rows at once, and those of correlations at the end.

// held is an event with records that correlations want to know of.
type held struct {
	json    []byte
	kept    []int // which of its records the scan is about
	records []heldRecord
}

// heldRecord is such a record.
type heldRecord struct {
	correlate.Event

	values  [][]string // for each field that correlations name
	event   int        // its event's place among the held ones
	verdict int        // its own among the kept ones of the event
}

// hold notes that an event is to be held, if it is: in r where that is for it alone, else in a result of its own.
func (w *worker) hold(r *result, item record.Item, j *pipeline.Judgement) bool {
	if w.scan.engine.Correlated().Empty() {
		return false
	}
	h, undated := held{json: item.JSON}, uint64(0)
	for i := range j.Verdicts {
		v := &j.Verdicts[i]
		h.kept = append(h.kept, v.Index)
		if !v.Feeds() {
			continue
		}
		ev, dated := w.scan.engine.Event(v, time.Time{})
		if !dated {
			undated++
			continue
		}
		one := heldRecord{Event: ev, verdict: i}
		for _, field := range w.scan.fields {
			one.values = append(one.values, ev.Values(field))
		}
		one.Rules, one.Values = slices.Clone(ev.Rules), nil
		h.records = append(h.records, one)
	}
	if len(h.records) == 0 {
		r.counts.Undated += undated
		return false
	}
	b := w.batch
	if w.scan.seen == nil {
		r = b.addResult()
	}
	r.held, r.counts.Undated = &h, undated
	if w.scan.table != nil {
		b.out = w.scan.table.add(b.out, j, 0)
		r.end = len(b.out)
	}
	return true
}

// keep takes a held event over from its batch.
func (s *scan) keep(h *held) error {
	for _, r := range h.records {
		r.event = len(s.heldEvents)
		r.Account, r.Region, r.ID = s.texts.of(r.Account), s.texts.of(r.Region), s.texts.of(r.ID)
		for _, list := range r.values {
			for i, text := range list {
				list[i] = s.texts.of(text)
			}
		}
		s.heldRecords = append(s.heldRecords, r)
	}
	s.heldEvents = append(s.heldEvents, h.kept)
	return s.spool.add(h.json)
}

// texts keeps equal texts once.
type texts map[string]string

func (t texts) of(text string) string {
	known, ok := t[text]
	if !ok {
		known = strings.Clone(text)
		t[known] = known
	}
	return known
}

// fired is that a correlation fired on a record of an event.
type fired struct {
	verdict int
	firing  correlate.Firing
}

// correlate feeds the held records to the correlations in the order of their times, and returns what fires, by event.
func (s *scan) correlate() map[int][]fired {
	list := s.heldRecords
	slices.SortStableFunc(list, func(a, b heldRecord) int {
		return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.ID, b.ID), strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region),
			slices.Compare(a.Rules, b.Rules), slices.CompareFunc(a.values, b.values, slices.Compare[[]string]))
	})
	c := correlate.NewCorrelator(s.engine.Correlated(), correlate.NewState(correlate.Options{}))
	found := make(map[int][]fired)
	var firings []correlate.Firing
	note := func(r *heldRecord) {
		for _, f := range firings {
			on := r
			if f.Waited {
				on, f.Waited = &list[f.Serial], false // here it is written on its own
			}
			found[on.event] = append(found[on.event], fired{on.verdict, f})
		}
		firings = firings[:0]
	}
	for i := range list {
		r := &list[i]
		r.Serial = uint64(i)
		r.Values = func(field string) []string {
			if at, ok := slices.BinarySearch(s.fields, field); ok {
				return r.values[at]
			}
			return nil
		}
		firings = c.Apply(firings, &r.Event)
		r.Values = nil
		note(r)
	}
	firings = c.Flush(firings)
	note(nil)
	return found
}

// release prints the events that were held, with what fired.
func (s *scan) release() error {
	if len(s.heldEvents) == 0 {
		return nil
	}
	defer s.spool.close()
	found := s.correlate()
	w := newWorker(s)
	return s.spool.each(func(event int, json []byte) error {
		return s.releaseOne(w, event, json, found[event])
	})
}

// judgeHeld judges a held event again.
func (s *scan) judgeHeld(w *worker, event int, json []byte) (j pipeline.Judgement, err error) {
	if w.packed, err = record.AppendMsgpack(w.packed[:0], json); err != nil {
		return j, err // unreachable: it was judged before
	}
	j = w.judge.Event(w.packed, time.Time{})
	j.Verdicts = slices.DeleteFunc(j.Verdicts, func(v pipeline.Verdict) bool { return !slices.Contains(s.heldEvents[event], v.Index) })
	return j, nil
}

func (s *scan) releaseOne(w *worker, event int, json []byte, found []fired) error {
	j, err := s.judgeHeld(w, event, json)
	if err != nil {
		return err
	}
	for _, f := range found {
		s.engine.Fire(&j.Verdicts[f.verdict], f.firing)
	}
	var counts pipeline.Counts
	counts.Fired += uint64(len(found))
	counts.Add(&j)
	var out []byte
	switch {
	case s.table != nil: // the rows of its rules are there
		out = s.table.add(nil, &j, len(s.engine.Rules().Rules))
	case j.Hit() || s.all:
		if out, err = s.engine.AppendJSON(nil, json, &j, &counts); err != nil {
			return err
		}
		out = append(out, '\n')
	}
	s.engine.Add(&counts)
	return s.print(out)
}
