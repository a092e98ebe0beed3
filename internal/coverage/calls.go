package coverage

import (
	"maps"
	"path"
	"slices"
	"strings"

	"sigmatrail/matcher"
	"sigmatrail/rules"
)

// Call is a call, or several, that a rule may match. Any run of characters may stand for an * in Source and Name.
type Call struct {
	// Source is the eventSource, Name the eventName.
	Source, Name string
	// Category and Type are what the rule demands of eventCategory and eventType, or "".
	Category, Type string
}

// The fields of records that tell calls apart.
const (
	sourceField   = "eventSource"
	nameField     = "eventName"
	categoryField = "eventCategory"
	typeField     = "eventType"
)

// Calls returns the calls that r may match, without those that another one includes. What the rule demands beside the fields that tell calls apart, and
// what it rules out, is not looked at.
func Calls(r *rules.Rule) []Call {
	var calls []Call
	for _, d := range demandsOf(r.Lower(), false) {
		for _, source := range d.values(sourceField) {
			for _, name := range d.values(nameField) {
				calls = append(calls, Call{source, name, d.one(categoryField), d.one(typeField)})
			}
		}
	}
	return distinct(calls)
}

// distinct leaves out calls that others include. There may be thousands, of which few are open.
func distinct(calls []Call) (kept []Call) {
	var wide []Call
	for _, c := range calls {
		if strings.ContainsAny(c.Source+c.Name, "*?") || c.Category == "" && c.Type == "" && slices.ContainsFunc(calls, Call.isOfKind) {
			wide = append(wide, c)
		}
	}
	seen := make(map[Call]bool, len(calls))
	for _, c := range calls {
		if !seen[c] && !slices.ContainsFunc(wide, func(other Call) bool { return other.includes(c) }) {
			kept = append(kept, c)
		}
		seen[c] = true
	}
	return kept
}

// isOfKind reports whether the rule demands a category or type.
func (c Call) isOfKind() bool { return c.Category != "" || c.Type != "" }

// includes reports whether every call of other is one of c, and not the other way round too.
func (c Call) includes(other Call) bool { return c.covers(other) && !other.covers(c) }

func (c Call) covers(other Call) bool {
	return fits(c.Source, other.Source) && fits(c.Name, other.Name) && (c.Category == "" || c.Category == other.Category) && (c.Type == "" || c.Type == other.Type)
}

// demands are the texts, of which one, that a record must have for some fields. It is not changed.
type demands map[string][]string

// values returns the texts for a field; any: *.
func (d demands) values(field string) []string {
	if texts, demanded := d[field]; demanded {
		return texts
	}
	return []string{"*"}
}

// one returns the text for a field where there is just one.
func (d demands) one(field string) string {
	if texts := d[field]; len(texts) == 1 {
		return texts[0]
	}
	return ""
}

// demandsOf returns alternatives of which one must hold for e to hold, or for its opposite.
func demandsOf(e matcher.Expr, negated bool) []demands {
	switch e := e.(type) {
	case matcher.Not:
		return demandsOf(e.Term, !negated)
	case matcher.And:
		if negated {
			return anyOf(e, negated)
		}
		return allOf(e, negated)
	case matcher.Or:
		if negated {
			return allOf(e, negated)
		}
		return anyOf(e, negated)
	case *matcher.Atom:
		if texts := textsOf(e); len(texts) > 0 && !negated {
			return []demands{{e.Field: texts}}
		}
	}
	return []demands{{}}
}

func anyOf(terms []matcher.Expr, negated bool) (all []demands) {
	for _, t := range terms {
		for _, d := range demandsOf(t, negated) {
			if len(d) == 0 {
				return []demands{{}} // the others add nothing to what may be anything
			}
			all = append(all, d)
		}
	}
	return all
}

// allOf combines the alternatives of terms. Where there would be too many of them a term is not looked at.
func allOf(terms []matcher.Expr, negated bool) []demands {
	const most = 512
	all := []demands{{}}
	for _, t := range terms {
		alternatives := demandsOf(t, negated)
		if len(all)*len(alternatives) > most {
			continue
		}
		var combined []demands
		for _, d := range all {
			for _, other := range alternatives {
				if both, possible := d.and(other); possible {
					combined = append(combined, both)
				}
			}
		}
		all = combined
	}
	return all
}

// and returns what both demand; possible is false where no record can have it.
func (d demands) and(other demands) (both demands, possible bool) {
	both = maps.Clone(d)
	for field, texts := range other {
		if mine, demanded := both[field]; demanded {
			texts = intersect(mine, texts)
		}
		if len(texts) == 0 {
			return nil, false
		}
		both[field] = texts
	}
	return both, true
}

// intersect returns the texts of either list that fit one of the other. Of two with an * nobody can tell: they may have texts in common.
func intersect(a, b []string) []string {
	fitting := func(list, patterns []string) (found []string) {
		for _, text := range list {
			if slices.ContainsFunc(patterns, func(p string) bool { return fits(p, text) || strings.Contains(p, "*") && strings.Contains(text, "*") }) {
				found = append(found, text)
			}
		}
		return found
	}
	both := fitting(a, b)
	for _, text := range fitting(b, a) {
		if !slices.Contains(both, text) {
			both = append(both, text)
		}
	}
	return both
}

// fits reports whether text fits a pattern with *. Case does not matter.
func fits(pattern, text string) bool {
	ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(text))
	return ok && err == nil
}

// textsOf returns the texts of which an atom demands one for a field that tells calls apart, or nil.
func textsOf(a *matcher.Atom) []string {
	if a.Op != matcher.Text || !slices.Contains([]string{sourceField, nameField, categoryField, typeField}, a.Field) {
		return nil
	}
	texts := make([]string, 0, len(a.Patterns))
	for _, p := range a.Patterns {
		var text strings.Builder
		for _, part := range p.Parts {
			switch part.Wildcard {
			case matcher.NoWildcard:
				text.WriteString(part.Literal)
			case matcher.AnyOne, matcher.AnyDash:
				text.WriteByte('?')
			case matcher.AnyRun:
				text.WriteByte('*')
			}
		}
		texts = append(texts, text.String())
	}
	return texts
}
