package oracle

import (
	"slices"
	"time"

	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// item traces one item: every value of the record that it looks at.
func (r *tracer) item(item *rules.Item) Trace {
	l := looker{tracer: r, item: item, held: make(map[*rules.Value]bool)}
	var found []any
	if item.Field == "" {
		found = []any{r.withoutOwnKey(r.record)}
	} else {
		found = r.lookup(r.record, item.Field)
	}
	l.look(found)
	holds := item.All
	for i := range item.Values {
		if l.value(&item.Values[i], found) != item.All {
			holds = !item.All
		}
	}
	return Trace{Step: Item, Holds: holds != negated(item), Item: item, Seen: l.seen}
}

// looker goes over the values that one item looks at.
type looker struct {
	*tracer

	item *rules.Item
	seen []Seen
	held map[*rules.Value]bool // by any of seen
}

// value returns the verdict of one value of the item.
func (l *looker) value(v *rules.Value, found []any) bool {
	switch {
	case l.item.Op == rules.Exists:
		return v.Bool == (len(found) > 0)
	case v.Kind == rules.Null:
		return isNull(found)
	}
	return l.held[v]
}

func (l *looker) look(found []any) {
	if l.item.Op == rules.Exists {
		for _, f := range found {
			l.exists(f)
		}
		return
	}
	for _, e := range elements(found) {
		before := len(l.seen)
		if object, ok := e.(*record.Object); !ok {
			l.scalar(l.item.Field, e, false)
		} else if !l.item.FieldRef && l.item.DatePart == rules.NoPart {
			l.object(object)
		}
		if len(l.seen) == before {
			l.seen = append(l.seen, Seen{Field: l.item.Field, Value: e})
		}
	}
	if l.item.DatePart != rules.NoPart {
		l.standIn(found)
	}
}

// exists notes a value whose presence alone counts.
func (l *looker) exists(f any) {
	s := Seen{Field: l.item.Field, Value: f}
	if v := &l.item.Values[0]; v.Bool {
		text, ok := textOf(f)
		if !ok {
			text = string(record.AppendJSON(nil, f))
		}
		s.Satisfied, s.Text = v, text
	}
	l.seen = append(l.seen, s)
}

// standIn asks for the part of the date that stands in where the record has none.
func (l *looker) standIn(found []any) {
	if slices.ContainsFunc(elements(found), isDate) {
		return
	}
	for _, t := range datesOf(l.item, found, l.subject) {
		for i := range l.item.Values {
			if v := &l.item.Values[i]; partHolds(l.item, v, t) {
				l.add(Seen{Field: l.item.Field, Satisfied: v, Text: t.Format(time.RFC3339)})
			}
		}
	}
}

func isDate(e any) bool {
	_, ok := record.ParseTime(e)
	return ok
}

func (l *looker) add(s Seen) {
	l.seen = append(l.seen, s)
	l.held[s.Satisfied] = true
}

// spend takes the comparison of all values with a text off what may be compared still, and reports whether it may be made.
func (l *looker) spend(text string) bool {
	l.left -= (len(text) + 1) * len(l.item.Values)
	return l.left >= 0
}

// scalar compares the item's values with what is no object. One that holds is enough, unless all must.
func (l *looker) scalar(field string, e any, inside bool) {
	text, _ := textOf(e)
	if !l.spend(text) {
		return
	}
	for i := range l.item.Values {
		v := &l.item.Values[i]
		if inside && (v.Kind == rules.Null || !searchesInside(l.item, v)) {
			continue
		}
		if s, ok := l.compare(v, e, text); ok {
			s.Field, s.Value, s.Satisfied, s.Text = field, e, v, text
			l.add(s)
			if !l.item.All {
				return
			}
		}
	}
}

// compare compares one value of the item with a scalar, and says where in its text, or with what, it holds.
func (l *looker) compare(v *rules.Value, e any, text string) (s Seen, ok bool) {
	switch {
	case v.Kind == rules.Null:
		return s, e == nil
	case l.item.FieldRef:
		return l.reference(v, e, text)
	case l.item.DatePart != rules.NoPart:
		t, isDate := record.ParseTime(e)
		return s, isDate && partHolds(l.item, v, t)
	case !l.Oracle.scalar(l.item, v, e):
		return s, false
	}
	s.At = l.at(l.item, v, text)
	return s, true
}

// reference finds the value of the other field that a scalar is compared with.
func (l *looker) reference(v *rules.Value, e any, text string) (s Seen, ok bool) {
	for _, other := range elements(l.lookup(l.record, v.Text)) {
		literal, ok := textOf(other)
		if !l.spend(literal) {
			return s, false
		}
		if ok && fieldRef(l.item, e, other) {
			s.At = newPattern(rules.Pattern{{Literal: literal}}, l.item.Op, l.item.Cased).start(text)
			s.Other = &Seen{Field: v.Text, Value: other, Satisfied: v, Text: literal}
			return s, true
		}
	}
	return s, false
}

// object compares the item's values with every scalar below an object, and those that none has satisfied with its JSON text.
func (l *looker) object(object *record.Object) {
	first := len(l.seen)
	l.below(object, l.item.Field)
	if l.item.Op != rules.Contains && l.item.Op != rules.Regexp || len(l.seen) > first && !l.item.All {
		return
	}
	text := string(record.AppendJSON(nil, object))
	if !l.spend(text) {
		return
	}
	scalars := l.seen[first:]
	for i := range l.item.Values {
		v := &l.item.Values[i]
		if v.Kind == rules.Null || slices.ContainsFunc(scalars, func(s Seen) bool { return s.Satisfied == v }) || !l.text(l.item, v, text) {
			continue
		}
		l.add(Seen{Field: l.item.Field, Value: object, Satisfied: v, Text: text, At: l.at(l.item, v, text)})
	}
}

// below compares with what is below an object. field is the item's; keywords have none, and then it is the keys that lead there.
func (l *looker) below(object *record.Object, field string) {
	for _, m := range object.Members() {
		at := field
		if l.item.Field == "" {
			at = m.Key
			if field != "" {
				at = field + "." + m.Key
			}
		}
		for _, e := range elements([]any{m.Value}) {
			if l.left < 0 {
				return
			}
			if inner, ok := e.(*record.Object); ok {
				l.below(inner, at)
			} else {
				l.scalar(at, e, true)
			}
		}
	}
}

// at returns the byte of a text, for which v holds, where what v asks for begins.
func (o *Oracle) at(item *rules.Item, v *rules.Value, text string) int {
	if item.Op == rules.Regexp {
		if where := v.Regexp.FindStringIndex(text); where != nil {
			return where[0]
		}
		return 0
	}
	for _, p := range o.patterns[v] {
		if p.matches(text) {
			return p.start(text)
		}
	}
	return 0
}
