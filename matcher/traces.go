package matcher

import (
	"bytes"
	"strings"
)

// traces are texts of which one must stand in the bytes of an object for something inside it to fit: in a key, in a value or in the object's JSON text.
type traces struct {
	// unknown is set where something may fit that leaves no trace.
	unknown bool
	needles []needle
	// other is set where a needle has a letter to which a character outside ASCII folds.
	other bool
}

// add adds a folded text that stands in whatever fits; "" where there is none.
func (t *traces) add(required string) {
	text := trace(required)
	if text == "" {
		t.unknown = true
		return
	}
	t.other = t.other || strings.ContainsAny(text, "KS")
	for i := range t.needles {
		if n := commonPrefix(t.needles[i].text, text); n >= longPrefix {
			t.needles[i] = newNeedle(text[:n]) // one search instead of two
			return
		}
	}
	t.needles = append(t.needles, newNeedle(text))
}

// longPrefix is how long the common beginning of two texts must be to stand for both.
const longPrefix = 8

func commonPrefix(a, b string) (n int) {
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// trace returns the part of a folded text that must stand in the bytes of an object, inside one of its texts, wherever the text stands in a scalar of it
// or in its JSON text; "" where there is none. It must not be able to stand in what JSON has beside texts, and a character that JSON escapes, of which
// the text could begin with the last characters, is left out.
func trace(text string) string {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || strings.IndexByte(`"\{}[]:,`, c) >= 0 {
			return ""
		}
	}
	if strings.Trim(text, "0123456789+-.E") == "" {
		return "" // it may be of a number
	}
	for _, word := range []string{"TRUE", "FALSE", "NULL"} {
		if strings.Contains(word, text) {
			return ""
		}
	}
	return text[escapeTail(text):]
}

// escapeTail returns how many characters at the beginning of text can be the end of an escape: n, r or t, or the last ones of u0000 to u001f; or, where
// text is short, anything in the midst of one.
func escapeTail(text string) int {
	if strings.IndexByte("NRT", text[0]) >= 0 {
		return 1
	}
	const whole = "u00tx"
	if len(text) < len(whole) && endsEscape(text, whole[:len(text)]) {
		return len(text) // all of it can stand in one
	}
	for _, form := range []string{whole, "00tx", "0tx", "tx", "x"} {
		if len(text) >= len(form) && endsEscape(text[:len(form)], form) {
			return len(form)
		}
	}
	return 0
}

// endsEscape compares with a form in which x is a hexadecimal digit and t one below 2.
func endsEscape(text, form string) bool {
	for i := range len(form) {
		set := string(upperByte(form[i]))
		switch form[i] {
		case 'x':
			set = "0123456789ABCDEF"
		case 't':
			set = "01"
		}
		if strings.IndexByte(set, text[i]) < 0 {
			return false
		}
	}
	return true
}

// mayBeIn reports whether a trace may stand in the bytes of an object.
func (t *traces) mayBeIn(object []byte) bool {
	if t.unknown {
		return true
	}
	for i := range t.needles {
		if t.needles[i].in(object) {
			return true
		}
	}
	return t.other && (bytes.Contains(object, []byte("\u212a")) || bytes.Contains(object, []byte("\u017f")))
}
