package matcher

import "bytes"

// needle is one folded text to be searched for, by a byte of it that is no letter, so that it has one case, and is rare.
type needle struct {
	text string
	at   int // of the byte; -1: every byte is a letter
}

func newNeedle(text string) needle {
	n := needle{text: text, at: -1}
	best := 0
	for i := range len(text) {
		if r := rarity(text[i]); r > best {
			best, n.at = r, i
		}
	}
	return n
}

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
