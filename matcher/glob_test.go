package matcher

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// pieces are what patterns and texts of tests are made of: letters that fold onto each other across ASCII and at other lengths, halves of characters,
// dashes, and texts long enough for every way of comparing.
var pieces = []string{
	"a", "A", "s", "S", "\u017f", "k", "K", "\u212a", "ß", "ẞ", "é", "É", "\xc3", "\xa9", "\xff", "-", "/", "–", "―", "1", " ", "[", "`", "@", "{", "z", "Z",
	"stop", "STOP", "\u017ftop", "kelvin", "\u212aelvin", "sixteen bytes....", "SIXTEEN BYTES....", "Sixteen byte\u017f....", "é and more than eight", "",
}

// patternOf makes a pattern of bytes. Literals that stand side by side are one, as matching goes by characters.
func patternOf(data []byte) (parts []PatternPart) {
	for _, b := range data {
		if b >= 200 {
			parts = append(parts, PatternPart{Wildcard: []Wildcard{AnyRun, AnyOne, AnyDash, AnyRun}[b%4]})
			continue
		}
		text := pieces[int(b)%len(pieces)]
		if n := len(parts); n > 0 && parts[n-1].Wildcard == NoWildcard {
			parts[n-1].Literal += text
		} else {
			parts = append(parts, PatternPart{Literal: text})
		}
	}
	return parts
}

func textOf(data []byte) string {
	var b strings.Builder
	for _, c := range data {
		b.WriteString(pieces[int(c)%len(pieces)])
	}
	return b.String()
}

// fits asks a glob as an atom does.
func fits(p Pattern, cased bool, text string) bool {
	g := newGlob(p, cased)
	s := Scratch{}
	v := Value{Kind: String, Text: []byte(text)}
	return g.fits(v.Text, s.fold(&v))
}

func checkGlob(parts []PatternPart, text string) error {
	p := Pattern{Parts: parts}
	for _, cased := range []bool{false, true} {
		if got, want := fits(p, cased, text), naiveFits(parts, text, cased); got != want {
			return fmt.Errorf("%+q on %q, cased %v: %v, want %v", parts, text, cased, got, want)
		}
	}
	if required := p.required(); required != "" && naiveFits(parts, text, false) && !strings.Contains(foldString(text), required) {
		return fmt.Errorf("%+q fits %q, which lacks %q", parts, text, required)
	}
	return nil
}

