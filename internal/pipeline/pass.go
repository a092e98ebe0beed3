package pipeline

import "sigmatrail/internal/chunk"

// pass does with a log event without a hit what emit and reserve_key say. walked is set where the projector has just walked over its body.
func (e *Engine) pass(s *scratch, data []byte, ev *chunk.Event, walked bool, counts *Tally) {
	if e.matchesOnly {
		counts.Dropped++
		s.chunk.drop(ev)
		return
	}
	if walked {
		if _, carries := s.own.projector.Mark(markOwn); !carries {
			return
		}
	}
	start, end, carries := chunk.Lookup(data, ev.BodyStart, e.ownKey)
	if !carries {
		return
	}
	counts.Displaced++
	spare := e.spare(func(name string) bool { _, _, taken := chunk.Lookup(data, ev.BodyStart, name); return taken })
	s.chunk.splices = append(s.chunk.splices, splice{event: *ev, edit: chunk.Edit{
		Drop: []string{e.ownKey}, Append: []chunk.Pair{{Key: spare, Value: data[start:end]}},
	}})
}
