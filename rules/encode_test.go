package rules

import (
	"encoding/base64"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestBase64Offset: wherever a text stands in another one, one of the three parts stands in its encoding; and none of them is longer than what
// the text alone decides.
func TestBase64Offset(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(2, 30, 60).Draw(t, "text")
		before, after := rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "before"), rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "after")
		whole := base64.StdEncoding.EncodeToString([]byte(string(before) + text + string(after)))
		patterns, err := encode([]string{"base64offset"}, Pattern{{Literal: text}})
		if err != nil || len(patterns) != 3 {
			t.Fatal(patterns, err)
		}
		found := strings.Contains(whole, patterns[len(before)%3][0].Literal)
		if !found {
			t.Fatalf("none of %q in %q", patterns, whole)
		}
		if n := len(patterns[0][0].Literal); n < len(text)*4/3-2 {
			t.Fatalf("only %d characters of %d bytes are looked for", n, len(text))
		}
	})
}
