package pipeline

import "sigmatrail/internal/chunk"

// splice is one event of a chunk, or some that touch each other, and what changes in it.
type splice struct {
	event chunk.Event
	// pairs are added to its body.
	pairs []chunk.Pair
	// part, if it is not nil, goes on in the place of the event: what came of it when it was rewritten or taken apart, with what changes in that.
	part  []byte
	inner []splice
	// drop is set where nothing goes on.
	drop bool
}

// output is what is to be written on the events of one chunk.
type output struct {
	splices []splice
	pairs   []chunk.Pair
	values  []byte
	apart   apart
}

func (o *output) reset() {
	o.splices, o.pairs, o.values = o.splices[:0], o.pairs[:0], o.values[:0]
	o.apart.reset()
}

// bytes is about how much memory has grown with the chunks.
func (o *output) bytes() int {
	const perSplice = 256
	return cap(o.values) + cap(o.apart.data) + perSplice*(cap(o.splices)+cap(o.apart.splices))
}

// drop lets an event not go on.
func (o *output) drop(ev *chunk.Event) {
	if n := len(o.splices); n > 0 && o.splices[n-1].drop && o.splices[n-1].event.End == ev.Start {
		o.splices[n-1].event.End = ev.End
		return
	}
	o.splices = append(o.splices, splice{event: *ev, drop: true})
}

// write copies the chunk with its splices to memory of alloc.
func (o *output) write(data []byte, alloc func(n int) []byte, counts *Tally) []byte {
	if len(o.splices) == 0 {
		return nil
	}
	size := sizeOf(data, o.splices)
	if size == 0 {
		return []byte{}
	}
	memory := alloc(size)
	if len(memory) < size {
		o.apart.undo(counts)
		counts.Unmatched += counts.Matched
		counts.Unwritten += counts.Matched
		counts.Matched, counts.Dropped, counts.Displaced = 0, 0, 0
		return nil
	}
	return assemble(memory[:0:size], data, o.splices)
}

// sizeOf returns how many bytes assemble appends.
func sizeOf(data []byte, splices []splice) int {
	size := len(data)
	for i := range splices {
		s := &splices[i]
		size -= s.event.End - s.event.Start
		switch {
		case s.drop:
		case s.part != nil:
			size += sizeOf(s.part, s.inner)
		default:
			size += chunk.SpliceSize(data, &s.event, s.pairs)
		}
	}
	return size
}

// assemble copies data with its splices to dst: runs of untouched events whole.
func assemble(dst, data []byte, splices []splice) []byte {
	copied := 0
	for i := range splices {
		s := &splices[i]
		dst = append(dst, data[copied:s.event.Start]...)
		switch {
		case s.drop:
		case s.part != nil:
			dst = assemble(dst, s.part, s.inner)
		default:
			dst = chunk.Splice(dst, data, &s.event, s.pairs)
		}
		copied = s.event.End
	}
	return append(dst, data[copied:]...)
}
