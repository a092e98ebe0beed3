package main

import (
	"time"

	"sigmatrail/internal/chunk"
	"sigmatrail/internal/record"
)

// The rows of the table, each on top of the one before unless it says otherwise.
const (
	rowWalk    = "bare walk"
	rowAgain   = "bare walk again (A/A)"
	rowMemcpy  = "memcpy"
	rowProject = "framing + projection"
	rowMatch   = "… + match, SigmaHQ"
	rowPack    = "… + match, SigmaHQ and bundled pack"
	rowRelated = "… + match, both, correlated"
	rowWrite   = "… + match, both, hits written"
	rowAbsent  = "… + match, 10,000 clones, absent names"
	rowReal    = "… + match, 10,000 clones, real names"
	rowCrowd   = "… + match, 2,000 clones on the mix's names"
	rowOracle  = "oracle, SigmaHQ"
)

// rung is one thing that is measured on a part: run does it once to some records.
type rung struct {
	row     string
	records int
	run     func()
}

// rungs returns what is measured on a part of a mix.
func (c *corpus) rungs(p part) []rung {
	data, buffer := p.Data, make([]byte, len(p.Data))
	walk := func() { _, _ = bare(data) } // checked before
	process := func(e program) func() { return func() { e.judges.Process(data, nil) } }
	list := []rung{
		{rowWalk, p.Records, walk},
		{rowAgain, p.Records, walk},
		{rowMemcpy, p.Records, func() { copy(buffer, data) }},
		{rowProject, p.Records, c.project(data)},
		{rowMatch, p.Records, process(c.sigmahq)},
		{rowPack, p.Records, process(c.pack)},
		{rowRelated, p.Records, process(c.correlated)},
		{rowAbsent, p.Records, process(c.absent)},
		{rowReal, p.Records, process(c.real)},
		{rowCrowd, p.Records, process(c.crowds[p.Name])},
	}
	if p.which != withoutHits {
		list = append(list, rung{rowWrite, p.Records, c.write(data)})
	}
	const enough = 60 // of a control that is slower by two orders
	few := sampled(p.Mix, enough)
	return append(list, rung{rowOracle, few.Records, func() { c.judgeSlowly(few.Data) }})
}

func (c *corpus) project(data []byte) func() {
	projector := c.sigmahq.judges.Projector()
	return func() {
		var ev chunk.Event
		for w := chunk.NewWalker(data); w.Project(&ev, projector); {
		}
	}
}

// write is what the host calls, with memory that is at hand as the host's is.
func (c *corpus) write(data []byte) func() {
	var out []byte
	alloc := func(n int) []byte {
		if cap(out) < n {
			out = make([]byte, n)
		}
		return out[:n]
	}
	return func() { c.pack.writes.Process(data, alloc) }
}

// judgeSlowly decodes each body to values and judges it rule by rule.
func (c *corpus) judgeSlowly(data []byte) {
	var ev chunk.Event
	for w := chunk.NewWalker(data); w.Next(&ev); {
		body, _ := record.Decode(data, ev.BodyStart)
		found, _ := record.Find(body, nil)
		for _, f := range found {
			c.oracle.Match(f.Record, time.Time{})
		}
	}
}
