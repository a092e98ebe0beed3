package matcher

// textSet is the patterns and numbers of one atom, sorted by what they come down to.
type textSet struct {
	cased bool
	exact exactSet // fit a whole scalar and nothing inside an object
	globs []glob
	// words are patterns that fit anywhere, in scalars, inside objects and in their JSON text; nil unless there are many.
	words   *automaton
	numbers []decimal
}

// searchedTogether is the number of words from which one automaton is faster than searching for each.
const searchedTogether = 4

func newTextSet(a *Atom, budget *int) *textSet {
	s := &textSet{cased: a.Cased}
	var exact, words []string
	var wordGlobs []glob
	for _, p := range a.Patterns {
		g := newGlob(p, a.Cased)
		switch {
		case g.shape == exactly && !g.inside && !g.json:
			exact = append(exact, g.literal)
		case g.shape == containing && g.inside && g.json && !a.Cased && g.literal != "":
			words, wordGlobs = append(words, g.literal), append(wordGlobs, g)
		default:
			s.globs = append(s.globs, g)
		}
	}
	s.exact = newExactSet(exact)
	if len(words) >= searchedTogether {
		s.words = newAutomaton(words, budget)
	} else {
		s.globs = append(s.globs, wordGlobs...)
	}
	for _, n := range a.Numbers {
		if d, ok := parseDecimal([]byte(n)); ok {
			s.numbers = append(s.numbers, d)
		}
	}
	return s
}

// has reports whether the value fits.
func (s *textSet) has(v *Value, scratch *Scratch) bool {
	switch v.Kind {
	case Null, Opaque, Object:
		return false
	}
	plain := !v.Inside && v.Kind != JSON
	folded := v.Text
	if !s.cased {
		folded = scratch.fold(v)
	}
	if plain && s.whole(v, folded) {
		return true
	}
	for i := range s.globs {
		g := &s.globs[i]
		if (plain || (v.Inside && g.inside) || (v.Kind == JSON && g.json)) && g.fits(v.Text, folded) {
			return true
		}
	}
	if s.words == nil {
		return false
	}
	found := false
	s.words.search(folded, func(int32) bool { found = true; return false })
	return found
}

// whole reports whether a scalar is one of the texts or numbers that fit whole scalars alone.
func (s *textSet) whole(v *Value, folded []byte) bool {
	if len(s.exact.list) > 0 {
		if s.cased && s.exact.hasCased(v.Text) || !s.cased && s.exact.has(folded) {
			return true
		}
	}
	if v.Kind != Number || len(s.numbers) == 0 {
		return false
	}
	d, ok := parseDecimal(v.Text)
	if !ok {
		return false
	}
	for _, n := range s.numbers {
		if d.compare(n) == 0 {
			return true
		}
	}
	return false
}

func (s *textSet) bytes() int {
	n := s.exact.table.bytes() + 4*len(s.exact.next)
	for _, text := range s.exact.list {
		n += len(text) + 16
	}
	for _, g := range s.globs {
		n += len(g.literal) + 4*len(g.chars) + 64
	}
	if s.words != nil {
		n += s.words.bytes()
	}
	return n
}