func TestGlobShapes(t *testing.T) {
	lit := func(text string) PatternPart { return PatternPart{Literal: text} }
	run, one, dash := PatternPart{Wildcard: AnyRun}, PatternPart{Wildcard: AnyOne}, PatternPart{Wildcard: AnyDash}
	for _, test := range []struct {
		parts []PatternPart
		want  shape
		hits  []string
		cased []string // of the hits, with cased
		not   []string
	}{
		{nil, exactly, []string{""}, []string{""}, []string{"a"}},
		{[]PatternPart{lit("Stop")}, exactly, []string{"Stop", "STOP", "\u017ftop"}, []string{"Stop"}, []string{"Stop ", "top", ""}},
		{[]PatternPart{lit("Stop"), run}, startingWith, []string{"Stop", "stopLogging", "\u017fTOP\xff"}, []string{"Stop"}, []string{"sto", " stop"}},
		{[]PatternPart{run, lit("Stop")}, endingWith, []string{"Stop", "nonstop", "\xff\u017fTOP"}, []string{"Stop"}, []string{"top", "stop "}},
		{[]PatternPart{run, lit("Stop"), run}, containing, []string{"Stop", "nonstop!", "\xff\u017fTOP\n"}, []string{"Stop"}, []string{"sto p", ""}},
		{[]PatternPart{run}, anything, []string{"", "a", "\xff\n"}, []string{"", "a", "\xff\n"}, nil},
		{[]PatternPart{run, run}, anything, []string{"", "a"}, []string{"", "a"}, nil},
		{[]PatternPart{run, lit(""), run}, anything, []string{"", "a"}, []string{"", "a"}, nil},
		{[]PatternPart{lit(""), run, lit("x")}, endingWith, []string{"x", "aX"}, []string{"x"}, []string{"", "xa"}},
		{[]PatternPart{lit("x"), run, lit("")}, startingWith, []string{"x", "Xa"}, []string{"x"}, []string{"", "ax"}},
		{[]PatternPart{lit(""), run, lit("x"), run, lit("")}, containing, []string{"x", "aXa"}, []string{"x"}, []string{"", "a"}},
		{[]PatternPart{lit("a"), run, lit("b")}, general, []string{"ab", "A-B", "a\nb"}, []string{"ab", "a\nb"}, []string{"a", "ba"}},
		{[]PatternPart{lit("a"), one, lit("b")}, general, []string{"a\xffb", "aéb", "A\u212aB"}, []string{"a\xffb", "aéb"}, []string{"ab", "a\xc3\xffb", "a12b"}},
		{[]PatternPart{dash, lit("x")}, general, []string{"-x", "/X", "–x", "—x", "―x"}, []string{"-x", "–x", "—x", "―x"}, []string{"_x", "x", "\xe2\x80x"}},
		{[]PatternPart{one, run}, general, []string{"a", "é1"}, []string{"a", "é1"}, []string{""}},
		{[]PatternPart{lit("\xff"), run}, general, []string{"\xff", "\xffa"}, []string{"\xff", "\xffa"}, []string{"a", "ÿ"}},
		{[]PatternPart{run, lit("\xc3"), run}, general, []string{"a\xc3", "\xc3\xc3\xa9"}, []string{"a\xc3", "\xc3\xc3\xa9"}, []string{"é"}},
	} {
		g := newGlob(Pattern{Parts: test.parts}, false)
		if g.shape != test.want {
			t.Errorf("%+q has the shape %d, want %d", test.parts, g.shape, test.want)
		}
		for _, text := range append(append(append([]string{}, test.hits...), test.cased...), test.not...) {
			if err := checkGlob(test.parts, text); err != nil {
				t.Error(err)
			}
		}
		for _, text := range test.hits {
			if !fits(Pattern{Parts: test.parts}, false, text) {
				t.Errorf("%+q does not fit %q", test.parts, text)
			}
		}
		for _, text := range test.cased {
			if !fits(Pattern{Parts: test.parts}, true, text) {
				t.Errorf("%+q, cased, does not fit %q", test.parts, text)
			}
		}
		for _, text := range test.not {
			if fits(Pattern{Parts: test.parts}, false, text) {
				t.Errorf("%+q fits %q", test.parts, text)
			}
		}
	}
}

func TestGlobRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	bytes := func(most int) []byte {
		b := make([]byte, random.IntN(most))
		for i := range b {
			b[i] = byte(random.IntN(256))
		}
		return b
	}
	hits := 0
	for range 100_000 {
		pattern := bytes(6)
		text := textOf(bytes(6))
		if random.IntN(2) > 0 { // a text that is likely to fit
			text = textOf(bytes(2)) + textOf(pattern) + textOf(bytes(2))
		}
		if err := checkGlob(patternOf(pattern), text); err != nil {
			t.Fatal(err)
		}
		if naiveFits(patternOf(pattern), text, false) {
			hits++
		}
	}
	if hits < 10_000 {
		t.Errorf("%d hits", hits)
	}
}

// FuzzGlob holds globs to the naive evaluator, and required texts to what fits.
func FuzzGlob(f *testing.F) {
	f.Add([]byte{200, 27, 201}, []byte{28, 0}, "raw \xff")
	f.Add([]byte{27}, []byte{29}, "")
	f.Fuzz(func(t *testing.T, pattern, text []byte, raw string) {
		const most = 12 // the reference takes time for each
		parts := patternOf(pattern[:min(len(pattern), most)])
		texts := []string{textOf(text[:min(len(text), most)]), raw[:min(len(raw), 100)]}
		texts = append(texts, texts[1]+texts[0], texts[0]+texts[1])
		for _, text := range texts {
			if err := checkGlob(parts, text); err != nil {
				t.Fatal(err)
			}
			for _, p := range []Wildcard{NoWildcard, AnyRun} { // the raw text as a pattern
				if err := checkGlob([]PatternPart{{Wildcard: p}, {Literal: texts[1]}, {Wildcard: p}}, text); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
