package matcher

import (
	"strings"
	"testing"
)

// escapedText is a text as compact JSON has it.
func escapedText(text string) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	for _, c := range []byte(text) {
		switch {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(rune(c)))
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ':
			b.WriteString(`\u00` + string(hex[c>>4]) + string(hex[c&15]))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// checkPieces: every piece of what is inside an object, of its texts and of its JSON text, leaves a trace in the object's bytes.
func checkPieces(t *testing.T, key, text string, from, to int) {
	t.Helper()
	inside := []string{text, `{"` + escapedText(key) + `":"` + escapedText(text) + `","n":[-12.5e+21,true,false,null,{}]}`}
	object := []byte("\x82\xa1" + key + "\xda\x01\x00" + text + "\xa1n\x95\xcb\xc2\x33\xc3\xc2\xc0\x80")
	for _, whole := range inside {
		folded := foldString(whole)
		if len(folded) == 0 {
			continue
		}
		from, to := from%len(folded), to%(len(folded)+1)
		if from < 0 || to <= from {
			continue
		}
		var one traces
		one.add(folded[from:to])
		if !one.mayBeIn(object) {
			t.Fatalf("%q stands in %q and leaves no trace in %q", folded[from:to], whole, object)
		}
	}
}

// TestTracePieces cuts every piece out of texts with everything that JSON writes in another way.
func TestTracePieces(t *testing.T) {
	for _, text := range []string{
		"line\nend", "tab\ttrue", "\x00abc", "\x1fE5", "\x1f0f", "a\rn", "say \"x\"", `c:\new`, "\u017ftop \u212aelvin", "nrt", "\n\n\n", "\x01\x1a1", "12\x0e21", "é\x0bc", "u001fx", "stra\u00dfe",
	} {
		const most = 120
		for from := range most {
			for to := from + 1; to <= most; to++ {
				checkPieces(t, "key", text, from, to)
				checkPieces(t, text, "value", from, to)
			}
		}
	}
}

// FuzzTracePieces does the same with any texts.
func FuzzTracePieces(f *testing.F) {
	f.Add("key", "line\nend", 11, 15)
	f.Add("\x1fab", "\u017f", 3, 8)
	f.Fuzz(func(t *testing.T, key, text string, from, to int) {
		const most = 200
		checkPieces(t, key[:min(len(key), most)], text[:min(len(text), most)], max(0, from), max(0, to))
	})
}
