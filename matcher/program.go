package matcher

import "slices"

// FieldID is the number of a field of a Program.
type FieldID int32

// Program judges records by a list of expressions, the rules. It is immutable and safe for concurrent use; what changes is in a Scratch.
type Program struct {
	fields  []string
	anchors []FieldID
	rules   []int32 // where the code of each begins
	roots   []int32 // of each: the root of all of its fields, or 0
	atoms   []atom
	code    []instr
	pair    *pairIndex // nil: none
	exact   []exactIndex
	literal []literalIndex
	always  []uint32
	covers  []coverage // by rule, for Stats
}

// Fields returns the names of the fields, by FieldID. The caller must not change them.
func (p *Program) Fields() []string { return p.fields }

// Anchors returns the fields that must be filled in on every record before Candidates. The caller must not change them.
func (p *Program) Anchors() []FieldID { return p.anchors }

// Paired reports whether the field is looked up together with another one: then it must be filled in for Candidates even where its origin is known.
func (p *Program) Paired(f FieldID) bool {
	return p.pair != nil && (f == p.pair.first || f == p.pair.second)
}

// Len returns the number of rules.
func (p *Program) Len() int { return len(p.rules) }

// Candidates finds the rules that can hold for rec, whose anchors must be filled in since its last Reset. Match judges them.
func (p *Program) Candidates(s *Scratch, rec *Record) {
	s.begin()
	if p.pair != nil {
		p.pair.add(rec, s)
	}
	for i := range p.exact {
		x := &p.exact[i]
		if memo := OriginSlots * i; !s.known(rec, x.field, x.root, memo) && !s.recall(rec, x.field, memo, x.all) {
			x.add(rec, s)
			s.keep(rec, x.field)
		}
	}
	for i := range p.literal {
		x := &p.literal[i]
		if memo := OriginSlots * (len(p.exact) + i); !s.known(rec, x.field, x.root, memo) && !s.recall(rec, x.field, memo, x.all) {
			x.add(rec, s, &s.memos[i])
			s.keep(rec, x.field)
		}
	}
	s.add(p.always)
	s.ready()
}

// AllCandidates does as Candidates does without looking: every rule is a candidate. It is a control for tests and benchmarks.
func (p *Program) AllCandidates(s *Scratch) {
	s.begin()
	for i := range p.rules {
		s.candidates = append(s.candidates, uint32(i))
	}
	s.ready()
}

// Match judges the candidates and appends to hits the indexes of those that hold for rec, ascending. What they ask for and is not filled in is asked of
// the record's Source.
func (p *Program) Match(hits []int, s *Scratch, rec *Record) []int {
	first := len(hits)
	for _, r := range s.candidates {
		if p.run(p.rules[r], s, rec) == accept {
			hits = append(hits, int(r))
		}
	}
	if len(s.sure) > 0 {
		for _, r := range s.sure {
			hits = append(hits, int(r))
		}
		slices.Sort(hits[first:])
	}
	if len(s.unsettled) > 0 {
		s.settle(p.roots, hits[first:])
	}
	return hits
}

// CandidateCount returns how many rules Candidates found.
func (s *Scratch) CandidateCount() int { return len(s.candidates) + len(s.sure) }

// run runs the code at pc, and returns accept or reject.
func (p *Program) run(pc int32, s *Scratch, rec *Record) int32 {
	for pc >= 0 {
		in := &p.code[pc]
		answer := s.answers[in.atom]
		if answer>>1 != s.epoch {
			answer = s.epoch << 1
			if p.atoms[in.atom].ask(rec, s) {
				answer |= 1
			}
			s.answers[in.atom] = answer
		}
		if answer&1 != 0 {
			pc = in.yes
		} else {
			pc = in.no
		}
	}
	return pc
}
