package rules

import "sigmatrail/matcher"

// Lower returns the rule as an expression for the matcher, which means the same: search identifiers are replaced by their items, and items by
// questions about one field.
func (r *Rule) Lower() matcher.Expr {
	l := lowering{searches: make(map[*Search]matcher.Expr)}
	alternatives := make(matcher.Or, 0, len(r.Conditions))
	for _, c := range r.Conditions {
		alternatives = append(alternatives, l.condition(c))
	}
	return simplest(alternatives)
}

// simplest leaves out an Or around a single term.
func simplest(o matcher.Or) matcher.Expr {
	if len(o) == 1 {
		return o[0]
	}
	return o
}

// lowering lowers each search identifier of one rule once.
type lowering struct{ searches map[*Search]matcher.Expr }

func (l *lowering) condition(c Condition) matcher.Expr {
	switch c := c.(type) {
	case And:
		terms := make(matcher.And, 0, len(c.Terms))
		for _, t := range c.Terms {
			terms = append(terms, l.condition(t))
		}
		return terms
	case Or:
		terms := make(matcher.Or, 0, len(c.Terms))
		for _, t := range c.Terms {
			terms = append(terms, l.condition(t))
		}
		return terms
	case Not:
		return matcher.Not{Term: l.condition(c.Term)}
	case Ref:
		return l.search(c.Search)
	case Of:
		return l.of(c)
	}
	return matcher.Or{} // unreachable: there are no other conditions
}

func (l *lowering) of(c Of) matcher.Expr {
	terms := make([]matcher.Expr, 0, len(c.Searches))
	for _, s := range c.Searches {
		terms = append(terms, l.search(s))
	}
	if c.All {
		return matcher.And(terms)
	}
	return matcher.Or(terms)
}

// search holds if any of its groups does, and a group if all of its items do.
func (l *lowering) search(s *Search) matcher.Expr {
	if e, ok := l.searches[s]; ok {
		return e
	}
	groups := make(matcher.Or, 0, len(s.Groups))
	for _, g := range s.Groups {
		items := make(matcher.And, 0, len(g.Items))
		for _, item := range g.Items {
			items = append(items, item.lower())
		}
		groups = append(groups, items)
	}
	l.searches[s] = simplest(groups)
	return l.searches[s]
}

// lower returns the question that the item asks. Values that are compared as texts become one question, unless every one must hold.
func (item *Item) lower() matcher.Expr {
	var terms []matcher.Expr
	var texts *matcher.Atom
	for i := range item.Values {
		e := item.lowerValue(&item.Values[i])
		a, ok := e.(*matcher.Atom)
		switch {
		case item.All || !ok || a.Op != matcher.Text:
			terms = append(terms, e)
		case texts == nil:
			texts = a
			terms = append(terms, a)
		default:
			texts.Patterns, texts.Numbers = append(texts.Patterns, a.Patterns...), append(texts.Numbers, a.Numbers...)
		}
	}
	var e matcher.Expr = matcher.Or(terms)
	switch {
	case len(terms) == 1:
		e = terms[0]
	case item.All:
		e = matcher.And(terms)
	}
	if item.Negate {
		return matcher.Not{Term: e}
	}
	return e
}

func (item *Item) lowerValue(v *Value) matcher.Expr {
	a := &matcher.Atom{Field: item.Field}
	switch {
	case item.Op == Exists:
		a.Op = matcher.Exists
		if !v.Bool {
			return matcher.Not{Term: a}
		}
	case v.Kind == Null:
		a.Op = matcher.IsNull
	case item.FieldRef:
		a.Op, a.Other, a.Affix, a.Cased = matcher.Ref, v.Text, affixOf(item.Op), item.Cased
	case item.DatePart != NoPart:
		a.Op, a.Part, a.Order, a.Number = matcher.Date, partOf(item.DatePart), orderOf(item.Op), v.Text
		a.Received = item.Field == "eventTime"
	case item.Op == Regexp:
		a.Op, a.Regexp = matcher.Regexp, v.Regexp
	case item.Op == CIDR:
		a.Op, a.Prefix = matcher.CIDR, v.Prefix
	case item.Op >= Less:
		a.Op, a.Order, a.Number = matcher.Compare, orderOf(item.Op), v.Text
	default:
		item.lowerText(a, v)
	}
	return a
}

// lowerText makes a of a value that is compared as a text. A number is found as a text by its digits, too, and as a number by its value.
func (item *Item) lowerText(a *matcher.Atom, v *Value) {
	a.Op, a.Cased = matcher.Text, item.Cased
	inside := item.Op != Equal
	for _, p := range v.Patterns {
		for _, part := range p {
			inside = inside || (v.Kind == Text && (part.Wildcard == Any || part.Wildcard == One))
		}
	}
	for _, p := range v.Patterns {
		a.Patterns = append(a.Patterns, matcher.Pattern{Parts: lowerPattern(p, item.Op), Inside: inside, JSON: item.Op == Contains})
	}
	if v.Kind != Number || item.Op != Equal {
		return
	}
	a.Numbers = []string{v.Text}
	if digits, ok := v.Number.Canonical(); ok {
		a.Patterns = append(a.Patterns, matcher.Pattern{Parts: []matcher.PatternPart{{Literal: digits}}})
	}
}

// lowerPattern puts runs around the pattern where any text may stand.
func lowerPattern(p Pattern, op Op) []matcher.PatternPart {
	var parts []matcher.PatternPart
	run := matcher.PatternPart{Wildcard: matcher.AnyRun}
	if op == Contains || op == EndsWith {
		parts = append(parts, run)
	}
	for _, part := range p {
		wildcard := [...]matcher.Wildcard{None: matcher.NoWildcard, One: matcher.AnyOne, Any: matcher.AnyRun, Dash: matcher.AnyDash}[part.Wildcard]
		parts = append(parts, matcher.PatternPart{Wildcard: wildcard, Literal: part.Literal})
	}
	if op == Contains || op == StartsWith {
		parts = append(parts, run)
	}
	return parts
}

func affixOf(op Op) matcher.Affix {
	switch op {
	case Contains:
		return matcher.Anywhere
	case StartsWith:
		return matcher.Start
	case EndsWith:
		return matcher.End
	default:
		return matcher.Whole
	}
}

func orderOf(op Op) matcher.Order {
	switch op {
	case Less:
		return matcher.Less
	case LessOrEqual:
		return matcher.LessOrEqual
	case Greater:
		return matcher.Greater
	case GreaterOrEqual:
		return matcher.GreaterOrEqual
	default:
		return matcher.Same
	}
}

func partOf(part DatePart) matcher.Part {
	return [...]matcher.Part{Minute: matcher.Minute, Hour: matcher.Hour, Day: matcher.Day, Week: matcher.Week, Month: matcher.Month, Year: matcher.Year}[part]
}
