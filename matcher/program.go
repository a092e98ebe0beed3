package matcher

import "slices"

// FieldID is the number of a field of a Program.
type FieldID int32

// Program judges records by a list of expressions, the rules. It is immutable and safe for concurrent use; what changes is in a Scratch.
type Program struct {
	fields  []string
	inside  []bool // by field: whether a rule wants what is below objects
	anchors []FieldID
	rules   []rule
	atoms   []atom
	code    []instr
	pair    *pairIndex // nil: none
	exact   []exactIndex
	literal []literalIndex
	always  []uint32
	covers  []coverage // by rule, for Stats
}

// rule is where the code of one expression begins, and the fields that it asks for.
type rule struct {
	entry  int32
	fields []FieldID
}

// Fields returns the names of the fields, by FieldID. The caller must not change them.
func (p *Program) Fields() []string { return p.fields }

// Anchors returns the fields that must be filled in on every record before Candidates. The caller must not change them.
func (p *Program) Anchors() []FieldID { return p.anchors }

// Paired reports whether the field is looked up together with another one: then it must be filled in for Candidates even where its origin is known.
func (p *Program) Paired(f FieldID) bool {
	return p.pair != nil && (f == p.pair.first || f == p.pair.second)
}

// LooksInside reports whether any rule wants what is below values of the field that are objects.
func (p *Program) LooksInside(f FieldID) bool { return p.inside[f] }

// Len returns the number of rules.
func (p *Program) Len() int { return len(p.rules) }

// Candidates finds the rules that can hold for rec, whose anchors must be filled in, and returns the fields that they ask for. Those must be filled
// in before Match. The list belongs to s and lives until the next call.
func (p *Program) Candidates(s *Scratch, rec *Record) []FieldID {
	s.begin()
	if p.pair != nil {
		p.pair.add(rec, s)
	}
	for i := range p.exact {
		x := &p.exact[i]
		if memo := OriginSlots * i; !s.known(rec, x.field, memo) && !s.recall(rec, x.field, memo, x.all) {
			x.add(rec, s)
			s.keep(rec, x.field)
		}
	}
	for i := range p.literal {
		x := &p.literal[i]
		if memo := OriginSlots * (len(p.exact) + i); !s.known(rec, x.field, memo) && !s.recall(rec, x.field, memo, x.all) {
			x.add(rec, s, &s.memos[i])
			s.keep(rec, x.field)
		}
	}
	s.add(p.always)
	return p.needed(s)
}

// AllCandidates does as Candidates does without looking: every rule is a candidate. It is a control for tests and benchmarks.
func (p *Program) AllCandidates(s *Scratch) []FieldID {
	s.begin()
	for i := range p.rules {
		s.candidates = append(s.candidates, uint32(i))
	}
	return p.needed(s)
}

// needed returns the fields of the candidates.
func (p *Program) needed(s *Scratch) []FieldID {
	for _, r := range s.candidates {
		for _, f := range p.rules[r].fields {
			if s.wanted[f] != s.epoch {
				s.wanted[f] = s.epoch
				s.need = append(s.need, f)
			}
		}
	}
	return s.need
}

// CandidateCount returns how many rules Candidates found.
func (s *Scratch) CandidateCount() int { return len(s.candidates) }

// Match appends to hits the indexes of the candidates that hold for rec, ascending.
func (p *Program) Match(hits []int, s *Scratch, rec *Record) []int {
	if len(s.candidates) > 1 {
		slices.Sort(s.candidates)
	}
	for _, r := range s.candidates {
		if p.holds(p.rules[r].entry, s, rec) {
			hits = append(hits, int(r))
		}
	}
	return hits
}

// holds runs the code at pc.
func (p *Program) holds(pc int32, s *Scratch, rec *Record) bool {
	for pc >= 0 {
		in := &p.code[pc]
		answer := s.answers[in.atom]
		if answer>>1 != s.epoch {
			answer = s.epoch << 1
			if p.atoms[in.atom].holds(rec, s) {
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
	return pc == accept
}
