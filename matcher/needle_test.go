package matcher

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestNeedle holds each way to search to the plain one, on texts of few letters in either case, so that they nearly fit everywhere.
func TestNeedle(t *testing.T) {
	const letters = "aAbBzZ@`[{09\x00\x7f\xe9\xc9"
	found := 0
	for seed := range uint64(20_000) {
		d := rand.New(rand.NewPCG(seed, 11))
		few := 2 + d.IntN(len(letters)-1)
		random := func(n int) []byte {
			text := make([]byte, n)
			for i := range text {
				text[i] = letters[d.IntN(few)]
			}
			return text
		}
		text := random(1 + d.IntN(2*longNeedle))
		if d.IntN(20) == 0 {
			text = random(250 + d.IntN(20))
		}
		n := newNeedle(string(bytes.ToUpper(text)))
		if !isASCII(text) {
			n = newNeedle(string(appendFolded(nil, text)))
		}
		within := random(d.IntN(400))
		if at := d.IntN(len(within) + 1); d.IntN(2) == 0 {
			within = append(within[:at:at], append(bytes.ToLower(bytes.Clone(text)), within[at:]...)...)
		}
		want := indexUpper(within, n.text) >= 0
		if got := n.in(within); got != want {
			t.Fatalf("seed %d: %q in %q: %v", seed, n.text, within, got)
		}
		if want {
			found++
		}
	}
	if found < 5_000 {
		t.Errorf("%d found", found)
	}
}
