package matcher

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestTrace(t *testing.T) {
	for text, want := range map[string]string{
		"ALLUSERS":  "LLUSERS", // the A may be the end of \u000A
		"PUBLIC":    "PUBLIC",
		"NAME":      "AME",
		"U001FX":    "X",
		"001FX":     "X",
		"01FX":      "X",
		"1FX":       "X",
		"FX":        "X",
		"U":         "",
		"U0":        "",
		"U001":      "",
		"U0A":       "U0A",
		"2FX":       "FX",
		"S3:*":      "",
		`A"B`:       "",
		`A\B`:       "",
		"A,B":       "",
		"22":        "",
		"1.5E+3":    "",
		"RUE":       "",
		"E":         "",
		"TRUES":     "RUES",
		"NULL":      "",
		"É":         "",
		"A\nB":      "",
		"S3.AMAZON": "S3.AMAZON",
		"T":         "",
		"TX":        "X",
	} {
		if got := trace(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// object returns the msgpack and the JSON text of a map of one text.
func object(text string) (packed, json []byte) {
	packed = append([]byte("\x81\xa3key\xdb"), byte(len(text)>>24), byte(len(text)>>16), byte(len(text)>>8), byte(len(text)))
	packed = append(packed, text...)
	json = append(json, `{"key":"`...)
	for _, c := range []byte(text) {
		switch {
		case c == '"' || c == '\\':
			json = append(json, '\\', c)
		case c == '\n':
			json = append(json, `\n`...)
		case c == '\r':
			json = append(json, `\r`...)
		case c == '\t':
			json = append(json, `\t`...)
		case c < ' ':
			json = fmt.Appendf(json, `\u%04x`, c)
		default:
			json = append(json, c)
		}
	}
	return packed, append(json, `"}`...)
}

// FuzzTraces: whatever stands in a text of an object or in its JSON text leaves a trace in its bytes.
func FuzzTraces(f *testing.F) {
	for _, text := range []string{"a\nbc", "x\x1fy", `say "all users"`, "\u212aelvin", "\u017fecret", "tru\u0001e", "\xffAll\xfe"} {
		for end := range len(text) + 1 {
			f.Add(text, 0, end)
			f.Add(text, end, len(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string, from, to int) {
		packed, json := object(text)
		for _, whole := range [][]byte{json, []byte(text)} {
			whole = appendFolded(nil, whole)
			a, b := min(max(from, 0), len(whole)), min(max(to, 0), len(whole))
			if a >= b {
				continue
			}
			part := string(whole[a:b])
			if !strings.Contains(foldString(part), part) { // half a character
				continue
			}
			var tr traces
			tr.add(part)
			if !tr.mayBeIn(packed) && bytes.Contains(whole, []byte(part)) {
				t.Errorf("%q of %q leaves no trace in %q", part, whole, packed)
			}
		}
	})
}
