package oracle

import (
	"net/netip"
	"slices"
	"strconv"
	"time"

	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// item evaluates one item. Negation stands outside everything else.
func (o *Oracle) item(item *rules.Item, rec subject) bool {
	if item.Field == "" {
		return o.values(item, []any{o.withoutOwnKey(rec.record)}, rec)
	}
	return o.values(item, o.lookup(rec.record, item.Field), rec) != item.Negate
}

// values holds if any value does, or with all every one.
func (o *Oracle) values(item *rules.Item, found []any, rec subject) bool {
	for i := range item.Values {
		if o.value(item, &item.Values[i], found, rec) != item.All {
			return !item.All
		}
	}
	return item.All
}

// value holds if it does for any element of what was found.
func (o *Oracle) value(item *rules.Item, v *rules.Value, found []any, rec subject) bool {
	switch {
	case item.Op == rules.Exists:
		return v.Bool == (len(found) > 0)
	case v.Kind == rules.Null:
		return isNull(found)
	case item.FieldRef:
		return o.fieldRefs(item, v, found, rec)
	case item.DatePart != rules.NoPart:
		return datePart(item, v, found, rec)
	}
	for _, e := range elements(found) {
		if o.element(item, v, e) {
			return true
		}
	}
	return false
}

// datePart compares a part of each date that was found.
func datePart(item *rules.Item, v *rules.Value, found []any, rec subject) bool {
	return slices.ContainsFunc(datesOf(item, found, rec), func(t time.Time) bool { return partHolds(item, v, t) })
}

// datesOf returns the dates among what was found, or what stands in for them.
func datesOf(item *rules.Item, found []any, rec subject) (dates []time.Time) {
	for _, e := range elements(found) {
		if t, ok := record.ParseTime(e); ok {
			dates = append(dates, t)
		}
	}
	if len(dates) == 0 && item.Field == "eventTime" && !rec.received.IsZero() {
		dates = append(dates, rec.received)
	}
	return dates
}

// partHolds compares the item's part of a date with a value.
func partHolds(item *rules.Item, v *rules.Value, t time.Time) bool {
	order := rules.ParseDecimal(strconv.Itoa(partOf(t, item.DatePart))).Compare(v.Number)
	return item.Op == rules.Equal && order == 0 || holds(item.Op, order)
}

func partOf(t time.Time, part rules.DatePart) int {
	switch part {
	case rules.Minute:
		return t.Minute()
	case rules.Hour:
		return t.Hour()
	case rules.Day:
		return t.Day()
	case rules.Week:
		_, week := t.ISOWeek()
		return week
	case rules.Month:
		return int(t.Month())
	default:
		return t.Year()
	}
}

// isNull reports whether nothing but null was found.
func isNull(found []any) bool {
	for _, e := range elements(found) {
		if e != nil {
			return false
		}
	}
	return true
}

// element compares one value with one element. An object is compared through its descendants and, where any part of a text will do, as its
// JSON text; plain equality never matches one.
func (o *Oracle) element(item *rules.Item, v *rules.Value, e any) bool {
	object, isObject := e.(*record.Object)
	if !isObject {
		return o.scalar(item, v, e)
	}
	if !searchesInside(item, v) {
		return false
	}
	for _, d := range descendants(object) {
		if o.scalar(item, v, d) {
			return true
		}
	}
	if item.Op != rules.Contains && item.Op != rules.Regexp {
		return false
	}
	return o.text(item, v, string(record.AppendJSON(nil, object)))
}

// searchesInside reports whether the comparison is of the substring family.
func searchesInside(item *rules.Item, v *rules.Value) bool {
	switch item.Op {
	case rules.Contains, rules.StartsWith, rules.EndsWith, rules.Regexp:
		return true
	case rules.Equal:
		return v.Kind == rules.Text && slices.ContainsFunc(v.Patterns, hasWildcard)
	}
	return false
}

func hasWildcard(p rules.Pattern) bool {
	for _, part := range p {
		if part.Wildcard == rules.Any || part.Wildcard == rules.One {
			return true
		}
	}
	return false
}

// scalar compares one value with a text, number or boolean. Null and opaque values have no text and match nothing.
func (o *Oracle) scalar(item *rules.Item, v *rules.Value, e any) bool {
	text, ok := textOf(e)
	if !ok {
		return false
	}
	switch item.Op {
	case rules.Less, rules.LessOrEqual, rules.Greater, rules.GreaterOrEqual:
		return compareNumbers(item.Op, text, v.Number)
	case rules.CIDR:
		return inNetwork(text, v.Prefix)
	case rules.Equal:
		if v.Kind == rules.Number && equalsNumber(e, text, v.Number) {
			return true
		}
	}
	return o.text(item, v, text)
}

// text compares one value with a text.
func (o *Oracle) text(item *rules.Item, v *rules.Value, text string) bool {
	if item.Op == rules.Regexp {
		return v.Regexp.MatchString(text)
	}
	return slices.ContainsFunc(o.patterns[v], func(p pattern) bool { return p.matches(text) })
}

// equalsNumber compares a number of a rule: with a number by value, with a text by the number's canonical text.
func equalsNumber(e any, text string, n rules.Decimal) bool {
	if _, isText := e.(string); isText {
		// The canonical text of a number is the one that parses to it and that the record would have for it.
		canonical, ok := n.Canonical()
		return ok && text == canonical
	}
	if _, isBool := e.(bool); isBool {
		return false
	}
	d := rules.ParseDecimal(text)
	return d.Valid && d.Compare(n) == 0
}

func compareNumbers(op rules.Op, text string, n rules.Decimal) bool {
	d := rules.ParseDecimal(text)
	return d.Valid && holds(op, d.Compare(n))
}

// holds reports whether an order of two numbers is what op asks for.
func holds(op rules.Op, order int) bool {
	switch op {
	case rules.Less:
		return order < 0
	case rules.LessOrEqual:
		return order <= 0
	case rules.Greater:
		return order > 0
	case rules.GreaterOrEqual:
		return order >= 0
	}
	return false
}

// inNetwork reports whether text is an address in the network, or a network wholly inside it.
func inNetwork(text string, network netip.Prefix) bool {
	if addr, err := netip.ParseAddr(text); err == nil {
		return network.Contains(addr.Unmap().WithZone(""))
	}
	const mappedBits = 96
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return false
	}
	if p.Addr().Is4In6() && p.Bits() >= mappedBits {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mappedBits)
	}
	return p.Bits() >= network.Bits() && network.Contains(p.Addr())
}

// fieldRefs compares every element with every element of the field that v names.
func (o *Oracle) fieldRefs(item *rules.Item, v *rules.Value, found []any, rec subject) bool {
	others := elements(o.lookup(rec.record, v.Text))
	for _, e := range elements(found) {
		if slices.ContainsFunc(others, func(other any) bool { return fieldRef(item, e, other) }) {
			return true
		}
	}
	return false
}

// fieldRef compares an element with one of another field, by their texts.
func fieldRef(item *rules.Item, e, other any) bool {
	text, ok := textOf(e)
	literal, has := textOf(other)
	return ok && has && newPattern(rules.Pattern{{Literal: literal}}, item.Op, item.Cased).matches(text)
}

// textOf returns the text of a scalar.
func textOf(e any) (string, bool) {
	switch e := e.(type) {
	case string:
		return e, true
	case bool:
		if e {
			return "true", true
		}
		return "false", true
	}
	return record.NumberText(e)
}
