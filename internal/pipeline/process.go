package pipeline

import (
	"time"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// splice is one event of a chunk and what changes in it.
type splice struct {
	event chunk.Event
	// pairs are added to its body.
	pairs []chunk.Pair
	// bytes, where they are not nil, stand in the event's place instead.
	bytes []byte
}

// size is how many bytes append appends.
func (s *splice) size(data []byte) int {
	if s.bytes != nil {
		return len(s.bytes)
	}
	return chunk.SpliceSize(data, &s.event, s.pairs)
}

func (s *splice) append(dst, data []byte) []byte {
	if s.bytes != nil {
		return append(dst, s.bytes...)
	}
	return chunk.Splice(dst, data, &s.event, s.pairs)
}

// Process judges the events of one chunk, msgpack as Fluent Bit frames it. data is borrowed for the call and never written to.
//
// When nothing is to be written on any event it returns nil: the chunk goes on as it is. Otherwise it returns the chunk with the hits
// spliced in, in memory that it got from one call of alloc(n) and filled whole; all other bytes are copied as they came. An alloc that
// returns fewer than n bytes means that there is no memory: the chunk goes on as it is, and that is counted.
func (e *Engine) Process(data []byte, alloc func(n int) []byte) []byte {
	var counts Tally
	defer e.tally.add(&counts)
	m := marking{suppressor: e.suppressor}
	defer m.end()
	s := e.borrow() // given back only where nothing has panicked: what a fault has touched is not used again
	splices := e.splices(s, data, &m, &counts)
	out := write(data, splices, alloc, &counts)
	if out != nil {
		m.commit(&counts)
	}
	e.giveBack(s)
	return out
}

// write copies the chunk with its splices to memory of alloc.
func write(data []byte, splices []splice, alloc func(n int) []byte, counts *Tally) []byte {
	if len(splices) == 0 {
		return nil
	}
	size := len(data)
	for i := range splices {
		s := &splices[i]
		size += s.size(data) - (s.event.End - s.event.Start)
	}
	out := alloc(size)
	if len(out) < size {
		counts.Matched -= uint64(len(splices))
		counts.Unmatched += uint64(len(splices))
		counts.Unwritten += uint64(len(splices))
		return nil
	}
	return assemble(out[:0:size], data, splices)
}

// assemble copies data with its splices to dst: runs of untouched events whole.
func assemble(dst, data []byte, splices []splice) []byte {
	copied := 0
	for i := range splices {
		s := &splices[i]
		dst = append(dst, data[copied:s.event.Start]...)
		dst = s.append(dst, data)
		copied = s.event.End
	}
	return append(dst, data[copied:]...)
}

// splices walks the chunk and returns the events on which something is to be written. They live until the scratch is used again.
func (e *Engine) splices(s *scratch, data []byte, m *marking, counts *Tally) []splice {
	out := &s.chunk
	out.splices, out.pairs, out.values = out.splices[:0], out.pairs[:0], out.values[:0]
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
			e.judgeEvent(s, data, &ev, m, counts)
		}
	}
	return out.splices
}

// judgeEvent judges one log event, over whose body the projector has walked, and notes what is to be written on it.
func (e *Engine) judgeEvent(s *scratch, data []byte, ev *chunk.Event, m *marking, counts *Tally) {
	var received time.Time
	if ev.HasTime {
		received = time.Unix(ev.Seconds, int64(ev.Nanos)).UTC()
	}
	j := Judgement{Content: record.CloudTrail}
	if s.own.isRecord(data) {
		s.rules, s.verdicts = s.rules[:0], s.verdicts[:0]
		hits := s.match(s.own, received, e.written)
		if len(hits) == 0 { // most records
			counts.Records++
			counts.Unmatched++
			return
		}
		s.verdicts = append(s.verdicts, Verdict{place: record.Place{Data: data, Pos: ev.BodyStart}, Hits: hits})
		j.Verdicts = s.verdicts
	} else {
		j = s.judgeInside(data, ev.BodyStart, received, e.written)
	}
	if j.count(counts) {
		j.received = received
		e.countHits(&j)
		s.hits = j.appendHits(s.hits[:0])
		m.mark(s.hits, &j)
		s.chunk.splices = append(s.chunk.splices, e.splice(s, data, ev, &j, counts))
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
