package pipeline

import (
	"time"

	"sigmatrail/correlate"
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// Process judges the events of one chunk, msgpack as Fluent Bit frames it. data is borrowed for the call and never written to.
//
// When nothing is to be changed on any event it returns nil: the chunk goes on as it is. Otherwise it returns the chunk with the hits
// spliced in, in memory that it got from one call of alloc(n) and filled whole; all other bytes are copied as they came. An alloc that
// returns fewer than n bytes means that there is no memory: the chunk goes on as it is, and that is counted. Where no event is left the result is
// empty and not nil, and alloc is not called.
func (e *Engine) Process(data []byte, alloc func(n int) []byte) []byte {
	out, _ := e.process(data, alloc, marking{suppressor: e.suppressor})
	return out
}

// ProcessTentatively does as Process does, for whoever has yet to find out whether the result arrives. Where it does not, undo is to be called, if it is not
// nil: what was the first hit for suppression then is not, so that the same chunk comes out the same when it is judged again.
func (e *Engine) ProcessTentatively(data []byte, alloc func(n int) []byte) (out []byte, undo func()) {
	out, done := e.process(data, alloc, marking{suppressor: e.suppressor, tentative: true})
	if len(done.counted)+len(done.waited) == 0 {
		return out, nil
	}
	return out, func() {
		e.suppressor.takeBack(done.counted)
		e.owed.add(done.waited)
	}
}

// done is what a call has made happen that can be taken back.
type done struct {
	counted []counted
	waited  []correlate.Firing
}

func (e *Engine) process(data []byte, alloc func(n int) []byte, m marking) ([]byte, done) {
	var counts Tally
	defer e.tally.add(&counts)
	defer m.end()
	s := e.borrow() // given back only where nothing has panicked: what a fault has touched is not used again
	s.chunk.reset()
	e.walk(s, data, &m, &counts, e.split)
	out := s.chunk.write(data, alloc, &counts)
	if out != nil {
		m.commit(&counts)
	} else if len(s.waited) > 0 {
		e.owed.add(s.waited) // nobody has heard of them
		counts.Fired -= uint64(len(s.waited))
		s.waited = nil
	}
	d := done{counted: m.counted, waited: s.waited}
	s.waited = nil
	e.giveBack(s)
	return out, d
}

// walk judges the events of a chunk, and notes what changes in it. Where split is set events are taken apart.
func (e *Engine) walk(s *scratch, data []byte, m *marking, counts *Tally, split bool) {
	var ev chunk.Event
	for w := chunk.NewWalker(data); w.Project(&ev, s.own.projector); {
		counts.Events++
		switch ev.Kind {
		case chunk.Foreign:
			counts.Foreign++
		case chunk.Damaged:
			counts.Damaged++
		case chunk.GroupStart, chunk.GroupEnd:
			counts.Markers++
		case chunk.Log:
			e.judgeEvent(s, data, &ev, m, counts, split)
		}
	}
}

// judgeEvent judges one log event, over whose body the projector has walked, and notes what is to be written on it.
func (e *Engine) judgeEvent(s *scratch, data []byte, ev *chunk.Event, m *marking, counts *Tally, split bool) {
	var received time.Time
	if ev.HasTime {
		received = time.Unix(ev.Seconds, int64(ev.Nanos)).UTC()
	}
	if !s.own.isRecord(data) {
		e.judgeOther(s, data, ev, received, m, counts, split)
		return
	}
	s.rules, s.feeds, s.verdicts = s.rules[:0], s.feeds[:0], s.verdicts[:0]
	v := s.match(s.own, received, &e.choice, Verdict{place: record.Place{Data: data, Pos: ev.BodyStart}})
	if len(v.Hits)+len(v.feeds) == 0 { // most records
		counts.Records++
		counts.Unmatched++
		if e.touchesRest {
			e.pass(s, data, ev, true, counts)
		}
		return
	}
	s.verdicts = append(s.verdicts, v)
	e.note(s, data, ev, &Judgement{Content: record.CloudTrail, Verdicts: s.verdicts, received: received}, m, counts)
}

// judgeOther judges a log event that is no record itself.
func (e *Engine) judgeOther(s *scratch, data []byte, ev *chunk.Event, received time.Time, m *marking, counts *Tally, split bool) {
	inside := s.locate(data, ev.BodyStart)
	if split && e.takeApart(s, data, ev, inside.locator, m, counts) {
		return
	}
	j := s.judgeFound(inside, received, &e.choice)
	j.received = received
	e.note(s, data, ev, &j, m, counts)
}

// note notes what is to be written on a log event, or what else becomes of it.
func (e *Engine) note(s *scratch, data []byte, ev *chunk.Event, j *Judgement, m *marking, counts *Tally) {
	e.correlate(j, &s.waited, counts)
	if j.count(counts) {
		e.countHits(j)
		s.hits = e.appendHits(s.hits[:0], j)
		e.prover.prove(s.hits, j)
		m.mark(s.hits, j)
		s.chunk.splices = append(s.chunk.splices, e.splice(s, data, ev, j, counts))
	} else if e.touchesRest {
		e.pass(s, data, ev, false, counts)
	}
}

// countHits adds the hits to the counts of their rules.
func (e *Engine) countHits(j *Judgement) {
	for _, v := range j.Verdicts {
		for _, rule := range v.Hits {
			e.hits[rule].Add(1)
		}
	}
}
