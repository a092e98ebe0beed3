package rules

import (
	"strconv"
	"strings"
)

// Decimal is a number in canonical form, exact whatever its size: the zero value is not a number. Digits × 10^Exponent, digits without
// leading or trailing zeros; zero has no digits.
type Decimal struct {
	Valid    bool
	Negative bool
	Digits   string
	Exponent int
}

// maxExponent bounds exponents, so that sums of them cannot overflow. No float64 comes near.
const maxExponent = 1 << 20

// ParseDecimal reads a number as JSON and YAML write them: a sign, digits, a fraction, an exponent.
func ParseDecimal(text string) Decimal {
	rest, negative := strings.CutPrefix(text, "-")
	if !negative {
		rest = strings.TrimPrefix(rest, "+")
	}
	mantissa, exponent, ok := cutExponent(rest)
	if !ok {
		return Decimal{}
	}
	whole, fraction, dotted := strings.Cut(mantissa, ".")
	if whole+fraction == "" || !digits(whole) || !digits(fraction) || (dotted && whole+fraction == "") {
		return Decimal{}
	}
	all := strings.TrimLeft(whole+fraction, "0")
	exponent -= len(fraction)
	trimmed := strings.TrimRight(all, "0")
	exponent += len(all) - len(trimmed)
	if trimmed == "" {
		return Decimal{Valid: true}
	}
	return Decimal{Valid: true, Negative: negative, Digits: trimmed, Exponent: exponent}
}

func cutExponent(text string) (mantissa string, exponent int, ok bool) {
	i := strings.IndexAny(text, "eE")
	if i < 0 {
		return text, 0, true
	}
	exponent, err := strconv.Atoi(text[i+1:])
	return text[:i], exponent, err == nil && exponent > -maxExponent && exponent < maxExponent
}

func digits(text string) bool { return strings.Trim(text, "0123456789") == "" }

// Compare returns -1, 0 or 1 as d is less than, equal to or greater than e. Both must be valid.
func (d Decimal) Compare(e Decimal) int {
	if s := d.sign() - e.sign(); s != 0 || d.Digits == "" {
		return max(-1, min(1, s))
	}
	order := d.compareSize(e)
	if d.Negative {
		return -order
	}
	return order
}

func (d Decimal) sign() int {
	switch {
	case d.Digits == "":
		return 0
	case d.Negative:
		return -1
	}
	return 1
}

// compareSize compares without the signs: first where the leading digits stand, then digit by digit, which is the order of texts.
func (d Decimal) compareSize(e Decimal) int {
	if n := (len(d.Digits) + d.Exponent) - (len(e.Digits) + e.Exponent); n != 0 {
		return max(-1, min(1, n))
	}
	return strings.Compare(d.Digits, e.Digits)
}

// Canonical returns the number as digits alone, with a fraction if it has one. ok is false where that would be longer than any number in a
// record is written.
func (d Decimal) Canonical() (text string, ok bool) {
	const longest = 40
	if !d.Valid || d.Exponent > longest || d.Exponent < -longest || len(d.Digits) > longest {
		return "", false
	}
	sign := ""
	if d.Negative {
		sign = "-"
	}
	switch point := len(d.Digits) + d.Exponent; {
	case d.Digits == "":
		return "0", true
	case d.Exponent >= 0:
		return sign + d.Digits + strings.Repeat("0", d.Exponent), true
	case point > 0:
		return sign + d.Digits[:point] + "." + d.Digits[point:], true
	default:
		return sign + "0." + strings.Repeat("0", -point) + d.Digits, true
	}
}
