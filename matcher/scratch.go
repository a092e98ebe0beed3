package matcher

import "slices"

// Scratch is the memory that one goroutine needs to judge records by one Program, and what it remembers from one record to the next.
type Scratch struct {
	epoch      uint32
	marks      []uint32 // by rule: the epoch in which it became a candidate
	candidates []uint32
	answers    []uint32     // by atom: epoch<<1 | answer
	arena      []byte       // folded texts
	memos      []remembered // by literal index: the last value
	origins    []recalled   // by index and slot
	noting     bool
	noted      *recalled   // where what is added is noted
	sure       []uint32    // rules that hold, as is known of the origins of their fields
	unsettled  []unsettled // origins of which it is not known yet which rules do
}

// NewScratch returns memory for p.
func (p *Program) NewScratch() *Scratch {
	return &Scratch{
		marks: make([]uint32, len(p.rules)), answers: make([]uint32, len(p.atoms)),
		memos: make([]remembered, len(p.literal)), origins: make([]recalled, OriginSlots*(len(p.exact)+len(p.literal))),
	}
}

// Bytes is about how much memory has grown with the texts of the records.
func (s *Scratch) Bytes() int { return cap(s.arena) }

// begin forgets the last record.
func (s *Scratch) begin() {
	const last = 1<<31 - 1
	if s.epoch++; s.epoch == last {
		s.epoch = 1
		clear(s.marks)
		clear(s.answers)
	}
	s.candidates, s.sure, s.unsettled, s.arena = s.candidates[:0], s.sure[:0], s.unsettled[:0], s.arena[:0]
}

// ready ends the search for candidates.
func (s *Scratch) ready() {
	if len(s.candidates) > 1 {
		slices.Sort(s.candidates)
	}
}

// add makes rules candidates.
func (s *Scratch) add(rules []uint32) {
	if s.noting {
		s.noted.rules = append(s.noted.rules, rules...)
	}
	for _, r := range rules {
		if s.marks[r] != s.epoch {
			s.marks[r] = s.epoch
			s.candidates = append(s.candidates, r)
		}
	}
}

// fold returns the text of v folded, or as it is where it is ASCII.
func (s *Scratch) fold(v *Value) []byte {
	switch v.state {
	case plain:
		return v.Text
	case unknown:
		if isASCII(v.Text) {
			v.state = plain
			return v.Text
		}
		return s.foldOther(v)
	}
	return s.arena[v.start:v.end]
}

// foldOther folds a text that is not ASCII.
func (s *Scratch) foldOther(v *Value) []byte {
	start := len(s.arena)
	s.arena = appendFolded(s.arena, v.Text)
	v.state, v.start, v.end = folded, int32(start), int32(len(s.arena)) //nolint:gosec // a record is not that long
	return s.arena[start:]
}
