package matcher

import (
	"bytes"
	"strconv"
)

// decimal is a number in the form of JSON and YAML, exact whatever its size. Its value is 0.d₁d₂d₃… × 10^point, where d are the digits of
// text from the first one that is not 0; zero has none.
type decimal struct {
	negative bool
	text     []byte // digits, perhaps with one dot among them; borrowed
	point    int
}

// maxExponent bounds exponents, so that sums of them cannot overflow.
const maxExponent = 1 << 20

// parseDecimal reads a sign, digits, a fraction, an exponent.
func parseDecimal(text []byte) (d decimal, ok bool) {
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		d.negative = text[0] == '-'
		text = text[1:]
	}
	if i := bytes.IndexAny(text, "eE"); i >= 0 {
		exponent, err := strconv.Atoi(string(text[i+1:]))
		if err != nil || exponent <= -maxExponent || exponent >= maxExponent {
			return decimal{}, false
		}
		d.point, text = exponent, text[:i]
	}
	whole, ok := wholeDigits(text)
	if !ok {
		return decimal{}, false
	}
	return d.trim(text, whole), true
}

// wholeDigits returns how many digits stand before the dot; ok is false for what is not digits, at least one, with a dot at most.
func wholeDigits(text []byte) (n int, ok bool) {
	dot, digits := -1, 0
	for i, c := range text {
		switch {
		case '0' <= c && c <= '9':
			digits++
		case c == '.' && dot < 0:
			dot = i
		default:
			return 0, false
		}
	}
	if dot < 0 {
		dot = len(text)
	}
	return dot, digits > 0
}

// trim leaves out the zeros before the first digit that counts. whole is the number of digits before the dot.
func (d decimal) trim(text []byte, whole int) decimal {
	d.point += whole
	for i, c := range text {
		switch c {
		case '.':
		case '0':
			d.point--
		default:
			d.text = text[i:]
			return d
		}
	}
	return decimal{} // zero
}

// compare returns -1, 0 or 1 as d is less than, equal to or greater than e.
func (d decimal) compare(e decimal) int {
	if s := d.sign() - e.sign(); s != 0 || d.sign() == 0 {
		return max(-1, min(1, s))
	}
	order := max(-1, min(1, d.point-e.point))
	if order == 0 {
		order = compareDigits(d.text, e.text)
	}
	if d.negative {
		return -order
	}
	return order
}

func (d decimal) sign() int {
	switch {
	case len(d.text) == 0:
		return 0
	case d.negative:
		return -1
	}
	return 1
}

// compareDigits compares digit by digit, passing over dots; what one lacks is 0.
func compareDigits(a, b []byte) int {
	for len(a) > 0 || len(b) > 0 {
		var x, y byte
		x, a = nextDigit(a)
		y, b = nextDigit(b)
		if x != y {
			return max(-1, min(1, int(x)-int(y)))
		}
	}
	return 0
}

func nextDigit(text []byte) (digit byte, rest []byte) {
	if len(text) > 0 && text[0] == '.' {
		text = text[1:]
	}
	if len(text) == 0 {
		return '0', nil
	}
	return text[0], text[1:]
}

// fits reports whether an order of two numbers is the one that is asked for.
func (o Order) fits(order int) bool {
	switch o {
	case Less:
		return order < 0
	case LessOrEqual:
		return order <= 0
	case Greater:
		return order > 0
	case GreaterOrEqual:
		return order >= 0
	default:
		return order == 0
	}
}
