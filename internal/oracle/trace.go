package oracle

import (
	"iter"
	"slices"
	"time"

	"sigmatrail/internal/record"
	"sigmatrail/rules"
)

// Step says how the parts of a Trace make its verdict.
type Step uint8

// The steps. Any is or, 1 of, the groups of a search and the conditions of a rule; All is and, all of, and the items of a group. An Item has no parts.
const (
	Any Step = iota
	All
	Not
	Item
)

// Trace is a rule, or a part of one, with what it came to on one record: a tree from the conditions down to the items. Every part has been judged,
// also where the verdict above it was certain without it.
type Trace struct {
	Step Step
	// Name is the identifier of a search, or a quantifier with its pattern; operators, and the groups of a search, have none.
	Name  string
	Holds bool
	Parts []Trace
	// Item is what was asked, and Seen the values of the record that were looked at for it; nil but for the Step Item.
	Item *rules.Item
	Seen []Seen
}

// Seen is one value of a record that an item looked at.
type Seen struct {
	// Field is the item's field; of what keywords found, the keys that lead to it, joined by dots.
	Field string
	// Value is what stands there, as record.Member lists values; an element of an array, and not the array.
	Value any
	// Satisfied is the value of the item that holds for it, before any negation; nil where none does.
	Satisfied *rules.Value
	// Text is what was compared where one does hold: the value's text, that of a value inside an object, or the object's JSON text. At is the byte of it
	// at which what was asked for begins.
	Text string
	At   int
	// Other is the value of another field that it was compared with (fieldref).
	Other *Seen
}

// Trace judges the rule of that index as Match does, and keeps why. work bounds how many bytes of text are compared, as a hostile record can make that
// very many: beyond it the trace is given up, and ok is false.
func (o *Oracle) Trace(rule int, object *record.Object, received time.Time, work int) (t Trace, ok bool) {
	r := tracer{Oracle: o, subject: newSubject(object, received), left: work}
	if list := o.rules[rule].Conditions; len(list) == 1 {
		t = r.condition(list[0])
	} else {
		t = traceOf(Any, "", list, r.condition)
	}
	return t, r.left >= 0
}

// Evidence returns what of the record satisfied the rule, in the rule's order: the values that the items looked for which made the verdict, in all parts
// of an alternative that hold. What is absent is no evidence: negated parts, null and exists: false have none.
func (t *Trace) Evidence() iter.Seq[Seen] {
	return func(yield func(Seen) bool) { t.evidence(true, yield) }
}

// evidence yields what there is for the verdict want, and reports whether to go on. Below a not it is the other verdict that counts, so that what is
// negated twice is there again.
func (t *Trace) evidence(want bool, yield func(Seen) bool) bool {
	switch {
	case t.Holds != want:
		return true
	case t.Step == Not:
		return t.Parts[0].evidence(!want, yield)
	case t.Step != Item:
		return !slices.ContainsFunc(t.Parts, func(part Trace) bool { return !part.evidence(want, yield) })
	case want == negated(t.Item):
		return true
	}
	for _, s := range t.Seen {
		if s.Satisfied == nil || s.Satisfied.Kind == rules.Null {
			continue
		}
		if !yield(s) || s.Other != nil && !yield(*s.Other) {
			return false
		}
	}
	return true
}

// negated reports whether an item's verdict is turned around. That of keywords never is.
func negated(item *rules.Item) bool { return item.Negate && item.Field != "" }

// traceOf traces parts of which any, or all, have to hold.
func traceOf[P any](step Step, name string, parts []P, trace func(P) Trace) Trace {
	t := Trace{Step: step, Name: name, Holds: step == All}
	for _, p := range parts {
		part := trace(p)
		t.Parts = append(t.Parts, part)
		if part.Holds != (step == All) {
			t.Holds = part.Holds
		}
	}
	return t
}

// tracer traces one rule on one record.
type tracer struct {
	*Oracle
	subject

	left int // how many bytes of text may be compared still
}

func (r *tracer) condition(c rules.Condition) Trace {
	switch c := c.(type) {
	case rules.And:
		return traceOf(All, "", c.Terms, r.condition)
	case rules.Or:
		return traceOf(Any, "", c.Terms, r.condition)
	case rules.Not:
		term := r.condition(c.Term)
		return Trace{Step: Not, Holds: !term.Holds, Parts: []Trace{term}}
	case rules.Ref:
		return r.search(c.Search)
	case rules.Of:
		step := Any
		if c.All {
			step = All
		}
		return traceOf(step, c.String(), c.Searches, r.search)
	}
	return Trace{}
}

func (r *tracer) search(s *rules.Search) Trace { return traceOf(Any, s.Name, s.Groups, r.group) }

func (r *tracer) group(g rules.Group) Trace { return traceOf(All, "", g.Items, r.item) }
