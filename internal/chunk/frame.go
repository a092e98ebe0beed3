package chunk

import (
	"encoding/binary"
	"math"
)

// Kind says what one part of a chunk is.
type Kind uint8

const (
	// Log is a log event: a time and a body map.
	Log Kind = iota
	// GroupStart is the host's marker before a group of events (Fluent Bit 3.1 and later).
	GroupStart
	// GroupEnd is the host's marker after a group of events.
	GroupEnd
	// Foreign is sound msgpack that is no event.
	Foreign
	// Damaged cannot be walked: it is cut short or holds a byte that msgpack does not have. It reaches to the end of the chunk, as the
	// framing is lost.
	Damaged
)

// Timestamps that make an event a marker, in seconds (flb_log_event.h).
const (
	groupStartSeconds = 0xFFFFFFFF
	groupEndSeconds   = 0xFFFFFFFE
)

// Event is one part of a chunk, as offsets into it.
type Event struct {
	Kind Kind
	// Start and End bound the whole event; the events of a chunk touch each other and cover it.
	Start, End int
	// BodyStart and BodyEnd bound the body, a msgpack map with its header. They are set for Log, GroupStart and GroupEnd.
	BodyStart, BodyEnd int
	// Seconds and Nanos are the event's own time since the Unix epoch. HasTime is false where it is not a time that msgpack for Fluent Bit
	// knows.
	Seconds int64
	Nanos   uint32
	HasTime bool
}

// Walker goes over the events of one chunk. It holds the chunk, borrowed, and may be copied.
type Walker struct {
	data []byte
	pos  int
}

// NewWalker returns a Walker at the start of data, a concatenation of events in any framing that Fluent Bit has had: [time, body] and
// [[time, metadata], body], with array and map headers of any width.
func NewWalker(data []byte) Walker { return Walker{data: data} }

// Next describes the next part of the chunk in ev and returns true, or returns false at the end. Every byte of the chunk belongs to
// exactly one part.
func (w *Walker) Next(ev *Event) bool { return w.Project(ev, nil) }

// Project does as Next does, and on the same walk makes the body of a Log the record of r, if that is not nil.
func (w *Walker) Project(ev *Event, r *Projector) bool {
	if w.pos >= len(w.data) {
		return false
	}
	*ev = Event{Kind: Foreign, Start: w.pos}
	if end, ok := w.event(ev, r); ok {
		ev.End = end
	} else {
		ev.Kind, ev.End = Damaged, len(w.data)
	}
	w.pos = ev.End
	return true
}

// event walks over one value. What does not have the shape of an event stays Foreign; ok is false where it cannot be walked.
func (w *Walker) event(ev *Event, r *Projector) (end int, ok bool) {
	if bodyStart, ok := w.plain(ev); ok {
		return w.body(ev, bodyStart, r)
	}
	pair, ok := ReadHead(w.data, ev.Start)
	if !ok {
		return 0, false
	}
	if pair.Type != Array || pair.Len != 2 {
		return Skip(w.data, ev.Start)
	}
	timed, grouped, bodyStart, ok := w.header(ev, pair.Next)
	if !ok {
		return 0, false
	}
	body, ok := ReadHead(w.data, bodyStart)
	if !ok {
		return 0, false
	}
	if !timed || body.Type != Map {
		return Skip(w.data, bodyStart)
	}
	if ev.Kind = kindOf(ev, grouped); ev.Kind != Log {
		r = nil
	}
	return w.body(ev, bodyStart, r)
}

// body walks over the map of an event.
func (w *Walker) body(ev *Event, start int, r *Projector) (end int, ok bool) {
	if r != nil {
		end, ok = r.Record(w.data, start, 0)
	} else {
		end, ok = Skip(w.data, start)
	}
	ev.BodyStart, ev.BodyEnd = start, end
	return end, ok
}

// plain reads the framing that hosts write most often, [[time, {}], body] with the shortest headers, of a log event. ok is false for any other.
func (w *Walker) plain(ev *Event) (bodyStart int, ok bool) {
	const size = 13
	if len(w.data)-w.pos <= size {
		return 0, false
	}
	b := w.data[w.pos : w.pos+size+1]
	seconds := binary.BigEndian.Uint32(b[4:])
	if binary.BigEndian.Uint32(b) != 0x9292d700 || b[12] != 0x80 || seconds >= groupEndSeconds || (b[13] != 0xdf && b[13] != 0xde && b[13]>>4 != 0x8) {
		return 0, false
	}
	ev.Kind, ev.HasTime, ev.Seconds, ev.Nanos = Log, true, int64(seconds), binary.BigEndian.Uint32(b[8:])
	return w.pos + size, true
}

// header walks over the first half of an event: a time, or an array of a time and a metadata map. timed reports whether it is one of
// these, marked whether the time has the form that group markers use.
func (w *Walker) header(ev *Event, pos int) (timed, marked bool, next int, ok bool) {
	h, ok := ReadHead(w.data, pos)
	if !ok {
		return false, false, 0, false
	}
	next, ok = Skip(w.data, pos)
	if !ok {
		return false, false, 0, false
	}
	if h.Type != Array {
		ev.readTime(w.data, h)
		return ev.HasTime, false, next, true
	}
	if h.Len != 2 {
		return false, false, next, true
	}
	stamp, _ := ReadHead(w.data, h.Next)
	metadataStart, _ := Skip(w.data, h.Next)
	metadata, _ := ReadHead(w.data, metadataStart)
	ev.readTime(w.data, stamp)
	return ev.HasTime && metadata.Type == Map, stamp.Type == Ext, next, true
}

// readTime takes the event's time from h: Fluentd's EventTime (extension 0 of 8 bytes: seconds and nanoseconds), or a number of seconds.
func (ev *Event) readTime(data []byte, h Head) {
	switch {
	case h.Type == Ext && h.ExtType == 0 && h.Len == 8:
		b := h.Content(data)
		ev.Seconds, ev.Nanos = int64(binary.BigEndian.Uint32(b)), binary.BigEndian.Uint32(b[4:])
	case h.Type == Int:
		ev.Seconds = h.Int()
	case h.Type == Float && math.Abs(h.Float()) < math.MaxInt64:
		whole, fraction := math.Modf(h.Float())
		ev.Seconds, ev.Nanos = int64(whole), uint32(math.Abs(fraction)*1e9)
	default:
		return
	}
	ev.HasTime = true
}

// kindOf tells log events from group markers, which have one of two times that no event has.
func kindOf(ev *Event, marked bool) Kind {
	switch {
	case marked && ev.Seconds == groupStartSeconds:
		return GroupStart
	case marked && ev.Seconds == groupEndSeconds:
		return GroupEnd
	default:
		return Log
	}
}
