package pipeline

import (
	"time"

	"sigmatrail/internal/chunk"
)

// Projector returns a projector as Process walks over chunks with, so that a benchmark can take that step by itself.
func (p *Program) Projector() *chunk.Projector { return chunk.NewProjector(p.own.projection) }

// Candidates returns how many rules had to be judged on the events of a chunk that are records themselves, over all of them: what the indexes could
// not rule out.
func (p *Program) Candidates(data []byte) int {
	s := p.borrow()
	defer p.giveBack(s)
	var rules []int
	var ev chunk.Event
	count := 0
	for w := chunk.NewWalker(data); w.Project(&ev, s.own.projector); {
		if ev.Kind == chunk.Log && s.own.isRecord(data) {
			rules = s.own.match(rules[:0], time.Time{})
			count += s.own.scratch.CandidateCount()
		}
	}
	return count
}
