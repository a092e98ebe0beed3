package matcher

import "slices"

// postings maps the numbers of keys to rules.
type postings struct {
	rules  []uint32
	starts []uint32 // of key i: rules[starts[i]:starts[i+1]]
	// all are the rules of every key: what a value outside the fast path selects.
	all []uint32
}

func (p *postings) of(key uint32) []uint32 { return p.rules[p.starts[key]:p.starts[key+1]] }

func newPostings(lists [][]uint32) postings {
	p := postings{starts: []uint32{0}}
	for _, list := range lists {
		p.rules = append(p.rules, list...)
		p.starts = append(p.starts, uint32(len(p.rules))) //nolint:gosec // fewer than that
	}
	p.all = slices.Compact(slices.Sorted(slices.Values(p.rules)))
	return p
}

// exactIndex finds rules by whole values: of one field, or of the two of the pair together.
type exactIndex struct {
	postings

	fields []FieldID // one or two
	table  hashes    // of the folded value, or of both combined; rules of texts with equal hashes are all selected
}

// literalIndex finds rules by texts that stand in the values of one field.
type literalIndex struct {
	postings

	field FieldID
	texts *automaton
}

// add adds the rules whose keys rec has.
func (x *exactIndex) add(rec *Record, s *Scratch) {
	if len(x.fields) == 2 {
		x.addPair(rec, s)
		return
	}
	values, _ := rec.of(x.fields[0])
	for i := range values {
		h, found := s.hash(&values[i])
		switch found {
		case isText:
			if key, ok := x.table.get(h); ok {
				s.add(x.of(key))
			}
		case isOther:
			s.add(x.all)
		}
	}
}

func (x *exactIndex) addPair(rec *Record, s *Scratch) {
	first, _ := rec.of(x.fields[0])
	second, _ := rec.of(x.fields[1])
	for i := range first {
		h0, found0 := s.hash(&first[i])
		if found0 == isNothing {
			continue
		}
		for j := range second {
			h1, found1 := s.hash(&second[j])
			switch {
			case found1 == isNothing:
			case found0 == isOther || found1 == isOther:
				s.add(x.all)
			default:
				if key, ok := x.table.get(combine(h0, h1)); ok {
					s.add(x.of(key))
				}
			}
		}
	}
}

// What a value is to an index.
const (
	isNothing = iota // it has no text: no key can be found in it
	isText
	isOther // it selects every rule of the index
)

// hash returns the hash of a value that is a text.
func (s *Scratch) hash(v *Value) (h uint64, found int) {
	switch {
	case v.Kind == Null || v.Kind == Opaque:
		return 0, isNothing
	case v.Kind != String || v.Inside:
		return 0, isOther
	}
	h, ascii := hashUpper(v.Text)
	if !ascii {
		h, _ = hashUpper(s.fold(v))
	}
	return h, isText
}

// remembered is the last value of a field that was searched, and what was found.
type remembered struct {
	valid bool
	text  []byte
	rules []uint32
}

// mostRemembered bounds the texts that are remembered; longer ones are searched each time.
const mostRemembered = 1024

func (x *literalIndex) add(rec *Record, s *Scratch, memo *remembered) {
	values, _ := rec.of(x.field)
	for i := range values {
		v := &values[i]
		switch {
		case v.Kind == Null || v.Kind == Opaque:
		case v.Kind != String || v.Inside:
			s.add(x.all)
		case memo.valid && string(memo.text) == string(v.Text):
			s.add(memo.rules)
		default:
			x.search(v, s, memo)
		}
	}
}

// search adds the rules of the texts in v, and remembers them.
func (x *literalIndex) search(v *Value, s *Scratch, memo *remembered) {
	rules := memo.rules[:0]
	x.texts.search(s.fold(v), func(id int32) bool {
		rules = append(rules, x.of(uint32(id))...) //nolint:gosec // the index of a text
		return true
	})
	memo.rules = rules
	if memo.valid = len(v.Text) <= mostRemembered && len(rules) <= mostRemembered; memo.valid {
		memo.text = append(memo.text[:0], v.Text...)
	}
	s.add(rules)
}
