package matcher

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"unicode/utf8"
)

// atom is an Atom, ready to be asked.
type atom struct {
	op     Op
	order  Order
	part   Part
	affix  Affix
	cased  bool
	stands bool // Date: the time of receiving may stand in
	inside bool // it asks for what is below objects, which leaves traces there
	field  FieldID
	other  FieldID
	text   *textSet
	re     *regexp.Regexp
	need   string // a folded text without which re cannot match
	traces traces
	prefix netip.Prefix
	number decimal
}

// CompileError says why an expression cannot be compiled.
type CompileError struct {
	// Rule is the index of the expression.
	Rule   int
	Reason string
}

// Error returns the reason.
func (e *CompileError) Error() string { return fmt.Sprintf("expression %d: %s", e.Rule, e.Reason) }

// newAtom prepares a, whose fields have been interned.
func newAtom(a *Atom, field, other FieldID, budget *int) (atom, error) {
	out := atom{op: a.Op, order: a.Order, part: a.Part, affix: a.Affix, cased: a.Cased, stands: a.Received, field: field, other: other, re: a.Regexp, prefix: a.Prefix}
	switch a.Op {
	case Text:
		out.text = newTextSet(a, budget)
		for _, p := range a.Patterns {
			if p.Inside || p.JSON {
				out.inside = true
				out.traces.add(p.required())
			}
		}
	case Regexp:
		if a.Regexp == nil {
			return out, fmt.Errorf("the field %q has no regular expression", a.Field)
		}
		out.need = requiredByRegexp(a.Regexp.String())
		out.inside = true
		out.traces.add(out.need)
	case Compare, Date:
		d, ok := parseDecimal([]byte(a.Number))
		if !ok {
			return out, fmt.Errorf("%q is no number", a.Number)
		}
		out.number = d
	}
	return out, nil
}

// key returns a text that equal atoms share and others do not.
func (a *Atom) key() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %d %t %q %d %q %d %t %q %d %v", a.Field, a.Op, a.Cased, a.Numbers, a.Order, a.Number, a.Part, a.Received, a.Other, a.Affix, a.Prefix)
	if a.Regexp != nil {
		fmt.Fprintf(&b, " %q", a.Regexp.String())
	}
	for _, p := range a.Patterns {
		fmt.Fprintf(&b, " [%t %t", p.Inside, p.JSON)
		for _, part := range p.Parts {
			fmt.Fprintf(&b, " %d%s", part.Wildcard, hex.EncodeToString([]byte(part.Literal)))
		}
		b.WriteByte(']')
	}
	return b.String()
}

// cost orders atoms by how much asking them takes.
func (a *atom) cost() int {
	switch a.op {
	case Exists, IsNull:
		return 0
	case Compare, CIDR:
		return 2
	case Text:
		if len(a.text.globs) == 0 && a.text.words == nil {
			return 1
		}
		return 3
	case Date, Ref:
		return 4
	default:
		return 5
	}
}

// ask asks the atom about rec.
func (a *atom) ask(rec *Record, s *Scratch) bool {
	rec.require(a.field)
	if a.op == Ref {
		rec.require(a.other)
	}
	if a.holds(rec, s) {
		return true
	}
	if a.inside && a.mayHoldInside(rec) {
		rec.Source.FillInside(rec, a.field)
		return a.holds(rec, s)
	}
	return false
}

// mayHoldInside reports whether the atom may hold for something inside an object that has not been read.
func (a *atom) mayHoldInside(rec *Record) bool {
	values, _ := rec.of(a.field)
	for i := range values {
		if values[i].Unread && a.traces.mayBeIn(values[i].Text) {
			return true
		}
	}
	return false
}

// holds asks the atom about the values that are filled in.
func (a *atom) holds(rec *Record, s *Scratch) bool {
	values, present := rec.of(a.field)
	switch a.op {
	case Exists:
		return present
	case IsNull:
		return allNull(values)
	case Text:
		for i := range values {
			if a.text.has(&values[i], s) {
				return true
			}
		}
		return false
	case Date:
		return a.holdsDate(values, rec)
	case Ref:
		others, _ := rec.of(a.other)
		return a.holdsRef(values, others, s)
	}
	for i := range values {
		if a.holdsFor(&values[i], s) {
			return true
		}
	}
	return false
}

