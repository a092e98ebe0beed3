package matcher

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// TestFoldRune holds the folding of every character to unicode's orbits, and that nothing folds further.
func TestFoldRune(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		folded := foldRune(r)
		if foldRune(folded) != folded || folded > r {
			t.Fatalf("%U folds to %U", r, folded)
		}
		if other := unicode.SimpleFold(r); foldRune(other) != folded {
			t.Fatalf("%U folds to %U, %U to %U", r, folded, other, foldRune(other))
		}
	}
	for from, to := range map[string]string{"\u017f": "S", "\u212a": "K", "ẞ": "ß", "é": "É", "a\xffb": "A\xffB", "\xc3": "\xc3", "\u2126": "\u03a9", "": "", "ς": "Σ"} {
		if got := foldString(from); got != to {
			t.Errorf("%q folds to %q, want %q", from, got, to)
		}
	}
}

// TestUpper64 holds the eight bytes at a time to one at a time, for every byte beside every other.
func TestUpper64(t *testing.T) {
	for a := range 256 {
		for b := range 256 {
			text := []byte{byte(a), byte(b), byte(a), byte(a), byte(b), byte(b), byte(a), byte(b)}
			var want []byte
			for _, c := range text {
				want = append(want, upperByte(c))
			}
			if upper64(load64(text)) != load64(want) {
				t.Fatalf("%x", text)
			}
		}
	}
}

// checkFold holds comparing, finding and hashing of texts to strings.EqualFold.
func checkFold(a, b string) error {
	s := Scratch{}
	v, w := Value{Text: []byte(a)}, Value{Text: []byte(b)}
	x, y := s.fold(&v), s.fold(&w)
	folded := foldString(b)
	same := utf8.ValidString(a) && utf8.ValidString(b) && strings.EqualFold(a, b) || a == b
	if !utf8.ValidString(a) || !utf8.ValidString(b) {
		same = naiveFits([]PatternPart{{Literal: b}}, a, false)
	}
	if equalUpper(x, folded) != same {
		return fmt.Errorf("%q and %q: equal %v, want %v", a, b, !same, same)
	}
	h, _ := hashUpper(x)
	g, _ := hashUpper(y)
	if same && h != g {
		return fmt.Errorf("%q and %q are equal and have different hashes", a, b)
	}
	if utf8.ValidString(b) {
		within := naiveFits([]PatternPart{{Wildcard: AnyRun}, {Literal: b}, {Wildcard: AnyRun}}, a, false)
		if (indexUpper(x, folded) >= 0) != within {
			return fmt.Errorf("%q in %q: want %v", b, a, within)
		}
	}
	return nil
}

func TestFold(t *testing.T) {
	for _, a := range pieces {
		for _, b := range pieces {
			for _, c := range pieces {
				if err := checkFold(a+b+c, strings.ToUpper(b)); err != nil {
					t.Fatal(err)
				}
				if err := checkFold(a+b, b+c); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// FuzzFold holds comparing without case to strings.EqualFold.
func FuzzFold(f *testing.F) {
	f.Add("\u017ftop", "STOP")
	f.Add("\xffa", "\xffA")
	f.Fuzz(func(t *testing.T, a, b string) {
		const most = 300
		a, b = a[:min(len(a), most)], b[:min(len(b), most)]
		for _, pair := range [][2]string{{a, b}, {a, strings.ToUpper(a)}, {a + b, strings.ToLower(b)}, {b + a, a}} {
			if err := checkFold(pair[0], pair[1]); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestHashSpread: short texts have hashes of their own; those of one byte once had all the same.
func TestHashSpread(t *testing.T) {
	seen := make(map[uint64]string)
	add := func(text []byte) {
		folded := string(appendFolded(nil, text))
		h, _ := hashUpper([]byte(folded))
		if before, ok := seen[h|1]; ok && before != folded {
			t.Fatalf("%q and %q have one hash", before, folded)
		}
		seen[h|1] = folded
	}
	add(nil)
	for a := range 256 {
		add([]byte{byte(a)})
		for b := range 256 {
			add([]byte{byte(a), byte(b)})
			add([]byte{'s', '3', byte(a), '.', 'a', 'm', 'a', 'z', byte(b)})
		}
	}
}
