package matcher

import (
	"math/big"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// What follows evaluates expressions as their documentation says, with nothing but the standard library, and as slowly as that is.

// naiveField is what a record has of a field.
type naiveField struct {
	present bool
	values  []Value
}

type naiveRecord struct {
	fields   map[string]naiveField
	received time.Time
}

func (r *naiveRecord) holds(e Expr) bool {
	switch e := e.(type) {
	case And:
		for _, t := range e {
			if !r.holds(t) {
				return false
			}
		}
		return true
	case Or:
		return slices.ContainsFunc(e, r.holds)
	case Not:
		return !r.holds(e.Term)
	}
	return r.atom(e.(*Atom))
}

func (r *naiveRecord) atom(a *Atom) bool {
	f := r.fields[a.Field]
	switch a.Op {
	case Exists:
		return f.present
	case IsNull:
		for _, v := range f.values {
			if !v.Inside && v.Kind != JSON && v.Kind != Null {
				return false
			}
		}
		return true
	case Date:
		return r.date(a, f)
	}
	for _, v := range f.values {
		if v.Kind == Null || v.Kind == Opaque || v.Kind == Object {
			continue
		}
		if a.Op == Ref {
			for _, other := range r.fields[a.Other].values {
				if isPlain(v) && isPlain(other) && naiveRef(a, v, other) {
					return true
				}
			}
		} else if naiveValue(a, v) {
			return true
		}
	}
	return false
}

func isPlain(v Value) bool {
	return !v.Inside && (v.Kind == String || v.Kind == Number || v.Kind == Bool)
}

func naiveValue(a *Atom, v Value) bool {
	switch a.Op {
	case Text:
		for _, p := range a.Patterns {
			if (isPlain(v) || v.Inside && p.Inside || v.Kind == JSON && p.JSON) && naiveFits(p.Parts, string(v.Text), a.Cased) {
				return true
			}
		}
		for _, n := range a.Numbers {
			if isPlain(v) && v.Kind == Number && naiveNumber(string(v.Text)).Cmp(naiveNumber(n)) == 0 {
				return true
			}
		}
		return false
	case Regexp:
		return a.Regexp.MatchString(string(v.Text))
	case CIDR:
		return isPlain(v) && naiveNetwork(string(v.Text), a.Prefix)
	default:
		n := naiveNumber(string(v.Text))
		return isPlain(v) && n != nil && naiveOrder(a.Order, n.Cmp(naiveNumber(a.Number)))
	}
}

func naiveOrder(o Order, order int) bool {
	switch o {
	case Less:
		return order < 0
	case LessOrEqual:
		return order <= 0
	case Greater:
		return order > 0
	case GreaterOrEqual:
		return order >= 0
	}
	return order == 0
}

var numberForm = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?$`)

// naiveNumber returns nil for what is no number.
func naiveNumber(text string) *big.Rat {
	if !numberForm.MatchString(text) {
		return nil
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil
	}
	return n
}

func naiveNetwork(text string, network netip.Prefix) bool {
	p, err := netip.ParsePrefix(text)
	if addr, notAddr := netip.ParseAddr(text); notAddr == nil {
		addr = addr.WithZone("")
		p, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	if err != nil {
		return false
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Addr().Is4() == network.Addr().Is4() && p.Bits() >= network.Bits() && netip.PrefixFrom(p.Addr(), network.Bits()).Masked() == network.Masked()
}

func naiveRef(a *Atom, v, other Value) bool {
	run, literal := PatternPart{Wildcard: AnyRun}, PatternPart{Literal: string(other.Text)}
	var parts []PatternPart
	if a.Affix == Anywhere || a.Affix == End {
		parts = append(parts, run)
	}
	parts = append(parts, literal)
	if a.Affix == Anywhere || a.Affix == Start {
		parts = append(parts, run)
	}
	return naiveFits(parts, string(v.Text), a.Cased)
}

// date knows dates with an offset, and seconds since the epoch; TestDates has the others.
func (r *naiveRecord) date(a *Atom, f naiveField) bool {
	var times []time.Time
	for _, v := range f.values {
		if !isPlain(v) || v.Kind == Bool {
			continue
		}
		if t, err := time.Parse(time.RFC3339, string(v.Text)); err == nil {
			times = append(times, t)
		} else if n := naiveNumber(string(v.Text)); n != nil && n.Sign() >= 0 && n.Cmp(big.NewRat(1e11, 1)) < 0 {
			seconds, _ := n.Float64()
			times = append(times, time.Unix(int64(seconds), 0).UTC())
		}
	}
	if len(times) == 0 && a.Received && !r.received.IsZero() {
		times = append(times, r.received)
	}
	for _, t := range times {
		_, week := t.ISOWeek()
		part := map[Part]int{Minute: t.Minute(), Hour: t.Hour(), Day: t.Day(), Week: week, Month: int(t.Month()), Year: t.Year()}[a.Part]
		if naiveOrder(a.Order, new(big.Rat).SetInt64(int64(part)).Cmp(naiveNumber(a.Number))) {
			return true
		}
	}
	return false
}

// symbols are the characters of a text; a byte that is not UTF-8 is one by itself.
func symbols(text string) (list []string) {
	for text != "" {
		_, size := utf8.DecodeRuneInString(text)
		list = append(list, text[:size])
		text = text[size:]
	}
	return list
}

func sameSymbol(a, b string, cased bool) bool {
	if cased || !utf8.ValidString(a) || !utf8.ValidString(b) {
		return a == b
	}
	return strings.EqualFold(a, b)
}

// naiveFits reports whether the whole text fits the parts: a table by part and place.
func naiveFits(parts []PatternPart, text string, cased bool) bool {
	chars := symbols(text)
	now := make([]bool, len(chars)+1)
	now[0] = true
	step := func(fits func(char string) bool) {
		next := make([]bool, len(chars)+1)
		for i, char := range chars {
			next[i+1] = now[i] && fits(char)
		}
		now = next
	}
	for _, p := range parts {
		switch p.Wildcard {
		case AnyRun:
			for i := range chars {
				now[i+1] = now[i+1] || now[i]
			}
		case AnyOne:
			step(func(string) bool { return true })
		case AnyDash:
			step(func(char string) bool { return strings.Contains("-/–—―", char) && utf8.ValidString(char) })
		default:
			for _, want := range symbols(p.Literal) {
				step(func(char string) bool { return sameSymbol(want, char, cased) })
			}
		}
	}
	return now[len(chars)]
}
