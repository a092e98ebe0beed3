package mutate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigmatrail/matcher"
)

// The meanings of what holds for every record, and for none.
const (
	always = "always"
	never  = "never"
)

// meaning is an expression in canonical form: one term, or several with an operator between them.
type meaning struct {
	operator string
	terms    []string // sorted, none twice
}

func (m meaning) String() string {
	if m.operator == "" {
		return m.terms[0]
	}
	return "(" + strings.Join(m.terms, m.operator) + ")"
}

// canonical returns a text that is equal for expressions that obviously mean the same: order, repetition and nesting of terms, and where a
// not stands, make no difference.
func canonical(e matcher.Expr) string { return meaningOf(e, false).String() }

// meaningOf is that of an expression, or of its opposite.
func meaningOf(e matcher.Expr, negated bool) meaning {
	switch e := e.(type) {
	case matcher.Not:
		return meaningOf(e.Term, !negated)
	case matcher.And:
		return combine(e, negated, negated)
	case matcher.Or:
		return combine(e, negated, !negated)
	case *matcher.Atom:
		if negated {
			return meaning{terms: []string{"not " + question(e)}}
		}
		return meaning{terms: []string{question(e)}}
	}
	return meaning{terms: []string{never}} // unreachable: there are no other expressions
}

// combine joins terms, of which all must hold or any is enough.
func combine(list []matcher.Expr, negated, anyOf bool) meaning {
	operator, neutral, decisive := " and ", always, never
	if anyOf {
		operator, neutral, decisive = " or ", never, always
	}
	terms := make(map[string]bool)
	for _, e := range list {
		m := meaningOf(e, negated)
		if m.operator != operator {
			m.terms = []string{m.String()}
		}
		for _, t := range m.terms {
			terms[t] = true
		}
	}
	delete(terms, neutral)
	sorted := slices.Sorted(maps.Keys(terms))
	contradicts := func(t string) bool { return t == decisive || terms["not "+t] }
	switch {
	case slices.ContainsFunc(sorted, contradicts):
		return meaning{terms: []string{decisive}}
	case len(sorted) == 0:
		return meaning{terms: []string{neutral}}
	case len(sorted) == 1:
		return meaning{terms: sorted}
	}
	return meaning{operator, sorted}
}

// question is all that an atom asks, as a text.
func question(a *matcher.Atom) string {
	patterns := make([]string, 0, len(a.Patterns))
	for _, p := range a.Patterns {
		patterns = append(patterns, fmt.Sprintf("%+v", p))
	}
	slices.Sort(patterns)
	expression := ""
	if a.Regexp != nil {
		expression = a.Regexp.String()
	}
	return fmt.Sprintf("%q %d %t %v %q %q %v %d %q %d %t %q %d",
		a.Field, a.Op, a.Cased, slices.Compact(patterns), a.Numbers, expression, a.Prefix, a.Order, a.Number, a.Part, a.Received, a.Other, a.Affix)
}
