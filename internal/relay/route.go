package relay

import (
	"sigmatrail/internal/chunk"
	"sigmatrail/internal/forward"
	"sigmatrail/rules"
)

// router says which entries of a chunk go under which tag.
type router struct {
	all, alert     template // alert is nil where there is none
	alertLevel     rules.Level
	alertCopy      bool
	retainMetadata bool
	key            string // under which hits stand
	member         string // of the hits: their level for alerts
}

// stream is entries for one tag.
type stream struct {
	entries []byte
	count   int
	events  uint64 // the entries that are no markers
}

func (s *stream) reset() { s.entries, s.count, s.events = s.entries[:0], 0, 0 }

func (s *stream) message(tag string) *forward.Message {
	return &forward.Message{Tag: tag, Entries: s.entries, Count: s.count}
}

// routed is what a chunk has become. It is used again for the next one.
type routed struct {
	judged      []byte // memory for the chunk with hits written on it
	all, alerts stream
	foreign     int // values that are no events
	damaged     int // bytes that cannot be framed
}

func (r *routed) reset() {
	r.all.reset()
	r.alerts.reset()
	r.foreign, r.damaged = 0, 0
}

// bytes is how much memory r holds.
func (r *routed) bytes() int { return cap(r.judged) + cap(r.all.entries) + cap(r.alerts.entries) }

// route distributes the events of a chunk.
func (t *router) route(data []byte, to *routed) {
	var ev chunk.Event
	for w := chunk.NewWalker(data); w.Next(&ev); {
		switch ev.Kind {
		case chunk.Log:
			alert := t.alert != nil && t.isAlert(data, &ev)
			if alert {
				t.append(&to.alerts, data, &ev)
			}
			if !alert || t.alertCopy {
				t.append(&to.all, data, &ev)
			}
		case chunk.GroupStart, chunk.GroupEnd:
			if t.retainMetadata {
				to.all.entries = append(to.all.entries, data[ev.Start:ev.End]...)
				to.all.count++
			}
		case chunk.Foreign:
			to.foreign++
		case chunk.Damaged:
			to.damaged += ev.End - ev.Start
		}
	}
}

// append adds an event. One without metadata is framed as [time, body], which every receiver knows; the bytes of both are the host's.
func (t *router) append(s *stream, data []byte, ev *chunk.Event) {
	s.count++
	s.events++
	pair, _ := chunk.ReadHead(data, ev.Start)
	header, _ := chunk.ReadHead(data, pair.Next)
	if header.Type != chunk.Array {
		s.entries = append(s.entries, data[ev.Start:ev.End]...)
		return
	}
	timeEnd, _ := chunk.Skip(data, header.Next)
	metadata, _ := chunk.ReadHead(data, timeEnd)
	if t.retainMetadata && metadata.Len > 0 {
		s.entries = append(s.entries, data[ev.Start:ev.End]...)
		return
	}
	const arrayOfTwo = 0x92
	s.entries = append(s.entries, arrayOfTwo)
	s.entries = append(s.entries, data[header.Next:timeEnd]...)
	s.entries = append(s.entries, data[ev.BodyStart:ev.BodyEnd]...)
}

// isAlert reports whether the hits on an event, as they stand under our key, are of the level for alerts or above.
func (t *router) isAlert(data []byte, ev *chunk.Event) bool {
	body := data[:ev.BodyEnd]
	start, _, ok := chunk.Lookup(body, ev.BodyStart, t.key)
	if !ok {
		return false
	}
	if start, _, ok = chunk.Lookup(body, start, t.member); !ok {
		return false
	}
	h, ok := chunk.ReadHead(body, start)
	if !ok || h.Type != chunk.Str {
		return false
	}
	level, known := rules.ParseLevel(string(h.Content(body)))
	return known && level >= t.alertLevel
}
