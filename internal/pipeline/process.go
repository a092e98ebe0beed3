package pipeline

import (
	"time"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// splice is one event of a chunk and what changes in it.
type splice struct {
	event chunk.Event
	edit  chunk.Edit
}

// Process judges the events of one chunk, msgpack as Fluent Bit frames it. data is borrowed for the call and never written to.
//
// When nothing is to be written on any event it returns nil: the chunk goes on as it is. Otherwise it returns the chunk with the hits
// spliced in, in memory that it got from one call of alloc(n) and filled whole; all other bytes are copied as they came. An alloc that
// returns fewer than n bytes means that there is no memory: the chunk goes on as it is, and that is counted.
func (e *Engine) Process(data []byte, alloc func(n int) []byte) []byte {
	var counts Tally
	defer func() { e.tally.add(&counts) }()
	splices := e.splices(data, &counts)
	if len(splices) == 0 {
		return nil
	}
	size := len(data)
	for i := range splices {
		s := &splices[i]
		size += chunk.SpliceSize(data, &s.event, &s.edit) - (s.event.End - s.event.Start)
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
		dst = chunk.Splice(dst, data, &s.event, &s.edit)
		copied = s.event.End
	}
	return append(dst, data[copied:]...)
}

// splices walks the chunk and returns the events on which something is to be written.
func (e *Engine) splices(data []byte, counts *Tally) []splice {
	var list []splice
	var ev chunk.Event
	for w := chunk.NewWalker(data); w.Next(&ev); {
		counts.Events++
		switch ev.Kind {
		case chunk.Foreign:
			counts.Foreign++
		case chunk.Damaged:
			counts.Damaged++
		case chunk.GroupStart, chunk.GroupEnd:
			counts.Markers++
		case chunk.Log:
			if edit, ok := e.judgeEvent(data, &ev, counts); ok {
				list = append(list, splice{event: ev, edit: edit})
			}
		}
	}
	return list
}

// judgeEvent judges one log event and returns what is to be written on it.
func (e *Engine) judgeEvent(data []byte, ev *chunk.Event, counts *Tally) (chunk.Edit, bool) {
	body, ok := record.Decode(data, ev.BodyStart)
	if !ok {
		counts.Damaged++ // unreachable: the walk went over the same bytes
		return chunk.Edit{}, false
	}
	var received time.Time
	if ev.HasTime {
		received = time.Unix(ev.Seconds, int64(ev.Nanos)).UTC()
	}
	j := e.Judge(body, received)
	if !j.count(counts) {
		return chunk.Edit{}, false
	}
	return e.edit(data, ev, &j, counts), true
}
