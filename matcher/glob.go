package matcher

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shape is what a pattern comes down to.
type shape uint8

const (
	general shape = iota // judged character by character
	exactly
	startingWith
	endingWith
	containing
	anything
)

// glob is one pattern, ready to be compared with texts. Unless cased, its literals are folded, and so must the texts be that are not ASCII.
type glob struct {
	shape   shape
	cased   bool
	inside  bool
	json    bool
	literal string // of every shape but general and anything
	needle  needle // containing
	chars   []rune // general
}

// Wildcards among the characters of a glob. No character is negative.
const (
	charsAnyRun rune = -1 - iota
	charsAnyOne
	charsAnyDash
)

func newGlob(p Pattern, cased bool) glob {
	g := glob{cased: cased, inside: p.Inside, json: p.JSON}
	var whole strings.Builder
	for _, part := range p.Parts {
		text := part.Literal
		if part.Wildcard != NoWildcard {
			g.chars = appendWildcard(g.chars, part.Wildcard)
			continue
		}
		if !cased {
			text = foldString(text)
		}
		whole.WriteString(text)
		g.chars = appendChars(g.chars, text)
	}
	g.literal = whole.String()
	if g.shape = shapeOf(g.chars); !utf8.ValidString(g.literal) && g.shape != anything {
		g.shape = general // bytes that are no characters could fit inside one
	}
	if g.shape != general {
		g.chars = nil
	}
	if g.shape == containing && !cased {
		g.needle = newNeedle(g.literal)
	}
	return g
}

func appendWildcard(chars []rune, w Wildcard) []rune {
	switch w {
	case AnyOne:
		return append(chars, charsAnyOne)
	case AnyDash:
		return append(chars, charsAnyDash)
	}
	if n := len(chars); n > 0 && chars[n-1] == charsAnyRun {
		return chars // two runs are one
	}
	return append(chars, charsAnyRun)
}

// appendChars appends the characters of text. A byte that is not UTF-8 is a character of its own, beyond all others.
func appendChars(chars []rune, text string) []rune {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 {
			r = unicode.MaxRune + 1 + rune(text[i])
		}
		chars = append(chars, r)
		i += size
	}
	return chars
}

// shapeOf finds out whether a pattern is a literal with at most a run before and behind it.
func shapeOf(chars []rune) shape {
	for i, c := range chars {
		if c < charsAnyRun || (c == charsAnyRun && i > 0 && i < len(chars)-1) {
			return general
		}
	}
	if len(chars) == 1 && chars[0] == charsAnyRun {
		return anything
	}
	before := len(chars) > 0 && chars[0] == charsAnyRun
	behind := len(chars) > 0 && chars[len(chars)-1] == charsAnyRun
	switch {
	case before && behind:
		return containing
	case before:
		return endingWith
	case behind:
		return startingWith
	}
	return exactly
}

// fits reports whether the whole text fits the pattern. folded is the text folded, or itself where it is ASCII.
func (g *glob) fits(text, folded []byte) bool {
	if g.cased {
		return g.fitsCased(text)
	}
	n := len(g.literal)
	switch g.shape {
	case anything:
		return true
	case exactly:
		return equalUpper(folded, g.literal)
	case startingWith:
		return len(folded) >= n && equalUpper(folded[:n], g.literal)
	case endingWith:
		return len(folded) >= n && equalUpper(folded[len(folded)-n:], g.literal)
	case containing:
		return g.needle.in(folded)
	default:
		return g.fitsChars(folded)
	}
}

func (g *glob) fitsCased(text []byte) bool {
	switch g.shape {
	case anything:
		return true
	case exactly:
		return string(text) == g.literal
	case startingWith:
		return len(text) >= len(g.literal) && string(text[:len(g.literal)]) == g.literal
	case endingWith:
		return len(text) >= len(g.literal) && string(text[len(text)-len(g.literal):]) == g.literal
	case containing:
		return bytes.Contains(text, []byte(g.literal))
	default:
		return g.fitsChars(text)
	}
}

// fitsChars compares character by character. On a mismatch it takes one character more into the last run, which is enough: an earlier run
// need never be longer.
func (g *glob) fitsChars(text []byte) bool {
	i, run := 0, -1
	resume := text
	for len(text) > 0 {
		r, size := g.decode(text)
		switch {
		case i < len(g.chars) && g.chars[i] == charsAnyRun:
			run, resume = i, text
			i++
		case i < len(g.chars) && fitsChar(g.chars[i], r):
			i++
			text = text[size:]
		case run >= 0:
			_, size = g.decode(resume)
			resume = resume[size:]
			i, text = run+1, resume
		default:
			return false
		}
	}
	for i < len(g.chars) && g.chars[i] == charsAnyRun {
		i++
	}
	return i == len(g.chars)
}

// decode returns the first character of text and how many bytes it takes.
func (g *glob) decode(text []byte) (rune, int) {
	if c := text[0]; c < utf8.RuneSelf {
		if g.cased {
			return rune(c), 1
		}
		return rune(upperByte(c)), 1
	}
	r, size := utf8.DecodeRune(text)
	if r == utf8.RuneError && size == 1 {
		return unicode.MaxRune + 1 + rune(text[0]), 1
	}
	return r, size
}

func fitsChar(pattern, char rune) bool {
	switch pattern {
	case char, charsAnyOne:
		return true
	case charsAnyDash:
		return char == '-' || char == '/' || char == '–' || char == '—' || char == '―'
	}
	return false
}

// required returns the longest text that stands in every text that fits, folded; "" where there is none.
func (p Pattern) required() string {
	longest, current := "", ""
	for _, part := range p.Parts {
		if part.Wildcard != NoWildcard {
			current = ""
			continue
		}
		current += foldString(part.Literal)
		if len(current) > len(longest) {
			longest = current
		}
	}
	return longest
}
