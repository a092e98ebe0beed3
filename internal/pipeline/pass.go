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
	has := func(name string) bool { _, _, ok := chunk.Lookup(data, ev.BodyStart, name); return ok }
	if !has(e.ownKey) {
		return
	}
	counts.Displaced++
	edit := chunk.Edit{Rename: []chunk.Rename{{From: e.ownKey, To: spare(e.ownKey, has)}}}
	s.chunk.splices = append(s.chunk.splices, splice{event: *ev, part: chunk.Rewrite(nil, data, ev, &edit)})
}
