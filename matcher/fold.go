package matcher

import (
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// Folding: two texts are equal but for their case if their characters are after replacing each by the least character that differs from it by
// case alone (Unicode simple folding). For ASCII letters that is the upper-case one; the Kelvin sign becomes K and ſ becomes S, so that a text
// outside ASCII can fold to one inside. Bytes that are not UTF-8 stay as they are: a valid encoding never begins or ends inside them, so that
// comparing folded bytes compares folded characters wherever the pattern is valid UTF-8.

const (
	lows  = 0x7f7f7f7f7f7f7f7f
	highs = 0x8080808080808080
	ones  = 0x0101010101010101
)

// load64 returns the first 8 bytes of b, which must be there.
func load64(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// load32 returns the first 4 bytes of b, which must be there.
func load32(b []byte) uint64 {
	_ = b[3]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24
}

// loadShort returns up to 7 bytes, some of them twice.
func loadShort(b []byte) uint64 {
	switch n := len(b); {
	case n >= 4:
		return load32(b) | load32(b[n-4:])<<32
	case n > 0:
		return uint64(b[0]) | uint64(b[n/2])<<8 | uint64(b[n-1])<<16
	}
	return 0
}

// upper64 turns the lower-case ASCII letters among 8 bytes into upper case, and leaves every other byte alone.
func upper64(w uint64) uint64 {
	seven := w & lows
	fromA := seven + (0x80-'a')*ones
	behindZ := seven + (0x80-'z'-1)*ones
	return w - ((fromA &^ behindZ & highs &^ w) >> 2)
}

func upperByte(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - ('a' - 'A')
	}
	return c
}

// isASCII reports whether no byte of b has its high bit set.
func isASCII(b []byte) bool {
	n := len(b)
	if n < 8 {
		return loadShort(b)&highs == 0
	}
	all := load64(b[n-8:])
	for ; len(b) >= 16; b = b[16:] {
		all |= load64(b) | load64(b[8:])
	}
	if len(b) >= 8 {
		all |= load64(b)
	}
	return all&highs == 0
}

// equalUpper reports whether b, which is ASCII or folded, is the folded text.
func equalUpper(b []byte, folded string) bool {
	if len(b) != len(folded) {
		return false
	}
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if upper64(load64(b[i:])) != load64String(folded[i:]) {
			return false
		}
	}
	for ; i < len(b); i++ {
		if upperByte(b[i]) != folded[i] {
			return false
		}
	}
	return true
}

func load64String(b string) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// indexUpper returns where the folded text stands first in b, which is ASCII or folded, or -1.
func indexUpper(b []byte, folded string) int {
	if folded == "" {
		return 0
	}
	first := folded[0]
	for i := 0; i+len(folded) <= len(b); i++ {
		if upperByte(b[i]) == first && equalUpper(b[i:i+len(folded)], folded) {
			return i
		}
	}
	return -1
}

// hashUpper returns a hash of b as if it were folded, and whether it is ASCII. Where it is not, b must be folded for the hash to be of use.
func hashUpper(b []byte) (h uint64, ascii bool) {
	const k0, k1 = 0x9e3779b97f4a7c15, 0xe7037ed1a0b428db
	n := len(b)
	h = uint64(n+1) * k1 // never k1 itself, which would make the first product 0 whatever the text is
	if n < 8 {
		w := loadShort(b)
		hi, lo := bits.Mul64(upper64(w)^k0, h^k1)
		return hi ^ lo, w&highs == 0
	}
	last := load64(b[n-8:])
	all := last
	for ; len(b) > 8; b = b[8:] {
		w := load64(b)
		all |= w
		hi, lo := bits.Mul64(upper64(w)^k0, h^k1)
		h = hi ^ lo
	}
	hi, lo := bits.Mul64(upper64(last)^k0, h^k1)
	return hi ^ lo, all&highs == 0
}

// foldRune returns the least of the characters that differ from r by case alone.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		return rune(upperByte(byte(r))) //nolint:gosec // ASCII
	}
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}

// appendFolded appends b without its case.
func appendFolded(dst, b []byte) []byte {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, b[0])
		} else {
			dst = utf8.AppendRune(dst, foldRune(r))
		}
		b = b[size:]
	}
	return dst
}

func foldString(text string) string { return string(appendFolded(nil, []byte(text))) }
