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

// exactIndex finds rules by whole values of one field.
type exactIndex struct {
	postings

	field   FieldID
	root    int32  // of the field
	lengths uint64 // of all texts, as lengthBit has them
	table   hashes // of the folded value; rules of texts with equal hashes are all selected
}

// literalIndex finds rules by texts that stand in the values of one field.
type literalIndex struct {
	postings

	field FieldID
	root  int32 // of the field
	texts *automaton
	// needles are the texts, where there are few enough to search for one after the other; the automaton is not used then.
	needles []needle
}

// add adds the rules whose keys rec has.
func (x *exactIndex) add(rec *Record, s *Scratch) {
	values, _ := rec.of(x.field)
	for i := range values {
		h, found := values[i].hashed(x.lengths, s)
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

// What a value is to an index.
const (
	isNothing = iota // it has no text: no key can be found in it
	isText
	isOther // it selects every rule of the index
)

// hashed returns the hash of a value that is a text of one of the lengths.
func (v *Value) hashed(lengths uint64, s *Scratch) (h uint64, found int) {
	if v.Kind != String || v.Inside {
		if v.Kind == Null || v.Kind == Opaque {
			return 0, isNothing
		}
		return 0, isOther
	}
	if v.hasHash {
		return v.hash, isText
	}
	if v.state != folded && lengths&lengthBit(len(v.Text)) != 0 {
		h, ascii := hashUpper(v.Text)
		if ascii {
			v.state, v.hash, v.hasHash = plain, h, true
			return h, isText
		}
	}
	text := s.fold(v)
	if lengths&lengthBit(len(text)) == 0 {
		return 0, isNothing
	}
	v.hash, _ = hashUpper(text)
	v.hasHash = true
	return v.hash, isText
}

// lengthBit stands for a length in a set of lengths; all long ones are one.
func lengthBit(n int) uint64 { return 1 << min(n, 63) }

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
	text := s.fold(v)
	if x.needles == nil {
		x.texts.search(text, func(id int32) bool {
			rules = append(rules, x.of(uint32(id))...) //nolint:gosec // the index of a text
			return true
		})
	}
	for i := range x.needles {
		if x.needles[i].in(text) {
			rules = append(rules, x.of(uint32(i))...)
		}
	}
	memo.rules = rules
	if memo.valid = len(v.Text) <= mostRemembered && len(rules) <= mostRemembered; memo.valid {
		memo.text = append(memo.text[:0], v.Text...)
	}
	s.add(rules)
}
