package matcher

import "bytes"

// needle is one folded text to be searched for: by a byte of it that is no letter, so that it has one case, and is rare; or, where none is rare and the
// text is long, by pairs of bytes, most of which let the search go on behind all of them.
type needle struct {
	text  string
	at    int // of the byte; -1: every byte is a letter
	skips *[256]uint8
}

// longNeedle is how long a text is that is searched for by pairs, rare the rarity of a byte by which that is not worth while.
const (
	longNeedle = 20
	rare       = 3
)

func newNeedle(text string) needle {
	n := needle{text: text, at: -1}
	best := 0
	for i := range len(text) {
		if r := rarity(text[i]); r > best {
			best, n.at = r, i
		}
	}
	if best < rare && len(text) >= longNeedle {
		n.skips = skipsOf(text)
	}
	return n
}

// skipsOf returns by the hash of a pair of bytes how much farther a text may end than behind that pair.
func skipsOf(text string) *[256]uint8 {
	var skips [256]uint8
	pairs := min(len(text), 256) - 1 // of the end of a text that is longer
	for i := range skips {
		skips[i] = uint8(pairs)
	}
	tail := text[len(text)-pairs-1:]
	for i := range pairs {
		skips[pairHash(tail[i], tail[i+1])] = uint8(pairs - 1 - i)
	}
	return &skips
}

// pairHash is the same for letters of either case.
func pairHash(a, b byte) byte { return (a&^0x20)<<3 ^ a>>2&^0x08 ^ b&^0x20 }

// rarity says how rarely a byte stands in what records hold; 0 is for letters.
func rarity(c byte) int {
	switch {
	case 'A' <= c && c <= 'Z':
		return 0
	case '0' <= c && c <= '9', c == '.', c == '-', c == ':': // as in ARNs and addresses
		return 1
	case c == '/', c == ' ':
		return 2
	}
	return 3
}

// in reports whether the needle stands in b, which is ASCII or folded.
func (n *needle) in(b []byte) bool {
	if n.skips != nil {
		return n.inByPairs(b)
	}
	if n.at < 0 {
		return indexUpper(b, n.text) >= 0
	}
	// The byte stands at least at bytes behind the beginning, and the rest of the text behind it.
	for start := n.at; start <= len(b)-(len(n.text)-n.at); {
		i := bytes.IndexByte(b[start:len(b)-(len(n.text)-n.at)+1], n.text[n.at])
		if i < 0 {
			return false
		}
		from := start + i - n.at
		if upperByte(b[from]) == n.text[0] && equalUpper(b[from:from+len(n.text)], n.text) {
			return true
		}
		start += i + 1
	}
	return false
}

// inByPairs looks at the pair of bytes with which the needle would end, and goes on by what that lets it skip.
func (n *needle) inByPairs(b []byte) bool {
	for end := len(n.text); end <= len(b); {
		skip := int(n.skips[pairHash(b[end-2], b[end-1])])
		if skip == 0 {
			if equalUpper(b[end-len(n.text):end], n.text) {
				return true
			}
			skip = 1
		}
		end += skip
	}
	return false
}
