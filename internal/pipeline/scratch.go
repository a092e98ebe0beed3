package pipeline

import (
	"time"

	"sigmatrail/correlate"
	"sigmatrail/enrich"
	"sigmatrail/internal/record"
)

// scratch is the memory that one goroutine needs to judge events by one Program. It belongs to the Program, so that nothing that is remembered
// outlives its rules.
type scratch struct {
	own     *look
	locator record.Locator
	// mapped and its locator are for records of another form; nil where there is none.
	mapped        *look
	mappedLocator record.Locator
	form          *record.Mapping

	rules    []int // of all verdicts on one event
	feeds    []int // likewise, what correlations want to know
	verdicts []Verdict
	hits     []enrich.Hit
	waited   []correlate.Firing // what has waited and is written on the events of this chunk
	chunk    output
	splitter record.Splitter
}

func (p *Program) newScratch() *scratch {
	s := &scratch{own: newLook(p.own)}
	if p.mapped != nil {
		s.form, s.mapped = p.form, newLook(p.mapped)
		s.mappedLocator.IsRecord = s.mapped.isMapped
	}
	return s
}

// borrow returns a scratch, which the caller gives back.
func (p *Program) borrow() *scratch {
	if s, ok := p.scratches.Get().(*scratch); ok {
		return s
	}
	return p.newScratch()
}

// giveBack keeps s for others, unless a huge event has made it huge.
func (p *Program) giveBack(s *scratch) {
	if s.bytes() <= mostKept {
		p.scratches.Put(s)
	}
}

// mostKept bounds the memory that a scratch may keep from one chunk to the next.
const mostKept = 16 << 20

// bytes is about how much memory has grown with the events that s has seen.
func (s *scratch) bytes() int {
	n := s.chunk.bytes() + s.own.bytes() + s.locator.Bytes() + s.splitter.Bytes()
	if s.mapped != nil {
		n += s.mapped.bytes() + s.mappedLocator.Bytes()
	}
	return n
}

// judge judges an event over whose body, at pos of data, the projector has just walked. c says of which rules hits count. The verdicts live until the
// next call.
func (s *scratch) judge(data []byte, pos int, received time.Time, c *choice) Judgement {
	s.rules, s.feeds, s.verdicts = s.rules[:0], s.feeds[:0], s.verdicts[:0]
	if s.own.isRecord(data) {
		s.verdicts = append(s.verdicts, s.match(s.own, received, c, Verdict{place: record.Place{Data: data, Pos: pos}}))
		return Judgement{Content: record.CloudTrail, Verdicts: s.verdicts}
	}
	return s.judgeInside(data, pos, received, c)
}

// judgeInside judges an event that is no record itself.
func (s *scratch) judgeInside(data []byte, pos int, received time.Time, c *choice) Judgement {
	return s.judgeFound(s.locate(data, pos), received, c)
}

// found is what stands in an event that is no record itself. It is valid until the next one is looked into.
type found struct {
	content record.Content
	places  []record.Place
	locator *record.Locator // which has found them
}

// locate finds what stands in an event that is no record itself.
func (s *scratch) locate(data []byte, pos int) found {
	f := found{locator: &s.locator}
	f.places, f.content = s.locator.Find(data, pos)
	if f.content == record.Foreign && s.mapped != nil {
		f.locator = &s.mappedLocator
		f.places, f.content = s.mappedLocator.Find(data, pos)
	}
	return f
}

// judgeFound judges the records of an event.
func (s *scratch) judgeFound(f found, received time.Time, c *choice) Judgement {
	s.rules, s.feeds, s.verdicts = s.rules[:0], s.feeds[:0], s.verdicts[:0]
	l, form := s.own, (*record.Mapping)(nil)
	if f.locator == &s.mappedLocator {
		l, form = s.mapped, s.form
	}
	for _, p := range f.places {
		if _, ok := l.projector.Record(p.Data, p.Pos, p.Depth); ok {
			s.verdicts = append(s.verdicts, s.match(l, received, c, Verdict{place: p, form: form, Index: len(s.verdicts)}))
		}
	}
	return Judgement{Content: f.content, Verdicts: s.verdicts}
}

// match notes in v the rules that match the record over which the projector of l has walked, as far as they count.
func (s *scratch) match(l *look, received time.Time, c *choice, v Verdict) Verdict {
	first := len(s.rules)
	s.rules = l.match(s.rules, received)
	fed := len(s.feeds)
	kept := first
	for _, r := range s.rules[first:] {
		if c.feeds[r] {
			s.feeds = append(s.feeds, r)
		}
		if c.written[r] {
			s.rules[kept] = r
			kept++
		}
	}
	s.rules = s.rules[:kept]
	v.Hits, v.feeds = s.rules[first:kept:kept], s.feeds[fed:len(s.feeds):len(s.feeds)]
	return v
}