// holdsFor asks a Regexp, CIDR or Compare about one value.
func (a *atom) holdsFor(v *Value, s *Scratch) bool {
	switch {
	case v.Kind == Null || v.Kind == Opaque || v.Kind == Object:
		return false
	case a.op == Regexp:
		return (a.need == "" || indexUpper(s.fold(v), a.need) >= 0) && a.re.Match(v.Text)
	case v.Inside || v.Kind == JSON:
		return false
	case a.op == CIDR:
		return inNetwork(v.Text, a.prefix)
	default:
		d, ok := parseDecimal(v.Text)
		return ok && a.order.fits(d.compare(a.number))
	}
}

func allNull(values []Value) bool {
	for i := range values {
		if values[i].Kind != Null && !values[i].Inside && values[i].Kind != JSON {
			return false
		}
	}
	return true
}

func (a *atom) holdsDate(values []Value, rec *Record) bool {
	dated := false
	for i := range values {
		if values[i].Inside || values[i].Kind == JSON {
			continue
		}
		if t, ok := timeOf(&values[i]); ok {
			dated = true
			if a.order.fits(compareInt(partOf(t, a.part), a.number)) {
				return true
			}
		}
	}
	return !dated && a.stands && !rec.Received.IsZero() && a.order.fits(compareInt(partOf(rec.Received, a.part), a.number))
}

// compareInt compares a small number with d.
func compareInt(n int, d decimal) int {
	var digits [20]byte
	i := len(digits)
	for ; n > 0; n /= 10 {
		i--
		digits[i] = byte('0' + n%10)
	}
	own, _ := parseDecimal(digits[i:]) // no digits at all are 0
	return own.compare(d)
}

// holdsRef compares every scalar with every scalar of the other field.
func (a *atom) holdsRef(values, others []Value, s *Scratch) bool {
	for i := range values {
		v := &values[i]
		if !isScalar(v) {
			continue
		}
		for j := range others {
			if isScalar(&others[j]) && a.refers(v, &others[j], s) {
				return true
			}
		}
	}
	return false
}

// refers compares two scalars.
func (a *atom) refers(v, other *Value, s *Scratch) bool {
	if !utf8.Valid(other.Text) { // its bytes could fit inside a character
		return a.refersByChars(v, other, s)
	}
	text, part := v.Text, other.Text
	if !a.cased {
		text, part = s.fold(v), s.fold(other)
	}
	n := len(part)
	switch {
	case len(text) < n || (a.affix == Whole && len(text) != n):
		return false
	case a.affix == End:
		return a.equal(text[len(text)-n:], part)
	case a.affix != Anywhere:
		return a.equal(text[:n], part)
	}
	for i := 0; i+n <= len(text); i++ {
		if a.equal(text[i:i+n], part) {
			return true
		}
	}
	return false
}

// equal compares texts of one length, of which both are ASCII or folded unless the atom is cased.
func (a *atom) equal(x, y []byte) bool {
	if a.cased {
		return bytes.Equal(x, y)
	}
	for i := range x {
		if upperByte(x[i]) != upperByte(y[i]) {
			return false
		}
	}
	return true
}

func (a *atom) refersByChars(v, other *Value, s *Scratch) bool {
	run, literal := PatternPart{Wildcard: AnyRun}, PatternPart{Literal: string(other.Text)}
	parts := [...][]PatternPart{Whole: {literal}, Anywhere: {run, literal, run}, Start: {literal, run}, End: {run, literal}}[a.affix]
	g := newGlob(Pattern{Parts: parts}, a.cased)
	return g.fits(v.Text, s.fold(v))
}

func isScalar(v *Value) bool {
	return !v.Inside && (v.Kind == String || v.Kind == Number || v.Kind == Bool)
}
