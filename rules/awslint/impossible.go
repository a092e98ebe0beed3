package awslint

import (
	"slices"

	"sigmatrail/rules"
)

// impossible tells of maps that can hold in no clause, for what stands beside them or for a filter, and of filters that cannot hold by themselves.
func (l *linter) impossible(c *reading) {
	for _, p := range c.parts {
		if a, b := conflict(p.group.Items); a != nil {
			l.tellConflict(a, b)
			continue
		}
		var reason func()
		for _, way := range c.clauses {
			if !slices.Contains(way.with, p) {
				continue
			}
			if reason = l.dead(way); reason == nil {
				break
			}
		}
		if reason != nil {
			reason()
		}
	}
}

// dead returns what tells why a clause cannot hold, or nil if it can.
func (l *linter) dead(way clause) func() {
	items := way.items()
	if a, b := conflict(items); a != nil {
		return func() { l.tellConflict(a, b) }
	}
	for _, p := range way.without {
		if !slices.ContainsFunc(p.group.Items, func(item *rules.Item) bool { return !implied(item, items) }) {
			at, names := p.group.Items[0].Position, searchNames(way.with)
			return func() {
				l.warn(at, FilterTotal, "leave out what the selection asks for anyway, or add what tells the harmless cases apart",
					"%s leaves out everything that %s selects: it asks for no more than that does", p.search.Name, names)
			}
		}
	}
	return nil
}

func (l *linter) tellConflict(a, b *rules.Item) {
	why := "it has one value"
	if opposed(a, b) {
		why = "it has a value or none"
	}
	l.warn(b.Position, NeverTrue, "make them alternatives (1 of …), or correct one of them", "%s cannot be both this and what line %d asks for: %s", b.Field, a.Line, why)
}

func searchNames(parts []part) string {
	var names []string
	for _, p := range parts {
		if !slices.Contains(names, p.search.Name) {
			names = append(names, p.search.Name)
		}
	}
	return either(names)
}

// conflict returns two items, in their order, on one field that cannot hold together, or nil.
func conflict(items []*rules.Item) (a, b *rules.Item) {
	for i, item := range items {
		if item.Field == "" {
			continue
		}
		for j, other := range items[:i] {
			if other.Field == item.Field && (opposed(other, item) || disjoint(items[:i+1], j, item)) {
				if a, b = other, item; after(a.Position, b.Position) {
					a, b = b, a
				}
				return a, b
			}
		}
	}
	return nil, nil
}

func after(a, b rules.Position) bool {
	return a.File == b.File && (a.Line > b.Line || a.Line == b.Line && a.Column > b.Column)
}

// opposed reports whether one item wants a value and the other none.
func opposed(a, b *rules.Item) bool {
	nullA, decidedA := isNull(a)
	nullB, decidedB := isNull(b)
	return decidedA && decidedB && nullA != nullB
}

// disjoint reports whether the items on a field that is one text leave it none, the last of them being item, and the j-th another on the same field.
func disjoint(items []*rules.Item, j int, item *rules.Item) bool {
	if !slices.Contains(scalars(), item.Field) {
		return false
	}
	texts, ok := narrow([]*rules.Item{items[j], item}, item.Field)
	if ok && len(texts) == 0 {
		return true
	}
	texts, ok = narrow(items, item.Field)
	return ok && len(texts) == 0
}

// implied reports whether an item holds wherever all of items do. What it cannot tell it denies.
func implied(item *rules.Item, items []*rules.Item) bool {
	if slices.ContainsFunc(items, func(other *rules.Item) bool { return canonical(other) == canonical(item) }) {
		return true
	}
	if item.Field == "" || item.FieldRef {
		return false
	}
	return slices.ContainsFunc(items, func(other *rules.Item) bool { return other.Field == item.Field && settles(other, item) }) || textsImply(item, items)
}

// settles reports whether an item wants a value, or none, and the other asks for no more than that.
func settles(other, item *rules.Item) bool {
	wantsNone, decided := isNull(other)
	if !decided {
		return false
	}
	if wantsNone {
		none, decided := isNull(item)
		return decided && none && item.Op != rules.Exists && other.Op != rules.Exists // null exists
	}
	v := item.Values[0]
	return len(item.Values) == 1 && (item.Op == rules.Exists && v.Bool && !item.Negate || item.Op == rules.Equal && v.Kind == rules.Null && item.Negate)
}

// textsImply reports whether an item holds for every text that others leave its field.
func textsImply(item *rules.Item, items []*rules.Item) bool {
	if !plain(item) || slices.ContainsFunc(item.Values, func(v rules.Value) bool { return v.Kind == rules.Null }) {
		return false
	}
	if (item.Negate || item.All) && !slices.Contains(scalars(), item.Field) {
		return false // of several texts others may count
	}
	texts, ok := narrow(items, item.Field)
	test := tester(item)
	return ok && len(texts) > 0 && !slices.ContainsFunc(texts, func(text string) bool { return !test(text) })
}
