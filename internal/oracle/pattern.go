package oracle

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sigmatrail/rules"
)

// pattern is a text with wildcards, as folded characters.
type pattern struct {
	parts []rune
	cased bool
}

// The wildcards in a pattern. No character is negative.
const (
	anyRun       rune = -1
	anyCharacter rune = -2
	anyDash      rune = -3
)

func newPattern(p rules.Pattern, op rules.Op, cased bool) pattern {
	var parts []rune
	if op == rules.Contains || op == rules.EndsWith {
		parts = append(parts, anyRun)
	}
	for _, part := range p {
		switch part.Wildcard {
		case rules.Any:
			parts = append(parts, anyRun)
		case rules.One:
			parts = append(parts, anyCharacter)
		case rules.Dash:
			parts = append(parts, anyDash)
		default:
			parts = append(parts, characters(part.Literal, cased)...)
		}
	}
	if op == rules.Contains || op == rules.StartsWith {
		parts = append(parts, anyRun)
	}
	return pattern{parts: parts, cased: cased}
}

// characters returns the characters of text, without their case unless cased. A byte that is not UTF-8 is a character of its own, beyond
// all others.
func characters(text string, cased bool) []rune {
	list := make([]rune, 0, len(text))
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			r = unicode.MaxRune + 1 + rune(text[i])
		case !cased:
			r = fold(r)
		}
		list = append(list, r)
		i += size
	}
	return list
}

// fold returns the least of the characters that differ from r by case alone (Unicode simple folding).
func fold(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}

// fits reports whether a part that stands for one character stands for char.
func fits(part, char rune) bool {
	return part == char || part == anyCharacter || (part == anyDash && strings.ContainsRune("-/–—―", char))
}

// matches reports whether the whole text fits the pattern. On a mismatch it takes one character more into the last run, which is enough: an
// earlier run need never be longer.
func (p pattern) matches(text string) bool {
	chars := characters(text, p.cased)
	i, j := 0, 0
	run, resume := -1, 0
	for j < len(chars) {
		switch {
		case i < len(p.parts) && p.parts[i] == anyRun:
			run, resume = i, j
			i++
		case i < len(p.parts) && fits(p.parts[i], chars[j]):
			i++
			j++
		case run >= 0:
			resume++
			i, j = run+1, resume
		default:
			return false
		}
	}
	for i < len(p.parts) && p.parts[i] == anyRun {
		i++
	}
	return i == len(p.parts)
}

// start returns the byte of text, which the pattern matches, at which what follows the pattern's first runs of any characters begins.
func (p pattern) start(text string) int {
	rest := p.parts
	for len(rest) > 0 && rest[0] == anyRun {
		rest = rest[1:]
	}
	if len(rest) == len(p.parts) {
		return 0
	}
	// Up to the next run the first place that fits is one from which the rest fits too; where there is no such run it must be the end.
	chars, from := characters(text, p.cased), 0
	if next := slices.Index(rest, anyRun); next >= 0 {
		rest = rest[:next]
	} else {
		from = len(chars) - len(rest)
	}
	for from+len(rest) < len(chars) && !slices.EqualFunc(rest, chars[from:from+len(rest)], fits) {
		from++
	}
	for at := range text {
		if from == 0 {
			return at
		}
		from--
	}
	return len(text)
}
