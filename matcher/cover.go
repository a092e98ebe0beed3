package matcher

import "slices"

// A cover of an expression is a list of keys of which at least one must be found in every record for which the expression holds. AND takes
// the cheapest cover of its terms, OR the union of theirs; what is negated, and what no text is needed for, has none.
type cover []coverKey

// coverKey is one thing to find: a value of a field, values of both fields of the pair, or a text inside a value of a field.
type coverKey struct {
	kind  keyKind
	field string // not for pairs
	// text is folded; other is the second field's of a pair.
	text, other string
}

type keyKind uint8

// The kinds of keys, the best first.
const (
	pairKey keyKind = iota
	exactKey
	literalKey
)

// mostPairs bounds the keys that two lists of values make.
const mostPairs = 256

// coverer finds covers. pair names the two fields whose values are best looked up together.
type coverer struct{ pair [2]string }

// of returns the cover of e, or of its negation; nil means that there is none. why says why not better, for people.
func (c coverer) of(e Expr, negated bool) (keys cover, why string) {
	switch e := e.(type) {
	case Not:
		return c.of(e.Term, !negated)
	case And:
		return c.terms(e, negated, negated)
	case Or:
		return c.terms(e, negated, !negated)
	case *Atom:
		if negated {
			return nil, "a negated item needs nothing to be there"
		}
		return c.atom(e)
	}
	return nil, "nothing is asked"
}

func (c coverer) terms(list []Expr, negated, union bool) (cover, string) {
	if union {
		return c.union(list, negated)
	}
	return c.cheapest(list, negated)
}

func (c coverer) union(list []Expr, negated bool) (cover, string) {
	var all cover
	for _, e := range list {
		keys, why := c.of(e, negated)
		if keys == nil {
			if len(list) > 1 {
				why = "one alternative has no text to look up: " + why
			}
			return nil, why
		}
		all = append(all, keys...)
	}
	if len(all) == 0 {
		return cover{}, "it never holds"
	}
	return all, ""
}

func (c coverer) cheapest(list []Expr, negated bool) (cover, string) {
	best, why := cover(nil), "nothing is asked"
	for _, e := range list {
		keys, reason := c.of(e, negated)
		switch {
		case keys == nil && best == nil:
			why = reason
		case keys != nil && (best == nil || c.price(keys) < c.price(best)):
			best, why = keys, ""
		}
	}
	if pairs := c.pairs(list, negated); pairs != nil {
		return pairs, ""
	}
	return best, why
}

// price orders covers: by their worst key, then by how many there are.
func (c coverer) price(keys cover) int {
	const perKey, most = 1, 1 << 16
	worst := 0
	for _, k := range keys {
		worst = max(worst, c.keyPrice(k))
	}
	return worst*most + min(perKey*len(keys), most-1)
}

// keyPrice says how bad a key is: the second field of the pair is common to many records.
func (c coverer) keyPrice(k coverKey) int {
	switch {
	case k.kind == pairKey:
		return 0
	case k.kind == literalKey:
		return 4
	case k.field == c.pair[0]:
		return 1
	case k.field == c.pair[1]:
		return 3
	}
	return 2
}

// pairs returns the keys that the terms of an AND make of both fields of the pair, or nil.
func (c coverer) pairs(list []Expr, negated bool) cover {
	if negated {
		return nil
	}
	var texts [2][]string
	for _, e := range flatten(list) {
		a, ok := e.(*Atom)
		if !ok {
			continue
		}
		i := slices.Index(c.pair[:], a.Field)
		if i < 0 || a.Field == WholeRecord {
			continue
		}
		if exact := exactTexts(a); exact != nil && (texts[i] == nil || len(exact) < len(texts[i])) {
			texts[i] = exact
		}
	}
	if texts[0] == nil || texts[1] == nil || len(texts[0])*len(texts[1]) > mostPairs {
		return nil
	}
	var keys cover
	for _, text := range texts[0] {
		for _, other := range texts[1] {
			keys = append(keys, coverKey{kind: pairKey, text: text, other: other})
		}
	}
	return keys
}

// flatten replaces each AND among the terms of an AND by its terms.
func flatten(list []Expr) []Expr {
	var all []Expr
	for _, e := range list {
		if inner, ok := e.(And); ok {
			all = append(all, flatten(inner)...)
		} else {
			all = append(all, e)
		}
	}
	return all
}

// exactTexts returns the folded texts of which a value must be one for the atom to hold, or nil.
func exactTexts(a *Atom) []string {
	if a.Op != Text {
		return nil
	}
	var texts []string
	for _, p := range a.Patterns {
		g := newGlob(p, false)
		if g.shape != exactly || p.Inside || p.JSON {
			return nil
		}
		texts = append(texts, g.literal)
	}
	return texts
}

func (c coverer) atom(a *Atom) (cover, string) {
	switch {
	case a.Field == WholeRecord:
		return nil, "keywords are looked for in the whole record"
	case a.Op == Regexp:
		need := requiredByRegexp(a.Regexp.String())
		if need == "" {
			return nil, "the regular expression on " + a.Field + " needs no text"
		}
		return cover{{kind: literalKey, field: a.Field, text: need}}, ""
	case a.Op != Text:
		return nil, "the item on " + a.Field + " compares no text"
	case len(a.Patterns) == 0:
		return nil, "the item on " + a.Field + " has no texts"
	}
	var keys cover
	for _, p := range a.Patterns {
		key := coverKey{kind: exactKey, field: a.Field}
		g := newGlob(p, false)
		key.text = g.literal
		if g.shape != exactly || p.Inside || p.JSON {
			key.kind, key.text = literalKey, p.required()
			if key.text == "" {
				return nil, "a value of the item on " + a.Field + " is all wildcards"
			}
		}
		keys = append(keys, key)
	}
	return keys, ""
}
