package rules

import "slices"

// Form is a form of records other than CloudTrail's own that rules are to judge as well.
type Form struct {
	// Name is what messages call it.
	Name string
	// Place says what records of the form have of a field, given by CloudTrail's name.
	Place func(field string) Place
}

// Place is how well a form of records keeps a field.
type Place uint8

// The places. What a form has lost, rules cannot ask for.
const (
	// Whole is a field that is as in CloudTrail.
	Whole Place = iota
	// Sparse is one that has lost empty values.
	Sparse
	// Detached is one whose absence says nothing: nulls and empty values are lost, and the field itself may be.
	Detached
	// Nowhere is one that the form does not have.
	Nowhere
)

// place warns where an item asks for what the form of records has lost. Rules about other logs never meet it.
func (p *parser) place(key *node, item *Item) {
	form := p.options.Form
	if form == nil || item.Field == "" || !p.rule.AppliesToCloudTrail() {
		return
	}
	const original = "keep event.original in the records, which is judged in their place"
	fields := []string{item.Field}
	for _, v := range item.Values {
		if item.FieldRef {
			fields = append(fields, v.Text)
		}
	}
	for _, field := range fields {
		place := form.Place(field)
		if what := asksForNothing(item, place); place == Nowhere {
			p.add(Warning, key.place, FieldUnmapped, original, "records of the form %s have no place for %s", form.Name, field)
		} else if what != "" {
			p.add(Warning, key.place, FieldLossy, original, "%s, and in records of the form %s that cannot be told of %s", what, form.Name, field)
		}
	}
}

// asksForNothing says how an item depends on a null, an empty value or an absence that the place has lost, or returns "".
func asksForNothing(item *Item, place Place) string {
	has := func(is func(v Value) bool) bool { return slices.ContainsFunc(item.Values, is) }
	switch {
	case place == Whole || place == Nowhere:
	case item.Op == Equal && !item.FieldRef && has(func(v Value) bool { return v.Kind == Text && v.Text == "" }):
		return "this asks for an empty text"
	case place == Sparse:
	case has(func(v Value) bool { return v.Kind == Null }):
		return "this asks for null"
	case item.Op == Exists:
		return "this asks whether the field exists"
	case item.Negate:
		return "neq holds where the field is absent"
	}
	return ""
}
